/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One packet: a message is parsed, tracked, shown and its data handed on; what is no STUN goes to the dissectors that
 * Wireshark has for it. */
#include "dissect/context.h"

#include <epan/tap.h>

#include "dissect/columns.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "framing/tree.h"
#include "message/message.h"
#include "dissect/payload.h"
#include "report/tap.h"
#include "turn/allocation.h"
#include "turn/allocation_tree.h"
#include "turn/channel.h"
#include "conversation/ms_turn_stream.h"
#include "auth/integrity.h"
#include "diagnose/deferred.h"
#include "diagnose/dialect_mismatch.h"
#include "turn/ms_turn.h"
#include "ice/pair_tree.h"
#include "turn/path.h"
#include "conversation/transaction.h"

#define DEPTH_MAX 5 /* messages in the data of messages: two relays on a path give two */

static int proto_mstun = -1;
static int expert_tap = -1;
static int pref_dialect = MSTUN_DIALECT_UNKNOWN; /* by evidence */
static expert_field ei_nested_too_deeply = EI_INIT;

/* A tap counts expert infos, or a filter asks for them, whichever they are. */
static bool are_experts_wanted(const proto_tree *tree)
{
    return have_tap_listener(expert_tap) ||
           (tree && proto_registrar_get_nth((unsigned)proto_expert)->ref_type != HF_REF_TYPE_NONE);
}

static const char *show_in_columns(const mstun_dissect_ctx_t *pass, const mstun_facts_t *facts,
                                   const mstun_message_role_t *exchange)
{
    bool in_column = mstun_info_is_visible(pass->pinfo);
    const char *summary = NULL;

    if (in_column || mstun_tree_is_visible(pass->tree)) {
        summary = mstun_message_summary(pass->pinfo->pool, facts);
        if (exchange->copy) {
            const char *kind = exchange->copy->alternate ? "alternate format"
                               : exchange->copy->changed ? "repeated, changed"
                                                         : "retransmission";

            summary = wmem_strdup_printf(pass->pinfo->pool, "%s [%s]", summary, kind);
        }
    }
    if (in_column) {
        mstun_info_append(pass->pinfo, summary);
    }
    return summary;
}

/* RFC 6062 section 5.4: after a ConnectionBind nothing on this connection is TURN's any more. */
static void follow_connection_bind(mstun_dissect_ctx_t *pass, const mstun_facts_t *facts)
{
    if (!pass->nested && facts->dialect == MSTUN_DIALECT_RFC5389 && facts->method == TURN_CONNECTION_BIND &&
        (facts->class == STUN_REQUEST || facts->class == STUN_SUCCESS)) {
        pass->framing = MSTUN_FRAMING_UNDETERMINED_RELAY;
    }
}

static mstun_message_role_t track(mstun_dissect_ctx_t *pass, const mstun_facts_t *facts)
{
    if (!PINFO_FD_VISITED(pass->pinfo)) {
        pass->stream->any_message = true;
    }
    mstun_message_role_t exchange =
        mstun_transaction_track(pass->stream, pass->direction, pass->pinfo, pass->seq, facts);

    mstun_allocation_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, facts, &exchange);
    mstun_ms_turn_learn(pass->stream, pass->pinfo, pass->seq, facts, &exchange);
    mstun_channel_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, facts, &exchange);
    mstun_path_track(pass->stream, pass->pinfo, pass->seq, pass->nested, facts);
    if (!pass->nested) {
        mstun_dialect_mismatch_learn(pass->stream, pass->pinfo, facts, &exchange);
    }
    mstun_pair_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, &pass->peer, pass->from_peer, facts,
                     &exchange);
    mstun_integrity_learn(pass->stream, pass->pinfo, facts, &exchange);
    return exchange;
}

static void show_tracked(const mstun_dissect_ctx_t *pass, tvbuff_t *message, proto_tree *tree,
                         const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    mstun_deferred_t late;

    mstun_peer_show(message, pass->pinfo, tree, &pass->peer);
    if (!pass->stream) {
        return;
    }
    mstun_deferred_init(&late, pass->stream, pass->pinfo, pass->seq, facts, exchange);
    mstun_transaction_show(message, pass->pinfo, tree, exchange, facts);
    mstun_deferred_add_experts(pass->pinfo, proto_tree_get_parent(tree), &late);
    mstun_allocation_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts, exchange);
    mstun_path_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts);
    mstun_pair_show(message, pass->pinfo, tree, pass->seq, exchange);
}

/* In columns, and as much of the tree as somebody looks at. */
static void show(const mstun_dissect_ctx_t *pass, tvbuff_t *message, tvbuff_t *frame, uint32_t offset,
                 const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    const char *summary = show_in_columns(pass, facts, exchange);
    bool experts = are_experts_wanted(pass->tree);
    bool whole = experts || (facts->has & MSTUN_HAS_UNREADABLE_ATTRIBUTE);

    if (!whole && !proto_field_is_referenced(pass->tree, proto_mstun)) {
        if (pass->tree) { /* from 4.4 on, a layer that adds no item is struck from frame.protocols */
            proto_tree_add_item(pass->tree, proto_mstun, message, 0, -1, ENC_NA);
        }
        return;
    }
    proto_tree *tree = mstun_message_show(message, pass->tree, facts, summary);

    mstun_framing_tree_add(frame, tree, offset, pass->framing);
    mstun_message_show_header(message, pass->pinfo, tree, facts);
    if (whole || mstun_section_is_referenced(MSTUN_SECTION_TRACKED, tree)) {
        show_tracked(pass, message, tree, facts, exchange);
    }
    if (experts ||
        mstun_section_is_referenced(MSTUN_SECTION_INTEGRITY, tree)) { /* an HMAC takes longer than all else */
        mstun_integrity_show(message, pass->pinfo, tree, facts, exchange);
    }
    if (whole || mstun_section_is_referenced(MSTUN_SECTION_ATTRIBUTES, tree)) {
        mstun_message_show_attributes(message, pass->pinfo, tree, facts);
    }
}

/* How a message is to be read: as the user says; as what carries it says, where it says nothing itself. */
static mstun_dialect_t dialect_of(const mstun_dissect_ctx_t *pass, tvbuff_t *message)
{
    uint32_t captured = tvb_captured_length(message);

    if (pref_dialect != MSTUN_DIALECT_UNKNOWN || pass->dialect == MSTUN_DIALECT_UNKNOWN || captured < STUN_HEADER_LEN) {
        return (mstun_dialect_t)pref_dialect;
    }
    return mstun_dialect_of_bytes(tvb_get_ptr(message, 0, (int)captured), captured) == MSTUN_DIALECT_RFC3489
               ? pass->dialect
               : MSTUN_DIALECT_UNKNOWN;
}

void mstun_dissect_message(mstun_dissect_ctx_t *pass, tvbuff_t *message, tvbuff_t *frame, uint32_t offset)
{
    mstun_facts_t facts;
    mstun_message_role_t exchange = { NULL, NULL };

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
    show(pass, message, frame, offset, &facts, &exchange);
    if (facts.data.bytes && facts.data.len > 0) {
        mstun_dissect_data_attribute(pass, message, &facts);
    }
    follow_connection_bind(pass, &facts);
}

static void count_media(const mstun_dissect_ctx_t *pass, tvbuff_t *packet)
{
    if (pass->stream && mstun_payload_is_media(packet)) {
        mstun_pair_media(pass->stream, pass->direction, pass->pinfo, &pass->peer);
    }
}

static void dissect_media(mstun_dissect_ctx_t *pass, tvbuff_t *packet, tvbuff_t *frame, uint32_t offset,
                          uint32_t header_len)
{
    uint32_t len = tvb_reported_length(packet);

    count_media(pass, packet);
    if (header_len == RFC4571_HEADER_LEN) {
        proto_tree *tree = mstun_rfc4571_show(frame, pass->tree, offset, len);

        if (!pass->peer_shown) {
            mstun_peer_show(frame, pass->pinfo, tree, &pass->peer);
        }
        if (pass->stream) {
            mstun_peer_connection_show(frame, pass->pinfo, tree, pass->stream);
        }
    }
    if (tvb_captured_length(packet) > 0 && mstun_payload_dissect(packet, pass->pinfo, pass->tree)) {
        mstun_info_fence(pass->pinfo);
    } else if (header_len == RFC4571_HEADER_LEN && mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "RFC 4571 frame, %u bytes", len));
    }
}

/* By its own bytes; a message of RFC 3489 by no more than a header, if there was one before that proved itself. */
static mstun_packet_t class_of(const mstun_dissect_ctx_t *pass, tvbuff_t *packet)
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

void mstun_dissect_packet_at(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(tvb, (int)(offset + header_len));
    mstun_packet_t class = class_of(pass, packet);

    if (class == MSTUN_PACKET_STUN && pass->depth < DEPTH_MAX) {
        mstun_dissect_message(pass, packet, tvb, offset);
        return;
    }
    if (class == MSTUN_PACKET_MULTIPLEXED && tvb_captured_length(packet) == tvb_reported_length(packet) &&
        pass->depth < DEPTH_MAX) {
        mstun_dissect_multiplexed(pass, packet);
        return;
    }
    if (class == MSTUN_PACKET_STUN) {
        proto_item *item =
            proto_tree_add_protocol_format(pass->tree, proto_mstun, packet, 0, -1, "MSTUN, message in a message");

        expert_add_info(pass->pinfo, item, &ei_nested_too_deeply);
    }
    dissect_media(pass, packet, tvb, offset, header_len);
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
