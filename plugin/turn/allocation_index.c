/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation_index.h"

#include "base/map_key.h"

typedef struct {
    mstun_endpoint_t server;
    mstun_endpoint_t client; /* port 0: a client has another one on each connection */
} server_client_t;

static mstun_allocation_t *first_allocation, *last_allocation; /* NULL: there is none */
static wmem_map_t *relays;                                     /* mstun_endpoint_t -> the newest with this address */
static wmem_map_t *clients;                                    /* server_client_t -> the newest */
static wmem_map_t *tickets;                                    /* mstun_ticket_t -> its allocation */

MSTUN_KEY_AS_BYTES(server_client_t, hash_server_client, equal_server_clients);

static guint hash_ticket(gconstpointer key)
{
    const mstun_ticket_t *ticket = (const mstun_ticket_t *)key;

    return wmem_strong_hash(ticket->bytes, ticket->len);
}

static gboolean equal_tickets(gconstpointer a, gconstpointer b)
{
    const mstun_ticket_t *one = (const mstun_ticket_t *)a, *other = (const mstun_ticket_t *)b;

    return one->len == other->len && memcmp(one->bytes, other->bytes, one->len) == 0;
}

static server_client_t key_of(const mstun_endpoint_t *server, const mstun_endpoint_t *client)
{
    server_client_t key = { .server = *server, .client = *client };

    key.client.port = 0;
    return key;
}

static void index_relay(mstun_allocation_t *allocation, const mstun_endpoint_t *relay)
{
    if (relay->family) {
        wmem_map_insert(relays, relay, allocation);
    }
}

void mstun_allocation_index(mstun_allocation_t *allocation)
{
    server_client_t *key = wmem_new(wmem_file_scope(), server_client_t);

    *key = key_of(&allocation->server, &allocation->client);
    allocation->next_of_client = (mstun_allocation_t *)wmem_map_insert(clients, key, allocation);
    index_relay(allocation, &allocation->relay);
    index_relay(allocation, &allocation->relay2);
    if (last_allocation) {
        last_allocation->next = allocation;
    } else {
        first_allocation = allocation;
    }
    last_allocation = allocation;
}

void mstun_allocation_foreach(void (*fn)(mstun_allocation_t *allocation, void *data), void *data)
{
    for (mstun_allocation_t *allocation = first_allocation; allocation; allocation = allocation->next) {
        fn(allocation, data);
    }
}

mstun_allocation_t *mstun_allocation_of_client(const mstun_endpoint_t *server, const mstun_endpoint_t *client)
{
    const server_client_t key = key_of(server, client);

    return (mstun_allocation_t *)wmem_map_lookup(clients, &key);
}

mstun_allocation_t *mstun_allocation_of_relay(const mstun_endpoint_t *relay)
{
    return (mstun_allocation_t *)wmem_map_lookup(relays, relay);
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

bool mstun_allocations_exist(void)
{
    return first_allocation != NULL;
}

mstun_expected_t mstun_packet_expected(const packet_info *pinfo)
{
    mstun_endpoint_t source, destination;

    mstun_packet_source(pinfo, &source);
    mstun_packet_destination(pinfo, &destination);
    if (wmem_map_contains(relays, &source) || wmem_map_contains(relays, &destination)) {
        return MSTUN_EXPECTED_RELAY;
    }
    return mstun_allocation_of_client(&destination, &source) || mstun_allocation_of_client(&source, &destination)
               ? MSTUN_EXPECTED_TURN
               : MSTUN_EXPECTED_NOTHING;
}

void mstun_allocation_set_ticket(mstun_allocation_t *allocation, const mstun_ticket_t *ticket)
{
    wmem_map_insert(tickets, ticket, allocation);
}

mstun_allocation_t *mstun_allocation_of_ticket(const mstun_ticket_t *ticket)
{
    return (mstun_allocation_t *)wmem_map_lookup(tickets, ticket);
}

/* Before a file is closed, which frees the allocations. */
static void clear(void)
{
    first_allocation = NULL;
    last_allocation = NULL;
}

void mstun_allocation_register(const mstun_registrar_t *reg _U_)
{
    register_cleanup_routine(clear);
    relays =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    clients = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_server_client, equal_server_clients);
    tickets = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_ticket, equal_tickets);
}
