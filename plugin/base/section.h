/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sections of a message's tree. When only some fields are referenced (filter, column, -e), sections without any of
 * them are not built: Wireshark would throw each of their items away. */
#ifndef MSTUN_BASE_SECTION_H
#define MSTUN_BASE_SECTION_H

#include "base/compat.h"

typedef enum {
    MSTUN_SECTION_HEADER, /* and whatever is in none of the others */
    MSTUN_SECTION_FRAMING,
    MSTUN_SECTION_ATTRIBUTES,
    MSTUN_SECTION_INTEGRITY,
    MSTUN_SECTION_TRACKED, /* the message's transaction, allocation, path and pair  */
    MSTUN_SECTION_COUNT
} mstun_tree_section_t;

/** Adds a field, an id that is already registered, to a section. */
void mstun_section_add_field(mstun_tree_section_t section, int id);

/** The same for an array of fields. */
void mstun_section_add_fields(mstun_tree_section_t section, const hf_register_info *hf, size_t count);

/** The same for expert infos, each of which is also a field. */
void mstun_section_add_experts(mstun_tree_section_t section, const ei_register_info *ei, size_t count);

/** Whether the tree is visible, or a field of the section is referenced; false if tree is NULL. */
bool mstun_section_is_referenced(mstun_tree_section_t section, proto_tree *tree);

#endif
