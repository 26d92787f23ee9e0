/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/payload.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>

#include "dissect/columns.h"
#include "dissect/guard.h"
#include "dissect/rtp.h"

#define RELAYS_MAX 4 /* one inside the other; a path has two */

static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;
static dissector_handle_t tls_handle;
static dissector_handle_t http_handle;
static heur_dissector_list_t stun_payload_heuristics;
static int proto_rtcp = -1;

static unsigned relay_depth; /* of the bytes that are being dissected */

bool mstun_payload_is_relayed(void)
{
    return relay_depth > 0;
}

bool mstun_payload_is_media(mstun_packet_t class)
{
    switch (class) {
    case MSTUN_PACKET_RTP:
    case MSTUN_PACKET_RTCP:
    case MSTUN_PACKET_SRTCP:
    case MSTUN_PACKET_DTLS:
        return true;
    default:
        return false;
    }
}

static dissector_handle_t handle_for(mstun_packet_t class)
{
    switch (class) {
    case MSTUN_PACKET_RTCP:
        return rtcp_handle;
    case MSTUN_PACKET_DTLS:
        return dtls_handle;
    case MSTUN_PACKET_RTP: /* switched off */
    case MSTUN_PACKET_SRTCP:
    case MSTUN_PACKET_STUN: /* nested too deeply */
    case MSTUN_PACKET_CHANNEL_DATA:
    case MSTUN_PACKET_MULTIPLEXED:
    case MSTUN_PACKET_UNKNOWN:
        break;
    }
    return NULL;
}

/* Wireshark keeps one DTLS session for each conversation, so a hello relayed inside DTLS would replace the outer
 * session's keys. Without ports it is another conversation. */
static int dissect_dtls_in_dtls(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree)
{
    pinfo->srcport = pinfo->destport = 0;
    return call_dissector_only(dtls_handle, packet, pinfo, tree, NULL);
}

static bool dissect_by_handle(dissector_handle_t handle, tvbuff_t *packet, packet_info *pinfo, proto_tree *tree)
{
    if (!handle) {
        return false;
    }
    mstun_info_add_separator(pinfo); /* it writes into the column */
    return (handle == dtls_handle && proto_is_frame_protocol(pinfo->layers, "dtls")
                ? dissect_dtls_in_dtls(packet, pinfo, tree)
                : call_dissector_only(handle, packet, pinfo, tree, NULL)) > 0;
}

/* Encrypted (RFC 3711 section 3.4): RTCP's dissector would call it malformed. A layer of it without fields, so that it
 * is found by its name. */
static void show_srtcp(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree)
{
    uint32_t len = tvb_reported_length(packet);

    mstun_info_add_separator(pinfo);
    col_append_fstr(pinfo->cinfo, COL_INFO, "SRTCP %u bytes", len);
    proto_tree_add_protocol_format(tree, proto_rtcp, packet, 0, -1, "SRTCP, %u bytes", len);
    call_data_dissector(packet, pinfo, tree);
}

/* Begins like RTCP and is none, by its lengths: RTCP's heuristic would take it by its first bytes. */
static bool is_no_rtcp(tvbuff_t *packet, mstun_packet_t class)
{
    return class == MSTUN_PACKET_UNKNOWN && tvb_captured_length(packet) >= 2 && tvb_get_uint8(packet, 0) >> 6 == 2 &&
           tvb_get_uint8(packet, 1) >= 192 && tvb_get_uint8(packet, 1) <= 223;
}

/* data: the mstun_packet_t. False if only "data" knew the packet. */
static bool dissect_whole_packet(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree, void *data)
{
    mstun_packet_t class = *(const mstun_packet_t *)data;
    heur_dtbl_entry_t *entry;

    pinfo->can_desegment = 0; /* what TCP would add is the next packet */
    if (class == MSTUN_PACKET_SRTCP) {
        show_srtcp(packet, pinfo, tree);
        return true;
    }
    if (class == MSTUN_PACKET_RTP && mstun_rtp_dissect(packet, pinfo, tree)) {
        return true;
    }
    if (dissect_by_handle(handle_for(class), packet, pinfo, tree) ||
        (!is_no_rtcp(packet, class) &&
         dissector_try_heuristic(stun_payload_heuristics, packet, pinfo, tree, &entry, NULL))) {
        return true;
    }
    call_data_dissector(packet, pinfo, tree);
    return false;
}

bool mstun_payload_dissect(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree, mstun_packet_t class)
{
    return mstun_guard_foreign(dissect_whole_packet, packet, pinfo, tree, &class);
}

static bool dissect_tls(tvbuff_t *records, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    pinfo->can_desegment = 0;
    return call_dissector_only(tls_handle, records, pinfo, tree, NULL) > 0;
}

void mstun_payload_dissect_tls(tvbuff_t *records, packet_info *pinfo, proto_tree *tree)
{
    bool writable = col_get_writable(pinfo->cinfo, -1);

    col_set_writable(pinfo->cinfo, -1, FALSE);
    mstun_guard_foreign(dissect_tls, records, pinfo, tree, NULL);
    col_set_writable(pinfo->cinfo, -1, writable);
}

static bool dissect_http(tvbuff_t *bytes, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    pinfo->can_desegment = 0;
    return call_dissector(http_handle, bytes, pinfo, tree) > 0;
}

void mstun_payload_dissect_http(tvbuff_t *segment, uint32_t offset, packet_info *pinfo, proto_tree *tree)
{
    mstun_info_add_separator(pinfo);
    mstun_guard_foreign(dissect_http, tvb_new_subset_remaining(segment, (int)offset), pinfo, tree, NULL);
    mstun_info_fence(pinfo);
}

/* With other ports it is another conversation, so a dissector that claims it does not take this one from us. A peer may
 * have the same port as its server; then the client gets a port that no segment has. */
static void set_relayed_ports(packet_info *pinfo, uint16_t peer_port, bool from_server)
{
    uint32_t *server = from_server ? &pinfo->srcport : &pinfo->destport;
    uint32_t *client = from_server ? &pinfo->destport : &pinfo->srcport;

    if (*server == peer_port) {
        *client += UINT16_MAX + 1;
    }
    *server = peer_port;
}

/* Bytes of a relayed connection, and what their dissector asks of TCP. */
typedef struct {
    uint32_t offset;
    uint16_t peer_port;
    bool from_server;
    const struct tcpinfo *tcp;
    uint32_t desegment_len; /* 0: nothing */
    int desegment_offset;   /* in the segment */
} relayed_t;

/* As TCP does it, by the peer's port. data: the relayed_t. False if only "data" knew the bytes. */
static bool dissect_relayed(tvbuff_t *segment, packet_info *pinfo, proto_tree *tree, void *data)
{
    relayed_t *relayed = (relayed_t *)data;
    struct tcpinfo relayed_tcp = { 0 };
    int offset = (int)relayed->offset;

    if (relayed->tcp) {
        relayed_tcp = *relayed->tcp;
        relayed_tcp.seq += relayed->offset;
    }
    set_relayed_ports(pinfo, relayed->peer_port, relayed->from_server);
    pinfo->can_desegment = pinfo->saved_can_desegment;
    pinfo->desegment_len = 0;
    if (relay_depth > RELAYS_MAX || !decode_tcp_ports(segment, offset, pinfo, tree, (int)pinfo->srcport,
                                                      (int)pinfo->destport, NULL, relayed->tcp ? &relayed_tcp : NULL)) {
        call_data_dissector(tvb_new_subset_remaining(segment, offset), pinfo, tree);
        return false;
    }
    relayed->desegment_len = pinfo->desegment_len;
    relayed->desegment_offset = pinfo->desegment_offset + offset;
    return true;
}

bool mstun_payload_dissect_relayed(tvbuff_t *segment, uint32_t offset, packet_info *pinfo, proto_tree *tree,
                                   uint16_t peer_port, bool from_server, const struct tcpinfo *tcp)
{
    relayed_t relayed = { .offset = offset, .peer_port = peer_port, .from_server = from_server, .tcp = tcp };
    unsigned depth = relay_depth;
    volatile bool known = false;

    TRY
    {
        relay_depth++;
        known = mstun_guard_foreign(dissect_relayed, segment, pinfo, tree, &relayed);
    }
    FINALLY /* also when memory ends */
    {
        relay_depth = depth;
    }
    ENDTRY;
    pinfo->desegment_len = relayed.desegment_len;
    if (relayed.desegment_len) {
        pinfo->desegment_offset = relayed.desegment_offset;
    }
    return known;
}

void mstun_payload_handoff(void)
{
    proto_rtcp = proto_get_id_by_filter_name("rtcp");
    mstun_rtp_handoff();
    rtcp_handle = find_dissector("rtcp");
    dtls_handle = find_dissector("dtls");
    tls_handle = find_dissector("tls");
    http_handle = find_dissector("http");
    stun_payload_heuristics = find_heur_dissector_list("stun");
}
