/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which packets of a connection are RTP. Two bits and a type are no evidence: one packet in four begins like RTP. Two
 * packets with one SSRC and sequence numbers near each other are. */
#ifndef MSTUN_CONVERSATION_RTP_STREAM_H
#define MSTUN_CONVERSATION_RTP_STREAM_H

#include "conversation/stream.h"

#define RTP_HEADER_LEN 12 /* RFC 3550 section 5.1 */

/**
 * Whether a packet that begins like RTP belongs to a stream of RTP. On the first visit it does if another packet of
 * that stream came before it; on later visits the first one does, too. header: its first RTP_HEADER_LEN bytes. event
 * has a stream. proven_since: if this packet is the second and so proves it, the frame of the first one; else 0.
 */
bool mstun_is_of_rtp_stream(const mstun_event_t *event, const uint8_t *header, uint32_t *proven_since);

#endif
