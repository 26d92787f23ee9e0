/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry/withheld.h"

#include "base/heuristic.h"
#include "conversation/tcp_flow.h"
#include "conversation/tcp_state.h"
#include "dissect/event.h"
#include "dissect/withheld.h"
#include "entry/wrapper.h"
#include "framing/prefilter.h"

#define IP_PROTO_TCP 6
#define TCP_HEADER_LEN 20
#define TCP_SEQ 4
#define TCP_DATA_OFFSET 12
#define TCP_FLAGS 13
#define TCP_SYN 0x02

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

/* TCP's payload; NULL if it has no bytes that we could read. */
static tvbuff_t *payload_of(tvbuff_t *tvb)
{
    uint32_t header_len = (tvb_get_uint8(tvb, TCP_DATA_OFFSET) >> 4) * 4u;

    return header_len >= TCP_HEADER_LEN && tvb_captured_length(tvb) > header_len &&
                   !(tvb_get_uint8(tvb, TCP_FLAGS) & TCP_SYN)
               ? tvb_new_subset_remaining(tvb, (int)header_len)
               : NULL;
}

/* A prefilter: nearly all segments of other protocols get no further. */
static bool may_begin_ours(tvbuff_t *tvb)
{
    uint32_t header_len = (tvb_get_uint8(tvb, TCP_DATA_OFFSET) >> 4) * 4u;

    return tvb_captured_length(tvb) >= header_len + STUN_HEADER_LEN &&
           mstun_detect_possible(tvb_get_ntoh64(tvb, (int)header_len));
}

/* The packet's segment. */
static bool read_segment(tvbuff_t *tvb, const packet_info *pinfo, mstun_late_frame_t *frame)
{
    tvbuff_t *payload = payload_of(tvb);

    if (!payload) {
        return false;
    }
    frame->segment = mstun_segment_of(payload, NULL);
    frame->segment.has_seq = true;
    frame->segment.seq = mstun_tcp_position(frame->stream->tcp, mstun_stream_direction(frame->stream, pinfo),
                                            tvb_get_ntohl(tvb, TCP_SEQ));
    return true;
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
static mstun_stream_t *claim_withheld(tvbuff_t *tvb, packet_info *pinfo)
{
    tvbuff_t *payload = payload_of(tvb);
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    if (!payload || !conversation || !mstun_is_first_visit(pinfo) || mstun_is_quoted(pinfo) ||
        !mstun_heuristic_is_on(find_heur_dissector_by_unique_short_name("mstun_tcp")) ||
        !mstun_tcp_withholds(mstun_tcp_of(conversation)) ||
        conversation_get_dissector(conversation, pinfo->num) || !is_free(pinfo->srcport) || !is_free(pinfo->destport)) {
        return NULL;
    }
    mstun_segment_t segment = mstun_segment_of(payload, NULL);

    if (mstun_detect(segment.bytes, segment.captured, segment.reported, MSTUN_CONFIDENCE_FULL) ==
        MSTUN_FRAMING_UNKNOWN) {
        return NULL;
    }
    conversation_set_dissector_from_frame_number(conversation, pinfo->num, find_dissector("mstun"));
    mstun_withheld_watch(pinfo);
    return mstun_stream_claim(pinfo);
}

/* TCP is done with a packet that may be ours. */
static G_GNUC_NO_INLINE void dissect_behind_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    mstun_late_frame_t frame = { .stream = mstun_tracked_stream(pinfo) };

    if (!frame.stream && may_begin_ours(tvb)) {
        frame.stream = claim_withheld(tvb, pinfo);
    }
    if (!frame.stream || !frame.stream->tcp || pinfo->fragmented || !read_segment(tvb, pinfo, &frame) ||
        !mstun_late_frame_has_units(&frame, pinfo)) {
        return;
    }
    uint16_t can_desegment = pinfo->can_desegment;

    pinfo->can_desegment = 2; /* what is not whole is waited for; TCP, which is done, does not see that */
    call_dissector_only(late_handle, tvb, pinfo, tree, &frame);
    pinfo->can_desegment = can_desegment;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = 0;
}

static int dissect_before_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    int used = mstun_wrapper_call(tcp_handle, tvb, pinfo, tree, data);

    if (tvb_captured_length(tvb) > TCP_HEADER_LEN) {
        uint32_t ports = tvb_get_ntohl(tvb, 0);

        if (is_watched((ports >> 16) ^ (ports & 0xFFFF)) || may_begin_ours(tvb)) {
            dissect_behind_tcp(tvb, pinfo, tree);
        }
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
