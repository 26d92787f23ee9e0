/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the capture has both legs of a relay, what became of a check: whether the server relayed it, and whether
 * the response came back to the server and on to the client. */
#ifndef MSTUN_TURN_LEGS_H
#define MSTUN_TURN_LEGS_H

#include "turn/allocation.h"

/** First visit: a STUN message that is not decoded here, and may be on the leg between server and peer. header: its
 * first 20 bytes. */
void mstun_legs_note(const packet_info *pinfo, const uint8_t *header);

/** First visit: event's message, on whatever leg. */
void mstun_legs_learn(const mstun_event_t *event);

/**
 * Where the way of a check (transaction) that has no response was cut, as the other leg shows; NULL if that is not
 * known: then the peer, or the network behind the server, is silent. Half a sentence, allocated from scope.
 * allocation, peer: what the check goes through, and to; NULL, and family 0, if not known. count: of checks that are
 * told as one.
 */
const char *mstun_legs_cut_text(wmem_allocator_t *scope, const mstun_transaction_t *transaction,
                                const mstun_allocation_t *allocation, const mstun_endpoint_t *peer, uint32_t count);

/** Likewise of one on the leg between server and peer, whose response came: what kept it from the client. */
const char *mstun_legs_response_cut_text(wmem_allocator_t *scope, const mstun_transaction_t *transaction);

void mstun_legs_register(const mstun_registrar_t *reg);

#endif
