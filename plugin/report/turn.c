/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,turn: one row for each allocation, and behind it one for each TCP connection that it relays. What the rows say
 * comes from turn/ when the report ends; from the messages come only the allocations that they belong to. */
#include "report/report.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "report/instance.h"
#include "turn/turn_state.h"

enum {
    KIND,
    VERDICT,
    STREAM,
    CLIENT,
    SERVER,
    RELAY,
    TRANSPORT,
    PEER,
    LIFETIME,
    USER,
    FRAME,
    RENEWED,
    DELETED_IN,
    CONNECTION_ID,
    ANNOUNCED,
    BIND,
    BOUND,
    DATA_STREAM,
    FROM_CLIENT,
    FROM_PEER,
    TEXT,
    COLUMNS
};

static const mstun_column_t columns[COLUMNS] = {
    [KIND] = { "kind", "Kind", false },
    [VERDICT] = { "verdict", "Verdict", false },
    [STREAM] = { "stream", "Control connection", false },
    [CLIENT] = { "client", "Client", false },
    [SERVER] = { "server", "Server", false },
    [RELAY] = { "relay", "Relayed address", false },
    [TRANSPORT] = { "transport", "Transport", false },
    [PEER] = { "peers", "Peers", false },
    [LIFETIME] = { "lifetime", "Lifetime", false },
    [USER] = { "user", "User", true },
    [FRAME] = { "frame", "Frame", false },
    [RENEWED] = { "renewed_frame", "Renewed", false },
    [DELETED_IN] = { "deleted_frame", NULL, false },
    [CONNECTION_ID] = { "connection_id", "Connection id", false },
    [ANNOUNCED] = { "announced_frame", NULL, false },
    [BIND] = { "bind_frame", "Bind", false },
    [BOUND] = { "bound_frame", "Bound", false },
    [DATA_STREAM] = { "data_stream", "Data connection", false },
    [FROM_CLIENT] = { "bytes_from_client", "From client", false },
    [FROM_PEER] = { "bytes_from_peer", "From peer", false },
    [TEXT] = { "text", "In words", true },
};

/* One of both. */
typedef struct {
    const mstun_allocation_t *allocation;
    const mstun_peer_connection_t *connection; /* NULL: the row is the allocation's */
    mstun_turn_state_t state;
    unsigned worst; /* of the allocation's rows: the lowest rank */
} subject_t;

static void on_message(void *state, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    if (info->allocation) {
        mstun_pointer_set_add(state, info->allocation);
    }
}

static void add_subjects(wmem_array_t *subjects, const mstun_allocation_t *allocation, const nstime_t *now)
{
    unsigned first = wmem_array_get_count(subjects);
    subject_t subject = { allocation, NULL, mstun_allocation_state(allocation, now), 0 };
    unsigned worst = mstun_turn_state_rank(subject.state);

    wmem_array_append_one(subjects, subject);
    for (const mstun_peer_connection_t *one = allocation->connections; one; one = one->next_in_allocation) {
        subject.connection = one;
        subject.state = mstun_relay_state(one, now);
        worst = MIN(worst, mstun_turn_state_rank(subject.state));
        wmem_array_append_one(subjects, subject);
    }
    for (unsigned i = first; i < wmem_array_get_count(subjects); i++) {
        ((subject_t *)wmem_array_index(subjects, i))->worst = worst;
    }
}

/* An allocation's rows stay together, itself in front, then its connections in the order of their announcement. */
static int compare(const void *a, const void *b)
{
    const subject_t *one = (const subject_t *)a, *other = (const subject_t *)b;

    if (one->worst != other->worst) {
        return one->worst < other->worst ? -1 : 1;
    }
    if (one->allocation != other->allocation) {
        bool earlier = one->allocation->made.frame != other->allocation->made.frame
                           ? one->allocation->made.frame < other->allocation->made.frame
                           : one->allocation->made.position < other->allocation->made.position;

        return earlier ? -1 : 1;
    }
    if (!one->connection || !other->connection) {
        return one->connection ? 1 : other->connection ? -1 : 0;
    }
    return one->connection->announced_pos.frame < other->connection->announced_pos.frame   ? -1
           : one->connection->announced_pos.frame > other->connection->announced_pos.frame ? 1
                                                                                           : 0;
}

static mstun_cell_t endpoint(wmem_allocator_t *scope, const mstun_endpoint_t *end)
{
    return mstun_cell_text(end->family ? mstun_endpoint_text(scope, end) : NULL);
}

/* A dual allocation has two (RFC 8656 section 7.2). */
static mstun_cell_t relayed_addresses(wmem_allocator_t *scope, const mstun_allocation_t *allocation)
{
    const mstun_endpoint_t *relay = &allocation->relay, *relay2 = &allocation->relay2;

    if (!relay2->family || !relay2->port) {
        return endpoint(scope, relay);
    }
    return mstun_cell_text(
        wmem_strdup_printf(scope, "%s, %s", mstun_endpoint_text(scope, relay), mstun_endpoint_text(scope, relay2)));
}

/* All that controlled it, one after the other (RFC 8016): together, a display filter. */
static mstun_cell_t control_connections(wmem_allocator_t *scope, const mstun_allocation_t *allocation)
{
    const char *filter = mstun_stream_filter(scope, allocation->control);
    unsigned count = allocation->moves ? wmem_array_get_count(allocation->moves) : 0;

    for (unsigned i = 0; i < count; i++) {
        const mstun_allocation_move_t *move = (const mstun_allocation_move_t *)wmem_array_index(allocation->moves, i);

        filter = wmem_strdup_printf(scope, "%s || %s", filter, mstun_stream_filter(scope, move->control));
    }
    return mstun_cell_text(filter);
}

static mstun_cell_t permitted_peers(wmem_allocator_t *scope, const mstun_allocation_t *allocation)
{
    wmem_array_t *peers = wmem_array_new(scope, sizeof(const char *));

    for (const mstun_permission_t *one = allocation->permissions; one; one = one->next) {
        const char *text = mstun_address_text(scope, &one->peer); /* a permission has no port */

        wmem_array_append_one(peers, text);
    }
    return mstun_cell_words((const char *const *)wmem_array_get_raw(peers), wmem_array_get_count(peers));
}

static void fill_allocation(wmem_allocator_t *scope, const mstun_allocation_t *allocation, mstun_cell_t *cells)
{
    cells[KIND] = mstun_cell_text("allocation");
    cells[PEER] = permitted_peers(scope, allocation);
    cells[LIFETIME] = mstun_cell_number(allocation->lifetime);
    cells[FRAME] = mstun_cell_frame(allocation->made.frame);
    cells[RENEWED] = mstun_cell_frame(allocation->renewed.frame);
    cells[DELETED_IN] = mstun_cell_frame(allocation->deleted_frame);
    cells[USER] = mstun_cell_text(allocation->user);
}

static void fill_connection(wmem_allocator_t *scope, const mstun_peer_connection_t *connection, mstun_cell_t *cells)
{
    const char **peer = wmem_new(scope, const char *);

    *peer = mstun_endpoint_text(scope, &connection->peer);
    cells[KIND] = mstun_cell_text("connection");
    cells[PEER] = mstun_cell_words(peer, 1);
    cells[FRAME] = mstun_cell_frame(connection->announced_pos.frame);
    cells[CONNECTION_ID] = mstun_cell_text(wmem_strdup_printf(scope, "0x%08x", connection->id));
    cells[ANNOUNCED] = mstun_cell_frame(connection->announced_pos.frame);
    cells[BIND] = mstun_cell_frame(connection->bind_frame);
    cells[BOUND] = mstun_cell_frame(connection->bound_pos.frame);
    cells[FROM_CLIENT] = mstun_cell_number(connection->bytes[0]);
    cells[FROM_PEER] = mstun_cell_number(connection->bytes[1]);
    if (connection->bind_frame) {
        cells[DATA_STREAM] = mstun_cell_text(wmem_strdup_printf(scope, "tcp.stream == %u", connection->data_stream));
    }
}

static void fill_row(wmem_allocator_t *scope, const subject_t *subject, mstun_cell_t *cells)
{
    const mstun_allocation_t *allocation = subject->allocation;

    cells[VERDICT] = mstun_cell_text(mstun_turn_state_name(subject->state));
    cells[TEXT] = mstun_cell_text(mstun_turn_state_text(subject->state));
    cells[STREAM] = control_connections(scope, allocation);
    cells[CLIENT] = endpoint(scope, &allocation->client);
    cells[SERVER] = endpoint(scope, &allocation->server);
    cells[RELAY] = relayed_addresses(scope, allocation);
    if (allocation->transport) {
        cells[TRANSPORT] = mstun_cell_text(allocation->transport == IP_PROTO_TCP ? "TCP" : "UDP");
    }
    if (subject->connection) {
        fill_connection(scope, subject->connection, cells);
    } else {
        fill_allocation(scope, allocation, cells);
    }
}

static void build_table(const void *state, const nstime_t *now, mstun_table_t *table)
{
    wmem_array_t *subjects = wmem_array_new(table->scope, sizeof(subject_t));
    GHashTableIter iterator;
    gpointer allocation;
    unsigned allocations = 0;

    g_hash_table_iter_init(&iterator, (GHashTable *)MSTUN_UNCONST(state));
    while (g_hash_table_iter_next(&iterator, &allocation, NULL)) {
        add_subjects(subjects, (const mstun_allocation_t *)allocation, now);
        allocations++;
    }
    wmem_array_sort(subjects, compare);
    for (unsigned i = 0; i < wmem_array_get_count(subjects); i++) {
        fill_row(table->scope, (const subject_t *)wmem_array_index(subjects, i), mstun_table_add_row(table));
    }
    table->total = wmem_strdup_printf(table->scope, "allocations: %u; relayed connections: %u", allocations,
                                      wmem_array_get_count(subjects) - allocations);
}

void mstun_turn_report_register(const mstun_registrar_t *reg _U_)
{
    static const mstun_report_t report = { .name = "turn",
                                           .title = "STUN: TURN allocations and connections",
                                           .columns = columns,
                                           .column_count = COLUMNS,
                                           .empty = "no allocations",
                                           .create_state = mstun_pointer_set_new,
                                           .free_state = mstun_pointer_set_free,
                                           .on_message = on_message,
                                           .build_table = build_table };

    mstun_command_register(&report);
    mstun_window_register(&report, 1);
}
