/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The fields of a candidate pair, in the tree of each of its checks and responses. */
#ifndef MSTUN_ICE_PAIR_TREE_H
#define MSTUN_ICE_PAIR_TREE_H

#include "ice/pair.h"

/**
 * Adds to parent, the message's tree, the state of the pair that event's message is a check of or a response on.
 * Nothing for other messages. The pair's statistics are in the tree of its first message only.
 */
void mstun_pair_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *parent);

void mstun_pair_tree_register(const mstun_registrar_t *reg);

#endif
