/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is known of a connection: its framing, and where in each segment a unit begins. Written on the first pass only;
 * a later visit of a frame, in whatever order, finds what the first pass found. */
#ifndef MSTUN_CONVERSATION_STREAM_H
#define MSTUN_CONVERSATION_STREAM_H

#include "attr/facts.h"
#include "framing/framing.h"
#include "base/registrar.h"

/** From a frame and byte on, a direction has this framing; in that segment, skip bytes come before the first unit. */
typedef struct {
    uint32_t frame;
    uint32_t seq;
    uint32_t skip; /* MSTUN_OFFSET_NONE: no unit begins in this segment */
    mstun_framing_t framing;
} mstun_framing_change_t;

typedef struct mstun_stream mstun_stream_t;
typedef struct mstun_transaction mstun_transaction_t;
typedef struct mstun_allocation mstun_allocation_t;
typedef struct mstun_peer_connection mstun_peer_connection_t;
typedef struct mstun_ms_turn_stream mstun_ms_turn_stream_t;
typedef struct mstun_first_request mstun_first_request_t;
struct tcpinfo;
struct tcp_analysis;

/* One direction of a connection. */
typedef struct {
    mstun_ms_turn_stream_t *inner; /* inside of MS-TURN's data units, see inner.h; NULL: there were none */
    wmem_map_t *inner_by_peer;     /* the same inside of its DATA attributes; NULL: there were none */
    uint32_t units_framed_since;   /* the frame whose data units showed that there are RFC 4571 lengths; 0: not yet */
    wmem_array_t *framing_changes; /* of mstun_framing_change_t, by frame */
    uint32_t expected;             /* first pass: the sequence number where the next unit begins */
    uint32_t last_truncated_frame; /* first pass: the last frame that the capture holds in part only; 0: none */
    uint32_t truncated_before_current; /* first pass: the same, before the segment in hand */
    uint32_t gap_frame;                /* the last frame in front of which bytes are missing; 0: none */
    mstun_framing_t framing;           /* first pass: of the bytes to come */
    bool synchronized;                 /* first pass: expected is known */
} mstun_flow_t;

/* Requests in the order in which they came; those answered by now are still among them. */
typedef struct {
    mstun_transaction_t *oldest;
    mstun_transaction_t *newest;
} mstun_open_t;

struct mstun_stream {
    uint32_t tcp_stream;            /* as tcp.stream */
    const struct tcp_analysis *tcp; /* TCP's own data on the connection; NULL on UDP */
    uint32_t udp_stream;            /* as udp.stream, where tcp is NULL */
    mstun_endpoint_t ends[2];       /* who sends in direction 0, and in 1 */
    uint32_t number;                /* tells connections apart, also such with the same addresses and ports */
    uint32_t first_frame;           /* the connection is ours from this frame on */
    bool any_message;               /* STUN was seen in it */
    mstun_stream_t
        *merged_into; /* the stream that goes on for this one from frame merged_since_frame on, see mstun_stream_join */
    uint32_t merged_since_frame;
    mstun_endpoint_t client;   /* where streams of one client were joined here; family 0: they were not */
    unsigned client_direction; /* of what client sends, whoever it sends it to */
    mstun_flow_t flow[2];
    mstun_open_t open[2];           /* first pass: requests of each direction without a response yet */
    mstun_allocation_t *allocation; /* the last one made on this connection, where it is a TURN control connection */
    wmem_array_t *allocations;      /* of mstun_made_t, see allocation.c: all of them, by frame; or NULL */
    mstun_peer_connection_t
        *connection;           /* the relayed connection that it carries, client to server or server to peer */
    uint32_t connection_since; /* the first frame that belongs to connection */
    bool beyond_server;        /* it is connection's leg from the server to the peer */
    uint32_t stale_nonces;     /* first pass: 438 in a row */
    uint32_t ms_sequence;      /* first pass: the last number of MS-TURN's */
    bool has_ms_sequence;
    uint32_t data_framed_since;           /* the frame whose DATA showed that there are RFC 4571 lengths; 0: not yet */
    mstun_first_request_t *first_request; /* see mismatch.h; NULL: there was none */
    uint32_t rfc3489_frame;               /* where a message without a cookie proved itself; 0: nowhere yet */
    uint32_t rfc3489_position;
    wmem_tree_t *bound;                       /* channel -> array of mstun_channel_peer_t, by frame; or NULL */
    const struct mstun_signer *signers;       /* first pass, newest first: who made requests, see integrity.c */
    const struct mstun_challenge *challenges; /* the same: realms and nonces that were said */
    wmem_array_t *notes;                      /* of mstun_pending_expert_t, by frame; or NULL */
    wmem_array_t *overdue; /* requests that a later frame proved unanswered, by that frame; or NULL */
};

/** A TCP segment, or what TCP has put together of several, as it comes to us. */
typedef struct {
    const uint8_t *bytes;
    uint32_t captured;
    uint32_t reported;
    uint32_t seq;        /* of the first byte */
    struct tcpinfo *tcp; /* TCP's own data for the segment; NULL inside TLS */
    bool has_seq;        /* false inside TLS: bytes come in order, unnumbered */
} mstun_segment_t;

/** Whether these are the first bytes that TCP carries in the packet's direction, as far as the capture goes back. */
bool mstun_stream_is_first(packet_info *pinfo, const mstun_segment_t *segment);

/** The same, and the capture goes back to the connection's beginning. */
bool mstun_stream_begins(packet_info *pinfo, const mstun_segment_t *segment);

/** Whether the capture lacks the beginning of the packet's TCP connection. */
bool mstun_stream_is_joined(packet_info *pinfo);

/** The stream of the packet's connection, NULL if it is not ours (yet, in this frame). */
mstun_stream_t *mstun_stream_find(packet_info *pinfo);

/** Makes the packet's connection ours from this frame on. Owned by the file scope. First pass only. */
mstun_stream_t *mstun_stream_claim(packet_info *pinfo);

/**
 * First pass: an MS-TURN message on UDP. Its server may answer from another address than it was asked at, so all 5-tuples
 * that a client uses for MS-TURN from one port are one stream from here on. from_client: it sent this message.
 * Returns the stream that the packet belongs to from now on.
 */
mstun_stream_t *mstun_stream_join(mstun_stream_t *stream, packet_info *pinfo, bool from_client);

/** 0 or 1: the packet's direction in its connection, the same for every packet of that direction. */
unsigned mstun_stream_direction(const mstun_stream_t *stream, const packet_info *pinfo);

/** An IP address and port as an endpoint; family 0 for an address that is not IP. */
void mstun_endpoint_of(const address *ip, uint32_t port, mstun_endpoint_t *endpoint);

static inline bool mstun_endpoint_equal(const mstun_endpoint_t *a, const mstun_endpoint_t *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/** For maps with a mstun_endpoint_t as key. */
guint mstun_endpoint_hash(gconstpointer key);
gboolean mstun_endpoint_equal_keys(gconstpointer a, gconstpointer b);

/**
 * Where units begin in a segment. On the first pass it finds out (in step; or by detection; or by looking for a
 * boundary) and remembers; later it looks up.
 * hint: the framing to believe where the bytes themselves prove none, MSTUN_FRAMING_UNKNOWN: the other direction's.
 * The result's skip is MSTUN_OFFSET_NONE if nothing in the segment can be told.
 */
mstun_framing_change_t mstun_stream_enter(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                          const mstun_segment_t *segment, mstun_framing_t hint);

/**
 * First pass: units have been followed as far as offset of the segment; from there on the direction has this framing.
 * synchronized false: no unit is known to begin there.
 */
void mstun_stream_leave(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, const mstun_segment_t *segment,
                        uint32_t offset, mstun_framing_t framing, bool synchronized);

/** First pass, before a segment's units: whether the capture cut it, so that what goes on in the next ones cannot be put together. */
void mstun_stream_note_cut(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                           const mstun_segment_t *segment);

/** First pass: both directions carry a relayed connection from here on (ConnectionBind succeeded in direction). */
void mstun_stream_restart(mstun_stream_t *stream, unsigned direction);

/** First pass: a message of RFC 3489 has proved itself at this position of the packet. */
void mstun_stream_learn_rfc3489(mstun_stream_t *stream, packet_info *pinfo, uint32_t position);

/** Whether one has before this position of the packet: later ones need prove no more than their type and length. */
bool mstun_stream_speaks_rfc3489(const mstun_stream_t *stream, packet_info *pinfo, uint32_t position);

/** "tcp.stream == 3": a display filter for the connection. */
const char *mstun_stream_filter(wmem_allocator_t *scope, const mstun_stream_t *stream);

void mstun_stream_register(const mstun_registrar_t *reg);

#endif
