/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation.h"

#include <epan/ipproto.h>

#include "conversation/response_state.h"
#include "turn/observation.h"
#include "turn/request.h"
#include "turn/turn_stream.h"

#define CLOCK_TOLERANCE_S 1.0 /* clocks of server and capture differ by some milliseconds */

/* Where an allocation was made. */
typedef struct {
    mstun_frame_pos_t pos;
    mstun_allocation_t *allocation;
} allocation_event_t;

struct mstun_stream_turn *mstun_stream_get_turn(mstun_stream_t *stream)
{
    if (!stream->turn) {
        stream->turn = wmem_new0(wmem_file_scope(), struct mstun_stream_turn);
    }
    return stream->turn;
}

mstun_allocation_t *mstun_stream_allocation(const mstun_stream_t *stream)
{
    return stream->turn ? stream->turn->allocation : NULL;
}

const mstun_allocation_t *mstun_allocation_in_force(const mstun_event_t *event)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    const struct mstun_stream_turn *turn = event->stream->turn;
    const allocation_event_t *made =
        turn ? (const allocation_event_t *)mstun_frame_index_last_at_or_before(turn->allocations, &pos) : NULL;

    return made ? made->allocation : NULL;
}

static nstime_t seconds_from_now(const packet_info *pinfo, uint32_t seconds)
{
    nstime_t then = pinfo->abs_ts;

    then.secs += seconds;
    return then;
}

/* request: NULL if it was not captured */
static mstun_allocation_t *add_allocation(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    struct mstun_stream_turn *turn = mstun_stream_get_turn(event->stream);
    mstun_allocation_t *allocation = wmem_new0(wmem_file_scope(), mstun_allocation_t);
    const allocation_event_t made = { { event->pinfo->num, event->position }, allocation };

    mstun_packet_source(event->pinfo, &allocation->server);
    mstun_packet_destination(event->pinfo, &allocation->client);
    allocation->control = event->stream;
    allocation->control_stream = event->stream->tcp_stream;
    allocation->made = made.pos;
    allocation->renewed_frame = event->pinfo->num;
    allocation->transport = request ? request->transport : 0;
    allocation->user = request ? request->user : NULL;
    allocation->lifetime = TURN_DEFAULT_LIFETIME_S;
    if (!turn->allocations) {
        turn->allocations = wmem_array_sized_new(wmem_file_scope(), sizeof made, 1);
    }
    wmem_array_append_one(turn->allocations, made);
    turn->allocation = allocation;
    return allocation;
}

static void on_allocate_success(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    const mstun_facts_t *facts = event->facts;
    mstun_allocation_t *allocation = add_allocation(event, request);

    allocation->relay = facts->relayed;
    if (facts->has & MSTUN_HAS_LIFETIME) {
        allocation->lifetime = facts->lifetime;
    }
    allocation->expires = seconds_from_now(event->pinfo, allocation->lifetime);
    mstun_allocation_index(allocation);
}

static mstun_permission_t *find_permission(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    mstun_endpoint_t ip = *peer;

    ip.port = 0;
    return allocation->permissions_by_ip ? (mstun_permission_t *)wmem_map_lookup(allocation->permissions_by_ip, &ip)
                                         : NULL;
}

static void add_permission(mstun_allocation_t *allocation, const packet_info *pinfo, const mstun_endpoint_t *peer)
{
    mstun_permission_t *permission = find_permission(allocation, peer);

    if (!permission) {
        permission = wmem_new0(wmem_file_scope(), mstun_permission_t);
        permission->peer = *peer;
        permission->peer.port = 0;
        permission->next = allocation->permissions;
        allocation->permissions = permission;
        if (!allocation->permissions_by_ip) {
            allocation->permissions_by_ip =
                wmem_map_new(wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
        }
        wmem_map_insert(allocation->permissions_by_ip, &permission->peer, permission);
    }
    permission->expires = seconds_from_now(pinfo, TURN_PERMISSION_TIME_S);
}

static void on_permission_success(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    for (unsigned i = 0; allocation && request && i < request->peer_count; i++) {
        add_permission(allocation, event->pinfo, &request->peers[i]);
    }
}

static void announce(const mstun_event_t *event, const mstun_endpoint_t *peer)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (!allocation) { /* made before the capture began */
        allocation = add_allocation(event, NULL);
        allocation->transport = IP_PROTO_TCP;
        allocation->expires = seconds_from_now(event->pinfo, allocation->lifetime);
        mstun_allocation_index(allocation);
    }
    mstun_peer_connection_announce(allocation, event, event->facts->connection_id, peer);
}

static void on_bind_success(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    mstun_peer_connection_t *connection = request ? request->connection : NULL;

    mstun_stream_restart(event);
    if (connection && !connection->bound_frame) {
        connection->bound_frame = event->pinfo->num;
        connection->bound = event->pinfo->abs_ts;
        connection->data_stream = event->stream->tcp_stream;
    }
}

/* RFC 8656 section 7: the client goes on as if its allocation were still there. */
static void check_lifetime(const mstun_event_t *event)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    double overdue_s = allocation ? mstun_seconds_since(event->pinfo, &allocation->expires) : 0;

    if (overdue_s > CLOCK_TOLERANCE_S) {
        mstun_turn_observe(event, MSTUN_OBSERVED_ALLOCATION_EXPIRED, overdue_s);
    }
}

/* RFC 8656 section 11.2: the server drops what is sent to a peer without permission, and says nothing. */
static void check_permission(const mstun_event_t *event)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    const mstun_endpoint_t *peer = &event->facts->peer;

    if (!allocation || !peer->family || allocation->made.frame == event->pinfo->num) {
        return;
    }
    const mstun_permission_t *permission = find_permission(allocation, peer);

    if (!permission) {
        if (allocation->relay.family) { /* else the capture began too late to have seen one */
            mstun_turn_observe(event, MSTUN_OBSERVED_PERMISSION_MISSING, 0);
        }
        return;
    }
    double overdue_s = mstun_seconds_since(event->pinfo, &permission->expires);

    if (overdue_s > CLOCK_TOLERANCE_S) {
        mstun_turn_observe(event, MSTUN_OBSERVED_PERMISSION_EXPIRED, overdue_s);
    }
}

static void learn_request(const mstun_event_t *event)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    mstun_peer_connection_t *connection = NULL;

    switch (event->facts->method) {
    case TURN_CONNECTION_BIND:
        connection = mstun_peer_connection_bind(event);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
    case TURN_CONNECT: /* no peer needs a permission to be connected to */
        check_lifetime(event);
        if (allocation) {
            allocation->any_permission = true;
        }
        break;
    case TURN_REFRESH:
        check_lifetime(event);
        break;
    case TURN_ALLOCATE:
        break;
    default:
        return;
    }
    mstun_turn_request_store(event, connection);
}

static void on_refresh_success(const mstun_event_t *event)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    uint32_t lifetime = event->facts->lifetime;

    if (allocation && event->facts->has & MSTUN_HAS_LIFETIME) {
        allocation->expires = seconds_from_now(event->pinfo, lifetime);
        allocation->renewed_frame = event->pinfo->num;
        allocation->lifetime = lifetime ? lifetime : allocation->lifetime;
        allocation->deleted_frame = lifetime == 0 ? event->pinfo->num : 0;
        allocation->refreshed = allocation->refreshed || lifetime > 0;
    }
}

static void learn_success(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);

    switch (event->facts->method) {
    case TURN_ALLOCATE:
        on_allocate_success(event, request);
        break;
    case TURN_REFRESH:
        on_refresh_success(event);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
        on_permission_success(event, request);
        break;
    case TURN_CONNECT:
        if (request && request->peer_count > 0 && event->facts->has & MSTUN_HAS_CONNECTION_ID) {
            announce(event, &request->peers[0]);
        }
        break;
    case TURN_CONNECTION_BIND:
        on_bind_success(event, request);
        break;
    default:
        break;
    }
}

static void learn_indication(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (facts->method == TURN_CONNECTION_ATTEMPT && facts->has & MSTUN_HAS_CONNECTION_ID && facts->peer.family) {
        /* The server sends it: it is the source, as it is of an Allocate success. */
        announce(event, &facts->peer);
    } else if (facts->method == TURN_SEND) {
        check_lifetime(event);
        check_permission(event);
    }
}

/* A nonce that had just been renewed is stale again: the client does not take the new one. */
static void learn_error(const mstun_event_t *event)
{
    if (event->facts->error_code == 438 && mstun_stream_get_turn(event->stream)->stale_nonces++ > 0) {
        mstun_turn_observe(event, MSTUN_OBSERVED_STALE_NONCE_AGAIN, 0);
    }
}

static void forget_stale_nonces(const mstun_event_t *event)
{
    if (event->stream->turn) {
        event->stream->turn->stale_nonces = 0;
    }
}

static void learn_ms_turn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (facts->class == STUN_REQUEST &&
        (facts->method == TURN_ALLOCATE || facts->type == MS_TURN_SET_ACTIVE_DESTINATION)) {
        mstun_turn_request_store(event, NULL);
    } else if (facts->method == TURN_ALLOCATE && facts->class == STUN_SUCCESS && facts->relayed.family) {
        forget_stale_nonces(event);
        on_allocate_success(event, NULL);
    } else if (facts->class == STUN_ERROR) {
        learn_error(event);
    }
}

void mstun_allocation_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (event->repeat) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        learn_ms_turn(event);
        return;
    }
    if (facts->dialect != MSTUN_DIALECT_RFC5389 || facts->method < TURN_ALLOCATE) {
        return;
    }
    switch (facts->class) {
    case STUN_REQUEST:
        learn_request(event);
        break;
    case STUN_SUCCESS:
        forget_stale_nonces(event);
        learn_success(event);
        break;
    case STUN_ERROR:
        learn_error(event);
        break;
    case STUN_INDICATION:
        learn_indication(event);
        break;
    }
}
