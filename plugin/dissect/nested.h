/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packets in the data of messages and units: each is dissected as if it had come by itself, with what is known of its
 * way. */
#ifndef MSTUN_DISSECT_NESTED_H
#define MSTUN_DISSECT_NESTED_H

#include "dissect/context.h"

/** Dissects the DATA attribute of ctx's message. On UDP a packet; on TCP a stream of frames, whose lengths tell where no
 * connection is known. */
void mstun_dissect_data_attribute(const mstun_dissect_ctx_t *ctx, tvbuff_t *message);

/** Dissects data of MS-TURN on TCP, in a unit or in a message to or from a peer (NULL: a unit). ctx->event.position is
 * the data's. */
void mstun_dissect_ms_turn_stream(mstun_dissect_ctx_t *ctx, tvbuff_t *data, const mstun_endpoint_t *peer);

/** Dissects a packet of multiplexed TURN ([MS-TURN] 2.2.3), which must be captured whole. */
void mstun_dissect_multiplexed(mstun_dissect_ctx_t *ctx, tvbuff_t *unit);

#endif
