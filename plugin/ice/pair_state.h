/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The private data of a pair: pair.c writes it, pair_view.c reads it. */
#ifndef MSTUN_ICE_PAIR_STATE_H
#define MSTUN_ICE_PAIR_STATE_H

#include "ice/pair.h"

/* Without padding: hashed and compared as bytes. */
typedef struct {
    uint32_t stream; /* mstun_stream_t.number */
    mstun_endpoint_t peer;
} mstun_pair_key_t;

/* Two agents and a component (RFC 8445 section 4), which nominate one of their pairs. */
typedef struct {
    bool nominated; /* a pair that works */
} mstun_pair_session_t;

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
    mstun_pair_session_t *session;  /* NULL: the agents are not known */
    mstun_transaction_t *newest[2]; /* open checks of each direction, linked by pair_older with answered ones */
    uint32_t open[2];               /* the number of open checks */
    uint32_t changes;               /* messages and media so far */
    uint8_t forward;                /* the direction of the stream in which side 0 sends */
    mstun_pair_t *next;             /* the next one by id */
    mstun_pair_cache_t **cache;     /* NULL inside until first used; the only thing written after the first pass */
};

#endif
