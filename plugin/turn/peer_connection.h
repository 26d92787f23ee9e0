/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP connections that a TURN server relays (RFC 6062): which data connection belongs to which Connect or
 * ConnectionAttempt, and which leg beyond the server. Written on the first pass only. */
#ifndef MSTUN_TURN_PEER_CONNECTION_H
#define MSTUN_TURN_PEER_CONNECTION_H

#include "conversation/frame_index.h"
#include "conversation/transaction.h"

#define TURN_BIND_TIME_S 30 /* RFC 6062 section 5.4: from announcement to ConnectionBind */

/** A connection between the server's relayed address and a peer, announced by CONNECTION-ID. */
struct mstun_peer_connection {
    mstun_peer_connection_t *older;           /* of the same allocation */
    mstun_peer_connection_t *older_of_its_id; /* of the same server and client */
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

/** Facts about a message that the state of its time told, and that later visits look up. */
typedef enum {
    MSTUN_NOTE_ALLOCATION_EXPIRED,
    MSTUN_NOTE_PERMISSION_EXPIRED,
    MSTUN_NOTE_PERMISSION_MISSING,
    MSTUN_NOTE_BIND_LATE,
    MSTUN_NOTE_BIND_UNKNOWN_ID,
    MSTUN_NOTE_BIND_AGAIN, /* number: the frame of the first success */
    MSTUN_NOTE_STALE_NONCE_AGAIN,
    MSTUN_NOTE_MS_SEQUENCE_SKIPPED,  /* number: how many */
    MSTUN_NOTE_MS_SEQUENCE_REPEATED, /* number: the highest before */
} mstun_pending_expert_kind_t;

typedef struct {
    mstun_frame_pos_t place;
    mstun_pending_expert_kind_t kind;
    uint32_t number; /* of seconds: how late, how long ago */
} mstun_pending_expert_t;

/** First pass: remembers a fact about a message for later visits. */
void mstun_pending_expert_add(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                              mstun_pending_expert_kind_t kind, double number);

double mstun_seconds_since(const packet_info *pinfo, const nstime_t *then);

/** First pass: this client has an allocation at this server, so that the ids it may bind are known from here on. */
void mstun_allocation_index(mstun_allocation_t *allocation);

/** First pass: whether the packet goes to or comes from a relayed address that was allocated in this capture. */
bool mstun_packet_uses_relayed_address(const packet_info *pinfo);

/** First pass: a Connect success or ConnectionAttempt. */
void mstun_peer_connection_announce(mstun_allocation_t *allocation, packet_info *pinfo, uint32_t id,
                                    const mstun_endpoint_t *peer, bool attempted);

/** What an allocation's server announced under this id up to this frame, the last time; NULL if nothing. */
const mstun_peer_connection_t *mstun_peer_connection_announced(const mstun_allocation_t *allocation, uint32_t id,
                                                               uint32_t frame);

/** First pass: a ConnectionBind request, on the data connection. NULL if nothing with its id was announced. */
mstun_peer_connection_t *mstun_peer_connection_bind(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                                                    const mstun_facts_t *facts);

/** First pass: bytes of a unit behind a ConnectionBind, or on the leg beyond the server. */
void mstun_peer_connection_count(mstun_stream_t *stream, packet_info *pinfo, uint32_t bytes);

/** The relayed connection that a stream carries in this frame, NULL if none is known (yet). */
const mstun_peer_connection_t *mstun_stream_peer_connection(const mstun_stream_t *stream, const packet_info *pinfo);

/** Whether the packet goes in the direction from the peer, on the connection that the stream carries. */
bool mstun_peer_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo);

void mstun_peer_connection_register(const mstun_registrar_t *reg);

#endif
