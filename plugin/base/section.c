/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/section.h"

static wmem_array_t *fields[MSTUN_SECTION_COUNT]; /* of const header_field_info *, which live as long as the program */

void mstun_section_add_field(mstun_tree_section_t section, int id)
{
    const header_field_info *info = proto_registrar_get_nth((unsigned)id);

    if (!fields[section]) {
        fields[section] = wmem_array_new(wmem_epan_scope(), sizeof(const header_field_info *));
    }
    wmem_array_append_one(fields[section], info);
}

void mstun_section_add_fields(mstun_tree_section_t section, const hf_register_info *hf, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mstun_section_add_field(section, *hf[i].p_id);
    }
}

void mstun_section_add_experts(mstun_tree_section_t section, const ei_register_info *ei, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mstun_section_add_field(section, ei[i].ids->hf);
    }
}

bool mstun_section_is_referenced(mstun_tree_section_t section, proto_tree *tree)
{
    if (!tree) {
        return false;
    }
    if (mstun_tree_is_visible(tree)) {
        return true;
    }
    const header_field_info **infos = (const header_field_info **)wmem_array_get_raw(fields[section]);
    const unsigned count = wmem_array_get_count(fields[section]);
    unsigned references = 0, i = 0;

    /* Hundreds for each message: a branch for each would cost more, and a loop's end for each as much again. */
    for (; i + 4 <= count; i += 4) {
        references |= mstun_field_references(infos[i]) | mstun_field_references(infos[i + 1]) |
                      mstun_field_references(infos[i + 2]) | mstun_field_references(infos[i + 3]);
    }
    for (; i < count; i++) {
        references |= mstun_field_references(infos[i]);
    }
    return references != 0;
}
