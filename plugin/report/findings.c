/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,findings: what is broken, one row for each broken thing.
 *
 * Where findings come from: expert infos of Warn and above, as the frames show them; and at the report's end the
 * verdicts that need the capture's end (track/late.h, track/pair.h), by the same functions that show them on frames from
 * the second visit on. So one pass finds what two passes find: an expert info that the report judges itself is not
 * taken from the frames.
 *
 * What is one thing: findings of one name on one connection, pair or peer are a group. A group that another one explains
 * (cause.c says which names do, and what the two must share) is part of the other's row. Each step looks up hashes: the
 * cost grows with the number of findings and no faster. */
#include "report/report.h"

#include "attr/address.h"
#include "report/group.h"
#include "report/run.h"
#include "report/unconst.h"

#define TURN_FORBIDDEN 403 /* of an IP address: permissions have no port (RFC 8656 section 9) */
#define CHAIN_MAX 8        /* cause of cause of cause ...: more than the longest in cause.c */

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

/* A message that is to be judged at the end. */
typedef struct {
    mstun_deferred_t late;
    const mstun_pair_t *pair;
} open_t;

typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *groups;  /* of expert infos */
    wmem_map_t *streams; /* with a message that passed the filter */
    wmem_map_t *pairs;   /* mstun_pair_t -> its mstun_stream_t */
    wmem_map_t *asked;   /* frame -> the mstun_endpoint_t that an error response is about */
    wmem_map_t *control; /* mstun_stream_t of a ConnectionBind -> that of its allocation */
    wmem_map_t *open;    /* mstun_transaction_t -> open_t, of requests */
    wmem_array_t *other; /* of open_t */
} kept_t;

static void *begin(void)
{
    wmem_allocator_t *scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    kept_t *kept = wmem_new0(scope, kept_t);

    kept->scope = scope;
    kept->groups = mstun_groups_new(scope);
    kept->streams = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    kept->pairs = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    kept->asked = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    kept->control = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    kept->open = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    kept->other = wmem_array_new(scope, sizeof(open_t));
    return kept;
}

static void end(void *data)
{
    wmem_destroy_allocator(((kept_t *)data)->scope);
}

/* ---- while packets come ---- */

static void keep_open(kept_t *kept, const mstun_tap_info_t *info)
{
    open_t open = { info->late, info->pair };

    if (info->class != STUN_REQUEST) {
        wmem_array_append_one(kept->other, open);
        return;
    }
    open_t *request = wmem_new(kept->scope, open_t);

    *request = open;
    wmem_map_insert(kept->open, info->late.transaction, request);
}

static void forget_answered(kept_t *kept, const mstun_transaction_t *transaction)
{
    open_t *request = (open_t *)wmem_map_lookup(kept->open, transaction);

    if (request && !mstun_deferred_may_apply(&request->late)) {
        wmem_map_remove(kept->open, transaction);
        wmem_free(kept->scope, request);
    }
}

static void learn(void *data, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    kept_t *kept = (kept_t *)data;

    if (!info->late.stream) {
        return;
    }
    wmem_map_insert(kept->streams, info->late.stream, mstun_unconst(info->late.stream));
    if (info->pair) {
        wmem_map_insert(kept->pairs, info->pair, mstun_unconst(info->late.stream));
    }
    if (info->error_code && info->asked_peer) {
        mstun_endpoint_t *asked = (mstun_endpoint_t *)wmem_memdup(kept->scope, info->asked_peer, sizeof *asked);

        asked->port = info->method == TURN_CONNECT && info->error_code != TURN_FORBIDDEN ? asked->port : 0;
        wmem_map_insert(kept->asked, GUINT_TO_POINTER(info->late.frame), asked);
    }
    if (info->method == TURN_CONNECTION_BIND && info->late.connection) {
        wmem_map_insert(kept->control, info->late.stream, mstun_unconst(info->late.connection->allocation->control));
    }
    if (mstun_deferred_may_apply(&info->late)) {
        keep_open(kept, info);
    } else if (info->late.transaction && info->class != STUN_REQUEST) {
        forget_answered(kept, info->late.transaction);
    }
}

/* A Note is a finding only where it explains something. */
static bool is_cause(const char *name)
{
    for (unsigned i = 0; i < mstun_cause_count; i++) {
        if (strcmp(mstun_causes[i].cause, name) == 0) {
            return true;
        }
    }
    return false;
}

static void learn_expert(void *data, packet_info *pinfo, const expert_info_t *info)
{
    kept_t *kept = (kept_t *)data;
    const char *name = info->hf_index > 0 ? proto_registrar_get_abbrev(info->hf_index) : "";
    mstun_group_key_t key;

    if (!g_str_has_prefix(name, "mstun.") || mstun_finding_of(name)->late ||
        (info->severity < PI_WARN && !is_cause(name))) {
        return;
    }
    memset(&key, 0, sizeof key);
    key.name = name;
    key.stream = mstun_stream_find(pinfo);
    const mstun_endpoint_t *asked =
        (const mstun_endpoint_t *)wmem_map_lookup(kept->asked, GUINT_TO_POINTER(info->packet_num));

    if (asked) {
        key.peer = *asked;
    }
    mstun_group_add(kept->scope, mstun_group_of(kept->scope, kept->groups, &key, info->severity), info->packet_num,
                    info->summary);
}

/* ---- at the end ---- */

/* What is in hand while the rows are made. */
typedef struct {
    const kept_t *kept;
    wmem_allocator_t *scope;
    const nstime_t *now;
    wmem_map_t *groups;
    const open_t *open;
} model_t;

static const char *between_ends(const model_t *model, const mstun_stream_t *stream)
{
    return stream && stream->ends[0].family
               ? wmem_strdup_printf(model->scope, "%s and %s", mstun_endpoint_text(model->scope, &stream->ends[0]),
                                    mstun_endpoint_text(model->scope, &stream->ends[1]))
               : NULL;
}

static const char *between_sides(const model_t *model, const mstun_pair_view_t *view)
{
    return wmem_strdup_printf(model->scope, "%s and %s", mstun_pair_side_text(model->scope, &view->side[0]),
                              mstun_pair_side_text(model->scope, &view->side[1]));
}

/* The control connection of the allocation that a connection has to do with. */
static const mstun_stream_t *control_of(const model_t *model, const mstun_stream_t *stream)
{
    const mstun_stream_t *bound = stream ? (const mstun_stream_t *)wmem_map_lookup(model->kept->control, stream) : NULL;

    if (!stream) {
        return NULL;
    }
    return bound                ? bound
           : stream->connection ? stream->connection->allocation->control
           : stream->allocation ? stream
                                : NULL;
}

static void note(const model_t *model, const mstun_group_key_t *key, int severity, uint32_t frame, const char *text)
{
    mstun_group_t *group = mstun_group_of(model->scope, model->groups, key, severity);

    if (!group->advice) {
        const mstun_pair_view_t *view = key->pair ? mstun_pair_view(key->pair, model->now) : NULL;

        group->advice = mstun_finding_of(key->name);
        group->control = control_of(model, key->stream);
        group->between = view ? between_sides(model, view) : between_ends(model, key->stream);
    }
    group->severity = MAX(group->severity, severity);
    mstun_group_add(model->scope, group, frame, text);
}

static void note_pair(const model_t *model, const mstun_pair_t *pair, const mstun_stream_t *stream, const char *name,
                      int severity, uint32_t frame, const char *text)
{
    mstun_group_key_t key;

    memset(&key, 0, sizeof key);
    key.name = name;
    key.stream = stream;
    key.pair = pair;
    if (pair) {
        const mstun_pair_view_t *view = mstun_pair_view(pair, model->now);

        key.peer = view->side[view->peer].address;
    }
    note(model, &key, severity, frame, text);
}

static void found_late(expert_field *ei, int severity, const char *text, void *context)
{
    const model_t *model = (const model_t *)context;
    const char *name = proto_registrar_get_abbrev(ei->hf);

    if (severity >= PI_WARN || is_cause(name)) {
        note_pair(model, model->open->pair, model->open->late.stream, name, severity, model->open->late.frame,
                  text ? text : expert_get_summary(ei));
    }
}

static void judge_open(model_t *model, const open_t *open)
{
    model->open = open;
    mstun_deferred_evaluate(&open->late, model->now, model->scope, found_late, model);
}

static void judge_request(gpointer transaction _U_, gpointer open, gpointer model)
{
    judge_open((model_t *)model, (const open_t *)open);
}

/* Which of a pair's verdicts are findings, and the frame that shows each. */
static void judge_pair(gpointer key, gpointer stream, gpointer data)
{
    const model_t *model = (const model_t *)data;
    const mstun_pair_t *pair = (const mstun_pair_t *)key;
    const mstun_pair_view_t *view = mstun_pair_view(pair, model->now);
    const mstun_pair_direction_t *way = &view->way[mstun_pair_broken_direction(view)];
    const char *name = NULL;
    uint32_t frame = 0;

    switch (view->verdict) {
    case MSTUN_PAIR_ONE_WAY:
        name = "mstun.one_way";
        frame = way->requests ? way->unanswered_frame : view->first_frame;
        break;
    case MSTUN_PAIR_REJECTED:
        name = way->error_code == ICE_ROLE_CONFLICT ? "mstun.role_conflict" : "mstun.pair.rejected";
        frame = way->error_code == ICE_ROLE_CONFLICT ? way->conflict_frame : way->error_frame;
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        name = "mstun.pair.consent_lost";
        frame = way->silent_frame;
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        name = "mstun.pair.not_nominated";
        frame = view->works_frame;
        break;
    default: /* works, or cannot be told; where there is no answer at all, that is said of the requests */
        return;
    }
    note_pair(model, pair, (const mstun_stream_t *)stream, name, PI_WARN, frame,
              mstun_pair_verdict_text(model->scope, view));
}

/* Expert infos: of connections with a message that passed the filter, and of such as no message was seen in. */
static void take_expert(gpointer key _U_, gpointer value, gpointer data)
{
    const model_t *model = (const model_t *)data;
    const mstun_group_t *group = (const mstun_group_t *)value;
    const mstun_stream_t *stream = group->key.stream;

    if (stream && stream->any_message && !wmem_map_contains(model->kept->streams, stream)) {
        return;
    }
    for (unsigned i = 0; i < wmem_array_get_count(group->frames); i++) {
        note(model, &group->key, group->severity, *(uint32_t *)wmem_array_index(group->frames, i), group->text);
    }
}

static const char *severity_text(int severity)
{
    return severity >= PI_ERROR ? "error" : severity >= PI_WARN ? "warn" : "note";
}

static void fill_row(wmem_allocator_t *scope, const mstun_group_t *group, mstun_cell_t *cells)
{
    cells[SEVERITY] = mstun_cell_text(severity_text(group->severity));
    cells[FINDING] = mstun_cell_text(group->key.name);
    cells[STREAM] = mstun_cell_text(group->key.stream ? mstun_stream_filter(scope, group->key.stream) : NULL);
    cells[BETWEEN] = mstun_cell_text(group->between);
    cells[FRAMES] = mstun_cell_frames((const uint32_t *)wmem_array_get_raw(group->frames), group->frame_count);
    cells[COUNT] = mstun_cell_number(group->frame_count);
    cells[TEXT] = mstun_cell_text(group->text);
    cells[NEXT] = mstun_cell_text(group->advice->next);
    if (group->explains) {
        cells[EXPLAINS] =
            mstun_cell_words((const char *const *)wmem_array_get_raw(group->explains), group->explains_count);
        cells[EXPLAINED_FRAMES] =
            mstun_cell_frames((const uint32_t *)wmem_array_get_raw(group->explained), group->explained_count);
    }
}

static void fill(const void *data, const nstime_t *now, mstun_table_t *table)
{
    model_t model = { (const kept_t *)data, table->scope, now, mstun_groups_new(table->scope), NULL };

    wmem_map_foreach(model.kept->open, judge_request, &model);
    for (unsigned i = 0; i < wmem_array_get_count(model.kept->other); i++) {
        judge_open(&model, (const open_t *)wmem_array_index(model.kept->other, i));
    }
    wmem_map_foreach(model.kept->pairs, judge_pair, &model);
    wmem_map_foreach(model.kept->groups, take_expert, &model);
    wmem_array_t *rows = mstun_groups_join(table->scope, model.groups);

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
                                           .begin = begin,
                                           .end = end,
                                           .message = learn,
                                           .expert = learn_expert,
                                           .fill = fill };

    mstun_command_register(&report);
    mstun_window_register(&report, 2);
}
