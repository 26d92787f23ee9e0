/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/peer_connection.h"

#include "conversation/response_state.h"
#include "turn/observation.h"
#include "turn/request.h"

/* Announced connections are found by server, client's address and id: ids repeat between servers and in time. */
typedef struct {
    mstun_endpoint_t server;
    mstun_endpoint_t client; /* port 0: the data connection comes from another one */
    uint32_t id;
} announced_key_t;

/* The leg between server and peer. */
typedef struct {
    mstun_endpoint_t relay;
    mstun_endpoint_t peer;
} relay_peer_key_t;

#define REUSES_COMPARED 64 /* of one id: a server has 2^32 of them (RFC 6062 section 6.2.1) */

/* The peer connection that a stream carries. */
struct mstun_stream_relay {
    mstun_peer_connection_t *connection;
    uint32_t since_frame;
    bool is_server_peer_leg; /* else it is the data connection between client and server */
};

static wmem_map_t *announced;        /* announced_key_t -> mstun_peer_connection_t, the newest */
static wmem_map_t *peer_connections; /* relay_peer_key_t -> mstun_peer_connection_t, the newest */
static wmem_map_t *controllers;      /* set of announced_key_t with id 0: the client has an allocation at the server */
static wmem_map_t *relays;           /* relayed mstun_endpoint_t -> mstun_allocation_t, the newest */

static guint hash_announced(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(announced_key_t));
}

static gboolean equal_announced(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(announced_key_t)) == 0;
}

static guint hash_relay_peer(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(relay_peer_key_t));
}

static gboolean equal_relay_peers(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(relay_peer_key_t)) == 0;
}

static void make_announced_key(announced_key_t *key, const mstun_endpoint_t *server, const mstun_endpoint_t *client,
                               uint32_t id)
{
    memset(key, 0, sizeof *key);
    key->server = *server;
    key->client = *client;
    key->client.port = 0;
    key->id = id;
}

void mstun_allocation_index(mstun_allocation_t *allocation)
{
    announced_key_t *key = wmem_new0(wmem_file_scope(), announced_key_t);

    make_announced_key(key, &allocation->server, &allocation->client, 0);
    wmem_map_insert(controllers, key, key);
    if (allocation->relay.family) {
        wmem_map_insert(relays, &allocation->relay, allocation);
    }
}

bool mstun_packet_uses_relayed_address(const packet_info *pinfo)
{
    mstun_endpoint_t endpoint;

    if (wmem_map_size(relays) == 0) {
        return false;
    }
    mstun_packet_source(pinfo, &endpoint);
    if (wmem_map_contains(relays, &endpoint)) {
        return true;
    }
    mstun_packet_destination(pinfo, &endpoint);
    return wmem_map_contains(relays, &endpoint);
}

void mstun_peer_connection_announce(mstun_allocation_t *allocation, const mstun_event_t *event, uint32_t id,
                                    const mstun_endpoint_t *peer)
{
    mstun_peer_connection_t *connection = wmem_new0(wmem_file_scope(), mstun_peer_connection_t);
    announced_key_t *key = wmem_new0(wmem_file_scope(), announced_key_t);
    relay_peer_key_t *relay_peer = wmem_new0(wmem_file_scope(), relay_peer_key_t);

    connection->id = id;
    connection->peer = *peer;
    connection->announced_frame = event->pinfo->num;
    connection->announced = event->pinfo->abs_ts;
    connection->allocation = allocation;
    connection->next_in_allocation = allocation->connections;
    allocation->connections = connection;
    make_announced_key(key, &allocation->server, &allocation->client, id);
    connection->next_with_same_id = (mstun_peer_connection_t *)wmem_map_lookup(announced, key);
    wmem_map_insert(announced, key, connection);
    relay_peer->relay = allocation->relay;
    relay_peer->peer = *peer;
    wmem_map_insert(peer_connections, relay_peer, connection);
}

/* What an allocation's server announced under this id up to this frame, the last time; NULL if nothing. */
static const mstun_peer_connection_t *find_announced(const mstun_allocation_t *allocation, uint32_t id, uint32_t frame)
{
    announced_key_t key;

    make_announced_key(&key, &allocation->server, &allocation->client, id);
    const mstun_peer_connection_t *connection = (const mstun_peer_connection_t *)wmem_map_lookup(announced, &key);

    for (unsigned i = 0; connection && i < REUSES_COMPARED; i++) {
        if (connection->announced_frame <= frame) {
            return connection->allocation == allocation ? connection : NULL;
        }
        connection = connection->next_with_same_id;
    }
    return NULL;
}

static struct mstun_stream_relay *get_relay(mstun_stream_t *stream)
{
    if (!stream->relay) {
        stream->relay = wmem_new0(wmem_file_scope(), struct mstun_stream_relay);
    }
    return stream->relay;
}

static void carry(const mstun_event_t *event, mstun_peer_connection_t *connection, bool server_peer_leg)
{
    struct mstun_stream_relay *relay = get_relay(event->stream);

    relay->connection = connection;
    relay->since_frame = event->pinfo->num;
    relay->is_server_peer_leg = server_peer_leg;
}

mstun_peer_connection_t *mstun_peer_connection_bind(const mstun_event_t *event)
{
    mstun_endpoint_t server, client;
    announced_key_t key;

    mstun_packet_source(event->pinfo, &client);
    mstun_packet_destination(event->pinfo, &server);
    make_announced_key(&key, &server, &client, event->facts->connection_id);
    mstun_peer_connection_t *connection = (mstun_peer_connection_t *)wmem_map_lookup(announced, &key);

    if (!connection) {
        key.id = 0;
        if (wmem_map_contains(controllers, &key)) { /* else its control connection was not captured */
            mstun_turn_observe(event, MSTUN_OBSERVED_BIND_UNKNOWN_ID, 0);
        }
        return NULL;
    }
    double waited_s = mstun_seconds_since(event->pinfo, &connection->announced);

    if (waited_s > TURN_BIND_TIME_S) {
        mstun_turn_observe(event, MSTUN_OBSERVED_BIND_LATE, waited_s);
    }
    if (connection->bound_frame) {
        mstun_turn_observe(event, MSTUN_OBSERVED_BIND_AGAIN, connection->bound_frame);
        return connection; /* which this stream does not carry */
    }
    if (!connection->bind_frame) {
        connection->bind_frame = event->pinfo->num;
        connection->data_stream = event->stream->tcp_stream;
    }
    carry(event, connection, false);
    return connection;
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

/* A connection between a relayed address and a peer that was announced, whichever of them opened it. */
static void find_server_peer_leg(const mstun_event_t *event)
{
    relay_peer_key_t key;

    memset(&key, 0, sizeof key);
    mstun_packet_source(event->pinfo, &key.relay);
    mstun_packet_destination(event->pinfo, &key.peer);
    mstun_peer_connection_t *connection = (mstun_peer_connection_t *)wmem_map_lookup(peer_connections, &key);

    if (!connection) {
        relay_peer_key_t reversed = { .relay = key.peer, .peer = key.relay };

        connection = (mstun_peer_connection_t *)wmem_map_lookup(peer_connections, &reversed);
    }
    if (connection) {
        carry(event, connection, true);
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

        stream->relay->connection->bytes[from_peer] += bytes;
        stream->relay->connection->segments[from_peer]++;
    }
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

        return request ? request->connection : NULL;
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
    announced = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_announced, equal_announced);
    controllers = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_announced, equal_announced);
    relays =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    peer_connections = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_relay_peer, equal_relay_peers);
}
