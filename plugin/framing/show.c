/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/show.h"

static int proto_mstun = -1;

static int hf_framing = -1;
static int hf_frame_length = -1;
static int hf_channel = -1;
static int hf_channel_length = -1;
static int hf_channel_padding = -1;
static int hf_skipped = -1;

static int ett_framing = -1;

static expert_field ei_resync = EI_INIT;

static const value_string framing_names[] = {
    { MSTUN_FRAMING_STUN, "STUN and ChannelData" },
    { MSTUN_FRAMING_RFC4571, "RFC 4571" },
    { MSTUN_FRAMING_RELAYED, "Relayed bytes without framing" },
    { 0, NULL },
};

void mstun_framing_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, mstun_framing_t framing)
{
    if (framing == MSTUN_FRAMING_RFC4571) {
        proto_tree_add_item(tree, hf_frame_length, tvb, (int)offset, RFC4571_HEADER_LEN, ENC_BIG_ENDIAN);
    }
    if (framing != MSTUN_FRAMING_UNKNOWN) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_framing, tvb, (int)offset, 0, framing));
    }
}

proto_tree *mstun_rfc4571_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, uint32_t len)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, RFC4571_HEADER_LEN,
                                                      "MSTUN, RFC 4571 frame, %u bytes", len);

    tree = proto_item_add_subtree(item, ett_framing);
    mstun_framing_show(tvb, tree, offset, MSTUN_FRAMING_RFC4571);
    return tree;
}

void mstun_channel_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, const mstun_unit_t *unit)
{
    uint16_t channel = tvb_get_ntohs(tvb, (int)offset);
    proto_item *item =
        proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, CHANNEL_DATA_HEADER_LEN,
                                       "MSTUN, ChannelData 0x%04x, %u bytes", channel, unit->payload_len);
    uint32_t padding = offset + unit->header_len + unit->payload_len;

    tree = proto_item_add_subtree(item, ett_framing);
    proto_tree_add_item(tree, hf_channel, tvb, (int)offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_channel_length, tvb, (int)offset + 2, 2, ENC_BIG_ENDIAN);
    if (unit->padding && tvb_bytes_exist(tvb, (int)padding, (int)unit->padding)) {
        proto_tree_add_item(tree, hf_channel_padding, tvb, (int)padding, (int)unit->padding, ENC_NA);
    }
    proto_item_set_generated(proto_tree_add_uint(tree, hf_framing, tvb, (int)offset, 0, MSTUN_FRAMING_STUN));
}

proto_tree *mstun_relayed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    int len = tvb_captured_length_remaining(tvb, (int)offset);
    proto_item *item =
        proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, len, "MSTUN, relayed bytes, %u",
                                       (unsigned)tvb_reported_length_remaining(tvb, (int)offset));

    tree = proto_item_add_subtree(item, ett_framing);
    mstun_framing_show(tvb, tree, offset, MSTUN_FRAMING_RELAYED);
    return tree;
}

void mstun_skipped_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t offset, uint32_t len)
{
    int there = (int)MIN(len, (uint32_t)tvb_captured_length_remaining(tvb, (int)offset));
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, there,
                                                      "MSTUN, continuation, %u bytes", len);

    tree = proto_item_add_subtree(item, ett_framing);
    proto_tree_add_item(tree, hf_skipped, tvb, (int)offset, there, ENC_NA);
    expert_add_info(pinfo, item, &ei_resync);
}

void mstun_framing_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_framing,
          { "Framing", "mstun.framing", FT_UINT8, BASE_DEC, VALS(framing_names), 0x0,
            "How messages are told apart on this connection", HFILL } },
        { &hf_frame_length,
          { "TCP Frame Length", "mstun.tcp_frame_length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of the packet that follows, RFC 4571 section 2", HFILL } },
        { &hf_channel,
          { "Channel Number", "mstun.channel", FT_UINT16, BASE_HEX, NULL, 0x0, "RFC 8656 section 12.4", HFILL } },
        { &hf_channel_length,
          { "Channel Data Length", "mstun.channel.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of application data, RFC 8656 section 12.4", HFILL } },
        { &hf_channel_padding,
          { "Channel Data Padding", "mstun.channel.padding", FT_BYTES, BASE_NONE, NULL, 0x0,
            "To a multiple of 4 on TCP and TLS, RFC 8656 section 12.5", HFILL } },
        { &hf_skipped,
          { "Continuation", "mstun.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Bytes of a message or frame that began outside of the capture", HFILL } },
    };
    static int *ett[] = { &ett_framing };
    static ei_register_info ei[] = {
        { &ei_resync,
          { "mstun.resync", PI_REASSEMBLE, PI_NOTE,
            "No message begins in these bytes: what they belong to began before the capture or in a missing segment",
            EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
