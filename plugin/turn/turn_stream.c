/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/turn_stream.h"

#include "conversation/response_state.h"

/* From this message on, an allocation is in force. */
typedef struct {
    mstun_frame_pos_t pos; /* cppcheck-suppress unusedStructMember ; mstun_frame_index_last_at_or_before() reads it */
    mstun_allocation_t *allocation;
} allocation_event_t;

struct mstun_stream_turn *mstun_stream_get_turn(mstun_stream_t *stream)
{
    if (!stream->turn) {
        stream->turn = wmem_new0(wmem_file_scope(), struct mstun_stream_turn);
    }
    return stream->turn;
}

void mstun_stream_set_allocation(const mstun_event_t *event, mstun_allocation_t *allocation)
{
    struct mstun_stream_turn *turn = mstun_stream_get_turn(event->stream);
    const allocation_event_t since = { { event->pinfo->num, event->position }, allocation };

    if (!turn->allocations) {
        turn->allocations = wmem_array_sized_new(wmem_file_scope(), sizeof since, 1);
    }
    wmem_array_append_one(turn->allocations, since);
    turn->allocation = allocation;
}

mstun_allocation_t *mstun_stream_allocation(const mstun_stream_t *stream)
{
    return stream->turn ? stream->turn->allocation : NULL;
}

const mstun_allocation_t *mstun_allocation_in_force(const mstun_event_t *event)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    const struct mstun_stream_turn *turn = event->stream->turn;
    const allocation_event_t *since =
        turn ? (const allocation_event_t *)mstun_frame_index_last_at_or_before(turn->allocations, &pos) : NULL;

    return since ? since->allocation : NULL;
}

bool mstun_stream_is_complete_since(const mstun_stream_t *stream, unsigned direction, uint32_t frame)
{
    return mstun_stream_gap_frame(stream, direction) <= frame;
}
