/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/expert.h"

#include <epan/expert.h>

static int proto_mstun = -1;

static expert_field experts[MSTUN_FINDING_FIRST_DECODED];

/* The expert infos that the decoders have registered, for rows that refer to them. */
static int decoded_fields[MSTUN_FINDING_COUNT];

void mstun_expert_add(packet_info *pinfo, proto_item *item, const mstun_finding_t *finding)
{
    bool softened = finding->severity < mstun_finding_row(finding->id)->severity;

    /* An expert info has one severity. */
    expert_add_info_format(pinfo, item, softened ? &experts[MSTUN_FINDING_HARMLESS] : &experts[finding->id], "%s",
                           finding->text);
}

void mstun_expert_add_row(packet_info *pinfo, proto_item *item, mstun_finding_id_t id)
{
    expert_add_info(pinfo, item, &experts[id]);
}

static bool is_ours(int hf_index)
{
    for (unsigned id = 0; id < MSTUN_FINDING_FIRST_DECODED; id++) {
        if (experts[id].hf == hf_index) {
            return true;
        }
    }
    return false;
}

mstun_finding_id_t mstun_decoded_finding_of(int hf_index)
{
    if (hf_index <= 0 || proto_registrar_get_parent(hf_index) != proto_mstun || is_ours(hf_index)) {
        return MSTUN_FINDING_COUNT;
    }
    for (unsigned id = MSTUN_FINDING_FIRST_DECODED; id < MSTUN_FINDING_COUNT; id++) {
        if (decoded_fields[id] == hf_index) {
            return (mstun_finding_id_t)id;
        }
    }
    return MSTUN_FINDING_MALFORMED;
}

void mstun_expert_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[MSTUN_FINDING_FIRST_DECODED];

    proto_mstun = reg->proto;
    for (unsigned id = 0; id < MSTUN_FINDING_FIRST_DECODED; id++) {
        const mstun_finding_row_t *row = mstun_finding_row((mstun_finding_id_t)id);

        experts[id] = (expert_field)EI_INIT;
        ei[id] = (ei_register_info){ &experts[id], { row->name, row->group, row->severity, row->summary, EXPFILL } };
    }
    MSTUN_REGISTER_EXPERTS(reg, ei);
    for (unsigned id = MSTUN_FINDING_FIRST_DECODED; id < MSTUN_FINDING_COUNT; id++) {
        const char *name = mstun_finding_row((mstun_finding_id_t)id)->name;

        decoded_fields[id] = name ? proto_registrar_get_id_byname(name) : -1;
    }
}
