/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parts of a message's tree. Where somebody asks for a few fields and not for the whole tree (a filter, a column,
 * tshark -e), a part that has none of them is left out whole: Wireshark would throw away each of its items. */
#ifndef MSTUN_BASE_SECTION_H
#define MSTUN_BASE_SECTION_H

#include "base/compat.h"

#include <epan/expert.h>

typedef enum {
    MSTUN_SECTION_HEADER, /* and all that is none of the others */
    MSTUN_SECTION_ATTRIBUTES,
    MSTUN_SECTION_INTEGRITY,
    MSTUN_SECTION_TRACKED, /* what is known of the message's transaction, allocation, path and pair */
    MSTUN_SECTION_COUNT
} mstun_tree_section_t;

/** Notes that a field is shown in this part. id: of one that is registered already. */
void mstun_section_add_field(mstun_tree_section_t part, int id);

/** Notes that these fields, which are registered already, are shown in this part. */
void mstun_section_add_fields(mstun_tree_section_t part, const hf_register_info *hf, size_t count);

/** The same of expert infos, which are fields for who filters. */
void mstun_section_add_experts(mstun_tree_section_t part, const ei_register_info *ei, size_t count);

/** Whether somebody reads a tree's text; false if tree is NULL. */
static inline bool mstun_tree_is_visible(const proto_tree *tree)
{
    return tree && PTREE_DATA(tree)->visible;
}

/** Whether tree is to be seen whole, or somebody asks for a field of this part; false if tree is NULL. */
bool mstun_section_is_referenced(mstun_tree_section_t part, proto_tree *tree);

#endif
