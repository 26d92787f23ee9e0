/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a TURN message means for the user where something went wrong: expert infos that name the fact and say what to
 * look at. */
#ifndef MSTUN_DIAGNOSE_TURN_EXPERTS_H
#define MSTUN_DIAGNOSE_TURN_EXPERTS_H

#include "turn/allocation.h"

/** Adds the expert infos on one message to item. */
void mstun_turn_experts_add(packet_info *pinfo, proto_item *item, const mstun_stream_t *stream, uint32_t position,
                            const mstun_facts_t *facts, const mstun_message_role_t *exchange);

void mstun_turn_experts_register(const mstun_registrar_t *reg);

#endif
