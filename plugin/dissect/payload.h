/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What STUN carries and is not STUN: media, TLS and relayed TCP connections go to Wireshark's dissectors. What these
 * throw is shown and goes no further, and packet_info is as before (mstun_guard). */
#ifndef MSTUN_DISSECT_PAYLOAD_H
#define MSTUN_DISSECT_PAYLOAD_H

#include "base/compat.h"
#include "framing/framing.h"

struct tcpinfo;

/**
 * Dissects one whole packet: by the dissector for its class (RFC 7983), else by the heuristics for the payload of the
 * built-in "stun", else by "data". Never asks TCP for more bytes. Returns false if only "data" knew it, which writes no
 * column.
 */
bool mstun_payload_dissect(tvbuff_t *packet, packet_info *pinfo, proto_tree *tree, mstun_packet_t class);

/** Whether a class of packets is media: RTP, RTCP or DTLS, SRTP and SRTCP included. */
bool mstun_payload_is_media(mstun_packet_t class);

/** Dissects TLS records, or what looks like them, into the tree only: no columns, and TCP is not asked for more
 * bytes. */
void mstun_payload_dissect_tls(tvbuff_t *records, packet_info *pinfo, proto_tree *tree);

/** Dissects an answer of HTTP, from offset to the segment's end, without asking TCP for more bytes. */
void mstun_payload_dissect_http(tvbuff_t *segment, uint32_t offset, packet_info *pinfo, proto_tree *tree);

/**
 * Dissects bytes of a relayed TCP connection, from offset to the segment's end, as those of a connection between the
 * TURN client and the peer: by Decode As, ports and heuristics. peer_port replaces the server's port; 0: not known.
 * from_server: the bytes come from the peer. tcp: TCP's data for the segment, NULL inside TLS. The dissector may ask
 * TCP for more bytes: pinfo->desegment_len and, relative to the segment, desegment_offset. Returns false if only "data"
 * knew the bytes.
 */
bool mstun_payload_dissect_relayed(tvbuff_t *segment, uint32_t offset, packet_info *pinfo, proto_tree *tree,
                                   uint16_t peer_port, bool from_server, const struct tcpinfo *tcp);

/** Whether the bytes being dissected are a relayed connection's, for which pinfo has the peer's port. */
bool mstun_payload_is_relayed(void);

/** Finds the dissectors: after all of them are registered. */
void mstun_payload_handoff(void);

#endif
