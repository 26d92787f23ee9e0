/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How TCP connections become ours: by a heuristic, on our port, and on ports that other dissectors own. */
#ifndef MSTUN_ENTRY_TCP_H
#define MSTUN_ENTRY_TCP_H

#include "base/registrar.h"

void mstun_entry_tcp_register(const mstun_registrar_t *reg);

/** After all dissectors are registered. */
void mstun_entry_tcp_handoff(void);

#endif
