/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A TCP segment, or a UDP datagram: cut into units, which are dissected one after the other. */
#ifndef MSTUN_DISSECT_SEGMENT_H
#define MSTUN_DISSECT_SEGMENT_H

#include "dissect/place.h"

/**
 * Dissects a segment of a connection that is ours; asks TCP for more bytes where a unit continues in the next segment.
 * hint: the framing to assume where the bytes prove none; MSTUN_FRAMING_UNKNOWN: the connection's.
 * Returns the number of bytes up to where its units end.
 */
uint32_t mstun_dissect_segment(const mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree,
                               mstun_stream_t *stream, mstun_framing_t hint);

/** Dissects a segment that is quoted in an ICMP error: decoded, never tracked. */
void mstun_dissect_quoted(const mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree,
                          mstun_framing_t framing);

/**
 * Dissects a UDP datagram: one packet. stream: NULL if it is not tracked, as it is quoted in an ICMP error. class:
 * mstun_packet_class_of() of it.
 */
void mstun_dissect_datagram(tvbuff_t *datagram, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                            mstun_packet_t class);

#endif
