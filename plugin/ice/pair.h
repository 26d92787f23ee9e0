/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ICE's candidate pairs (RFC 8445): what the connectivity checks between two transport addresses came to, in both
 * directions. A pair is a 5-tuple that carries checks, or a peer behind a relay whose checks a TURN connection carries.
 * Written on the first pass only, one struct a pair: counts, and a list of those of its transactions that are open.
 *
 * Forward is the direction of the pair's first check, from side 0 to side 1; reverse is from side 1 to side 0. What is
 * said of a direction is said of the requests in it, and of the responses that come back against it. */
#ifndef MSTUN_ICE_PAIR_H
#define MSTUN_ICE_PAIR_H

#include "turn/allocation.h"

#define MSTUN_FORWARD 0
#define MSTUN_REVERSE 1
#define ICE_ROLE_CONFLICT 487 /* RFC 8445 section 7.3.1.1 */

typedef struct mstun_pair mstun_pair_t;

/** What a pair came to. The worst stands last. */
typedef enum {
    MSTUN_PAIR_NOMINATED,     /* works: both directions answered, USE-CANDIDATE answered */
    MSTUN_PAIR_WORKS,         /* both directions answered; nobody has nominated it (yet) */
    MSTUN_PAIR_PENDING,       /* the capture ends too soon to tell */
    MSTUN_PAIR_HALF_CAPTURED, /* what is missing may be in packets that were not captured */
    MSTUN_PAIR_CUT_OFF,       /* the connection ended under checks that had no time to be answered */
    MSTUN_PAIR_NOT_NOMINATED, /* both directions answered, the connection over, and nobody nominated it */
    MSTUN_PAIR_CONSENT_LOST,  /* it worked, and then checks stayed unanswered (RFC 7675) */
    MSTUN_PAIR_ONE_WAY,       /* one direction's checks are answered, the other's are not, or there are none */
    MSTUN_PAIR_REJECTED,      /* answered with an error that no later success resolves */
    MSTUN_PAIR_NO_ANSWER,     /* no check was answered */
} mstun_pair_verdict_t;

extern const value_string mstun_pair_verdict_names[];

typedef enum {
    MSTUN_ROLE_UNKNOWN,
    MSTUN_ROLE_CONTROLLING,
    MSTUN_ROLE_CONTROLLED,
} mstun_role_t;

extern const value_string mstun_role_names[];

/** The checks of one direction. A check is a transaction: its repetitions and MS-ICE2's other format are the same one. */
typedef struct {
    uint32_t requests;
    uint32_t copies; /* retransmissions of them */
    uint32_t successes;
    uint32_t errors;
    uint32_t unanswered; /* had their time, or their connection is over */
    uint32_t excused;    /* of these: it ended at once, or bytes are missing behind them, so that nobody is to blame */
    uint32_t pending;    /* the capture ends within their time; in a first pass: no response yet */
    uint32_t consent;    /* of requests: made when both directions had been answered */
    uint32_t media;      /* packets of RTP, RTCP, DTLS in this direction since the first success in any */
    uint32_t conflicts;  /* of errors: 487 */
    uint32_t silent;     /* of unanswered, without the excused: since the last success */
    uint32_t silent_frame, silent_position;         /* the first of them */
    uint32_t unanswered_frame, unanswered_position; /* the first of unanswered that is not excused */
    uint16_t error_code;                            /* of the last error; 0: none */
    uint32_t error_frame, error_position;
    nstime_t error_time;
    bool error_open;                            /* no success came behind it */
    bool conflict_open;                         /* the same of the last 487 */
    uint32_t conflict_frame, conflict_position; /* the last 487 */
    uint32_t nominating_frame;                  /* the first check with USE-CANDIDATE; 0: none */
    uint32_t nominated_frame;                   /* the first success to one */
    uint64_t shortest_ns, longest_ns, total_ns; /* response times */
    uint32_t timed;                             /* how many responses total_ns counts */
    nstime_t last_request, last_success;
} mstun_pair_direction_t;

/** One of the two agents, as its own checks describe it. */
typedef struct {
    mstun_endpoint_t address; /* of a side behind a relay: the peer's, as the TURN messages name it */
    mstun_role_t role;        /* the last that it claimed */
    uint64_t tie_breaker;
    uint32_t priority; /* of its last check; 0: none */
    const char *ufrag; /* from USERNAME of whichever check named it first; NULL: not known */
} mstun_pair_side_t;

/** A pair as plain values, at one time. */
typedef struct {
    uint32_t id; /* pairs in the order of their first checks, from 0 */
    bool tcp;    /* stream is tcp.stream, else udp.stream */
    uint32_t stream;
    bool half_captured;                   /* one direction's packets are not in the capture */
    uint32_t gap_frame;                   /* the last frame before which the connection's bytes are missing; 0: none */
    bool relayed;                         /* inside of TURN messages or an RFC 6062 data connection */
    unsigned peer;                        /* the side that is the relay's peer; of a pair that is not relayed: 1 */
    const mstun_allocation_t *allocation; /* which relays it; NULL: none, or not known */
    const mstun_peer_connection_t *connection; /* RFC 6062: which carries it; NULL: none, or not known */
    mstun_pair_side_t side[2];
    mstun_pair_direction_t way[2];
    uint32_t first_frame, first_position, last_frame; /* of its checks and responses */
    nstime_t first_time, last_time;
    nstime_t works_time;
    uint32_t works_frame, works_position; /* the first success of the direction that got one last; 0: not both did */
    bool over;                /* its connection was closed, or the capture goes on without it for long enough */
    bool nominated_elsewhere; /* the same two agents have nominated another pair for this component */
    mstun_pair_verdict_t verdict;
} mstun_pair_view_t;

/** First pass: a message that may be a check or the response to one. peer, from_peer: of the message around it. */
void mstun_pair_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                      const mstun_endpoint_t *peer, bool from_peer, const mstun_facts_t *facts,
                      const mstun_message_role_t *exchange);

/** First pass: a packet of media, which counts if its pair is known and a check on it had success. */
void mstun_pair_media(const mstun_stream_t *stream, unsigned direction, const packet_info *pinfo,
                      const mstun_endpoint_t *peer);

/** The pair of a message, NULL if it is no check and no response to one. */
const mstun_pair_t *mstun_pair_of(const mstun_message_role_t *exchange);

/** What is known of a pair in this frame: on the first visit so far, later in the whole capture. */
const mstun_pair_view_t *mstun_pair_seen(const mstun_pair_t *pair, packet_info *pinfo);

/**
 * What is known of a pair when the capture ends at this time, that of its last frame. end NULL: it is still being read,
 * so that every open check is pending. Cheap for a pair that has not changed since it was last asked for, and valid
 * until it is asked for again.
 */
const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair, const nstime_t *end);

/** The direction that the verdict is about: whose checks are not answered, or rejected; forward where it is about both. */
unsigned mstun_pair_broken_direction(const mstun_pair_view_t *view);

/** "192.0.2.1:5000", "the peer of channel 0x4001" if the capture began too late to tell; allocated in pool. */
const char *mstun_pair_side_text(wmem_allocator_t *pool, const mstun_pair_side_t *side);

/** "one way: 10.0.0.1:5000 never answers", allocated in pool. */
const char *mstun_pair_verdict_text(wmem_allocator_t *pool, const mstun_pair_view_t *view);

void mstun_pair_register(const mstun_registrar_t *reg);

#endif
