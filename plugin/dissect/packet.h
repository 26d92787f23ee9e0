/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One packet, by its first bytes (RFC 7983): a message and what its data holds, multiplexed TURN, or media. Packets
 * hold packets, so this file calls itself. Everything here may throw what the dissectors of media throw. */
#ifndef MSTUN_DISSECT_PACKET_H
#define MSTUN_DISSECT_PACKET_H

#include "dissect/context.h"

/** Dissects the packet behind the framing header of unit, header_len bytes. ctx->event.position is the packet's. */
void mstun_dissect_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *unit, uint32_t header_len);

/** The same for a packet without a framing header. class: mstun_packet_class_of() of it. */
void mstun_dissect_unframed_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *packet, mstun_packet_t class);

/** Dissects a packet that its unit says is a message: it needs no other evidence. unit: from its framing header on. */
void mstun_dissect_message_packet(mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit);

/** Dissects data of MS-TURN: RFC 4571 frames or one packet. peer: of a DATA attribute; NULL: a data unit.
 * ctx->event.position is the data's. */
void mstun_dissect_ms_turn_data(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_endpoint_t *peer);

/** Dissects a packet of multiplexed TURN ([MS-TURN] 2.2.3), which must be captured whole. */
void mstun_dissect_multiplexed(mstun_dissect_ctx_t *ctx, tvbuff_t *packet);

void mstun_packet_register(const mstun_registrar_t *reg);

#endif
