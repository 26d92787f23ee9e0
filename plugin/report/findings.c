/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,findings: what is broken, one row for each broken thing.
 *
 * Findings come from expert infos of Warn and above, as the frames show them; and at the report's end from the findings
 * that need the capture's end (diagnose/deferred.h, ice/pair.h), by the same evaluators that add them to frames from the
 * second visit on. So one pass finds what two passes find: an expert info that the report evaluates itself is not taken
 * from the frames. */
#include "report/report.h"

#include <epan/expert.h>

#include "attr/address.h"
#include "report/group.h"
#include "report/instance.h"

#define TURN_FORBIDDEN 403 /* of an IP address: permissions have no port (RFC 8656 section 9) */

enum { SEVERITY, FINDING, STREAM, BETWEEN, FRAMES, COUNT, TEXT, NEXT, EXPLAINS, EXPLAINED_FRAMES, COLUMNS };

static const mstun_column_t columns[COLUMNS] = {
    [SEVERITY] = { "severity", "Severity", false },
    [FINDING] = { "finding", "Finding", false },
    [STREAM] = { "stream", "Connection", false },
    [BETWEEN] = { "between", "Between", false },
    [FRAMES] = { "frames", "Frames", false },
    [COUNT] = { "count", NULL, false },
    [TEXT] = { "text", "What happened", true },
    [NEXT] = { "next", "Next", true },
    [EXPLAINS] = { "explains", "Explains", true },
    [EXPLAINED_FRAMES] = { "explained_frames", "Which is in frames", true },
};

/* A message to evaluate at the end. */
typedef struct {
    mstun_deferred_t deferred;
    const mstun_pair_t *pair;
} open_message_t;

typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *groups;   /* of expert infos */
    wmem_map_t *streams;  /* with a message that passed the filter */
    wmem_map_t *pairs;    /* mstun_pair_t -> its mstun_stream_t */
    wmem_map_t *peers;    /* frame -> the mstun_endpoint_t that an error response is about */
    wmem_map_t *control;  /* mstun_stream_t of a ConnectionBind -> that of its allocation */
    wmem_map_t *requests; /* mstun_transaction_t -> open_message_t */
    wmem_array_t *others; /* of open_message_t: responses and indications */
} state_t;

static void *create_state(void)
{
    wmem_allocator_t *scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    state_t *state = wmem_new0(scope, state_t);

    state->scope = scope;
    state->groups = mstun_groups_new(scope);
    state->streams = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->pairs = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->peers = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->control = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->requests = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->others = wmem_array_new(scope, sizeof(open_message_t));
    return state;
}

static void free_state(void *state)
{
    wmem_destroy_allocator(((state_t *)state)->scope);
}

/* ---- while packets come ---- */

static void add_open_message(state_t *state, const mstun_tap_info_t *info)
{
    open_message_t message = { info->deferred, info->pair };

    if (info->class != STUN_REQUEST) {
        wmem_array_append_one(state->others, message);
        return;
    }
    wmem_map_insert(state->requests, info->deferred.transaction, wmem_memdup(state->scope, &message, sizeof message));
}

static void remove_answered_request(state_t *state, const mstun_transaction_t *transaction)
{
    open_message_t *request = (open_message_t *)wmem_map_lookup(state->requests, transaction);

    if (request && !mstun_deferred_may_apply(&request->deferred)) {
        wmem_map_remove(state->requests, transaction);
        wmem_free(state->scope, request);
    }
}

static void on_message(void *data, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    const mstun_deferred_t *deferred = &info->deferred;
    state_t *state = (state_t *)data;

    if (!deferred->stream) {
        return;
    }
    wmem_map_insert(state->streams, deferred->stream, MSTUN_UNCONST(deferred->stream));
    if (info->pair) {
        wmem_map_insert(state->pairs, info->pair, MSTUN_UNCONST(deferred->stream));
    }
    if (info->error_code && info->requested_peer) {
        mstun_endpoint_t *peer =
            (mstun_endpoint_t *)wmem_memdup(state->scope, info->requested_peer, sizeof *info->requested_peer);

        peer->port = info->method == TURN_CONNECT && info->error_code != TURN_FORBIDDEN ? peer->port : 0;
        wmem_map_insert(state->peers, GUINT_TO_POINTER(deferred->frame), peer);
    }
    if (info->method == TURN_CONNECTION_BIND && deferred->connection) {
        wmem_map_insert(state->control, deferred->stream, MSTUN_UNCONST(deferred->connection->allocation->control));
    }
    if (mstun_deferred_may_apply(deferred)) {
        add_open_message(state, info);
    } else if (deferred->transaction && info->class != STUN_REQUEST) {
        remove_answered_request(state, deferred->transaction);
    }
}

/* A Note is a finding only where it explains something. */
static bool is_worth_a_row(mstun_finding_id_t id, int severity)
{
    return severity >= PI_WARN || mstun_finding_explains(id);
}

static void on_expert(void *data, packet_info *pinfo, const expert_info_t *info)
{
    state_t *state = (state_t *)data;
    mstun_finding_id_t id = mstun_finding_id_of_field(info->hf_index);
    mstun_group_key_t key;

    if (id == MSTUN_FINDING_COUNT || mstun_finding_of(id)->deferred || !is_worth_a_row(id, info->severity)) {
        return;
    }
    memset(&key, 0, sizeof key);
    key.field = id == MSTUN_FINDING_MALFORMED ? (uint32_t)info->hf_index : 0;
    key.id = id;
    key.stream = mstun_stream_find(pinfo);
    const mstun_endpoint_t *peer =
        (const mstun_endpoint_t *)wmem_map_lookup(state->peers, GUINT_TO_POINTER(info->packet_num));

    if (peer) {
        key.peer = *peer;
    }
    mstun_group_add(
        state->scope,
        mstun_group_of(state->scope, state->groups, &key, proto_registrar_get_abbrev(info->hf_index), info->severity),
        info->packet_num, info->summary);
}

/* ---- at the end ---- */

typedef struct {
    const state_t *state;
    wmem_allocator_t *scope;
    const nstime_t *end;
    wmem_map_t *groups;
    const open_message_t *message; /* in hand */
} build_ctx_t;

static const char *between_ends(const build_ctx_t *ctx, const mstun_stream_t *stream)
{
    return stream && stream->ends[0].family
               ? wmem_strdup_printf(ctx->scope, "%s and %s", mstun_endpoint_text(ctx->scope, &stream->ends[0]),
                                    mstun_endpoint_text(ctx->scope, &stream->ends[1]))
               : NULL;
}

static const char *between_sides(const build_ctx_t *ctx, const mstun_pair_view_t *view)
{
    return wmem_strdup_printf(ctx->scope, "%s and %s", mstun_pair_side_text(ctx->scope, &view->side[0]),
                              mstun_pair_side_text(ctx->scope, &view->side[1]));
}

/* The control connection of the allocation that a connection has to do with. */
static const mstun_stream_t *control_of(const build_ctx_t *ctx, const mstun_stream_t *stream)
{
    if (!stream) {
        return NULL;
    }
    const mstun_stream_t *bound = (const mstun_stream_t *)wmem_map_lookup(ctx->state->control, stream);
    const mstun_peer_connection_t *connection = mstun_stream_any_peer_connection(stream);

    return bound                             ? bound
           : connection                      ? connection->allocation->control
           : mstun_stream_allocation(stream) ? stream
                                             : NULL;
}

static void add_to_group(const build_ctx_t *ctx, const mstun_group_key_t *key, const char *name, int severity,
                         uint32_t frame, const char *text)
{
    mstun_group_t *group = mstun_group_of(ctx->scope, ctx->groups, key, name, severity);

    if (!group->text) {
        const mstun_pair_view_t *view = key->pair ? mstun_pair_view(key->pair, ctx->end) : NULL;

        group->control = control_of(ctx, key->stream);
        group->between = view ? between_sides(ctx, view) : between_ends(ctx, key->stream);
    }
    group->severity = MAX(group->severity, severity);
    mstun_group_add(ctx->scope, group, frame, text);
}

static void add_finding(const build_ctx_t *ctx, const mstun_pair_t *pair, const mstun_stream_t *stream,
                        mstun_finding_id_t id, uint32_t frame, const char *text)
{
    const mstun_finding_t *finding = mstun_finding_of(id);
    mstun_group_key_t key;

    memset(&key, 0, sizeof key);
    key.id = id;
    key.stream = stream;
    key.pair = pair;
    if (pair) {
        const mstun_pair_view_t *view = mstun_pair_view(pair, ctx->end);

        key.peer = view->side[view->peer].address;
    }
    add_to_group(ctx, &key, finding->name, finding->severity, frame, text ? text : finding->summary);
}

static void on_deferred(const mstun_finding_sink_t *sink, mstun_finding_id_t id, const char *text)
{
    const build_ctx_t *ctx = (const build_ctx_t *)sink->context;

    if (is_worth_a_row(id, mstun_finding_of(id)->severity)) {
        add_finding(ctx, ctx->message->pair, ctx->message->deferred.stream, id, ctx->message->deferred.frame, text);
    }
}

static void evaluate_message(build_ctx_t *ctx, const open_message_t *message)
{
    const mstun_finding_sink_t sink = { .scope = ctx->scope, .add = on_deferred, .context = ctx };

    ctx->message = message;
    mstun_deferred_evaluate(&message->deferred, ctx->end, &sink);
}

static void evaluate_request(gpointer transaction _U_, gpointer message, gpointer ctx)
{
    evaluate_message((build_ctx_t *)ctx, (const open_message_t *)message);
}

/* Which of a pair's states are findings, and the frame that shows each. */
static void evaluate_pair(gpointer key, gpointer stream, gpointer data)
{
    const build_ctx_t *ctx = (const build_ctx_t *)data;
    const mstun_pair_t *pair = (const mstun_pair_t *)key;
    const mstun_pair_view_t *view = mstun_pair_view(pair, ctx->end);
    const mstun_pair_direction_t *dir = &view->dir[mstun_pair_broken_direction(view)];
    bool conflict = dir->error_code == ICE_ROLE_CONFLICT;
    mstun_finding_id_t id;
    uint32_t frame;

    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        id = MSTUN_FINDING_ONE_WAY;
        frame = dir->requests ? dir->unanswered_frame : view->first_frame;
        break;
    case MSTUN_PAIR_REJECTED:
        id = conflict ? MSTUN_FINDING_ROLE_CONFLICT : MSTUN_FINDING_PAIR_REJECTED;
        frame = conflict ? dir->conflict_frame : dir->error_frame;
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        id = MSTUN_FINDING_CONSENT_LOST;
        frame = dir->lost_frame;
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        id = MSTUN_FINDING_NOT_NOMINATED;
        frame = view->works_frame;
        break;
    default: /* it works, or cannot be told; a pair without any answer is a finding of its requests */
        return;
    }
    add_finding(ctx, pair, (const mstun_stream_t *)stream, id, frame, mstun_pair_state_text(ctx->scope, view));
}

/* Expert infos of connections with a message that passed the filter, and of those without any message. */
static void import_expert(gpointer key _U_, gpointer value, gpointer data)
{
    const build_ctx_t *ctx = (const build_ctx_t *)data;
    const mstun_group_t *group = (const mstun_group_t *)value;
    const mstun_stream_t *stream = group->key.stream;

    if (stream && stream->any_message && !wmem_map_contains(ctx->state->streams, stream)) {
        return;
    }
    for (unsigned i = 0; i < wmem_array_get_count(group->frames); i++) {
        add_to_group(ctx, &group->key, group->name, group->severity, *(uint32_t *)wmem_array_index(group->frames, i),
                     group->text);
    }
}

static const char *severity_text(int severity)
{
    return severity >= PI_ERROR ? "error" : severity >= PI_WARN ? "warn" : "note";
}

static void fill_row(wmem_allocator_t *scope, const mstun_group_t *group, mstun_cell_t *cells)
{
    cells[SEVERITY] = mstun_cell_text(severity_text(group->severity));
    cells[FINDING] = mstun_cell_text(group->name);
    cells[STREAM] = mstun_cell_text(group->key.stream ? mstun_stream_filter(scope, group->key.stream) : NULL);
    cells[BETWEEN] = mstun_cell_text(group->between);
    cells[FRAMES] = mstun_cell_frames((const uint32_t *)wmem_array_get_raw(group->frames), group->frame_count);
    cells[COUNT] = mstun_cell_number(group->frame_count);
    cells[TEXT] = mstun_cell_text(group->text);
    cells[NEXT] = mstun_cell_text(mstun_finding_of(group->key.id)->advice);
    if (group->explains) {
        cells[EXPLAINS] =
            mstun_cell_words((const char *const *)wmem_array_get_raw(group->explains), group->explains_count);
        cells[EXPLAINED_FRAMES] =
            mstun_cell_frames((const uint32_t *)wmem_array_get_raw(group->explained), group->explained_count);
    }
}

static void build_table(const void *data, const nstime_t *end, mstun_table_t *table)
{
    const state_t *state = (const state_t *)data;
    build_ctx_t ctx = { state, table->scope, end, mstun_groups_new(table->scope), NULL };

    wmem_map_foreach(state->requests, evaluate_request, &ctx);
    for (unsigned i = 0; i < wmem_array_get_count(state->others); i++) {
        evaluate_message(&ctx, (const open_message_t *)wmem_array_index(state->others, i));
    }
    wmem_map_foreach(state->pairs, evaluate_pair, &ctx);
    wmem_map_foreach(state->groups, import_expert, &ctx);
    wmem_array_t *rows = mstun_groups_explain(table->scope, ctx.groups);

    for (unsigned i = 0; i < wmem_array_get_count(rows); i++) {
        fill_row(table->scope, *(mstun_group_t **)wmem_array_index(rows, i), mstun_table_add_row(table));
    }
    table->total = wmem_strdup_printf(table->scope, "findings: %u", wmem_array_get_count(rows));
}

void mstun_findings_report_register(const mstun_registrar_t *reg _U_)
{
    static const mstun_report_t report = { .name = "findings",
                                           .title = "STUN: what is broken",
                                           .columns = columns,
                                           .column_count = COLUMNS,
                                           .empty = "no findings",
                                           .create_state = create_state,
                                           .free_state = free_state,
                                           .on_message = on_message,
                                           .on_expert = on_expert,
                                           .build_table = build_table };

    mstun_command_register(&report);
    mstun_window_register(&report, 2);
}
