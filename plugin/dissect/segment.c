/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A segment is cut into units: in step with what came before, or from where the bytes prove that a unit begins. */
#include "dissect/segment.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>
#include <epan/show_exception.h>

#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "dissect/context.h"
#include "dissect/event.h"
#include "dissect/payload.h"
#include "dissect/unit.h"
#include "framing/packet_tvb.h"
#include "framing/tree.h"
#include "turn/turn_tree.h"

#define RESYNCS_PER_SEGMENT 16 /* each looks at all bytes that are left */
#define REASSEMBLY_TAIL_MAX 64 /* bytes put together so far in which a tail is waited for */
#define TAIL_MAX 32            /* of mstun_resync_tail */

/* An exception in one unit must not stop dissection of the following ones. */
static void dissect_unit_guarded(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, const mstun_unit_t *unit)
{
    uint32_t len = mstun_unit_len(unit);
    uint32_t left = (uint32_t)tvb_captured_length_remaining(tvb, (int)offset);
    tvbuff_t *unit_tvb = tvb_new_subset_length_caplen(tvb, (int)offset, (int)MIN(left, len), (int)len);
    uint32_t seq = ctx->event.position;

    if (len > (uint32_t)tvb_reported_length_remaining(tvb, (int)offset)) {
        tvb_set_fragment(unit_tvb); /* the user has switched TCP reassembly off */
    }
    ctx->event.position = seq + offset;
    TRY
    {
        mstun_dissect_ctx_t unit_ctx = *ctx;

        mstun_dissect_unit(&unit_ctx, unit_tvb, unit);
        ctx->any_message = unit_ctx.any_message;
        ctx->event.framing = unit_ctx.event.framing;
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(unit_tvb, ctx->event.pinfo, ctx->tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
    ctx->event.position = seq;
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
static void announce_next_unit(const mstun_event_t *event, uint32_t bytes)
{
    if (event->first_visit) {
        event->pinfo->want_pdu_tracking = 2;
        event->pinfo->bytes_until_next_pdu = bytes;
    }
}

/* Before the first thing in a segment is shown. A segment of which nothing is shown keeps TCP's columns. */
static void reset_info(mstun_dissect_ctx_t *ctx)
{
    if (!ctx->info_reset) {
        mstun_info_reset(ctx->event.pinfo);
        ctx->info_reset = true;
    }
}

static void skip(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, uint32_t len)
{
    reset_info(ctx);
    mstun_skipped_show(tvb, ctx->event.pinfo, ctx->tree, offset, len);
    if (mstun_info_is_visible(ctx->event.pinfo)) {
        mstun_info_append(ctx->event.pinfo,
                          wmem_strdup_printf(ctx->event.pinfo->pool, "[continuation, %u bytes]", len));
    }
}

/* What the bytes of a relayed connection are; false if more of them are needed to tell, and were asked for. */
static bool detect_relayed_framing(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, reported = segment->reported - offset;
    mstun_framing_t framing =
        mstun_detect_relayed(bytes, captured, reported, ctx->event.framing == MSTUN_FRAMING_UNDETERMINED_RELAY);

    if (framing == MSTUN_FRAMING_RELAYED && ctx->event.framing == MSTUN_FRAMING_UNDETERMINED_RELAY &&
        captured == reported && mstun_detect_prefix(bytes, captured) && wait_for_more(ctx->event.pinfo, offset, 0)) {
        return false;
    }
    ctx->event.framing = framing;
    return true;
}

/* For whom the bytes are relayed: in front of what their own dissector has shown. */
static void show_relayed(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, uint32_t len, proto_item *before)
{
    proto_tree *tree = mstun_relayed_show(tvb, ctx->tree, offset);

    if (tree && before) {
        proto_tree_move_item(ctx->tree, before, proto_tree_get_parent(tree));
    }
    if (ctx->event.stream) {
        if (ctx->event.first_visit) {
            mstun_peer_connection_count(&ctx->event, len);
        }
        mstun_peer_connection_show(&ctx->event, tvb, tree);
    }
}

/* Returns where the dissector that got the bytes wants to go on. One that wants to see more of them first has shown
 * nothing, and neither do we. */
static uint32_t dissect_relayed(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_segment_t *segment,
                                uint32_t offset)
{
    const mstun_peer_connection_t *connection =
        ctx->event.stream ? mstun_stream_peer_connection(ctx->event.stream, ctx->event.pinfo) : NULL;
    bool from_server = connection && mstun_peer_connection_from_peer(ctx->event.stream, ctx->event.pinfo);
    proto_item *before = mstun_tree_last_item(ctx->tree);

    mstun_info_add_separator(ctx->event.pinfo);
    if (!mstun_payload_dissect_relayed(tvb, offset, ctx->event.pinfo, ctx->tree, connection ? connection->peer.port : 0,
                                       from_server, segment->tcp)) {
        col_append_fstr(ctx->event.pinfo->cinfo, COL_INFO, "relayed, %u bytes", segment->reported - offset);
        mstun_info_fence(ctx->event.pinfo);
    }
    uint32_t next = ctx->event.pinfo->desegment_len ? (uint32_t)ctx->event.pinfo->desegment_offset : segment->reported;

    if (next > offset) {
        show_relayed(ctx, tvb, offset, next - offset, before);
    }
    return next;
}

/* TCP keeps reassembling if what is asked for begins before the last segment: asked for tails each time, it would
 * reassemble tiny segments indefinitely (O(n^2)). So in reassembled bytes tails are waited for only while these are few, or
 * so many that a tail begins behind those few. */
static bool may_wait_for_tail(const mstun_segment_t *segment)
{
    return segment->captured == segment->reported &&
           (!segment->tcp || !segment->tcp->is_reassembled || segment->captured <= REASSEMBLY_TAIL_MAX ||
            segment->captured >= REASSEMBLY_TAIL_MAX + TAIL_MAX);
}

/* No unit provably begins at offset or behind it: the bytes are skipped, but for a few at the end that may begin one. */
static uint32_t skip_rest(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset)
{
    uint32_t end = segment->reported;

    if (may_wait_for_tail(segment)) {
        uint32_t tail = mstun_resync_tail(ctx->event.framing, segment->bytes, segment->captured, offset);

        if (tail != MSTUN_OFFSET_NONE && wait_for_more(ctx->event.pinfo, tail, 0)) {
            end = tail;
        }
    }
    if (end > offset) {
        skip(ctx, tvb, offset, end - offset);
    }
    return end;
}

/* No unit begins at offset: goes to the next place where one provably does, or to the end. */
static uint32_t resync(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                       bool *synchronized)
{
    uint32_t next =
        ++ctx->resyncs > RESYNCS_PER_SEGMENT
            ? MSTUN_OFFSET_NONE
            : mstun_resync(ctx->event.framing, segment->bytes, segment->captured, segment->reported, offset + 1);

    *synchronized = next != MSTUN_OFFSET_NONE;
    if (!*synchronized) {
        return skip_rest(ctx, tvb, segment, offset);
    }
    skip(ctx, tvb, offset, next - offset);
    return next;
}

/* The bytes may prove that the framing is another than believed, where its unit is not there whole or holds nothing known. */
static bool redetect_framing(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, left = segment->reported - offset;
    mstun_framing_t proven = mstun_detect(bytes, captured, left, MSTUN_CONFIDENCE_FULL);

    if (proven == MSTUN_FRAMING_UNKNOWN && ctx->event.framing == MSTUN_FRAMING_RFC4571 &&
        mstun_looks_like_ms_turn(bytes, captured, left)) {
        proven = MSTUN_FRAMING_MS_TURN;
    }
    if (proven == MSTUN_FRAMING_UNKNOWN || proven == ctx->event.framing ||
        (proven == MSTUN_FRAMING_STUN && ctx->event.framing == MSTUN_FRAMING_RFC3489)) {
        return false;
    }
    ctx->event.framing = proven;
    return true;
}

/* The unit at offset. If only the header matches, the following bytes must be consistent with it, else LOST. */
static mstun_unit_result_t unit_here(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset,
                                     mstun_unit_t *unit, bool *unconfirmed)
{
    const uint8_t *bytes = segment->bytes + offset;
    uint32_t captured = segment->captured - offset, left = segment->reported - offset;
    mstun_unit_result_t result = mstun_unit_at(ctx->event.framing, bytes, captured, unit);

    *unconfirmed = result == MSTUN_UNIT_FOUND && mstun_unit_is_unconfirmed(unit, bytes, captured, left);
    if ((*unconfirmed || result != MSTUN_UNIT_FOUND || mstun_unit_len(unit) > left) &&
        redetect_framing(ctx, segment, offset)) {
        result = mstun_unit_at(ctx->event.framing, bytes, captured, unit);
        *unconfirmed = false;
    }
    if (*unconfirmed && (mstun_unit_contains_other_start(ctx->event.framing, unit, bytes, captured, left) ||
                         (mstun_unit_len(unit) > left && !mstun_unit_length_is_plausible(unit)))) {
        return MSTUN_UNIT_LOST;
    }
    return result;
}

/* Where MS-TURN should be: a proxy or a TLS server has answered the pseudo-TLS hello. */
static void dissect_tls_answer(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset)
{
    mstun_diagnose_show_tls_intercepted(ctx->event.pinfo, mstun_tls_intercepted_show(tvb, ctx->tree, offset));
    mstun_payload_dissect_tls(tvb_new_subset_remaining(tvb, (int)offset), ctx->event.pinfo, ctx->tree);
    mstun_info_append(ctx->event.pinfo, "TLS instead of an answer to pseudo-TLS");
    ctx->any_message = true;
}

/* One unit at offset. Returns where the next one begins; offset itself if TCP was asked for the rest of this one. */
static uint32_t follow_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                            bool *synchronized)
{
    mstun_unit_t unit;
    bool unconfirmed;
    mstun_unit_result_t result = unit_here(ctx, segment, offset, &unit, &unconfirmed);
    uint32_t left = segment->reported - offset;

    if (result == MSTUN_UNIT_LOST && ctx->event.framing == MSTUN_FRAMING_MS_TURN &&
        mstun_is_tls_record(segment->bytes + offset, segment->captured - offset)) {
        reset_info(ctx);
        dissect_tls_answer(ctx, tvb, offset);
        return segment->reported;
    }
    if (result == MSTUN_UNIT_LOST) {
        return resync(ctx, tvb, segment, offset, synchronized);
    }
    uint32_t len = result == MSTUN_UNIT_FOUND ? mstun_unit_len(&unit) : UINT32_MAX;

    /* What comes next may speak against an unconfirmed unit, so it is waited for by the segment. */
    if (len > left && wait_for_more(ctx->event.pinfo, offset, len == UINT32_MAX || unconfirmed ? 0 : len - left)) {
        return offset;
    }
    if (result == MSTUN_UNIT_MORE) { /* and no reassembly: nothing can be said of these few bytes */
        *synchronized = false;
        return segment->reported;
    }
    if (len > left) {
        announce_next_unit(&ctx->event, len - left);
    }
    if (ctx->event.stream && ctx->event.first_visit) { /* before the unit, which may throw */
        mstun_stream_leave(&ctx->event, segment, offset + len, ctx->event.framing, true);
        if (ctx->event.framing == MSTUN_FRAMING_RFC4571) {
            mstun_peer_connection_count(&ctx->event, len);
        }
    }
    reset_info(ctx);
    dissect_unit_guarded(ctx, tvb, offset, &unit);
    return offset + len;
}

static bool is_relayed(mstun_framing_t framing)
{
    return framing == MSTUN_FRAMING_UNDETERMINED_RELAY || framing == MSTUN_FRAMING_RELAYED;
}

/* Follows the units from offset on; returns where it came to an end, synchronized whether a unit begins there. */
static uint32_t follow_units(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_segment_t *segment, uint32_t offset,
                             bool *synchronized)
{
    *synchronized = true;
    while (offset < segment->captured) {
        if (is_relayed(ctx->event.framing)) {
            if (!detect_relayed_framing(ctx, segment, offset)) {
                return offset;
            }
            if (ctx->event.framing == MSTUN_FRAMING_RELAYED) {
                reset_info(ctx);
                return dissect_relayed(ctx, tvb, segment, offset);
            }
        }
        uint32_t next = follow_unit(ctx, tvb, segment, offset, synchronized);

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

static void show_unanswered(const mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, bool last_of_direction)
{
    if (ctx->event.first_visit) {
        mstun_transaction_record_unanswered(&ctx->event, last_of_direction);
    }
    mstun_diagnose_show_unanswered(&ctx->event, tvb, ctx->tree);
}

void mstun_dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                           const mstun_segment_t *segment, mstun_framing_t hint, bool last_of_direction)
{
    mstun_dissect_ctx_t ctx = { .event = mstun_event_begin(pinfo, stream), .tree = tree };
    bool synchronized = false;
    uint32_t offset;

    ctx.event.position = segment->seq;
    mstun_framing_change_t start = mstun_stream_enter(&ctx.event, segment, hint);

    if (ctx.event.first_visit) {
        mstun_stream_note_truncation(&ctx.event, segment); /* before what is truncated throws */
    }
    ctx.event.framing = start.framing;
    if (start.first_unit_offset == MSTUN_OFFSET_NONE) {
        offset = skip_rest(&ctx, tvb, segment, 0);
    } else {
        if (start.first_unit_offset > 0) {
            skip(&ctx, tvb, 0, start.first_unit_offset);
        }
        offset = follow_units(&ctx, tvb, segment, start.first_unit_offset, &synchronized);
    }
    if (ctx.event.first_visit) {
        mstun_stream_leave(&ctx.event, segment, offset, ctx.event.framing, synchronized);
    }
    show_unanswered(&ctx, tvb, last_of_direction && offset >= segment->reported);
    if (ctx.any_message) { /* whatever media dissectors have written there */
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    }
}

/* RFC 8656 section 12.5: on UDP, ChannelData fills its datagram, padded or not. */
static void dissect_channel_data(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb)
{
    uint32_t payload_len = tvb_get_ntohs(tvb, 2);
    mstun_unit_t unit = { .kind = MSTUN_UNIT_CHANNEL_DATA,
                          .header_len = CHANNEL_DATA_HEADER_LEN,
                          .payload_len = payload_len,
                          .padding = tvb_reported_length(tvb) - CHANNEL_DATA_HEADER_LEN - payload_len };

    mstun_dissect_unit(ctx, tvb, &unit);
}

void mstun_dissect_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream)
{
    mstun_dissect_ctx_t ctx = { .event = mstun_event_begin(pinfo, stream), .tree = tree };

    reset_info(&ctx);
    if (mstun_packet_class_of(tvb) == MSTUN_PACKET_CHANNEL_DATA) {
        dissect_channel_data(&ctx, tvb);
    } else {
        mstun_dissect_unframed(&ctx, tvb);
    }
    ctx.event.position = 0;
    if (stream) {
        show_unanswered(&ctx, tvb, false);
    }
    if (ctx.any_message) {
        col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    }
}

void mstun_dissect_quoted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_framing_t framing)
{
    uint32_t captured = tvb_captured_length(tvb);
    mstun_segment_t segment = { .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                                .captured = captured,
                                .reported = tvb_reported_length(tvb) };
    mstun_dissect_ctx_t ctx = { .event = mstun_event_begin(pinfo, NULL), .tree = tree };
    bool synchronized;

    ctx.event.framing = framing;
    follow_units(&ctx, tvb, &segment, 0, &synchronized);
}
