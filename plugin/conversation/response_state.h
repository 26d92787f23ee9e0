/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Classifies a request without a response (unanswered, still pending, or one-sided capture); how a connection ended. */
#ifndef MSTUN_CONVERSATION_RESPONSE_STATE_H
#define MSTUN_CONVERSATION_RESPONSE_STATE_H

#include "conversation/tcp_state.h"
#include "conversation/transaction.h"

/* A server answers in milliseconds: a request is unanswered if the capture goes on for longer than this after it. Only
 * Connect may take 30 s and more, as the server first connects to the peer (RFC 6062 section 5.2). */
#define RESPONSE_GRACE_MS 5000

typedef enum {
    MSTUN_RESPONSE_ARRIVED,      /* or none is expected */
    MSTUN_RESPONSE_PENDING,      /* the capture of this connection ends too soon to know */
    MSTUN_RESPONSE_ABANDONED,    /* in flight when the connection was closed, which explains it */
    MSTUN_RESPONSE_NOT_CAPTURED, /* the capture lacks bytes of the other direction that may have been the response */
    MSTUN_RESPONSE_MISSING,
} mstun_response_state_t;

/** Whether a FIN or RST of the connection was seen; as far as is known by now, like all that follows. False on UDP. */
bool mstun_stream_is_closed(const mstun_stream_t *stream);

/** Whether the connection is closed, or the capture, which ends at end, goes on for so long after since that what was
 * expected then will not come. */
bool mstun_stream_idle_or_closed(const mstun_stream_t *stream, const nstime_t *since, const nstime_t *end);

/** How the connection was closed. False, and close untouched, if it was not, and on UDP. */
bool mstun_stream_get_close(const mstun_stream_t *stream, mstun_tcp_close_t *close);

/** Whether the connection ended in a reset without a FIN. last: then the time of its last packet, else untouched. */
bool mstun_stream_was_reset(const mstun_stream_t *stream, nstime_t *last);

/** Whether the sender of this direction was the first to close the connection, by FIN or RST. False on UDP. */
bool mstun_stream_closed_first_by(const mstun_stream_t *stream, unsigned direction);

/** Whether the capture has packets of only one of the directions. False on UDP. */
bool mstun_stream_is_half_captured(const mstun_stream_t *stream);

/** The time of the connection's last packet so far; on UDP, of its last datagram that is ours. */
const nstime_t *mstun_stream_last_time(const mstun_stream_t *stream);

/** Until when the capture, which ends at end, shows what becomes of the connection. */
nstime_t mstun_stream_observed_until(const mstun_stream_t *stream, const nstime_t *end);

/** The last frame before which bytes of this direction are missing from the capture; 0: none are. */
uint32_t mstun_stream_gap_frame(const mstun_stream_t *stream, unsigned direction);

/** Whether the capture has the connection's SYN: what it does not show did not happen. False on UDP. */
bool mstun_stream_captured_from_start(const mstun_stream_t *stream);

/** Whether any bytes of this direction are in the capture. */
bool mstun_stream_has_bytes(const mstun_stream_t *stream, unsigned direction);

/** Whether the other host has acknowledged all bytes of a request of this stream, as far as is known by now. */
mstun_ack_t mstun_request_was_acknowledged(const mstun_transaction_t *transaction, const mstun_stream_t *stream);

/**
 * The state of a transaction of this stream in a capture that ends at end.
 * reason: if MISSING, set to half a sentence that says what came instead of a response; if NOT_CAPTURED, to why the
 * capture may lack it; else undefined. Allocated from scope.
 */
mstun_response_state_t mstun_response_state(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **reason);

#endif
