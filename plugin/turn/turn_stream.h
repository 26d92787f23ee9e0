/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What turn/ keeps of a connection: only for its own files. */
#ifndef MSTUN_TURN_TURN_STREAM_H
#define MSTUN_TURN_TURN_STREAM_H

#include "turn/request.h"

struct mstun_stream_turn {
    mstun_allocation_t *allocation; /* the last one that was made on this control connection */
    wmem_array_t *allocations;      /* of allocation_event_t, see allocation.c: all of them, by frame; NULL: none */
    wmem_array_t *observations;     /* of mstun_turn_observation_t, by frame; NULL: none */
    uint32_t stale_nonces;          /* first visit: 438 in a row */
    const mstun_turn_request_t *last_request; /* first visit; NULL: none */
};

/** Never NULL: made at the first call, on the first visit. */
struct mstun_stream_turn *mstun_stream_get_turn(mstun_stream_t *stream);

#endif
