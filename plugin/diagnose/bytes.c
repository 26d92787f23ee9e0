/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes that are no message, or a unit that is not as it should be: who sent them, and what they are. */
#include "diagnose/evaluators.h"

#include "attr/address.h"
#include "conversation/foreign_bytes.h"
#include "conversation/response_state.h"
#include "conversation/tcp_state.h"

#define WAITED_MIN_S 5 /* for the rest of ChannelData, or the answer to a hello */

typedef struct {
    mstun_evaluation_t *evaluation;
    const mstun_stream_t *stream;
    wmem_array_t *entries;
} bytes_t;

static mstun_subject_t subject_of(const bytes_t *bytes, const mstun_foreign_bytes_t *entry)
{
    return (mstun_subject_t){
        .pos = entry->pos, .abs_ts = entry->abs_ts, .stream = bytes->stream, .direction = entry->direction
    };
}

static const char *sender_of(const bytes_t *bytes, const mstun_foreign_bytes_t *entry)
{
    return mstun_endpoint_text(bytes->evaluation->scope, &bytes->stream->ends[entry->direction]);
}

/* How many entries there are of this kind in this direction; 0 if this is not the first of them. */
static uint32_t count_of(const bytes_t *bytes, unsigned idx)
{
    const mstun_foreign_bytes_t *entry = (const mstun_foreign_bytes_t *)wmem_array_index(bytes->entries, idx);
    uint32_t count = 0;

    for (unsigned i = 0; i < wmem_array_get_count(bytes->entries); i++) {
        const mstun_foreign_bytes_t *other = (const mstun_foreign_bytes_t *)wmem_array_index(bytes->entries, i);

        if (other->kind == entry->kind && other->direction == entry->direction) {
            if (i < idx) {
                return 0;
            }
            count++;
        }
    }
    return count;
}

static void add(const bytes_t *bytes, const mstun_foreign_bytes_t *entry, mstun_finding_id_t id, unsigned sentence,
                uint32_t count)
{
    wmem_allocator_t *scope = bytes->evaluation->scope;
    mstun_subject_t subject = subject_of(bytes, entry);
    const mstun_place_t places[] = { { "sender", sender_of(bytes, entry) },
                                     { "count", mstun_place_number(scope, count) },
                                     { "announced", mstun_place_number(scope, entry->announced) },
                                     { "text", entry->text ? entry->text : "" },
                                     { NULL, NULL } };

    mstun_finding_add_sentence(bytes->evaluation, id, sentence, places, &subject);
}

static void add_incomplete(const bytes_t *bytes, const mstun_foreign_bytes_t *entry)
{
    nstime_t waited;
    uint32_t sent = bytes->stream->tcp ? mstun_tcp_data_len(bytes->stream->tcp, entry->direction) : 0;
    uint32_t came = sent > entry->pos.position + CHANNEL_DATA_HEADER_LEN - 1
                        ? sent - (entry->pos.position + CHANNEL_DATA_HEADER_LEN - 1)
                        : entry->count;

    nstime_delta(&waited, bytes->evaluation->end, &entry->abs_ts);
    if (entry->announced > came && (nstime_to_sec(&waited) >= WAITED_MIN_S || mstun_stream_is_closed(bytes->stream))) {
        add(bytes, entry, MSTUN_FINDING_CHANNEL_DATA_INCOMPLETE, 0, came);
    }
}

static void add_unanswered_hello(const bytes_t *bytes, const mstun_foreign_bytes_t *entry)
{
    mstun_subject_t subject = subject_of(bytes, entry);
    nstime_t last, waited;

    if (mstun_stream_has_bytes(bytes->stream, 1 - entry->direction) || mstun_stream_is_half_captured(bytes->stream)) {
        return;
    }
    if (mstun_stream_was_reset(bytes->stream, &last) &&
        !mstun_stream_closed_first_by(bytes->stream, entry->direction)) {
        mstun_finding_add_sentence(bytes->evaluation, MSTUN_FINDING_PSEUDO_TLS_FAILED, 0, NULL, &subject);
        return;
    }
    nstime_delta(&waited, bytes->evaluation->end, &entry->abs_ts);
    if (nstime_to_sec(&waited) >= WAITED_MIN_S) {
        const mstun_place_t places[] = {
            { "seconds", wmem_strdup_printf(bytes->evaluation->scope, "%.0f", nstime_to_sec(&waited)) }, { NULL, NULL }
        };

        mstun_finding_add_sentence(bytes->evaluation, MSTUN_FINDING_PSEUDO_TLS_FAILED, 1, places, &subject);
    }
}

static void add_entry(const bytes_t *bytes, unsigned idx)
{
    const mstun_foreign_bytes_t *entry = (const mstun_foreign_bytes_t *)wmem_array_index(bytes->entries, idx);
    uint32_t count = count_of(bytes, idx);

    if (count == 0) {
        return;
    }
    switch (entry->kind) {
    case MSTUN_BYTES_NOT_A_MESSAGE:
        add(bytes, entry, MSTUN_FINDING_NOT_A_MESSAGE, 0, entry->count);
        break;
    case MSTUN_BYTES_HTTP:
    case MSTUN_BYTES_TLS:
        add(bytes, entry, MSTUN_FINDING_OTHER_PROTOCOL, entry->kind == MSTUN_BYTES_TLS, entry->count);
        break;
    case MSTUN_BYTES_UNPADDED_CHANNEL_DATA:
        add(bytes, entry, MSTUN_FINDING_CHANNEL_DATA_UNPADDED, 0, count);
        break;
    case MSTUN_BYTES_SHORT_CHANNEL_DATA:
        add(bytes, entry, MSTUN_FINDING_CHANNEL_DATA_SHORT, 0, entry->count);
        break;
    case MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA: /* no entry, see evaluate_stream */
        break;
    case MSTUN_BYTES_PADDING_COUNTED:
        add(bytes, entry, MSTUN_FINDING_PADDING_COUNTED, 0, entry->count);
        break;
    case MSTUN_BYTES_PSEUDO_TLS_HELLO:
        add_unanswered_hello(bytes, entry);
        break;
    case MSTUN_BYTES_TLS_FOR_PSEUDO_TLS: {
        mstun_subject_t subject = subject_of(bytes, entry);

        mstun_finding_add(bytes->evaluation, MSTUN_FINDING_TLS_INTERCEPTED, &subject);
        break;
    }
    }
}

static void evaluate_stream(mstun_stream_t *stream, void *data)
{
    bytes_t bytes = { (mstun_evaluation_t *)data, stream, mstun_stream_foreign_bytes(stream) };

    for (unsigned i = 0; bytes.entries && i < wmem_array_get_count(bytes.entries); i++) {
        add_entry(&bytes, i);
    }
    for (unsigned direction = 0; direction < 2; direction++) {
        const mstun_foreign_bytes_t *waiting = mstun_stream_waits_for(stream, direction);

        if (waiting && !stream->flow[direction].gap_frame && mstun_stream_captured_from_start(stream)) {
            add_incomplete(&bytes, waiting);
        }
    }
}

/* What a later frame decides, and what the decoder shows in each of its frames. */
static bool is_shown_elsewhere(mstun_bytes_kind_t kind)
{
    return kind == MSTUN_BYTES_PSEUDO_TLS_HELLO || kind == MSTUN_BYTES_TLS_FOR_PSEUDO_TLS;
}

void mstun_evaluate_bytes_at(mstun_evaluation_t *evaluation, const mstun_event_t *event)
{
    bytes_t bytes = { evaluation, event->stream, mstun_stream_foreign_bytes(event->stream) };

    for (unsigned i = 0; bytes.entries && i < wmem_array_get_count(bytes.entries); i++) {
        const mstun_foreign_bytes_t *entry = (const mstun_foreign_bytes_t *)wmem_array_index(bytes.entries, i);

        if (entry->pos.frame == event->pinfo->num && entry->pos.position == event->position &&
            !is_shown_elsewhere(entry->kind)) {
            add_entry(&bytes, i);
        }
    }
}

void mstun_evaluate_bytes(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}
