/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation.h"

#include <epan/dissectors/packet-tcp.h>

/* Announced connections are found by server, client's address and id: ids repeat between servers and in time. */
typedef struct {
    mstun_endpoint_t server;
    mstun_endpoint_t client; /* port 0: the data connection comes from another one */
    uint32_t id;
} announced_key_t;

/* The leg beyond the server. */
typedef struct {
    mstun_endpoint_t relay;
    mstun_endpoint_t peer;
} leg_key_t;

#define REUSES_LOOKED_AT 64 /* of one id: a server has 2^32 of them (RFC 6062 section 6.2.1) */

static wmem_map_t *announced;   /* announced_key_t -> mstun_peer_connection_t, the newest */
static wmem_map_t *legs;        /* leg_key_t -> mstun_peer_connection_t, the newest */
static wmem_map_t *controllers; /* set of announced_key_t with id 0: the client has an allocation at the server */
static wmem_map_t *relays;      /* relayed mstun_endpoint_t -> mstun_allocation_t, the newest */

static guint hash_announced(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(announced_key_t));
}

static gboolean equal_announced(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(announced_key_t)) == 0;
}

static guint hash_leg(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(leg_key_t));
}

static gboolean equal_legs(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(leg_key_t)) == 0;
}

static void announced_key(announced_key_t *key, const mstun_endpoint_t *server, const mstun_endpoint_t *client,
                          uint32_t id)
{
    memset(key, 0, sizeof *key);
    key->server = *server;
    key->client = *client;
    key->client.port = 0;
    key->id = id;
}

void mstun_pending_expert_add(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                              mstun_pending_expert_kind_t kind, double number)
{
    mstun_pending_expert_t note = { .place = { pinfo->num, position }, .kind = kind, .number = (uint32_t)number };

    if (!stream->notes) {
        stream->notes = wmem_array_sized_new(wmem_file_scope(), sizeof(mstun_pending_expert_t), 1);
    }
    wmem_array_append_one(stream->notes, note);
}

double mstun_seconds_since(const packet_info *pinfo, const nstime_t *then)
{
    nstime_t waited;

    nstime_delta(&waited, &pinfo->abs_ts, then);
    return nstime_to_sec(&waited);
}

void mstun_allocation_index(mstun_allocation_t *allocation)
{
    announced_key_t *key = wmem_new0(wmem_file_scope(), announced_key_t);

    announced_key(key, &allocation->server, &allocation->client, 0);
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
    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &endpoint);
    if (wmem_map_contains(relays, &endpoint)) {
        return true;
    }
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &endpoint);
    return wmem_map_contains(relays, &endpoint);
}

void mstun_peer_connection_announce(mstun_allocation_t *allocation, packet_info *pinfo, uint32_t id,
                                    const mstun_endpoint_t *peer, bool attempted)
{
    mstun_peer_connection_t *connection = wmem_new0(wmem_file_scope(), mstun_peer_connection_t);
    announced_key_t *key = wmem_new0(wmem_file_scope(), announced_key_t);
    leg_key_t *leg = wmem_new0(wmem_file_scope(), leg_key_t);

    connection->id = id;
    connection->peer = *peer;
    connection->attempted = attempted;
    connection->announced_frame = pinfo->num;
    connection->announced = pinfo->abs_ts;
    connection->allocation = allocation;
    connection->older = allocation->connections;
    allocation->connections = connection;
    announced_key(key, &allocation->server, &allocation->client, id);
    connection->older_of_its_id = (mstun_peer_connection_t *)wmem_map_lookup(announced, key);
    wmem_map_insert(announced, key, connection);
    leg->relay = allocation->relay;
    leg->peer = *peer;
    wmem_map_insert(legs, leg, connection);
}

const mstun_peer_connection_t *mstun_peer_connection_announced(const mstun_allocation_t *allocation, uint32_t id,
                                                               uint32_t frame)
{
    announced_key_t key;

    announced_key(&key, &allocation->server, &allocation->client, id);
    const mstun_peer_connection_t *connection = (const mstun_peer_connection_t *)wmem_map_lookup(announced, &key);

    for (unsigned i = 0; connection && i < REUSES_LOOKED_AT; i++) {
        if (connection->announced_frame <= frame) {
            return connection->allocation == allocation ? connection : NULL;
        }
        connection = connection->older_of_its_id;
    }
    return NULL;
}

/* A ConnectionBind, on a connection of its own: finds what was announced to this client by this server. */
mstun_peer_connection_t *mstun_peer_connection_bind(mstun_stream_t *stream, packet_info *pinfo, uint32_t position,
                                                    const mstun_facts_t *facts)
{
    mstun_endpoint_t server, client;
    announced_key_t key;

    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &client);
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &server);
    announced_key(&key, &server, &client, facts->connection_id);
    mstun_peer_connection_t *connection = (mstun_peer_connection_t *)wmem_map_lookup(announced, &key);

    if (!connection) {
        key.id = 0;
        if (wmem_map_contains(controllers, &key)) { /* else its control connection was not captured */
            mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_BIND_UNKNOWN_ID, 0);
        }
        return NULL;
    }
    if (mstun_seconds_since(pinfo, &connection->announced) > TURN_BIND_TIME_S) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_BIND_LATE,
                                 mstun_seconds_since(pinfo, &connection->announced));
    }
    if (connection->bound_frame) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_BIND_AGAIN, connection->bound_frame);
        return connection; /* which this stream does not carry */
    }
    if (!connection->bind_frame) {
        connection->bind_frame = pinfo->num;
        connection->data_stream = stream->tcp_stream;
    }
    stream->connection = connection;
    stream->connection_since = pinfo->num;
    return connection;
}

const mstun_peer_connection_t *mstun_stream_peer_connection(const mstun_stream_t *stream, const packet_info *pinfo)
{
    return stream->connection && stream->connection_since <= pinfo->num ? stream->connection : NULL;
}

bool mstun_peer_connection_from_peer(const mstun_stream_t *stream, const packet_info *pinfo)
{
    mstun_endpoint_t source;
    const mstun_endpoint_t *sender =
        stream->beyond_server ? &stream->connection->peer : &stream->connection->allocation->server;

    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &source);
    return source.port == sender->port && memcmp(source.ip, sender->ip, sizeof source.ip) == 0;
}

/* A connection between a relayed address and a peer that was announced, whichever of them opened it. */
static void find_leg(mstun_stream_t *stream, packet_info *pinfo)
{
    leg_key_t key;

    memset(&key, 0, sizeof key);
    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &key.relay);
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &key.peer);
    mstun_peer_connection_t *connection = (mstun_peer_connection_t *)wmem_map_lookup(legs, &key);

    if (!connection) {
        leg_key_t turned = { .relay = key.peer, .peer = key.relay };

        connection = (mstun_peer_connection_t *)wmem_map_lookup(legs, &turned);
    }
    if (connection) {
        stream->connection = connection;
        stream->connection_since = pinfo->num;
        stream->beyond_server = true;
    }
}

void mstun_peer_connection_count(mstun_stream_t *stream, packet_info *pinfo, uint32_t bytes)
{
    if (PINFO_FD_VISITED(pinfo)) {
        return;
    }
    if (!stream->connection && !stream->allocation && wmem_map_size(legs) > 0) {
        find_leg(stream, pinfo);
    }
    if (stream->connection && !stream->beyond_server) {
        unsigned from_peer = mstun_peer_connection_from_peer(stream, pinfo) ? 1 : 0;

        stream->connection->bytes[from_peer] += bytes;
        stream->connection->segments[from_peer]++;
    }
}

void mstun_peer_connection_register(const mstun_registrar_t *reg _U_)
{
    announced = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_announced, equal_announced);
    controllers = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_announced, equal_announced);
    relays =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    legs = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_leg, equal_legs);
}
