/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN allocations and permissions (RFC 8656 sections 2.2 and 2.3): what each message changes in them, and what it
 * means for the connections that are relayed through them. Others read the structs; only turn/ writes them, on the first
 * visit. */
#ifndef MSTUN_TURN_ALLOCATION_H
#define MSTUN_TURN_ALLOCATION_H

#include "conversation/transaction.h"

#define TURN_PERMISSION_TIME_S 300 /* RFC 8656 section 9 */
#define TURN_DEFAULT_LIFETIME_S 600

typedef struct mstun_allocation mstun_allocation_t;
typedef struct mstun_peer_connection mstun_peer_connection_t;

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
    mstun_frame_pos_t made;  /* the Allocate success */
    const char *user;        /* "name, realm" of whoever made it; NULL if that is no text or was not captured */
    uint8_t transport;       /* IP_PROTO_TCP or IP_PROTO_UDP: of the relayed address; 0: not known */
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

/** First visit: what a message changes in allocations, permissions and peer connections. */
void mstun_allocation_learn(const mstun_event_t *event);

/** The first peer that a request named, for its response; NULL if none, or if there is no transaction. */
const mstun_endpoint_t *mstun_requested_peer(const mstun_transaction_t *transaction);

/** The channel that a ChannelBind request named, for its response; 0 if none. */
uint16_t mstun_requested_channel(const mstun_transaction_t *transaction);

/** The allocation in force on event's connection at its place; NULL if none. */
const mstun_allocation_t *mstun_allocation_in_force(const mstun_event_t *event);

/** The last allocation that was made on this connection so far; NULL if none. */
mstun_allocation_t *mstun_stream_allocation(const mstun_stream_t *stream);

#endif
