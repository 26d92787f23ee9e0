/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/section.h"

/* header_field_info of each part's fields. Wireshark has them as long as the program runs. */
static wmem_array_t *fields[MSTUN_SECTION_COUNT];

void mstun_section_add_field(mstun_tree_section_t part, int id)
{
    const header_field_info *info = proto_registrar_get_nth((unsigned)id);

    if (!fields[part]) {
        fields[part] = wmem_array_new(wmem_epan_scope(), sizeof(const header_field_info *));
    }
    wmem_array_append_one(fields[part], info);
}

void mstun_section_add_fields(mstun_tree_section_t part, const hf_register_info *hf, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mstun_section_add_field(part, *hf[i].p_id);
    }
}

void mstun_section_add_experts(mstun_tree_section_t part, const ei_register_info *ei, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mstun_section_add_field(part, ei[i].ids->hf);
    }
}

bool mstun_section_is_referenced(mstun_tree_section_t part, proto_tree *tree)
{
    if (!tree) {
        return false;
    }
    if (mstun_tree_is_visible(tree)) {
        return true;
    }
    const header_field_info **of_part = (const header_field_info **)wmem_array_get_raw(fields[part]);
    const unsigned count = wmem_array_get_count(fields[part]);
    unsigned references = HF_REF_TYPE_NONE;

    for (unsigned i = 0; i < count; i++) { /* hundreds, for each message: as few instructions as possible */
        references |= of_part[i]->ref_type;
    }
    return references != HF_REF_TYPE_NONE;
}
