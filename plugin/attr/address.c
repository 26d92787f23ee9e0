/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transport addresses, plain and XORed (RFC 8489 sections 14.1 and 14.2, [MS-TURN] 2.2.2.16).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   (ignored)   |    Family     |   Port, or X-Port             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Address, or X-Address (4 bytes: IPv4, 16 bytes: IPv6)    ....
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The XOR pad is bytes 4 to 19 of the message: cookie and transaction id, or the 128-bit id of MS-TURN, whose first
 * four bytes need not be the cookie. */
#include "attr/address.h"

#include <string.h>

#include <epan/to_str.h>
#include <wsutil/inet_addr.h>

#include "attr/decode.h"

#define ADDRESS_OFFSET 4 /* of the IP address in the value */
#define XOR_PEER_ADDRESS 0x0012

static int hf_att_port = -1;
static int hf_att_port_xord = -1;
static int hf_att_ipv4 = -1;
static int hf_att_ipv4_xord = -1;
static int hf_att_ipv6 = -1;
static int hf_att_ipv6_xord = -1;
static int hf_att_address_bytes = -1;
static int hf_addr = -1;
static int hf_addr6 = -1;

static expert_field ei_att_family_unknown = EI_INIT;
static expert_field ei_att_address_length = EI_INIT;

/* Length of an IP address; 0 for a family that does not exist. */
static int ip_len(uint16_t family)
{
    return family == MSTUN_FAMILY_IPV4 ? 4 : family == MSTUN_FAMILY_IPV6 ? 16 : 0;
}

bool mstun_endpoint_read(const uint8_t *value, int len, const uint8_t *id, mstun_endpoint_t *endpoint)
{
    if (len < ADDRESS_OFFSET) {
        return false;
    }
    uint8_t family = value[1];
    int bytes = ip_len(family);

    if (bytes == 0 || len != ADDRESS_OFFSET + bytes) {
        return false;
    }
    *endpoint = (mstun_endpoint_t){ .family = family };
    endpoint->port = (uint16_t)(pntohu16(value + 2) ^ (id ? pntohu16(id) : 0));
    memcpy(endpoint->ip, value + ADDRESS_OFFSET, (size_t)bytes);
    for (int i = 0; id && i < bytes; i++) {
        endpoint->ip[i] ^= id[i];
    }
    return true;
}

void mstun_attr_learn_xor_mapped(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    mstun_endpoint_read(value, len, facts->id, &facts->mapped);
}

void mstun_attr_learn_alternate(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    mstun_endpoint_read(value, len, NULL, &facts->alternate);
}

/* Without printf(): it is slow, and the Info column of most packets has such texts. */
static void write_ip(const mstun_endpoint_t *endpoint, char *text)
{
    address ip;

    if (endpoint->family == MSTUN_FAMILY_IPV4) {
        set_address(&ip, AT_IPv4, 4, endpoint->ip);
    } else {
        set_address(&ip, AT_IPv6, 16, endpoint->ip);
    }
    address_to_str_buf(&ip, text, WS_INET6_ADDRSTRLEN);
}

const char *mstun_address_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint)
{
    char ip[WS_INET6_ADDRSTRLEN];

    write_ip(endpoint, ip);
    return wmem_strdup(pool, ip);
}

const char *mstun_endpoint_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint)
{
    bool bracketed = endpoint->family != MSTUN_FAMILY_IPV4;
    char text[sizeof "[]:65535" + WS_INET6_ADDRSTRLEN] = "[", port[11];
    char *ip = text + (bracketed ? 1 : 0);

    write_ip(endpoint, ip);
    port[10] = '\0';
    char *end = g_stpcpy(ip + strlen(ip), bracketed ? "]:" : ":");

    g_stpcpy(end, uint_to_str_back(port + 10, endpoint->port));
    return wmem_strdup(pool, text);
}

const char *mstun_peer_text(wmem_allocator_t *pool, const mstun_endpoint_t *peer)
{
    return peer->port ? mstun_endpoint_text(pool, peer) : mstun_address_text(pool, peer);
}

/* Adds an IP address twice: as its field, and hidden as the field that filters addresses of all attributes. */
static void add_ip(const mstun_attr_ctx_t *ctx, const mstun_endpoint_t *endpoint, int offset, bool generated)
{
    proto_item *ip, *any;

    if (endpoint->family == MSTUN_FAMILY_IPV4) {
        ws_in4_addr ipv4;

        memcpy(&ipv4, endpoint->ip, sizeof ipv4);
        ip = proto_tree_add_ipv4(ctx->tree, hf_att_ipv4, ctx->tvb, offset, 4, ipv4);
        any = proto_tree_add_ipv4(ctx->tree, hf_addr, ctx->tvb, offset, 4, ipv4);
    } else {
        ws_in6_addr ipv6;

        memcpy(&ipv6, endpoint->ip, sizeof ipv6);
        ip = proto_tree_add_ipv6(ctx->tree, hf_att_ipv6, ctx->tvb, offset, 16, &ipv6);
        any = proto_tree_add_ipv6(ctx->tree, hf_addr6, ctx->tvb, offset, 16, &ipv6);
    }
    if (generated) {
        proto_item_set_generated(ip);
    }
    proto_item_set_generated(any);
    proto_item_set_hidden(any);
}

static void add_plain(const mstun_attr_ctx_t *ctx, const mstun_endpoint_t *endpoint, int offset)
{
    mstun_attr_add_port(ctx, offset + 2);
    add_ip(ctx, endpoint, offset + ADDRESS_OFFSET, false);
}

static void add_xored(const mstun_attr_ctx_t *ctx, const mstun_endpoint_t *endpoint, int offset)
{
    int hf_ip = endpoint->family == MSTUN_FAMILY_IPV4 ? hf_att_ipv4_xord : hf_att_ipv6_xord;
    proto_item *port;

    proto_tree_add_item(ctx->tree, hf_att_port_xord, ctx->tvb, offset + 2, 2, ENC_NA);
    port = proto_tree_add_uint(ctx->tree, hf_att_port, ctx->tvb, offset + 2, 2, endpoint->port);
    proto_item_set_generated(port);
    proto_tree_add_item(ctx->tree, hf_ip, ctx->tvb, offset + ADDRESS_OFFSET, ip_len(endpoint->family), ENC_NA);
    add_ip(ctx, endpoint, offset + ADDRESS_OFFSET, true);
}

/* Shows port and address as bytes, with an expert info for the wrong family or length. */
static void add_unreadable(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    uint8_t family = tvb_get_uint8(ctx->tvb, offset + 1);
    proto_item *bytes = proto_tree_add_item(ctx->tree, hf_att_address_bytes, ctx->tvb, offset + 2, len - 2, ENC_NA);

    if (ip_len(family) == 0) {
        expert_add_info_format(ctx->pinfo, bytes, &ei_att_family_unknown,
                               "%s has address family %u; only 1 (IPv4) and 2 (IPv6) exist", row->name, family);
    } else {
        expert_add_info_format(ctx->pinfo, bytes, &ei_att_address_length,
                               "%s has %d bytes; with an %s address it has %d", row->name, len,
                               family == MSTUN_FAMILY_IPV4 ? "IPv4" : "IPv6", ADDRESS_OFFSET + ip_len(family));
    }
}

static void show_address(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len, const uint8_t *id)
{
    mstun_endpoint_t endpoint;

    mstun_attr_add_reserved(ctx, offset, 1);
    mstun_attr_add_family(ctx, offset + 1);
    if (!mstun_endpoint_read(tvb_get_ptr(ctx->tvb, offset, len), len, id, &endpoint)) {
        add_unreadable(ctx, row, offset, len);
        return;
    }
    if (id) {
        add_xored(ctx, &endpoint, offset);
    } else {
        add_plain(ctx, &endpoint, offset);
    }
    if (row->type == XOR_PEER_ADDRESS) {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s", mstun_peer_text(ctx->pinfo->pool, &endpoint));
    } else {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s", mstun_endpoint_text(ctx->pinfo->pool, &endpoint));
    }
}

void mstun_attr_show_address(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    show_address(ctx, row, offset, len, NULL);
}

void mstun_attr_show_xor_address(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    show_address(ctx, row, offset, len, ctx->facts->id);
}

void mstun_attr_add_port(const mstun_attr_ctx_t *ctx, int offset)
{
    proto_tree_add_item(ctx->tree, hf_att_port, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
}

void mstun_attr_address_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_port,
          { "Port", "mstun.att.port", FT_UINT16, BASE_DEC, NULL, 0x0,
            "RFC 8489 section 14.1; where it was XORed, undone", HFILL } },
        { &hf_att_port_xord,
          { "Port (XOR-d)", "mstun.att.port_xord", FT_BYTES, BASE_NONE, NULL, 0x0,
            "As on the wire, RFC 8489 section 14.2", HFILL } },
        { &hf_att_ipv4,
          { "IP", "mstun.att.ipv4", FT_IPv4, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.1; where it was XORed, undone",
            HFILL } },
        { &hf_att_ipv4_xord,
          { "IP (XOR-d)", "mstun.att.ipv4_xord", FT_BYTES, BASE_NONE, NULL, 0x0,
            "As on the wire, RFC 8489 section 14.2", HFILL } },
        { &hf_att_ipv6,
          { "IP", "mstun.att.ipv6", FT_IPv6, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.1; where it was XORed, undone",
            HFILL } },
        { &hf_att_ipv6_xord,
          { "IP (XOR-d)", "mstun.att.ipv6_xord", FT_BYTES, BASE_NONE, NULL, 0x0,
            "As on the wire, RFC 8489 section 14.2", HFILL } },
        { &hf_att_address_bytes,
          { "Port and Address", "mstun.att.address_bytes", FT_BYTES, BASE_NONE, NULL, 0x0,
            "The rest of an address attribute whose family or length is wrong", HFILL } },
        { &hf_addr,
          { "Address", "mstun.addr", FT_IPv4, BASE_NONE, NULL, 0x0,
            "The IPv4 address of any address attribute, XOR undone", HFILL } },
        { &hf_addr6,
          { "Address", "mstun.addr6", FT_IPv6, BASE_NONE, NULL, 0x0,
            "The IPv6 address of any address attribute, XOR undone", HFILL } },
    };
    static ei_register_info ei[] = {
        { &ei_att_family_unknown,
          { "mstun.att.family_unknown", PI_PROTOCOL, PI_WARN, "The address family is neither IPv4 nor IPv6",
            EXPFILL } },
        { &ei_att_address_length,
          { "mstun.att.address_length", PI_PROTOCOL, PI_WARN, "The length does not fit the address family", EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
