/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which framing the bytes of a connection show, before it is claimed. What each framing looks like is in evidence.c;
 * its functions are called only where their first checks, repeated here, can succeed. */
#include "framing/evidence.h"
#include "framing/prefilter.h"
#include "framing/rfc3489.h"

#define MEDIA_FIRST_BYTE_MIN 20 /* of DTLS, RTP and RTCP: RFC 7983 section 7 */

static bool may_be_frame_of_message(const uint8_t *bytes)
{
    return has_cookie(bytes + RFC4571_HEADER_LEN) || frame_length_fits(bytes);
}

static bool may_be_frame_of_media(const uint8_t *bytes, uint32_t reported)
{
    return RFC4571_HEADER_LEN + (uint32_t)pntohu16(bytes) < reported &&
           bytes[RFC4571_HEADER_LEN] >= MEDIA_FIRST_BYTE_MIN;
}

mstun_framing_t mstun_detect(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t confidence)
{
    if (captured < STUN_HEADER_LEN) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    if (may_begin_ms_turn(bytes[0]) && looks_like_ms_turn_units(bytes, captured, reported)) {
        return MSTUN_FRAMING_MS_TURN;
    }
    if (has_cookie(bytes) || has_ms_cookie(bytes, captured)) {
        return looks_like_stun_message(bytes, captured, reported, confidence) ? MSTUN_FRAMING_STUN
                                                                              : MSTUN_FRAMING_UNKNOWN;
    }
    if (turn_channel_possible(pntohu16(bytes)) && looks_like_channel_data(bytes, captured)) {
        return MSTUN_FRAMING_STUN;
    }
    if ((may_be_frame_of_message(bytes) && looks_like_rfc4571_frame(bytes, captured, reported, confidence)) ||
        (may_be_frame_of_media(bytes, reported) &&
         has_unit_behind_media(MSTUN_FRAMING_RFC4571, bytes, captured, reported, confidence))) {
        return MSTUN_FRAMING_RFC4571;
    }
    return mstun_rfc3489_type(pntohu16(bytes)) && looks_like_rfc3489_messages(bytes, captured, reported)
               ? MSTUN_FRAMING_RFC3489
               : MSTUN_FRAMING_UNKNOWN;
}

/* A frame of media, which may continue in the next segment. */
static bool begins_with_media(const uint8_t *bytes, uint32_t captured)
{
    uint32_t len = captured >= RFC4571_HEADER_LEN + 2 ? pntohu16(bytes) : 0;

    return len >= 12 && len <= DATAGRAM_MAX &&
           mstun_is_media(bytes + RFC4571_HEADER_LEN, captured - RFC4571_HEADER_LEN, len);
}

mstun_framing_t mstun_detect_relayed(const uint8_t *bytes, uint32_t captured, uint32_t reported, bool is_beginning)
{
    mstun_framing_t framing = mstun_detect(bytes, captured, reported, MSTUN_CONFIDENCE_HEADER);

    if (framing != MSTUN_FRAMING_UNKNOWN) {
        return framing;
    }
    if (is_whole_number_of_units(MSTUN_FRAMING_RFC4571, bytes, captured, reported)) {
        return MSTUN_FRAMING_RFC4571;
    }
    return is_beginning && begins_with_media(bytes, captured) ? MSTUN_FRAMING_RFC4571 : MSTUN_FRAMING_RELAYED;
}
