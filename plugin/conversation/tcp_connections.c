/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/tcp_connections.h"

#include "conversation/tcp_flow.h"

#define SYN_TIME_MS 900 /* a SYN without an answer is sent again after 1 s (RFC 6298 section 2.1) */

/* Wireshark's conversation, and TCP's data on it. */
typedef struct {
    const conversation_t *conversation;
    const struct tcp_analysis *tcp;
} entry_t;

static int proto_mstun = -1;

static wmem_array_t *entries;    /* of entry_t, by tcp.stream; NULL: not collected yet */
static uint32_t entries_streams; /* how many TCP connections there were then */

static int compare_entries(const void *a, const void *b)
{
    uint32_t one = ((const entry_t *)a)->tcp->stream, other = ((const entry_t *)b)->tcp->stream;

    return one < other ? -1 : one > other;
}

static bool is_tcp(const conversation_element_t *key)
{
    if (key[0].type != CE_ADDRESS || key[1].type != CE_PORT || key[2].type != CE_ADDRESS || key[3].type != CE_PORT) {
        return false;
    }
    while (key->type != CE_CONVERSATION_TYPE) {
        key++;
    }
    return key->conversation_type_val == CONVERSATION_TCP;
}

/* A chain of conversations with the same ends: ports are used again. */
static void collect_chain(void *key _U_, void *value, void *proto_tcp)
{
    const conversation_t *conversation = (const conversation_t *)value;

    if (!is_tcp(conversation->key_ptr)) {
        return;
    }
    for (; conversation; conversation = conversation->next) {
        entry_t entry = { conversation, (const struct tcp_analysis *)conversation_get_proto_data(
                                            conversation, *(const int *)proto_tcp) };

        if (entry.tcp) {
            wmem_array_append_one(entries, entry);
        }
    }
}

/* Wireshark has a table for each kind of key, by a name. */
static void collect_table(void *key _U_, void *value, void *proto_tcp)
{
    wmem_map_foreach((wmem_map_t *)value, collect_chain, proto_tcp);
}

static void collect(void)
{
    uint32_t streams = get_tcp_stream_count();
    int proto_tcp = proto_get_id_by_filter_name("tcp");

    if (entries && entries_streams == streams) {
        return;
    }
    entries = wmem_array_sized_new(wmem_file_scope(), sizeof(entry_t), streams + 1);
    entries_streams = streams;
    wmem_map_foreach(get_conversation_hashtables(), collect_table, &proto_tcp);
    wmem_array_sort(entries, compare_entries);
}

static mstun_tcp_connection_t connection_of(const entry_t *entry)
{
    const struct tcp_analysis *tcp = entry->tcp;
    const conversation_element_t *key = entry->conversation->key_ptr;
    const address *one = &key[0].addr_val, *other = &key[2].addr_val;
    uint32_t one_port = key[1].port_val, other_port = key[3].port_val;
    int order = cmp_address(one, other);
    unsigned direction = order < 0 || (order == 0 && one_port < other_port) ? 0 : 1;
    mstun_tcp_connection_t connection = {
        .tcp_stream = tcp->stream,
        .client_direction = direction,
        .first_frame = entry->conversation->setup_frame,
        .first_time = tcp->ts_first,
        .last_time = tcp->ts_prev,
        .completeness = tcp->conversation_completeness,
        .data_len = { mstun_tcp_data_len(tcp, 0), mstun_tcp_data_len(tcp, 1) },
        .stream = (const mstun_stream_t *)conversation_get_proto_data(entry->conversation, proto_mstun),
        .tcp = tcp,
    };

    mstun_endpoint_of(one, one_port, &connection.ends[direction]);
    mstun_endpoint_of(other, other_port, &connection.ends[1 - direction]);
    mstun_tcp_client_direction(tcp, &connection.client_direction);
    connection.closed = mstun_tcp_is_closed(tcp, &connection.close);
    return connection;
}

void mstun_tcp_connection_foreach(bool (*fn)(const mstun_tcp_connection_t *connection, void *data), void *data)
{
    collect();
    for (unsigned i = 0; i < wmem_array_get_count(entries); i++) {
        mstun_tcp_connection_t connection = connection_of((const entry_t *)wmem_array_index(entries, i));

        if (!fn(&connection, data)) {
            return;
        }
    }
}

bool mstun_tcp_connection_is_refused(const mstun_tcp_connection_t *connection)
{
    nstime_t tried;

    if (!(connection->completeness & TCP_CLIENT_SYN_SEEN) ||
        (connection->completeness & (TCP_SERVER_SYN_SEEN | TCP_DATA_SEEN))) {
        return false;
    }
    nstime_delta(&tried, &connection->last_time, &connection->first_time);
    return (connection->completeness & TCP_RESET_SEEN) || nstime_to_msec(&tried) >= SYN_TIME_MS;
}

typedef struct {
    const mstun_endpoint_t *client;
    const mstun_endpoint_t *server;
    uint32_t since_frame;
    mstun_opened_t opened;
} search_t;

static bool matches(const mstun_endpoint_t *end, const mstun_endpoint_t *wanted)
{
    mstun_endpoint_t any_port = *end;

    if (wanted->port == 0) {
        any_port.port = 0;
    }
    return mstun_endpoint_equal(&any_port, wanted);
}

static bool check_connection(const mstun_tcp_connection_t *connection, void *data)
{
    search_t *search = (search_t *)data;

    if (connection->first_frame >= search->since_frame &&
        matches(&connection->ends[connection->client_direction], search->client) &&
        matches(&connection->ends[1 - connection->client_direction], search->server)) {
        search->opened = mstun_tcp_connection_is_refused(connection) ? MSTUN_OPENED_REFUSED : MSTUN_OPENED;
    }
    return search->opened != MSTUN_OPENED;
}

mstun_opened_t mstun_connections_opened(const mstun_endpoint_t *client, const mstun_endpoint_t *server,
                                        uint32_t since_frame)
{
    search_t search = { client, server, since_frame, MSTUN_OPENED_NONE };

    mstun_tcp_connection_foreach(check_connection, &search);
    return search.opened;
}

static address address_of(const mstun_endpoint_t *endpoint)
{
    address ip;

    set_address(&ip, endpoint->family == MSTUN_FAMILY_IPV4 ? AT_IPv4 : AT_IPv6,
                endpoint->family == MSTUN_FAMILY_IPV4 ? 4 : 16, endpoint->ip);
    return ip;
}

uint32_t mstun_tcp_data_sent_by_now(const mstun_endpoint_t *sender, const mstun_endpoint_t *receiver, uint32_t frame)
{
    const address from = address_of(sender), to = address_of(receiver);
    const conversation_t *conversation =
        find_conversation(frame, &from, &to, CONVERSATION_TCP, sender->port, receiver->port, 0);
    int order = cmp_address(&from, &to);
    unsigned direction = order < 0 || (order == 0 && sender->port < receiver->port) ? 0 : 1;
    const struct tcp_analysis *tcp = mstun_tcp_of(conversation);

    return tcp ? mstun_tcp_data_len(tcp, direction) : 0;
}

/* Before a file is closed. */
static void clear_entries(void)
{
    entries = NULL;
}

void mstun_tcp_connections_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    register_cleanup_routine(clear_entries);
}
