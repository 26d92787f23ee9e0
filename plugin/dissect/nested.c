/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packets in the data of messages and units: each is dissected as if it had come by itself, with what is known of its
 * way. */
#include "dissect/context.h"

#include "dissect/columns.h"
#include "framing/tree.h"
#include "conversation/ms_turn_stream.h"
#include "turn/ms_turn.h"

/* A packet in the data of a message or unit. On TCP MS-TURN's has an RFC 4571 length before it, on UDP and by libnice it
 * has none. */
static void dissect_inner(mstun_dissect_ctx_t *pass, tvbuff_t *data, uint32_t header_len)
{
    mstun_dissect_ctx_t inner = *pass;

    inner.seq += header_len;
    inner.depth++;
    inner.nested = true;
    inner.framing = header_len ? MSTUN_FRAMING_RFC4571 : MSTUN_FRAMING_UNKNOWN;
    inner.dialect = MSTUN_DIALECT_UNKNOWN;
    mstun_dissect_packet_at(&inner, data, 0, header_len);
    pass->any_message = inner.any_message;
}

/* Data behind what the data before has left of a frame. */
static tvbuff_t *inner_bytes(mstun_dissect_ctx_t *pass, tvbuff_t *data, const mstun_partial_frame_t *inner)
{
    uint32_t len = tvb_captured_length(data);

    if (inner->before_len == 0) {
        return data;
    }
    uint8_t *bytes = (uint8_t *)wmem_alloc(pass->pinfo->pool, inner->before_len + len);

    memcpy(bytes, inner->before, inner->before_len);
    tvb_memcpy(data, bytes + inner->before_len, 0, len);
    tvbuff_t *whole = tvb_new_child_real_data(data, bytes, inner->before_len + len, (int)(inner->before_len + len));

    add_new_data_source(pass->pinfo, whole, "MS-TURN data");
    return whole;
}

/* Where the last frame that is there whole ends. */
static uint32_t end_of_frames(tvbuff_t *bytes, uint32_t len)
{
    uint32_t offset = 0;

    while (len - offset >= RFC4571_HEADER_LEN) {
        uint32_t frame_len = RFC4571_HEADER_LEN + (uint32_t)tvb_get_ntohs(bytes, (int)offset);

        if (frame_len > len - offset) {
            break;
        }
        offset += frame_len;
    }
    return offset;
}

/* RFC 4571 frames up to end. pass->seq is that of the first byte. */
static void dissect_frames(mstun_dissect_ctx_t *pass, tvbuff_t *bytes, uint32_t end)
{
    for (uint32_t offset = 0; offset < end;) {
        uint32_t frame_len = RFC4571_HEADER_LEN + (uint32_t)tvb_get_ntohs(bytes, (int)offset);
        mstun_dissect_ctx_t frame = *pass;

        frame.seq += offset;
        dissect_inner(&frame, tvb_new_subset_length(bytes, (int)offset, (int)frame_len), RFC4571_HEADER_LEN);
        pass->any_message = frame.any_message;
        offset += frame_len;
    }
}

/* Whether a frame that has begun does not end in these bytes either. */
static bool goes_on(const mstun_partial_frame_t *inner, uint32_t len)
{
    return inner->before_len >= RFC4571_HEADER_LEN &&
           inner->before_len + len < RFC4571_HEADER_LEN + (uint32_t)pntohu16(inner->before);
}

/* Frames of which each that ends in this data is dissected here. peer: as in track/inner.h. */
static void dissect_frames_and_rest(mstun_dissect_ctx_t *pass, tvbuff_t *data, const mstun_partial_frame_t *inner,
                                    const mstun_endpoint_t *peer)
{
    uint32_t data_len = tvb_captured_length(data);

    if (goes_on(inner, data_len)) { /* a frame in many small parts is put together once, at its end */
        mstun_ms_turn_stream_continue(pass->stream, pass->direction, peer, pass->pinfo,
                                      tvb_get_ptr(data, 0, (int)data_len), data_len);
        return;
    }
    tvbuff_t *bytes = inner_bytes(pass, data, inner);
    uint32_t len = tvb_captured_length(bytes), end = end_of_frames(bytes, len);

    /* First: what a frame throws must not lose the rest. */
    mstun_ms_turn_stream_finish(pass->stream, pass->direction, peer, pass->pinfo,
                                end < len ? tvb_get_ptr(bytes, (int)end, (int)(len - end)) : NULL, len - end);
    pass->seq -= inner->before_len;
    dissect_frames(pass, bytes, end);
    pass->seq += inner->before_len;
}

void mstun_dissect_ms_turn_stream(mstun_dissect_ctx_t *pass, tvbuff_t *data, const mstun_endpoint_t *peer)
{
    uint32_t captured = tvb_captured_length(data);
    mstun_partial_frame_t inner = { NULL, 0, false };

    if (pass->stream && captured == tvb_reported_length(data)) {
        inner = mstun_ms_turn_stream_begin(pass->stream, pass->direction, peer, pass->pinfo, pass->seq,
                                           tvb_get_ptr(data, 0, (int)captured), captured);
    }
    if (inner.framed) {
        dissect_frames_and_rest(pass, data, &inner, peer);
    } else {
        dissect_inner(pass, data, 0);
    }
}

void mstun_dissect_data_attribute(const mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_facts_t *facts)
{
    uint32_t begin = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET)), len = facts->data.len;
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)begin, (int)len);
    mstun_dissect_ctx_t inner = *pass;

    inner.seq += begin;
    inner.peer = facts->peer;
    inner.from_peer = facts->method == TURN_DATA || facts->type == MS_TURN_DATA_INDICATION;
    if (facts->dialect == MSTUN_DIALECT_MS_TURN && pass->stream && pass->framing == MSTUN_FRAMING_MS_TURN) {
        mstun_dissect_ms_turn_stream(&inner, data, &facts->peer);
    } else if (facts->dialect == MSTUN_DIALECT_MS_TURN && end_of_frames(data, len) == len) {
        dissect_frames(&inner, data, len);
    } else {
        dissect_inner(&inner, data, 0);
    }
}

void mstun_dissect_multiplexed(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb)
{
    if (mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "Multiplexed TURN session 0x%016" PRIx64,
                                                          tvb_get_ntoh64(unit_tvb, 4)));
    }
    mstun_ms_session_show(unit_tvb, pass->pinfo, mstun_multiplexed_show(unit_tvb, pass->tree, 0),
                          tvb_get_ntoh64(unit_tvb, 4));
    if (tvb_captured_length(unit_tvb) > MS_MULTIPLEXED_HEADER_LEN) {
        dissect_inner(pass, tvb_new_subset_remaining(unit_tvb, MS_MULTIPLEXED_HEADER_LEN), 0);
    }
}
