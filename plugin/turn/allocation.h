/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN allocations and permissions (RFC 8656 sections 2.2 and 2.3): what each message changes in them, and what it
 * says of the connections that are relayed through them. Written on the first pass only. */
#ifndef MSTUN_TURN_ALLOCATION_H
#define MSTUN_TURN_ALLOCATION_H

#include "turn/peer_connection.h"

#define TURN_PERMISSION_TIME_S 300 /* RFC 8656 section 9 */
#define TURN_DEFAULT_LIFETIME_S 600

/** A peer that may send to the relayed address. */
typedef struct mstun_permission {
    struct mstun_permission *next;
    mstun_endpoint_t peer; /* the port does not count, and is 0 */
    nstime_t expires;
} mstun_permission_t;

struct mstun_allocation {
    mstun_endpoint_t server, client, relay;
    const mstun_stream_t *control;
    uint32_t control_stream; /* tcp.stream */
    uint32_t frame;          /* of the Allocate success, and its position there */
    uint32_t position;
    const char *user;  /* "name, realm" of whoever made it; NULL if that is no text or was not captured */
    uint8_t transport; /* 6 TCP, 17 UDP: what the relayed address has */
    nstime_t expires;
    uint32_t renewed_frame; /* of the last success that set expires */
    uint32_t lifetime;      /* seconds, the last that was granted */
    uint32_t deleted_frame; /* of the success to a Refresh with lifetime 0; 0: none was seen */
    bool any_permission;    /* was ever asked for */
    bool refreshed;         /* the client wants to keep it */
    mstun_permission_t *permissions;
    wmem_map_t *permissions_by_ip; /* NULL: none */
    mstun_peer_connection_t *connections;
};

/** First pass: what a message changes in allocations, permissions and connections. */
void mstun_allocation_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                            const mstun_facts_t *facts, mstun_message_role_t *exchange);

/** The first peer that a request named, for its response; NULL if none. */
const mstun_endpoint_t *mstun_requested_peer(const mstun_message_role_t *exchange);

/** The channel that a ChannelBind request named, for its response; 0 if none. */
uint16_t mstun_requested_channel(const mstun_message_role_t *exchange);

/** The allocation in force on a control connection at this position of this frame, NULL if none. */
const mstun_allocation_t *mstun_allocation_in_force(const mstun_stream_t *stream, uint32_t frame, uint32_t position);

/** The connection that a message on a control or data connection is about in this frame; NULL if none. */
const mstun_peer_connection_t *mstun_peer_connection_of(const mstun_stream_t *stream, const packet_info *pinfo,
                                                        uint32_t position, const mstun_facts_t *facts,
                                                        const mstun_message_role_t *exchange);

#endif
