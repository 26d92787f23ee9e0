/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One unit of a stream: what its framing header says, and then the message, packet or data in it. */
#ifndef MSTUN_DISSECT_UNIT_H
#define MSTUN_DISSECT_UNIT_H

#include "dissect/context.h"

/** Dissects one unit: tvb holds it from its framing header on. May throw what the dissectors of its data throw. */
void mstun_dissect_unit(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, const mstun_unit_t *unit);

/** Dissects a UDP datagram, a packet without framing: a message, media, or multiplexed TURN. */
void mstun_dissect_unframed(mstun_dissect_ctx_t *ctx, tvbuff_t *packet);

#endif
