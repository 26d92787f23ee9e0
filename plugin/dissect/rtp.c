/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/rtp.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-rtp.h>

#include "conversation/rtp_stream.h"
#include "dissect/columns.h"

#define DYNAMIC_TYPE_MIN 96    /* RFC 3551 section 6: below are types with a codec by profile */
#define GUESSED_BY "DECODE AS" /* how packet-rtp.c notes a conversation that nobody has announced */

static int proto_rtp = -1;
static dissector_handle_t rtp_handle;
static dissector_table_t types; /* payload type -> dissector of the body */

/* What packet-rtp.c keeps of the receiving end; NULL: nothing before that frame. */
static struct _rtp_conversation_info *info_at(packet_info *pinfo, uint32_t frame)
{
    const conversation_t *conversation =
        find_conversation(frame, &pinfo->net_dst, &pinfo->net_src, conversation_pt_to_conversation_type(pinfo->ptype),
                          pinfo->destport, pinfo->srcport, NO_ADDR_B);

    return conversation ? (struct _rtp_conversation_info *)conversation_get_proto_data(conversation, proto_rtp) : NULL;
}

void mstun_rtp_begin_at(packet_info *pinfo, uint32_t frame)
{
    struct _rtp_conversation_info *info = info_at(pinfo, pinfo->num);

    if (!info || info_at(pinfo, frame)) {
        return;
    }
    conversation_add_proto_data(conversation_new(frame, &pinfo->net_dst, &pinfo->net_src,
                                                 conversation_pt_to_conversation_type(pinfo->ptype), pinfo->destport,
                                                 pinfo->srcport, NO_ADDR2),
                                proto_rtp, info);
}

bool mstun_rtp_is_signalled(packet_info *pinfo)
{
    const struct _rtp_conversation_info *info = info_at(pinfo, pinfo->num);
    const char *method = info ? mstun_rtp_setup_method(info) : NULL;

    return method && strcmp(method, GUESSED_BY) != 0;
}

/* With its CSRCs and extension (RFC 3550 sections 5.1, 5.3.1). 0: not all of it is there. */
static uint32_t header_len(tvbuff_t *packet)
{
    uint32_t captured = tvb_captured_length(packet), len;

    if (captured < RTP_HEADER_LEN) {
        return 0;
    }
    len = RTP_HEADER_LEN + 4u * (tvb_get_uint8(packet, 0) & 0x0F);
    if (tvb_get_uint8(packet, 0) & 0x10) {
        len += captured >= len + 4 ? 4 + 4u * tvb_get_ntohs(packet, (int)len + 2) : 4;
    }
    return len <= captured ? len : 0;
}

static bool has_padding(tvbuff_t *packet)
{
    return tvb_get_uint8(packet, 0) & 0x20;
}

/* RFC 3550 section 5.1: with the padding bit, the last byte counts the padding. In SRTP it is part of the
 * authentication tag, or encrypted, and RTP's dissector would call the packet malformed. */
static bool has_impossible_padding(tvbuff_t *packet, uint32_t header)
{
    uint32_t len = tvb_reported_length(packet);

    if (tvb_captured_length(packet) < len || !has_padding(packet)) {
        return false;
    }
    uint32_t padding = tvb_get_uint8(packet, (int)len - 1);

    return padding == 0 || header + padding > len;
}

/* Whether a dissector would read the body because of its type's number, and nobody has said that it is the right one.
 * H.261's would call most encrypted packets malformed. */
static bool is_body_guessed(tvbuff_t *packet, packet_info *pinfo)
{
    uint8_t type = tvb_get_uint8(packet, 1) & 0x7F;

    return type < DYNAMIC_TYPE_MIN && dissector_get_uint_handle(types, type) &&
           !dissector_is_uint_changed(types, type) && !mstun_rtp_is_signalled(pinfo);
}

/* A header that its dissector cannot read without the body. */
static void show_header(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree)
{
    col_append_fstr(pinfo->cinfo, COL_INFO, "SRTP, SSRC=0x%X, Seq=%u, %u bytes", tvb_get_ntohl(packet, 8),
                    tvb_get_ntohs(packet, 2), tvb_reported_length(packet));
    dissect_rtp_shim_header(packet, 0, pinfo, tree, NULL);
}

bool mstun_rtp_dissect(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree)
{
    uint32_t header = header_len(packet);
    bool impossible = header && has_impossible_padding(packet, header);

    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_rtp))) {
        return false;
    }
    mstun_info_add_separator(pinfo); /* it writes into the column */
    if (!header || (!impossible && !is_body_guessed(packet, pinfo))) {
        return call_dissector_only(rtp_handle, packet, pinfo, tree, NULL) > 0;
    }
    if (impossible || has_padding(packet)) {
        show_header(packet, pinfo, tree);
    } else {
        call_dissector_only(rtp_handle, tvb_new_subset_length(packet, 0, (int)header), pinfo, tree, NULL);
    }
    if (tvb_captured_length(packet) > header) {
        call_data_dissector(tvb_new_subset_remaining(packet, (int)header), pinfo, tree);
    }
    return true;
}

void mstun_rtp_handoff(void)
{
    proto_rtp = proto_get_id_by_filter_name("rtp");
    rtp_handle = find_dissector("rtp");
    types = find_dissector_table("rtp.pt");
}
