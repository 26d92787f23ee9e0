/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/endpoint.h"

guint mstun_endpoint_hash(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_endpoint_t));
}

gboolean mstun_endpoint_equal_keys(gconstpointer a, gconstpointer b)
{
    return mstun_endpoint_equal((const mstun_endpoint_t *)a, (const mstun_endpoint_t *)b);
}

void mstun_endpoint_of(const address *ip, uint32_t port, mstun_endpoint_t *endpoint)
{
    memset(endpoint, 0, sizeof *endpoint); /* the rest of ip too: endpoints are compared as bytes */
    if (ip->type == AT_IPv4 || ip->type == AT_IPv6) {
        endpoint->family = ip->type == AT_IPv4 ? MSTUN_FAMILY_IPV4 : MSTUN_FAMILY_IPV6;
        endpoint->port = (uint16_t)port;
        memcpy(endpoint->ip, ip->data, ip->type == AT_IPv4 ? 4 : 16);
    }
}

void mstun_packet_source(const packet_info *pinfo, mstun_endpoint_t *endpoint)
{
    mstun_endpoint_of(&pinfo->src, pinfo->srcport, endpoint);
}

void mstun_packet_destination(const packet_info *pinfo, mstun_endpoint_t *endpoint)
{
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, endpoint);
}

mstun_ends_t mstun_packet_ends(const packet_info *pinfo)
{
    mstun_ends_t key;

    mstun_packet_source(pinfo, &key.ends[0]);
    mstun_packet_destination(pinfo, &key.ends[1]);
    if (memcmp(&key.ends[0], &key.ends[1], sizeof key.ends[0]) > 0) {
        const mstun_endpoint_t first = key.ends[1];

        key.ends[1] = key.ends[0];
        key.ends[0] = first;
    }
    return key;
}
