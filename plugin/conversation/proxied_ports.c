/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/proxied_ports.h"

#include "conversation/recent.h"
#include "conversation/tcp_flow.h"

#define IPV4_ADDRESSES_OFFSET 12
#define IPV6_ADDRESSES_OFFSET 8
#define IPV6_HEADER_LEN 40
#define PORTS_LEN 4

static bool is_connection_of_tcp(packet_info *pinfo)
{
    return mstun_tcp_of(mstun_conversation_find(pinfo)) != NULL;
}

/* Where the packet of IP with pinfo's addresses begins in the frame; -1: nowhere. */
static int find_ip(const packet_info *pinfo, tvbuff_t *frame)
{
    int len = pinfo->src.len, before = pinfo->src.type == AT_IPv4 ? IPV4_ADDRESSES_OFFSET : IPV6_ADDRESSES_OFFSET;
    int end = (int)tvb_captured_length(frame) - 2 * len;

    for (int offset = before; offset <= end; offset++) {
        if (tvb_memeql(frame, offset, (const uint8_t *)pinfo->src.data, (size_t)len) == 0 &&
            tvb_memeql(frame, offset + len, (const uint8_t *)pinfo->dst.data, (size_t)len) == 0) {
            return offset - before;
        }
    }
    return -1;
}

/* The ports in the frame's bytes, with pinfo's addresses. False if they are not found: the addresses are not IP's, or
 * TCP is not behind IP. */
static bool read_ports(packet_info *pinfo, mstun_ports_t *ports)
{
    tvbuff_t *frame = mstun_frame_tvb(pinfo);

    if (!frame || pinfo->src.type != pinfo->dst.type || (pinfo->src.type != AT_IPv4 && pinfo->src.type != AT_IPv6)) {
        return false;
    }
    int ip = find_ip(pinfo, frame);

    if (ip < 0) {
        return false;
    }
    int tcp = ip + (pinfo->src.type == AT_IPv4 ? (tvb_get_uint8(frame, ip) & 0x0F) * 4 : IPV6_HEADER_LEN);

    if (tvb_captured_length_remaining(frame, tcp) < PORTS_LEN) {
        return false;
    }
    *ports = (mstun_ports_t){ pinfo->src, pinfo->dst, tvb_get_ntohs(frame, tcp), tvb_get_ntohs(frame, tcp + 2) };
    return true;
}

/* The addresses of the last IP header instead of a name. */
static void set_addresses_of_ip(packet_info *pinfo)
{
    if (pinfo->src.type != pinfo->dst.type && pinfo->net_src.type == pinfo->net_dst.type) {
        pinfo->src = pinfo->net_src;
        pinfo->dst = pinfo->net_dst;
    }
}

mstun_ports_t mstun_ports_of_tcp(packet_info *pinfo)
{
    const mstun_ports_t saved = mstun_ports_get(pinfo);
    mstun_ports_t ports;

    if (pinfo->ptype != PT_TCP || is_connection_of_tcp(pinfo)) {
        return saved;
    }
    set_addresses_of_ip(pinfo);
    if (read_ports(pinfo, &ports) && (ports.source == saved.source || ports.destination == saved.destination)) {
        mstun_ports_set(pinfo, &ports);
        if (is_connection_of_tcp(pinfo)) {
            return saved;
        }
    }
    mstun_ports_set(pinfo, &saved);
    return saved;
}

mstun_ports_t mstun_ports_get(const packet_info *pinfo)
{
    return (mstun_ports_t){ pinfo->src, pinfo->dst, pinfo->srcport, pinfo->destport };
}

void mstun_ports_set(packet_info *pinfo, const mstun_ports_t *ports)
{
    pinfo->src = ports->source_ip;
    pinfo->dst = ports->destination_ip;
    pinfo->srcport = ports->source;
    pinfo->destport = ports->destination;
}
