/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a module registers its own fields, trees, expert infos and preferences: it exports one function of type
 * mstun_register_fn, and plugin.c calls them all, bottom layer first. */
#ifndef MSTUN_BASE_REGISTRAR_H
#define MSTUN_BASE_REGISTRAR_H

#include "base/compat.h"
#include "base/section.h"

/** What a module registers with. Owned by plugin.c; valid as long as the program runs. */
typedef struct {
    int proto;                    /* the protocol "mstun" */
    expert_module_t *expert;      /* its expert infos */
    module_t *prefs;              /* its preferences */
    mstun_tree_section_t section; /* of a message's tree, where the module's fields are shown */
} mstun_registrar_t;

typedef void (*mstun_register_fn)(const mstun_registrar_t *reg);

/* Macros only because array_length needs the array itself. The arrays must be static: Wireshark keeps the pointers. */
#define MSTUN_REGISTER_FIELDS(reg, hf)                                                                                 \
    do {                                                                                                               \
        proto_register_field_array((reg)->proto, (hf), array_length(hf));                                              \
        mstun_section_add_fields((reg)->section, (hf), array_length(hf));                                              \
    } while (0)
#define MSTUN_REGISTER_TREES(ett) proto_register_subtree_array((ett), array_length(ett))
#define MSTUN_REGISTER_EXPERTS(reg, ei)                                                                                \
    do {                                                                                                               \
        expert_register_field_array((reg)->expert, (ei), array_length(ei));                                            \
        mstun_section_add_experts((reg)->section, (ei), array_length(ei));                                             \
    } while (0)

#endif
