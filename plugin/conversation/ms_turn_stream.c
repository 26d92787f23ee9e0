/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/ms_turn_stream.h"

#include "conversation/frame_index.h"

/* The partial frame that some data continues. */
typedef struct {
    mstun_frame_pos_t pos; /* of the data */
    wmem_array_t *bytes;   /* of uint8_t; it may have grown since */
    uint32_t len;
} carried_over_t;

/* The byte stream in one direction's data units, or in its DATA for or from one peer. */
typedef struct {
    wmem_array_t *partial; /* first visit: bytes of the frame that has begun; NULL: none */
    uint32_t last_frame;   /* first visit: the frame with the last data */
    wmem_array_t *carried; /* of carried_over_t, by frame */
} byte_stream_t;

typedef struct {
    byte_stream_t *units;        /* NULL: no data unit was seen */
    wmem_map_t *by_peer;         /* mstun_endpoint_t -> byte_stream_t; NULL: no DATA was seen */
    uint32_t units_framed_since; /* the frame whose data units showed that there are RFC 4571 lengths; 0: not yet */
} direction_t;

/* What a connection knows of the data in MS-TURN. */
struct mstun_stream_ms_data {
    uint32_t data_framed_since; /* the frame whose DATA showed that there are RFC 4571 lengths; 0: not yet */
    direction_t direction[2];
};

static struct mstun_stream_ms_data *ms_data_of(mstun_stream_t *stream)
{
    if (!stream->ms_data) {
        stream->ms_data = wmem_new0(wmem_file_scope(), struct mstun_stream_ms_data);
    }
    return stream->ms_data;
}

/* NULL if no such data was seen. */
static byte_stream_t *find(const mstun_event_t *event, const mstun_endpoint_t *peer)
{
    const struct mstun_stream_ms_data *ms_data = event->stream->ms_data;

    if (!ms_data) {
        return NULL;
    }
    const direction_t *direction = &ms_data->direction[event->direction];

    if (!peer) {
        return direction->units;
    }
    return direction->by_peer ? (byte_stream_t *)wmem_map_lookup(direction->by_peer, peer) : NULL;
}

static byte_stream_t *add(const mstun_event_t *event, const mstun_endpoint_t *peer)
{
    direction_t *direction = &ms_data_of(event->stream)->direction[event->direction];
    byte_stream_t *stream = wmem_new0(wmem_file_scope(), byte_stream_t);

    if (!peer) {
        direction->units = stream;
        return stream;
    }
    if (!direction->by_peer) {
        direction->by_peer = wmem_map_new(wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    }
    wmem_map_insert(direction->by_peer, wmem_memdup(wmem_file_scope(), peer, sizeof *peer), stream);
    return stream;
}

/* Where it is noted since when this data is known to be framed. */
static uint32_t *framed_since(const mstun_event_t *event, const mstun_endpoint_t *peer)
{
    struct mstun_stream_ms_data *ms_data = event->stream->ms_data;

    return peer ? &ms_data->data_framed_since : &ms_data->direction[event->direction].units_framed_since;
}

static bool is_one_frame(const uint8_t *data, uint32_t len)
{
    return len > RFC4571_HEADER_LEN && pntohu16(data) == len - RFC4571_HEADER_LEN;
}

/* Frames that fill the data, or a first one that does not fit into it, with something known in it. */
static bool looks_framed(const uint8_t *data, uint32_t len)
{
    uint32_t rest = len > RFC4571_HEADER_LEN ? len - RFC4571_HEADER_LEN : 0;

    return rest >= 2 && pntohu16(data) > 0 && mstun_packet_class(data, len, len) == MSTUN_PACKET_UNKNOWN &&
           mstun_packet_class(data + RFC4571_HEADER_LEN, rest, pntohu16(data)) != MSTUN_PACKET_UNKNOWN;
}

/* A short unit is inconclusive; assume framing if the DATA attributes of this stream are framed, unless the unit is a
 * packet as it is. */
static bool shows_framing(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *data, uint32_t len)
{
    return is_one_frame(data, len) || looks_framed(data, len) ||
           (!peer && event->stream->ms_data->data_framed_since &&
            mstun_packet_class(data, len, len) == MSTUN_PACKET_UNKNOWN);
}

/* Exactly one frame with something known in it: whatever came before, a frame begins here. */
static bool begins_frame(const uint8_t *data, uint32_t len)
{
    return is_one_frame(data, len) && looks_framed(data, len);
}

/* Between the last data and this: segments, or the end of one that the capture truncated. */
static bool bytes_are_missing(const mstun_event_t *event, const byte_stream_t *stream)
{
    const mstun_flow_t *flow = &event->stream->flow[event->direction];

    return mstun_coverage_gap_frame(&flow->coverage) > stream->last_frame ||
           flow->truncated_before_current >= stream->last_frame;
}

static void add_carried_over(byte_stream_t *stream, const mstun_event_t *event)
{
    carried_over_t carried = { { event->pinfo->num, event->position },
                               stream->partial,
                               wmem_array_get_count(stream->partial) };

    if (!stream->carried) {
        stream->carried = wmem_array_sized_new(wmem_file_scope(), sizeof(carried_over_t), 4);
    }
    wmem_array_append_one(stream->carried, carried);
}

static const carried_over_t *find_carried_over(const byte_stream_t *stream, const mstun_event_t *event)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    unsigned next_index = mstun_frame_index_lower_bound(stream->carried, pos.frame);

    return (const carried_over_t *)mstun_frame_index_next(stream->carried, &next_index, &pos);
}

static byte_stream_t *learn_data(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *data,
                                 uint32_t len)
{
    byte_stream_t *known = find(event, peer), *stream = known ? known : add(event, peer);
    uint32_t *since = framed_since(event, peer);

    if (!*since && shows_framing(event, peer, data, len)) {
        *since = event->pinfo->num;
    }
    if (stream->partial && (bytes_are_missing(event, stream) || begins_frame(data, len))) {
        stream->partial = NULL;
    }
    if (stream->partial) {
        add_carried_over(stream, event);
    }
    return stream;
}

mstun_partial_frame_t mstun_ms_turn_stream_begin(const mstun_event_t *event, const mstun_endpoint_t *peer,
                                                 const uint8_t *data, uint32_t len)
{
    const byte_stream_t *stream = event->first_visit ? learn_data(event, peer, data, len) : find(event, peer);
    const carried_over_t *carried = stream ? find_carried_over(stream, event) : NULL;
    uint32_t since = event->stream->ms_data ? *framed_since(event, peer) : 0;

    return (mstun_partial_frame_t){ .partial = carried ? (const uint8_t *)wmem_array_get_raw(carried->bytes) : NULL,
                                    .partial_len = carried ? carried->len : 0,
                                    .framed = since && since <= event->pinfo->num };
}

void mstun_ms_turn_stream_continue(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *data,
                                   uint32_t len)
{
    byte_stream_t *stream = find(event, peer);

    if (stream && stream->partial) {
        wmem_array_append(stream->partial, data, len);
        stream->last_frame = event->pinfo->num;
    }
}

void mstun_ms_turn_stream_finish(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *rest,
                                 uint32_t len)
{
    byte_stream_t *stream = find(event, peer);

    if (!stream) {
        return;
    }
    uint32_t known = stream->partial ? wmem_array_get_count(stream->partial) : 0;

    if (known > len || (known && memcmp(wmem_array_get_raw(stream->partial), rest, known) != 0)) {
        stream->partial = NULL;
        known = 0;
    }
    if (len == 0) {
        stream->partial = NULL;
    } else if (!stream->partial) {
        stream->partial = wmem_array_sized_new(wmem_file_scope(), 1, len);
    }
    if (len > known) {
        wmem_array_append(stream->partial, rest + known, len - known);
    }
    stream->last_frame = event->pinfo->num;
}
