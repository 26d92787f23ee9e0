/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What STUN carries and is not STUN: media goes to the dissectors that Wireshark has for it. */
#ifndef MSTUN_DISSECT_PAYLOAD_H
#define MSTUN_DISSECT_PAYLOAD_H

#include "framing/framing.h"
#include "base/registrar.h"

struct tcpinfo;

/**
 * Hands one whole packet to the dissector that its first bytes name (RFC 7983), else to those that look at payload of
 * the built-in "stun", else to "data". Never asks TCP for more bytes. May throw what they throw.
 * False if only "data" knew it, which writes no column.
 */
bool mstun_payload_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/** Whether a packet is RTP, RTCP or DTLS, SRTP and SRTCP included, by its first bytes. */
bool mstun_payload_is_media(tvbuff_t *tvb);

/** Lets Wireshark's TLS dissector show TLS records (or what looks like them): the tree only, no columns, no more bytes. */
void mstun_payload_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/**
 * Hands bytes of a relayed TCP connection from offset on to whoever would get them if they were a connection of their
 * own, from or to peer_port (0: not known) in place of the TURN server's port: Decode As, ports, heuristics.
 * from_server: the bytes come from the peer. The dissector may ask for more bytes; pinfo->desegment_offset is then
 * relative to tvb. tcp: TCP's own data for the segment, NULL inside TLS.
 * False if only "data" knew the bytes.
 */
bool mstun_payload_dissect_relayed(tvbuff_t *tvb, uint32_t offset, packet_info *pinfo, proto_tree *tree,
                                   uint16_t peer_port, bool from_server, const struct tcpinfo *tcp);

/** Finds the other dissectors: after all of them are registered. */
void mstun_payload_handoff(void);

#endif
