/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A client of one dialect at a server of the other: MS-TURN at an IETF TURN server, or TURN at Microsoft's Edge, which
 * closes connections without a word when a message has no Magic Cookie ([MS-TURN] 3.1.10). */
#ifndef MSTUN_DIAGNOSE_DIALECT_MISMATCH_H
#define MSTUN_DIAGNOSE_DIALECT_MISMATCH_H

#include "diagnose/deferred.h"

/** First pass: the connection's first request, and the dialect of its response. Messages inside of messages don't count. */
void mstun_dialect_mismatch_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                                  const mstun_message_role_t *exchange);

/** Whether the message is the request that tells its connection's dialect. */
bool mstun_dialect_mismatch_possible(const mstun_deferred_t *late);

/** For mstun_deferred_evaluate: the verdict on that request. */
void mstun_dialect_mismatch_evaluate(const mstun_deferred_t *late, const nstime_t *end, wmem_allocator_t *scope,
                                     mstun_found_fn found, void *context);

void mstun_dialect_mismatch_register(const mstun_registrar_t *reg);

#endif
