/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How packets come to us: heuristics, our port, and ports that other dissectors own. */
#ifndef MSTUN_ENTRY_TCP_H
#define MSTUN_ENTRY_TCP_H

#include "base/registrar.h"

void mstun_entry_register(const mstun_registrar_t *reg);

/** After all dissectors are registered. */
void mstun_entry_handoff(void);

#endif
