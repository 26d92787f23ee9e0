/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/response_state.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/tcp_bits.h"

bool mstun_stream_is_closed(const mstun_stream_t *stream)
{
    return stream->tcp && (stream->tcp->conversation_completeness & (TCP_FIN_SEEN | TCP_RESET_SEEN));
}

bool mstun_stream_idle_or_closed(const mstun_stream_t *stream, const nstime_t *since, const nstime_t *end)
{
    return mstun_ms_between(since, end) >= STUN_TI_MS || mstun_stream_is_closed(stream);
}

const nstime_t *mstun_stream_last_time(const mstun_stream_t *stream)
{
    return stream->tcp ? &stream->tcp->ts_prev : NULL;
}

bool mstun_stream_was_reset(const mstun_stream_t *stream, nstime_t *last)
{
    if (!stream->tcp || (stream->tcp->conversation_completeness & (TCP_FIN_SEEN | TCP_RESET_SEEN)) != TCP_RESET_SEEN) {
        return false;
    }
    *last = stream->tcp->ts_prev;
    return true;
}

static bool nothing_captured_of(const tcp_flow_t *flow)
{
    const tcp_analyze_seq_flow_info_t *seen = flow->tcp_analyze_seq_info;

    return seen && seen->nextseq == 0 && seen->lastack == 0 && nstime_is_zero(&seen->lastacktime);
}

bool mstun_stream_is_half_captured(const mstun_stream_t *stream)
{
    return stream->tcp && (nothing_captured_of(&stream->tcp->flow1) || nothing_captured_of(&stream->tcp->flow2));
}

/* TCP's data on a direction of ours; TCP numbers them by the order of the addresses, too. */
static const tcp_flow_t *flow_of(const struct tcp_analysis *tcp, unsigned direction)
{
    return direction == 1 ? &tcp->flow1 : &tcp->flow2;
}

bool mstun_stream_closed_first_by(const mstun_stream_t *stream, unsigned direction)
{
    return stream->tcp && flow_of(stream->tcp, direction)->closing_initiator;
}

uint32_t mstun_stream_gap_frame(const mstun_stream_t *stream, unsigned direction)
{
    return stream->flow[direction].gap_frame;
}

bool mstun_stream_has_bytes(const mstun_stream_t *stream, unsigned direction)
{
    return stream->flow[direction].framing_changes != NULL;
}

static const char *gap_text(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                            wmem_allocator_t *scope)
{
    uint32_t gap = mstun_stream_gap_frame(stream, 1 - transaction->direction);

    return gap > transaction->request_frame
               ? wmem_strdup_printf(scope,
                                    "; bytes of the other direction are missing from the capture before frame %u, the "
                                    "response may have been among them",
                                    gap)
               : "";
}

mstun_response_state_t mstun_response_state(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **reason)
{
    const struct tcp_analysis *tcp = stream->tcp;

    if (transaction->response_frame || !transaction->awaits_response) {
        return MSTUN_RESPONSE_ARRIVED;
    }
    if (tcp && nothing_captured_of(flow_of(tcp, 1 - transaction->direction))) {
        return MSTUN_RESPONSE_NOT_CAPTURED;
    }
    if (mstun_stream_is_closed(stream)) {
        *reason = wmem_strdup_printf(scope, "the connection was %s%s",
                                     tcp->conversation_completeness & TCP_FIN_SEEN ? "closed" : "reset",
                                     gap_text(transaction, stream, scope));
        return MSTUN_RESPONSE_MISSING;
    }
    double waited_ms = mstun_ms_between(&transaction->request_time, end);
    double limit_ms = stun_type_method(transaction->type) == TURN_CONNECT ? STUN_TI_MS : RESPONSE_GRACE_MS;

    if (waited_ms < limit_ms) {
        return MSTUN_RESPONSE_PENDING;
    }
    *reason = wmem_strdup_printf(scope, "the capture goes on for %.1f s after it%s", waited_ms / 1000,
                                 gap_text(transaction, stream, scope));
    return MSTUN_RESPONSE_MISSING;
}
