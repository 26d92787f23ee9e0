/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A segment is cut into units: in step with what came before, or from where the bytes prove that a unit begins. */
#include "dissect/segment.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>
#include <epan/show_exception.h>

#include "dissect/columns.h"
#include "framing/packet_tvb.h"
#include "framing/tree.h"
#include "dissect/context.h"
#include "dissect/payload.h"
#include "turn/allocation.h"
#include "turn/allocation_tree.h"
#include "conversation/transaction.h"

#define RESYNCS_PER_SEGMENT 16 /* each looks at all bytes that are left */
#define TAIL_GLUED 64

/* One unit's bad end must not take the next ones with it. */
static void dissect_unit_guarded(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset, const mstun_unit_t *unit)
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
        mstun_dissect_ctx_t unit_pass = *pass;

        mstun_dissect_unit(&unit_pass, unit_tvb, unit);
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
static void begin_columns(mstun_dissect_ctx_t *pass)
{
    if (!pass->columns_begun) {
        mstun_info_reset(pass->pinfo);
        pass->columns_begun = true;
    }
}

static void skip(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t len)
{
    begin_columns(pass);
    mstun_skipped_show(tvb, pass->pinfo, pass->tree, offset, len);
    if (mstun_info_is_visible(pass->pinfo)) {
        mstun_info_append(pass->pinfo, wmem_strdup_printf(pass->pinfo->pool, "[continuation, %u bytes]", len));
    }
}

/* What the bytes of a relayed connection are; false if more of them are needed to tell, and were asked for. */
static bool settle_relayed(mstun_dissect_ctx_t *pass, const mstun_segment_t *segment, uint32_t offset)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, reported = segment->reported - offset;
    mstun_framing_t framing =
        mstun_detect_relayed(bytes, captured, reported, pass->framing == MSTUN_FRAMING_UNDETERMINED_RELAY);

    if (framing == MSTUN_FRAMING_RELAYED && pass->framing == MSTUN_FRAMING_UNDETERMINED_RELAY && captured == reported &&
        mstun_detect_prefix(bytes, captured) && wait_for_more(pass->pinfo, offset, 0)) {
        return false;
    }
    pass->framing = framing;
    return true;
}

/* For whom the bytes are relayed: in front of what their own dissector has shown. */
static void show_relayed(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t len, proto_item *before)
{
    proto_tree *tree = mstun_relayed_show(tvb, pass->tree, offset);

    if (tree && before) {
        proto_tree_move_item(pass->tree, before, proto_tree_get_parent(tree));
    }
    if (pass->stream) {
        mstun_peer_connection_count(pass->stream, pass->pinfo, len);
        mstun_peer_connection_show(tvb, pass->pinfo, tree, pass->stream);
    }
}

/* Returns where the dissector that got the bytes wants to go on. One that wants to see more of them first has shown
 * nothing, and neither do we. */
static uint32_t dissect_relayed(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment,
                                uint32_t offset)
{
    const mstun_peer_connection_t *connection =
        pass->stream ? mstun_stream_peer_connection(pass->stream, pass->pinfo) : NULL;
    bool from_server = connection && mstun_peer_connection_from_peer(pass->stream, pass->pinfo);
    proto_item *before = pass->tree ? pass->tree->last_child : NULL;

    mstun_info_add_separator(pass->pinfo);
    if (!mstun_payload_dissect_relayed(tvb, offset, pass->pinfo, pass->tree, connection ? connection->peer.port : 0,
                                       from_server, segment->tcp)) {
        col_append_fstr(pass->pinfo->cinfo, COL_INFO, "relayed, %u bytes", segment->reported - offset);
        mstun_info_fence(pass->pinfo);
    }
    uint32_t next = pass->pinfo->desegment_len ? (uint32_t)pass->pinfo->desegment_offset : segment->reported;

    if (next > offset) {
        show_relayed(pass, tvb, offset, next - offset, before);
    }
    return next;
}

/* TCP goes on with what it has put together, if what is asked for begins in what it had before the last segment: asked
 * again and again for tails, it would glue tiny segments without end. So of what is put together, tails are waited for in
 * few bytes; and in so many that a tail, of fewer than 32 bytes, begins behind those few. */
static bool may_wait_for_tail(const mstun_segment_t *segment)
{
    return segment->captured == segment->reported &&
           (!segment->tcp || !segment->tcp->is_reassembled || segment->captured <= TAIL_GLUED ||
            segment->captured >= TAIL_GLUED + 32);
}

/* No unit provably begins at offset or behind it: the bytes are skipped, but for a few at the end that may begin one. */
static uint32_t skip_to_end(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset)
{
    uint32_t end = segment->reported;

    if (may_wait_for_tail(segment)) {
        uint32_t tail = mstun_resync_tail(pass->framing, segment->bytes, segment->captured, offset);

        if (tail != MSTUN_OFFSET_NONE && wait_for_more(pass->pinfo, tail, 0)) {
            end = tail;
        }
    }
    if (end > offset) {
        skip(pass, tvb, offset, end - offset);
    }
    return end;
}

/* No unit begins at offset: goes to the next place where one provably does, or to the end. */
static uint32_t skip_to_next(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *synchronized)
{
    uint32_t next = ++pass->resyncs > RESYNCS_PER_SEGMENT
                        ? MSTUN_OFFSET_NONE
                        : mstun_resync(pass->framing, segment->bytes, segment->captured, segment->reported, offset + 1);

    *synchronized = next != MSTUN_OFFSET_NONE;
    if (!*synchronized) {
        return skip_to_end(pass, tvb, segment, offset);
    }
    skip(pass, tvb, offset, next - offset);
    return next;
}

/* The bytes may prove that the framing is another than believed, where its unit is not there whole or holds nothing known. */
static bool learn_framing(mstun_dissect_ctx_t *pass, const mstun_segment_t *segment, uint32_t offset)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, left = segment->reported - offset;
    mstun_framing_t proven = mstun_detect(bytes, captured, left, MSTUN_CONFIDENCE_FULL);

    if (proven == MSTUN_FRAMING_UNKNOWN && pass->framing == MSTUN_FRAMING_RFC4571 &&
        mstun_looks_like_ms_turn(bytes, captured, left)) {
        proven = MSTUN_FRAMING_MS_TURN;
    }
    if (proven == MSTUN_FRAMING_UNKNOWN || proven == pass->framing ||
        (proven == MSTUN_FRAMING_STUN && pass->framing == MSTUN_FRAMING_RFC3489)) {
        return false;
    }
    pass->framing = proven;
    return true;
}

/* The unit at offset. If its header alone speaks for it, the bytes behind must not speak against it: LOST if they do. */
static mstun_unit_result_t unit_here(mstun_dissect_ctx_t *pass, const mstun_segment_t *segment, uint32_t offset,
                                     mstun_unit_t *unit, bool *strange)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, left = segment->reported - offset;
    mstun_unit_result_t result = mstun_unit_at(pass->framing, bytes, captured, unit);

    *strange = result == MSTUN_UNIT_FOUND && mstun_unit_is_unconfirmed(unit, bytes, captured, left);
    if ((*strange || result != MSTUN_UNIT_FOUND || mstun_unit_len(unit) > left) &&
        learn_framing(pass, segment, offset)) {
        result = mstun_unit_at(pass->framing, bytes, captured, unit);
        *strange = false;
    }
    if (*strange && (mstun_unit_contains_other_start(pass->framing, unit, bytes, captured, left) ||
                     (mstun_unit_len(unit) > left && !mstun_unit_length_is_plausible(unit)))) {
        return MSTUN_UNIT_LOST;
    }
    return result;
}

/* Where MS-TURN should be: a proxy or a TLS server has answered the pseudo-TLS hello. */
static void dissect_tls_answer(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset)
{
    mstun_tls_intercepted_show(tvb, pass->pinfo, pass->tree, offset);
    mstun_payload_dissect_tls(tvb_new_subset_remaining(tvb, (int)offset), pass->pinfo, pass->tree);
    mstun_info_append(pass->pinfo, "TLS instead of an answer to pseudo-TLS");
    pass->any_message = true;
}

/* One unit at offset. Returns where the next one begins; offset itself if TCP was asked for the rest of this one. */
static uint32_t follow_unit(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                            bool *synchronized)
{
    mstun_unit_t unit;
    bool strange;
    mstun_unit_result_t result = unit_here(pass, segment, offset, &unit, &strange);
    uint32_t left = segment->reported - offset;

    if (result == MSTUN_UNIT_LOST && pass->framing == MSTUN_FRAMING_MS_TURN &&
        mstun_is_tls_record(segment->bytes + offset, segment->captured - offset)) {
        begin_columns(pass);
        dissect_tls_answer(pass, tvb, offset);
        return segment->reported;
    }
    if (result == MSTUN_UNIT_LOST) {
        return skip_to_next(pass, tvb, segment, offset, synchronized);
    }
    uint32_t len = result == MSTUN_UNIT_FOUND ? mstun_unit_len(&unit) : UINT32_MAX;

    /* What comes next may speak against a strange unit, so it is waited for by the segment. */
    if (len > left && wait_for_more(pass->pinfo, offset, len == UINT32_MAX || strange ? 0 : len - left)) {
        return offset;
    }
    if (result == MSTUN_UNIT_MORE) { /* and no reassembly: nothing can be said of these few bytes */
        *synchronized = false;
        return segment->reported;
    }
    if (len > left) {
        announce_next_unit(pass->pinfo, len - left);
    }
    if (pass->stream) { /* before the unit: what it throws must not put the direction out of step */
        mstun_stream_leave(pass->stream, pass->direction, pass->pinfo, segment, offset + len, pass->framing, true);
        if (pass->framing == MSTUN_FRAMING_RFC4571) {
            mstun_peer_connection_count(pass->stream, pass->pinfo, len);
        }
    }
    begin_columns(pass);
    dissect_unit_guarded(pass, tvb, offset, &unit);
    return offset + len;
}

static bool is_relayed(mstun_framing_t framing)
{
    return framing == MSTUN_FRAMING_UNDETERMINED_RELAY || framing == MSTUN_FRAMING_RELAYED;
}

/* Follows the units from offset on; returns where it came to an end, synchronized whether a unit begins there. */
static uint32_t follow_units(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *synchronized)
{
    *synchronized = true;
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
        uint32_t next = follow_unit(pass, tvb, segment, offset, synchronized);

        if (next == offset || !*synchronized) {
            return next;
        }
        offset = next;
    }
    if (offset < segment->reported) { /* cut by the capture inside the next unit's header */
        *synchronized = false;
    }
    return offset;
}

void mstun_dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                           const mstun_segment_t *segment, mstun_framing_t hint, bool last_of_direction)
{
    mstun_dissect_ctx_t pass = { .pinfo = pinfo, .tree = tree, .stream = stream, .seq = segment->seq };
    bool synchronized = false;
    uint32_t offset;

    pass.direction = mstun_stream_direction(stream, pinfo);
    mstun_framing_change_t mark = mstun_stream_enter(stream, pass.direction, pinfo, segment, hint);

    mstun_stream_note_cut(stream, pass.direction, pinfo, segment); /* before what is cut throws */
    pass.framing = mark.framing;
    if (mark.skip == MSTUN_OFFSET_NONE) {
        offset = skip_to_end(&pass, tvb, segment, 0);
    } else {
        if (mark.skip > 0) {
            skip(&pass, tvb, 0, mark.skip);
        }
        offset = follow_units(&pass, tvb, segment, mark.skip, &synchronized);
    }
    mstun_stream_leave(stream, pass.direction, pinfo, segment, offset, pass.framing, synchronized);
    mstun_transaction_record_unanswered(stream, pass.direction, pinfo, segment->seq,
                                        last_of_direction && offset >= segment->reported);
    mstun_transaction_show_unanswered(tvb, pinfo, tree, stream, segment->seq);
    if (pass.any_message) { /* whatever media dissectors have written there */
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    }
}

/* RFC 8656 section 12.5: on UDP, ChannelData fills its datagram, padded or not. */
static void dissect_channel_data(mstun_dissect_ctx_t *pass, tvbuff_t *tvb)
{
    uint32_t payload_len = tvb_get_ntohs(tvb, 2);
    mstun_unit_t unit = { .kind = MSTUN_UNIT_CHANNEL_DATA,
                          .header_len = CHANNEL_DATA_HEADER_LEN,
                          .payload_len = payload_len,
                          .padding = tvb_reported_length(tvb) - CHANNEL_DATA_HEADER_LEN - payload_len };

    mstun_dissect_unit(pass, tvb, &unit);
}

void mstun_dissect_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream)
{
    mstun_dissect_ctx_t pass = { .pinfo = pinfo, .tree = tree, .stream = stream, .framing = MSTUN_FRAMING_UNKNOWN };

    pass.direction = mstun_stream_direction(stream, pinfo);
    begin_columns(&pass);
    if (mstun_packet_class_of(tvb) == MSTUN_PACKET_CHANNEL_DATA) {
        dissect_channel_data(&pass, tvb);
    } else {
        mstun_dissect_packet(&pass, tvb);
    }
    if (stream) {
        mstun_transaction_record_unanswered(stream, pass.direction, pinfo, 0, false);
        mstun_transaction_show_unanswered(tvb, pinfo, tree, stream, 0);
    }
    if (pass.any_message) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    }
}

void mstun_dissect_quoted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_framing_t framing)
{
    uint32_t captured = tvb_captured_length(tvb);
    mstun_segment_t segment = { .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                                .captured = captured,
                                .reported = tvb_reported_length(tvb) };
    mstun_dissect_ctx_t pass = { .pinfo = pinfo, .tree = tree, .framing = framing };
    bool synchronized;

    follow_units(&pass, tvb, &segment, 0, &synchronized);
}
