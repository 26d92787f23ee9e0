/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/packet.h"

#include "conversation/rtp_stream.h"
#include "dissect/columns.h"
#include "dissect/frames.h"
#include "dissect/guard.h"
#include "dissect/message.h"
#include "dissect/payload.h"
#include "dissect/rtp.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "framing/tree.h"
#include "ice/pair.h"
#include "turn/ms_turn.h"
#include "turn/turn_tree.h"

#define DEPTH_MAX 5 /* of messages in the data of messages: two relays on a path make two */

static int proto_mstun = -1;
static expert_field ei_nested_too_deeply = EI_INIT;

static void dissect_classified(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, tvbuff_t *unit, uint32_t header_len,
                               mstun_packet_t class);

/* As its bytes say; but where a message of RFC 3489 was seen before, another one needs no more evidence than a
 * header. */
static mstun_packet_t class_in_stream(const mstun_event_t *event, tvbuff_t *packet, mstun_packet_t class)
{
    uint32_t captured = tvb_captured_length(packet);

    if (!event->stream || captured < STUN_HEADER_LEN) {
        return class;
    }
    const uint8_t *bytes = tvb_get_ptr(packet, 0, (int)captured);

    if (event->first_visit && class == MSTUN_PACKET_STUN &&
        mstun_dialect_of_bytes(bytes, captured) == MSTUN_DIALECT_RFC3489) {
        mstun_stream_learn_rfc3489(event);
    }
    return mstun_stream_speaks_rfc3489(event->stream, event->pinfo, event->position) &&
                   mstun_rfc3489_fits(bytes, captured, tvb_reported_length(packet))
               ? MSTUN_PACKET_STUN
               : class;
}

/* A packet in the data of a message or unit: dissected as if it had come by itself, with what is known of its origin.
 * header_len: of the RFC 4571 length before it; 0: there is none. */
static void dissect_nested(mstun_dissect_ctx_t *ctx, tvbuff_t *data, uint32_t header_len)
{
    mstun_dissect_ctx_t nested = *ctx;

    nested.event.position += header_len;
    nested.event.nested = true;
    nested.event.framing = header_len ? MSTUN_FRAMING_RFC4571 : MSTUN_FRAMING_UNKNOWN;
    nested.dialect = MSTUN_DIALECT_UNKNOWN;
    nested.depth++;
    mstun_dissect_packet(&nested, data, header_len);
    ctx->any_message = nested.any_message;
}

/* A frame of MS-TURN's data. data: its mstun_dissect_ctx_t. */
static bool dissect_frame(tvbuff_t *frame, packet_info *pinfo _U_, proto_tree *tree _U_, void *data)
{
    dissect_nested((mstun_dissect_ctx_t *)data, frame, RFC4571_HEADER_LEN);
    return true;
}

static void dissect_frames(mstun_dissect_ctx_t *ctx, const mstun_frames_t *frames)
{
    mstun_dissect_ctx_t frame_ctx = *ctx;

    for (uint32_t offset = 0; offset < frames->end;) {
        uint32_t len = mstun_frame_len(frames, offset);

        frame_ctx.event.position = frames->position + offset;
        mstun_guard(dissect_frame, tvb_new_subset_length(frames->bytes, (int)offset, (int)len), ctx->event.pinfo,
                    ctx->tree, &frame_ctx);
        ctx->any_message = frame_ctx.any_message;
        offset += len;
    }
}

void mstun_dissect_ms_turn_data(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_endpoint_t *peer)
{
    mstun_frames_t frames;

    if (mstun_frames_in_stream(&ctx->event, data, peer, &frames)) {
        dissect_frames(ctx, &frames);
    } else {
        dissect_nested(ctx, data, 0);
    }
}

/* The DATA attribute of ctx's message. On UDP it holds a packet; in MS-TURN on TCP a stream of frames, which are
 * recognized by their lengths where no connection is known. */
static void dissect_data_attribute(const mstun_dissect_ctx_t *ctx, tvbuff_t *message, const mstun_facts_t *facts)
{
    uint32_t offset = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET));
    tvbuff_t *data = tvb_new_subset_length(message, (int)offset, facts->data.len);
    mstun_dissect_ctx_t data_ctx = *ctx;
    mstun_event_t *event = &data_ctx.event;
    mstun_frames_t frames;

    event->facts = NULL;
    event->transaction = NULL;
    event->repeat = NULL;
    event->position += offset;
    event->peer = facts->peer;
    event->from_peer = facts->method == TURN_DATA || facts->type == MS_TURN_DATA_INDICATION;
    if (facts->dialect != MSTUN_DIALECT_MS_TURN) {
        dissect_nested(&data_ctx, data, 0);
    } else if (event->stream && event->framing == MSTUN_FRAMING_MS_TURN) {
        mstun_dissect_ms_turn_data(&data_ctx, data, &facts->peer);
    } else if (mstun_frames_in_data(event, data, &frames)) {
        dissect_frames(&data_ctx, &frames);
    } else {
        dissect_nested(&data_ctx, data, 0);
    }
}

/* META-DTLS-IN-STUN: its bytes are DTLS or nothing (draft-hancke-webrtc-sped). */
static void dissect_dtls_attribute(const mstun_dissect_ctx_t *ctx, tvbuff_t *message, const mstun_facts_t *facts)
{
    int offset = (int)(facts->dtls.bytes - (facts->id - STUN_ID_OFFSET));
    tvbuff_t *packet = tvb_new_subset_length(message, offset, facts->dtls.len);

    if (mstun_packet_class_of(packet) == MSTUN_PACKET_DTLS &&
        mstun_payload_dissect(packet, ctx->event.pinfo, ctx->tree, MSTUN_PACKET_DTLS)) {
        mstun_info_fence(ctx->event.pinfo);
    }
}

void mstun_dissect_message_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit)
{
    mstun_facts_t facts;

    mstun_dissect_message(ctx, message, unit, &facts);
    if (facts.data.bytes && facts.data.len > 0) {
        dissect_data_attribute(ctx, message, &facts);
    }
    if (facts.dtls.bytes && facts.dtls.len > 0) {
        dissect_dtls_attribute(ctx, message, &facts);
    }
    ctx->event.facts = NULL;
}

void mstun_dissect_multiplexed(mstun_dissect_ctx_t *ctx, tvbuff_t *packet)
{
    packet_info *pinfo = ctx->event.pinfo;
    uint64_t session = tvb_get_ntoh64(packet, 4);

    if (mstun_info_is_visible(pinfo)) {
        mstun_info_append(pinfo, wmem_strdup_printf(pinfo->pool, "Multiplexed TURN session 0x%016" PRIx64, session));
    }
    mstun_ms_session_show(&ctx->event, packet, mstun_multiplexed_show(packet, ctx->tree, 0), session);
    if (tvb_captured_length(packet) > MS_MULTIPLEXED_HEADER_LEN) {
        dissect_nested(ctx, tvb_new_subset_remaining(packet, MS_MULTIPLEXED_HEADER_LEN), 0);
    }
}

/* What begins like RTP is RTP where another packet, or signalling, says so too. since: as of mstun_is_of_rtp_stream().
 */
static mstun_packet_t proven_class(const mstun_event_t *event, tvbuff_t *packet, mstun_packet_t class, uint32_t *since)
{
    *since = 0;
    if (class != MSTUN_PACKET_RTP) {
        return class;
    }
    bool has_header = tvb_captured_length(packet) >= RTP_HEADER_LEN;
    bool is_proven =
        event->stream && has_header && mstun_is_of_rtp_stream(event, tvb_get_ptr(packet, 0, RTP_HEADER_LEN), since);

    return is_proven || mstun_rtp_is_signalled(event->pinfo) ? MSTUN_PACKET_RTP : MSTUN_PACKET_UNKNOWN;
}

static void dissect_media(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, tvbuff_t *unit, uint32_t header_len,
                          mstun_packet_t class)
{
    const mstun_event_t *event = &ctx->event;
    uint32_t len = tvb_reported_length(packet), rtp_since;

    if (event->stream && event->first_visit && mstun_payload_is_media(class)) {
        mstun_pair_count_media(event);
    }
    if (header_len == RFC4571_HEADER_LEN) {
        proto_tree *tree = mstun_rfc4571_show(unit, ctx->tree, 0, len);

        if (!ctx->peer_shown) {
            mstun_peer_show(event, unit, tree);
        }
        if (event->stream) {
            mstun_peer_connection_show(event, unit, tree);
        }
    }
    if (class == MSTUN_PACKET_DTLS) {
        packet = tvb_new_subset_length(packet, 0, (int)(len - mstun_counted_padding_of(packet)));
    }
    mstun_packet_t proven = proven_class(event, packet, class, &rtp_since);

    if (tvb_captured_length(packet) > 0 && mstun_payload_dissect(packet, event->pinfo, ctx->tree, proven)) {
        mstun_info_fence(event->pinfo);
    } else if (header_len == RFC4571_HEADER_LEN && mstun_info_is_visible(event->pinfo)) {
        mstun_info_append(event->pinfo, wmem_strdup_printf(event->pinfo->pool, "RFC 4571 frame, %u bytes%s", len,
                                                           class == MSTUN_PACKET_RTP ? ", may be RTP" : ""));
    }
    if (rtp_since) {
        mstun_rtp_begin_at(event->pinfo, rtp_since);
    }
}

static void dissect_classified(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, tvbuff_t *unit, uint32_t header_len,
                               mstun_packet_t class)
{
    bool may_nest = ctx->depth < DEPTH_MAX;

    class = class_in_stream(&ctx->event, packet, class);
    if (class == MSTUN_PACKET_STUN && may_nest) {
        mstun_dissect_message_packet(ctx, packet, unit);
        return;
    }
    if (class == MSTUN_PACKET_MULTIPLEXED && may_nest && tvb_captured_length(packet) == tvb_reported_length(packet)) {
        mstun_dissect_multiplexed(ctx, packet);
        return;
    }
    if (class == MSTUN_PACKET_STUN) {
        proto_item *item =
            proto_tree_add_protocol_format(ctx->tree, proto_mstun, packet, 0, -1, "MSTUN, message in a message");

        expert_add_info(ctx->event.pinfo, item, &ei_nested_too_deeply);
    }
    dissect_media(ctx, packet, unit, header_len, class);
}

void mstun_dissect_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *unit, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(unit, (int)header_len);

    dissect_classified(ctx, packet, unit, header_len, mstun_packet_class_of(packet));
}

void mstun_dissect_unframed_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, mstun_packet_t class)
{
    dissect_classified(ctx, packet, packet, 0, class);
}

void mstun_packet_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_nested_too_deeply,
          { "mstun.nested_too_deeply", PI_PROTOCOL, PI_WARN,
            "A message nested too deeply in other messages to be decoded", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
