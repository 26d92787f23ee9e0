/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where a segment's units begin: where the units of earlier segments end, or where the bytes prove it. */
#include "dissect/segment.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/withheld.h"
#include "diagnose/diagnose.h"
#include "dissect/channel_data.h"
#include "dissect/columns.h"
#include "dissect/event.h"
#include "dissect/guard.h"
#include "dissect/other_protocol.h"
#include "dissect/payload.h"
#include "dissect/place.h"
#include "dissect/relayed.h"
#include "dissect/skipped.h"
#include "dissect/unit.h"
#include "framing/prefilter.h"
#include "framing/tree.h"
#include "turn/turn_tree.h"

#define TCP_FIN 0x01
#define RESYNCS_PER_SEGMENT 16 /* each searches all bytes that are left */
#define REASSEMBLY_TAIL_MAX 64 /* reassembled bytes up to which a tail is waited for */
#define TAIL_MAX 32            /* of mstun_resync_tail() */

/* Asks TCP for more bytes behind offset. missing: how many; 0: the next segment. False if reassembly is off. */
static bool wait_for_more(packet_info *pinfo, uint32_t offset, uint32_t missing)
{
    if (!pinfo->can_desegment) {
        return false;
    }
    pinfo->desegment_offset = (int)offset;
    pinfo->desegment_len = missing ? missing : DESEGMENT_ONE_MORE_SEGMENT;
    return true;
}

/* Without reassembly TCP itself can find the next unit's first byte, if it knows where that is. */
static void announce_next_unit(const mstun_event_t *event, uint32_t bytes)
{
    if (event->first_visit) {
        event->pinfo->want_pdu_tracking = 2;
        event->pinfo->bytes_until_next_pdu = bytes;
    }
}

/* TCP keeps reassembling if what is asked for begins before the last segment: asked for a tail each time, it would
 * reassemble tiny segments indefinitely (O(n^2)). So of reassembled bytes, a tail is waited for only while they are
 * few, or so many that the tail begins behind those few. On later visits, reassembled bytes end before their segment's
 * end where the first visit's tail began. */
static bool may_desegment_tail(const mstun_event_t *event, const mstun_segment_t *segment)
{
    const struct tcpinfo *tcp = segment->tcp;

    if (segment->captured != segment->reported) {
        return false;
    }
    if (!tcp || !tcp->is_reassembled) {
        return true;
    }
    if (!event->first_visit && segment->seq + segment->reported != tcp->nxtseq) {
        return false;
    }
    return segment->captured <= REASSEMBLY_TAIL_MAX || segment->captured >= REASSEMBLY_TAIL_MAX + TAIL_MAX;
}

/* No unit provably begins at offset or behind it: skips the bytes, except for a few at the end that may begin one. */
static uint32_t skip_rest(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    uint32_t end = segment->reported;

    if (mstun_dissect_other_protocol(ctx, segment, offset)) {
        return end;
    }
    if (may_desegment_tail(&ctx->event, segment)) {
        uint32_t tail = mstun_resync_tail(ctx->event.framing, segment->bytes, segment->captured, offset);

        if (tail != MSTUN_OFFSET_NONE && wait_for_more(ctx->event.pinfo, tail, 0)) {
            end = tail;
        }
    }
    if (end > offset) {
        mstun_dissect_skip(ctx, segment, offset, end - offset);
    }
    return end;
}

/* No unit begins at offset: skips to the next place where one provably does, or to the end. */
static uint32_t resync(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset, bool *synchronized)
{
    uint32_t next =
        ++ctx->resyncs > RESYNCS_PER_SEGMENT
            ? MSTUN_OFFSET_NONE
            : mstun_resync(ctx->event.framing, segment->bytes, segment->captured, segment->reported, offset + 1);

    *synchronized = next != MSTUN_OFFSET_NONE;
    if (!*synchronized) {
        return skip_rest(ctx, segment, offset);
    }
    mstun_dissect_skip(ctx, segment, offset, next - offset);
    return next;
}

/* What the bytes of a relayed connection are. False if that takes more bytes, which TCP has been asked for. */
static bool detect_relayed_framing(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    mstun_rest_t rest = mstun_rest_of(segment, offset);
    bool undetermined = ctx->event.framing == MSTUN_FRAMING_UNDETERMINED_RELAY;
    mstun_framing_t framing = mstun_detect_relayed(rest.bytes, rest.captured, rest.reported, undetermined);

    if (framing == MSTUN_FRAMING_RELAYED && undetermined && ctx->event.stream &&
        mstun_stream_other_framing(&ctx->event) == MSTUN_FRAMING_RFC4571) {
        framing = MSTUN_FRAMING_RFC4571; /* of a frame that has only begun, or holds nothing known */
    }

    if (framing == MSTUN_FRAMING_RELAYED && undetermined && rest.captured == rest.reported &&
        mstun_detect_prefix(rest.bytes, rest.captured) && wait_for_more(ctx->event.pinfo, offset, 0)) {
        return false;
    }
    ctx->event.framing = framing;
    return true;
}

/* The bytes may prove another framing than the assumed one, whose unit is not whole or holds nothing known. */
static bool redetect_framing(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest)
{
    mstun_framing_t assumed = ctx->event.framing;
    mstun_framing_t proven = mstun_detect(rest->bytes, rest->captured, rest->reported, MSTUN_CONFIDENCE_FULL);

    if (proven == MSTUN_FRAMING_UNKNOWN && assumed == MSTUN_FRAMING_RFC4571 &&
        mstun_looks_like_ms_turn(rest->bytes, rest->captured, rest->reported)) {
        proven = MSTUN_FRAMING_MS_TURN;
    }
    if (proven == MSTUN_FRAMING_UNKNOWN || proven == assumed ||
        (proven == MSTUN_FRAMING_STUN && assumed == MSTUN_FRAMING_RFC3489)) {
        return false;
    }
    ctx->event.framing = proven;
    return true;
}

/* The unit at the start of rest. If only its header matches, the following bytes must be consistent with it, else LOST.
 * unconfirmed: they are consistent and prove nothing. */
static mstun_unit_result_t find_unit(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, mstun_unit_t *unit,
                                     bool *unconfirmed)
{
    mstun_unit_result_t result = mstun_unit_at(ctx->event.framing, rest->bytes, rest->captured, unit);

    *unconfirmed =
        result == MSTUN_UNIT_FOUND && mstun_unit_is_unconfirmed(unit, rest->bytes, rest->captured, rest->reported);
    if ((*unconfirmed || result != MSTUN_UNIT_FOUND || mstun_unit_len(unit) > rest->reported) &&
        redetect_framing(ctx, rest)) {
        result = mstun_unit_at(ctx->event.framing, rest->bytes, rest->captured, unit);
        *unconfirmed = false;
    }
    if (*unconfirmed &&
        (mstun_unit_contains_other_start(ctx->event.framing, unit, rest->bytes, rest->captured, rest->reported) ||
         (mstun_unit_len(unit) > rest->reported && !mstun_unit_length_is_plausible(unit)))) {
        return MSTUN_UNIT_LOST;
    }
    return result;
}

/* A proxy or a TLS server has answered the pseudo-TLS hello, where MS-TURN should be. */
static uint32_t dissect_tls_answer(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    packet_info *pinfo = ctx->event.pinfo;

    if (ctx->event.first_visit && !mstun_foreign_bytes_before(&ctx->event, MSTUN_BYTES_TLS_FOR_PSEUDO_TLS)) {
        mstun_foreign_bytes_learn(&ctx->event, MSTUN_BYTES_TLS_FOR_PSEUDO_TLS, segment->reported - offset, 0, NULL);
    }
    mstun_dissect_reset_info(ctx);
    mstun_diagnose_show_tls_intercepted(pinfo, mstun_tls_intercepted_show(segment->tvb, ctx->tree, offset));
    mstun_payload_dissect_tls(tvb_new_subset_remaining(segment->tvb, (int)offset), pinfo, ctx->tree);
    mstun_info_append(pinfo, "TLS instead of an answer to pseudo-TLS");
    ctx->any_message = true;
    return segment->reported;
}

/* A unit, and the context in which it is dissected. */
typedef struct {
    mstun_dissect_ctx_t ctx;
    const mstun_unit_t *unit;
} unit_call_t;

/* data: the unit_call_t. */
static bool dissect_guarded_unit(tvbuff_t *unit_tvb, packet_info *pinfo _U_, proto_tree *tree _U_, void *data)
{
    unit_call_t *call = (unit_call_t *)data;

    mstun_dissect_unit(&call->ctx, unit_tvb, call->unit);
    return true;
}

static void dissect_unit(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset,
                         const mstun_unit_t *unit)
{
    uint32_t len = mstun_unit_len(unit), captured = MIN(segment->captured - offset, len);
    tvbuff_t *unit_tvb = tvb_new_subset_length_caplen(segment->tvb, (int)offset, (int)captured, (int)len);
    unit_call_t call = { *ctx, unit };

    if (len > segment->reported - offset) {
        tvb_set_fragment(unit_tvb); /* the user has switched TCP reassembly off */
    }
    call.ctx.event.position += offset;
    mstun_guard(dissect_guarded_unit, unit_tvb, ctx->event.pinfo, ctx->tree, &call);
    ctx->any_message = call.ctx.any_message;
    ctx->event.framing = call.ctx.event.framing;
}

/* Whether its sender has padded ChannelData, and announced the length, as it should. */
static void check_channel_data(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset, mstun_unit_t *unit,
                               bool unconfirmed)
{
    if (unconfirmed) {
        mstun_channel_data_check_length(ctx, rest, offset, unit);
    }
    if (unit->padding) {
        mstun_channel_data_check_padding(ctx, rest, offset, unit);
    }
}

/* First visit: the end of the unit at offset is missing. unit: NULL if its length is, too. */
static void note_waiting(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset, const mstun_unit_t *unit,
                         bool unconfirmed)
{
    mstun_event_t waiting = mstun_event_at(ctx, offset);

    if (!waiting.stream || !waiting.first_visit) {
        return;
    }
    mstun_withheld_await(&waiting, unit && !unconfirmed ? mstun_unit_len(unit) : 0);
    if (unit && unit->kind == MSTUN_UNIT_CHANNEL_DATA) {
        mstun_channel_data_wait(&waiting, rest->reported - unit->header_len, unit->payload_len);
    }
}

/* Asks TCP for the rest of the unit at offset, of which only its header may be known, or not even that (NULL). False if
 * TCP reassembles nothing. */
static bool wait_for_unit(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset, const mstun_unit_t *unit,
                          bool unconfirmed)
{
    bool waits_for_padding =
        unit && unit->kind == MSTUN_UNIT_CHANNEL_DATA && unit->header_len + unit->payload_len <= rest->reported;
    /* An unconfirmed unit is waited for segment by segment: the next one may disprove it. */
    uint32_t missing = !unit || unconfirmed || waits_for_padding ? 0 : mstun_unit_len(unit) - rest->reported;

    if (!wait_for_more(ctx->event.pinfo, offset, missing)) {
        return false;
    }
    note_waiting(ctx, rest, offset, unit, unconfirmed);
    return true;
}

/* One unit at offset. Returns where the next one begins; offset itself if TCP was asked for the rest of this one. */
static uint32_t follow_unit(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset,
                            bool *synchronized)
{
    const mstun_event_t *event = &ctx->event;
    mstun_rest_t rest = mstun_rest_of(segment, offset);
    mstun_unit_t unit;
    bool unconfirmed;
    mstun_unit_result_t result = find_unit(ctx, &rest, &unit, &unconfirmed);

    if (unconfirmed && unit.kind == MSTUN_UNIT_STUN && mstun_dissect_other_protocol(ctx, segment, offset)) {
        return segment->reported;
    }
    if (result == MSTUN_UNIT_LOST) {
        return event->framing == MSTUN_FRAMING_MS_TURN && mstun_is_tls_record(rest.bytes, rest.captured)
                   ? dissect_tls_answer(ctx, segment, offset)
                   : resync(ctx, segment, offset, synchronized);
    }
    if (result == MSTUN_UNIT_FOUND && unit.kind == MSTUN_UNIT_CHANNEL_DATA) {
        check_channel_data(ctx, &rest, offset, &unit, unconfirmed);
    }
    uint32_t len = result == MSTUN_UNIT_FOUND ? mstun_unit_len(&unit) : UINT32_MAX;

    if (len > rest.reported &&
        wait_for_unit(ctx, &rest, offset, result == MSTUN_UNIT_FOUND ? &unit : NULL, unconfirmed)) {
        return offset;
    }
    if (result == MSTUN_UNIT_MORE) { /* and no reassembly: these few bytes show nothing */
        *synchronized = false;
        return segment->reported;
    }
    if (len > rest.reported) {
        announce_next_unit(event, len - rest.reported);
    }
    if (event->stream && event->first_visit) { /* before the unit, which may throw */
        mstun_stream_leave(event, segment, offset + len, event->framing, true);
        mstun_channel_data_received(event);
        if (event->framing == MSTUN_FRAMING_RFC4571) {
            mstun_peer_connection_count(event, len);
        }
    }
    mstun_dissect_reset_info(ctx);
    dissect_unit(ctx, segment, offset, &unit);
    return offset + len;
}

/* Follows the units from offset on. Returns where they end; synchronized: a unit begins there. */
static uint32_t follow_units(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset,
                             bool *synchronized)
{
    *synchronized = true;
    while (offset < segment->captured) {
        if (ctx->event.framing == MSTUN_FRAMING_UNDETERMINED_RELAY || ctx->event.framing == MSTUN_FRAMING_RELAYED) {
            if (!detect_relayed_framing(ctx, segment, offset)) {
                return offset;
            }
            if (ctx->event.framing == MSTUN_FRAMING_RELAYED) {
                mstun_dissect_reset_info(ctx);
                return mstun_dissect_relayed(ctx, segment, offset);
            }
        }
        uint32_t next = follow_unit(ctx, segment, offset, synchronized);

        if (next == offset || !*synchronized) {
            return next;
        }
        offset = next;
    }
    if (offset < segment->reported) { /* the capture truncates the next unit's header */
        *synchronized = false;
    }
    return offset;
}

/* When all units of a segment, or a datagram, are dissected. */
static void finish(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, bool last_of_direction)
{
    if (ctx->event.stream) {
        if (ctx->event.first_visit) {
            mstun_transaction_record_unanswered(&ctx->event, last_of_direction);
        }
        mstun_diagnose_show_unanswered(&ctx->event, tvb, ctx->tree);
    }
    if (ctx->any_message) {
        mstun_protocol_column_set(ctx->event.pinfo);
    }
}

/* All of the segment is new. Returns where its units end. */
static uint32_t dissect_new(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, mstun_framing_t hint)
{
    bool synchronized = false, ends_direction = segment->tcp && segment->tcp->flags & TCP_FIN;
    mstun_framing_change_t start = mstun_stream_enter(&ctx->event, segment, hint);
    uint32_t offset = 0;

    if (segment->is_late && start.first_unit_offset == MSTUN_OFFSET_NONE) {
        return 0;
    }
    ctx->event.framing = start.framing;
    if (start.first_unit_offset == MSTUN_OFFSET_NONE) {
        offset = skip_rest(ctx, segment, 0);
    } else {
        if (start.first_unit_offset > 0 && !segment->is_late) {
            mstun_dissect_skip(ctx, segment, 0, start.first_unit_offset);
        }
        offset = follow_units(ctx, segment, start.first_unit_offset, &synchronized);
    }
    if (ctx->event.first_visit) {
        mstun_stream_leave(&ctx->event, segment, offset, ctx->event.framing, synchronized);
    }
    finish(ctx, segment->tvb, ends_direction && offset >= segment->reported);
    return offset;
}

/* The segment is late, or some of it may have been read before. Returns what is new of it: itself, rest, or NULL. */
static G_GNUC_NO_INLINE const mstun_segment_t *new_part(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment,
                                                        mstun_segment_t *rest)
{
    uint32_t new_from;

    if (segment->is_late) {
        return segment;
    }
    mstun_handed_t handed = mstun_segment_handed(&ctx->event, segment, &new_from);

    if (handed == MSTUN_HANDED_REPEATED) {
        mstun_repeated_show(segment->tvb, ctx->tree);
    }
    if (handed != MSTUN_HANDED_NEW || (new_from > 0 && new_from >= segment->captured)) {
        return NULL;
    }
    if (new_from == 0) {
        return segment;
    }
    *rest = mstun_segment_from(segment, new_from);
    ctx->event.position = rest->seq;
    return rest;
}

uint32_t mstun_dissect_segment(const mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree,
                               mstun_stream_t *stream, mstun_framing_t hint)
{
    mstun_dissect_ctx_t ctx = { .event = mstun_event_begin(pinfo, stream), .tree = tree };
    mstun_segment_t rest;
    const mstun_segment_t *part = segment;
    uint32_t end = segment->reported;

    ctx.event.position = segment->seq;
    if (ctx.event.first_visit && !segment->is_late) {
        mstun_stream_note_truncation(&ctx.event, segment); /* before what is truncated throws */
    }
    bool is_new = !segment->is_late && mstun_segment_is_new(&ctx.event, segment);

    if (!is_new) {
        part = new_part(&ctx, segment, &rest);
    }
    if (part) {
        uint32_t known = part->seq - segment->seq;

        end = known + dissect_new(&ctx, part, hint);
        if (pinfo->desegment_len) {
            pinfo->desegment_offset += (int)known;
        }
    }
    if (ctx.event.first_visit && !segment->is_late) {
        mstun_withheld_hand(&ctx.event, segment->seq, is_new);
        mstun_withheld_keep(&ctx.event, segment);
    }
    return end;
}

void mstun_dissect_quoted(const mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree, mstun_framing_t framing)
{
    mstun_dissect_ctx_t ctx = { .event = mstun_event_begin(pinfo, NULL), .tree = tree };
    bool synchronized;

    ctx.event.framing = framing;
    follow_units(&ctx, segment, 0, &synchronized);
}

/* A datagram, and the context in which it is dissected. */
typedef struct {
    mstun_dissect_ctx_t ctx;
    mstun_packet_t class;
} datagram_call_t;

/* data: the datagram_call_t. */
static bool dissect_guarded_datagram(tvbuff_t *datagram, packet_info *pinfo _U_, proto_tree *tree _U_, void *data)
{
    datagram_call_t *call = (datagram_call_t *)data;

    mstun_dissect_unframed_unit(&call->ctx, datagram, call->class);
    return true;
}

void mstun_dissect_datagram(tvbuff_t *datagram, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                            mstun_packet_t class)
{
    datagram_call_t call = { { .event = mstun_event_begin(pinfo, stream), .tree = tree }, class };

    mstun_dissect_reset_info(&call.ctx);
    mstun_guard(dissect_guarded_datagram, datagram, pinfo, tree, &call);
    call.ctx.event.position = 0;
    finish(&call.ctx, datagram, false);
}
