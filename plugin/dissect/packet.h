/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One packet, told by its first bytes (RFC 7983): a STUN message is ours, the rest goes to the dissectors that Wireshark
 * has for it. */
#ifndef MSTUN_DISSECT_PACKET_H
#define MSTUN_DISSECT_PACKET_H

#include "dissect/context.h"

/** Dissects a whole packet that begins header_len behind offset of tvb, where its framing header is. */
void mstun_dissect_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, uint32_t header_len);

void mstun_packet_register(const mstun_registrar_t *reg);

#endif
