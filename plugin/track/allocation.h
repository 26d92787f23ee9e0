/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN allocations (RFC 8656 section 2.2) and the TCP connections relayed through them (RFC 6062): which data connection
 * belongs to which Connect or ConnectionAttempt. Written on the first pass only. */
#ifndef MSTUN_TRACK_ALLOCATION_H
#define MSTUN_TRACK_ALLOCATION_H

#include "track/transaction.h"

#define TURN_BIND_TIME_S 30        /* RFC 6062 section 5.4: from announcement to ConnectionBind */
#define TURN_PERMISSION_TIME_S 300 /* RFC 8656 section 9 */
#define TURN_DEFAULT_LIFETIME_S 600

/** A peer that may send to the relayed address. */
typedef struct mstun_permission {
    struct mstun_permission *next;
    mstun_endpoint_t peer; /* the port does not count */
    nstime_t expires;
} mstun_permission_t;

/** A connection between the server's relayed address and a peer, announced by CONNECTION-ID. */
struct mstun_connection {
    mstun_connection_t *older;    /* of the same allocation */
    mstun_connection_t *namesake; /* an older one with the same id, server and client: ids repeat in time */
    mstun_allocation_t *allocation;
    uint32_t id;
    mstun_endpoint_t peer;
    bool attempted; /* by the peer (ConnectionAttempt), else by the client (Connect) */
    uint32_t announced_frame;
    nstime_t announced;
    uint32_t bind_frame;  /* the ConnectionBind request; 0: none was seen */
    uint32_t bound_frame; /* its success; 0: none was seen */
    nstime_t bound;
    uint32_t data_stream; /* tcp.stream of the data connection, if bind_frame */
    uint64_t bytes[2];    /* relayed, from the client and from the peer */
    uint32_t segments[2];
};

struct mstun_allocation {
    mstun_allocation_t *older; /* of the same control connection */
    mstun_endpoint_t server, client, relay;
    uint32_t control_stream; /* tcp.stream */
    uint32_t frame;          /* of the Allocate success, and its position there */
    uint32_t position;
    uint8_t transport; /* 6 TCP, 17 UDP: what the relayed address has */
    nstime_t expires;
    uint32_t renewed_frame; /* of the last success that set expires */
    bool any_permission;    /* was ever asked for */
    bool refreshed;         /* the client wants to keep it */
    mstun_permission_t *permissions;
    mstun_connection_t *connections;
};

/** Facts about a message that the state of its time told, and that later visits look up. */
typedef enum {
    MSTUN_NOTE_ALLOCATION_EXPIRED,
    MSTUN_NOTE_PERMISSION_EXPIRED,
    MSTUN_NOTE_PERMISSION_MISSING,
    MSTUN_NOTE_BIND_LATE,
    MSTUN_NOTE_BIND_UNKNOWN_ID,
    MSTUN_NOTE_STALE_NONCE_AGAIN,
} mstun_note_kind_t;

typedef struct {
    uint32_t frame;
    uint32_t position;
    mstun_note_kind_t kind;
    uint32_t seconds; /* how late, how long ago */
} mstun_note_t;

/** First pass: what a message changes in allocations, permissions and connections. */
void mstun_allocation_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                            const mstun_facts_t *facts, mstun_exchange_t *exchange);

/** First pass: bytes of a unit behind a ConnectionBind, or on the leg beyond the server. */
void mstun_connection_count(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t bytes);

/** The connection that a message on a control or data connection is about in this frame; NULL if none. */
const mstun_connection_t *mstun_connection_of(const mstun_stream_t *stream, const packet_info *pinfo, uint32_t position,
                                              const mstun_facts_t *facts, const mstun_exchange_t *exchange);

/** The relayed connection that a stream carries in this frame, NULL if none is known (yet). */
const mstun_connection_t *mstun_connection_carried(const mstun_stream_t *stream, const packet_info *pinfo);

/** Whether the packet goes in the direction from the peer, on the connection that the stream carries. */
bool mstun_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo);

/** The allocation in force on a control connection at this position of this frame, NULL if none. */
const mstun_allocation_t *mstun_allocation_in_force(const mstun_stream_t *stream, uint32_t frame, uint32_t position);

void mstun_allocation_register(const mstun_registrar_t *reg);

#endif
