/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From a row of the table to a sentence, and to an expert info. */
#include "diagnose/finding.h"

#include <epan/expert.h>

static int proto_mstun = -1;

static expert_field experts[MSTUN_FINDING_FIRST_DECODED];

/* The expert infos that the decoders have registered, for rows that refer to them. */
static int decoded_fields[MSTUN_FINDING_COUNT];

const char *mstun_sentence_fill(wmem_allocator_t *scope, const char *sentence, const mstun_place_t *places)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, "");
    const char *rest = sentence, *open;

    while ((open = strchr(rest, '{'))) {
        const char *close = strchr(open, '}');
        const mstun_place_t *place = places;
        size_t len = close ? (size_t)(close - open - 1) : 0;

        while (close && place->name && (strncmp(place->name, open + 1, len) != 0 || place->name[len] != '\0')) {
            place++;
        }
        wmem_strbuf_append_len(text, rest, (size_t)(open - rest));
        if (!close || !place->name) { /* a test fills every sentence, so this is for the one who writes it */
            wmem_strbuf_append_c(text, '{');
            rest = open + 1;
            continue;
        }
        wmem_strbuf_append(text, place->value ? place->value : "");
        rest = close + 1;
    }
    wmem_strbuf_append(text, rest);
    return wmem_strbuf_get_str(text);
}

void mstun_finding_add(const mstun_finding_sink_t *sink, mstun_finding_id_t id)
{
    sink->add(sink, id, NULL);
}

void mstun_finding_add_sentence(const mstun_finding_sink_t *sink, mstun_finding_id_t id, unsigned sentence,
                                const mstun_place_t *places)
{
    sink->add(sink, id, mstun_sentence_fill(sink->scope, mstun_finding_of(id)->sentences[sentence], places));
}

static void add_expert(const mstun_finding_sink_t *sink, mstun_finding_id_t id, const char *text)
{
    const mstun_expert_target_t *target = (const mstun_expert_target_t *)sink->context;

    if (text) {
        expert_add_info_format(target->pinfo, target->item, &experts[id], "%s", text);
    } else {
        expert_add_info(target->pinfo, target->item, &experts[id]);
    }
}

mstun_finding_sink_t mstun_expert_sink(mstun_expert_target_t *target)
{
    return (mstun_finding_sink_t){ .scope = target->pinfo->pool, .add = add_expert, .context = target };
}

mstun_finding_id_t mstun_finding_id_of_field(int hf_index)
{
    if (hf_index <= 0 || proto_registrar_get_parent(hf_index) != proto_mstun) {
        return MSTUN_FINDING_COUNT;
    }
    for (unsigned id = 0; id < MSTUN_FINDING_FIRST_DECODED; id++) {
        if (experts[id].hf == hf_index) {
            return (mstun_finding_id_t)id;
        }
    }
    for (unsigned id = MSTUN_FINDING_FIRST_DECODED; id < MSTUN_FINDING_COUNT; id++) {
        if (decoded_fields[id] == hf_index) {
            return (mstun_finding_id_t)id;
        }
    }
    return MSTUN_FINDING_MALFORMED;
}

/* After all decoders: they have registered the expert infos that some rows refer to. */
void mstun_findings_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[MSTUN_FINDING_FIRST_DECODED];

    proto_mstun = reg->proto;
    for (unsigned id = 0; id < MSTUN_FINDING_FIRST_DECODED; id++) {
        const mstun_finding_t *finding = mstun_finding_of((mstun_finding_id_t)id);

        experts[id] = (expert_field)EI_INIT;
        ei[id] = (ei_register_info){ &experts[id],
                                     { finding->name, finding->group, finding->severity, finding->summary, EXPFILL } };
    }
    MSTUN_REGISTER_EXPERTS(reg, ei);
    for (unsigned id = MSTUN_FINDING_FIRST_DECODED; id < MSTUN_FINDING_COUNT; id++) {
        const char *name = mstun_finding_of((mstun_finding_id_t)id)->name;

        decoded_fields[id] = name ? proto_registrar_get_id_byname(name) : -1;
    }
}
