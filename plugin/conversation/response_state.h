/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a request without a response had its chance to get one. */
#ifndef MSTUN_CONVERSATION_RESPONSE_STATE_H
#define MSTUN_CONVERSATION_RESPONSE_STATE_H

#include "conversation/transaction.h"

/* A server answers in milliseconds. A request that the end of the capture follows later than this was not answered;
 * but a server that connects to a peer has 30 s and more for it (RFC 6062 section 5.2). */
#define RESPONSE_GRACE_MS 5000

struct tcp_analysis;

typedef enum {
    MSTUN_RESPONSE_ARRIVED,      /* or nothing is to be answered */
    MSTUN_RESPONSE_PENDING,      /* the capture ends too soon to tell */
    MSTUN_RESPONSE_NOT_CAPTURED, /* not one packet of the other direction was captured */
    MSTUN_RESPONSE_MISSING,
} mstun_response_state_t;

/** The time of the capture's last frame; false in one pass, where nobody knows it. */
bool mstun_capture_end(packet_info *pinfo, nstime_t *end);

/**
 * Whether a connection is over: closed, reset, or the capture, which ends at end, goes on for longer after since than
 * anything on it should take.
 */
bool mstun_stream_idle_or_closed(const mstun_stream_t *stream, const nstime_t *since, const nstime_t *end);

/** Whether a connection ended in a reset and no FIN, and when its last packet came; behind the capture's end. */
bool mstun_stream_was_reset(const mstun_stream_t *stream, nstime_t *last);

/** Whether the sender of this direction was the first to close a TCP connection. */
bool mstun_stream_closed_first_by(const mstun_stream_t *stream, unsigned direction);

/** Whether a FIN or RST was seen. */
bool mstun_stream_is_closed(const mstun_stream_t *stream);

/** Whether a FIN or RST of this connection was seen. */
bool mstun_tcp_saw_fin_or_rst(const struct tcp_analysis *tcp);

/** The time of the connection's last packet. */
const nstime_t *mstun_tcp_last_time(const struct tcp_analysis *tcp);

/** Whether not one packet of one of the directions was seen, though the other one's were. */
bool mstun_tcp_half_captured(const struct tcp_analysis *tcp);

/** Who ended the packet's connection first. */
typedef enum {
    MSTUN_CLOSED_NOT,       /* nobody, or it is not known */
    MSTUN_CLOSED_BY_SENDER, /* of this packet */
    MSTUN_CLOSED_BY_RECEIVER,
} mstun_closed_by_t;

/** From the second visit on; in one pass MSTUN_CLOSED_NOT. */
mstun_closed_by_t mstun_stream_closed_by(packet_info *pinfo);

/**
 * The outcome of a transaction in a capture that ends at end.
 * why, if UNANSWERED: half a sentence that says what came instead of a response; allocated from scope.
 */
mstun_response_state_t mstun_response_state(const mstun_transaction_t *transaction, const mstun_stream_t *stream,
                                            const nstime_t *end, wmem_allocator_t *scope, const char **why);

void mstun_response_state_register(const mstun_registrar_t *reg);

#endif
