/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From a row of the table to a finding with a sentence. */
#include "diagnose/finding.h"

mstun_evaluation_t mstun_evaluation_new(wmem_allocator_t *scope, const nstime_t *end)
{
    return (
        mstun_evaluation_t){ .end = end, .scope = scope, .findings = wmem_array_new(scope, sizeof(mstun_finding_t)) };
}

/* What becomes a sentence may be half of one elsewhere: "one way: ..." */
static const char *capitalize(wmem_allocator_t *scope, const char *text)
{
    char *sentence;

    if (!g_ascii_islower(text[0])) {
        return text;
    }
    sentence = wmem_strdup(scope, text);
    sentence[0] = g_ascii_toupper(sentence[0]);
    return sentence;
}

static mstun_finding_t *append(mstun_evaluation_t *evaluation, mstun_finding_id_t id, const char *text,
                               const mstun_subject_t *subject)
{
    mstun_finding_t finding = {
        .id = id,
        .severity = mstun_finding_row(id)->severity,
        .text = capitalize(evaluation->scope, text),
        .subject = *subject,
    };

    wmem_array_append_one(evaluation->findings, finding);
    return (mstun_finding_t *)wmem_array_index(evaluation->findings, wmem_array_get_count(evaluation->findings) - 1);
}

mstun_finding_t *mstun_finding_add(mstun_evaluation_t *evaluation, mstun_finding_id_t id,
                                   const mstun_subject_t *subject)
{
    return append(evaluation, id, mstun_finding_row(id)->summary, subject);
}

mstun_finding_t *mstun_finding_add_sentence(mstun_evaluation_t *evaluation, mstun_finding_id_t id, unsigned sentence,
                                            const mstun_place_t *places, const mstun_subject_t *subject)
{
    return append(evaluation, id,
                  mstun_sentence_fill(evaluation->scope, mstun_finding_row(id)->sentences[sentence], places), subject);
}

const char *mstun_place_number(wmem_allocator_t *scope, uint32_t number)
{
    return wmem_strdup_printf(scope, "%u", number);
}

/* The place that begins behind an opening brace; NULL: none of places. *end: behind the closing brace. */
static const mstun_place_t *find_place(const char *name, const mstun_place_t *places, const char **end)
{
    const char *close = strchr(name, '}');
    size_t len = close ? (size_t)(close - name) : 0;

    *end = close ? close + 1 : name;
    for (; close && places->name; places++) {
        if (strncmp(places->name, name, len) == 0 && places->name[len] == '\0') {
            return places;
        }
    }
    return NULL;
}

const char *mstun_sentence_fill(wmem_allocator_t *scope, const char *sentence, const mstun_place_t *places)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, "");
    const char *rest = sentence, *brace, *behind;

    while ((brace = strchr(rest, '{'))) {
        const mstun_place_t *place = find_place(brace + 1, places, &behind);

        wmem_strbuf_append_len(text, rest, (size_t)(brace - rest));
        if (place) {
            wmem_strbuf_append(text, place->value ? place->value : "");
        } else { /* a mistake in an evaluator: shown, and found by the test of all sentences */
            wmem_strbuf_append_len(text, brace, (size_t)(behind - brace));
        }
        rest = behind;
    }
    wmem_strbuf_append(text, rest);
    return wmem_strbuf_get_str(text);
}
