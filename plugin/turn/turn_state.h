/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What became of an allocation and of each TCP connection that it relays: one word and one sentence. */
#ifndef MSTUN_TURN_TURN_STATE_H
#define MSTUN_TURN_TURN_STATE_H

#include "turn/allocation.h"

/** The worst stands first. */
typedef enum {
    MSTUN_TURN_NO_BIND, /* connections */
    MSTUN_TURN_BIND_REFUSED,
    MSTUN_TURN_NOTHING_RELAYED,
    MSTUN_TURN_FROM_CLIENT_ONLY,
    MSTUN_TURN_FROM_PEER_ONLY,
    MSTUN_TURN_EXPIRED, /* allocations */
    MSTUN_TURN_RESET,
    MSTUN_TURN_BIND_OPEN,
    MSTUN_TURN_CLOSED,
    MSTUN_TURN_DELETED,
    MSTUN_TURN_LIVES,
    MSTUN_TURN_RELAYS, /* connections */
} mstun_turn_verdict_t;

/** now: the capture's end, or the time up to which it is known. */
mstun_turn_verdict_t mstun_relay_state(const mstun_peer_connection_t *connection, const nstime_t *now);
mstun_turn_verdict_t mstun_allocation_state(const mstun_allocation_t *allocation, const nstime_t *now);

/** "no bind", "relays": static text. */
const char *mstun_turn_verdict_name(mstun_turn_verdict_t verdict);

/** The same in a sentence: static text. */
const char *mstun_turn_verdict_text(mstun_turn_verdict_t verdict);

/** From the second visit on, into the tree of the message that made an allocation, or that announced a connection. */
void mstun_allocation_state_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                 const mstun_allocation_t *allocation);
void mstun_relay_state_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                            const mstun_peer_connection_t *connection);

void mstun_turn_state_register(const mstun_registrar_t *reg);

#endif
