/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/packet.h"

#include "dissect/columns.h"
#include "dissect/message.h"
#include "dissect/nested.h"
#include "dissect/payload.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "framing/tree.h"
#include "ice/pair.h"
#include "turn/turn_tree.h"

#define DEPTH_MAX 5 /* messages in the data of messages: two relays on a path give two */

static int proto_mstun = -1;
static expert_field ei_nested_too_deeply = EI_INIT;

static void dissect_media(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, tvbuff_t *frame, uint32_t offset,
                          uint32_t header_len)
{
    const mstun_event_t *event = &ctx->event;
    uint32_t len = tvb_reported_length(packet);

    if (event->stream && event->first_visit && mstun_payload_is_media(packet)) {
        mstun_pair_count_media(event);
    }
    if (header_len == RFC4571_HEADER_LEN) {
        proto_tree *tree = mstun_rfc4571_show(frame, ctx->tree, offset, len);

        if (!ctx->peer_shown) {
            mstun_peer_show(event, frame, tree);
        }
        if (event->stream) {
            mstun_peer_connection_show(event, frame, tree);
        }
    }
    if (tvb_captured_length(packet) > 0 && mstun_payload_dissect(packet, event->pinfo, ctx->tree)) {
        mstun_info_fence(event->pinfo);
    } else if (header_len == RFC4571_HEADER_LEN && mstun_info_is_visible(event->pinfo)) {
        mstun_info_append(event->pinfo, wmem_strdup_printf(event->pinfo->pool, "RFC 4571 frame, %u bytes", len));
    }
}

/* By its own bytes; a message of RFC 3489 by no more than a header, if one before has proved itself. */
static mstun_packet_t class_of(const mstun_event_t *event, tvbuff_t *packet)
{
    mstun_packet_t class = mstun_packet_class_of(packet);
    uint32_t captured = tvb_captured_length(packet);

    if (!event->stream || captured < STUN_HEADER_LEN) {
        return class;
    }
    const uint8_t *bytes = tvb_get_ptr(packet, 0, (int)captured);

    if (event->first_visit && class == MSTUN_PACKET_STUN &&
        mstun_dialect_of_bytes(bytes, captured) == MSTUN_DIALECT_RFC3489) {
        mstun_stream_learn_rfc3489(event);
    }
    bool is_message = mstun_rfc3489_fits(bytes, captured, tvb_reported_length(packet)) &&
                      mstun_stream_speaks_rfc3489(event->stream, event->pinfo, event->position);

    return is_message ? MSTUN_PACKET_STUN : class;
}

void mstun_dissect_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(tvb, (int)(offset + header_len));
    mstun_packet_t class = class_of(&ctx->event, packet);

    if (class == MSTUN_PACKET_STUN && ctx->depth < DEPTH_MAX) {
        mstun_dissect_message(ctx, packet, tvb, offset);
        return;
    }
    if (class == MSTUN_PACKET_MULTIPLEXED && tvb_captured_length(packet) == tvb_reported_length(packet) &&
        ctx->depth < DEPTH_MAX) {
        mstun_dissect_multiplexed(ctx, packet);
        return;
    }
    if (class == MSTUN_PACKET_STUN) {
        proto_item *item =
            proto_tree_add_protocol_format(ctx->tree, proto_mstun, packet, 0, -1, "MSTUN, message in a message");

        expert_add_info(ctx->event.pinfo, item, &ei_nested_too_deeply);
    }
    dissect_media(ctx, packet, tvb, offset, header_len);
}

void mstun_packet_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_nested_too_deeply,
          { "mstun.nested_too_deeply", PI_PROTOCOL, PI_WARN,
            "A message in the data of a message, too deep to be followed", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
