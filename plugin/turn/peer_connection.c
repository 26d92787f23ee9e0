/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/peer_connection.h"

#include "base/map_key.h"
#include "conversation/tcp_connections.h"
#include "turn/allocation_index.h"
#include "turn/turn_stream.h"

/* Announced connections are found by server and id: the data connection may come from another address of the client, or
 * through a NAT. Ids repeat between servers and in time. */
typedef struct {
    mstun_endpoint_t server;
    uint32_t id;
} server_id_t;

/* The leg between server and peer. */
typedef struct {
    mstun_endpoint_t relay;
    mstun_endpoint_t peer;
} relay_peer_t;

#define REUSES_COMPARED 64 /* of one id: a server has 2^32 of them (RFC 6062 section 6.2.1) */

/* The peer connection that a stream carries. */
struct mstun_stream_relay {
    mstun_peer_connection_t *connection;
    uint32_t since_frame;
    bool is_server_peer_leg; /* else it is the data connection between client and server */
};

/* A ConnectionBind that was captured before what announces its connection: another interface's order, or a segment that
 * was lost and sent again. */
typedef struct {
    mstun_stream_t *stream;
    mstun_turn_request_t *request;
    const mstun_transaction_t *transaction;
} early_bind_t;

static wmem_map_t *early_binds;      /* server_id_t -> early_bind_t, the newest */
static wmem_map_t *announced;        /* server_id_t -> mstun_peer_connection_t, the newest */
static wmem_map_t *unknown_ids;      /* server_id_t -> mstun_doubt_t: bound though not announced, as far as is known */
static wmem_map_t *peer_connections; /* relay_peer_t -> mstun_peer_connection_t, the newest */

MSTUN_KEY_AS_BYTES(server_id_t, hash_server_id, equal_server_ids);

MSTUN_KEY_AS_BYTES(relay_peer_t, hash_relay_peer, equal_relay_peers);

static mstun_peer_connection_t *newest_announced(const mstun_endpoint_t *server, uint32_t id)
{
    const server_id_t key = { .server = *server, .id = id };

    return (mstun_peer_connection_t *)wmem_map_lookup(announced, &key);
}

static struct mstun_stream_relay *get_relay(mstun_stream_t *stream)
{
    if (!stream->relay) {
        stream->relay = wmem_new0(wmem_file_scope(), struct mstun_stream_relay);
    }
    return stream->relay;
}

static void carry(const packet_info *pinfo, mstun_stream_t *stream, mstun_peer_connection_t *connection,
                  bool server_peer_leg)
{
    struct mstun_stream_relay *relay = get_relay(stream);

    relay->connection = connection;
    relay->since_frame = pinfo->num;
    relay->is_server_peer_leg = server_peer_leg;
}

static void keep_early(const mstun_event_t *event, const mstun_endpoint_t *server, mstun_turn_request_t *request)
{
    server_id_t *key = wmem_new(wmem_file_scope(), server_id_t);
    early_bind_t *early = wmem_new(wmem_file_scope(), early_bind_t);

    *key = (server_id_t){ .server = *server, .id = request->connection_id };
    *early = (early_bind_t){ event->stream, request, event->transaction };
    wmem_map_insert(early_binds, key, early);
}

static void start_binding(mstun_peer_connection_t *connection, mstun_stream_t *stream,
                          const mstun_turn_request_t *request)
{
    connection->bind_request = request;
    connection->bind_frame = request->pos.frame;
    connection->data = stream;
    connection->data_stream = stream->tcp_stream;
}

/* The connection that event announces may have been bound already. */
static void bind_early(const mstun_event_t *event, mstun_peer_connection_t *connection, const server_id_t *key)
{
    const early_bind_t *early = (const early_bind_t *)wmem_map_remove(early_binds, key);

    if (!early || mstun_seconds_since(event->pinfo, &early->request->abs_ts) > TURN_BIND_TIME_S) {
        return;
    }
    early->request->connection = connection;
    start_binding(connection, early->stream, early->request);
    if (early->transaction && early->transaction->succeeded) {
        connection->bound_pos.frame = early->transaction->response_frame;
        connection->bound = event->pinfo->abs_ts;
    }
    carry(event->pinfo, early->stream, connection, false);
}

static void make_announced(const mstun_event_t *event, mstun_peer_connection_t *connection)
{
    server_id_t *key = wmem_new(wmem_file_scope(), server_id_t);

    *key = (server_id_t){ .server = connection->allocation->server, .id = connection->id };
    connection->next_with_same_id = (mstun_peer_connection_t *)wmem_map_insert(announced, key, connection);
    mstun_doubt_t *doubt = (mstun_doubt_t *)wmem_map_remove(unknown_ids, key);

    if (doubt) { /* captured late: in another capture's order, or because a segment was lost */
        doubt->disproof_frame = connection->announced_pos.frame;
    }
    bind_early(event, connection, key);
}

/* Of a dual allocation (RFC 8656 section 7.2): that of the peer's family. */
static const mstun_endpoint_t *relay_for(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    return allocation->relay2.family && allocation->relay2.family == peer->family ? &allocation->relay2
                                                                                  : &allocation->relay;
}

void mstun_peer_connection_announce(mstun_allocation_t *allocation, const mstun_event_t *event,
                                    const mstun_endpoint_t *peer, const mstun_turn_request_t *connect)
{
    mstun_peer_connection_t *connection = wmem_new0(wmem_file_scope(), mstun_peer_connection_t);
    relay_peer_t *relay_peer = wmem_new(wmem_file_scope(), relay_peer_t);

    connection->id = event->facts->connection_id;
    connection->connect_request = connect;
    connection->peer = *peer;
    connection->announced_pos = (mstun_frame_pos_t){ event->pinfo->num, event->position };
    connection->announced_on = event->stream;
    connection->announced = event->pinfo->abs_ts;
    connection->allocation = allocation;
    connection->next_in_allocation = allocation->connections;
    allocation->connections = connection;
    make_announced(event, connection);
    relay_peer->relay = *relay_for(allocation, peer);
    relay_peer->peer = *peer;
    wmem_map_insert(peer_connections, relay_peer, connection);
}

/* What an allocation's server announced under this id up to this frame, the last time; NULL if nothing. */
static const mstun_peer_connection_t *find_announced(const mstun_allocation_t *allocation, uint32_t id, uint32_t frame)
{
    const mstun_peer_connection_t *connection = newest_announced(&allocation->server, id);

    for (unsigned i = 0; connection && i < REUSES_COMPARED; i++) {
        if (connection->announced_pos.frame <= frame && connection->allocation == allocation) {
            return connection;
        }
        connection = connection->next_with_same_id;
    }
    return NULL;
}

static bool has_address(const mstun_endpoint_t *endpoint, const mstun_endpoint_t *other)
{
    return endpoint->family == other->family && memcmp(endpoint->ip, other->ip, sizeof endpoint->ip) == 0;
}

static bool has_user(const mstun_allocation_t *allocation, const mstun_turn_request_t *request)
{
    return allocation->user && request->user && strcmp(allocation->user, request->user) == 0;
}

/* The connection that a ConnectionBind is for: announced to the client's own address, or else to its user; or else the
 * last one that nobody has bound. */
static mstun_peer_connection_t *find_to_bind(const mstun_turn_request_t *request, const mstun_endpoint_t *server,
                                             const mstun_endpoint_t *client)
{
    mstun_peer_connection_t *connection = newest_announced(server, request->connection_id);
    mstun_peer_connection_t *of_user = NULL, *unbound = NULL;

    for (unsigned i = 0; connection && i < REUSES_COMPARED; i++) {
        if (has_address(&connection->allocation->client, client)) {
            return connection;
        }
        of_user = !of_user && has_user(connection->allocation, request) ? connection : of_user;
        unbound = !unbound && !connection->bind_frame ? connection : unbound;
        connection = connection->next_with_same_id;
    }
    return of_user ? of_user : unbound;
}

/* Whether the capture has everything that the server sent to this client: all its allocations were made in it, and
 * nothing is missing since. */
static bool all_announcements_captured(const mstun_allocation_t *newest)
{
    const mstun_allocation_t *allocation = newest;

    for (unsigned i = 0; allocation && i < REUSES_COMPARED; i++) {
        if (!allocation->relay.family || allocation->moves || allocation->lacks_connect ||
            !mstun_stream_is_complete_since(allocation->control, 1 - allocation->client_direction,
                                            allocation->made.frame)) {
            return false;
        }
        allocation = allocation->next_of_client;
    }
    return newest != NULL;
}

static void observe_unknown_id(const mstun_event_t *event, const mstun_endpoint_t *server,
                               const mstun_endpoint_t *client)
{
    mstun_allocation_t *newest = mstun_allocation_of_client(server, client);

    if (!all_announcements_captured(newest)) {
        return;
    }
    server_id_t *key = wmem_new(wmem_file_scope(), server_id_t);

    *key = (server_id_t){ .server = *server, .id = event->facts->connection_id };
    mstun_doubt_t *doubt = (mstun_doubt_t *)wmem_map_lookup(unknown_ids, key);

    mstun_doubt_add(&doubt);
    wmem_map_insert(unknown_ids, key, doubt);
    mstun_turn_observation_t *observation = mstun_turn_observe(event, MSTUN_OBSERVED_BIND_UNKNOWN_ID, 0);

    observation->allocation = newest;
    observation->doubt = doubt;
}

static void observe_bind(const mstun_event_t *event, const mstun_peer_connection_t *connection,
                         mstun_turn_observation_kind_t kind, double number)
{
    mstun_turn_observation_t *observation = mstun_turn_observe(event, kind, number);

    observation->allocation = connection->allocation;
    observation->connection = connection;
}

mstun_peer_connection_t *mstun_peer_connection_bind(const mstun_event_t *event, mstun_turn_request_t *request)
{
    mstun_endpoint_t server, client;

    mstun_packet_source(event->pinfo, &client);
    mstun_packet_destination(event->pinfo, &server);
    mstun_peer_connection_t *connection = find_to_bind(request, &server, &client);

    if (!connection) {
        observe_unknown_id(event, &server, &client);
        keep_early(event, &server, request);
        return NULL;
    }
    double waited_s = mstun_seconds_since(event->pinfo, &connection->announced);

    if (waited_s > TURN_BIND_TIME_S) {
        observe_bind(event, connection, MSTUN_OBSERVED_BIND_LATE, waited_s);
    }
    if (connection->bound_pos.frame) {
        observe_bind(event, connection, MSTUN_OBSERVED_BIND_AGAIN, connection->bound_pos.frame);
        return connection; /* which this stream does not carry */
    }
    if (!connection->bind_frame) {
        start_binding(connection, event->stream, request);
    }
    carry(event->pinfo, event->stream, connection, false);
    return connection;
}

void mstun_peer_connection_succeed(const mstun_event_t *event, mstun_peer_connection_t *connection)
{
    if (!connection->bound_pos.frame) {
        connection->bound_pos = (mstun_frame_pos_t){ event->pinfo->num, event->position };
        connection->bind_request = mstun_turn_request_of(event->transaction);
        connection->bound = event->pinfo->abs_ts;
        connection->data = event->stream;
        connection->data_stream = event->stream->tcp_stream;
        connection->early_len = mstun_tcp_data_sent_by_now(
            &connection->peer, relay_for(connection->allocation, &connection->peer), event->pinfo->num);
        connection->bound_len = event->stream->tcp ? mstun_tcp_data_len(event->stream->tcp, event->direction) : 0;
    }
}

const mstun_peer_connection_t *mstun_stream_any_peer_connection(const mstun_stream_t *stream)
{
    return stream->relay ? stream->relay->connection : NULL;
}

const mstun_peer_connection_t *mstun_stream_peer_connection(const mstun_stream_t *stream, const packet_info *pinfo)
{
    return stream->relay && stream->relay->since_frame <= pinfo->num ? stream->relay->connection : NULL;
}

bool mstun_stream_is_server_peer_leg(const mstun_stream_t *stream)
{
    return stream->relay && stream->relay->is_server_peer_leg;
}

bool mstun_peer_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo)
{
    const mstun_peer_connection_t *connection = stream->relay->connection;
    const mstun_endpoint_t *sender =
        stream->relay->is_server_peer_leg ? &connection->peer : &connection->allocation->server;
    mstun_endpoint_t source;

    mstun_packet_source(pinfo, &source);
    return source.port == sender->port && memcmp(source.ip, sender->ip, sizeof source.ip) == 0;
}

mstun_peer_connection_t *mstun_peer_connection_between(const mstun_endpoint_t *relay, const mstun_endpoint_t *peer)
{
    const relay_peer_t key = { .relay = *relay, .peer = *peer };

    return (mstun_peer_connection_t *)wmem_map_lookup(peer_connections, &key);
}

/* A connection between a relayed address and a peer that was announced, whichever of them opened it. */
static void find_server_peer_leg(const mstun_event_t *event)
{
    mstun_endpoint_t source, destination;

    mstun_packet_source(event->pinfo, &source);
    mstun_packet_destination(event->pinfo, &destination);
    mstun_peer_connection_t *connection = mstun_peer_connection_between(&source, &destination);

    if (!connection) {
        connection = mstun_peer_connection_between(&destination, &source);
    }
    if (connection) {
        carry(event->pinfo, event->stream, connection, true);
    }
}

void mstun_peer_connection_count(const mstun_event_t *event, uint32_t bytes)
{
    const mstun_stream_t *stream = event->stream;

    if (!stream->relay && !mstun_stream_allocation(stream) && wmem_map_size(peer_connections) > 0) {
        find_server_peer_leg(event);
    }
    if (stream->relay && !stream->relay->is_server_peer_leg) {
        unsigned from_peer = mstun_peer_connection_from_peer(stream, event->pinfo) ? 1 : 0;

        if (from_peer && stream->relay->connection->segments[1] == 0) {
            stream->relay->connection->first_from_peer = event->pinfo->abs_ts;
        }
        stream->relay->connection->bytes[from_peer] += bytes;
        stream->relay->connection->segments[from_peer]++;
    }
}

/* What announces it may have been captured later: one pass does not know it yet. */
static bool is_announced_by(const mstun_peer_connection_t *connection, uint32_t frame)
{
    return connection && connection->announced_pos.frame <= frame;
}

const mstun_peer_connection_t *mstun_peer_connection_of(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (facts->method == TURN_CONNECTION_ATTEMPT || (facts->method == TURN_CONNECT && facts->class == STUN_SUCCESS)) {
        const mstun_allocation_t *allocation = mstun_allocation_in_force(event);

        return allocation ? find_announced(allocation, facts->connection_id, event->pinfo->num) : NULL;
    }
    if (facts->method == TURN_CONNECTION_BIND) {
        const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);

        return request && is_announced_by(request->connection, event->pinfo->num) ? request->connection : NULL;
    }
    return mstun_stream_peer_connection(event->stream, event->pinfo);
}

const mstun_allocation_t *mstun_stream_related_allocation(const mstun_stream_t *stream)
{
    const mstun_peer_connection_t *connection = mstun_stream_any_peer_connection(stream);

    return connection ? connection->allocation : mstun_stream_allocation(stream);
}

void mstun_peer_connection_register(const mstun_registrar_t *reg _U_)
{
    early_binds = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_server_id, equal_server_ids);
    announced = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_server_id, equal_server_ids);
    unknown_ids = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_server_id, equal_server_ids);
    peer_connections = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_relay_peer, equal_relay_peers);
}
