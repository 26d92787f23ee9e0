/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * IP addresses and ports of packets, and as keys of maps. */
#ifndef MSTUN_CONVERSATION_ENDPOINT_H
#define MSTUN_CONVERSATION_ENDPOINT_H

#include "attr/facts.h"
#include "base/compat.h"

/** An IP address and port as an endpoint; family 0 for an address that is not IP. */
void mstun_endpoint_of(const address *ip, uint32_t port, mstun_endpoint_t *endpoint);

/** The packet's source and destination. */
void mstun_packet_source(const packet_info *pinfo, mstun_endpoint_t *endpoint);
void mstun_packet_destination(const packet_info *pinfo, mstun_endpoint_t *endpoint);

/** Both ends of a connection, in an order that is the same for packets of both directions. */
typedef struct {
    mstun_endpoint_t ends[2];
} mstun_ends_t;

mstun_ends_t mstun_packet_ends(const packet_info *pinfo);

static inline bool mstun_endpoint_equal(const mstun_endpoint_t *a, const mstun_endpoint_t *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/** For maps with a mstun_endpoint_t as key. */
guint mstun_endpoint_hash(gconstpointer key);
gboolean mstun_endpoint_equal_keys(gconstpointer a, gconstpointer b);

#endif
