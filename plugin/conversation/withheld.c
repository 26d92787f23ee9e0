/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/withheld.h"

#include "conversation/tcp_flow.h"
#include "conversation/tcp_state.h"

#define FOLLOWING_MAX 0x1000 /* bytes that are kept for each frame, behind those that were read */

/* A segment that TCP handed over and that was not new, or not all of it. */
typedef struct {
    mstun_frame_pos_t pos;
    mstun_handed_t handed;
    uint32_t new_from;
} handed_again_t;

static wmem_map_t *withheld; /* frame -> mstun_withheld_t */

/* What TCP has handed over of the current packet. */
static struct {
    mstun_stream_t *stream; /* NULL: nothing */
    unsigned direction;
    uint32_t from; /* position of the first of it */
    bool is_new;   /* all of it */
} handed;

void mstun_withheld_begin(void)
{
    handed.stream = NULL;
}

void mstun_withheld_hand(const mstun_event_t *event, uint32_t position, bool is_new)
{
    if (!handed.stream) {
        handed.stream = event->stream;
        handed.direction = event->direction;
        handed.from = position;
        handed.is_new = is_new;
    } else if (!is_new) {
        handed.is_new = false;
    }
}

mstun_stream_t *mstun_withheld_end(uint32_t raw_seq, uint32_t raw_end, bool *all_read)
{
    mstun_stream_t *stream = handed.stream;

    handed.stream = NULL; /* one packet may lie within another */
    *all_read = false;
    if (stream && stream->tcp && handed.is_new) {
        uint32_t position = mstun_tcp_position(stream->tcp, handed.direction, raw_seq);

        *all_read = mstun_seq_distance(position, handed.from) >= 0 &&
                    mstun_coverage_ends_at(&stream->flow[handed.direction].coverage, position + (raw_end - raw_seq));
    }
    return stream;
}

static mstun_handed_t look_up(const mstun_flow_t *flow, const mstun_frame_pos_t *pos, uint32_t *new_from)
{
    unsigned idx = flow->handed_again ? mstun_frame_index_lower_bound(flow->handed_again, pos->frame) : 0;
    const handed_again_t *entry =
        flow->handed_again ? (const handed_again_t *)mstun_frame_index_next(flow->handed_again, &idx, pos) : NULL;

    *new_from = entry ? entry->new_from : 0;
    return entry ? entry->handed : MSTUN_HANDED_NEW;
}

static mstun_handed_t learn(mstun_flow_t *flow, const handed_again_t *entry)
{
    if (!flow->handed_again) {
        flow->handed_again = wmem_array_sized_new(wmem_file_scope(), sizeof *entry, 1);
    }
    wmem_array_append(flow->handed_again, entry, 1);
    return entry->handed;
}

mstun_handed_t mstun_segment_handed(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t *new_from)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];
    mstun_coverage_t *coverage = &flow->coverage;
    handed_again_t entry = { { event->pinfo->num, segment->seq }, MSTUN_HANDED_NEW, 0 };
    uint32_t end = segment->seq + segment->reported;

    if (!event->first_visit) {
        return look_up(flow, &entry.pos, new_from);
    }
    *new_from = 0;
    if (!coverage->begun || !segment->has_seq || !mstun_tcp_reassembles()) {
        return MSTUN_HANDED_NEW;
    }
    mstun_stream_follow_numbering(event, segment->seq);
    if (mstun_seq_distance(segment->seq, coverage->top) > 0 && mstun_coverage_reaches(coverage, segment->seq)) {
        /* TCP waits for the end of something else than the unit at top, whose bytes came late. */
        mstun_coverage_keep(coverage, segment->seq, segment->bytes, segment->captured, segment->reported);
        coverage->is_late = true;
        coverage->late_at = coverage->top;
        entry.handed = MSTUN_HANDED_LATE;
        return learn(flow, &entry);
    }
    if (mstun_seq_distance(segment->seq, coverage->top) >= 0 && mstun_seq_distance(end, coverage->newest) > 0) {
        return MSTUN_HANDED_NEW;
    }
    bool is_new = mstun_coverage_has_new(coverage, segment->seq, segment->seq + segment->captured);

    if (is_new) {
        mstun_coverage_keep(coverage, segment->seq, segment->bytes, segment->captured, 0);
    }
    if (mstun_seq_distance(end, coverage->newest) <= 0) {
        entry.handed = is_new ? MSTUN_HANDED_LATE : MSTUN_HANDED_REPEATED;
    } else {
        entry.new_from = coverage->top - segment->seq;
    }
    *new_from = entry.new_from;
    return learn(flow, &entry);
}

/* Bytes in time that TCP has not handed over. It takes them for repeated ones if their acknowledgement was captured
 * first, and never gets over a late segment within a unit that it was asked for. If it is to reorder segments, it keeps
 * what comes behind a missing one. Else it has a reason, and hands them over when that ends. */
static bool is_given_up(const mstun_flow_t *flow, const mstun_event_t *event, const mstun_run_t *run)
{
    if (flow->entered_frame == event->pinfo->num) {
        return false;
    }
    return mstun_tcp_withholds(event->stream->tcp) ||
           (mstun_tcp_reorders() && (flow->coverage.holes || run->begin != flow->coverage.top)) ||
           (run->begin == flow->coverage.top && flow->coverage.unit_end != run->begin);
}

/* Its messages come from TLS, and what TCP withholds is encrypted. */
static bool is_inside_tls(const mstun_stream_t *stream)
{
    return (stream->flow[0].framing_changes && !stream->flow[0].has_seq) ||
           (stream->flow[1].framing_changes && !stream->flow[1].has_seq);
}

bool mstun_withheld_arrive(const mstun_event_t *event, const mstun_segment_t *segment, mstun_run_t *run)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];
    mstun_coverage_t *coverage = &flow->coverage;

    if (!mstun_tcp_reassembles()) {
        return false;
    }
    if (!coverage->begun) {
        if (!mstun_tcp_withholds(event->stream->tcp) || is_inside_tls(event->stream)) {
            return false;
        }
        mstun_stream_begin_coverage(event, segment->seq); /* its acknowledgement was captured first */
        coverage->is_late = true;
        coverage->late_at = segment->seq;
    }
    mstun_stream_follow_numbering(event, segment->seq);
    if (mstun_coverage_has_new(coverage, segment->seq, segment->seq + segment->captured)) {
        if (mstun_seq_distance(segment->seq, coverage->newest) > 0) {
            coverage->gap_frame = event->pinfo->num;
        }
        mstun_coverage_keep(coverage, segment->seq, segment->bytes, segment->captured, segment->reported);
    } else if (!coverage->is_late) {
        return false;
    }
    bool is_late = coverage->is_late;
    uint32_t position = is_late ? coverage->late_at : segment->seq + segment->captured - 1;

    coverage->is_late = false;
    return mstun_coverage_run(coverage, position, run) && (is_late || is_given_up(flow, event, run));
}

void mstun_withheld_keep_unread(const mstun_event_t *event, const mstun_segment_t *segment)
{
    mstun_coverage_t *coverage = &event->stream->flow[event->direction].coverage;
    bool is_late = coverage->is_late; /* what is before what was read of the same segment is not */

    mstun_coverage_keep(coverage, segment->seq, segment->bytes, segment->captured, segment->reported);
    coverage->is_late = is_late;
}

void mstun_withheld_await(const mstun_event_t *event, uint32_t len)
{
    mstun_coverage_t *coverage = &event->stream->flow[event->direction].coverage;

    if (coverage->begun) {
        mstun_coverage_await(coverage, event->position, event->position + len);
    }
}

void mstun_withheld_learn(const mstun_event_t *event, const mstun_run_t *run, uint32_t len)
{
    void *frame = GUINT_TO_POINTER(event->pinfo->num);

    len = MIN(run->len, len + FOLLOWING_MAX);
    mstun_withheld_t *entry = wmem_new(wmem_file_scope(), mstun_withheld_t);

    *entry = (mstun_withheld_t){ .next = (const mstun_withheld_t *)wmem_map_lookup(withheld, frame),
                                 .stream = event->stream,
                                 .position = run->begin,
                                 .len = len,
                                 .bytes = (const uint8_t *)wmem_memdup(wmem_file_scope(), run->bytes, len) };
    wmem_map_insert(withheld, frame, entry);
}

const mstun_withheld_t *mstun_withheld_at(uint32_t frame)
{
    return (const mstun_withheld_t *)wmem_map_lookup(withheld, GUINT_TO_POINTER(frame));
}

void mstun_withheld_register(const mstun_registrar_t *reg _U_)
{
    withheld = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}
