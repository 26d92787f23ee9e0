/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What became of an allocation, and of each TCP connection that it relays: one word and one sentence. Both share the
 * numbers of the field mstun.turn.verdict. */
#ifndef MSTUN_TURN_TURN_STATE_H
#define MSTUN_TURN_TURN_STATE_H

#include "turn/peer_connection.h"

/** Worst first, but for what came later: the numbers must stay. See mstun_turn_state_rank(). */
typedef enum {
    MSTUN_RELAY_NO_BIND, /* peer connections */
    MSTUN_RELAY_BIND_FAILED,
    MSTUN_RELAY_NOTHING_RELAYED,
    MSTUN_RELAY_FROM_CLIENT_ONLY,
    MSTUN_RELAY_FROM_PEER_ONLY,
    MSTUN_ALLOCATION_EXPIRED, /* allocations */
    MSTUN_ALLOCATION_RESET,
    MSTUN_RELAY_BIND_PENDING,
    MSTUN_ALLOCATION_CLOSED,
    MSTUN_ALLOCATION_DELETED,
    MSTUN_ALLOCATION_ACTIVE,
    MSTUN_RELAY_ACTIVE,    /* peer connections */
    MSTUN_ALLOCATION_LOST, /* as bad as EXPIRED */
} mstun_turn_state_t;

/** How bad a state is, for sorting: the lower, the worse. */
unsigned mstun_turn_state_rank(mstun_turn_state_t state);

/** now: the capture's end, or the time up to which it is known. */
mstun_turn_state_t mstun_relay_state(const mstun_peer_connection_t *connection, const nstime_t *now);
mstun_turn_state_t mstun_allocation_state(const mstun_allocation_t *allocation, const nstime_t *now);

/** "no bind", "relays": static text. */
const char *mstun_turn_state_name(mstun_turn_state_t state);

/** The same in a sentence: static text. */
const char *mstun_turn_state_text(mstun_turn_state_t state);

/** From the second visit on, into the tree of the message that made an allocation, or that announced a connection. */
void mstun_allocation_state_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree,
                                 const mstun_allocation_t *allocation);
void mstun_relay_state_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree,
                            const mstun_peer_connection_t *connection);

void mstun_turn_state_register(const mstun_registrar_t *reg);

#endif
