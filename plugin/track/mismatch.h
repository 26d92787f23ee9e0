/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A client of one dialect at a server of the other: MS-TURN at an IETF TURN server, or TURN at Microsoft's Edge, which
 * closes connections without a word when a message has no Magic Cookie ([MS-TURN] 3.1.10). */
#ifndef MSTUN_TRACK_MISMATCH_H
#define MSTUN_TRACK_MISMATCH_H

#include "track/transaction.h"

/** First pass: the connection's first request, and the dialect of its response. Messages inside of messages don't count. */
void mstun_mismatch_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                          const mstun_exchange_t *exchange);

/** The expert info on the connection's first request, in the second pass. tree: the message's. */
void mstun_mismatch_show(packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream, const mstun_facts_t *facts,
                         const mstun_exchange_t *exchange);

void mstun_mismatch_register(const mstun_registrar_t *reg);

#endif
