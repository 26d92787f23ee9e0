/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A message's allocation and peer connection, in its tree. */
#ifndef MSTUN_TURN_TURN_TREE_H
#define MSTUN_TURN_TURN_TREE_H

#include "turn/peer_connection.h"

/** Into a message's tree: links between announcement, bind and data connection, and what they came to. */
void mstun_turn_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

/** Into the tree of whatever a relayed connection carries: for whom it is relayed. Nothing if no connection is known.
 */
void mstun_peer_connection_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

/** Into the tree of what is relayed: the peer that it comes from or goes to. Nothing if event has no peer. */
void mstun_peer_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

void mstun_turn_tree_register(const mstun_registrar_t *reg);

#endif
