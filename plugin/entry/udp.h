/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How UDP datagrams come to us: by default only what is Microsoft's; plain STUN stays with the built-in "stun". */
#ifndef MSTUN_ENTRY_UDP_H
#define MSTUN_ENTRY_UDP_H

#include "base/registrar.h"

void mstun_entry_udp_register(const mstun_registrar_t *reg);

/** After all dissectors are registered. */
void mstun_entry_udp_handoff(void);

#endif
