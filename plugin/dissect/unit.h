/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One unit of a stream: what its framing header says, and then the message, packet or data in it. */
#ifndef MSTUN_DISSECT_UNIT_H
#define MSTUN_DISSECT_UNIT_H

#include "dissect/context.h"

/** Dissects one unit; unit_tvb begins with its framing header. ctx->event.position is the unit's. On return
 * ctx->event.framing is that of the bytes behind it. May throw what the dissectors of its data throw. */
void mstun_dissect_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *unit_tvb, const mstun_unit_t *unit);

/** Dissects a UDP datagram, which has no framing: ChannelData, a message, media, or multiplexed TURN. class:
 * mstun_packet_class_of() of it. */
void mstun_dissect_unframed_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *datagram, mstun_packet_t class);

#endif
