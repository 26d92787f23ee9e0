/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In a connection through an HTTP proxy (CONNECT), Wireshark's HTTP puts the port that was asked for in packet_info.
 * There is no conversation with it that TCP knows, and looking for one would make another, with its own tcp.stream.
 * Since 4.6 it also puts the name that was asked for in the place of an address. */
#ifndef MSTUN_CONVERSATION_PROXIED_PORTS_H
#define MSTUN_CONVERSATION_PROXIED_PORTS_H

#include "base/compat.h"

typedef struct {
    address source_ip, destination_ip;
    uint32_t source, destination;
} mstun_ports_t;

/**
 * Puts TCP's own ports and IP's addresses into pinfo if those in it belong to no connection of TCP, and the frame's
 * bytes have the others. Returns what pinfo had, for mstun_ports_set().
 */
mstun_ports_t mstun_ports_of_tcp(packet_info *pinfo);

/** What is in pinfo; the addresses' bytes stay pinfo's. */
mstun_ports_t mstun_ports_get(const packet_info *pinfo);

/** Puts ports and addresses into pinfo. */
void mstun_ports_set(packet_info *pinfo, const mstun_ports_t *ports);

#endif
