/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP connections that a TURN server relays (RFC 6062): which data connection belongs to which Connect or
 * ConnectionAttempt, and which leg beyond the server. Others read the struct; only turn/ writes it, on the first visit. */
#ifndef MSTUN_TURN_PEER_CONNECTION_H
#define MSTUN_TURN_PEER_CONNECTION_H

#include "turn/allocation.h"

#define TURN_BIND_TIME_S 30 /* RFC 6062 section 5.4: from announcement to ConnectionBind */

/** A connection between the server's relayed address and a peer, announced by CONNECTION-ID. */
struct mstun_peer_connection {
    mstun_peer_connection_t *next_in_allocation;
    mstun_peer_connection_t *next_with_same_id; /* of the same server and client, the one before */
    mstun_allocation_t *allocation;
    uint32_t id;
    mstun_endpoint_t peer;
    uint32_t announced_frame;
    nstime_t announced;
    uint32_t bind_frame;  /* the ConnectionBind request; 0: none was seen */
    uint32_t bound_frame; /* its success; 0: none was seen */
    nstime_t bound;
    uint32_t data_stream; /* tcp.stream of the data connection, if bind_frame */
    uint64_t bytes[2];    /* relayed, from the client and from the peer */
    uint32_t segments[2];
};

/** First visit: this client has an allocation at this server, so that the ids it may bind are known from here on. */
void mstun_allocation_index(mstun_allocation_t *allocation);

/** First visit: whether the packet goes to or comes from a relayed address that was allocated in this capture. */
bool mstun_packet_uses_relayed_address(const packet_info *pinfo);

/** First visit: a Connect success or ConnectionAttempt. */
void mstun_peer_connection_announce(mstun_allocation_t *allocation, const mstun_event_t *event, uint32_t id,
                                    const mstun_endpoint_t *peer);

/** First visit: a ConnectionBind request, on the data connection. NULL if nothing with its id was announced. */
mstun_peer_connection_t *mstun_peer_connection_bind(const mstun_event_t *event);

/** First visit: bytes of a unit behind a ConnectionBind, or on the leg between server and peer. */
void mstun_peer_connection_count(const mstun_event_t *event, uint32_t bytes);

/** The peer connection that a stream carries in this frame, from client to server or from server to peer; NULL if none is
 * known (yet). */
const mstun_peer_connection_t *mstun_stream_peer_connection(const mstun_stream_t *stream, const packet_info *pinfo);

/** The same, in whatever frame. */
const mstun_peer_connection_t *mstun_stream_any_peer_connection(const mstun_stream_t *stream);

/** Whether a stream is a peer connection's leg between server and peer. */
bool mstun_stream_is_server_peer_leg(const mstun_stream_t *stream);

/** Whether the packet goes in the direction from the peer, on the peer connection that the stream carries. */
bool mstun_peer_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo);

/** The peer connection that event's message is about, on a control or data connection; NULL if none. */
const mstun_peer_connection_t *mstun_peer_connection_of(const mstun_event_t *event);

/** The allocation that a connection has to do with, as its control connection or by the peer connection that it carries;
 * NULL if none. */
const mstun_allocation_t *mstun_stream_related_allocation(const mstun_stream_t *stream);

void mstun_peer_connection_register(const mstun_registrar_t *reg);

#endif
