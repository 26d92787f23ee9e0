/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ICE candidate pairs (RFC 8445): the connectivity checks between two transport addresses, in both directions, and
 * their result. A pair is a 5-tuple that carries checks, or a peer behind a relay whose checks a TURN connection
 * carries. Per pair there are counters and a list of its open transactions, written on the first visit only.
 *
 * Forward is the direction of the pair's first check, from side 0 to side 1; reverse is from side 1 to side 0. A
 * direction's figures are about the requests sent in it and the responses to them, which travel the other way. */
#ifndef MSTUN_ICE_PAIR_H
#define MSTUN_ICE_PAIR_H

#include "turn/peer_connection.h"

#define MSTUN_FORWARD 0
#define MSTUN_REVERSE 1
#define ICE_ROLE_CONFLICT 487 /* RFC 8445 section 7.3.1.1 */

typedef struct mstun_pair mstun_pair_t;

/** State of a pair. The numbers are those of mstun.pair.verdict, which must stay; see mstun_pair_state_rank(). */
typedef enum {
    MSTUN_PAIR_NOMINATED,         /* both directions answered, and USE-CANDIDATE too */
    MSTUN_PAIR_WORKS,             /* both directions answered, not nominated (yet) */
    MSTUN_PAIR_PENDING,           /* the capture ends too soon to tell */
    MSTUN_PAIR_HALF_CAPTURED,     /* what is missing may be in packets that were not captured */
    MSTUN_PAIR_CUT_OFF,           /* the connection ended before its last checks could be answered */
    MSTUN_PAIR_NOT_NOMINATED,     /* both directions answered, never nominated, and the connection has ended */
    MSTUN_PAIR_CONSENT_LOST,      /* it worked, then checks were no longer answered (RFC 7675) */
    MSTUN_PAIR_ONE_WAY,           /* checks are answered in one direction only, or sent in one only */
    MSTUN_PAIR_REJECTED,          /* answered with an error, and with no success after it */
    MSTUN_PAIR_NO_ANSWER,         /* no check was answered */
    MSTUN_PAIR_ROLE_CONFLICT,     /* both agents claim the same role, and neither changes it */
    MSTUN_PAIR_RESPONSES_IGNORED, /* checks are repeated after their success, which their sender does not accept */
    MSTUN_PAIR_UNUSED,            /* it does not work, but another pair of its session does: healthy */
    MSTUN_PAIR_STATES
} mstun_pair_state_t;

extern const value_string mstun_pair_state_names[];

typedef enum {
    MSTUN_ROLE_UNKNOWN,
    MSTUN_ROLE_CONTROLLING,
    MSTUN_ROLE_CONTROLLED,
} mstun_role_t;

extern const value_string mstun_role_names[];

/** The checks of one direction. A check is a transaction: repetitions and MS-ICE2's other format do not count again. */
typedef struct {
    uint32_t requests;
    uint32_t retransmissions;
    uint32_t successes;
    uint32_t errors;
    uint32_t unanswered;         /* timed out, or their connection has ended */
    uint32_t inconclusive;       /* of unanswered: the response may be missing only in the capture, or was cut off */
    uint32_t not_captured;       /* of inconclusive: bytes that may have been the response are missing in the capture */
    uint32_t pending;            /* the capture ends before they time out; in a first pass: no response yet */
    uint32_t consent;            /* of requests: sent after both directions had been answered (RFC 7675) */
    uint32_t media;              /* packets of RTP, RTCP and DTLS in this direction, since the pair's first success */
    uint32_t conflicts;          /* of errors: 487 */
    uint32_t ignored;            /* of successes: to checks that were repeated afterwards */
    uint32_t repeats_of_ignored; /* how often these were repeated */
    uint32_t unanswered_since_success;           /* of unanswered: conclusive, and after the last success */
    const mstun_transaction_t *first_lost;       /* of unanswered_since_success; NULL: none */
    const mstun_transaction_t *first_unanswered; /* of those of unanswered that are conclusive; NULL: none */
    uint16_t error_code;                         /* of the last error; 0: none */
    uint32_t error_frame, error_position;
    nstime_t error_time;
    const mstun_transaction_t *rejected;        /* the check that got the last error */
    bool error_open;                            /* no success since the last error */
    bool conflict_open;                         /* no success since the last 487 */
    uint32_t conflict_frame, conflict_position; /* the last 487 */
    uint32_t retry_frame;                       /* the first check after the last 487; 0: none */
    bool role_changed;                          /* in that check */
    uint32_t repeat_frame, repeat_position;     /* the first of repeats_of_ignored */
    const mstun_transaction_t *repeated;        /* the check that it repeats */
    nstime_t repeat_time;
    uint32_t nominating_frame;                  /* the first check with USE-CANDIDATE; 0: none */
    uint32_t nominated_frame;                   /* the first success to one; 0: none */
    uint64_t shortest_ns, longest_ns, total_ns; /* response times */
    uint32_t timed;                             /* the number of responses in total_ns */
    nstime_t last_request, last_success, last_media;
} mstun_pair_direction_t;

/** One of the two agents, as its own checks describe it. */
typedef struct {
    mstun_endpoint_t address; /* of a relay's peer: as the TURN messages name it; family 0: only its channel is known */
    mstun_role_t role;        /* the last that it claimed, on whatever pair of its session */
    uint32_t role_frame;      /* the first check that claimed it; 0: none */
    uint32_t priority;        /* of its last check; 0: none */
    const char *ufrag;        /* from the first USERNAME that names it; NULL: not known */
} mstun_pair_side_t;

/** A pair at one point in time. */
typedef struct {
    uint32_t id; /* counts pairs from 0, in the order of their first checks */
    bool tcp;    /* stream is tcp.stream, else udp.stream */
    uint32_t stream;
    bool from_start;                      /* the capture has the connection from its beginning */
    bool half_captured;                   /* one direction's packets are not in the capture */
    bool may_lack_checks;                 /* the capture joins the connection, or has only the beginning of frames */
    uint32_t gap_frame;                   /* the last frame in front of which bytes are missing; 0: none */
    bool relayed;                         /* inside TURN messages or an RFC 6062 data connection */
    unsigned peer;                        /* the side that is the relay's peer; 1 if the pair is not relayed */
    const mstun_allocation_t *allocation; /* NULL: none, or not known */
    const mstun_peer_connection_t *connection; /* RFC 6062; NULL: none, or not known */
    mstun_pair_side_t side[2];
    mstun_pair_direction_t dir[2];
    uint32_t first_frame, first_position, last_frame; /* among its checks and responses */
    nstime_t first_time, last_time;
    nstime_t works_time;
    uint32_t works_frame, works_position; /* the success that made both directions answered; 0: none */
    bool ended;                           /* the connection was closed, or idle until a transaction would time out */
    bool other_pair_nominated;            /* of the same session */
    mstun_pair_state_t state;
    mstun_pair_state_t own_state; /* the same, but that of an UNUSED pair if it were the only one of its session */
} mstun_pair_view_t;

/**
 * First visit: enters event's message in its pair if it is a check or the response to one, and marks its transaction so
 * that mstun_pair_of() finds the pair. Other messages change nothing.
 */
void mstun_pair_learn(const mstun_event_t *event);

/** First visit: counts a packet of media if it belongs to a pair with a successful check; event->facts is not read. */
void mstun_pair_count_media(const mstun_event_t *event);

/** The pair that a transaction checks. NULL if it is no check; transaction may be NULL. Owned by the file scope. */
const mstun_pair_t *mstun_pair_of(const mstun_transaction_t *transaction);

/** Calls fn for each pair, by ascending id. */
void mstun_pair_foreach(void (*fn)(mstun_pair_t *pair, void *data), void *data);

/** The connection that carries a pair, and the direction of it that a direction of the pair is. */
const mstun_stream_t *mstun_pair_stream(const mstun_pair_t *pair);
unsigned mstun_pair_stream_direction(const mstun_pair_t *pair, unsigned direction);

/** The direction of a pair that a direction of its connection is. */
unsigned mstun_pair_direction(const mstun_pair_t *pair, unsigned stream_direction);

/** Whether its checks are inside TURN messages or an RFC 6062 data connection. */
bool mstun_pair_is_relayed(const mstun_pair_t *pair);

/** The side that the first check went to; of a pair behind a relay, the relay's peer. */
void mstun_pair_peer(const mstun_pair_t *pair, mstun_endpoint_t *peer);

/**
 * True if an unanswered check of the pair needs no finding: the pair has one that says more, or it is healthy, as most
 * pairs of a session are that never work. end: as for mstun_pair_view().
 */
bool mstun_pair_excuses_unanswered(const mstun_pair_t *pair, const nstime_t *end);

/** Whether the receiver of a check without response went on with the pair afterwards: it has dropped the check. */
bool mstun_pair_went_on(const mstun_pair_t *pair, const mstun_transaction_t *check);

/** The pair's view at this frame: on the first visit so far, later at the end of the capture. See mstun_pair_view(). */
const mstun_pair_view_t *mstun_pair_seen(const mstun_pair_t *pair, packet_info *pinfo);

/**
 * The pair's view in a capture whose last frame has the time end. NULL: still being read, so open checks are pending.
 * The view belongs to the pair and is valid until the next call for the same pair. It is computed only if something has
 * changed.
 */
const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair, const nstime_t *end);

/** The first pair of the session with the same state, which may be this one: one cause broke them all. */
const mstun_pair_t *mstun_pair_first_alike(const mstun_pair_t *pair, const nstime_t *end);

/** How bad a state is, for sorting. */
unsigned mstun_pair_state_rank(mstun_pair_state_t state);

/** Whether it means that the two agents cannot use the pair, though they should. */
bool mstun_pair_state_is_broken(mstun_pair_state_t state);

/** The direction whose checks the own state is about: not answered, rejected; MSTUN_FORWARD if it is about both. */
unsigned mstun_pair_broken_direction(const mstun_pair_view_t *view);

/** "192.0.2.1:5000", or "the peer of channel 0x4001" if the capture began too late to tell; allocated in pool. */
const char *mstun_pair_side_text(wmem_allocator_t *pool, const mstun_pair_side_t *side);

/** "one way: 192.0.2.1:5000 answers none of 3 checks from 198.51.100.2:3478": static or allocated in pool. */
const char *mstun_pair_state_text(wmem_allocator_t *pool, const mstun_pair_view_t *view);

/** What cut the way of the checks that the own state is about, where the capture has the other leg of their relay too:
 * half a sentence, as the state's text has it; NULL: not known. */
const char *mstun_pair_cut_text(wmem_allocator_t *pool, const mstun_pair_view_t *view);

void mstun_pair_register(const mstun_registrar_t *reg);

#endif
