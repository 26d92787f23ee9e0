/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ports with which a segment enters. */
#ifndef MSTUN_ENTRY_PORTS_H
#define MSTUN_ENTRY_PORTS_H

#include "conversation/proxied_ports.h"
#include "dissect/payload.h"

/** mstun_ports_of_tcp(), but for a relayed connection's bytes, which keep the peer's port. */
static inline mstun_ports_t mstun_entry_ports(packet_info *pinfo)
{
    return mstun_payload_is_relayed() ? mstun_ports_get(pinfo) : mstun_ports_of_tcp(pinfo);
}

#endif
