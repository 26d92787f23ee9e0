/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One unit of a stream, by its kind: what its framing header says, and then the message, packet or data in it. */
#include "dissect/unit.h"

#include "dissect/columns.h"
#include "dissect/message.h"
#include "dissect/nested.h"
#include "dissect/packet.h"
#include "dissect/payload.h"
#include "framing/packet_tvb.h"
#include "framing/tree.h"
#include "turn/channel.h"
#include "turn/turn_tree.h"

/* Data without an address in it: its peer is bound to a channel or is the active destination (MSTUN_ACTIVE_DESTINATION). */
static void set_peer_from_channel(mstun_event_t *event, uint16_t channel)
{
    const mstun_channel_peer_t *bound = event->stream ? mstun_channel_peer(event, channel) : NULL;

    memset(&event->peer, 0, sizeof event->peer);
    if (bound) {
        event->peer = bound->peer;
        event->from_peer = bound->client_direction != event->direction;
    } else { /* bound before the capture began: the channel identifies the peer, and servers have the lower ports */
        event->peer.port = channel;
        event->from_peer = event->pinfo->srcport < event->pinfo->destport;
    }
}

static void dissect_channel_data(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    uint32_t len = unit->header_len + unit->payload_len;
    uint16_t channel = tvb_get_ntohs(unit_tvb, 0);

    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo, wmem_strdup_printf(ctx->event.pinfo->pool, "ChannelData 0x%04x %u bytes",
                                                               channel, unit->payload_len));
    }
    proto_tree *tree = mstun_channel_data_show(unit_tvb, ctx->tree, 0, unit);
    mstun_dissect_ctx_t inner = *ctx;

    inner.event.framing = MSTUN_FRAMING_UNKNOWN;
    inner.event.nested = true;
    set_peer_from_channel(&inner.event, channel);
    mstun_peer_show(&inner.event, unit_tvb, tree);
    mstun_dissect_packet(&inner, tvb_new_subset_length(unit_tvb, 0, (int)len), 0, unit->header_len);
    ctx->any_message = inner.any_message;
}

/* [MS-TURN] 2.1.4, type 0x02: a message that fills the unit needs no evidence of its own. */
static void dissect_ms_control(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *message = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    if (tvb_captured_length(message) >= STUN_HEADER_LEN && stun_type_known(tvb_get_ntohs(message, 0)) &&
        STUN_HEADER_LEN + (uint32_t)tvb_get_ntohs(message, 2) == unit->payload_len) {
        ctx->dialect = MSTUN_DIALECT_MS_TURN;
        mstun_dissect_message(ctx, message, unit_tvb, 0);
        ctx->dialect = MSTUN_DIALECT_UNKNOWN;
    } else {
        mstun_dissect_packet(ctx, unit_tvb, 0, unit->header_len);
    }
}

/* [MS-TURN] 2.1.4, type 0x03 */
static void dissect_ms_data(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *data = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    set_peer_from_channel(&ctx->event, MSTUN_ACTIVE_DESTINATION);
    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo,
                          wmem_strdup_printf(ctx->event.pinfo->pool, "MS-TURN data %u bytes", unit->payload_len));
    }
    mstun_peer_show(&ctx->event, unit_tvb, mstun_ms_data_show(unit_tvb, ctx->tree, 0));
    ctx->peer_shown = true;
    if (tvb_captured_length(data) > 0) {
        mstun_dissect_ms_turn_stream(ctx, data, NULL);
    }
}

static void dissect_pseudo_tls(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb)
{
    uint32_t captured = tvb_captured_length(unit_tvb);
    mstun_pseudo_tls_kind_t hello = mstun_pseudo_tls_hello(tvb_get_ptr(unit_tvb, 0, (int)captured), captured);

    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo, mstun_pseudo_tls_name(hello));
    }
    mstun_pseudo_tls_show(unit_tvb, ctx->tree, hello);
    mstun_payload_dissect_tls(unit_tvb, ctx->event.pinfo, ctx->tree);
    ctx->any_message = true;
    if (hello == MSTUN_HELLO_GOOGLE_CLIENT || hello == MSTUN_HELLO_GOOGLE_SERVER) {
        ctx->event.framing =
            MSTUN_FRAMING_UNDETERMINED_RELAY; /* what follows has another framing: libnice's has RFC 4571 */
    }
}

/* On UDP the active destination's packets come bare ([MS-TURN] 3.2), among those of MS-TURN itself. */
static bool is_bare_data(const mstun_dissect_ctx_t *ctx, tvbuff_t *packet)
{
    uint32_t captured = tvb_captured_length(packet);

    return ctx->event.stream && mstun_stream_has_channels(ctx->event.stream) &&
           (captured < STUN_HEADER_LEN ||
            mstun_dialect_of_bytes(tvb_get_ptr(packet, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN);
}

/* A layer for the peer's sake, where nothing else of ours stands before the media. */
static void show_bare_data(const mstun_dissect_ctx_t *ctx, tvbuff_t *packet)
{
    if (ctx->event.peer.family && mstun_packet_class_of(packet) != MSTUN_PACKET_STUN) {
        mstun_peer_show(&ctx->event, packet, mstun_bare_data_show(packet, ctx->tree));
    }
}

void mstun_dissect_unframed(mstun_dissect_ctx_t *ctx, tvbuff_t *packet)
{
    if (is_bare_data(ctx, packet)) {
        set_peer_from_channel(&ctx->event, MSTUN_ACTIVE_DESTINATION);
        show_bare_data(ctx, packet);
    }
    mstun_dissect_packet(ctx, packet, 0, 0);
}

void mstun_dissect_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    ctx->event.position += unit->header_len;
    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        mstun_dissect_message(ctx, unit_tvb, unit_tvb, 0);
        break;
    case MSTUN_UNIT_CHANNEL_DATA:
        dissect_channel_data(ctx, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MS_CONTROL:
        dissect_ms_control(ctx, unit_tvb, unit);
        break;
    case MSTUN_UNIT_PACKET:
        mstun_dissect_packet(ctx, unit_tvb, 0, unit->header_len);
        break;
    case MSTUN_UNIT_MS_DATA:
        dissect_ms_data(ctx, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MULTIPLEXED:
        mstun_dissect_multiplexed(ctx, unit_tvb);
        break;
    case MSTUN_UNIT_PSEUDO_TLS:
        dissect_pseudo_tls(ctx, unit_tvb);
        break;
    }
}
