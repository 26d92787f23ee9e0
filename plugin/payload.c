/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "payload.h"

#include "columns.h"

static dissector_handle_t rtp_handle;
static dissector_handle_t rtcp_handle;
static dissector_handle_t dtls_handle;
static heur_dissector_list_t stun_payload_heuristics;

static dissector_handle_t handle_for(tvbuff_t *tvb)
{
    uint32_t captured = tvb_captured_length(tvb);

    switch (mstun_packet_class(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb))) {
    case MSTUN_PACKET_RTP:
        return rtp_handle;
    case MSTUN_PACKET_RTCP:
        return rtcp_handle;
    case MSTUN_PACKET_DTLS:
        return dtls_handle;
    case MSTUN_PACKET_STUN: /* nested too deeply for us */
    case MSTUN_PACKET_CHANNEL_DATA:
    case MSTUN_PACKET_UNKNOWN:
        break;
    }
    return NULL;
}

bool mstun_payload_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    dissector_handle_t handle = handle_for(tvb);
    heur_dtbl_entry_t *entry;
    uint16_t can_desegment = pinfo->can_desegment;

    /* The packet is whole: a dissector that asked for more would get the bytes of the next one. */
    pinfo->can_desegment = 0;
    if (handle) { /* it will write into the column, behind what stands there */
        mstun_columns_separate(pinfo);
    }
    bool known = (handle && call_dissector_only(handle, tvb, pinfo, tree, NULL) > 0) ||
                 dissector_try_heuristic(stun_payload_heuristics, tvb, pinfo, tree, &entry, NULL);

    if (!known) {
        call_data_dissector(tvb, pinfo, tree);
    }
    pinfo->can_desegment = can_desegment;
    return known;
}

void mstun_payload_handoff(void)
{
    rtp_handle = find_dissector("rtp");
    rtcp_handle = find_dissector("rtcp");
    dtls_handle = find_dissector("dtls");
    stun_payload_heuristics = find_heur_dissector_list("stun");
}
