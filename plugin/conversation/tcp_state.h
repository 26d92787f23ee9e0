/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What Wireshark's TCP dissector knows of a connection (struct tcp_analysis): its phases, who closed it, what was
 * acknowledged. As far as is known by now. A direction is numbered as by mstun_stream_direction(), which is TCP's order
 * too. */
#ifndef MSTUN_CONVERSATION_TCP_STATE_H
#define MSTUN_CONVERSATION_TCP_STATE_H

#include "base/compat.h"

struct tcp_analysis;

/* Bits of conversation_completeness, as packet-tcp.c defines them for itself and shows them in tcp.completeness. */
#define TCP_SYN_SEEN 0x03 /* of the client or of the server */
#define TCP_CLIENT_SYN_SEEN 0x01
#define TCP_SERVER_SYN_SEEN 0x02
#define TCP_DATA_SEEN 0x08
#define TCP_FIN_SEEN 0x10
#define TCP_RESET_SEEN 0x20

/** How a TCP connection was closed. */
typedef struct {
    bool reset;         /* by an RST, and no FIN was seen */
    unsigned direction; /* of the side that closed it first; for an RST, the one that most likely sent it */
    uint32_t frame;     /* of the FIN; 0: it was an RST, whose frame is not known */
    nstime_t abs_ts;    /* of the FIN or RST */
} mstun_tcp_close_t;

/** Whether a FIN or RST was seen. close: set if so, else untouched; NULL: of no interest. */
bool mstun_tcp_is_closed(const struct tcp_analysis *tcp, mstun_tcp_close_t *close);

/** Whether not one packet of a direction was captured. */
bool mstun_tcp_is_uncaptured(const struct tcp_analysis *tcp, unsigned direction);

/** First visit: whether TCP lacks a segment right before the current one. */
bool mstun_tcp_has_gap_here(const struct tcp_analysis *tcp);

/** Whether TCP keeps the current segment from dissectors, because it takes it for a late or repeated one. */
bool mstun_tcp_withholds(const struct tcp_analysis *tcp);

/** Whether the other side has acknowledged bytes of a direction that the capture lacks, enough for a message. */
bool mstun_tcp_lacks_acknowledged_bytes(const struct tcp_analysis *tcp, unsigned direction);

/** The position of a direction's byte with this sequence number on the wire. */
uint32_t mstun_tcp_position(const struct tcp_analysis *tcp, unsigned direction, uint32_t raw_seq);

/** The position of a direction's first byte. */
uint32_t mstun_tcp_first_position(const struct tcp_analysis *tcp, unsigned direction);

/** Bytes that a direction carried, those missing from the capture included. */
uint32_t mstun_tcp_data_len(const struct tcp_analysis *tcp, unsigned direction);

/** When the last bytes that a direction sent were captured. False, and abs_ts untouched, if a FIN is behind them. */
bool mstun_tcp_last_data(const struct tcp_analysis *tcp, unsigned direction, nstime_t *abs_ts);

/** The direction of the side that opened the connection. False, and direction untouched, if no SYN was captured. */
bool mstun_tcp_client_direction(const struct tcp_analysis *tcp, unsigned *direction);

typedef enum {
    MSTUN_ACK_UNKNOWN, /* on UDP, inside TLS, or nothing can be concluded */
    MSTUN_ACK_YES,     /* all of them reached the other host */
    MSTUN_ACK_NO,      /* some did not, for a second and more */
    MSTUN_ACK_SACK,    /* the last of them did, and waits behind others that did not (RFC 2018) */
} mstun_ack_t;

/** Whether the bytes that a direction sent at this time, up to the sequence number end, were acknowledged. */
mstun_ack_t mstun_tcp_was_acknowledged(const struct tcp_analysis *tcp, unsigned direction, uint32_t end,
                                       const nstime_t *sent);

#endif
