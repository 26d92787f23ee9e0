/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation.h"

#include <wsutil/str_util.h>

#include "attr/address.h"
#include "wire/tlv.h"

#define PEERS_MAX 16 /* in one CreatePermission: more are not followed */
#define XOR_PEER_ADDRESS 0x0012
#define PROTOCOL_TCP 6

/* Of a request, what its success will mean. */
typedef struct mstun_turn_request {
    const char *user;
    uint8_t transport;
    uint16_t channel;
    mstun_peer_connection_t *connection; /* of a ConnectionBind */
    unsigned peer_count;
    mstun_endpoint_t peers[];
} turn_request_t;

/* Where an allocation was made. */
typedef struct {
    mstun_frame_pos_t place;
    mstun_allocation_t *allocation;
} mstun_made_t;

const mstun_allocation_t *mstun_allocation_in_force(const mstun_stream_t *stream, uint32_t frame, uint32_t position)
{
    const mstun_frame_pos_t place = { frame, position };
    const mstun_made_t *made = (const mstun_made_t *)frame_index_last_at_or_before(stream->allocations, &place);

    return made ? made->allocation : NULL;
}

static void keep_allocation(mstun_stream_t *stream, mstun_allocation_t *allocation)
{
    mstun_made_t made = { .allocation = allocation };

    made.place.frame = allocation->frame;
    made.place.position = allocation->position;
    if (!stream->allocations) {
        stream->allocations = wmem_array_sized_new(wmem_file_scope(), sizeof made, 1);
    }
    wmem_array_append_one(stream->allocations, made);
    stream->allocation = allocation;
}

static nstime_t seconds_from_now(const packet_info *pinfo, uint32_t seconds)
{
    nstime_t then = pinfo->abs_ts;

    then.secs += seconds;
    return then;
}

/* All XOR-PEER-ADDRESSes: CreatePermission may have many. */
static unsigned peers_of(const mstun_facts_t *facts, mstun_endpoint_t *peers)
{
    const uint8_t *message = facts->id - STUN_ID_OFFSET;
    uint32_t end = STUN_HEADER_LEN + (uint32_t)facts->length;
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    unsigned count = 0;

    if (facts->has & MSTUN_HAS_UNREADABLE_ATTRIBUTE) { /* its bytes may not all be there */
        peers[0] = facts->peer;
        return facts->peer.family ? 1 : 0;
    }
    mstun_tlv_walk_start(&walk, message, end, end, facts->padded);
    while (count < PEERS_MAX && mstun_tlv_walk_next(&walk, &tlv)) {
        memset(&peers[count], 0, sizeof peers[count]);
        if (tlv.type == XOR_PEER_ADDRESS && mstun_endpoint_read(message + tlv.offset + STUN_TLV_HEADER_LEN,
                                                                (int)tlv.value_len, facts->id, &peers[count])) {
            count++;
        }
    }
    return count;
}

static bool is_text(const mstun_span_t *span)
{
    return span->bytes && isprint_utf8_string((const char *)span->bytes, span->len);
}

static const char *user_of(const mstun_facts_t *facts)
{
    if (!is_text(&facts->username) || !is_text(&facts->realm)) {
        return NULL;
    }
    return wmem_strdup_printf(wmem_file_scope(), "%.*s, realm %.*s", facts->username.len,
                              (const char *)facts->username.bytes, facts->realm.len, (const char *)facts->realm.bytes);
}

static void keep_request(mstun_transaction_t *transaction, const mstun_facts_t *facts,
                         mstun_peer_connection_t *connection)
{
    mstun_endpoint_t peers[PEERS_MAX];
    unsigned count = peers_of(facts, peers);
    turn_request_t *request =
        (turn_request_t *)wmem_alloc0(wmem_file_scope(), sizeof(turn_request_t) + count * sizeof peers[0]);

    request->user = facts->method == TURN_ALLOCATE ? user_of(facts) : NULL;
    request->transport = facts->transport;
    request->channel = facts->channel;
    request->connection = connection;
    request->peer_count = count;
    memcpy(request->peers, peers, count * sizeof peers[0]);
    mstun_transaction_get_ext(transaction)->turn = request;
}

/* What the request of this exchange asked for; NULL: it was not captured, or asked for nothing that is kept. */
static const turn_request_t *request_of(const mstun_message_role_t *exchange)
{
    return exchange->transaction && exchange->transaction->more ? exchange->transaction->more->turn : NULL;
}

static void allocate_succeeded(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                               const mstun_facts_t *facts, const turn_request_t *request)
{
    mstun_allocation_t *allocation = wmem_new0(wmem_file_scope(), mstun_allocation_t);

    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &allocation->server);
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &allocation->client);
    allocation->relay = facts->relayed;
    allocation->control = stream;
    allocation->control_stream = stream->tcp_stream;
    allocation->frame = pinfo->num;
    allocation->position = position;
    allocation->renewed_frame = pinfo->num;
    allocation->transport = request ? request->transport : 0;
    allocation->user = request ? request->user : NULL;
    allocation->lifetime = facts->has & MSTUN_HAS_LIFETIME ? facts->lifetime : TURN_DEFAULT_LIFETIME_S;
    allocation->expires = seconds_from_now(pinfo, allocation->lifetime);
    keep_allocation(stream, allocation);
    mstun_allocation_index(allocation);
}

static mstun_permission_t *find_permission(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    mstun_endpoint_t ip = *peer;

    ip.port = 0;
    return allocation->permissions_by_ip ? (mstun_permission_t *)wmem_map_lookup(allocation->permissions_by_ip, &ip)
                                         : NULL;
}

static void permit(mstun_allocation_t *allocation, packet_info *pinfo, const mstun_endpoint_t *peer)
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

static void permissions_succeeded(mstun_stream_t *stream, packet_info *pinfo, const turn_request_t *request)
{
    for (unsigned i = 0; stream->allocation && request && i < request->peer_count; i++) {
        permit(stream->allocation, pinfo, &request->peers[i]);
    }
}

static void announce(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, uint32_t id,
                     const mstun_endpoint_t *peer, bool attempted)
{
    if (!stream->allocation) { /* made before the capture began */
        mstun_facts_t nothing = { 0 };

        allocate_succeeded(stream, pinfo, position, &nothing, NULL);
        stream->allocation->transport = PROTOCOL_TCP;
    }
    mstun_peer_connection_announce(stream->allocation, pinfo, id, peer, attempted);
}

static void bind_succeeded(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                           const turn_request_t *request)
{
    mstun_peer_connection_t *connection = request ? request->connection : NULL;

    mstun_stream_restart(stream, direction);
    if (connection && !connection->bound_frame) {
        connection->bound_frame = pinfo->num;
        connection->bound = pinfo->abs_ts;
        connection->data_stream = stream->tcp_stream;
    }
}

/* RFC 8656 section 7: the client goes on as if its allocation still lived. */
static void check_lifetime(mstun_stream_t *stream, packet_info *pinfo, uint32_t position)
{
    double over = stream->allocation ? mstun_seconds_since(pinfo, &stream->allocation->expires) : 0;

    if (over > 1.0) { /* clocks of server and capture differ by some milliseconds */
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_ALLOCATION_EXPIRED, over);
    }
}

/* RFC 8656 section 10.1: the server drops what is sent to a peer without permission, and says nothing. */
static void check_permission(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                             const mstun_endpoint_t *peer)
{
    if (!stream->allocation || !peer->family || stream->allocation->frame == pinfo->num) {
        return;
    }
    const mstun_permission_t *permission = find_permission(stream->allocation, peer);

    if (!permission) {
        if (stream->allocation->relay.family) { /* else the capture began too late to have seen one */
            mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_PERMISSION_MISSING, 0);
        }
    } else if (mstun_seconds_since(pinfo, &permission->expires) > 1.0) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_PERMISSION_EXPIRED,
                                 mstun_seconds_since(pinfo, &permission->expires));
    }
}

static void learn_request(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, const mstun_facts_t *facts,
                          mstun_transaction_t *transaction)
{
    mstun_peer_connection_t *connection = NULL;

    switch (facts->method) {
    case TURN_CONNECTION_BIND:
        connection = mstun_peer_connection_bind(stream, pinfo, position, facts);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
        check_lifetime(stream, pinfo, position);
        if (stream->allocation) {
            stream->allocation->any_permission = true;
        }
        break;
    case TURN_CONNECT:
        check_lifetime(stream, pinfo, position);
        if (stream->allocation) {
            stream->allocation->any_permission = true; /* no peer needs one to be connected to */
        }
        break;
    case TURN_REFRESH:
        check_lifetime(stream, pinfo, position);
        break;
    case TURN_ALLOCATE:
        break;
    default:
        return;
    }
    keep_request(transaction, facts, connection);
}

static void refresh_succeeded(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts)
{
    if (stream->allocation && facts->has & MSTUN_HAS_LIFETIME) {
        stream->allocation->expires = seconds_from_now(pinfo, facts->lifetime);
        stream->allocation->renewed_frame = pinfo->num;
        stream->allocation->lifetime = facts->lifetime ? facts->lifetime : stream->allocation->lifetime;
        stream->allocation->deleted_frame = facts->lifetime == 0 ? pinfo->num : 0;
        stream->allocation->refreshed = stream->allocation->refreshed || facts->lifetime > 0;
    }
}

static void learn_success(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                          const mstun_facts_t *facts, const turn_request_t *request)
{
    switch (facts->method) {
    case TURN_ALLOCATE:
        allocate_succeeded(stream, pinfo, position, facts, request);
        break;
    case TURN_REFRESH:
        refresh_succeeded(stream, pinfo, facts);
        break;
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
        permissions_succeeded(stream, pinfo, request);
        break;
    case TURN_CONNECT:
        if (request && request->peer_count > 0 && facts->has & MSTUN_HAS_CONNECTION_ID) {
            announce(stream, pinfo, position, facts->connection_id, &request->peers[0], false);
        }
        break;
    case TURN_CONNECTION_BIND:
        bind_succeeded(stream, direction, pinfo, request);
        break;
    default:
        break;
    }
}

static void learn_indication(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, const mstun_facts_t *facts)
{
    if (facts->method == TURN_CONNECTION_ATTEMPT && facts->has & MSTUN_HAS_CONNECTION_ID && facts->peer.family) {
        /* the server speaks here: it is the source, as it is of an Allocate success */
        announce(stream, pinfo, position, facts->connection_id, &facts->peer, true);
    } else if (facts->method == TURN_SEND) {
        check_lifetime(stream, pinfo, position);
        check_permission(stream, pinfo, position, &facts->peer);
    }
}

/* A nonce that had just been renewed is stale again: the client does not take the new one. */
static void learn_error(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, const mstun_facts_t *facts)
{
    if (facts->error_code != 438) {
        return;
    }
    if (stream->stale_nonces++ > 0) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_STALE_NONCE_AGAIN, 0);
    }
}

/* [MS-TURN] 3.2: refreshed by Allocate too, so only one with another relayed address is new. */
static bool is_ms_allocation(const mstun_facts_t *facts)
{
    return facts->dialect == MSTUN_DIALECT_MS_TURN && facts->method == TURN_ALLOCATE && facts->class == STUN_SUCCESS &&
           facts->relayed.family;
}

void mstun_allocation_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                            const mstun_facts_t *facts, mstun_message_role_t *exchange)
{
    mstun_transaction_t *transaction = exchange->transaction;
    bool is_turn = facts->dialect == MSTUN_DIALECT_RFC5389 && facts->method >= TURN_ALLOCATE;

    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || exchange->copy) {
        return;
    }
    if (is_ms_allocation(facts)) { /* its relayed address tells the leg beyond the server */
        stream->stale_nonces = 0;
        allocate_succeeded(stream, pinfo, position, facts, NULL);
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN && facts->class == STUN_ERROR) {
        learn_error(stream, pinfo, position, facts);
    }
    if (!is_turn) {
        return;
    }
    switch (facts->class) {
    case STUN_REQUEST:
        if (transaction) {
            learn_request(stream, pinfo, position, facts, transaction);
        }
        break;
    case STUN_SUCCESS:
        stream->stale_nonces = 0;
        learn_success(stream, direction, pinfo, position, facts, request_of(exchange));
        break;
    case STUN_ERROR:
        learn_error(stream, pinfo, position, facts);
        break;
    case STUN_INDICATION:
        learn_indication(stream, pinfo, position, facts);
        break;
    }
}

const mstun_endpoint_t *mstun_requested_peer(const mstun_message_role_t *exchange)
{
    const turn_request_t *request = request_of(exchange);

    return request && request->peer_count > 0 ? &request->peers[0] : NULL;
}

uint16_t mstun_requested_channel(const mstun_message_role_t *exchange)
{
    const turn_request_t *request = request_of(exchange);

    return request ? request->channel : 0;
}

const mstun_peer_connection_t *mstun_peer_connection_of(const mstun_stream_t *stream, const packet_info *pinfo,
                                                        uint32_t position, const mstun_facts_t *facts,
                                                        const mstun_message_role_t *exchange)
{
    if (facts->method == TURN_CONNECTION_ATTEMPT || (facts->method == TURN_CONNECT && facts->class == STUN_SUCCESS)) {
        const mstun_allocation_t *allocation = mstun_allocation_in_force(stream, pinfo->num, position);

        return allocation ? mstun_peer_connection_announced(allocation, facts->connection_id, pinfo->num) : NULL;
    }
    if (facts->method == TURN_CONNECTION_BIND) {
        const turn_request_t *request = request_of(exchange);

        return request ? request->connection : NULL;
    }
    return mstun_stream_peer_connection(stream, pinfo);
}
