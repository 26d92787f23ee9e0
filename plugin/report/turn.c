/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,turn: one row for each allocation, and behind it one for each TCP connection that it relays. What the rows say
 * is track/'s at the report's end: of the messages only those allocations are kept that they belong to. */
#include "report/report.h"

#include "attr/address.h"
#include "report/run.h"
#include "report/unconst.h"
#include "track/outcome.h"

#define PROTOCOL_TCP 6

/* How a row ended; the worst stands first. */
typedef enum {
    NO_BIND, /* connections */
    BIND_REFUSED,
    NOTHING_RELAYED,
    FROM_CLIENT_ONLY,
    FROM_PEER_ONLY,
    EXPIRED, /* allocations */
    RESET,
    BIND_OPEN,
    CLOSED,
    DELETED,
    LIVES,
    RELAYS, /* connections */
} verdict_t;

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

static const struct {
    const char *name;
    const char *text;
} verdicts[] = {
    [NO_BIND] = { "no bind", "The client never sent a ConnectionBind for it; the server gives it up after 30 s" },
    [BIND_REFUSED] = { "bind failed", "The ConnectionBind had no success: see its answer, or what came instead" },
    [NOTHING_RELAYED] = { "nothing relayed", "Bound, and not a byte came through, either way" },
    [FROM_CLIENT_ONLY] = { "from client only", "Bytes go to the peer and none come back from it" },
    [FROM_PEER_ONLY] = { "from peer only", "Bytes come from the peer and the client sends none" },
    [EXPIRED] = { "expired", "Its lifetime was over and no Refresh had renewed it" },
    [RESET] = { "reset", "The control connection was reset, and the allocation with it" },
    [BIND_OPEN] = { "open", "No ConnectionBind yet: the capture ends too soon to tell" },
    [CLOSED] = { "closed", "Ended with its control connection" },
    [DELETED] = { "deleted", "The client deleted it" },
    [LIVES] = { "lives", "Alive when the capture ends" },
    [RELAYS] = { "relays", "Bytes go both ways" },
};

/* One of both. */
typedef struct {
    const mstun_allocation_t *allocation;
    const mstun_connection_t *connection; /* NULL: the row is the allocation's */
    verdict_t verdict;
    verdict_t worst; /* of the allocation's rows */
} subject_t;

static void *begin(void)
{
    return g_hash_table_new(g_direct_hash, g_direct_equal);
}

static void end(void *kept)
{
    g_hash_table_destroy((GHashTable *)kept);
}

static void learn(void *kept, packet_info *pinfo _U_, const mstun_tap_t *told)
{
    const mstun_allocation_t *allocation =
        told->late.connection ? told->late.connection->allocation : told->late.allocation;

    if (allocation) {
        g_hash_table_add((GHashTable *)kept, mstun_unconst(allocation));
    }
}

static verdict_t judge_connection(const mstun_connection_t *connection, const nstime_t *now)
{
    nstime_t waited;

    nstime_delta(&waited, now, &connection->announced);
    if (!connection->bind_frame) {
        return nstime_to_sec(&waited) >= TURN_BIND_TIME_S ? NO_BIND : BIND_OPEN;
    }
    if (!connection->bound_frame) {
        return BIND_REFUSED;
    }
    if (connection->bytes[0] && connection->bytes[1]) {
        return RELAYS;
    }
    return connection->bytes[0] ? FROM_CLIENT_ONLY : connection->bytes[1] ? FROM_PEER_ONLY : NOTHING_RELAYED;
}

static verdict_t judge_allocation(const mstun_allocation_t *allocation, const nstime_t *now)
{
    nstime_t last = *now;
    bool reset = mstun_connection_was_reset(allocation->control, &last);
    nstime_t left;

    if (allocation->deleted_frame) {
        return DELETED;
    }
    nstime_delta(&left, &allocation->expires, &last);
    if (nstime_to_msec(&left) < (reset ? 1000 : -1000)) { /* clocks of server and capture differ a little */
        return EXPIRED;
    }
    return reset ? RESET : mstun_connection_closed(allocation->control) ? CLOSED : LIVES;
}

static void add_subjects(wmem_array_t *subjects, const mstun_allocation_t *allocation, const nstime_t *now)
{
    unsigned first = wmem_array_get_count(subjects);
    subject_t subject = { allocation, NULL, judge_allocation(allocation, now), LIVES };
    verdict_t worst = subject.verdict;

    wmem_array_append_one(subjects, subject);
    for (const mstun_connection_t *one = allocation->connections; one; one = one->older) {
        subject.connection = one;
        subject.verdict = judge_connection(one, now);
        worst = MIN(worst, subject.verdict);
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
        bool earlier = one->allocation->frame != other->allocation->frame
                           ? one->allocation->frame < other->allocation->frame
                           : one->allocation->position < other->allocation->position;

        return earlier ? -1 : 1;
    }
    if (!one->connection || !other->connection) {
        return one->connection ? 1 : other->connection ? -1 : 0;
    }
    return one->connection->announced_frame < other->connection->announced_frame   ? -1
           : one->connection->announced_frame > other->connection->announced_frame ? 1
                                                                                   : 0;
}

static mstun_cell_t endpoint(wmem_allocator_t *scope, const mstun_endpoint_t *address)
{
    return mstun_cell_text(address->family ? mstun_endpoint_text(scope, address) : NULL);
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
    cells[FRAME] = mstun_cell_frame(allocation->frame);
    cells[RENEWED] = mstun_cell_frame(allocation->renewed_frame);
    cells[DELETED_IN] = mstun_cell_frame(allocation->deleted_frame);
    cells[USER] = mstun_cell_text(allocation->user);
}

static void fill_connection(wmem_allocator_t *scope, const mstun_connection_t *connection, mstun_cell_t *cells)
{
    const char **peer = wmem_new(scope, const char *);

    *peer = mstun_endpoint_text(scope, &connection->peer);
    cells[KIND] = mstun_cell_text("connection");
    cells[PEER] = mstun_cell_words(peer, 1);
    cells[FRAME] = mstun_cell_frame(connection->announced_frame);
    cells[CONNECTION_ID] = mstun_cell_text(wmem_strdup_printf(scope, "0x%08x", connection->id));
    cells[ANNOUNCED] = mstun_cell_frame(connection->announced_frame);
    cells[BIND] = mstun_cell_frame(connection->bind_frame);
    cells[BOUND] = mstun_cell_frame(connection->bound_frame);
    cells[FROM_CLIENT] = mstun_cell_number(connection->bytes[0]);
    cells[FROM_PEER] = mstun_cell_number(connection->bytes[1]);
    if (connection->bind_frame) {
        cells[DATA_STREAM] = mstun_cell_text(wmem_strdup_printf(scope, "tcp.stream == %u", connection->data_stream));
    }
}

static void fill_row(wmem_allocator_t *scope, const subject_t *subject, mstun_cell_t *cells)
{
    const mstun_allocation_t *allocation = subject->allocation;

    cells[VERDICT] = mstun_cell_text(verdicts[subject->verdict].name);
    cells[TEXT] = mstun_cell_text(verdicts[subject->verdict].text);
    cells[STREAM] = mstun_cell_text(mstun_stream_filter(scope, allocation->control));
    cells[CLIENT] = endpoint(scope, &allocation->client);
    cells[SERVER] = endpoint(scope, &allocation->server);
    cells[RELAY] = endpoint(scope, &allocation->relay);
    if (allocation->transport) {
        cells[TRANSPORT] = mstun_cell_text(allocation->transport == PROTOCOL_TCP ? "TCP" : "UDP");
    }
    if (subject->connection) {
        fill_connection(scope, subject->connection, cells);
    } else {
        fill_allocation(scope, allocation, cells);
    }
}

static void fill(const void *kept, const nstime_t *now, mstun_table_t *table)
{
    wmem_array_t *subjects = wmem_array_new(table->scope, sizeof(subject_t));
    GHashTableIter iterator;
    gpointer allocation;
    unsigned allocations = 0;

    g_hash_table_iter_init(&iterator, (GHashTable *)mstun_unconst(kept));
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
                                           .begin = begin,
                                           .end = end,
                                           .message = learn,
                                           .fill = fill };

    mstun_command_register(&report);
    mstun_window_register(&report, 1);
}
