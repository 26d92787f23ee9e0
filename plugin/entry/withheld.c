/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry/withheld.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/ipproto.h>

#include "base/heuristic.h"
#include "conversation/recent.h"
#include "conversation/tcp_flow.h"
#include "conversation/tcp_state.h"
#include "conversation/withheld.h"
#include "dissect/event.h"
#include "dissect/withheld.h"
#include "entry/wrapper.h"
#include "framing/prefilter.h"

#define TCP_HEADER_LEN 20

static dissector_table_t ip_protocols;
static dissector_table_t tcp_ports;
static dissector_handle_t wrapper_handle;
static dissector_handle_t late_handle;
static dissector_handle_t tcp_handle; /* behind the wrapper; NULL: there is no wrapper in this file */

/* The ports of connections that are ours, by the exclusive or of both: of nearly all other connections it is known from
 * this that they are not. */
static uint8_t watched_ports[0x10000 / 8];

static bool is_watched(uint32_t ports)
{
    return (watched_ports[ports / 8] & (1u << (ports % 8))) != 0;
}

/* A segment in its packet. */
typedef struct {
    tvbuff_t *tvb; /* from TCP's header on */
    const uint8_t *bytes;
    uint32_t captured;
    uint32_t header_len;
} segment_t;

/* False if it has no payload that we could read. */
static bool read_segment(tvbuff_t *tvb, segment_t *segment)
{
    uint32_t captured = tvb_captured_length(tvb);

    if (captured <= TCP_HEADER_LEN) {
        return false;
    }
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, (int)captured);
    uint32_t header_len = (bytes[12] >> 4) * 4u;

    *segment = (segment_t){ tvb, bytes, captured, header_len };
    return header_len >= TCP_HEADER_LEN && captured > header_len && !(bytes[13] & TH_SYN);
}

static bool has_watched_ports(const segment_t *segment)
{
    return is_watched(pntohu16(segment->bytes) ^ pntohu16(segment->bytes + 2));
}

/* A prefilter: nearly all segments of other protocols get no further. */
static bool may_begin_ours(const segment_t *segment)
{
    return segment->captured >= segment->header_len + STUN_HEADER_LEN &&
           mstun_detect_possible(pntohu64(segment->bytes + segment->header_len));
}

static uint32_t raw_seq(const segment_t *segment)
{
    return pntohu32(segment->bytes + 4);
}

static uint32_t raw_end(const segment_t *segment)
{
    return raw_seq(segment) + tvb_reported_length(segment->tvb) - segment->header_len;
}

/* As others have it. */
static mstun_segment_t payload_of(const segment_t *segment)
{
    return mstun_segment_of(tvb_new_subset_remaining(segment->tvb, (int)segment->header_len), NULL);
}

/* By a handle of our protocol, so that mstun is a layer. data: the mstun_late_frame_t. */
static int dissect_late(tvbuff_t *tvb _U_, packet_info *pinfo, proto_tree *tree, void *data)
{
    return (int)mstun_dissect_late_frame((const mstun_late_frame_t *)data, pinfo, tree);
}

/* Whether a port is ours or nobody's. What the user sets by Decode As wins. */
static bool is_free(uint32_t port)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, port);

    return !owner || (!dissector_is_uint_changed(tcp_ports, port) &&
                      dissector_handle_get_protocol_index(owner) == mstun_wrapper_proto());
}

/* A connection whose first message TCP withholds, so that nobody was asked about it. */
static mstun_stream_t *claim_withheld(const segment_t *segment, packet_info *pinfo)
{
    conversation_t *conversation = mstun_conversation_find(pinfo);

    if (!conversation || mstun_is_quoted(pinfo) ||
        !mstun_heuristic_is_on(find_heur_dissector_by_unique_short_name("mstun_tcp")) ||
        !mstun_tcp_withholds(mstun_tcp_of(conversation)) || conversation_get_dissector(conversation, pinfo->num) ||
        !is_free(pinfo->srcport) || !is_free(pinfo->destport)) {
        return NULL;
    }
    mstun_segment_t payload = payload_of(segment);

    if (mstun_detect(payload.bytes, payload.captured, payload.reported, MSTUN_CONFIDENCE_FULL) ==
        MSTUN_FRAMING_UNKNOWN) {
        return NULL;
    }
    conversation_set_dissector_from_frame_number(conversation, pinfo->num, find_dissector("mstun"));
    mstun_withheld_watch(pinfo);
    return mstun_stream_claim(pinfo);
}

static void dissect_late_units(const segment_t *segment, packet_info *pinfo, proto_tree *tree,
                               mstun_late_frame_t *frame)
{
    unsigned direction = mstun_stream_direction(frame->stream, pinfo);
    uint16_t can_desegment = pinfo->can_desegment;

    frame->segment = payload_of(segment);
    frame->segment.has_seq = true;
    frame->segment.seq = mstun_tcp_position(frame->stream->tcp, direction, raw_seq(segment));
    if (!mstun_late_frame_has_units(frame, pinfo)) {
        return;
    }
    pinfo->can_desegment = 2; /* what is not whole is waited for; TCP, which is done, does not see that */
    call_dissector_only(late_handle, segment->tvb, pinfo, tree, frame);
    pinfo->can_desegment = can_desegment;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = 0;
}

/* stream: the packet's; NULL: not known. may_claim: else, if it is none, nothing is to be done. */
static G_GNUC_NO_INLINE void dissect_behind_tcp(const segment_t *segment, packet_info *pinfo, proto_tree *tree,
                                                mstun_stream_t *stream, bool may_claim)
{
    mstun_late_frame_t frame = { .stream = stream ? stream : mstun_tracked_stream(pinfo) };

    if (!frame.stream && may_claim) {
        frame.stream = claim_withheld(segment, pinfo);
    }
    if (frame.stream && frame.stream->tcp && !pinfo->fragmented) {
        dissect_late_units(segment, pinfo, tree, &frame);
    }
}

/* First visit. Of nearly all packets TCP hands over all, or they are not ours. */
static int dissect_first(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    segment_t segment;

    mstun_withheld_begin();
    int used = mstun_wrapper_call(tcp_handle, tvb, pinfo, tree, data);

    if (read_segment(tvb, &segment)) {
        bool all_read;
        mstun_stream_t *stream = mstun_withheld_end(raw_seq(&segment), raw_end(&segment), &all_read);
        bool may_claim = !stream && may_begin_ours(&segment);

        if (!all_read && (stream || may_claim || has_watched_ports(&segment))) {
            dissect_behind_tcp(&segment, pinfo, tree, stream, may_claim);
        }
    }
    return used;
}

static int dissect_before_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    segment_t segment;

    if (mstun_is_first_visit(pinfo)) {
        return dissect_first(tvb, pinfo, tree, data);
    }
    int used = mstun_wrapper_call(tcp_handle, tvb, pinfo, tree, data);

    if (mstun_withheld_at(pinfo->num) && read_segment(tvb, &segment)) {
        dissect_behind_tcp(&segment, pinfo, tree, NULL, false);
    }
    return used;
}

/* IP has looked up its dissector for the current packet already: the wrapper begins with the next one. */
void mstun_withheld_watch(const packet_info *pinfo)
{
    uint32_t ports = (pinfo->srcport ^ pinfo->destport) & 0xFFFF;

    watched_ports[ports / 8] |= (uint8_t)(1u << (ports % 8));
    if (!tcp_handle && !dissector_is_uint_changed(ip_protocols, IP_PROTO_TCP)) { /* the user's Decode As */
        tcp_handle = dissector_get_uint_handle(ip_protocols, IP_PROTO_TCP);
        dissector_add_uint("ip.proto", IP_PROTO_TCP, wrapper_handle);
    }
}

/* When a file is closed: the next one may have no connection of ours. */
static void stop_watching(void)
{
    if (tcp_handle && dissector_get_uint_handle(ip_protocols, IP_PROTO_TCP) == wrapper_handle) {
        dissector_add_uint("ip.proto", IP_PROTO_TCP, tcp_handle);
    }
    tcp_handle = NULL;
    memset(watched_ports, 0, sizeof watched_ports);
}

void mstun_entry_withheld_register(const mstun_registrar_t *reg)
{
    wrapper_handle = create_dissector_handle(dissect_before_tcp, mstun_wrapper_proto());
    late_handle = create_dissector_handle(dissect_late, reg->proto);
    register_cleanup_routine(stop_watching);
}

void mstun_entry_withheld_handoff(void)
{
    ip_protocols = find_dissector_table("ip.proto");
    tcp_ports = find_dissector_table("tcp.port");
}
