/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All TCP connections of the capture, also those that carry no STUN: what a redirected client or a TURN server opened,
 * and what a peer opened to it. Costs nothing while packets are dissected: Wireshark's conversations are searched when
 * somebody asks, at the capture's end. */
#ifndef MSTUN_CONVERSATION_TCP_CONNECTIONS_H
#define MSTUN_CONVERSATION_TCP_CONNECTIONS_H

#include "conversation/stream.h"
#include "conversation/tcp_state.h"

/** A TCP connection, as far as is known by now. */
typedef struct {
    uint32_t tcp_stream;       /* as tcp.stream */
    mstun_endpoint_t ends[2];  /* the senders of direction 0 and 1; family 0: not IP */
    unsigned client_direction; /* of the side that opened it, or without a SYN sent the first packet */
    uint32_t first_frame;
    nstime_t first_time, last_time;
    uint8_t completeness; /* TCP_..._SEEN of tcp_state.h */
    uint32_t data_len[2]; /* bytes in each direction */
    bool closed;
    mstun_tcp_close_t close;        /* how, if closed */
    const mstun_stream_t *stream;   /* ours; NULL: it carries no STUN */
    const struct tcp_analysis *tcp; /* TCP's own data on it */
} mstun_tcp_connection_t;

/** Calls fn for each, in the order of tcp.stream, until it returns false. The connection is valid during the call. */
void mstun_tcp_connection_foreach(bool (*fn)(const mstun_tcp_connection_t *connection, void *data), void *data);

/** Whether a side sent a SYN and the other one refused it, with an RST or by not answering its retransmissions. */
bool mstun_tcp_connection_is_refused(const mstun_tcp_connection_t *connection);

typedef enum {
    MSTUN_OPENED_NONE,    /* not one was tried */
    MSTUN_OPENED_REFUSED, /* all that were tried were refused */
    MSTUN_OPENED,         /* at least one was accepted, or the capture ends too soon to know */
} mstun_opened_t;

/** Whether client opened TCP connections to server in this frame or later. Ports of 0 match all. */
mstun_opened_t mstun_connections_opened(const mstun_endpoint_t *client, const mstun_endpoint_t *server,
                                        uint32_t since_frame);

/** First visit: bytes that sender has sent to receiver on their TCP connection up to this frame; 0: none, or they have no
 * connection. */
uint32_t mstun_tcp_data_sent_by_now(const mstun_endpoint_t *sender, const mstun_endpoint_t *receiver, uint32_t frame);

void mstun_tcp_connections_register(const mstun_registrar_t *reg);

#endif
