/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pipeline: a segment is cut into units, a unit is a message or holds a packet, a message is parsed, tracked,
 * shown, and its data handed on. */
#ifndef MSTUN_DISSECT_SEGMENT_H
#define MSTUN_DISSECT_SEGMENT_H

#include "base/registrar.h"
#include "conversation/stream.h"

/**
 * Dissects a segment of a connection that is ours, asking TCP for more bytes where a unit goes on in the next one.
 * hint: what detection said of these bytes, MSTUN_FRAMING_UNKNOWN if nothing.
 */
void mstun_dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream,
                           const mstun_segment_t *segment, mstun_framing_t hint, bool last_of_direction);

/** Dissects a UDP datagram: one message or packet. stream is NULL for a quoted one, which is not tracked. */
void mstun_dissect_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_stream_t *stream);

/** Dissects messages quoted in an ICMP error: shown, never tracked. */
void mstun_dissect_quoted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, mstun_framing_t framing);

#endif
