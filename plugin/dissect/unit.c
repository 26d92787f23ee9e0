/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/unit.h"

#include "conversation/foreign_bytes.h"
#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "dissect/packet.h"
#include "dissect/payload.h"
#include "framing/packet_tvb.h"
#include "framing/tree.h"
#include "turn/channel.h"
#include "turn/turn_tree.h"

/* Of data without a peer address: the peer of a channel, or of MSTUN_ACTIVE_DESTINATION. */
static void set_peer_from_channel(mstun_event_t *event, uint16_t channel)
{
    const mstun_channel_t *bound = event->stream ? mstun_channel_of(event, channel) : NULL;

    memset(&event->peer, 0, sizeof event->peer);
    if (bound) {
        event->peer = bound->peer;
        event->from_peer = bound->client_direction != event->direction;
    } else { /* bound before the capture began: the channel identifies the peer, and servers have the lower ports */
        event->peer.port = channel;
        event->from_peer = event->pinfo->srcport < event->pinfo->destport;
    }
}

/* Of DTLS that the other side's sender has padded wrongly. */
static void learn_counted_padding(const mstun_event_t *event, tvbuff_t *data)
{
    uint32_t padding = mstun_packet_class_of(data) == MSTUN_PACKET_DTLS ? mstun_counted_padding_of(data) : 0;

    if (padding > 0) {
        mstun_foreign_bytes_learn(event, MSTUN_BYTES_PADDING_COUNTED, padding, 0, NULL);
    }
}

static void dissect_channel_data(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    packet_info *pinfo = ctx->event.pinfo;
    uint16_t channel = tvb_get_ntohs(unit_tvb, 0);

    if (mstun_info_is_visible(pinfo)) {
        mstun_info_append(pinfo,
                          wmem_strdup_printf(pinfo->pool, "ChannelData 0x%04x %u bytes", channel, unit->payload_len));
    }
    proto_tree *tree = mstun_channel_data_show(unit_tvb, ctx->tree, 0, unit);
    const mstun_stream_t *stream = ctx->event.stream;
    mstun_event_t unit_event = ctx->event;
    tvbuff_t *without_padding = tvb_new_subset_length(unit_tvb, 0, (int)(unit->header_len + unit->payload_len));

    unit_event.position -= unit->header_len;
    if (stream && unit_event.first_visit) {
        mstun_channel_learn_data(&unit_event, channel);
        learn_counted_padding(&unit_event, tvb_new_subset_remaining(without_padding, (int)unit->header_len));
    }
    if (stream && (mstun_stream_foreign_bytes(stream) || mstun_stream_has_stray_data(stream))) {
        mstun_diagnose_show_bytes(&unit_event, proto_tree_get_parent(tree));
    }
    mstun_dissect_ctx_t data_ctx = *ctx;

    data_ctx.event.framing = MSTUN_FRAMING_UNKNOWN;
    data_ctx.event.nested = true;
    set_peer_from_channel(&data_ctx.event, channel);
    mstun_peer_show(&data_ctx.event, unit_tvb, tree);
    mstun_dissect_packet(&data_ctx, without_padding, unit->header_len);
    ctx->any_message = data_ctx.any_message;
}

/* [MS-TURN] 2.1.4, type 0x02: a message that fills the unit needs no other evidence. */
static void dissect_ms_control(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *message = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    if (tvb_captured_length(message) >= STUN_HEADER_LEN && stun_type_known(tvb_get_ntohs(message, 0)) &&
        STUN_HEADER_LEN + (uint32_t)tvb_get_ntohs(message, 2) == unit->payload_len) {
        ctx->dialect = MSTUN_DIALECT_MS_TURN;
        mstun_dissect_message_packet(ctx, message, unit_tvb);
        ctx->dialect = MSTUN_DIALECT_UNKNOWN;
    } else {
        mstun_dissect_packet(ctx, unit_tvb, unit->header_len);
    }
}

/* [MS-TURN] 2.1.4, type 0x03 */
static void dissect_ms_data(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    packet_info *pinfo = ctx->event.pinfo;
    tvbuff_t *data = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    set_peer_from_channel(&ctx->event, MSTUN_ACTIVE_DESTINATION);
    if (mstun_info_is_visible(pinfo)) {
        mstun_info_append(pinfo, wmem_strdup_printf(pinfo->pool, "MS-TURN data %u bytes", unit->payload_len));
    }
    mstun_peer_show(&ctx->event, unit_tvb, mstun_ms_data_show(unit_tvb, ctx->tree, 0));
    ctx->peer_shown = true;
    if (tvb_captured_length(data) > 0) {
        mstun_dissect_ms_turn_data(ctx, data, NULL);
    }
}

static void dissect_pseudo_tls(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb)
{
    uint32_t captured = tvb_captured_length(unit_tvb);
    mstun_pseudo_tls_kind_t kind = mstun_pseudo_tls_hello(tvb_get_ptr(unit_tvb, 0, (int)captured), captured);

    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo, mstun_pseudo_tls_name(kind));
    }
    proto_item *item = mstun_pseudo_tls_show(unit_tvb, ctx->tree, kind);

    mstun_payload_dissect_tls(unit_tvb, ctx->event.pinfo, ctx->tree);
    ctx->any_message = true;
    if (kind == MSTUN_HELLO_CLIENT && ctx->event.stream && ctx->event.first_visit) {
        mstun_foreign_bytes_learn(&ctx->event, MSTUN_BYTES_PSEUDO_TLS_HELLO, captured, 0, NULL);
    }
    if (ctx->event.stream && ctx->event.stream->foreign) {
        mstun_diagnose_show_bytes(&ctx->event, item);
    }
    if (kind == MSTUN_HELLO_GOOGLE_CLIENT || kind == MSTUN_HELLO_GOOGLE_SERVER) {
        ctx->event.framing = MSTUN_FRAMING_UNDETERMINED_RELAY; /* another one follows: libnice's is RFC 4571 */
    }
}

void mstun_dissect_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    ctx->event.position += unit->header_len;
    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        mstun_dissect_message_packet(ctx, unit_tvb, unit_tvb);
        break;
    case MSTUN_UNIT_CHANNEL_DATA:
        dissect_channel_data(ctx, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MS_CONTROL:
        dissect_ms_control(ctx, unit_tvb, unit);
        break;
    case MSTUN_UNIT_PACKET:
        mstun_dissect_packet(ctx, unit_tvb, unit->header_len);
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

/* RFC 8656 section 12.5: on UDP, ChannelData fills its datagram, padded or not. */
static void dissect_channel_data_datagram(mstun_dissect_ctx_t *ctx, tvbuff_t *datagram)
{
    uint32_t payload_len = tvb_get_ntohs(datagram, 2);
    mstun_unit_t unit = { .kind = MSTUN_UNIT_CHANNEL_DATA,
                          .header_len = CHANNEL_DATA_HEADER_LEN,
                          .payload_len = payload_len,
                          .padding = tvb_reported_length(datagram) - CHANNEL_DATA_HEADER_LEN - payload_len };

    mstun_dissect_unit(ctx, datagram, &unit);
}

/* On UDP the active destination's packets come without a header, among the messages of MS-TURN ([MS-TURN] 3.2). */
static bool is_from_active_destination(const mstun_event_t *event, tvbuff_t *packet)
{
    uint32_t captured = tvb_captured_length(packet);

    return event->stream && mstun_stream_has_channels(event->stream) &&
           mstun_channel_of(event, MSTUN_ACTIVE_DESTINATION) &&
           (captured < STUN_HEADER_LEN ||
            mstun_dialect_of_bytes(tvb_get_ptr(packet, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN);
}

void mstun_dissect_unframed_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *datagram, mstun_packet_t class)
{
    mstun_event_t *event = &ctx->event;

    if (class == MSTUN_PACKET_CHANNEL_DATA) {
        dissect_channel_data_datagram(ctx, datagram);
        return;
    }
    if (is_from_active_destination(event, datagram)) {
        set_peer_from_channel(event, MSTUN_ACTIVE_DESTINATION);
        if (event->peer.family && class != MSTUN_PACKET_STUN) { /* there is no other layer of ours to show the peer
                                                                 * in */
            mstun_peer_show(event, datagram, mstun_bare_data_show(datagram, ctx->tree));
        }
    }
    mstun_dissect_unframed_packet(ctx, datagram, class);
}
