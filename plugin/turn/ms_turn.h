/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What MS-TURN counts and names: the sequence numbers of an allocation's requests ([MS-TURN] 2.2.2.21), and the
 * sessions of multiplexed TURN (2.2.2.24). */
#ifndef MSTUN_TURN_MS_TURN_H
#define MSTUN_TURN_MS_TURN_H

#include "conversation/transaction.h"

/** First visit: a message's sequence number and session id. */
void mstun_ms_turn_learn(const mstun_event_t *event);

/** Into the tree of a multiplexed TURN packet: whose session it is. Nothing if the capture did not see it announced. */
void mstun_ms_session_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree, uint64_t id);

void mstun_ms_turn_register(const mstun_registrar_t *reg);

#endif
