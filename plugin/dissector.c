/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissector.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>
#include <epan/tap.h>

#include "columns.h"
#include "framing/show.h"
#include "message/message.h"
#include "payload.h"
#include "track/transaction.h"

#define DEPTH_MAX 5 /* messages in the data of messages: two relays on a path give two */

static int proto_mstun = -1;
static int expert_tap = -1;
static expert_field ei_frame_trailing = EI_INIT;
static expert_field ei_nested_too_deeply = EI_INIT;

/* What all functions here need to know of the segment in hand. stream is NULL for a quoted message. */
typedef struct {
    packet_info *pinfo;
    proto_tree *tree; /* of the packet */
    mstun_stream_t *stream;
    unsigned direction;
    mstun_framing_t framing;
    unsigned depth;
    bool any_message;
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

static void dissect_data(pass_t *pass, tvbuff_t *tvb, const mstun_facts_t *facts)
{
    uint32_t offset = (uint32_t)(facts->data.bytes - (facts->id - STUN_ID_OFFSET));
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)offset, facts->data.len);
    pass_t inner = *pass;

    inner.seq += offset;
    inner.depth++;
    inner.framing = MSTUN_FRAMING_UNKNOWN;
    dissect_packet(&inner, data, 0, 0);
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
        exchange = mstun_transaction_track(pass->stream, pass->direction, pass->pinfo, pass->seq, &facts);
        mstun_transaction_expire(pass->stream, pass->direction, pass->pinfo, false);
    }
    const char *summary = show_in_columns(pass, &facts, &exchange);

    if (is_wanted(pass->tree, &facts)) {
        proto_tree *tree = mstun_message_show(message, pass->tree, &facts, summary);

        mstun_framing_show(frame, tree, offset, pass->framing);
        mstun_message_show_header(message, pass->pinfo, tree, &facts);
        if (pass->stream) {
            mstun_transaction_show(message, pass->pinfo, tree, pass->stream, &exchange, &facts);
            mstun_transaction_show_overdue(message, pass->pinfo, tree, pass->stream);
        }
        mstun_message_show_attributes(message, pass->pinfo, tree, &facts);
    }
    if (facts.data.bytes && facts.data.len > 0) {
        dissect_data(pass, message, &facts);
    }
}

/* A whole packet at offset + header_len of tvb: STUN is ours, the rest is handed on. */
static void dissect_packet(pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len)
{
    tvbuff_t *packet = tvb_new_subset_remaining(tvb, (int)(offset + header_len));
    uint32_t captured = tvb_captured_length(packet), reported = tvb_reported_length(packet);

    if (captured > 0 &&
        mstun_packet_class(tvb_get_ptr(packet, 0, (int)captured), captured, reported) == MSTUN_PACKET_STUN) {
        if (pass->depth < DEPTH_MAX) {
            uint32_t len = STUN_HEADER_LEN + (uint32_t)tvb_get_ntohs(packet, 2);

            dissect_message(pass, packet, tvb, offset);
            if (len < reported) {
                proto_tree_add_expert_format(pass->tree, pass->pinfo, &ei_frame_trailing, packet, (int)len, -1,
                                             "%u bytes follow the message in what carries it", reported - len);
            }
            return;
        }
        proto_tree_add_expert(pass->tree, pass->pinfo, &ei_nested_too_deeply, packet, 0, -1);
    }
    if (header_len == RFC4571_HEADER_LEN) {
        mstun_rfc4571_show(tvb, pass->tree, offset, reported);
    }
    if (captured > 0 && mstun_payload_dissect(packet, pass->pinfo, pass->tree)) {
        mstun_columns_keep(pass->pinfo);
    } else if (header_len == RFC4571_HEADER_LEN && mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "RFC 4571 frame, %u bytes", reported));
    }
}

static void dissect_channel_data(pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit)
{
    uint32_t len = unit->header_len + unit->payload_len;

    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "ChannelData 0x%04x %u bytes",
                                                          tvb_get_ntohs(unit_tvb, 0), unit->payload_len));
    }
    mstun_channel_data_show(unit_tvb, pass->tree, 0, unit);
    pass->framing = MSTUN_FRAMING_UNKNOWN;
    dissect_packet(pass, tvb_new_subset_length(unit_tvb, 0, (int)len), 0, unit->header_len);
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

static void skip(pass_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t len)
{
    mstun_skipped_show(tvb, pass->pinfo, pass->tree, offset, len);
    if (mstun_columns_wanted(pass->pinfo)) {
        mstun_columns_add(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "[continuation, %u bytes]", len));
    }
}

/* Follows the units from offset on; returns where it came to an end, in_step whether a unit begins there. */
static uint32_t follow_units(pass_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *in_step)
{
    mstun_unit_t unit;

    *in_step = true;
    while (offset < segment->captured) {
        mstun_unit_result_t result =
            mstun_unit_at(pass->framing, segment->bytes + offset, segment->captured - offset, &unit);
        uint32_t left = segment->reported - offset;

        if (result == MSTUN_UNIT_LOST) {
            uint32_t next =
                mstun_resync(pass->framing, segment->bytes, segment->captured, segment->reported, offset + 1);

            *in_step = next != MSTUN_NOWHERE;
            next = MIN(next, segment->reported);
            skip(pass, tvb, offset, next - offset);
            offset = next;
            continue;
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
            mstun_stream_leave(pass->stream, pass->direction, pass->pinfo, segment, offset + len, true);
        }
        dissect_unit_guarded(pass, tvb, offset, &unit);
        offset += len;
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
    mstun_unit_t unit;

    pass.framing = mark.framing;
    if (mark.skip == 0 && pinfo->can_desegment &&
        (mstun_unit_at(mark.framing, segment->bytes, segment->captured, &unit) == MSTUN_UNIT_MORE ||
         mstun_unit_len(&unit) > segment->reported)) {
        /* nothing whole in here: TCP shows the segment as a part, and its columns stay TCP's */
    } else {
        mstun_columns_begin(pinfo);
    }
    if (mark.skip > 0) {
        skip(&pass, tvb, 0, MIN(mark.skip, segment->reported));
    }
    if (mark.skip != MSTUN_NOWHERE) {
        offset = follow_units(&pass, tvb, segment, mark.skip, &in_step);
    }
    mstun_stream_leave(stream, pass.direction, pinfo, segment, offset, in_step);
    if (last_of_direction && offset >= segment->reported) {
        mstun_transaction_expire(stream, pass.direction, pinfo, true);
    }
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

    mstun_columns_begin(pinfo);
    follow_units(&pass, tvb, &segment, 0, &in_step);
}

void mstun_dissector_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_frame_trailing,
          { "mstun.frame.trailing_bytes", PI_PROTOCOL, PI_WARN, "Bytes follow the message in what carries it",
            EXPFILL } },
        { &ei_nested_too_deeply,
          { "mstun.nested_too_deeply", PI_PROTOCOL, PI_WARN,
            "A message in the data of a message, too deep to be followed", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_EXPERTS(reg, ei);
    expert_tap = find_tap_id("expert");
}
