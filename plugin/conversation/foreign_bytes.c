/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/foreign_bytes.h"

#include "conversation/response_state.h"

#define ENTRIES_MAX 1000 /* of a connection */

struct mstun_stream_foreign {
    wmem_array_t *entries;            /* NULL: none */
    mstun_foreign_bytes_t waiting[2]; /* by direction; announced 0: nothing */
};

static struct mstun_stream_foreign *foreign_of(mstun_stream_t *stream)
{
    if (!stream->foreign) {
        stream->foreign = wmem_new0(wmem_file_scope(), struct mstun_stream_foreign);
    }
    return stream->foreign;
}

wmem_array_t *mstun_stream_foreign_bytes(const mstun_stream_t *stream)
{
    return stream->foreign ? stream->foreign->entries : NULL;
}

/* Its first bytes were others': the connection was not known to be ours. Until a unit was found behind them, what comes
 * next may be a part of one. */
static bool is_joined_late(const mstun_flow_t *flow)
{
    return flow->coverage.holes && flow->coverage.holes->frame == 0 && !flow->synchronized;
}

bool mstun_direction_is_complete(const mstun_event_t *event)
{
    const mstun_flow_t *flow = &event->stream->flow[event->direction];

    return mstun_coverage_gap_frame(&flow->coverage) == 0 && flow->last_truncated_frame == 0 &&
           mstun_stream_captured_from_start(event->stream) && !is_joined_late(flow);
}

const mstun_foreign_bytes_t *mstun_foreign_bytes_at(const mstun_event_t *event, mstun_bytes_kind_t kind)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    wmem_array_t *entries = mstun_stream_foreign_bytes(event->stream);
    unsigned idx = mstun_frame_index_lower_bound(entries, pos.frame);
    const mstun_foreign_bytes_t *entry;

    while (entries && (entry = (const mstun_foreign_bytes_t *)mstun_frame_index_next(entries, &idx, &pos))) {
        if (entry->kind == kind) {
            return entry;
        }
    }
    return NULL;
}

bool mstun_foreign_bytes_before(const mstun_event_t *event, mstun_bytes_kind_t kind)
{
    wmem_array_t *entries = mstun_stream_foreign_bytes(event->stream);
    unsigned count = entries ? wmem_array_get_count(entries) : 0;

    for (unsigned i = 0; i < count; i++) {
        const mstun_foreign_bytes_t *entry = (const mstun_foreign_bytes_t *)wmem_array_index(entries, i);

        if (entry->pos.frame > event->pinfo->num) {
            break;
        }
        if (entry->kind == kind && entry->direction == event->direction &&
            (entry->pos.frame < event->pinfo->num || (int32_t)(entry->pos.position - event->position) < 0)) {
            return true;
        }
    }
    return false;
}

bool mstun_foreign_bytes_learn(const mstun_event_t *event, mstun_bytes_kind_t kind, uint32_t count, uint32_t announced,
                               const char *text)
{
    mstun_foreign_bytes_t entry = { .pos = { event->pinfo->num, event->position },
                                    .abs_ts = event->pinfo->abs_ts,
                                    .direction = event->direction,
                                    .kind = kind,
                                    .count = count,
                                    .announced = announced };

    if (mstun_foreign_bytes_at(event, kind)) {
        return true;
    }
    if (!mstun_direction_is_complete(event)) {
        return false;
    }
    struct mstun_stream_foreign *foreign = foreign_of(event->stream);

    if (!foreign->entries) {
        foreign->entries = wmem_array_sized_new(wmem_file_scope(), sizeof entry, 1);
    }
    if (wmem_array_get_count(foreign->entries) >= ENTRIES_MAX) {
        return false;
    }
    entry.text = text ? wmem_strdup(wmem_file_scope(), text) : NULL;
    wmem_array_append_one(foreign->entries, entry);
    return true;
}

void mstun_channel_data_wait(const mstun_event_t *event, uint32_t count, uint32_t announced)
{
    foreign_of(event->stream)->waiting[event->direction] =
        (mstun_foreign_bytes_t){ .pos = { event->pinfo->num, event->position },
                                 .abs_ts = event->pinfo->abs_ts,
                                 .direction = event->direction,
                                 .kind = MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA,
                                 .count = count,
                                 .announced = announced };
}

void mstun_channel_data_received(const mstun_event_t *event)
{
    if (event->stream->foreign) {
        event->stream->foreign->waiting[event->direction].announced = 0;
    }
}

const mstun_foreign_bytes_t *mstun_stream_waits_for(const mstun_stream_t *stream, unsigned direction)
{
    return stream->foreign && stream->foreign->waiting[direction].announced ? &stream->foreign->waiting[direction]
                                                                            : NULL;
}
