/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP connections that a TURN server relays (RFC 6062): which data connection belongs to which Connect or
 * ConnectionAttempt, and which leg beyond the server. Others read the struct; only turn/ writes it, on the first visit.
 */
#ifndef MSTUN_TURN_PEER_CONNECTION_H
#define MSTUN_TURN_PEER_CONNECTION_H

#include "turn/allocation.h"

#define TURN_BIND_TIME_S 30 /* RFC 6062 section 5.4: from announcement to ConnectionBind */

/** A connection between the server's relayed address and a peer, announced by CONNECTION-ID. */
struct mstun_peer_connection {
    mstun_peer_connection_t *next_in_allocation;
    mstun_peer_connection_t *next_with_same_id; /* of the same server, the one before */
    mstun_allocation_t *allocation;
    uint32_t id;
    mstun_endpoint_t peer;
    const mstun_turn_request_t *connect_request; /* NULL: the peer opened it, and ConnectionAttempt announced it */
    mstun_frame_pos_t announced_pos;
    const mstun_stream_t *announced_on; /* the control connection of that time */
    nstime_t announced;
    const mstun_turn_request_t *bind_request; /* the first ConnectionBind; NULL: none was seen */
    uint32_t bind_frame;                      /* of it; 0: none was seen */
    mstun_frame_pos_t bound_pos;              /* its success; frame 0: none was seen */
    nstime_t bound;
    uint32_t
        early_len; /* bytes that the peer had sent to the server by then; 0: none, or its connection was not captured */
    nstime_t first_from_peer;   /* the first data from the peer, if segments[1] */
    uint32_t bound_len;         /* bytes that the server had sent on the data connection by then */
    const mstun_stream_t *data; /* the data connection, if bind_frame */
    uint32_t data_stream;       /* its tcp.stream */
    uint64_t bytes[2];          /* relayed on the data connection, from the client and from the peer */
    uint32_t segments[2];
};

/** First visit: a Connect success or ConnectionAttempt. connect: the request; NULL of a ConnectionAttempt. */
void mstun_peer_connection_announce(mstun_allocation_t *allocation, const mstun_event_t *event,
                                    const mstun_endpoint_t *peer, const mstun_turn_request_t *connect);

/** First visit: a ConnectionBind request, on the data connection. NULL if nothing with its id was announced; if that
 * comes later, it sets request's connection. */
mstun_peer_connection_t *mstun_peer_connection_bind(const mstun_event_t *event, mstun_turn_request_t *request);

/** First visit: event is the success to a ConnectionBind for connection. */
void mstun_peer_connection_succeed(const mstun_event_t *event, mstun_peer_connection_t *connection);

/** First visit: bytes of a unit behind a ConnectionBind, or on the leg between server and peer. */
void mstun_peer_connection_count(const mstun_event_t *event, uint32_t bytes);

/** The peer connection that a stream carries in this frame, from client to server or from server to peer; NULL if none
 * is known (yet). */
const mstun_peer_connection_t *mstun_stream_peer_connection(const mstun_stream_t *stream, const packet_info *pinfo);

/** The same, in any frame. */
const mstun_peer_connection_t *mstun_stream_any_peer_connection(const mstun_stream_t *stream);

/** Whether a stream is a peer connection's leg between server and peer. */
bool mstun_stream_is_server_peer_leg(const mstun_stream_t *stream);

/** The last one that was announced between a relayed address and a peer; NULL if none. */
mstun_peer_connection_t *mstun_peer_connection_between(const mstun_endpoint_t *relay, const mstun_endpoint_t *peer);

/** Whether the packet goes in the direction from the peer, on the peer connection that the stream carries. */
bool mstun_peer_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo);

/** The peer connection that event's message is about, on a control or data connection; NULL if none. */
const mstun_peer_connection_t *mstun_peer_connection_of(const mstun_event_t *event);

/** The allocation that a connection has to do with, as its control connection or by the peer connection that it
 * carries; NULL if none. */
const mstun_allocation_t *mstun_stream_related_allocation(const mstun_stream_t *stream);

void mstun_peer_connection_register(const mstun_registrar_t *reg);

#endif
