/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation.h"

#include <epan/ipproto.h>

#include "turn/allocation_index.h"
#include "turn/peer_connection.h"
#include "turn/turn_stream.h"

static nstime_t seconds_from_now(const packet_info *pinfo, uint32_t seconds)
{
    nstime_t then = pinfo->abs_ts;

    then.secs += seconds;
    return then;
}

/* ---- how it begins and is renewed ---- */

/* request: NULL if it was not captured */
static mstun_allocation_t *add_allocation(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    mstun_allocation_t *allocation = wmem_new0(wmem_file_scope(), mstun_allocation_t);

    mstun_packet_source(event->pinfo, &allocation->server);
    mstun_packet_destination(event->pinfo, &allocation->client);
    allocation->control = event->stream;
    allocation->control_stream = event->stream->tcp_stream;
    allocation->client_direction = 1 - event->direction;
    allocation->made = (mstun_frame_pos_t){ event->pinfo->num, event->position };
    allocation->made_time = event->pinfo->abs_ts;
    allocation->renewed = allocation->made;
    allocation->renewed_on = event->stream;
    allocation->transport = request ? request->transport : 0;
    allocation->family = request ? request->family : 0;
    allocation->user = request ? request->user : NULL;
    allocation->ms_turn = event->facts->dialect == MSTUN_DIALECT_MS_TURN;
    allocation->lifetime = TURN_DEFAULT_LIFETIME_S;
    allocation->all_peers = true;
    mstun_stream_set_allocation(event, allocation);
    return allocation;
}

static void learn_ticket(const mstun_event_t *event, mstun_allocation_t *allocation)
{
    const mstun_ticket_t *ticket = mstun_ticket_copy(&event->facts->mobility_ticket);

    if (ticket) {
        mstun_allocation_set_ticket(allocation, ticket);
    }
}

static void on_allocate_success(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    const mstun_facts_t *facts = event->facts;

    if (!facts->relayed.family && !(facts->has & MSTUN_HAS_LIFETIME)) {
        return; /* whatever it is that the server has made, nobody can reach it */
    }
    mstun_allocation_t *allocation = add_allocation(event, request);

    allocation->relay = facts->relayed;
    allocation->relay2 = facts->relayed2;
    if (facts->has & MSTUN_HAS_LIFETIME) {
        allocation->lifetime = facts->lifetime;
    }
    allocation->expires = seconds_from_now(event->pinfo, allocation->lifetime);
    mstun_allocation_index(allocation);
    learn_ticket(event, allocation);
}

static void delete_allocation(mstun_allocation_t *allocation, const packet_info *pinfo)
{
    allocation->deleted_frame = pinfo->num;
    allocation->deleted = pinfo->abs_ts;
}

/* lifetime: seconds; 0 deletes the allocation */
static void renew(const mstun_event_t *event, mstun_allocation_t *allocation, uint32_t lifetime)
{
    const packet_info *pinfo = event->pinfo;

    allocation->expires = seconds_from_now(pinfo, lifetime);
    allocation->renewed = (mstun_frame_pos_t){ event->pinfo->num, event->position };
    allocation->renewed_on = event->stream;
    if (lifetime == 0) {
        delete_allocation(allocation, pinfo);
    } else {
        allocation->lifetime = lifetime;
        allocation->refreshed = true;
    }
}

/* RFC 8016 section 3.2: a Refresh with the ticket, from another address, moves the allocation there. */
static void move(const mstun_event_t *event, mstun_allocation_t *allocation)
{
    const mstun_allocation_move_t move = { .pos = { event->pinfo->num, event->position },
                                           .control = event->stream,
                                           .client_direction = 1 - event->direction };

    if (!allocation->moves) {
        allocation->moves = wmem_array_sized_new(wmem_file_scope(), sizeof move, 1);
    }
    wmem_array_append_one(allocation->moves, move);
    mstun_stream_set_allocation(event, allocation);
}

static void on_refresh_success(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    mstun_allocation_t *of_ticket = request && request->ticket ? mstun_allocation_of_ticket(request->ticket) : NULL;

    if (of_ticket && of_ticket != allocation) {
        move(event, of_ticket);
        allocation = of_ticket;
    }
    if (!allocation) {
        return;
    }
    if (event->facts->has & MSTUN_HAS_LIFETIME) {
        renew(event, allocation, event->facts->lifetime);
    }
    learn_ticket(event, allocation);
}

/* [MS-TURN] 3.2: Allocate also renews an allocation, and deletes it with lifetime 0. */
static void on_ms_allocate_success(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);
    const mstun_facts_t *facts = event->facts;
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    bool deletes = (request && request->has & MSTUN_HAS_LIFETIME && request->lifetime == 0) ||
                   (facts->has & MSTUN_HAS_LIFETIME && facts->lifetime == 0);

    if (deletes) {
        if (allocation) {
            renew(event, allocation, 0);
        }
    } else if (allocation && !allocation->deleted_frame && mstun_endpoint_equal(&allocation->relay, &facts->relayed)) {
        renew(event, allocation, facts->has & MSTUN_HAS_LIFETIME ? facts->lifetime : TURN_DEFAULT_LIFETIME_S);
    } else if (facts->relayed.family) {
        on_allocate_success(event, request);
    }
}

/* ---- messages ---- */

/* connect: NULL of a ConnectionAttempt */
static void announce(const mstun_event_t *event, const mstun_endpoint_t *peer, const mstun_turn_request_t *connect)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (!allocation) { /* made before the capture began */
        allocation = add_allocation(event, NULL);
        allocation->transport = IP_PROTO_TCP;
        allocation->expires = seconds_from_now(event->pinfo, allocation->lifetime);
        mstun_allocation_index(allocation);
    }
    mstun_peer_connection_announce(allocation, event, peer, connect);
}

static void note_end(mstun_allocation_t *allocation, const mstun_turn_request_t *request)
{
    if (allocation && request->has & MSTUN_HAS_LIFETIME && request->lifetime == 0) {
        allocation->ending = true;
    }
}

/* RFC 6062 section 4.1: Send, channels and Connect each belong to one kind of allocation. */
static void check_transport(const mstun_event_t *event, const mstun_allocation_t *allocation)
{
    uint8_t needed = event->facts->method == TURN_CONNECT ? IP_PROTO_TCP : IP_PROTO_UDP;

    if (allocation && allocation->transport && allocation->transport != needed) {
        mstun_turn_observe(event, MSTUN_OBSERVED_WRONG_TRANSPORT, allocation->transport);
    }
}

static void learn_request(const mstun_event_t *event)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    mstun_turn_request_t *request = mstun_turn_request_store(event);

    switch (request->method) {
    case TURN_CONNECTION_BIND:
        request->connection = mstun_peer_connection_bind(event, request);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
    case TURN_CONNECT: /* no peer needs a permission to be connected to */
        mstun_allocation_use(event, true);
        if (allocation) {
            allocation->any_permission = true;
        }
        if (allocation && request->method != TURN_CONNECT) {
            mstun_permission_request(allocation, request);
        }
        if (request->method != TURN_CREATE_PERMISSION) {
            check_transport(event, allocation);
        }
        break;
    case TURN_REFRESH:
        note_end(allocation, request);
        if (!request->ticket) {
            mstun_allocation_use(event, true);
        }
        break;
    default:
        break;
    }
}

static void learn_success(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    switch (event->facts->method) {
    case TURN_ALLOCATE:
        on_allocate_success(event, request);
        break;
    case TURN_REFRESH:
        mstun_allocation_prove(event);
        on_refresh_success(event, request);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
        mstun_allocation_prove(event);
        if (allocation && request) {
            mstun_permission_grant(allocation, event, request);
        }
        break;
    case TURN_CONNECT:
        mstun_allocation_prove(event);
        if (request && request->peer_count > 0 && event->facts->has & MSTUN_HAS_CONNECTION_ID) {
            announce(event, &request->peers[0], request);
        } else if (allocation) {
            allocation->lacks_connect = true;
        }
        break;
    case TURN_CONNECTION_BIND:
        mstun_stream_restart(event);
        if (request && request->connection) {
            mstun_peer_connection_succeed(event, request->connection);
        }
        break;
    default:
        break;
    }
}

static void learn_error(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (allocation && request && (request->method == TURN_CREATE_PERMISSION || request->method == TURN_CHANNEL_BIND)) {
        mstun_permission_refuse(allocation, event, request);
    }
    if (request) {
        mstun_allocation_refuse(event, request);
    }
}

static void learn_data(const mstun_event_t *event)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    mstun_permission_t *permission =
        allocation && event->facts->peer.family ? mstun_permission_of(allocation, &event->facts->peer) : NULL;

    mstun_allocation_prove(event);
    if (permission) {
        mstun_permission_prove(permission, event->pinfo);
    }
}

static void learn_indication(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    switch (facts->method) {
    case TURN_CONNECTION_ATTEMPT:
        mstun_allocation_prove(event);
        if (facts->has & MSTUN_HAS_CONNECTION_ID && facts->peer.family) {
            announce(event, &facts->peer, NULL); /* the server is the source, as it is of an Allocate success */
        }
        break;
    case TURN_SEND:
        mstun_allocation_use(event, true);
        check_transport(event, allocation);
        if (allocation) {
            mstun_permission_check(allocation, event);
        }
        break;
    case TURN_DATA:
        learn_data(event);
        break;
    default:
        break;
    }
}

static void learn_ms_turn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (facts->class == STUN_REQUEST &&
        (facts->method == TURN_ALLOCATE || facts->type == MS_TURN_SET_ACTIVE_DESTINATION)) {
        note_end(mstun_stream_allocation(event->stream), mstun_turn_request_store(event));
    } else if (facts->class == STUN_SUCCESS && facts->method == TURN_ALLOCATE) {
        on_ms_allocate_success(event);
    }
}

void mstun_allocation_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (mstun_event_says_nothing_new(event)) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        learn_ms_turn(event);
        return;
    }
    if (facts->dialect != MSTUN_DIALECT_RFC5389 || facts->method < TURN_ALLOCATE ||
        facts->method > TURN_CONNECTION_ATTEMPT) {
        return;
    }
    switch (facts->class) {
    case STUN_REQUEST:
        learn_request(event);
        break;
    case STUN_SUCCESS:
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
