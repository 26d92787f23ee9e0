/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One connection: its two ends, its framing in each direction, and where in each segment a unit begins. Every other
 * module keeps its own state of a connection; the stream only holds an opaque pointer to it. */
#ifndef MSTUN_CONVERSATION_STREAM_H
#define MSTUN_CONVERSATION_STREAM_H

#include "base/registrar.h"
#include "conversation/coverage.h"
#include "conversation/endpoint.h"
#include "conversation/event.h"

struct tcpinfo;
struct tcp_analysis;

/** From a frame and byte on, a direction has this framing. */
typedef struct {
    uint32_t frame;
    uint32_t seq;
    uint32_t first_unit_offset; /* in that segment; MSTUN_OFFSET_NONE: no unit begins in it */
    mstun_framing_t framing;
} mstun_framing_change_t;

/* One direction of a connection. Written in stream.c only. */
typedef struct {
    wmem_array_t *framing_changes;     /* of mstun_framing_change_t, by frame; NULL: no byte was seen */
    uint32_t next_seq;                 /* first visit: where the next unit begins, if synchronized */
    uint32_t last_truncated_frame;     /* first visit: the last frame that the capture holds only in part; 0: none */
    uint32_t truncated_before_current; /* first visit: the same, without the current segment */
    mstun_coverage_t coverage;         /* first visit: of its bytes; not begun if !has_seq */
    uint32_t base_seq;                 /* first visit: TCP's, when coverage was begun */
    uint32_t entered_frame;            /* first visit: the last one with bytes that TCP handed over */
    uint32_t read_from;                /* first visit: of the current segment, what is not read yet */
    wmem_array_t *handed_again;        /* of withheld.c; NULL: none */
    bool is_reading;                   /* first visit: a unit begins in the current segment */
    mstun_framing_t framing;           /* first visit: of the bytes to come */
    bool synchronized;                 /* first visit: next_seq is known */
    bool has_seq;                      /* positions are TCP's sequence numbers; false inside TLS and on UDP */
} mstun_flow_t;

struct mstun_stream {
    uint32_t tcp_stream;            /* as tcp.stream */
    const struct tcp_analysis *tcp; /* TCP's own data on the connection; NULL on UDP */
    uint32_t udp_stream;            /* as udp.stream, where tcp is NULL */
    mstun_endpoint_t ends[2];       /* the senders of direction 0 and 1 */
    mstun_stream_t *next;           /* the next one that became ours */
    uint32_t number;                /* tells connections apart, also those with the same addresses and ports */
    uint32_t first_frame;           /* the connection is ours from this frame on */
    nstime_t last_time;             /* of its last datagram so far; on TCP see tcp */
    bool any_message;               /* STUN was seen in it */
    mstun_stream_t *merged_into;    /* replaces this one from frame merged_since_frame on, see mstun_stream_merge */
    uint32_t merged_since_frame;
    mstun_endpoint_t client;   /* where streams of one client were merged into this one; family 0: they were not */
    unsigned client_direction; /* of what client sends, to any server */
    mstun_flow_t flow[2];
    uint32_t rfc3489_frame; /* where a message without a cookie was certain to be one; 0: nowhere yet */
    uint32_t rfc3489_position;

    /* Each belongs to one module; NULL: it knows nothing of this connection. */
    struct mstun_stream_requests *requests;   /* conversation/transaction.c */
    struct mstun_stream_ms_data *ms_data;     /* conversation/ms_turn_stream.c */
    struct mstun_stream_foreign *foreign;     /* conversation/foreign_bytes.c */
    struct mstun_stream_rtp *rtp;             /* conversation/rtp_stream.c */
    struct mstun_stream_auth *auth;           /* auth/signer.c */
    struct mstun_stream_turn *turn;           /* turn/allocation.c */
    struct mstun_stream_relay *relay;         /* turn/peer_connection.c */
    struct mstun_stream_channels *channels;   /* turn/channel.c */
    struct mstun_stream_ms_turn *ms_turn;     /* turn/ms_turn.c */
    struct mstun_stream_diagnosis *diagnosis; /* diagnose/ */
};

/** A TCP segment, or what TCP has reassembled from several, as it comes to us. */
typedef struct {
    tvbuff_t *tvb;
    const uint8_t *bytes; /* of tvb */
    uint32_t captured;
    uint32_t reported;
    uint32_t seq;            /* of the first byte */
    struct tcpinfo *tcp;     /* TCP's own data for the segment; NULL inside TLS */
    bool has_seq;            /* false inside TLS: bytes come in order, unnumbered */
    bool is_late;            /* first and later visits: bytes that TCP withholds, see withheld.h */
    bool detected;           /* mstun_detect() has been asked about the first byte, with MSTUN_CONFIDENCE_HEADER; */
    mstun_framing_t framing; /* its answer */
} mstun_segment_t;

/** Whether these are the first bytes of the packet's direction in the capture; false inside TLS. */
bool mstun_stream_is_first(packet_info *pinfo, const mstun_segment_t *segment);

/** The same, and the capture has the connection's beginning. */
bool mstun_stream_begins(packet_info *pinfo, const mstun_segment_t *segment);

/** Whether the capture lacks the beginning of the packet's TCP connection. */
bool mstun_stream_is_joined(packet_info *pinfo);

/** The stream of the packet's connection; NULL if that is not ours, or not yet in this frame. */
mstun_stream_t *mstun_stream_find(packet_info *pinfo);

/** First visit: makes the packet's connection ours from this frame on. Owned by the file scope. */
mstun_stream_t *mstun_stream_claim(packet_info *pinfo);

/**
 * First visit: an MS-TURN message on UDP. Its server may answer from another address than the one it was asked at, so
 * all 5-tuples that a client uses for MS-TURN from one port are one stream from here on. from_client: it sent this
 * message.
 * Returns the stream that the packet belongs to from now on.
 */
mstun_stream_t *mstun_stream_merge(mstun_stream_t *stream, packet_info *pinfo, bool from_client);

/** Calls fn for each stream, in the order in which they became ours; also for those that were merged into another. */
void mstun_stream_foreach(void (*fn)(mstun_stream_t *stream, void *data), void *data);

/** 0 or 1: the packet's direction in its connection, the same for every packet of that direction. */
unsigned mstun_stream_direction(const mstun_stream_t *stream, const packet_info *pinfo);

/**
 * Where units begin in a segment of event's stream and direction. The first visit finds out (because the direction is
 * synchronized, by detection, or by searching for a boundary) and learns it; later visits look up.
 * hint: the framing to assume where the bytes themselves prove none; MSTUN_FRAMING_UNKNOWN: the other direction's.
 * The result's first_unit_offset is MSTUN_OFFSET_NONE if no unit can be found in the segment.
 */
mstun_framing_change_t mstun_stream_enter(const mstun_event_t *event, const mstun_segment_t *segment,
                                          mstun_framing_t hint);

/** mstun_stream_leave() where that may be news. */
void mstun_stream_move_on(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t offset,
                          mstun_framing_t framing, bool synchronized);

/**
 * First visit: units have been followed as far as offset of the segment; from there on the direction has this framing.
 * synchronized false: no unit is known to begin there.
 */
static inline void mstun_stream_leave(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t offset,
                                      mstun_framing_t framing, bool synchronized)
{
    const mstun_flow_t *flow = &event->stream->flow[event->direction];
    uint32_t end = segment->seq + offset;

    if (!synchronized || !flow->synchronized || framing != flow->framing || end != flow->next_seq ||
        end != flow->read_from) {
        mstun_stream_move_on(event, segment, offset, framing, synchronized);
    }
}

/** First visit: event's segment, from seq on, is the first one of its direction. Earlier ones may come late. */
void mstun_stream_begin_coverage(const mstun_event_t *event, uint32_t seq);

/** First visit, before a segment from seq on is compared with what is covered: begins anew where TCP counts anew, as it
 * does behind a SYN whose connection it takes for the same one. */
void mstun_stream_follow_numbering(const mstun_event_t *event, uint32_t seq);

/** What a direction's next segment begins with. */
typedef struct {
    uint32_t next_seq;
    mstun_framing_t framing;
    bool synchronized;
} mstun_flow_edge_t;

/** First visit: what follows in event's direction is run, which comes late. Returns where the direction was. */
mstun_flow_edge_t mstun_stream_go_back(const mstun_event_t *event, const mstun_run_t *run);

/** First visit: the direction goes on where it was; run is read up to end. */
void mstun_stream_go_on(const mstun_event_t *event, const mstun_run_t *run, uint32_t end,
                        const mstun_flow_edge_t *edge);

/** First visit, before a segment's units: notes whether the capture truncated it, so that what continues in the next
 * one cannot be reassembled. */
void mstun_stream_note_truncation(const mstun_event_t *event, const mstun_segment_t *segment);

/** First visit: both directions carry a relayed connection from here on; event is the success of a ConnectionBind. */
void mstun_stream_restart(const mstun_event_t *event);

/** The framing of the other direction than event's, as far as earlier frames have shown it. */
mstun_framing_t mstun_stream_other_framing(const mstun_event_t *event);

/** First visit: the bytes at event's position are certain to be a message of RFC 3489. */
void mstun_stream_learn_rfc3489(const mstun_event_t *event);

/** Why bytes that a direction sent may not be in the capture. */
typedef enum {
    MSTUN_LACK_NOTHING,
    MSTUN_LACK_DIRECTION,    /* not one of its packets is */
    MSTUN_LACK_SEGMENT,      /* there is a gap in its sequence numbers; flow's gap_frame is after it */
    MSTUN_LACK_TRUNCATED,    /* the capture has only the beginning of flow's last_truncated_frame */
    MSTUN_LACK_END,          /* its last sequence number is behind the last byte that was captured */
    MSTUN_LACK_ACKNOWLEDGED, /* the other side acknowledged more than was captured */
} mstun_lack_t;

/** What the capture may lack of what a direction sent after this frame, as far as is known by now. */
mstun_lack_t mstun_stream_lack(const mstun_stream_t *stream, unsigned direction, uint32_t frame);

/** Whether there was one before this position of the packet: then type and length are evidence enough for others. */
bool mstun_stream_speaks_rfc3489(const mstun_stream_t *stream, const packet_info *pinfo, uint32_t position);

/** "tcp.stream == 3": a display filter for the connection. Allocated from scope. */
const char *mstun_stream_filter(wmem_allocator_t *scope, const mstun_stream_t *stream);

void mstun_stream_register(const mstun_registrar_t *reg);

#endif
