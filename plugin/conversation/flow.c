/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One direction of a stream: its framing over time, where its next unit begins, and what of it was read. */
#include "conversation/stream.h"
#include "conversation/tcp_flow.h"
#include "conversation/tcp_state.h"

#define BEGINNING_MAX 0x10000 /* bytes before the first ones of a direction that may come late */

static void add_framing_change(mstun_flow_t *flow, const mstun_framing_change_t *change)
{
    if (!flow->framing_changes) {
        flow->framing_changes = wmem_array_sized_new(wmem_file_scope(), sizeof(mstun_framing_change_t), 1);
    }
    wmem_array_append_one(flow->framing_changes, *change);
}

static void set_framing(mstun_flow_t *flow, uint32_t frame, uint32_t seq, mstun_framing_t framing)
{
    if (framing != flow->framing) {
        flow->framing = framing;
        add_framing_change(flow, &(mstun_framing_change_t){ .frame = frame, .seq = seq, .framing = framing });
    }
}

/* What the last change at or before this byte of this frame means for a segment that begins there. */
static mstun_framing_change_t look_up(const mstun_flow_t *flow, uint32_t frame, uint32_t seq)
{
    mstun_framing_change_t latest = { .framing = MSTUN_FRAMING_UNKNOWN, .first_unit_offset = MSTUN_OFFSET_NONE };
    unsigned low = 0, high = flow->framing_changes ? wmem_array_get_count(flow->framing_changes) : 0;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const mstun_framing_change_t *change =
            (const mstun_framing_change_t *)wmem_array_index(flow->framing_changes, middle);

        if (change->frame < frame || (change->frame == frame && mstun_seq_distance(change->seq, seq) <= 0)) {
            latest = *change;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (latest.framing != MSTUN_FRAMING_UNKNOWN && (latest.frame != frame || latest.seq != seq)) {
        latest.first_unit_offset = 0; /* without another change, the direction stayed synchronized */
    }
    return latest;
}

mstun_framing_t mstun_stream_other_framing(const mstun_event_t *event)
{
    return look_up(&event->stream->flow[1 - event->direction], event->pinfo->num, 0).framing;
}

/* Assume that the first bytes of a direction begin a unit unless that is impossible. */
static bool is_synchronized(mstun_framing_t framing, packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_unit_t unit;

    if (framing == MSTUN_FRAMING_UNDETERMINED_RELAY || framing == MSTUN_FRAMING_RELAYED) {
        return true; /* no framing, so every offset is valid */
    }
    if (framing == MSTUN_FRAMING_MS_TURN && mstun_is_tls_record(segment->bytes, segment->captured)) {
        return true; /* real TLS answers a pseudo-TLS hello */
    }
    return framing != MSTUN_FRAMING_UNKNOWN && mstun_stream_begins(pinfo, segment) &&
           mstun_unit_at(framing, segment->bytes, segment->captured, &unit) != MSTUN_UNIT_LOST;
}

/* For a direction that is not synchronized: the bytes themselves must show where a unit begins. */
static mstun_framing_change_t find_sync_point(mstun_framing_t framing, packet_info *pinfo,
                                              const mstun_segment_t *segment)
{
    mstun_framing_change_t change = { .frame = pinfo->num, .seq = segment->seq, .framing = framing };
    mstun_framing_t proven =
        segment->detected ? segment->framing
                          : mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_HEADER);

    if (proven != MSTUN_FRAMING_UNKNOWN) {
        change.framing = proven;
    } else if (!is_synchronized(framing, pinfo, segment)) {
        change.first_unit_offset = mstun_resync(framing, segment->bytes, segment->captured, segment->reported, 0);
    }
    return change;
}

void mstun_stream_begin_coverage(const mstun_event_t *event, uint32_t seq)
{
    const struct tcp_analysis *tcp = event->stream->tcp;
    uint32_t first = mstun_tcp_first_position(tcp, event->direction);

    if (seq - first > BEGINNING_MAX || mstun_stream_is_joined(event->pinfo)) {
        first = seq - BEGINNING_MAX;
    }
    event->stream->flow[event->direction].base_seq = mstun_tcp_flow(tcp, event->direction)->base_seq;
    mstun_coverage_begin(&event->stream->flow[event->direction].coverage, first, seq,
                         mstun_tcp_has_gap_here(tcp) ? event->pinfo->num : 0);
}

void mstun_stream_follow_numbering(const mstun_event_t *event, uint32_t seq)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];

    if (flow->coverage.begun && flow->base_seq != mstun_tcp_flow(event->stream->tcp, event->direction)->base_seq) {
        flow->synchronized = false;
        mstun_stream_begin_coverage(event, seq);
    }
}

/* Whether bytes are missing before seq. A FIN takes a sequence number, too. */
static bool is_behind_gap(const mstun_event_t *event, const mstun_flow_t *flow, uint32_t seq)
{
    int32_t distance = mstun_seq_distance(seq, flow->coverage.newest);

    return distance > 0 && !(distance == 1 && mstun_tcp_is_closed(event->stream->tcp, NULL));
}

static void note_arrival(const mstun_event_t *event, mstun_flow_t *flow, const mstun_segment_t *segment)
{
    flow->entered_frame = event->pinfo->num;
    if (!flow->coverage.begun) {
        mstun_stream_begin_coverage(event, segment->seq);
    } else if (is_behind_gap(event, flow, segment->seq)) {
        flow->coverage.gap_frame = event->pinfo->num;
    }
}

mstun_framing_change_t mstun_stream_enter(const mstun_event_t *event, const mstun_segment_t *segment,
                                          mstun_framing_t hint)
{
    packet_info *pinfo = event->pinfo;
    mstun_flow_t *flow = &event->stream->flow[event->direction];

    if (!event->first_visit) {
        return look_up(flow, pinfo->num, segment->seq);
    }
    flow->has_seq = segment->has_seq;
    flow->read_from = segment->seq;
    flow->is_reading = true;
    if (segment->has_seq && event->stream->tcp && !segment->is_late) {
        note_arrival(event, flow, segment);
    }
    if (flow->synchronized && (!segment->has_seq || flow->next_seq == segment->seq)) {
        return (mstun_framing_change_t){ .frame = pinfo->num, .seq = segment->seq, .framing = flow->framing };
    }
    if (flow->framing != MSTUN_FRAMING_UNKNOWN) {
        hint = flow->framing;
    } else if (hint == MSTUN_FRAMING_UNKNOWN) {
        hint = event->stream->flow[1 - event->direction].framing;
    }
    mstun_framing_change_t change = find_sync_point(hint, pinfo, segment);

    if (segment->is_late && change.first_unit_offset == MSTUN_OFFSET_NONE) {
        return change;
    }
    if (flow->coverage.begun && mstun_seq_distance(segment->seq, flow->coverage.top) > 0) { /* behind a gap */
        flow->is_reading = change.first_unit_offset != MSTUN_OFFSET_NONE;
        flow->read_from = segment->seq + (flow->is_reading ? change.first_unit_offset : 0);
    }
    flow->framing = change.framing;
    add_framing_change(flow, &change);
    return change;
}

/* Bytes of the segment up to end are read. What a unit lacks of its end comes in the next segment. */
static void read_up_to(mstun_flow_t *flow, const mstun_segment_t *segment, uint32_t end, mstun_framing_t framing)
{
    if (mstun_seq_distance(end, segment->seq + segment->reported) > 0) {
        end = segment->seq + segment->reported;
    }
    if (flow->coverage.begun && flow->is_reading && mstun_seq_distance(end, flow->read_from) > 0) {
        mstun_coverage_read(&flow->coverage, flow->read_from, end, framing);
        flow->read_from = end;
    }
    if (flow->coverage.begun && flow->coverage.top == end) { /* the last unit may have changed it, as ConnectionBind */
        flow->coverage.framing = framing;
    }
}

void mstun_stream_move_on(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t offset,
                          mstun_framing_t framing, bool synchronized)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];
    uint32_t end = segment->seq + offset;

    read_up_to(flow, segment, end, framing);
    set_framing(flow, event->pinfo->num, end, framing);
    /* A retransmission that TCP passes on to us must not move next_seq back. */
    if (!flow->synchronized || mstun_seq_distance(end, flow->next_seq) > 0) {
        flow->next_seq = end;
    }
    flow->synchronized = synchronized;
}

mstun_flow_edge_t mstun_stream_go_back(const mstun_event_t *event, const mstun_run_t *run)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];
    mstun_flow_edge_t edge = { flow->next_seq, flow->framing, flow->synchronized };

    if (run->framing != MSTUN_FRAMING_UNKNOWN) {
        set_framing(flow, event->pinfo->num, run->begin, run->framing);
    }
    flow->next_seq = run->begin;
    flow->synchronized = run->synchronized && flow->framing != MSTUN_FRAMING_UNKNOWN;
    return edge;
}

void mstun_stream_go_on(const mstun_event_t *event, const mstun_run_t *run, uint32_t end, const mstun_flow_edge_t *edge)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];

    if (run->at_top && mstun_seq_distance(end, run->begin) > 0) {
        return; /* nothing was read behind it */
    }
    set_framing(flow, event->pinfo->num, end, edge->framing);
    flow->next_seq = edge->next_seq;
    flow->synchronized = edge->synchronized;
}

void mstun_stream_note_truncation(const mstun_event_t *event, const mstun_segment_t *segment)
{
    mstun_flow_t *flow = &event->stream->flow[event->direction];

    flow->truncated_before_current = flow->last_truncated_frame;
    if (segment->captured < segment->reported) {
        flow->last_truncated_frame = event->pinfo->num;
    }
}

void mstun_stream_restart(const mstun_event_t *event)
{
    mstun_flow_t *other = &event->stream->flow[1 - event->direction];

    /* If the ConnectionBind request was captured, it has done this already, and bytes may have followed it since. */
    if (other->framing == MSTUN_FRAMING_UNKNOWN) {
        other->framing = MSTUN_FRAMING_UNDETERMINED_RELAY;
    }
}
