/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/tcp_unacked.h"

#include "conversation/tcp_flow.h"

static bool is_analyzed(const struct tcp_analysis *tcp, unsigned direction)
{
    const tcp_analyze_seq_flow_info_t *sent = mstun_tcp_flow(tcp, direction)->tcp_analyze_seq_info;

    return sent && mstun_tcp_flow(tcp, 1 - direction)->tcp_analyze_seq_info &&
           sent->segment_count < TCP_MAX_UNACKED_SEGMENTS;
}

static bool is_in_range(uint32_t end, uint32_t left, uint32_t right)
{
    return left != right && mstun_seq_distance(end, left) > 0 && mstun_seq_distance(right, end) >= 0;
}

bool mstun_tcp_has_sack(const struct tcp_analysis *tcp, unsigned direction, uint32_t end)
{
    const tcp_analyze_seq_flow_info_t *receiver = mstun_tcp_flow(tcp, 1 - direction)->tcp_analyze_seq_info;
    uint32_t relative_end = end - mstun_tcp_flow(tcp, direction)->base_seq;

    if (!receiver) {
        return false;
    }
    /* Up to 4.0 the first one is at index 1, and index 0 is empty. They are relative as the user wants to see them. */
    for (unsigned i = 0; i <= receiver->num_sack_ranges && i < MAX_TCP_SACK_RANGES; i++) {
        uint32_t left = receiver->sack_left_edge[i], right = receiver->sack_right_edge[i];

        if (is_in_range(end, left, right) || is_in_range(relative_end, left, right)) {
            return true;
        }
    }
    return false;
}

static bool has_smaller_sack(const struct tcp_analysis *tcp, unsigned direction, uint32_t len)
{
    const tcp_unacked_t *segment = mstun_tcp_flow(tcp, direction)->tcp_analyze_seq_info->segments;

    while (segment &&
           !(segment->nextseq - segment->seq < len && mstun_tcp_has_sack(tcp, direction, segment->nextseq))) {
        segment = segment->next;
    }
    return segment != NULL;
}

/* A packet that is in the file twice was not sent twice. Only those of one time are known to be one packet: on a fast
 * link TCP repeats within less than a millisecond. */
static bool is_copy(const tcp_unacked_t *segment, const tcp_unacked_t *other)
{
    return nstime_cmp(&segment->ts, &other->ts) == 0;
}

/* TCP keeps each segment, also when it is sent again; the newest is the first in the list. */
bool mstun_tcp_first_unacked(const struct tcp_analysis *tcp, unsigned direction, mstun_tcp_unacked_t *unacked)
{
    const tcp_flow_t *flow = mstun_tcp_flow(tcp, direction);
    const tcp_unacked_t *first = NULL, *counted = NULL;

    memset(unacked, 0, sizeof *unacked);
    if (!is_analyzed(tcp, direction)) {
        return false;
    }
    for (const tcp_unacked_t *segment = flow->tcp_analyze_seq_info->segments; segment; segment = segment->next) {
        int32_t distance = first ? mstun_seq_distance(segment->seq, first->seq) : -1;

        if (distance < 0) {
            unacked->last = segment->ts;
            unacked->count = 0;
            counted = NULL;
        }
        if (distance <= 0) {
            first = segment;
        }
        if (distance <= 0 && (!counted || !is_copy(segment, counted))) {
            counted = segment;
            unacked->count++;
        }
    }
    if (!first) {
        return false;
    }
    unacked->frame = first->frame;
    unacked->position = first->seq - flow->base_seq;
    unacked->len = first->nextseq - first->seq;
    unacked->first = first->ts;
    unacked->smaller_arrived = has_smaller_sack(tcp, direction, unacked->len);
    return true;
}
