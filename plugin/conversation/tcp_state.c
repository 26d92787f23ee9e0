/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/tcp_state.h"

#include "conversation/tcp_flow.h"
#include "conversation/tcp_unacked.h"
#include "wire/header.h"

/* Bits of tcp_flow_t's static_flags, as packet-tcp.c defines them for itself. */
#define SENT_SYN 0x02
/* And some of tcp_acked's flags. */
#define RETRANSMISSION 0x0001
#define PREVIOUS_SEGMENT_LOST 0x0002
#define OUT_OF_ORDER 0x0200
#define SPURIOUS_RETRANSMISSION 0x4000

#define ACK_TIME_MS 1000 /* a receiver acknowledges in 0.5 s (RFC 9293 section 3.8.6.3), a sender repeats after 1 s */

bool mstun_tcp_is_uncaptured(const struct tcp_analysis *tcp, unsigned direction)
{
    const tcp_analyze_seq_flow_info_t *seen = mstun_tcp_flow(tcp, direction)->tcp_analyze_seq_info;

    return seen && seen->nextseq == 0 && seen->lastack == 0 && nstime_is_zero(&seen->lastacktime);
}

/* The time of the last packet of a direction. */
static const nstime_t *last_time(const tcp_flow_t *flow)
{
    static const nstime_t never = NSTIME_INIT_ZERO;

    return flow->tcp_analyze_seq_info ? &flow->tcp_analyze_seq_info->lastacktime : &never;
}

/* TCP does not note who sent an RST. Most RST have no window, else it is the connection's last packet. */
static unsigned reset_direction(const struct tcp_analysis *tcp)
{
    bool windows[2] = { mstun_tcp_flow(tcp, 0)->window != 0, mstun_tcp_flow(tcp, 1)->window != 0 };

    if (windows[0] != windows[1]) {
        return windows[0] ? 1 : 0;
    }
    return nstime_cmp(last_time(mstun_tcp_flow(tcp, 1)), last_time(mstun_tcp_flow(tcp, 0))) > 0 ? 1 : 0;
}

bool mstun_tcp_is_closed(const struct tcp_analysis *tcp, mstun_tcp_close_t *close)
{
    if (!(tcp->conversation_completeness & (TCP_FIN_SEEN | TCP_RESET_SEEN))) {
        return false;
    }
    if (!close) {
        return true;
    }
    if (tcp->flow1.closing_initiator || tcp->flow2.closing_initiator) {
        const tcp_flow_t *flow = tcp->flow1.closing_initiator ? &tcp->flow1 : &tcp->flow2;
        const tcp_analyze_seq_flow_info_t *sent = flow->tcp_analyze_seq_info;

        /* A FIN has the last sequence number of its direction. */
        *close = (mstun_tcp_close_t){ .direction = tcp->flow1.closing_initiator ? 1 : 0,
                                      .frame = sent ? sent->nextseqframe : 0,
                                      .abs_ts = sent ? sent->nextseqtime : tcp->ts_prev };
    } else {
        *close = (mstun_tcp_close_t){ .reset = true, .direction = reset_direction(tcp), .abs_ts = tcp->ts_prev };
        if (mstun_tcp_flow(tcp, close->direction)->tcp_analyze_seq_info) {
            close->abs_ts = *last_time(mstun_tcp_flow(tcp, close->direction));
        }
    }
    return true;
}

bool mstun_tcp_has_gap_here(const struct tcp_analysis *tcp)
{
    return tcp->ta && (tcp->ta->flags & PREVIOUS_SEGMENT_LOST);
}

bool mstun_tcp_withholds(const struct tcp_analysis *tcp)
{
    return tcp->ta && (tcp->ta->flags & (RETRANSMISSION | OUT_OF_ORDER | SPURIOUS_RETRANSMISSION));
}

bool mstun_tcp_lacks_acknowledged_bytes(const struct tcp_analysis *tcp, unsigned direction)
{
    const tcp_analyze_seq_flow_info_t *sent = mstun_tcp_flow(tcp, direction)->tcp_analyze_seq_info;
    const tcp_analyze_seq_flow_info_t *other = mstun_tcp_flow(tcp, 1 - direction)->tcp_analyze_seq_info;

    return sent && other && sent->nextseq && other->lastack &&
           mstun_seq_distance(other->lastack, sent->nextseq) >= STUN_HEADER_LEN;
}

/* Who closes second sends a FIN with or after its last data, but not before the first FIN. */
static bool sent_fin(const struct tcp_analysis *tcp, const tcp_flow_t *flow)
{
    mstun_tcp_close_t first;

    return flow->closing_initiator ||
           ((tcp->conversation_completeness & TCP_FIN_SEEN) && mstun_tcp_is_closed(tcp, &first) && !first.reset &&
            nstime_cmp(&flow->tcp_analyze_seq_info->nextseqtime, &first.abs_ts) >= 0);
}

uint32_t mstun_tcp_position(const struct tcp_analysis *tcp, unsigned direction, uint32_t raw_seq)
{
    return mstun_tcp_counts_from_one() ? raw_seq - mstun_tcp_flow(tcp, direction)->base_seq : raw_seq;
}

uint32_t mstun_tcp_first_position(const struct tcp_analysis *tcp, unsigned direction)
{
    return mstun_tcp_position(tcp, direction, mstun_tcp_flow(tcp, direction)->base_seq + 1);
}

uint32_t mstun_tcp_data_len(const struct tcp_analysis *tcp, unsigned direction)
{
    const tcp_flow_t *flow = mstun_tcp_flow(tcp, direction);

    if (!flow->tcp_analyze_seq_info || flow->tcp_analyze_seq_info->nextseq == 0) {
        return 0;
    }
    int32_t len = mstun_seq_distance(flow->tcp_analyze_seq_info->nextseq, flow->base_seq + 1);

    len -= len > 0 && sent_fin(tcp, flow) ? 1 : 0;
    return len > 0 ? (uint32_t)len : 0;
}

bool mstun_tcp_last_data(const struct tcp_analysis *tcp, unsigned direction, nstime_t *abs_ts)
{
    const tcp_flow_t *flow = mstun_tcp_flow(tcp, direction);

    if (!flow->tcp_analyze_seq_info || sent_fin(tcp, flow)) {
        return false;
    }
    *abs_ts = flow->tcp_analyze_seq_info->nextseqtime;
    return true;
}

bool mstun_tcp_client_direction(const struct tcp_analysis *tcp, unsigned *direction)
{
    bool by_1 = (tcp->flow1.static_flags & SENT_SYN) != 0, by_2 = (tcp->flow2.static_flags & SENT_SYN) != 0;

    if (by_1 == by_2) {
        return false;
    }
    *direction = by_1 ? 1 : 0;
    return true;
}

/* TCP's analysis has raw sequence numbers. Positions are relative ones, unless the user wants to see raw ones: what is
 * nearer to the end of the data is right. */
static uint32_t raw_seq(uint32_t position, const tcp_flow_t *flow)
{
    uint32_t end = flow->tcp_analyze_seq_info->nextseq, raw = position + flow->base_seq;

    return MIN(end - raw, raw - end) <= MIN(end - position, position - end) ? raw : position;
}

/* TCP keeps all segments that were not acknowledged. */
static bool awaits_ack(const tcp_flow_t *flow, uint32_t end)
{
    const tcp_unacked_t *segment = flow->tcp_analyze_seq_info->segments;

    while (segment && !(mstun_seq_distance(end, segment->seq) > 0 && mstun_seq_distance(end, segment->nextseq) <= 0)) {
        segment = segment->next;
    }
    return segment != NULL;
}

mstun_ack_t mstun_tcp_was_acknowledged(const struct tcp_analysis *tcp, unsigned direction, uint32_t end,
                                       const nstime_t *sent)
{
    const tcp_flow_t *flow = mstun_tcp_flow(tcp, direction), *other = mstun_tcp_flow(tcp, 1 - direction);

    if (!flow->tcp_analyze_seq_info || !other->tcp_analyze_seq_info || mstun_tcp_is_uncaptured(tcp, 1 - direction) ||
        flow->tcp_analyze_seq_info->segment_count >= TCP_MAX_UNACKED_SEGMENTS) {
        return MSTUN_ACK_UNKNOWN;
    }
    uint32_t raw_end = raw_seq(end, flow), ack = other->tcp_analyze_seq_info->lastack;

    if (ack != 0 && mstun_seq_distance(ack, raw_end) >= 0) {
        return MSTUN_ACK_YES;
    }
    if (mstun_tcp_has_sack(tcp, direction, raw_end)) {
        return MSTUN_ACK_SACK;
    }
    if (awaits_ack(flow, raw_end)) {
        nstime_t waited;

        nstime_delta(&waited, &tcp->ts_prev, sent);
        return nstime_to_msec(&waited) >= ACK_TIME_MS ? MSTUN_ACK_NO : MSTUN_ACK_UNKNOWN;
    }
    /* TCP takes the 0 in an RST without ACK for an acknowledgement, of what is in the upper half of the numbers. */
    return ack != 0 || mstun_seq_distance(raw_end, 0) > 0 ? MSTUN_ACK_YES : MSTUN_ACK_UNKNOWN;
}
