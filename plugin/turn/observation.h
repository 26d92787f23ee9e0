/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Facts about a message that the state of its time told on the first visit, kept for later visits and for the findings:
 * diagnose/ decides what they mean, and whether a later frame disproves it. */
#ifndef MSTUN_TURN_OBSERVATION_H
#define MSTUN_TURN_OBSERVATION_H

#include "conversation/transaction.h"

typedef enum {
    MSTUN_OBSERVED_ALLOCATION_EXPIRED, /* number: seconds ago */
    MSTUN_OBSERVED_PERMISSION_EXPIRED, /* number: seconds ago */
    MSTUN_OBSERVED_PERMISSION_MISSING,
    MSTUN_OBSERVED_BIND_LATE, /* number: seconds since the announcement */
    MSTUN_OBSERVED_BIND_UNKNOWN_ID,
    MSTUN_OBSERVED_BIND_AGAIN, /* number: the frame of the first success */
    MSTUN_OBSERVED_STALE_NONCE_AGAIN,
    MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED,  /* number: how many */
    MSTUN_OBSERVED_MS_SEQUENCE_REPEATED, /* number: the highest before */
} mstun_turn_observation_kind_t;

typedef struct {
    mstun_frame_pos_t pos;
    mstun_turn_observation_kind_t kind;
    uint32_t number;
} mstun_turn_observation_t;

/** First visit: remembers a fact about event's message. number is cut to whole ones. */
void mstun_turn_observe(const mstun_event_t *event, mstun_turn_observation_kind_t kind, double number);

/** The next fact about event's message, *index begins as 0; NULL: no more. */
const mstun_turn_observation_t *mstun_turn_next_observation(const mstun_event_t *event, unsigned *index);

#endif
