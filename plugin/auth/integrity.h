/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a message's MESSAGE-INTEGRITY fits the user's credentials, and who made the message where it does not say so
 * itself: a response is made by its request's (RFC 8489 sections 9.1.3 and 9.2.4), MS-TURN's later requests with the
 * realm and nonce of the Allocate exchange ([MS-TURN] 3.2.4). Written on the first pass only, and only with a table. */
#ifndef MSTUN_AUTH_INTEGRITY_H
#define MSTUN_AUTH_INTEGRITY_H

#include "auth/hmac.h"
#include "conversation/transaction.h"

/** First pass: what a message says that other messages are verified with. */
void mstun_integrity_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                           const mstun_message_role_t *exchange);

/** The verdict, in the message's tree; what it means, if it is bad. message: from its header on. Computes HMACs. */
void mstun_integrity_show(tvbuff_t *message, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts,
                          const mstun_message_role_t *exchange);

void mstun_integrity_register(const mstun_registrar_t *reg);

#endif
