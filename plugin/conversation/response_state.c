/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/response_state.h"

#include <epan/dissectors/packet-tcp.h>

#define STUN_RTO_MS 500 /* RFC 8489 section 6.2.1: a client that knows no round-trip time repeats a request after it */

/* RFC 8656 section 3.2: a TURN client refreshes its allocation within 600 s. A connection that is silent for longer has
 * ended, or the capture of it has: captures of different times may be merged. */
#define SILENCE_MAX_MS 600000

bool mstun_stream_get_close(const mstun_stream_t *stream, mstun_tcp_close_t *close)
{
    return stream->tcp && mstun_tcp_is_closed(stream->tcp, close);
}

bool mstun_stream_is_closed(const mstun_stream_t *stream)
{
    return mstun_stream_get_close(stream, NULL);
}

bool mstun_stream_idle_or_closed(const mstun_stream_t *stream, const nstime_t *since, const nstime_t *end)
{
    return mstun_ms_between(since, end) >= STUN_TI_MS || mstun_stream_is_closed(stream);
}

const nstime_t *mstun_stream_last_time(const mstun_stream_t *stream)
{
    return stream->tcp ? &stream->tcp->ts_prev : &stream->last_time;
}

nstime_t mstun_stream_observed_until(const mstun_stream_t *stream, const nstime_t *end)
{
    const nstime_t *last = mstun_stream_last_time(stream);
    mstun_tcp_close_t close;

    if (mstun_stream_get_close(stream, &close)) {
        return close.abs_ts;
    }
    return mstun_ms_between(last, end) > SILENCE_MAX_MS ? *last : *end;
}

bool mstun_stream_was_reset(const mstun_stream_t *stream, nstime_t *last)
{
    mstun_tcp_close_t close;

    if (!mstun_stream_get_close(stream, &close) || !close.reset) {
        return false;
    }
    *last = stream->tcp->ts_prev;
    return true;
}

bool mstun_stream_is_half_captured(const mstun_stream_t *stream)
{
    return stream->tcp && (mstun_tcp_is_uncaptured(stream->tcp, 0) || mstun_tcp_is_uncaptured(stream->tcp, 1));
}

bool mstun_stream_closed_first_by(const mstun_stream_t *stream, unsigned direction)
{
    mstun_tcp_close_t close;

    return mstun_stream_get_close(stream, &close) && close.direction == direction;
}

uint32_t mstun_stream_gap_frame(const mstun_stream_t *stream, unsigned direction)
{
    return mstun_coverage_gap_frame(&stream->flow[direction].coverage);
}

bool mstun_stream_captured_from_start(const mstun_stream_t *stream)
{
    unsigned direction;

    return stream->tcp && mstun_tcp_client_direction(stream->tcp, &direction);
}

bool mstun_stream_has_bytes(const mstun_stream_t *stream, unsigned direction)
{
    return stream->flow[direction].framing_changes != NULL;
}

mstun_ack_t mstun_request_was_acknowledged(const mstun_transaction_t *transaction, const mstun_stream_t *stream)
{
    return stream->tcp && stream->flow[transaction->direction].has_seq && transaction->request_frame
               ? mstun_tcp_was_acknowledged(stream->tcp, transaction->direction, transaction->request_end,
                                            &transaction->request_time)
               : MSTUN_ACK_UNKNOWN;
}

/* "49 ms", "8.5 s" */
static const char *duration_text(wmem_allocator_t *scope, double ms)
{
    return ms < 1000 ? wmem_strdup_printf(scope, "%.0f ms", ms) : wmem_strdup_printf(scope, "%.1f s", ms / 1000);
}

/* Why the response may only be missing from the capture; NULL if it may not. */
static const char *lack_text(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                             wmem_allocator_t *scope)
{
    unsigned direction = 1 - transaction->direction;
    const mstun_flow_t *flow = &stream->flow[direction];

    switch (mstun_stream_lack(stream, direction, transaction->request_frame)) {
    case MSTUN_LACK_DIRECTION:
        return "the capture has no packet of the other direction";
    case MSTUN_LACK_SEGMENT:
        return wmem_strdup_printf(scope, "bytes of the other direction are missing from the capture before frame %u",
                                  mstun_coverage_gap_frame(&flow->coverage));
    case MSTUN_LACK_TRUNCATED:
        return wmem_strdup_printf(scope, "the capture has only the beginning of frame %u", flow->last_truncated_frame);
    case MSTUN_LACK_END:
        return "the last bytes of the other direction are missing from the capture";
    case MSTUN_LACK_ACKNOWLEDGED:
        return "the requester acknowledged bytes that are missing from the capture";
    case MSTUN_LACK_NOTHING:
        break;
    }
    return NULL;
}

/* How long a response may take. */
static double limit_ms(const mstun_transaction_t *transaction)
{
    return stun_type_method(transaction->type) == TURN_CONNECT ? STUN_TI_MS : RESPONSE_GRACE_MS;
}

/* The end of a call interrupts what is in flight then. But a client that got nothing at all and closes has given up. */
static mstun_response_state_t state_if_requester_closed(const mstun_transaction_t *transaction,
                                                        const mstun_stream_t *stream, const mstun_tcp_close_t *close,
                                                        wmem_allocator_t *scope, const char **reason)
{
    double waited_ms = mstun_ms_between(&transaction->request_time, &close->abs_ts);
    bool gave_up = !transaction->pair && !mstun_stream_has_bytes(stream, 1 - transaction->direction);

    if (waited_ms < (gave_up ? STUN_RTO_MS : limit_ms(transaction))) {
        return MSTUN_RESPONSE_ABANDONED;
    }
    *reason = wmem_strdup_printf(scope, "no response in %s, then the requester %s the connection",
                                 duration_text(scope, waited_ms), close->reset ? "reset" : "closed");
    return MSTUN_RESPONSE_MISSING;
}

static mstun_response_state_t state_if_responder_closed(const mstun_transaction_t *transaction,
                                                        const mstun_tcp_close_t *close, wmem_allocator_t *scope,
                                                        const char **reason)
{
    double waited_ms = mstun_ms_between(&transaction->request_time, &close->abs_ts);

    /* Either side of a call may hang up while a check is in flight. */
    if (waited_ms < 0 || (transaction->pair && !close->reset && waited_ms < RESPONSE_GRACE_MS)) {
        return MSTUN_RESPONSE_ABANDONED;
    }
    *reason = close->reset
                  ? wmem_strdup_printf(scope, "it resets the connection %s later", duration_text(scope, waited_ms))
                  : wmem_strdup_printf(scope, "it closes the connection %s later (FIN in frame %u)",
                                       duration_text(scope, waited_ms), close->frame);
    return MSTUN_RESPONSE_MISSING;
}

static mstun_response_state_t state_if_open(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **reason)
{
    const nstime_t *last = mstun_stream_last_time(stream);
    bool capture_ended = mstun_ms_between(last, end) > SILENCE_MAX_MS;
    double waited_ms = mstun_ms_between(&transaction->request_time, capture_ended ? last : end);

    if (waited_ms < limit_ms(transaction)) {
        return MSTUN_RESPONSE_PENDING;
    }
    *reason = capture_ended
                  ? wmem_strdup_printf(scope, "no response in %s, up to the connection's last packet",
                                       duration_text(scope, waited_ms))
                  : wmem_strdup_printf(scope, "the capture goes on for %s after it", duration_text(scope, waited_ms));
    return MSTUN_RESPONSE_MISSING;
}

mstun_response_state_t mstun_response_state(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **reason)
{
    mstun_tcp_close_t close;

    if (transaction->response_frame || !transaction->awaits_response) {
        return MSTUN_RESPONSE_ARRIVED;
    }
    *reason = lack_text(transaction, stream, scope);
    if (*reason) {
        return MSTUN_RESPONSE_NOT_CAPTURED;
    }
    if (!mstun_stream_get_close(stream, &close)) {
        return state_if_open(transaction, stream, end, scope, reason);
    }
    return close.direction == transaction->direction
               ? state_if_requester_closed(transaction, stream, &close, scope, reason)
               : state_if_responder_closed(transaction, &close, scope, reason);
}
