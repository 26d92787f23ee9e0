/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How signalling comes in: bodies of SIP, HTTP and multipart, and headers of SIP that SIP's dissector does not know. */
#ifndef MSTUN_ENTRY_SIGNALLING_H
#define MSTUN_ENTRY_SIGNALLING_H

#include "base/registrar.h"

void mstun_entry_signalling_register(const mstun_registrar_t *reg);
void mstun_entry_signalling_handoff(void);

#endif
