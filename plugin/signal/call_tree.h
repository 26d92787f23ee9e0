/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The call in trees: on STUN's messages, and on the frames of signalling. */
#ifndef MSTUN_SIGNAL_CALL_TREE_H
#define MSTUN_SIGNAL_CALL_TREE_H

#include "signal/join.h"
#include "signal/mras.h"

/** Adds the call of event's message, if there is one, to the message's tree. event has a stream. */
void mstun_call_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *parent);

/** Adds what a description is part of: its call, its first check, and what is wrong with its lines. Returns the call's
 * item, NULL if there is no tree. */
proto_item *mstun_call_show_sdp(const mstun_signal_t *signal, const mstun_sdp_t *sdp, tvbuff_t *tvb,
                                proto_tree *parent);

/** Adds a code in words. Returns its item, NULL if there is no tree. */
proto_item *mstun_call_show_code(const mstun_signal_t *signal, const mstun_diagnostics_t *diagnostics, tvbuff_t *tvb,
                                 proto_tree *parent);

/** Adds what a body of the relay's authentication service says, without its secrets. */
proto_item *mstun_call_show_mras(packet_info *pinfo, const mstun_mras_t *mras, tvbuff_t *tvb, proto_tree *tree);

/** A header's value that cannot be read. */
void mstun_call_show_bad_header(packet_info *pinfo, tvbuff_t *tvb, proto_tree *tree);

void mstun_call_tree_register(const mstun_registrar_t *reg);

#endif
