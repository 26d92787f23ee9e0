/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One STUN message on its way over several legs: on a relayed TCP connection, inside Send and Data, inside ChannelData,
 * on the connection between server and peer. Its hops are linked, so that a user sees where it was lost. */
#ifndef MSTUN_TURN_PATH_H
#define MSTUN_TURN_PATH_H

#include "conversation/transaction.h"

/** First visit: remembers a message that is on a relayed leg. */
void mstun_path_learn(const mstun_event_t *event);

/** Links to the same message on the leg before and after this one, into the message's tree. */
void mstun_path_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

void mstun_path_register(const mstun_registrar_t *reg);

#endif
