/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One unit of a stream, by its kind: what its framing header says, and then the message, packet or data in it. */
#include "dissect/context.h"

#include "dissect/columns.h"
#include "framing/packet_tvb.h"
#include "framing/tree.h"
#include "dissect/payload.h"
#include "turn/allocation_tree.h"
#include "turn/channel.h"

/* Data without an address in it: its peer is bound to a channel or is the active destination (MSTUN_ACTIVE_DESTINATION). */
static void enter_bound(mstun_dissect_ctx_t *pass, uint16_t channel)
{
    const mstun_channel_peer_t *bound =
        pass->stream ? mstun_channel_peer(pass->stream, pass->pinfo, pass->seq, channel) : NULL;

    memset(&pass->peer, 0, sizeof pass->peer);
    if (bound) {
        pass->peer = bound->peer;
        pass->from_peer = bound->client != pass->direction;
    } else { /* bound before the capture began: the channel tells it from the others, and servers have the lower ports */
        pass->peer.port = channel;
        pass->from_peer = pass->pinfo->srcport < pass->pinfo->destport;
    }
}

static void dissect_channel_data(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    uint32_t len = unit->header_len + unit->payload_len;
    uint16_t channel = tvb_get_ntohs(unit_tvb, 0);

    if (mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "ChannelData 0x%04x %u bytes", channel,
                                                          unit->payload_len));
    }
    proto_tree *tree = mstun_channel_data_show(unit_tvb, pass->tree, 0, unit);
    mstun_dissect_ctx_t inner = *pass;

    inner.framing = MSTUN_FRAMING_UNKNOWN;
    inner.nested = true;
    enter_bound(&inner, channel);
    mstun_peer_show(unit_tvb, pass->pinfo, tree, &inner.peer);
    mstun_dissect_packet_at(&inner, tvb_new_subset_length(unit_tvb, 0, (int)len), 0, unit->header_len);
    pass->any_message = inner.any_message;
}

/* [MS-TURN] 2.1.4, type 0x02: a message that fills the unit needs no evidence of its own. */
static void dissect_ms_control(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *message = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    if (tvb_captured_length(message) >= STUN_HEADER_LEN && stun_type_known(tvb_get_ntohs(message, 0)) &&
        STUN_HEADER_LEN + (uint32_t)tvb_get_ntohs(message, 2) == unit->payload_len) {
        pass->dialect = MSTUN_DIALECT_MS_TURN;
        mstun_dissect_message(pass, message, unit_tvb, 0);
        pass->dialect = MSTUN_DIALECT_UNKNOWN;
    } else {
        mstun_dissect_packet_at(pass, unit_tvb, 0, unit->header_len);
    }
}

/* [MS-TURN] 2.1.4, type 0x03 */
static void dissect_ms_data(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *data = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    enter_bound(pass, MSTUN_ACTIVE_DESTINATION);
    if (mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo,
                          wmem_strdup_printf(pass->pinfo->pool, "MS-TURN data %u bytes", unit->payload_len));
    }
    mstun_peer_show(unit_tvb, pass->pinfo, mstun_ms_data_show(unit_tvb, pass->tree, 0), &pass->peer);
    pass->peer_shown = true;
    if (tvb_captured_length(data) > 0) {
        mstun_dissect_ms_turn_stream(pass, data, NULL);
    }
}

static void dissect_hello(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb)
{
    uint32_t captured = tvb_captured_length(unit_tvb);
    mstun_pseudo_tls_kind_t hello = mstun_pseudo_tls_hello(tvb_get_ptr(unit_tvb, 0, (int)captured), captured);

    if (mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo, mstun_pseudo_tls_name(hello));
    }
    mstun_pseudo_tls_show(unit_tvb, pass->tree, hello);
    mstun_payload_dissect_tls(unit_tvb, pass->pinfo, pass->tree);
    pass->any_message = true;
    if (hello == MSTUN_HELLO_GOOGLE_CLIENT || hello == MSTUN_HELLO_GOOGLE_SERVER) {
        pass->framing = MSTUN_FRAMING_UNDETERMINED_RELAY; /* what follows has another framing: libnice's has RFC 4571 */
    }
}

/* On UDP the active destination's packets come bare ([MS-TURN] 3.2), among those of MS-TURN itself. */
static bool is_bare_data(const mstun_dissect_ctx_t *pass, tvbuff_t *packet)
{
    uint32_t captured = tvb_captured_length(packet);

    return pass->stream && pass->stream->bound &&
           (captured < STUN_HEADER_LEN ||
            mstun_dialect_of_bytes(tvb_get_ptr(packet, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN);
}

/* A layer for the peer's sake, where nothing else of ours stands before the media. */
static void show_bare_data(const mstun_dissect_ctx_t *pass, tvbuff_t *packet)
{
    if (pass->peer.family && mstun_packet_class_of(packet) != MSTUN_PACKET_STUN) {
        mstun_peer_show(packet, pass->pinfo, mstun_bare_data_show(packet, pass->tree), &pass->peer);
    }
}

void mstun_dissect_packet(mstun_dissect_ctx_t *pass, tvbuff_t *packet)
{
    if (is_bare_data(pass, packet)) {
        enter_bound(pass, MSTUN_ACTIVE_DESTINATION);
        show_bare_data(pass, packet);
    }
    mstun_dissect_packet_at(pass, packet, 0, 0);
}

void mstun_dissect_unit(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    pass->seq += unit->header_len;
    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        mstun_dissect_message(pass, unit_tvb, unit_tvb, 0);
        break;
    case MSTUN_UNIT_CHANNEL_DATA:
        dissect_channel_data(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MS_CONTROL:
        dissect_ms_control(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_PACKET:
        mstun_dissect_packet_at(pass, unit_tvb, 0, unit->header_len);
        break;
    case MSTUN_UNIT_MS_DATA:
        dissect_ms_data(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MULTIPLEXED:
        mstun_dissect_multiplexed(pass, unit_tvb);
        break;
    case MSTUN_UNIT_PSEUDO_TLS:
        dissect_hello(pass, unit_tvb);
        break;
    }
}
