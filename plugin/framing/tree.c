/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/tree.h"

static int proto_mstun = -1;

static int hf_framing = -1;
static int hf_frame_length = -1;
static int hf_channel = -1;
static int hf_channel_length = -1;
static int hf_channel_padding = -1;
static int hf_skipped = -1;
static int hf_withheld = -1;
static int hf_repeated = -1;
static int hf_ms_type = -1;
static int hf_ms_reserved = -1;
static int hf_ms_length = -1;
static int hf_multiplexed_length = -1;
static int hf_session_id = -1;
static int hf_hello = -1;

static int ett_framing = -1;

static expert_field ei_resync = EI_INIT;
static expert_field ei_withheld = EI_INIT;

const value_string mstun_framing_names[] = {
    { MSTUN_FRAMING_STUN, "STUN and ChannelData" },
    { MSTUN_FRAMING_RFC4571, "RFC 4571" },
    { MSTUN_FRAMING_MS_TURN, "MS-TURN" },
    { MSTUN_FRAMING_RELAYED, "Relayed bytes without framing" },
    { 0, NULL },
};

static const value_string ms_type_names[] = {
    { MS_TURN_CONTROL, "Control message" },
    { MS_TURN_DATA, "End-to-end data" },
    { 0, NULL },
};

static const value_string hello_names[] = {
    { MSTUN_HELLO_CLIENT, "ClientHello" },
    { MSTUN_HELLO_SERVER, "ServerHello, ServerHelloDone" },
    { MSTUN_HELLO_GOOGLE_CLIENT, "Google ClientHello" },
    { MSTUN_HELLO_GOOGLE_SERVER, "Google ServerHello" },
    { 0, NULL },
};

static void add_ms_turn_header(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    proto_tree_add_item(tree, hf_ms_type, tvb, (int)offset, 1, ENC_NA);
    proto_tree_add_item(tree, hf_ms_reserved, tvb, (int)offset + 1, 1, ENC_NA);
    proto_tree_add_item(tree, hf_ms_length, tvb, (int)offset + 2, 2, ENC_BIG_ENDIAN);
}

void mstun_framing_tree_add(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, mstun_framing_t framing)
{
    if (framing == MSTUN_FRAMING_RFC4571) {
        proto_tree_add_item(tree, hf_frame_length, tvb, (int)offset, RFC4571_HEADER_LEN, ENC_BIG_ENDIAN);
    }
    if (framing == MSTUN_FRAMING_MS_TURN) {
        add_ms_turn_header(tvb, tree, offset);
    }
    if (framing == MSTUN_FRAMING_RFC3489) { /* the same on the wire */
        framing = MSTUN_FRAMING_STUN;
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
    mstun_framing_tree_add(tvb, tree, offset, MSTUN_FRAMING_RFC4571);
    return tree;
}

proto_tree *mstun_channel_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, const mstun_unit_t *unit)
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
    return tree;
}

proto_tree *mstun_bare_data_show(tvbuff_t *tvb, proto_tree *tree)
{
    proto_item *item = proto_tree_add_protocol_format(
        tree, proto_mstun, tvb, 0, 0, "MSTUN, data of the active destination, %u bytes", tvb_reported_length(tvb));

    return proto_item_add_subtree(item, ett_framing);
}

proto_tree *mstun_ms_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    proto_item *item =
        proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, MS_TURN_HEADER_LEN,
                                       "MSTUN, MS-TURN data, %u bytes", tvb_get_ntohs(tvb, (int)offset + 2));

    tree = proto_item_add_subtree(item, ett_framing);
    mstun_framing_tree_add(tvb, tree, offset, MSTUN_FRAMING_MS_TURN);
    return tree;
}

proto_tree *mstun_multiplexed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, MS_MULTIPLEXED_HEADER_LEN,
                                                      "MSTUN, multiplexed TURN, session 0x%016" PRIx64,
                                                      tvb_get_ntoh64(tvb, (int)offset + 4));

    tree = proto_item_add_subtree(item, ett_framing);
    proto_tree_add_item(tree, hf_channel, tvb, (int)offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_multiplexed_length, tvb, (int)offset + 2, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_session_id, tvb, (int)offset + 4, 8, ENC_BIG_ENDIAN);
    return tree;
}

proto_item *mstun_pseudo_tls_show(tvbuff_t *tvb, proto_tree *tree, mstun_pseudo_tls_kind_t hello)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, (int)tvb_captured_length(tvb),
                                                      "MSTUN, %s", mstun_pseudo_tls_name(hello));

    tree = proto_item_add_subtree(item, ett_framing);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_hello, tvb, 0, 0, hello));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_framing, tvb, 0, 0, MSTUN_FRAMING_MS_TURN));
    return item;
}

proto_item *mstun_tls_intercepted_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    return proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, 0,
                                          "MSTUN, real TLS in answer to pseudo-TLS");
}

proto_tree *mstun_relayed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset)
{
    int len = tvb_captured_length_remaining(tvb, (int)offset);
    proto_item *item =
        proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, len, "MSTUN, relayed bytes, %u",
                                       (unsigned)tvb_reported_length_remaining(tvb, (int)offset));

    tree = proto_item_add_subtree(item, ett_framing);
    mstun_framing_tree_add(tvb, tree, offset, MSTUN_FRAMING_RELAYED);
    return tree;
}

proto_item *mstun_skipped_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, uint32_t len)
{
    int captured = (int)MIN(len, (uint32_t)tvb_captured_length_remaining(tvb, (int)offset));
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, (int)offset, captured,
                                                      "MSTUN, continuation, %u bytes", len);

    tree = proto_item_add_subtree(item, ett_framing);
    proto_tree_add_item(tree, hf_skipped, tvb, (int)offset, captured, ENC_NA);
    return item;
}

void mstun_skipped_show_gap(packet_info *pinfo, proto_item *item)
{
    expert_add_info(pinfo, item, &ei_resync);
}

void mstun_late_show(packet_info *pinfo, tvbuff_t *tvb, proto_tree *tree, uint32_t len)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, (int)len,
                                                      "MSTUN, previously withheld by Wireshark's TCP, %u bytes", len);

    proto_item_set_generated(item);
    tree = proto_item_add_subtree(item, ett_framing);
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_withheld, tvb, 0, 0, true));
    expert_add_info(pinfo, item, &ei_withheld);
}

void mstun_repeated_show(tvbuff_t *tvb, proto_tree *tree)
{
    int len = (int)tvb_captured_length(tvb);
    proto_item *item =
        proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, len, "MSTUN, repeated segment, %d bytes", len);

    proto_item_set_generated(item);
    tree = proto_item_add_subtree(item, ett_framing);
    proto_item_set_generated(proto_tree_add_boolean(tree, hf_repeated, tvb, 0, 0, true));
}

void mstun_framing_tree_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_framing,
          { "Framing", "mstun.framing", FT_UINT8, BASE_DEC, VALS(mstun_framing_names), 0x0,
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
        { &hf_ms_type,
          { "Unit Type", "mstun.ms.framing.type", FT_UINT8, BASE_HEX, VALS(ms_type_names), 0x0, "[MS-TURN] 2.1.4",
            HFILL } },
        { &hf_ms_reserved,
          { "Reserved", "mstun.ms.framing.reserved", FT_UINT8, BASE_HEX, NULL, 0x0, "[MS-TURN] 2.1.4", HFILL } },
        { &hf_ms_length,
          { "Unit Length", "mstun.ms.framing.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of the message or data that follows, [MS-TURN] 2.1.4", HFILL } },
        { &hf_multiplexed_length,
          { "Multiplexed Length", "mstun.ms.multiplexed.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Session id and data, [MS-TURN] 2.2.3", HFILL } },
        { &hf_session_id,
          { "MTURN Session ID", "mstun.att.ms.turn_session_id", FT_UINT64, BASE_HEX, NULL, 0x0,
            "As in MS-MULTIPLEXED-TURN-SESSION-ID, [MS-TURN] 2.2.3", HFILL } },
        { &hf_hello,
          { "Pseudo-TLS", "mstun.pseudo_tls", FT_UINT8, BASE_DEC, VALS(hello_names), 0x0,
            "A hello that looks like TLS but is not, [MS-TURN] 2.1", HFILL } },
        { &hf_skipped,
          { "Continuation", "mstun.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Bytes of a message or frame that began outside of the capture", HFILL } },
        { &hf_withheld,
          { "Previously Withheld", "mstun.withheld", FT_BOOLEAN, BASE_NONE, NULL, 0x0,
            "Read from a segment that came late, which Wireshark's TCP keeps from other dissectors", HFILL } },
        { &hf_repeated,
          { "Repeated Segment", "mstun.repeated_segment", FT_BOOLEAN, BASE_NONE, NULL, 0x0,
            "All that it holds was read from an earlier segment", HFILL } },
    };
    static int *ett[] = { &ett_framing };
    static ei_register_info ei[] = {
        { &ei_resync,
          { "mstun.resync", PI_REASSEMBLE, PI_NOTE,
            "No message begins in these bytes: what they belong to began before the capture or in a missing segment",
            EXPFILL } },
        { &ei_withheld,
          { "mstun.withheld.segment", PI_SEQUENCE, PI_NOTE,
            "Wireshark's TCP had set these bytes aside, as their segment came late: retransmitted or out of order. "
            "They are read here for the first time",
            EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
