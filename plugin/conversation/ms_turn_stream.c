/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/ms_turn_stream.h"

#include "conversation/frame_index.h"

/* What stood before some data, where that was not nothing. */
typedef struct {
    mstun_frame_pos_t place;
    wmem_array_t *bytes; /* of uint8_t; it may have grown since */
    uint32_t len;
} before_t;

struct mstun_ms_turn_stream {
    wmem_array_t *pending; /* first pass: of the frame that has begun; NULL: none */
    uint32_t left_in;      /* first pass: the frame with the last data */
    wmem_array_t *before;  /* of before_t, by frame */
};

static guint hash_peer(gconstpointer peer)
{
    return wmem_strong_hash((const guint8 *)peer, sizeof(mstun_endpoint_t));
}

static gboolean same_peer(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(mstun_endpoint_t)) == 0;
}

/* NULL where there was no data yet. */
static mstun_ms_turn_stream_t *find(const mstun_flow_t *flow, const mstun_endpoint_t *peer)
{
    if (!peer) {
        return flow->inner;
    }
    return flow->inner_by_peer ? (mstun_ms_turn_stream_t *)wmem_map_lookup(flow->inner_by_peer, peer) : NULL;
}

static mstun_ms_turn_stream_t *make(mstun_flow_t *flow, const mstun_endpoint_t *peer)
{
    mstun_ms_turn_stream_t *inner = wmem_new0(wmem_file_scope(), mstun_ms_turn_stream_t);

    if (!peer) {
        flow->inner = inner;
        return inner;
    }
    if (!flow->inner_by_peer) {
        flow->inner_by_peer = wmem_map_new(wmem_file_scope(), hash_peer, same_peer);
    }
    wmem_map_insert(flow->inner_by_peer, wmem_memdup(wmem_file_scope(), peer, sizeof *peer), inner);
    return inner;
}

static bool is_one_frame(const uint8_t *data, uint32_t len)
{
    return len > RFC4571_HEADER_LEN && pntohu16(data) == len - RFC4571_HEADER_LEN;
}

/* Frames that fill the data, or a first one that does not fit into it, with something known in it. */
static bool looks_framed(const uint8_t *data, uint32_t len)
{
    uint32_t left = len > RFC4571_HEADER_LEN ? len - RFC4571_HEADER_LEN : 0;

    return left >= 2 && pntohu16(data) > 0 && mstun_packet_class(data, len, len) == MSTUN_PACKET_UNKNOWN &&
           mstun_packet_class(data + RFC4571_HEADER_LEN, left, pntohu16(data)) != MSTUN_PACKET_UNKNOWN;
}

/* A few bytes of a unit show nothing, but who frames DATA frames units too, unless they hold packets as they are. */
static bool shows_frames(const mstun_stream_t *stream, const mstun_endpoint_t *peer, const uint8_t *data, uint32_t len)
{
    return is_one_frame(data, len) || looks_framed(data, len) ||
           (!peer && stream->data_framed_since && mstun_packet_class(data, len, len) == MSTUN_PACKET_UNKNOWN);
}

/* One frame, and something known in it: whatever came before, here a frame begins. */
static bool begins_anew(const uint8_t *data, uint32_t len)
{
    return is_one_frame(data, len) && looks_framed(data, len);
}

/* Between the last data and this: segments, or the end of one that the capture cut. */
static bool bytes_are_missing(const mstun_flow_t *flow, const mstun_ms_turn_stream_t *inner)
{
    return flow->gap_frame > inner->left_in || flow->truncated_before_current >= inner->left_in;
}

static const before_t *look_up(const mstun_ms_turn_stream_t *inner, uint32_t frame, uint32_t position)
{
    const mstun_frame_pos_t place = { frame, position };
    unsigned index = frame_index_lower_bound(inner->before, frame);

    return (const before_t *)frame_index_next(inner->before, &index, &place);
}

static void remember(mstun_ms_turn_stream_t *inner, uint32_t frame, uint32_t position)
{
    before_t before = { { frame, position }, inner->pending, wmem_array_get_count(inner->pending) };

    if (!inner->before) {
        inner->before = wmem_array_sized_new(wmem_file_scope(), sizeof(before_t), 4);
    }
    wmem_array_append_one(inner->before, before);
}

mstun_partial_frame_t mstun_ms_turn_stream_begin(mstun_stream_t *stream, unsigned direction,
                                                 const mstun_endpoint_t *peer, packet_info *pinfo, uint32_t position,
                                                 const uint8_t *data, uint32_t len)
{
    mstun_flow_t *flow = &stream->flow[direction];
    uint32_t *framed_since = peer ? &stream->data_framed_since : &flow->units_framed_since;
    mstun_ms_turn_stream_t *inner = find(flow, peer);

    if (!PINFO_FD_VISITED(pinfo)) {
        inner = inner ? inner : make(flow, peer);
        if (!*framed_since && shows_frames(stream, peer, data, len)) {
            *framed_since = pinfo->num;
        }
        if (inner->pending && (bytes_are_missing(flow, inner) || begins_anew(data, len))) {
            inner->pending = NULL;
        }
        if (inner->pending) {
            remember(inner, pinfo->num, position);
        }
    }
    const before_t *before = inner ? look_up(inner, pinfo->num, position) : NULL;

    return (mstun_partial_frame_t){ .before = before ? (const uint8_t *)wmem_array_get_raw(before->bytes) : NULL,
                                    .before_len = before ? before->len : 0,
                                    .framed = *framed_since && *framed_since <= pinfo->num };
}

void mstun_ms_turn_stream_continue(mstun_stream_t *stream, unsigned direction, const mstun_endpoint_t *peer,
                                   packet_info *pinfo, const uint8_t *data, uint32_t len)
{
    mstun_ms_turn_stream_t *inner = find(&stream->flow[direction], peer);

    if (!PINFO_FD_VISITED(pinfo) && inner && inner->pending) {
        wmem_array_append(inner->pending, data, len);
        inner->left_in = pinfo->num;
    }
}

void mstun_ms_turn_stream_finish(mstun_stream_t *stream, unsigned direction, const mstun_endpoint_t *peer,
                                 packet_info *pinfo, const uint8_t *rest, uint32_t len)
{
    mstun_ms_turn_stream_t *inner = find(&stream->flow[direction], peer);

    if (PINFO_FD_VISITED(pinfo) || !inner) {
        return;
    }
    uint32_t known = inner->pending ? wmem_array_get_count(inner->pending) : 0;

    if (known > len || (known && memcmp(wmem_array_get_raw(inner->pending), rest, known) != 0)) {
        inner->pending = NULL;
        known = 0;
    }
    if (len == 0) {
        inner->pending = NULL;
    } else if (!inner->pending) {
        inner->pending = wmem_array_sized_new(wmem_file_scope(), 1, len);
    }
    if (len > known) {
        wmem_array_append(inner->pending, rest + known, len - known);
    }
    inner->left_in = pinfo->num;
}
