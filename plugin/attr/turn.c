/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of TURN: RFC 8656 section 18, RFC 6062 section 6.2, RFC 8016, and of TURN drafts whose types were never
 * given to anything else. */
#include <epan/ipproto.h>

#include "attr/address.h"
#include "attr/decode.h"
#include "attr/error.h"

static int hf_att_channelnum = -1;
static int hf_att_lifetime = -1;
static int hf_port_bandwidth = -1;
static int hf_att_data = -1;
static int hf_att_reserve_next = -1;
static int hf_att_transp = -1;
static int hf_att_dont_fragment = -1;
static int hf_att_timer_val = -1;
static int hf_att_token = -1;
static int hf_att_connect_stat = -1;
static int hf_connection_id = -1;
static int hf_att_icmp_type = -1;
static int hf_att_icmp_code = -1;
static int hf_att_icmp_data = -1;
static int hf_att_icmp_mtu = -1;
static int hf_att_ticket = -1;

static void learn_channel(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_CHANNEL;
    facts->channel = pntohu16(value);
}

static void learn_lifetime(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_LIFETIME;
    facts->lifetime = pntohu32(value);
}

/* The first one; CreatePermission may have several. */
static void learn_peer(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_PEER;
    if (!facts->peer.family) {
        mstun_endpoint_read(value, len, facts->id, &facts->peer);
    }
}

static void learn_data(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->data = (mstun_span_t){ .bytes = value, .len = len };
}

/* coturn sends 0.0.0.0:0 for the family of a dual allocation that it could not allocate. */
static void learn_relayed(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    mstun_endpoint_t endpoint;

    if (!mstun_endpoint_read(value, len, facts->id, &endpoint) || endpoint.port == 0) {
        return;
    }
    if (!facts->relayed.family) {
        facts->relayed = endpoint;
    } else if (!facts->relayed2.family) {
        facts->relayed2 = endpoint;
    }
}

static void learn_requested_family(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_REQUESTED_FAMILY;
    facts->family = value[0];
}

static void learn_additional_family(const uint8_t *value _U_, uint16_t len, mstun_facts_t *facts)
{
    if (len == 4) {
        facts->has |= MSTUN_HAS_ADDITIONAL_FAMILY;
    }
}

static void learn_even_port(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_EVEN_PORT;
}

static void learn_dont_fragment(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_DONT_FRAGMENT;
}

static void learn_reservation_token(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_RESERVATION_TOKEN;
}

static void learn_mobility_ticket(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_MOBILITY_TICKET;
    facts->mobility_ticket = (mstun_span_t){ .bytes = value, .len = len };
}

static void learn_transport(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_TRANSPORT;
    facts->transport = value[0];
}

static void learn_connection_id(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_CONNECTION_ID;
    facts->connection_id = pntohu32(value);
}

static const value_string transport_names[] = {
    { IP_PROTO_TCP, "TCP" }, { IP_PROTO_UDP, "UDP" },
    { 56, "TLS" }, /* coturn's, as the next one */
    { 250, "DTLS" },         { 0, NULL },
};

static void show_channel(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_channelnum, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
    mstun_attr_add_reserved(ctx, offset + 2, 2);
    MSTUN_ATTR_SET_SUMMARY(ctx, "0x%04x", tvb_get_ntohs(ctx->tvb, offset));
}

static void show_data(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    proto_tree_add_item(ctx->tree, hf_att_data, ctx->tvb, offset, len, ENC_NA);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%d bytes", len);
}

static void show_even_port(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_reserve_next, ctx->tvb, offset, 1, ENC_BIG_ENDIAN);
    if (tvb_get_uint8(ctx->tvb, offset) & 0x80) {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s", "reserve next port");
    }
}

static void show_transport(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    uint8_t protocol = tvb_get_uint8(ctx->tvb, offset);

    proto_tree_add_item(ctx->tree, hf_att_transp, ctx->tvb, offset, 1, ENC_BIG_ENDIAN);
    mstun_attr_add_reserved(ctx, offset + 1, 3);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s (%u)", val_to_str_const(protocol, transport_names, "Unknown"), protocol);
}

/* TIMER-VAL, a number, in TURN drafts; XOR-ONLY, empty, in a STUN draft. */
static void show_timer_val(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    if (len == 4) {
        mstun_attr_show_uint(ctx, row, offset, len);
    } else {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s", "XOR-ONLY");
    }
}

/* RFC 8656 section 18.11. MSN Messenger used this type for a plain mapped address. */
static void show_additional_family(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    if (len == 4) {
        mstun_attr_show_family(ctx, row, offset, len);
    } else {
        mstun_attr_show_address(ctx, row, offset, len);
    }
}

/* Types that a TURN server passes on: RFC 8656 section 11.5. */
enum {
    ICMP_UNREACHABLE = 3,
    ICMP_FRAGMENTATION_NEEDED = 4, /* code */
    ICMP_TIME_EXCEEDED = 11,
    ICMP6_UNREACHABLE = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_TIME_EXCEEDED = 3,
};

static const value_string icmp_names[] = {
    { ICMP_UNREACHABLE, "Destination unreachable" },
    { ICMP_TIME_EXCEEDED, "Time exceeded" },
    { 0, NULL },
};

static const value_string icmp6_names[] = {
    { ICMP6_UNREACHABLE, "Destination unreachable" },
    { ICMP6_TOO_BIG, "Packet too big" },
    { ICMP6_TIME_EXCEEDED, "Time exceeded" },
    { 0, NULL },
};

/* RFC 8656 section 18.13
 *
 *  |           Reserved            |  ICMP Type  |    ICMP Code    |      16, 7 and 9 bits
 *  |                          Error Data                           |
 */
static void show_icmp(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    uint8_t type = tvb_get_uint8(ctx->tvb, offset + 2) >> 1;
    uint16_t code = tvb_get_ntohs(ctx->tvb, offset + 2) & 0x01FF;
    /* The peer's family tells; these two types exist only in ICMPv6. */
    bool is_v6 = ctx->facts->peer.family == MSTUN_FAMILY_IPV6 || type == ICMP6_UNREACHABLE || type == ICMP6_TOO_BIG;
    const char *name = val_to_str_const(type, is_v6 ? icmp6_names : icmp_names, "Unknown");
    bool has_mtu = is_v6 ? type == ICMP6_TOO_BIG : type == ICMP_UNREACHABLE && code == ICMP_FRAGMENTATION_NEEDED;

    mstun_attr_add_reserved(ctx, offset, 2);
    proto_tree_add_uint_format_value(ctx->tree, hf_att_icmp_type, ctx->tvb, offset + 2, 1, (uint32_t)type << 1,
                                     "%s (%u)", name, type);
    proto_tree_add_item(ctx->tree, hf_att_icmp_code, ctx->tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    if (has_mtu) {
        proto_tree_add_item(ctx->tree, hf_att_icmp_mtu, ctx->tvb, offset + 4, 4, ENC_BIG_ENDIAN);
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s, code %u, MTU %u", name, code, tvb_get_ntohl(ctx->tvb, offset + 4));
    } else {
        proto_tree_add_item(ctx->tree, hf_att_icmp_data, ctx->tvb, offset + 4, 4, ENC_NA);
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s, code %u", name, code);
    }
}

/* type, min_len, max_len, length_multiple, name, hf, show, learn */
static const mstun_attr_t rows[] = {
    { 0x000C, 4, 4, 0, "CHANNEL-NUMBER", NULL, show_channel, learn_channel },
    { 0x000D, 4, 4, 0, "LIFETIME", &hf_att_lifetime, mstun_attr_show_uint, learn_lifetime },
    { 0x0010, 4, 4, 0, "BANDWIDTH", &hf_port_bandwidth, mstun_attr_show_uint, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x0012, "XOR-PEER-ADDRESS", mstun_attr_show_xor_address, learn_peer),
    { 0x0013, 0, MSTUN_ANY_LEN, 0, "DATA", NULL, show_data, learn_data },
    MSTUN_ATTR_ADDRESS_ROW(0x0016, "XOR-RELAYED-ADDRESS", mstun_attr_show_xor_address, learn_relayed),
    { 0x0017, 4, 4, 0, "REQUESTED-ADDRESS-FAMILY", NULL, mstun_attr_show_family, learn_requested_family },
    { 0x0018, 1, 1, 0, "EVEN-PORT", NULL, show_even_port, learn_even_port },
    { 0x0019, 4, 4, 0, "REQUESTED-TRANSPORT", NULL, show_transport, learn_transport },
    { 0x001A, 0, 0, 0, "DONT-FRAGMENT", &hf_att_dont_fragment, mstun_attr_show_flag, learn_dont_fragment },
    { 0x0021, 0, 4, 4, "TIMER-VAL", &hf_att_timer_val, show_timer_val, NULL },
    { 0x0022, 8, 8, 0, "RESERVATION-TOKEN", &hf_att_token, mstun_attr_show_bytes, learn_reservation_token },
    { 0x0023, 4, 4, 0, "CONNECT-STAT", &hf_att_connect_stat, mstun_attr_show_uint, NULL },
    { 0x002A, 4, 4, 0, "CONNECTION-ID", &hf_connection_id, mstun_attr_show_uint, learn_connection_id },
    { 0x0030, 4, 4, 0, "ICMP", NULL, mstun_attr_show_opaque, NULL }, /* of a draft that gave it no layout */
    { 0x8000, 4, 20, 4, "ADDITIONAL-ADDRESS-FAMILY", NULL, show_additional_family, learn_additional_family },
    { 0x8001, 4, MSTUN_ANY_LEN, 0, "ADDRESS-ERROR-CODE", NULL, mstun_attr_show_address_error_code,
      mstun_attr_learn_address_error_code },
    { 0x8004, 8, 8, 0, "ICMP", NULL, show_icmp, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x8020, "XOR-MAPPED-ADDRESS", mstun_attr_show_xor_address,
                           mstun_attr_learn_xor_mapped),                                  /* drafts' 0x0020 */
    { 0x8010, 4, 4, 0, "NEW-BANDWIDTH", &hf_port_bandwidth, mstun_attr_show_uint, NULL }, /* coturn */
    { 0x8030, 0, MSTUN_ANY_LEN, 0, "MOBILITY-TICKET", &hf_att_ticket, mstun_attr_show_bytes, learn_mobility_ticket },
};

/* coturn before 4.8 sends the numbers of a draft, which Microsoft uses otherwise. */
static bool is_of_coturn(const mstun_facts_t *facts, uint32_t len)
{
    return facts->dialect != MSTUN_DIALECT_MS_TURN && facts->dialect != MSTUN_DIALECT_RFC3489 &&
           (facts->method == TURN_ALLOCATE || facts->method == TURN_REFRESH) && len >= 4;
}

static const mstun_attr_t coturn_rows[] = {
    { 0x8032, 4, 4, 0, "ADDITIONAL-ADDRESS-FAMILY", NULL, show_additional_family, learn_additional_family },
    { 0x8033, 4, MSTUN_ANY_LEN, 0, "ADDRESS-ERROR-CODE", NULL, mstun_attr_show_address_error_code,
      mstun_attr_learn_address_error_code },
};

static const value_string reserve_next_names[] = {
    { 0, "No reservation" },
    { 1, "Reserve next port number" },
    { 0, NULL },
};

void mstun_attr_turn_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_channelnum,
          { "Channel-Number", "mstun.att.channelnum", FT_UINT16, BASE_HEX, NULL, 0x0, "RFC 8656 section 18.1",
            HFILL } },
        { &hf_att_lifetime,
          { "Lifetime", "mstun.att.lifetime", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &mstun_unit_seconds, 0x0,
            "0 deletes the allocation", HFILL } },
        { &hf_port_bandwidth,
          { "Bandwidth", "mstun.port.bandwidth", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &mstun_units_kbit_s, 0x0,
            "Peak bandwidth", HFILL } },
        { &hf_att_data,
          { "Data", "mstun.att.data", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Of the application, RFC 8656 section 18.4, [MS-TURN] 2.2.2.12", HFILL } },
        { &hf_att_reserve_next,
          { "Reserve next", "mstun.att.even_port.reserve_next", FT_UINT8, BASE_DEC, VALS(reserve_next_names), 0x80,
            "RFC 8656 section 18.7", HFILL } },
        { &hf_att_transp,
          { "Transport", "mstun.att.transp", FT_UINT8, BASE_HEX, VALS(transport_names), 0x0,
            "Of the relay, as an IP protocol number, RFC 8656 section 18.8", HFILL } },
        { &hf_att_dont_fragment,
          { "Don't fragment", "mstun.att.dont_fragment", FT_BOOLEAN, BASE_NONE, NULL, 0x0, "RFC 8656 section 18.9",
            HFILL } },
        { &hf_att_timer_val,
          { "Timer", "mstun.att.timer_val", FT_UINT32, BASE_DEC, NULL, 0x0, "Of old TURN drafts", HFILL } },
        { &hf_att_token,
          { "Token", "mstun.att.token", FT_BYTES, BASE_NONE, NULL, 0x0, "RFC 8656 section 18.10", HFILL } },
        { &hf_att_connect_stat,
          { "Connect Status", "mstun.att.connect_stat", FT_UINT32, BASE_DEC, NULL, 0x0, "Of an old TURN draft",
            HFILL } },
        { &hf_connection_id,
          { "Connection ID", "mstun.connection_id", FT_UINT32, BASE_HEX, NULL, 0x0,
            "Of one peer's TCP connection through the relay", HFILL } },
        { &hf_att_icmp_type,
          { "ICMP type", "mstun.att.icmp.type", FT_UINT8, BASE_DEC, NULL, 0xFE, "RFC 8656 section 18.13", HFILL } },
        { &hf_att_icmp_code,
          { "ICMP code", "mstun.att.icmp.code", FT_UINT16, BASE_DEC, NULL, 0x01FF, "RFC 8656 section 18.13", HFILL } },
        { &hf_att_icmp_mtu,
          { "MTU", "mstun.att.icmp.mtu", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &mstun_unit_bytes, 0x0,
            "Largest packet that fits the path to the peer, RFC 8656 section 18.13", HFILL } },
        { &hf_att_icmp_data,
          { "ICMP error data", "mstun.att.icmp.data", FT_BYTES, BASE_NONE, NULL, 0x0, "RFC 8656 section 18.13",
            HFILL } },
        { &hf_att_ticket, { "Ticket", "mstun.att.ticket", FT_BYTES, BASE_NONE, NULL, 0x0, "RFC 8016", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    mstun_attr_add_rows(rows, array_length(rows));
    mstun_attr_add_variants(is_of_coturn, coturn_rows, array_length(coturn_rows));
}
