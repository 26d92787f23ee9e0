/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One unit: a message is parsed, tracked, shown and its data handed on; a packet that is no STUN goes to the dissectors
 * that Wireshark has for it. */
#include "pass.h"

#include <epan/tap.h>

#include "columns.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "framing/show.h"
#include "message/message.h"
#include "payload.h"
#include "report/tap.h"
#include "track/allocation.h"
#include "track/allocation_show.h"
#include "track/bound.h"
#include "track/inner.h"
#include "track/integrity.h"
#include "track/late.h"
#include "track/mismatch.h"
#include "track/ms_turn.h"
#include "track/pair_show.h"
#include "track/path.h"
#include "track/transaction.h"

#define DEPTH_MAX 5 /* messages in the data of messages: two relays on a path give two */

static int proto_mstun = -1;
static int expert_tap = -1;
static int pref_dialect = MSTUN_DIALECT_UNKNOWN; /* by evidence */
static expert_field ei_nested_too_deeply = EI_INIT;

/* Somebody looks at our fields, or counts expert infos. */
static bool is_wanted(proto_tree *tree, const mstun_facts_t *facts)
{
    return proto_field_is_referenced(tree, proto_mstun) || (facts->has & MSTUN_HAS_PROBLEM) ||
           have_tap_listener(expert_tap);
}

static const char *show_in_columns(mstun_pass_t *pass, const mstun_facts_t *facts, const mstun_exchange_t *exchange)
{
    bool in_column = mstun_columns_wanted(pass->pinfo);
    const char *summary = NULL;

    if (in_column || (pass->tree && PTREE_DATA(pass->tree)->visible)) {
        summary = mstun_message_summary(pass->pinfo->pool, facts);
        if (exchange->copy) {
            const char *kind = exchange->copy->alternate ? "alternate format"
                               : exchange->copy->changed ? "repeated, changed"
                                                         : "retransmission";

            summary = wmem_strdup_printf(pass->pinfo->pool, "%s [%s]", summary, kind);
        }
    }
    if (in_column) {
        mstun_columns_add(pass->pinfo, summary);
    }
    return summary;
}

static void dissect_packet(mstun_pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len);
static void dissect_multiplexed(mstun_pass_t *pass, tvbuff_t *unit_tvb);

/* A packet in the data of a message or unit. On TCP MS-TURN's has an RFC 4571 length before it, on UDP and by libnice it
 * has none. */
static void dissect_inner(mstun_pass_t *pass, tvbuff_t *data, uint32_t header_len)
{
    mstun_pass_t inner = *pass;

    inner.seq += header_len;
    inner.depth++;
    inner.nested = true;
    inner.framing = header_len ? MSTUN_FRAMING_RFC4571 : MSTUN_FRAMING_UNKNOWN;
    inner.dialect = MSTUN_DIALECT_UNKNOWN;
    dissect_packet(&inner, data, 0, header_len);
    pass->any_message = inner.any_message;
}

/* Data behind what the data before has left of a frame. */
static tvbuff_t *inner_bytes(mstun_pass_t *pass, tvbuff_t *data, const mstun_inner_t *inner)
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
static void dissect_frames(mstun_pass_t *pass, tvbuff_t *bytes, uint32_t end)
{
    for (uint32_t offset = 0; offset < end;) {
        uint32_t frame_len = RFC4571_HEADER_LEN + (uint32_t)tvb_get_ntohs(bytes, (int)offset);
        mstun_pass_t frame = *pass;

        frame.seq += offset;
        dissect_inner(&frame, tvb_new_subset_length(bytes, (int)offset, (int)frame_len), RFC4571_HEADER_LEN);
        pass->any_message = frame.any_message;
        offset += frame_len;
    }
}

/* Frames of which each that ends in this data is dissected here. peer: as in track/inner.h. */
static void dissect_frames_and_rest(mstun_pass_t *pass, tvbuff_t *data, const mstun_inner_t *inner,
                                    const mstun_endpoint_t *peer)
{
    tvbuff_t *bytes = inner_bytes(pass, data, inner);
    uint32_t len = tvb_captured_length(bytes), end = end_of_frames(bytes, len);

    /* First: what a frame throws must not lose the rest. */
    mstun_inner_leave(pass->stream, pass->direction, peer, pass->pinfo,
                      end < len ? tvb_get_ptr(bytes, (int)end, (int)(len - end)) : NULL, len - end);
    pass->seq -= inner->before_len;
    dissect_frames(pass, bytes, end);
    pass->seq += inner->before_len;
}

/* Data of MS-TURN on TCP, in a unit or in a message to or from a peer. pass->seq is the data's. */
static void dissect_inner_stream(mstun_pass_t *pass, tvbuff_t *data, const mstun_endpoint_t *peer)
{
    uint32_t captured = tvb_captured_length(data);
    mstun_inner_t inner = { NULL, 0, false };

    if (pass->stream && captured == tvb_reported_length(data)) {
        inner = mstun_inner_enter(pass->stream, pass->direction, peer, pass->pinfo, pass->seq,
                                  tvb_get_ptr(data, 0, (int)captured), captured);
    }
    if (inner.framed) {
        dissect_frames_and_rest(pass, data, &inner, peer);
    } else {
        dissect_inner(pass, data, 0);
    }
}

/* The DATA of a message. On UDP a packet; on TCP a stream of frames, whose lengths tell where we know no connection. */
static void dissect_data(const mstun_pass_t *pass, tvbuff_t *tvb, const mstun_facts_t *facts)
{
    uint32_t begin = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET)), len = facts->data.len;
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)begin, (int)len);
    mstun_pass_t inner = *pass;

    inner.seq += begin;
    inner.peer = facts->peer;
    inner.from_peer = facts->method == TURN_DATA || facts->type == MS_TURN_DATA_INDICATION;
    if (facts->dialect == MSTUN_DIALECT_MS_TURN && pass->stream && pass->framing == MSTUN_FRAMING_MS_TURN) {
        dissect_inner_stream(&inner, data, &facts->peer);
    } else if (facts->dialect == MSTUN_DIALECT_MS_TURN && end_of_frames(data, len) == len) {
        dissect_frames(&inner, data, len);
    } else {
        dissect_inner(&inner, data, 0);
    }
}

/* RFC 6062 section 5.4: after a ConnectionBind nothing on this connection is TURN's any more. */
static void follow_connection_bind(mstun_pass_t *pass, const mstun_facts_t *facts)
{
    if (!pass->nested && facts->dialect == MSTUN_DIALECT_RFC5389 && facts->method == TURN_CONNECTION_BIND &&
        (facts->class == STUN_REQUEST || facts->class == STUN_SUCCESS)) {
        pass->framing = MSTUN_FRAMING_FRESH;
    }
}

static mstun_exchange_t track(mstun_pass_t *pass, const mstun_facts_t *facts)
{
    if (!PINFO_FD_VISITED(pass->pinfo)) {
        pass->stream->any_message = true;
    }
    mstun_exchange_t exchange = mstun_transaction_track(pass->stream, pass->direction, pass->pinfo, pass->seq, facts);

    mstun_allocation_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, facts, &exchange);
    mstun_ms_turn_learn(pass->stream, pass->pinfo, pass->seq, facts, &exchange);
    mstun_bound_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, facts, &exchange);
    mstun_path_track(pass->stream, pass->pinfo, pass->seq, pass->nested, facts);
    if (!pass->nested) {
        mstun_mismatch_learn(pass->stream, pass->pinfo, facts, &exchange);
    }
    mstun_pair_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, &pass->peer, pass->from_peer, facts,
                     &exchange);
    mstun_integrity_learn(pass->stream, pass->pinfo, facts, &exchange);
    return exchange;
}

static void show_tracked(const mstun_pass_t *pass, tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts,
                         const mstun_exchange_t *exchange)
{
    mstun_late_t late;

    mstun_late_keep(&late, pass->stream, pass->pinfo, pass->seq, facts, exchange);
    mstun_transaction_show(message, pass->pinfo, tree, exchange, facts);
    mstun_late_show(pass->pinfo, proto_tree_get_parent(tree), &late);
    mstun_allocation_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts, exchange);
    mstun_path_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts);
    mstun_pair_show(message, pass->pinfo, tree, pass->seq, exchange);
}

/* How a message is to be read: as the user says; as what carries it says, where it says nothing itself. */
static mstun_dialect_t dialect_of(const mstun_pass_t *pass, tvbuff_t *message)
{
    uint32_t captured = tvb_captured_length(message);

    if (pref_dialect != MSTUN_DIALECT_UNKNOWN || pass->dialect == MSTUN_DIALECT_UNKNOWN || captured < STUN_HEADER_LEN) {
        return (mstun_dialect_t)pref_dialect;
    }
    return mstun_dialect_of_bytes(tvb_get_ptr(message, 0, (int)captured), captured) == MSTUN_DIALECT_RFC3489
               ? pass->dialect
               : MSTUN_DIALECT_UNKNOWN;
}

/* message: from its header on. frame, offset: what stands before it, the RFC 4571 length. pass->seq is the message's. */
static void dissect_message(mstun_pass_t *pass, tvbuff_t *message, tvbuff_t *frame, uint32_t offset)
{
    mstun_facts_t facts;
    mstun_exchange_t exchange = { NULL, NULL };

    if (!mstun_message_parse(message, dialect_of(pass, message), &facts)) {
        tvb_ensure_bytes_exist(message, 0, STUN_HEADER_LEN);
        return;
    }
    pass->any_message = true;
    if (pass->stream) {
        exchange = track(pass, &facts);
    }
    if (mstun_tap_wanted()) {
        mstun_tap_queue(message, pass->pinfo, pass->stream, pass->framing, pass->seq, &facts, &exchange);
    }
    const char *summary = show_in_columns(pass, &facts, &exchange);

    if (is_wanted(pass->tree, &facts)) {
        proto_tree *tree = mstun_message_show(message, pass->tree, &facts, summary);

        mstun_framing_show(frame, tree, offset, pass->framing);
        mstun_message_show_header(message, pass->pinfo, tree, &facts);
        if (pass->stream) {
            show_tracked(pass, message, tree, &facts, &exchange);
        }
        mstun_integrity_show(message, pass->pinfo, tree, &facts, &exchange);
        mstun_message_show_attributes(message, pass->pinfo, tree, &facts);
    } else if (pass->tree) { /* from 4.4 on, a layer that adds no item is struck from frame.protocols */
        proto_tree_add_item(pass->tree, proto_mstun, message, 0, -1, ENC_NA);
    }
    if (facts.data.bytes && facts.data.len > 0) {
        dissect_data(pass, message, &facts);
    }
    follow_connection_bind(pass, &facts);
}

static void count_media(const mstun_pass_t *pass, tvbuff_t *packet)
{
    if (pass->stream && mstun_payload_is_media(packet)) {
        mstun_pair_media(pass->stream, pass->direction, pass->pinfo, &pass->peer);
    }
}

static void dissect_media(mstun_pass_t *pass, tvbuff_t *packet, tvbuff_t *frame, uint32_t offset, uint32_t header_len)
{
    uint32_t len = tvb_reported_length(packet);

    count_media(pass, packet);
    if (header_len == RFC4571_HEADER_LEN) {
        proto_tree *tree = mstun_rfc4571_show(frame, pass->tree, offset, len);

        if (pass->stream) {
            mstun_connection_show(frame, pass->pinfo, tree, pass->stream);
        }
    }
    if (tvb_captured_length(packet) > 0 && mstun_payload_dissect(packet, pass->pinfo, pass->tree)) {
        mstun_columns_keep(pass->pinfo);
    } else if (header_len == RFC4571_HEADER_LEN && mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "RFC 4571 frame, %u bytes", len));
    }
}

/* By its own bytes; a message of RFC 3489 by no more than a header, if there was one before that proved itself. */
static mstun_packet_t class_of(const mstun_pass_t *pass, tvbuff_t *packet)
{
    mstun_packet_t class = mstun_packet_class_of(packet);
    uint32_t captured = tvb_captured_length(packet);

    if (!pass->stream || captured < STUN_HEADER_LEN) {
        return class;
    }
    const uint8_t *bytes = tvb_get_ptr(packet, 0, (int)captured);

    if (class == MSTUN_PACKET_STUN && mstun_dialect_of_bytes(bytes, captured) == MSTUN_DIALECT_RFC3489) {
        mstun_stream_learn_rfc3489(pass->stream, pass->pinfo, pass->seq);
    }
    bool is_message = mstun_rfc3489_fits(bytes, captured, tvb_reported_length(packet)) &&
                      mstun_stream_speaks_rfc3489(pass->stream, pass->pinfo, pass->seq);

    return is_message ? MSTUN_PACKET_STUN : class;
}

/* A whole packet at offset + header_len of tvb: STUN is ours, the rest is handed on. */
static void dissect_packet(mstun_pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(tvb, (int)(offset + header_len));
    mstun_packet_t class = class_of(pass, packet);

    if (class == MSTUN_PACKET_STUN && pass->depth < DEPTH_MAX) {
        dissect_message(pass, packet, tvb, offset);
        return;
    }
    if (class == MSTUN_PACKET_MULTIPLEXED && tvb_captured_length(packet) == tvb_reported_length(packet) &&
        pass->depth < DEPTH_MAX) {
        dissect_multiplexed(pass, packet);
        return;
    }
    if (class == MSTUN_PACKET_STUN) {
        proto_item *item =
            proto_tree_add_protocol_format(pass->tree, proto_mstun, packet, 0, -1, "MSTUN, message in a message");

        expert_add_info(pass->pinfo, item, &ei_nested_too_deeply);
    }
    dissect_media(pass, packet, tvb, offset, header_len);
}

/* Data without an address in it: its peer is bound to a channel or is the active destination (MSTUN_ACTIVE_DESTINATION). */
static void enter_bound(mstun_pass_t *pass, uint16_t channel)
{
    const mstun_bound_peer_t *bound =
        pass->stream ? mstun_bound_peer(pass->stream, pass->pinfo, pass->seq, channel) : NULL;

    memset(&pass->peer, 0, sizeof pass->peer);
    if (bound) {
        pass->peer = bound->peer;
        pass->from_peer = bound->client != pass->direction;
    } else { /* bound before the capture began: the channel tells it from the others, and servers have the lower ports */
        pass->peer.port = channel;
        pass->from_peer = pass->pinfo->srcport < pass->pinfo->destport;
    }
}

static void dissect_channel_data(mstun_pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    uint32_t len = unit->header_len + unit->payload_len;
    uint16_t channel = tvb_get_ntohs(unit_tvb, 0);

    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "ChannelData 0x%04x %u bytes", channel,
                                                          unit->payload_len));
    }
    mstun_channel_data_show(unit_tvb, pass->tree, 0, unit);
    mstun_pass_t inner = *pass;

    inner.framing = MSTUN_FRAMING_UNKNOWN;
    inner.nested = true;
    enter_bound(&inner, channel);
    dissect_packet(&inner, tvb_new_subset_length(unit_tvb, 0, (int)len), 0, unit->header_len);
    pass->any_message = inner.any_message;
}

/* [MS-TURN] 2.1.4, type 0x02: a message that fills the unit needs no evidence of its own. */
static void dissect_ms_control(mstun_pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *message = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    if (tvb_captured_length(message) >= STUN_HEADER_LEN && stun_type_known(tvb_get_ntohs(message, 0)) &&
        STUN_HEADER_LEN + (uint32_t)tvb_get_ntohs(message, 2) == unit->payload_len) {
        pass->dialect = MSTUN_DIALECT_MS_TURN;
        dissect_message(pass, message, unit_tvb, 0);
        pass->dialect = MSTUN_DIALECT_UNKNOWN;
    } else {
        dissect_packet(pass, unit_tvb, 0, unit->header_len);
    }
}

/* [MS-TURN] 2.1.4, type 0x03 */
static void dissect_ms_data(mstun_pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    tvbuff_t *data = tvb_new_subset_remaining(unit_tvb, MS_TURN_HEADER_LEN);

    enter_bound(pass, MSTUN_ACTIVE_DESTINATION);
    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo,
                          wmem_strdup_printf(pass->pinfo->pool, "MS-TURN data %u bytes", unit->payload_len));
    }
    mstun_ms_data_show(unit_tvb, pass->tree, 0);
    if (tvb_captured_length(data) > 0) {
        dissect_inner_stream(pass, data, NULL);
    }
}

/* [MS-TURN] 2.2.3 */
static void dissect_multiplexed(mstun_pass_t *pass, tvbuff_t *unit_tvb)
{
    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "Multiplexed TURN session 0x%016" PRIx64,
                                                          tvb_get_ntoh64(unit_tvb, 4)));
    }
    mstun_ms_session_show(unit_tvb, pass->pinfo, mstun_multiplexed_show(unit_tvb, pass->tree, 0),
                          tvb_get_ntoh64(unit_tvb, 4));
    if (tvb_captured_length(unit_tvb) > MS_MULTIPLEXED_HEADER_LEN) {
        dissect_inner(pass, tvb_new_subset_remaining(unit_tvb, MS_MULTIPLEXED_HEADER_LEN), 0);
    }
}

static void dissect_hello(mstun_pass_t *pass, tvbuff_t *unit_tvb)
{
    uint32_t captured = tvb_captured_length(unit_tvb);
    mstun_hello_t hello = mstun_pseudo_tls_hello(tvb_get_ptr(unit_tvb, 0, (int)captured), captured);

    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, mstun_pseudo_tls_name(hello));
    }
    mstun_hello_show(unit_tvb, pass->tree, hello);
    mstun_payload_show_tls(unit_tvb, pass->pinfo, pass->tree);
    pass->any_message = true;
    if (hello == MSTUN_HELLO_GOOGLE_CLIENT || hello == MSTUN_HELLO_GOOGLE_SERVER) {
        pass->framing = MSTUN_FRAMING_FRESH; /* what follows has another framing: libnice's has RFC 4571 */
    }
}

/* On UDP the active destination's packets come bare ([MS-TURN] 3.2), among those of MS-TURN itself. */
static bool is_bare_data(const mstun_pass_t *pass, tvbuff_t *packet)
{
    uint32_t captured = tvb_captured_length(packet);

    return pass->stream && pass->stream->bound &&
           (captured < STUN_HEADER_LEN ||
            mstun_dialect_of_bytes(tvb_get_ptr(packet, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN);
}

void mstun_dissect_packet(mstun_pass_t *pass, tvbuff_t *packet)
{
    if (is_bare_data(pass, packet)) {
        enter_bound(pass, MSTUN_ACTIVE_DESTINATION);
    }
    dissect_packet(pass, packet, 0, 0);
}

/* unit_tvb: the unit from its framing header on. */
void mstun_dissect_unit(mstun_pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    pass->seq += unit->header_len;
    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        dissect_message(pass, unit_tvb, unit_tvb, 0);
        break;
    case MSTUN_UNIT_CHANNEL_DATA:
        dissect_channel_data(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MS_CONTROL:
        dissect_ms_control(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_PACKET:
        dissect_packet(pass, unit_tvb, 0, unit->header_len);
        break;
    case MSTUN_UNIT_MS_DATA:
        dissect_ms_data(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_MULTIPLEXED:
        dissect_multiplexed(pass, unit_tvb);
        break;
    case MSTUN_UNIT_HELLO:
        dissect_hello(pass, unit_tvb);
        break;
    }
}

/* At every opening of a file: when protocols are registered Wireshark has no such tap yet. */
static void find_expert_tap(void)
{
    expert_tap = find_tap_id("expert");
}

void mstun_packet_register(const mstun_registrar_t *reg)
{
    static const enum_val_t dialects[] = {
        { "auto", "By evidence", MSTUN_DIALECT_UNKNOWN }, { "rfc3489", "RFC 3489", MSTUN_DIALECT_RFC3489 },
        { "rfc5389", "RFC 5389", MSTUN_DIALECT_RFC5389 }, { "ms-turn", "MS-TURN", MSTUN_DIALECT_MS_TURN },
        { "ms-ice2", "MS-ICE2", MSTUN_DIALECT_MS_ICE2 },  { NULL, NULL, -1 },
    };
    static ei_register_info ei[] = {
        { &ei_nested_too_deeply,
          { "mstun.nested_too_deeply", PI_PROTOCOL, PI_WARN,
            "A message in the data of a message, too deep to be followed", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_EXPERTS(reg, ei);
    prefs_register_enum_preference(reg->prefs, "dialect", "Read messages as",
                                   "Each message tells its dialect itself; choose one only to read all messages in it",
                                   &pref_dialect, dialects, FALSE);
    register_init_routine(find_expert_tap);
}
