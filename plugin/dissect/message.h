/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One message: parsed, learnt from or looked up, reported and shown. What its data holds is dissected by packet.c. */
#ifndef MSTUN_DISSECT_MESSAGE_H
#define MSTUN_DISSECT_MESSAGE_H

#include "dissect/context.h"

/**
 * Dissects the message at the start of message. unit: from its framing header on. ctx->event.position is the message's.
 * Fills facts and lets ctx->event.facts point to it, and sets ctx->event.framing if the message changes the
 * connection's. Throws if its header was not captured whole.
 */
void mstun_dissect_message(mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit, mstun_facts_t *facts);

void mstun_message_dissector_register(const mstun_registrar_t *reg);

#endif
