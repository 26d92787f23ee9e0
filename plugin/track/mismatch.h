/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A client of one dialect at a server of the other: MS-TURN at an IETF TURN server, or TURN at Microsoft's Edge, which
 * closes connections without a word when a message has no Magic Cookie ([MS-TURN] 3.1.10). */
#ifndef MSTUN_TRACK_MISMATCH_H
#define MSTUN_TRACK_MISMATCH_H

#include "track/late.h"

/** First pass: the connection's first request, and the dialect of its response. Messages inside of messages don't count. */
void mstun_mismatch_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                          const mstun_exchange_t *exchange);

/** Whether the message is the request that tells its connection's dialect. */
bool mstun_mismatch_possible(const mstun_late_t *late);

/** For mstun_late_judge: the verdict on that request. */
void mstun_mismatch_judge(const mstun_late_t *late, const nstime_t *end, wmem_allocator_t *scope, mstun_found_fn found,
                          void *context);

void mstun_mismatch_register(const mstun_registrar_t *reg);

#endif
