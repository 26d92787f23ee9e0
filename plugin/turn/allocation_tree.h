/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is known of a message's allocation and relayed connection, shown with the message. */
#ifndef MSTUN_TURN_ALLOCATION_TREE_H
#define MSTUN_TURN_ALLOCATION_TREE_H

#include "turn/allocation.h"

/** Into a message's tree: links between announcement, bind and data connection, and expert infos. */
void mstun_allocation_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream,
                           uint32_t position, const mstun_facts_t *facts, const mstun_message_role_t *exchange);

/** Into the tree of whatever a relayed connection carries: for whom it is relayed. Nothing if no connection is known. */
void mstun_peer_connection_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream);

/** Into the tree of what is relayed: the peer that it comes from or goes to. Nothing if family is 0. */
void mstun_peer_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_endpoint_t *peer);

void mstun_allocation_show_register(const mstun_registrar_t *reg);

#endif
