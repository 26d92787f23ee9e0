/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Answers in another protocol, where STUN should be: a web server, or a port that wants TLS. */
#ifndef MSTUN_DISSECT_OTHER_PROTOCOL_H
#define MSTUN_DISSECT_OTHER_PROTOCOL_H

#include "dissect/context.h"

/** Dissects a segment from offset to its end if that is HTTP or TLS; else returns false, with nothing shown. */
bool mstun_dissect_other_protocol(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset);

void mstun_other_protocol_register(const mstun_registrar_t *reg);

#endif
