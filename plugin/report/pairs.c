/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,pairs: one row for each candidate pair, both directions side by side. A direction is that of the checks: what
 * it has of successes came back against it. */
#include "report/report.h"

#include "attr/address.h"
#include "report/instance.h"
#include "signal/join.h"

enum {
    VERDICT,
    STREAM,
    LEFT,
    RIGHT,
    RELAYED,
    /* from left to right, and back: in the same order */
    FORWARD,
    FORWARD_REQUESTS = FORWARD,
    FORWARD_SUCCESSES,
    FORWARD_ERRORS,
    FORWARD_UNANSWERED,
    FORWARD_PENDING,
    FORWARD_CONSENT,
    FORWARD_MEDIA,
    FORWARD_ERROR_CODE,
    FORWARD_TIME,
    FORWARD_ROLE,
    FORWARD_UFRAG,
    FORWARD_PRIORITY,
    REVERSE,
    REVERSE_REQUESTS = REVERSE,
    REVERSE_SUCCESSES,
    REVERSE_ERRORS,
    REVERSE_UNANSWERED,
    REVERSE_PENDING,
    REVERSE_CONSENT,
    REVERSE_MEDIA,
    REVERSE_ERROR_CODE,
    REVERSE_TIME,
    REVERSE_ROLE,
    REVERSE_UFRAG,
    REVERSE_PRIORITY,
    NOMINATING,
    NOMINATED,
    FIRST,
    LAST,
    DURATION,
    TEXT,
    COLUMNS
};

static const mstun_column_t columns[COLUMNS] = {
    [VERDICT] = { "verdict", "Verdict", false },
    [STREAM] = { "stream", "Connection", false },
    [LEFT] = { "left", "Left", false },
    [RIGHT] = { "right", "Right", false },
    [RELAYED] = { "relay", "Relay", false },
    [FORWARD_REQUESTS] = { "left_requests", "From left", false },
    [FORWARD_SUCCESSES] = { "left_successes", "ok", false },
    [FORWARD_ERRORS] = { "left_errors", "err", false },
    [FORWARD_UNANSWERED] = { "left_unanswered", "unanswered", false },
    [FORWARD_PENDING] = { "left_pending", NULL, false },
    [FORWARD_CONSENT] = { "left_consent", NULL, false },
    [FORWARD_MEDIA] = { "left_media", "media", false },
    [FORWARD_ERROR_CODE] = { "left_error_code", NULL, false },
    [FORWARD_TIME] = { "left_response_time", NULL, false },
    [FORWARD_ROLE] = { "left_role", NULL, false },
    [FORWARD_UFRAG] = { "left_ufrag", NULL, false },
    [FORWARD_PRIORITY] = { "left_priority", NULL, false },
    [REVERSE_REQUESTS] = { "right_requests", "From right", false },
    [REVERSE_SUCCESSES] = { "right_successes", "ok", false },
    [REVERSE_ERRORS] = { "right_errors", "err", false },
    [REVERSE_UNANSWERED] = { "right_unanswered", "unanswered", false },
    [REVERSE_PENDING] = { "right_pending", NULL, false },
    [REVERSE_CONSENT] = { "right_consent", NULL, false },
    [REVERSE_MEDIA] = { "right_media", "media", false },
    [REVERSE_ERROR_CODE] = { "right_error_code", NULL, false },
    [REVERSE_TIME] = { "right_response_time", NULL, false },
    [REVERSE_ROLE] = { "right_role", NULL, false },
    [REVERSE_UFRAG] = { "right_ufrag", NULL, false },
    [REVERSE_PRIORITY] = { "right_priority", NULL, false },
    [NOMINATING] = { "nominating_frame", NULL, false },
    [NOMINATED] = { "nominated_frame", "Nominated", false },
    [FIRST] = { "first_frame", "First", false },
    [LAST] = { "last_frame", "Last", false },
    [DURATION] = { "duration", "Time", false },
    [TEXT] = { "text", "In words", true },
};

static void on_message(void *state, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    if (info->pair) {
        mstun_pointer_set_add(state, info->pair);
    }
}

/* The worst stands first, then the order of the capture. */
static int compare(const void *a, const void *b)
{
    const mstun_pair_view_t *one = *(const mstun_pair_view_t *const *)a;
    const mstun_pair_view_t *other = *(const mstun_pair_view_t *const *)b;

    if (one->state != other->state) {
        return mstun_pair_state_rank(one->state) > mstun_pair_state_rank(other->state) ? -1 : 1;
    }
    return one->id < other->id ? -1 : one->id > other->id;
}

/* cells: of this direction, from FORWARD or REVERSE on */
static void fill_direction(const mstun_pair_view_t *view, unsigned number, mstun_cell_t *cells)
{
    const mstun_pair_direction_t *dir = &view->dir[number];
    const mstun_pair_side_t *side = &view->side[number];

    cells[FORWARD_REQUESTS - FORWARD] = mstun_cell_number(dir->requests);
    cells[FORWARD_SUCCESSES - FORWARD] = mstun_cell_number(dir->successes);
    cells[FORWARD_ERRORS - FORWARD] = mstun_cell_number(dir->errors);
    cells[FORWARD_UNANSWERED - FORWARD] = mstun_cell_number(dir->unanswered);
    cells[FORWARD_PENDING - FORWARD] = mstun_cell_number(dir->pending);
    cells[FORWARD_CONSENT - FORWARD] = mstun_cell_number(dir->consent);
    cells[FORWARD_MEDIA - FORWARD] = mstun_cell_number(dir->media);
    if (dir->errors) {
        cells[FORWARD_ERROR_CODE - FORWARD] = mstun_cell_number(dir->error_code);
    }
    if (dir->timed) {
        cells[FORWARD_TIME - FORWARD] = mstun_cell_seconds((double)dir->total_ns / dir->timed / 1e9);
    }
    if (side->role != MSTUN_ROLE_UNKNOWN) {
        cells[FORWARD_ROLE - FORWARD] = mstun_cell_text(val_to_str_const(side->role, mstun_role_names, ""));
    }
    cells[FORWARD_UFRAG - FORWARD] = mstun_cell_text(side->ufrag);
    if (side->priority) {
        cells[FORWARD_PRIORITY - FORWARD] = mstun_cell_number(side->priority);
    }
}

/* With the call, where the capture has its signalling. */
static const char *text_of(wmem_allocator_t *scope, const mstun_pair_view_t *view)
{
    const char *text = mstun_pair_state_text(scope, view);
    mstun_pair_call_t call = mstun_call_of_pair(view);

    return call.stream
               ? wmem_strdup_printf(scope, "%s (%s)", text, mstun_call_text(scope, call.stream->call, call.stream))
               : text;
}

static void fill_row(wmem_allocator_t *scope, const mstun_pair_view_t *view, mstun_cell_t *cells)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];
    nstime_t lasted;

    cells[VERDICT] = mstun_cell_text(val_to_str_const(view->state, mstun_pair_state_names, ""));
    cells[STREAM] =
        mstun_cell_text(wmem_strdup_printf(scope, "%s.stream == %u", view->tcp ? "tcp" : "udp", view->stream));
    cells[LEFT] = mstun_cell_text(mstun_pair_side_text(scope, &view->side[0]));
    cells[RIGHT] = mstun_cell_text(mstun_pair_side_text(scope, &view->side[1]));
    if (view->allocation && view->allocation->relay.family) {
        cells[RELAYED] = mstun_cell_text(mstun_endpoint_text(scope, &view->allocation->relay));
    }
    fill_direction(view, MSTUN_FORWARD, &cells[FORWARD]);
    fill_direction(view, MSTUN_REVERSE, &cells[REVERSE]);
    cells[NOMINATING] =
        mstun_cell_frame(forward->nominating_frame ? forward->nominating_frame : reverse->nominating_frame);
    cells[NOMINATED] = mstun_cell_frame(forward->nominated_frame ? forward->nominated_frame : reverse->nominated_frame);
    cells[FIRST] = mstun_cell_frame(view->first_frame);
    cells[LAST] = mstun_cell_frame(view->last_frame);
    nstime_delta(&lasted, &view->last_time, &view->first_time);
    cells[DURATION] = mstun_cell_seconds(nstime_to_sec(&lasted));
    cells[TEXT] = mstun_cell_text(text_of(scope, view));
}

static const char *total_text(wmem_allocator_t *scope, wmem_array_t *views)
{
    unsigned count = wmem_array_get_count(views), work = 0, broken = 0;

    for (unsigned i = 0; i < count; i++) {
        mstun_pair_state_t state = (*(const mstun_pair_view_t **)wmem_array_index(views, i))->state;

        work += state <= MSTUN_PAIR_WORKS;
        broken += mstun_pair_state_is_broken(state);
    }
    return wmem_strdup_printf(scope, "pairs: %u; work: %u; broken: %u", count, work, broken);
}

static void build_table(const void *state, const nstime_t *now, mstun_table_t *table)
{
    wmem_array_t *views = wmem_array_new(table->scope, sizeof(const mstun_pair_view_t *));
    GHashTableIter iterator;
    gpointer pair;

    g_hash_table_iter_init(&iterator, (GHashTable *)MSTUN_UNCONST(state));
    while (g_hash_table_iter_next(&iterator, &pair, NULL)) {
        const mstun_pair_view_t *view = mstun_pair_view((const mstun_pair_t *)pair, now);

        wmem_array_append_one(views, view);
    }
    wmem_array_sort(views, compare);
    for (unsigned i = 0; i < wmem_array_get_count(views); i++) {
        fill_row(table->scope, *(const mstun_pair_view_t **)wmem_array_index(views, i), mstun_table_add_row(table));
    }
    table->total = total_text(table->scope, views);
}

void mstun_pairs_report_register(const mstun_registrar_t *reg _U_)
{
    static const mstun_report_t report = { .name = "pairs",
                                           .title = "STUN: candidate pairs",
                                           .columns = columns,
                                           .column_count = COLUMNS,
                                           .empty = "no pairs",
                                           .create_state = mstun_pointer_set_new,
                                           .free_state = mstun_pointer_set_free,
                                           .on_message = on_message,
                                           .build_table = build_table };

    mstun_command_register(&report);
    mstun_window_register(&report, 0);
}
