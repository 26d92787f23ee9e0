/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,findings: what is broken, one row for each broken thing. The findings are those of the whole capture
 * (diagnose/capture.h), which frames show as expert infos too; those of the decoders, about malformed messages, come as
 * expert infos from the frames. */
#include "report/report.h"

#include <epan/expert.h>

#include "attr/address.h"
#include "diagnose/capture.h"
#include "diagnose/expert.h"
#include "report/group.h"
#include "report/instance.h"
#include "signal/join.h"

enum {
    SEVERITY,
    FINDING,
    STREAM,
    BETWEEN,
    FRAMES,
    COUNT,
    CONNECTIONS,
    TEXT,
    NEXT,
    EXPLAINS,
    EXPLAINED_FRAMES,
    COLUMNS
};

static const mstun_column_t columns[COLUMNS] = {
    [SEVERITY] = { "severity", "Severity", false },
    [FINDING] = { "finding", "Finding", false },
    [STREAM] = { "stream", "Connection", false },
    [BETWEEN] = { "between", "Between", false },
    [FRAMES] = { "frames", "Frames", false },
    [COUNT] = { "count", NULL, false },
    [CONNECTIONS] = { "connections", NULL, false },
    [TEXT] = { "text", "What happened", true },
    [NEXT] = { "next", "Next", true },
    [EXPLAINS] = { "explains", "Explains", true },
    [EXPLAINED_FRAMES] = { "explained_frames", "Which is in frames", true },
};

typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *streams;   /* with a message that passed the filter */
    wmem_map_t *calls;     /* with signalling that passed it */
    wmem_array_t *decoded; /* of mstun_finding_t: the decoders' */
} state_t;

static void *create_state(void)
{
    wmem_allocator_t *scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    state_t *state = wmem_new0(scope, state_t);

    state->scope = scope;
    state->streams = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->calls = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    state->decoded = wmem_array_new(scope, sizeof(mstun_finding_t));
    return state;
}

static void free_state(void *state)
{
    wmem_destroy_allocator(((state_t *)state)->scope);
}

static void on_message(void *data, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    state_t *state = (state_t *)data;

    if (info->stream) {
        wmem_map_insert(state->streams, info->stream, MSTUN_UNCONST(info->stream));
    }
    if (info->call) {
        wmem_map_insert(state->calls, info->call, MSTUN_UNCONST(info->call));
    }
}

static void on_expert(void *data, packet_info *pinfo, const expert_info_t *info)
{
    state_t *state = (state_t *)data;
    mstun_finding_id_t id = mstun_decoded_finding_of(info->hf_index);

    if (id == MSTUN_FINDING_COUNT || (info->severity < PI_WARN && !mstun_finding_explains(id))) {
        return;
    }
    const mstun_stream_t *stream = mstun_stream_find(pinfo);
    const mstun_finding_t finding = { .id = id,
                                      .severity = info->severity,
                                      .text = wmem_strdup(state->scope, info->summary),
                                      .detail = (uint32_t)info->hf_index,
                                      .subject = { .pos = { .frame = info->packet_num },
                                                   .abs_ts = pinfo->abs_ts,
                                                   .stream = stream,
                                                   .direction = stream ? mstun_stream_direction(stream, pinfo) : 0 } };

    wmem_array_append_one(state->decoded, finding);
}

/* Findings of connections with a message that passed the filter, and of those without any message; those of signalling
 * by its frames. */
static bool passes(const state_t *state, const mstun_finding_t *finding)
{
    const mstun_stream_t *stream = finding->subject.stream;

    if (!stream && finding->subject.call) {
        return wmem_map_contains(state->calls, finding->subject.call);
    }
    return !stream || !stream->any_message || wmem_map_contains(state->streams, stream);
}

static int compare_places(const void *a, const void *b)
{
    const mstun_finding_t *one = *(const mstun_finding_t *const *)a, *other = *(const mstun_finding_t *const *)b;
    uint32_t frame = one->subject.pos.frame, other_frame = other->subject.pos.frame;

    if (frame != other_frame) {
        return frame < other_frame ? -1 : 1;
    }
    if (one->id != other->id) {
        return one->id < other->id ? -1 : 1;
    }
    if (one->detail != other->detail) {
        return one->detail < other->detail ? -1 : 1;
    }
    if (one->subject.pos.position != other->subject.pos.position) {
        return one->subject.pos.position < other->subject.pos.position ? -1 : 1;
    }
    return strcmp(one->text, other->text);
}

/* Expired credentials that the server accepts all the same: it made an allocation, and nothing fails from here on. */
static bool is_harmless(const mstun_finding_t *finding, wmem_array_t *evaluated)
{
    const mstun_subject_t *subject = &finding->subject;

    if (finding->id != MSTUN_FINDING_CREDENTIALS_EXPIRED || !subject->stream ||
        !mstun_stream_related_allocation(subject->stream)) {
        return false;
    }
    for (unsigned i = 0; i < wmem_array_get_count(evaluated); i++) {
        const mstun_finding_t *other = (const mstun_finding_t *)wmem_array_index(evaluated, i);

        if (other->severity >= PI_WARN && other->subject.stream == subject->stream &&
            other->subject.pos.frame >= subject->pos.frame) {
            return false;
        }
    }
    return true;
}

static void select_findings(const state_t *state, wmem_array_t *from, wmem_array_t *evaluated, wmem_array_t *selected)
{
    for (unsigned i = 0; i < wmem_array_get_count(from); i++) {
        const mstun_finding_t *finding = (const mstun_finding_t *)wmem_array_index(from, i);

        if (passes(state, finding) && !is_harmless(finding, evaluated)) {
            wmem_array_append_one(selected, finding);
        }
    }
}

/* Appends "tcp.stream in {0, 1}" or the same of UDP: the streams that TCP knows, or the others. */
static void append_streams(wmem_strbuf_t *filter, wmem_array_t *streams, bool of_tcp)
{
    const char *separator = NULL;

    for (unsigned i = 0; i < wmem_array_get_count(streams); i++) {
        const mstun_stream_t *stream = *(const mstun_stream_t **)wmem_array_index(streams, i);

        if ((stream->tcp != NULL) != of_tcp) {
            continue;
        }
        if (!separator) {
            wmem_strbuf_append_printf(filter, "%s%s.stream in {", wmem_strbuf_get_len(filter) > 0 ? " || " : "",
                                      of_tcp ? "tcp" : "udp");
        }
        wmem_strbuf_append_printf(filter, "%s%u", separator ? separator : "",
                                  of_tcp ? stream->tcp_stream : stream->udp_stream);
        separator = ", ";
    }
    wmem_strbuf_append(filter, separator ? "}" : "");
}

static const char *streams_filter(wmem_allocator_t *scope, const mstun_group_t *group)
{
    unsigned count = wmem_array_get_count(group->streams);

    if (count == 0 && group->first->subject.call) {
        return wmem_strdup_printf(scope, "mstun.call.id == \"%s\"", group->first->subject.call->id);
    }
    if (count == 0) {
        return NULL;
    }
    if (count == 1) {
        return mstun_stream_filter(scope, *(const mstun_stream_t **)wmem_array_index(group->streams, 0));
    }
    wmem_strbuf_t *filter = wmem_strbuf_new(scope, "");

    append_streams(filter, group->streams, true);
    append_streams(filter, group->streams, false);
    return wmem_strbuf_get_str(filter);
}

static const char *between_text(wmem_allocator_t *scope, const mstun_group_t *group, const nstime_t *end)
{
    const mstun_subject_t *subject = &group->first->subject;
    const mstun_stream_t *stream = subject->stream;

    if (subject->pair) {
        const mstun_pair_view_t *view = mstun_pair_view(subject->pair, end);
        mstun_pair_call_t call = mstun_call_of_pair(view);
        const char *ends = wmem_strdup_printf(scope, "%s and %s", mstun_pair_side_text(scope, &view->side[0]),
                                              mstun_pair_side_text(scope, &view->side[1]));

        return call.stream
                   ? wmem_strdup_printf(scope, "%s (%s)", ends, mstun_call_text(scope, call.stream->call, call.stream))
                   : ends;
    }
    if (!stream && subject->call) {
        return wmem_strdup_printf(scope, "%s and %s", subject->call->from, subject->call->to);
    }
    if (!stream || !stream->ends[0].family) {
        return NULL;
    }
    if (wmem_array_get_count(group->streams) > 1) { /* the client has a port for each */
        return wmem_strdup_printf(scope, "%s and %s", mstun_address_text(scope, &stream->ends[subject->direction]),
                                  mstun_endpoint_text(scope, &stream->ends[1 - subject->direction]));
    }
    return wmem_strdup_printf(scope, "%s and %s", mstun_endpoint_text(scope, &stream->ends[0]),
                              mstun_endpoint_text(scope, &stream->ends[1]));
}

static const char *text_of(wmem_allocator_t *scope, const mstun_group_t *group)
{
    unsigned connections = wmem_array_get_count(group->streams);

    return connections > 1 ? wmem_strdup_printf(scope, "In %u connections: %s", connections, group->first->text)
                           : group->first->text;
}

static const char *severity_text(int severity)
{
    return severity >= PI_ERROR ? "error" : severity >= PI_WARN ? "warn" : "note";
}

static mstun_cell_t frames_cell(wmem_array_t *frames)
{
    return mstun_cell_frames((const uint32_t *)wmem_array_get_raw(frames), wmem_array_get_count(frames));
}

static void fill_row(wmem_allocator_t *scope, const mstun_group_t *group, const nstime_t *end, mstun_cell_t *cells)
{
    const mstun_finding_t *first = group->first;

    cells[SEVERITY] = mstun_cell_text(severity_text(group->severity));
    cells[FINDING] = mstun_cell_text(group->name);
    cells[STREAM] = mstun_cell_text(streams_filter(scope, group));
    cells[BETWEEN] = mstun_cell_text(between_text(scope, group, end));
    cells[FRAMES] = frames_cell(group->frames);
    cells[COUNT] = mstun_cell_number(wmem_array_get_count(group->frames));
    cells[CONNECTIONS] = mstun_cell_number(wmem_array_get_count(group->streams));
    cells[TEXT] = mstun_cell_text(text_of(scope, group));
    cells[NEXT] = mstun_cell_text(first->advice ? first->advice : mstun_finding_row(first->id)->advice);
    if (group->explains) {
        cells[EXPLAINS] = mstun_cell_words((const char *const *)wmem_array_get_raw(group->explains),
                                           wmem_array_get_count(group->explains));
        cells[EXPLAINED_FRAMES] = frames_cell(group->explained);
    }
}

static void build_table(const void *data, const nstime_t *end, mstun_table_t *table)
{
    const state_t *state = (const state_t *)data;
    wmem_array_t *selected = wmem_array_new(table->scope, sizeof(const mstun_finding_t *));
    wmem_array_t *evaluated = mstun_findings_of_capture(end);

    select_findings(state, evaluated, evaluated, selected);
    select_findings(state, state->decoded, evaluated, selected);
    wmem_array_sort(selected, compare_places);
    wmem_array_t *rows = mstun_group_findings(table->scope, selected);

    for (unsigned i = 0; i < wmem_array_get_count(rows); i++) {
        fill_row(table->scope, *(mstun_group_t **)wmem_array_index(rows, i), end, mstun_table_add_row(table));
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
