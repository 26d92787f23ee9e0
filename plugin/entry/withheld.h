/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Segments that Wireshark's TCP withholds from all dissectors, because they come late or again (decode_tcp_ports() in
 * packet-tcp.c): from the first connection of ours on, or the first one on TURN's port, a wrapper in front of TCP sees
 * all segments, and when TCP is done with one of ours, dissects what TCP has not handed over. In captures without such
 * a connection there is none. */
#ifndef MSTUN_ENTRY_WITHHELD_H
#define MSTUN_ENTRY_WITHHELD_H

#include "base/registrar.h"

/** The packet's TCP connection is ours, or likely to become so. */
void mstun_withheld_watch(const packet_info *pinfo);

void mstun_entry_withheld_register(const mstun_registrar_t *reg);
void mstun_entry_withheld_handoff(void);

#endif
