/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of ICE: RFC 8445 section 16.1, RFC 6679 section 7.2.2, those that Google, Cisco, Citrix and Meta have
 * registered (IANA's registry of 2024-12-20) or just use, and undocumented types in calls of Skype and Teams. */
#include "attr/decode.h"

static int hf_att_priority = -1;
static int hf_att_priority_type = -1;
static int hf_att_priority_local = -1;
static int hf_att_priority_component = -1;
static int hf_att_use_candidate = -1;
static int hf_att_tie_breaker = -1;
static int hf_att_ecn_check_ecf = -1;
static int hf_att_ecn_check_valid = -1;
static int hf_att_nomination = -1;
static int hf_att_google_network_id = -1;
static int hf_att_google_network_cost = -1;
static int hf_att_google_last_check_id = -1;
static int hf_att_google_misc_info = -1;
static int hf_att_google_retransmit_count = -1;
static int hf_att_google_text = -1;
static int hf_att_google_hmac = -1;
static int hf_att_dtls = -1;
static int hf_att_dtls_received = -1;

static void learn_priority(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_PRIORITY;
    facts->priority = pntohu32(value);
}

static void learn_use_candidate(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_USE_CANDIDATE;
}

static void learn_controlled(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_CONTROLLED;
}

static void learn_controlling(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_CONTROLLING;
}

static void learn_dtls(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->dtls = (mstun_span_t){ .bytes = value, .len = len };
}

/* The type preferences that RFC 8445 section 5.1.2.2 recommends. */
static const value_string candidate_type_names[] = {
    { 0, "relayed" }, { 100, "server reflexive" }, { 110, "peer reflexive" }, { 126, "host" }, { 0, NULL },
};

/* RFC 8445 section 5.1.2.1: type preference, local preference, 256 minus the component. */
static void show_priority(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    uint32_t priority = tvb_get_ntohl(ctx->tvb, offset);
    uint32_t type = priority >> 24, local = priority >> 8 & 0xFFFF, component = 256 - (priority & 0xFF);
    proto_item *item;

    proto_tree_add_uint(ctx->tree, hf_att_priority, ctx->tvb, offset, 4, priority);
    proto_tree_add_uint(ctx->tree, hf_att_priority_type, ctx->tvb, offset, 1, type);
    proto_tree_add_uint(ctx->tree, hf_att_priority_local, ctx->tvb, offset + 1, 2, local);
    item = proto_tree_add_uint(ctx->tree, hf_att_priority_component, ctx->tvb, offset + 3, 1, component);
    proto_item_set_generated(item);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%u (%s, local preference %u, component %u)", priority,
                           val_to_str_const(type, candidate_type_names, "type without a name"), local, component);
}

/* RFC 6679 section 7.2.2: 29 reserved bits, ECF, V. */
static void show_ecn_check(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    static int *const bits[] = { &hf_att_ecn_check_ecf, &hf_att_ecn_check_valid, NULL };

    mstun_attr_add_reserved(ctx, offset, 3);
    proto_tree_add_bitmask_list(ctx->tree, ctx->tvb, offset + 3, 1, bits, ENC_BIG_ENDIAN);
}

static void show_network_info(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_google_network_id, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_google_network_cost, ctx->tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(ctx, "network %u, cost %u", tvb_get_ntohs(ctx->tvb, offset),
                           tvb_get_ntohs(ctx->tvb, offset + 2));
}

static void show_misc_info(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    for (int end = offset + len; offset < end; offset += 2) {
        proto_tree_add_item(ctx->tree, hf_att_google_misc_info, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
    }
}

/* draft-hancke-webrtc-sped: a packet of the DTLS handshake, which dissect/ hands to DTLS. */
static void show_dtls(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    proto_tree_add_item(ctx->tree, hf_att_dtls, ctx->tvb, offset, len, ENC_NA);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%d bytes", len);
}

/* The CRC-32 of each DTLS packet that was received. */
static void show_dtls_received(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    for (int end = offset + len; offset < end; offset += 4) {
        proto_tree_add_item(ctx->tree, hf_att_dtls_received, ctx->tvb, offset, 4, ENC_BIG_ENDIAN);
    }
    MSTUN_ATTR_SET_SUMMARY(ctx, "%d packets", len / 4);
}

/* type, min_len, max_len, length_multiple, name, hf, show, learn */
static const mstun_attr_t rows[] = {
    { 0x0024, 4, 4, 0, "PRIORITY", NULL, show_priority, learn_priority },
    { 0x0025, 0, 0, 0, "USE-CANDIDATE", &hf_att_use_candidate, mstun_attr_show_flag, learn_use_candidate },
    { 0x0800, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-0800", NULL, mstun_attr_show_opaque, NULL },
    { 0x24DF, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-24DF", NULL, mstun_attr_show_opaque, NULL },
    { 0x3802, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-3802", NULL, mstun_attr_show_opaque, NULL },
    /* Meta, on WhatsApp's relays: names from published analyses of its calls */
    { 0x4000, 0, MSTUN_ANY_LEN, 0, "META-RELAY-TOKEN", NULL, mstun_attr_show_opaque, NULL },
    { 0x4002, 0, MSTUN_ANY_LEN, 0, "META-SERVER-TIMESTAMP", NULL, mstun_attr_show_opaque, NULL },
    { 0x4003, 0, MSTUN_ANY_LEN, 0, "META-REFLEXIVE-PAYLOAD", NULL, mstun_attr_show_opaque, NULL },
    { 0x4004, 0, MSTUN_ANY_LEN, 0, "META-PADDING", NULL, mstun_attr_show_opaque, NULL },
    { 0x4005, 0, MSTUN_ANY_LEN, 0, "META-RTP-PACKET", NULL, mstun_attr_show_opaque, NULL },
    { 0x4006, 0, MSTUN_ANY_LEN, 0, "META-TIME-INFO", NULL, mstun_attr_show_opaque, NULL },
    { 0x4007, 0, MSTUN_ANY_LEN, 0, "META-RESPONSE-PAYLOAD-SIZE", NULL, mstun_attr_show_opaque, NULL },
    { 0x4021, 0, MSTUN_ANY_LEN, 0, "META-RECEIVER-SUBSCRIPTION", NULL, mstun_attr_show_opaque, NULL },
    { 0x4023, 0, MSTUN_ANY_LEN, 0, "META-SENDER-SUBSCRIPTION", NULL, mstun_attr_show_opaque, NULL },
    { 0x4024, 0, MSTUN_ANY_LEN, 0, "META-STREAM-DESCRIPTOR", NULL, mstun_attr_show_opaque, NULL },
    { 0x8029, 8, 8, 0, "ICE-CONTROLLED", &hf_att_tie_breaker, mstun_attr_show_bytes, learn_controlled },
    { 0x802A, 8, 8, 0, "ICE-CONTROLLING", &hf_att_tie_breaker, mstun_attr_show_bytes, learn_controlling },
    { 0x802D, 4, 4, 0, "ECN-CHECK", NULL, show_ecn_check, NULL },
    { 0xC000, 0, MSTUN_ANY_LEN, 0, "CISCO-STUN-FLOWDATA", NULL, mstun_attr_show_opaque, NULL },
    { 0xC001, 0, MSTUN_ANY_LEN, 0, "ENF-FLOW-DESCRIPTION", NULL, mstun_attr_show_opaque, NULL },
    { 0xC002, 0, MSTUN_ANY_LEN, 0, "ENF-NETWORK-STATUS", NULL, mstun_attr_show_opaque, NULL },
    { 0xC003, 0, MSTUN_ANY_LEN, 0, "CISCO-WEBEX-FLOW-INFO", NULL, mstun_attr_show_opaque, NULL },
    { 0xC056, 0, MSTUN_ANY_LEN, 0, "CITRIX-TRANSACTION-ID", NULL, mstun_attr_show_opaque, NULL },
    { 0xC057, 4, 4, 0, "GOOG-NETWORK-INFO", NULL, show_network_info, NULL },
    { 0xC058, 0, MSTUN_ANY_LEN, 0, "GOOG-LAST-ICE-CHECK-RECEIVED", &hf_att_google_last_check_id, mstun_attr_show_bytes,
      NULL },
    { 0xC059, 0, MSTUN_ANY_LEN, 2, "GOOG-MISC-INFO", NULL, show_misc_info, NULL },
    { 0xC05A, 0, MSTUN_ANY_LEN, 0, "GOOG-OBSOLETE-1", NULL, mstun_attr_show_opaque, NULL },
    { 0xC05B, 0, MSTUN_ANY_LEN, 0, "GOOG-CONNECTION-ID", NULL, mstun_attr_show_opaque, NULL },
    { 0xC05C, 0, MSTUN_ANY_LEN, 0, "GOOG-DELTA", NULL, mstun_attr_show_opaque, NULL },
    { 0xC05D, 0, MSTUN_ANY_LEN, 0, "GOOG-DELTA-ACK", NULL, mstun_attr_show_opaque, NULL },
    { 0xC05E, 0, MSTUN_ANY_LEN, 0, "GOOG-DELTA-SYNC-REQ", NULL, mstun_attr_show_opaque, NULL },
    { 0xC060, 4, 4, 0, "GOOG-MESSAGE-INTEGRITY-32", &hf_att_google_hmac, mstun_attr_show_bytes, NULL },
    { 0xC070, 0, MSTUN_ANY_LEN, 0, "META-DTLS-IN-STUN", NULL, show_dtls, learn_dtls },
    { 0xC071, 0, MSTUN_ANY_LEN, 4, "META-DTLS-IN-STUN-ACKNOWLEDGEMENT", NULL, show_dtls_received, NULL },
    { 0xFF00, 0, MSTUN_ANY_LEN, 0, "GOOG-RETRANSMIT-COUNT", &hf_att_google_retransmit_count,
      mstun_attr_show_uint32_or_opaque, NULL },
    { 0xFF04, 0, MSTUN_ANY_LEN, 0, "GOOG-MULTI-MAPPING", &hf_att_google_text, mstun_attr_show_text, NULL },
    { 0xFF05, 0, MSTUN_ANY_LEN, 0, "GOOG-LOGGING-ID", &hf_att_google_text, mstun_attr_show_text, NULL },
};

static bool is_nomination(const mstun_facts_t *facts _U_, uint32_t len)
{
    return len == 4;
}

/* Google's counter of renominations has the number that IANA gave to Cisco. */
static const mstun_attr_t nomination_rows[] = {
    { 0xC001, 4, 4, 0, "NOMINATION", &hf_att_nomination, mstun_attr_show_uint, NULL },
};

static const value_string network_cost_names[] = {
    { 0, "Min" },        { 10, "Low" },         { 50, "Unknown" },     { 250, "Cellular5G" }, { 500, "Cellular4G" },
    { 900, "Cellular" }, { 910, "Cellular3G" }, { 980, "Cellular2G" }, { 999, "Max" },        { 0, NULL },
};

void mstun_attr_ice_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_priority,
          { "Priority", "mstun.att.priority", FT_UINT32, BASE_DEC, NULL, 0x0, "RFC 8445 section 5.1.2", HFILL } },
        { &hf_att_priority_type,
          { "Type preference", "mstun.att.priority.type", FT_UINT8, BASE_DEC, VALS(candidate_type_names), 0x0,
            "RFC 8445 section 5.1.2.2", HFILL } },
        { &hf_att_priority_local,
          { "Local preference", "mstun.att.priority.local", FT_UINT16, BASE_DEC, NULL, 0x0, "RFC 8445 section 5.1.2.1",
            HFILL } },
        { &hf_att_priority_component,
          { "Component", "mstun.att.priority.component", FT_UINT16, BASE_DEC, NULL, 0x0,
            "256 minus the last byte; 1 is RTP, 2 is RTCP", HFILL } },
        { &hf_att_use_candidate,
          { "Use candidate", "mstun.att.use_candidate", FT_BOOLEAN, BASE_NONE, NULL, 0x0,
            "The check nominates its pair, RFC 8445 section 16.1", HFILL } },
        { &hf_att_tie_breaker,
          { "Tie breaker", "mstun.att.tie_breaker", FT_BYTES, BASE_NONE, NULL, 0x0, "RFC 8445 section 16.1", HFILL } },
        { &hf_att_ecn_check_ecf,
          { "ECN Echo", "mstun.att.ecn_check.ecf", FT_UINT8, BASE_HEX, NULL, 0x06,
            "ECN field of the packet that is answered", HFILL } },
        { &hf_att_ecn_check_valid,
          { "Valid", "mstun.att.ecn_check.valid", FT_BOOLEAN, 8, NULL, 0x01, "RFC 6679 section 7.2.2", HFILL } },
        { &hf_att_nomination,
          { "Nomination", "mstun.att.nomination", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Counter of ICE renomination; the highest wins", HFILL } },
        { &hf_att_google_network_id,
          { "Google Network ID", "mstun.att.google.network_id", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Which of the sender's networks", HFILL } },
        { &hf_att_google_network_cost,
          { "Google Network Cost", "mstun.att.google.network_cost", FT_UINT16, BASE_DEC, VALS(network_cost_names), 0x0,
            "Relative cost of the network", HFILL } },
        { &hf_att_google_last_check_id,
          { "Last Check's Transaction ID", "mstun.att.google.last_check_id", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Of the last check that the sender received", HFILL } },
        { &hf_att_google_misc_info,
          { "Misc Info", "mstun.att.google.misc_info", FT_UINT16, BASE_HEX, NULL, 0x0,
            "Numbers without a published meaning", HFILL } },
        { &hf_att_google_retransmit_count,
          { "Retransmit Count", "mstun.att.google.retransmit_count", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Of GOOG-RETRANSMIT-COUNT", HFILL } },
        { &hf_att_google_text,
          { "Text", "mstun.att.google.text", FT_STRING, BASE_NONE, NULL, 0x0,
            "Of GOOG-MULTI-MAPPING and GOOG-LOGGING-ID", HFILL } },
        { &hf_att_google_hmac,
          { "HMAC", "mstun.att.google.hmac", FT_BYTES, BASE_NONE, NULL, 0x0, "The first four bytes of an HMAC-SHA1",
            HFILL } },
        { &hf_att_dtls,
          { "DTLS Packet", "mstun.att.dtls", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Of the handshake, of META-DTLS-IN-STUN (draft-hancke-webrtc-sped)", HFILL } },
        { &hf_att_dtls_received,
          { "DTLS Packet Received", "mstun.att.dtls.received", FT_UINT32, BASE_HEX, NULL, 0x0,
            "Its CRC-32, of META-DTLS-IN-STUN-ACKNOWLEDGEMENT (draft-hancke-webrtc-sped)", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    mstun_attr_add_rows(rows, array_length(rows));
    mstun_attr_add_variants(is_nomination, nomination_rows, array_length(nomination_rows));
}
