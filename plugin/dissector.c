/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissector.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>
#include <epan/tap.h>

#include "columns.h"
#include "framing/show.h"
#include "message/message.h"
#include "payload.h"
#include "track/allocation.h"
#include "track/allocation_show.h"
#include "track/path.h"
#include "track/transaction.h"
#include "wire/header.h"

#define DEPTH_MAX 5 /* messages in the data of messages: two relays on a path give two */

static int proto_mstun = -1;
static int expert_tap = -1;
static expert_field ei_nested_too_deeply = EI_INIT;

/* What all functions here need to know of the segment in hand. stream is NULL for a quoted message. */
typedef struct {
    packet_info *pinfo;
    proto_tree *tree; /* of the packet */
    mstun_stream_t *stream;
    unsigned direction;
    mstun_framing_t framing; /* of the unit in hand, and after it of the bytes that follow */
    bool nested;             /* what is in hand lies inside of a message or ChannelData */
    unsigned depth;
    bool any_message;
    bool columns_begun;
    uint32_t seq; /* of the tvb's first byte */
} pass_t;

/* Somebody looks at our fields, or counts expert infos. */
static bool is_wanted(proto_tree *tree, const mstun_facts_t *facts)
{
    return proto_field_is_referenced(tree, proto_mstun) || (facts->has & MSTUN_HAS_PROBLEM) ||
           have_tap_listener(expert_tap);
}

static const char *show_in_columns(pass_t *pass, const mstun_facts_t *facts, const mstun_exchange_t *exchange)
{
    bool in_column = mstun_columns_wanted(pass->pinfo);
    const char *summary = NULL;

    if (in_column || (pass->tree && PTREE_DATA(pass->tree)->visible)) {
        summary = mstun_message_summary(pass->pinfo->pool, facts);
        if (exchange->copy) {
            const char *kind = exchange->copy->alternate ? "alternate format" : "retransmission";

            summary = wmem_strdup_printf(pass->pinfo->pool, "%s [%s]", summary, kind);
        }
    }
    if (in_column) {
        mstun_columns_add(pass->pinfo, summary);
    }
    return summary;
}

static void dissect_packet(pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len);

static void dissect_data(const pass_t *pass, tvbuff_t *tvb, const mstun_facts_t *facts)
{
    uint32_t offset = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET));
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)offset, facts->data.len);
    pass_t inner = *pass;

    inner.seq += offset;
    inner.depth++;
    inner.nested = true;
    inner.framing = MSTUN_FRAMING_UNKNOWN;
    dissect_packet(&inner, data, 0, 0);
}

/* RFC 6062 section 5.4: after a ConnectionBind nothing on this connection is TURN's any more. */
static void follow_connection_bind(pass_t *pass, const mstun_facts_t *facts)
{
    if (!pass->nested && facts->dialect == MSTUN_DIALECT_RFC5389 && facts->method == TURN_CONNECTION_BIND &&
        (facts->class == STUN_REQUEST || facts->class == STUN_SUCCESS)) {
        pass->framing = MSTUN_FRAMING_FRESH;
    }
}

static mstun_exchange_t track(pass_t *pass, const mstun_facts_t *facts)
{
    mstun_exchange_t exchange = mstun_transaction_track(pass->stream, pass->direction, pass->pinfo, pass->seq, facts);

    mstun_allocation_learn(pass->stream, pass->direction, pass->pinfo, pass->seq, facts, &exchange);
    mstun_path_track(pass->stream, pass->pinfo, pass->seq, pass->nested, facts);
    return exchange;
}

static void show_tracked(const pass_t *pass, tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts,
                         const mstun_exchange_t *exchange)
{
    mstun_transaction_show(message, pass->pinfo, tree, pass->stream, exchange, facts);
    mstun_allocation_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts, exchange);
    mstun_path_show(message, pass->pinfo, tree, pass->stream, pass->seq, facts);
}

/* message: from its header on. frame, offset: what stands before it, the RFC 4571 length. pass->seq is the message's. */
static void dissect_message(pass_t *pass, tvbuff_t *message, tvbuff_t *frame, uint32_t offset)
{
    mstun_facts_t facts;
    mstun_exchange_t exchange = { NULL, NULL };

    if (!mstun_message_parse(message, &facts)) {
        tvb_ensure_bytes_exist(message, 0, STUN_HEADER_LEN);
        return;
    }
    pass->any_message = true;
    if (pass->stream) {
        exchange = track(pass, &facts);
    }
    const char *summary = show_in_columns(pass, &facts, &exchange);

    if (is_wanted(pass->tree, &facts)) {
        proto_tree *tree = mstun_message_show(message, pass->tree, &facts, summary);

        mstun_framing_show(frame, tree, offset, pass->framing);
        mstun_message_show_header(message, pass->pinfo, tree, &facts);
        if (pass->stream) {
            show_tracked(pass, message, tree, &facts, &exchange);
        }
        mstun_message_show_attributes(message, pass->pinfo, tree, &facts);
    }
    if (facts.data.bytes && facts.data.len > 0) {
        dissect_data(pass, message, &facts);
    }
    follow_connection_bind(pass, &facts);
}

static void dissect_media(pass_t *pass, tvbuff_t *packet, tvbuff_t *frame, uint32_t offset, uint32_t header_len)
{
    uint32_t len = tvb_reported_length(packet);

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

/* A whole packet at offset + header_len of tvb: STUN is ours, the rest is handed on. */
static void dissect_packet(pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(tvb, (int)(offset + header_len));
    uint32_t captured = tvb_captured_length(packet), reported = tvb_reported_length(packet);
    bool is_stun = captured > 0 &&
                   mstun_packet_class(tvb_get_ptr(packet, 0, (int)captured), captured, reported) == MSTUN_PACKET_STUN;

    if (is_stun && pass->depth < DEPTH_MAX) {
        dissect_message(pass, packet, tvb, offset);
        return;
    }
    if (is_stun) {
        proto_item *item =
            proto_tree_add_protocol_format(pass->tree, proto_mstun, packet, 0, -1, "MSTUN, message in a message");

        expert_add_info(pass->pinfo, item, &ei_nested_too_deeply);
    }
    dissect_media(pass, packet, tvb, offset, header_len);
}

static void dissect_channel_data(pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    uint32_t len = unit->header_len + unit->payload_len;

    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "ChannelData 0x%04x %u bytes",
                                                          tvb_get_ntohs(unit_tvb, 0), unit->payload_len));
    }
    mstun_channel_data_show(unit_tvb, pass->tree, 0, unit);
    pass_t inner = *pass;

    inner.framing = MSTUN_FRAMING_UNKNOWN;
    inner.nested = true;
    dissect_packet(&inner, tvb_new_subset_length(unit_tvb, 0, (int)len), 0, unit->header_len);
    pass->any_message = inner.any_message;
}

/* unit_tvb: the unit from its framing header on. */
static void dissect_unit(pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    pass->seq += unit->header_len;
    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        dissect_message(pass, unit_tvb, unit_tvb, 0);
        break;
    case MSTUN_UNIT_CHANNEL_DATA:
        dissect_channel_data(pass, unit_tvb, unit);
        break;
    case MSTUN_UNIT_PACKET:
        dissect_packet(pass, unit_tvb, 0, unit->header_len);
        break;
    }
}

/* One unit's bad end must not take the next ones with it. */
static void dissect_unit_guarded(pass_t *pass, tvbuff_t *tvb, uint32_t offset, const mstun_unit_t *unit)
{
    uint32_t len = mstun_unit_len(unit);
    uint32_t left = (uint32_t)tvb_captured_length_remaining(tvb, (int)offset);
    tvbuff_t *unit_tvb = tvb_new_subset_length_caplen(tvb, (int)offset, (int)MIN(left, len), (int)len);
    uint32_t seq = pass->seq;

    if (len > (uint32_t)tvb_reported_length_remaining(tvb, (int)offset)) {
        tvb_set_fragment(unit_tvb); /* the user has switched TCP reassembly off */
    }
    pass->seq = seq + offset;
    TRY
    {
        pass_t unit_pass = *pass;

        dissect_unit(&unit_pass, unit_tvb, unit);
        pass->any_message = unit_pass.any_message;
        pass->framing = unit_pass.framing;
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(unit_tvb, pass->pinfo, pass->tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
    pass->seq = seq;
}

static bool wait_for_more(packet_info *pinfo, uint32_t offset, uint32_t missing)
{
    if (!pinfo->can_desegment) {
        return false;
    }
    pinfo->desegment_offset = (int)offset;
    pinfo->desegment_len = missing ? missing : DESEGMENT_ONE_MORE_SEGMENT;
    return true;
}

/* Without reassembly TCP itself looks for the next unit's first byte, if it is told where that is. */
static void announce_next_unit(packet_info *pinfo, uint32_t bytes)
{
    if (!PINFO_FD_VISITED(pinfo)) {
        pinfo->want_pdu_tracking = 2;
        pinfo->bytes_until_next_pdu = bytes;
    }
}

/* Before the first thing in a segment is shown. A segment of which nothing is keeps the columns that TCP gave it. */
static void begin_columns(pass_t *pass)
{
    if (!pass->columns_begun) {
        mstun_columns_begin(pass->pinfo);
        pass->columns_begun = true;
    }
}

static void skip(pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t len)
{
    begin_columns(pass);
    mstun_skipped_show(tvb, pass->pinfo, pass->tree, offset, len);
    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "[continuation, %u bytes]", len));
    }
}

/* What the bytes of a relayed connection are; false if more of them are needed to tell, and were asked for. */
static bool settle_relayed(pass_t *pass, const mstun_segment_t *segment, uint32_t offset)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, reported = segment->reported - offset;
    mstun_framing_t framing = mstun_detect_relayed(bytes, captured, reported);

    if (framing == MSTUN_FRAMING_RELAYED && pass->framing == MSTUN_FRAMING_FRESH && captured == reported &&
        mstun_detect_prefix(bytes, captured) && wait_for_more(pass->pinfo, offset, 0)) {
        return false;
    }
    pass->framing = framing;
    return true;
}

/* Returns where the dissector that got the bytes wants to go on. */
static uint32_t dissect_relayed(pass_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset)
{
    const mstun_connection_t *connection = pass->stream ? mstun_connection_carried(pass->stream, pass->pinfo) : NULL;
    proto_tree *tree = mstun_relayed_show(tvb, pass->tree, offset);
    bool from_server = connection && mstun_connection_from_peer(pass->stream, pass->pinfo);

    if (pass->stream) {
        mstun_connection_count(pass->stream, pass->pinfo, segment->reported - offset);
        mstun_connection_show(tvb, pass->pinfo, tree, pass->stream);
    }
    mstun_columns_separate(pass->pinfo);
    if (!mstun_payload_dissect_relayed(tvb, offset, pass->pinfo, pass->tree, connection ? connection->peer.port : 0,
                                       from_server, segment->tcp)) {
        col_append_fstr(pass->pinfo->cinfo, COL_INFO, "relayed, %u bytes", segment->reported - offset);
    }
    return pass->pinfo->desegment_len ? (uint32_t)pass->pinfo->desegment_offset : segment->reported;
}

/* No unit begins at offset: goes to the next place where one provably does, or to the end. */
static uint32_t skip_to_next(pass_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *in_step)
{
    uint32_t next = mstun_resync(pass->framing, segment->bytes, segment->captured, segment->reported, offset + 1);

    *in_step = next != MSTUN_NOWHERE;
    next = MIN(next, segment->reported);
    skip(pass, tvb, offset, next - offset);
    return next;
}

/* One unit at offset. Returns where the next one begins; offset itself if TCP was asked for the rest of this one. */
static uint32_t follow_unit(pass_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset, bool *in_step)
{
    mstun_unit_t unit;
    mstun_unit_result_t result =
        mstun_unit_at(pass->framing, segment->bytes + offset, segment->captured - offset, &unit);
    uint32_t left = segment->reported - offset;

    if (result == MSTUN_UNIT_LOST) {
        return skip_to_next(pass, tvb, segment, offset, in_step);
    }
    uint32_t len = result == MSTUN_UNIT_FOUND ? mstun_unit_len(&unit) : UINT32_MAX;

    if (len > left && wait_for_more(pass->pinfo, offset, len == UINT32_MAX ? 0 : len - left)) {
        return offset;
    }
    if (result == MSTUN_UNIT_MORE) { /* and no reassembly: nothing can be said of these few bytes */
        *in_step = false;
        return segment->reported;
    }
    if (len > left) {
        announce_next_unit(pass->pinfo, len - left);
    }
    if (pass->stream) { /* before the unit: what it throws must not put the direction out of step */
        mstun_stream_leave(pass->stream, pass->direction, pass->pinfo, segment, offset + len, pass->framing, true);
        if (pass->framing == MSTUN_FRAMING_RFC4571) {
            mstun_connection_count(pass->stream, pass->pinfo, len);
        }
    }
    begin_columns(pass);
    dissect_unit_guarded(pass, tvb, offset, &unit);
    return offset + len;
}

static bool is_relayed(mstun_framing_t framing)
{
    return framing == MSTUN_FRAMING_FRESH || framing == MSTUN_FRAMING_RELAYED;
}

/* Follows the units from offset on; returns where it came to an end, in_step whether a unit begins there. */
static uint32_t follow_units(pass_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *in_step)
{
    *in_step = true;
    while (offset < segment->captured) {
        if (is_relayed(pass->framing)) {
            if (!settle_relayed(pass, segment, offset)) {
                return offset;
            }
            if (pass->framing == MSTUN_FRAMING_RELAYED) {
                begin_columns(pass);
                return dissect_relayed(pass, tvb, segment, offset);
            }
        }
        uint32_t next = follow_unit(pass, tvb, segment, offset, in_step);

        if (next == offset) {
            return offset;
        }
        offset = next;
    }
    if (offset < segment->reported) { /* cut by the capture inside the next unit's header */
        *in_step = false;
    }
    return offset;
}

void mstun_dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                           const mstun_segment_t *segment, mstun_framing_t hint, bool last_of_direction)
{
    pass_t pass = { .pinfo = pinfo, .tree = tree, .stream = stream, .seq = segment->seq };
    bool in_step = false;
    uint32_t offset = segment->reported;

    pass.direction = mstun_stream_direction(pinfo);
    mstun_mark_t mark = mstun_stream_enter(stream, pass.direction, pinfo, segment, hint);

    pass.framing = mark.framing;
    if (mark.skip > 0) {
        skip(&pass, tvb, 0, MIN(mark.skip, segment->reported));
    }
    if (mark.skip != MSTUN_NOWHERE) {
        offset = follow_units(&pass, tvb, segment, mark.skip, &in_step);
    }
    mstun_stream_leave(stream, pass.direction, pinfo, segment, offset, pass.framing, in_step);
    mstun_transaction_expire(stream, pass.direction, pinfo, segment->seq,
                             last_of_direction && offset >= segment->reported);
    mstun_transaction_show_overdue(tvb, pinfo, tree, stream, segment->seq);
    if (pass.any_message) { /* whatever media dissectors have written there */
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    }
}

void mstun_dissect_quoted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_framing_t framing)
{
    uint32_t captured = tvb_captured_length(tvb);
    mstun_segment_t segment = { .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                                .captured = captured,
                                .reported = tvb_reported_length(tvb) };
    pass_t pass = { .pinfo = pinfo, .tree = tree, .framing = framing };
    bool in_step;

    follow_units(&pass, tvb, &segment, 0, &in_step);
}

/* At every opening of a file: when protocols are registered Wireshark has no such tap yet. */
static void find_expert_tap(void)
{
    expert_tap = find_tap_id("expert");
}

void mstun_dissector_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_nested_too_deeply,
          { "mstun.nested_too_deeply", PI_PROTOCOL, PI_WARN,
            "A message in the data of a message, too deep to be followed", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_EXPERTS(reg, ei);
    register_init_routine(find_expert_tap);
}
