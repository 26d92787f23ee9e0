/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What STUN carries and is not STUN: media goes to the dissectors that Wireshark has for it. */
#ifndef MSTUN_PAYLOAD_H
#define MSTUN_PAYLOAD_H

#include "framing/framing.h"
#include "registrar.h"

/**
 * Hands one whole packet to the dissector that its first bytes name (RFC 7983), else to those that look at payload of
 * the built-in "stun", else to "data". Never asks TCP for more bytes. May throw what they throw.
 * False if only "data" knew it, which writes no column.
 */
bool mstun_payload_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/** Finds the other dissectors: after all of them are registered. */
void mstun_payload_handoff(void);

#endif
