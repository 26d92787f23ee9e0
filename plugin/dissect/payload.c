/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/payload.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>

#include "dissect/columns.h"
#include "framing/packet_tvb.h"

static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;
static dissector_handle_t tls_handle;
static heur_dissector_list_t stun_payload_heuristics;

#define RELAYS_MAX 4 /* one inside the other; a path has two */

static unsigned relays_entered; /* while a packet is dissected */

bool mstun_payload_is_media(tvbuff_t *tvb)
{
    switch (mstun_packet_class_of(tvb)) {
    case MSTUN_PACKET_RTP:
    case MSTUN_PACKET_RTCP:
    case MSTUN_PACKET_SRTCP:
    case MSTUN_PACKET_DTLS:
        return true;
    default:
        return false;
    }
}

static bool is_srtcp(tvbuff_t *tvb)
{
    return mstun_packet_class_of(tvb) == MSTUN_PACKET_SRTCP;
}

static dissector_handle_t handle_for(tvbuff_t *tvb)
{
    switch (mstun_packet_class_of(tvb)) {
    case MSTUN_PACKET_RTP:
        return rtp_handle;
    case MSTUN_PACKET_RTCP:
        return rtcp_handle;
    case MSTUN_PACKET_DTLS:
        return dtls_handle;
    case MSTUN_PACKET_SRTCP: /* its dissector would call every packet malformed */
    case MSTUN_PACKET_STUN:  /* nested too deeply for us */
    case MSTUN_PACKET_CHANNEL_DATA:
    case MSTUN_PACKET_MULTIPLEXED:
    case MSTUN_PACKET_UNKNOWN:
        break;
    }
    return NULL;
}

/* Wireshark keeps one DTLS session for a 5-tuple: a hello relayed inside of DTLS would take the outer session's keys away.
 * Without ports it is another conversation. */
static int dissect_dtls_in_dtls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint32_t source = pinfo->srcport, destination = pinfo->destport;
    volatile int used = 0;

    pinfo->srcport = pinfo->destport = 0;
    TRY
    {
        used = call_dissector_only(dtls_handle, tvb, pinfo, tree, NULL);
    }
    FINALLY
    {
        pinfo->srcport = source;
        pinfo->destport = destination;
    }
    ENDTRY;
    return used;
}

static int dissect_with(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return handle == dtls_handle && proto_is_frame_protocol(pinfo->layers, "dtls")
               ? dissect_dtls_in_dtls(tvb, pinfo, tree)
               : call_dissector_only(handle, tvb, pinfo, tree, NULL);
}

bool mstun_payload_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    dissector_handle_t handle = handle_for(tvb);
    heur_dtbl_entry_t *entry;
    uint16_t can_desegment = pinfo->can_desegment;

    /* The packet is whole: a dissector that asked for more would get the bytes of the next one. */
    pinfo->can_desegment = 0;
    if (handle) { /* it will write into the column, behind what stands there */
        mstun_info_add_separator(pinfo);
    }
    if (!handle && is_srtcp(tvb)) {
        mstun_info_add_separator(pinfo);
        col_append_fstr(pinfo->cinfo, COL_INFO, "SRTCP %u bytes", tvb_reported_length(tvb));
        call_data_dissector(tvb, pinfo, tree);
        pinfo->can_desegment = can_desegment;
        return true;
    }
    bool known = (handle && dissect_with(handle, tvb, pinfo, tree) > 0) ||
                 dissector_try_heuristic(stun_payload_heuristics, tvb, pinfo, tree, &entry, NULL);

    if (!known) {
        call_data_dissector(tvb, pinfo, tree);
    }
    pinfo->can_desegment = can_desegment;
    return known;
}

void mstun_payload_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint16_t can_desegment = pinfo->can_desegment;
    bool writable = col_get_writable(pinfo->cinfo, -1);

    pinfo->can_desegment = 0;
    col_set_writable(pinfo->cinfo, -1, FALSE);
    TRY
    {
        call_dissector_only(tls_handle, tvb, pinfo, tree, NULL);
    }
    FINALLY
    {
        col_set_writable(pinfo->cinfo, -1, writable);
        pinfo->can_desegment = can_desegment;
    }
    ENDTRY;
}

/*
 * Other ports make another conversation: whoever claims that does not take this one from us. A peer may have the very port
 * that its server has; then the client's is made one that no segment has.
 */
static void enter_relayed(packet_info *pinfo, uint16_t peer_port, bool from_server)
{
    uint32_t *server = from_server ? &pinfo->srcport : &pinfo->destport;
    uint32_t *client = from_server ? &pinfo->destport : &pinfo->srcport;

    if (*server == peer_port) {
        *client += UINT16_MAX + 1;
    }
    *server = peer_port;
}

bool mstun_payload_dissect_relayed(tvbuff_t *tvb, uint32_t offset, packet_info *pinfo, proto_tree *tree,
                                   uint16_t peer_port, bool from_server, const struct tcpinfo *tcp)
{
    uint32_t source = pinfo->srcport, destination = pinfo->destport;
    struct tcpinfo inner = { 0 };
    volatile bool known = true;

    if (relays_entered >= RELAYS_MAX) {
        call_data_dissector(tvb_new_subset_remaining(tvb, (int)offset), pinfo, tree);
        return false;
    }
    if (tcp) {
        inner = *tcp;
        inner.seq += offset;
    }
    enter_relayed(pinfo, peer_port, from_server);
    relays_entered++;
    pinfo->can_desegment = pinfo->saved_can_desegment;
    pinfo->desegment_len = 0;
    TRY
    {
        if (!decode_tcp_ports(tvb, (int)offset, pinfo, tree, (int)pinfo->srcport, (int)pinfo->destport, NULL,
                              tcp ? &inner : NULL)) {
            known = false;
            call_data_dissector(tvb_new_subset_remaining(tvb, (int)offset), pinfo, tree);
        } else if (pinfo->desegment_len) {
            pinfo->desegment_offset += (int)offset;
        }
    }
    FINALLY
    {
        relays_entered--;
        pinfo->srcport = source;
        pinfo->destport = destination;
    }
    ENDTRY;
    return known;
}

void mstun_payload_handoff(void)
{
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    dtls_handle = find_dissector("dtls");
    tls_handle = find_dissector("tls");
    stun_payload_heuristics = find_heur_dissector_list("stun");
}
