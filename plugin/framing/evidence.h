/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the first bytes of a unit prove, each framing for itself: for detect.c, before a connection is claimed, and for
 * resync.c, in one that is. bytes, captured: what is there; reported: what would be on the wire, to the segment's end. */
#ifndef MSTUN_FRAMING_EVIDENCE_H
#define MSTUN_FRAMING_EVIDENCE_H

#include "framing/framing.h"

#define DATAGRAM_MAX 1500 /* what is sent in datagrams fits an Ethernet frame */

static inline bool has_cookie(const uint8_t *message)
{
    return pntohu32(message + STUN_ID_OFFSET) == STUN_COOKIE;
}

/** MS-TURN's own, the value of the first attribute ([MS-TURN] 2.2.2.8): Google's relay has no other. */
static inline bool has_ms_cookie(const uint8_t *message, uint32_t captured)
{
    return captured >= STUN_HEADER_LEN + 8 && pntohu32(message + STUN_HEADER_LEN + 4) == MS_TURN_COOKIE;
}

/** Whether an RFC 4571 frame is as long as the STUN message in it. */
static inline bool frame_length_fits(const uint8_t *frame)
{
    return pntohu16(frame) == STUN_HEADER_LEN + (uint32_t)pntohu16(frame + RFC4571_HEADER_LEN + 2);
}

/** A STUN message with a cookie, RFC 5389's or MS-TURN's. */
bool looks_like_stun_message(const uint8_t *message, uint32_t captured, uint32_t reported, mstun_confidence_t proof);

/** The same behind an RFC 4571 length. */
bool looks_like_rfc4571_frame(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t proof);

/** ChannelData filled by a STUN message with its cookie: a check on its way through a relay. */
bool looks_like_channel_data(const uint8_t *bytes, uint32_t captured);

/** A unit of MS-TURN with a message in it, behind media or not; or a hello. captured: not 0. */
bool looks_like_ms_turn_units(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** Whether media stands in front of a unit that proves the framing, all in this segment. */
bool has_unit_behind_media(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                           mstun_confidence_t proof);

/** A message of RFC 3489 beyond doubt, and no more in the segment than further ones. */
bool looks_like_rfc3489_messages(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** A known type, a length in fours, the cookie: as many of these bytes as there are agree. */
bool may_become_stun_header(const uint8_t *bytes, uint32_t len);

/** Units one after the other, each plausible by itself, the last one ending with the bytes. */
bool is_whole_number_of_units(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported);

bool mstun_is_media(const uint8_t *packet, uint32_t captured, uint32_t reported);

#endif
