/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is kept of a pair, for pair.c, which writes it, and pair_view.c, which reads it. */
#ifndef MSTUN_ICE_PAIR_STATE_H
#define MSTUN_ICE_PAIR_STATE_H

#include "ice/pair.h"

struct tcp_analysis;

/* Without padding, and compared as bytes. */
typedef struct {
    uint32_t stream; /* mstun_stream_t.number */
    mstun_endpoint_t peer;
} mstun_pair_key_t;

/* Two agents and a component (RFC 8445 section 4): of all its pairs one is to be nominated. */
typedef struct {
    bool nominated; /* a pair that works */
} mstun_pair_session_t;

/* What a view was made of: nothing else changes it. */
typedef struct {
    mstun_pair_view_t view;
    nstime_t end;     /* of the capture, or of the connection */
    uint32_t changes; /* 0: none was made */
    bool closed;
} mstun_pair_memo_t;

struct mstun_pair {
    mstun_pair_key_t key;
    mstun_pair_view_t known; /* all that does not depend on the capture's end */
    const mstun_stream_t *stream;
    const struct tcp_analysis *connection; /* TCP's own data; NULL on UDP */
    mstun_pair_session_t *session;         /* NULL: the agents are not known */
    mstun_transaction_t *newest[2];        /* open checks of each direction; answered ones may stand behind them */
    uint32_t open[2];                      /* how many these are */
    uint32_t changes;                      /* messages and media that came */
    uint8_t forward;                       /* the direction of the connection in which side 0 sends */
    /* What was worked out last, or NULL: the only thing that is written after the first pass. */
    mstun_pair_memo_t **memo;
};

#endif
