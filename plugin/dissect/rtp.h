/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RTP, of which the body is encrypted in nearly all calls (SRTP, RFC 3711): only its header is certain. */
#ifndef MSTUN_DISSECT_RTP_H
#define MSTUN_DISSECT_RTP_H

#include "base/compat.h"

/** Whether signalling that Wireshark knows has named the packet's addresses for RTP. False with Wireshark 4.2 and
 * later, which do not tell (base/compat.h): there a second packet is needed. */
bool mstun_rtp_is_signalled(packet_info *pinfo);

/**
 * Dissects a packet of RTP by Wireshark's dissector. It gets the header alone where it would guess what the body is by
 * the type's number; one that would be malformed for it, because what should be padding is encrypted, is shown without
 * it. May throw what that dissector throws. Returns false if it is switched off.
 */
bool mstun_rtp_dissect(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree);

/**
 * A stream's second packet, just dissected, has proved that its first one, in an earlier frame, is RTP: what RTP's
 * dissector keeps of the receiving end holds from that frame on, so that it shows the first packet alike in all visits.
 */
void mstun_rtp_begin_at(packet_info *pinfo, uint32_t frame);

/** Finds the dissectors: after all of them are registered. */
void mstun_rtp_handoff(void);

#endif
