/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The private data of pairs: pair.c and session.c write it on the first visit, pair_view.c and evaluate.c read it. */
#ifndef MSTUN_ICE_PAIR_STATE_H
#define MSTUN_ICE_PAIR_STATE_H

#include "ice/pair.h"

/* Without padding: hashed and compared as bytes. */
typedef struct {
    uint32_t stream; /* mstun_stream_t.number */
    mstun_endpoint_t peer;
} mstun_pair_key_t;

/* The two parts of a check's USERNAME. */
typedef struct {
    mstun_span_t sender, receiver;
} mstun_ufrags_t;

typedef struct mstun_session mstun_session_t;

/* An agent, by its ufrag: its part in the checks of one component. */
typedef struct {
    mstun_session_t *session; /* the last that it took part in */
    mstun_role_t role;        /* the last that it claimed */
    uint32_t role_frame;      /* the first check that claimed it */
    bool in_use;              /* computed with its session: a pair of this agent is in use */
} mstun_agent_t;

/* All pairs of two agents and a component (RFC 8445 section 4), from before and after ICE restarts. The agents nominate
 * one of them; that the others do not work is healthy. */
struct mstun_session {
    mstun_session_t *merged_into; /* NULL: it is not */
    mstun_session_t *previous;    /* the one before between the same two hosts; NULL: none */
    mstun_pair_t *first, *last;   /* linked by next_in_session */
    uint32_t compared;            /* pairs that were compared with those of the sessions before */
    uint32_t kept;                /* two bits for each session before: whether each agent kept a candidate of it */
    uint32_t changes;             /* messages and media so far */
    bool nominated;               /* first visit: a pair that works */

    /* Computed when the capture's end is known, see pair_view.c. */
    nstime_t end;               /* for this end, and */
    uint32_t evaluated_changes; /* after so many changes; 0: not yet */
    const mstun_pair_t *in_use; /* the first that is nominated, or carries media; NULL: none */
    nstime_t in_use_until;      /* the last success or media on such a pair */
    const mstun_pair_t *first_in_state[MSTUN_PAIR_STATES];
};

/* A view, and the inputs that it was computed from. */
typedef struct {
    mstun_pair_view_t view;
    nstime_t end;     /* of the capture, or of the connection */
    uint32_t changes; /* 0: not computed for an end */
    bool closed;
} mstun_pair_cache_t;

struct mstun_pair {
    mstun_pair_key_t key;
    mstun_pair_view_t totals; /* whatever does not depend on the capture's end */
    const mstun_stream_t *stream;
    mstun_agent_t *agents[2];         /* the sides; NULL: not known */
    mstun_session_t *session;         /* see mstun_pair_session(); NULL: the agents are not known */
    mstun_pair_t *next_in_session;    /* NULL: the last */
    mstun_pair_t *older;              /* of the same key: from before an ICE restart; NULL: none */
    mstun_transaction_t *newest[2];   /* open checks of each direction, linked by pair_older with answered ones */
    mstun_transaction_t *repeated[2]; /* the check of each direction that was repeated last after its success */
    uint32_t open[2];                 /* the number of open checks */
    nstime_t sent[2][2];              /* by each side: its last but one check or response, and its last */
    uint32_t changes;                 /* messages and media so far */
    uint8_t forward;                  /* the direction of the stream in which side 0 sends */
    mstun_pair_t *next;               /* the next one by id */
    mstun_pair_cache_t **cache;       /* NULL inside until first used; with the session's, all that is written later */
};

/* Until when the capture shows a pair: until its connection or the capture ended. */
typedef struct {
    nstime_t end;
    bool closed;
} mstun_observed_until_t;

/** Splits a check's USERNAME. False if it is not of the form of RFC 8445 section 7.2.2. */
bool mstun_ufrags_parse(const mstun_span_t *username, mstun_ufrags_t *ufrags);

/** Whether a check of these ufrags in a direction of the pair can be of this pair, and not of a later generation. */
bool mstun_ufrags_match(const mstun_pair_t *pair, unsigned direction, const mstun_ufrags_t *ufrags);

/** First visit: what a check says of its sender: role, priority, ufrags; and the pair's session, once that is known. */
void mstun_session_learn(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event);

/** The session of a pair, NULL if it is not known. */
mstun_session_t *mstun_pair_session(const mstun_pair_t *pair);

void mstun_session_register(void);

/** Counts the open checks of the pair in view, as they are at this time. */
void mstun_pair_count_open(const mstun_pair_t *pair, const mstun_observed_until_t *until, mstun_pair_view_t *view);

/** The state of a pair by itself. */
mstun_pair_state_t mstun_pair_evaluate(const mstun_pair_view_t *view, const mstun_observed_until_t *until);

/** Whether a pair that works is in use: nominated, or it carries media. */
bool mstun_pair_is_in_use(const mstun_pair_view_t *view);

#endif
