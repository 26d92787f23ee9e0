/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packets in the data of messages and units: each is dissected as if it had come by itself, with what is known of its
 * way. */
#include "dissect/nested.h"

#include "conversation/ms_turn_stream.h"
#include "dissect/columns.h"
#include "dissect/packet.h"
#include "framing/tree.h"
#include "turn/ms_turn.h"

/* A packet in the data of a message or unit. On TCP MS-TURN's has an RFC 4571 length before it, on UDP and by libnice it
 * has none. */
static void dissect_inner(mstun_dissect_ctx_t *ctx, tvbuff_t *data, uint32_t header_len)
{
    mstun_dissect_ctx_t inner = *ctx;

    inner.event.position += header_len;
    inner.depth++;
    inner.event.nested = true;
    inner.event.framing = header_len ? MSTUN_FRAMING_RFC4571 : MSTUN_FRAMING_UNKNOWN;
    inner.dialect = MSTUN_DIALECT_UNKNOWN;
    mstun_dissect_packet(&inner, data, 0, header_len);
    ctx->any_message = inner.any_message;
}

/* Data behind the partial frame that it continues. */
static tvbuff_t *join_partial(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_partial_frame_t *partial)
{
    uint32_t len = tvb_captured_length(data);

    if (partial->partial_len == 0) {
        return data;
    }
    uint8_t *bytes = (uint8_t *)wmem_alloc(ctx->event.pinfo->pool, partial->partial_len + len);

    memcpy(bytes, partial->partial, partial->partial_len);
    tvb_memcpy(data, bytes + partial->partial_len, 0, len);
    tvbuff_t *whole =
        tvb_new_child_real_data(data, bytes, partial->partial_len + len, (int)(partial->partial_len + len));

    add_new_data_source(ctx->event.pinfo, whole, "MS-TURN data");
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

/* RFC 4571 frames up to end. ctx->event.position is that of the first byte. */
static void dissect_frames(mstun_dissect_ctx_t *ctx, tvbuff_t *bytes, uint32_t end)
{
    for (uint32_t offset = 0; offset < end;) {
        uint32_t frame_len = RFC4571_HEADER_LEN + (uint32_t)tvb_get_ntohs(bytes, (int)offset);
        mstun_dissect_ctx_t frame = *ctx;

        frame.event.position += offset;
        dissect_inner(&frame, tvb_new_subset_length(bytes, (int)offset, (int)frame_len), RFC4571_HEADER_LEN);
        ctx->any_message = frame.any_message;
        offset += frame_len;
    }
}

/* Whether a frame that has begun does not end in these bytes either. */
static bool frame_continues(const mstun_partial_frame_t *partial, uint32_t len)
{
    return partial->partial_len >= RFC4571_HEADER_LEN &&
           partial->partial_len + len < RFC4571_HEADER_LEN + (uint32_t)pntohu16(partial->partial);
}

/* Dissects each frame that ends in this data. peer: as in mstun_dissect_ms_turn_stream. */
static void dissect_frames_and_rest(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_partial_frame_t *partial,
                                    const mstun_endpoint_t *peer)
{
    uint32_t data_len = tvb_captured_length(data);

    if (frame_continues(partial, data_len)) { /* a frame in many small parts is put together once, at its end */
        if (ctx->event.first_visit) {
            mstun_ms_turn_stream_continue(&ctx->event, peer, tvb_get_ptr(data, 0, (int)data_len), data_len);
        }
        return;
    }
    tvbuff_t *bytes = join_partial(ctx, data, partial);
    uint32_t len = tvb_captured_length(bytes), end = end_of_frames(bytes, len);

    if (ctx->event.first_visit) { /* first: what a frame throws must not lose the rest */
        mstun_ms_turn_stream_finish(&ctx->event, peer,
                                    end < len ? tvb_get_ptr(bytes, (int)end, (int)(len - end)) : NULL, len - end);
    }
    ctx->event.position -= partial->partial_len;
    dissect_frames(ctx, bytes, end);
    ctx->event.position += partial->partial_len;
}

void mstun_dissect_ms_turn_stream(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_endpoint_t *peer)
{
    uint32_t captured = tvb_captured_length(data);
    mstun_partial_frame_t partial = { NULL, 0, false };

    if (ctx->event.stream && captured == tvb_reported_length(data)) {
        partial = mstun_ms_turn_stream_begin(&ctx->event, peer, tvb_get_ptr(data, 0, (int)captured), captured);
    }
    if (partial.framed) {
        dissect_frames_and_rest(ctx, data, &partial, peer);
    } else {
        dissect_inner(ctx, data, 0);
    }
}

void mstun_dissect_data_attribute(const mstun_dissect_ctx_t *ctx, tvbuff_t *message)
{
    const mstun_facts_t *facts = ctx->event.facts;
    uint32_t begin = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET)), len = facts->data.len;
    tvbuff_t *data = tvb_new_subset_length(message, (int)begin, (int)len);
    mstun_dissect_ctx_t inner = *ctx;

    inner.event.facts = NULL;
    inner.event.transaction = NULL;
    inner.event.repeat = NULL;
    inner.event.position += begin;
    inner.event.peer = facts->peer;
    inner.event.from_peer = facts->method == TURN_DATA || facts->type == MS_TURN_DATA_INDICATION;
    if (facts->dialect == MSTUN_DIALECT_MS_TURN && ctx->event.stream && ctx->event.framing == MSTUN_FRAMING_MS_TURN) {
        mstun_dissect_ms_turn_stream(&inner, data, &facts->peer);
    } else if (facts->dialect == MSTUN_DIALECT_MS_TURN && end_of_frames(data, len) == len) {
        dissect_frames(&inner, data, len);
    } else {
        dissect_inner(&inner, data, 0);
    }
}

void mstun_dissect_multiplexed(mstun_dissect_ctx_t *ctx, tvbuff_t *unit)
{
    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo,
                          wmem_strdup_printf(ctx->event.pinfo->pool, "Multiplexed TURN session 0x%016" PRIx64,
                                             tvb_get_ntoh64(unit, 4)));
    }
    mstun_ms_session_show(&ctx->event, unit, mstun_multiplexed_show(unit, ctx->tree, 0), tvb_get_ntoh64(unit, 4));
    if (tvb_captured_length(unit) > MS_MULTIPLEXED_HEADER_LEN) {
        dissect_inner(ctx, tvb_new_subset_remaining(unit, MS_MULTIPLEXED_HEADER_LEN), 0);
    }
}
