/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the first bytes of a unit show, for each framing: for detect.c, before a connection is claimed, and for
 * resync.c, in one that is. bytes: of the unit; captured: how many there are; reported: how many were on the wire, both
 * up to the end of the segment. */
#ifndef MSTUN_FRAMING_EVIDENCE_H
#define MSTUN_FRAMING_EVIDENCE_H

#include "framing/framing.h"

/** True if a STUN header has RFC 5389's cookie. message: 8 bytes at least. */
static inline bool has_cookie(const uint8_t *message)
{
    return pntohu32(message + STUN_ID_OFFSET) == STUN_COOKIE;
}

/** True if the first attribute has MS-TURN's cookie ([MS-TURN] 2.2.2.8); Google's relay sends no other. */
static inline bool has_ms_cookie(const uint8_t *message, uint32_t captured)
{
    return captured >= STUN_HEADER_LEN + 8 && pntohu32(message + STUN_HEADER_LEN + 4) == MS_TURN_COOKIE;
}

/** True if an RFC 4571 frame is as long as the STUN message in it. frame: 6 bytes at least. */
static inline bool frame_length_fits(const uint8_t *frame)
{
    return pntohu16(frame) == STUN_HEADER_LEN + (uint32_t)pntohu16(frame + RFC4571_HEADER_LEN + 2);
}

/** True if a unit of MS-TURN with a message in it, or a pseudo-TLS hello, may have this first byte. */
static inline bool may_begin_ms_turn(uint8_t first)
{
    return first == MS_TURN_CONTROL || first == MS_TURN_DATA || mstun_may_begin_hello(first);
}

/** True for a STUN message with RFC 5389's or MS-TURN's cookie. */
bool looks_like_stun_message(const uint8_t *message, uint32_t captured, uint32_t reported,
                             mstun_confidence_t confidence);

/** True for a STUN message behind an RFC 4571 length. */
bool looks_like_rfc4571_frame(const uint8_t *bytes, uint32_t captured, uint32_t reported,
                              mstun_confidence_t confidence);

/** True for ChannelData with nothing but a STUN message with its cookie: a check that passes a relay. */
bool looks_like_channel_data(const uint8_t *bytes, uint32_t captured);

/** True for an MS-TURN unit with a message in it, possibly behind units of media, and for a pseudo-TLS hello.
 * captured: 1 at least. */
bool looks_like_ms_turn_units(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** True for units of media with a unit behind them, in the same segment, that looks like the framing. */
bool has_unit_behind_media(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                           mstun_confidence_t confidence);

/** True for RFC 3489 messages that fill the segment, the first of them beyond doubt. captured: 4 at least. */
bool looks_like_rfc3489_messages(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** True if the segment is filled by plausible units. */
bool is_whole_number_of_units(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** True for a packet of RTP, RTCP, SRTCP or DTLS. */
bool mstun_is_media(const uint8_t *packet, uint32_t captured, uint32_t reported);

#endif
