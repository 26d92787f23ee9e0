/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/response_state.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/tcp_bits.h"

static uint32_t last_frame; /* as far as it was looked for in this file; 0: not yet */

/* The last frame there is, from a frame that is there: in two times its logarithm steps. */
static uint32_t find_last_frame(const packet_info *pinfo, uint32_t known)
{
    uint32_t beyond = known;

    while (beyond < UINT32_MAX / 2 && mstun_frame_time(pinfo, beyond * 2)) {
        beyond *= 2;
        known = beyond;
    }
    beyond = known * 2;
    while (beyond - known > 1) {
        uint32_t middle = known + (beyond - known) / 2;

        if (mstun_frame_time(pinfo, middle)) {
            known = middle;
        } else {
            beyond = middle;
        }
    }
    return known;
}

/* Wireshark has no call for it, but from the second visit on every frame can be asked for its time. */
bool mstun_capture_end(packet_info *pinfo, nstime_t *end)
{
    if (!PINFO_FD_VISITED(pinfo) || !mstun_frame_time(pinfo, pinfo->num)) {
        return false;
    }
    uint32_t known = MAX(last_frame, pinfo->num);

    if (known != last_frame || mstun_frame_time(pinfo, known + 1)) { /* a live capture grows */
        last_frame = find_last_frame(pinfo, known);
    }
    *end = *mstun_frame_time(pinfo, last_frame);
    return true;
}

bool mstun_tcp_saw_fin_or_rst(const struct tcp_analysis *tcp)
{
    return (tcp->conversation_completeness & (TCP_FIN_SEEN | TCP_RESET_SEEN)) != 0;
}

const nstime_t *mstun_tcp_last_time(const struct tcp_analysis *tcp)
{
    return &tcp->ts_prev;
}

bool mstun_stream_is_closed(const mstun_stream_t *stream)
{
    return stream->tcp && mstun_tcp_saw_fin_or_rst(stream->tcp);
}

bool mstun_stream_idle_or_closed(const mstun_stream_t *stream, const nstime_t *since, const nstime_t *end)
{
    nstime_t waited;

    nstime_delta(&waited, end, since);
    return nstime_to_msec(&waited) >= STUN_TI_MS || mstun_stream_is_closed(stream);
}

bool mstun_stream_was_reset(const mstun_stream_t *stream, nstime_t *last)
{
    if (!stream->tcp || (stream->tcp->conversation_completeness & (TCP_FIN_SEEN | TCP_RESET_SEEN)) != TCP_RESET_SEEN) {
        return false;
    }
    *last = stream->tcp->ts_prev;
    return true;
}

mstun_closed_by_t mstun_stream_closed_by(packet_info *pinfo)
{
    const struct tcp_analysis *tcp = pinfo->ptype == PT_TCP ? get_tcp_conversation_data(NULL, pinfo) : NULL;

    if (!PINFO_FD_VISITED(pinfo) || !tcp) {
        return MSTUN_CLOSED_NOT;
    }
    return tcp->fwd->closing_initiator   ? MSTUN_CLOSED_BY_SENDER
           : tcp->rev->closing_initiator ? MSTUN_CLOSED_BY_RECEIVER
                                         : MSTUN_CLOSED_NOT;
}

static bool nothing_captured_of(const tcp_flow_t *flow)
{
    const tcp_analyze_seq_flow_info_t *seen = flow->tcp_analyze_seq_info;

    return seen && seen->nextseq == 0 && seen->lastack == 0 && nstime_is_zero(&seen->lastacktime);
}

bool mstun_tcp_half_captured(const struct tcp_analysis *tcp)
{
    return nothing_captured_of(&tcp->flow1) || nothing_captured_of(&tcp->flow2);
}

/* The packets that a direction of mstun_stream_direction is about; both are the order of the addresses. */
static const tcp_flow_t *flow_of(const struct tcp_analysis *tcp, unsigned direction)
{
    return direction == 1 ? &tcp->flow1 : &tcp->flow2;
}

bool mstun_stream_closed_first_by(const mstun_stream_t *stream, unsigned direction)
{
    return stream->tcp && flow_of(stream->tcp, direction)->closing_initiator;
}

static const char *gap_text(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                            wmem_allocator_t *scope)
{
    uint32_t gap = stream->flow[1 - transaction->direction].gap_frame;

    return gap > transaction->request_frame
               ? wmem_strdup_printf(scope,
                                    "; bytes of the other direction are missing from the capture before frame %u, the "
                                    "response may have been among them",
                                    gap)
               : "";
}

mstun_response_state_t mstun_response_state(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **why)
{
    const struct tcp_analysis *tcp = stream->tcp;
    nstime_t waited;

    if (transaction->response_frame || !transaction->awaits_response) {
        return MSTUN_RESPONSE_ARRIVED;
    }
    if (tcp && nothing_captured_of(flow_of(tcp, 1 - transaction->direction))) {
        return MSTUN_RESPONSE_NOT_CAPTURED;
    }
    if (mstun_stream_is_closed(stream)) {
        *why = wmem_strdup_printf(scope, "the connection was %s%s",
                                  tcp->conversation_completeness & TCP_FIN_SEEN ? "closed" : "reset",
                                  gap_text(transaction, stream, scope));
        return MSTUN_RESPONSE_MISSING;
    }
    nstime_delta(&waited, end, &transaction->request_time);
    double limit = stun_type_method(transaction->type) == TURN_CONNECT ? STUN_TI_MS : RESPONSE_GRACE_MS;

    if (nstime_to_msec(&waited) < limit) {
        return MSTUN_RESPONSE_PENDING;
    }
    *why = wmem_strdup_printf(scope, "the capture goes on for %.1f s after it%s", nstime_to_sec(&waited),
                              gap_text(transaction, stream, scope));
    return MSTUN_RESPONSE_MISSING;
}

static void forget_last_frame(void)
{
    last_frame = 0;
}

void mstun_response_state_register(const mstun_registrar_t *reg _U_)
{
    register_init_routine(forget_last_frame); /* at every opening of a file */
}
