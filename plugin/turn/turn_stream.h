/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What turn/ keeps of a connection: only for its own files. */
#ifndef MSTUN_TURN_TURN_STREAM_H
#define MSTUN_TURN_TURN_STREAM_H

#include "turn/allocation.h"

struct mstun_stream_turn {
    mstun_allocation_t *allocation;           /* the last one that this connection controls; NULL: none */
    wmem_array_t *allocations;                /* of allocation_event_t, see turn_stream.c, by frame; NULL: none */
    wmem_array_t *observations;               /* of mstun_turn_observation_t, by frame; NULL: none */
    const mstun_turn_request_t *last_request; /* first visit; NULL: none */
};

/** Never NULL: made at the first call, on the first visit. */
struct mstun_stream_turn *mstun_stream_get_turn(mstun_stream_t *stream);

/** First visit: from event's message on its connection controls this allocation. */
void mstun_stream_set_allocation(const mstun_event_t *event, mstun_allocation_t *allocation);

/** Whether nothing that the sender of this direction sent after frame is missing from the capture. */
bool mstun_stream_is_complete_since(const mstun_stream_t *stream, unsigned direction, uint32_t frame);

#endif
