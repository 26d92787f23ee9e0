/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How connections inside TLS and DTLS that Wireshark decrypts become ours. */
#ifndef MSTUN_ENTRY_TLS_H
#define MSTUN_ENTRY_TLS_H

#include "base/registrar.h"

void mstun_entry_tls_register(const mstun_registrar_t *reg);

/** After all dissectors are registered. */
void mstun_entry_tls_handoff(void);

#endif
