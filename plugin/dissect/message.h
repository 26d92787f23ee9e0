/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One message: parsed, learnt from or looked up, reported, shown, and its data handed on. */
#ifndef MSTUN_DISSECT_MESSAGE_H
#define MSTUN_DISSECT_MESSAGE_H

#include "dissect/context.h"

/** Dissects the message at the start of message. unit, offset: where its framing header is. ctx->event.position is the
 * message's. */
void mstun_dissect_message(mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit, uint32_t offset);

void mstun_message_dissector_register(const mstun_registrar_t *reg);

#endif
