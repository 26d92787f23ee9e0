/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What messages do against TURN's state, seen on the first visit and kept for later visits and for the findings:
 * diagnose/ decides what it means. Most of it a later frame may disprove: then it is dropped. */
#ifndef MSTUN_TURN_OBSERVATION_H
#define MSTUN_TURN_OBSERVATION_H

#include "conversation/transaction.h"

#define TURN_CLOCK_TOLERANCE_S 1.0 /* the clocks of server and capture differ by some milliseconds */

typedef struct mstun_allocation mstun_allocation_t;
typedef struct mstun_permission mstun_permission_t;
typedef struct mstun_channel mstun_channel_t;
typedef struct mstun_peer_connection mstun_peer_connection_t;

/** What is used though it is not there, until a frame proves that it is, or gives it. Several observations may share
 * it. */
typedef struct {
    uint32_t count;          /* messages that used it */
    uint32_t disproof_frame; /* proves that it was there all the time; 0: none */
    uint32_t granted_frame;  /* the success of a request that came later; 0: none */
    nstime_t granted;
} mstun_doubt_t;

typedef enum {
    MSTUN_OBSERVED_ALLOCATION_EXPIRED, /* number: seconds ago */
    MSTUN_OBSERVED_ALLOCATION_DELETED, /* number: the frame in which the client deleted it */
    MSTUN_OBSERVED_PERMISSION_EXPIRED, /* number: seconds ago */
    MSTUN_OBSERVED_PERMISSION_MISSING,
    MSTUN_OBSERVED_CHANNEL_EXPIRED, /* number: seconds ago */
    MSTUN_OBSERVED_CHANNEL_UNBOUND,
    MSTUN_OBSERVED_BIND_LATE, /* number: seconds since the announcement */
    MSTUN_OBSERVED_BIND_UNKNOWN_ID,
    MSTUN_OBSERVED_BIND_AGAIN,           /* number: the frame of the first success */
    MSTUN_OBSERVED_WRONG_TRANSPORT,      /* number: IP_PROTO_TCP or IP_PROTO_UDP, of the allocation */
    MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED,  /* number: how many */
    MSTUN_OBSERVED_MS_SEQUENCE_REPEATED, /* number: the highest before */
} mstun_turn_observation_kind_t;

typedef struct {
    mstun_frame_pos_t pos;
    nstime_t abs_ts;
    mstun_turn_observation_kind_t kind;
    uint32_t number;
    unsigned direction;                     /* in which the message was sent */
    mstun_endpoint_t peer;                  /* that the message names; family 0: none */
    const mstun_transaction_t *transaction; /* NULL: an indication, or no message */
    mstun_doubt_t *doubt;                   /* NULL: no later frame can disprove it */
    const mstun_allocation_t *allocation;
    const mstun_permission_t *permission;      /* of PERMISSION_... */
    const mstun_channel_t *channel;            /* of CHANNEL_... */
    const mstun_peer_connection_t *connection; /* of BIND_LATE, BIND_AGAIN */
} mstun_turn_observation_t;

/** First visit: remembers what event's message does. number is cut to whole ones. The rest of it is for the caller to
 * fill; valid until the next one. */
mstun_turn_observation_t *mstun_turn_observe(const mstun_event_t *event, mstun_turn_observation_kind_t kind,
                                             double number);

/** The next observation of event's message, *idx begins as 0; NULL: no more. Leaves out what was disproved by now. */
const mstun_turn_observation_t *mstun_turn_next_observation(const mstun_event_t *event, unsigned *idx);

/** Calls fn for each observation of a connection that was not disproved by now, in the order of the capture. */
void mstun_turn_foreach_observation(const mstun_stream_t *stream,
                                    void (*fn)(const mstun_turn_observation_t *observation, void *data), void *data);

/** First visit: another message uses what *doubt is about; made at the first. */
mstun_doubt_t *mstun_doubt_add(mstun_doubt_t **doubt);

/** First visit: the frame proves that it was there. Ends the doubt: if it is used later, that is another one. */
void mstun_doubt_disprove(mstun_doubt_t **doubt, const packet_info *pinfo);

/** First visit: the packet grants it. Ends the doubt. */
void mstun_doubt_grant(mstun_doubt_t **doubt, const packet_info *pinfo);

#endif
