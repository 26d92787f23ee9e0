/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether bytes prove a framing, before a connection is claimed. The first function is run on every TCP segment of every
 * capture: it says no after a handful of loads. */
#include "framing/evidence.h"

/* Whether any of the proofs below can succeed, by a few loads. captured: a STUN header at least. */
static bool is_worth_a_look(const uint8_t *bytes, uint32_t reported)
{
    uint32_t first = pntohu16(bytes), second = pntohu16(bytes + 2);

    switch (bytes[0]) {
    case MS_TURN_CONTROL:
    case MS_TURN_DATA:
    case MSTUN_HELLO_HEAD >> 24:
    case MSTUN_HELLO_HEAD_GOOGLE_CLIENT >> 24:
        return true;
    default:
        break;
    }
    return pntohu32(bytes + 4) == STUN_COOKIE || pntohu32(bytes + 6) == STUN_COOKIE ||
           pntohu32(bytes + 8) == STUN_COOKIE ||                         /* behind a ChannelData header */
           (first + RFC4571_HEADER_LEN < reported && bytes[2] >= 20) ||  /* media in a frame, by its first byte */
           (bytes[0] <= 0x01 && STUN_HEADER_LEN + second <= reported) || /* types known without RFC 5389's cookie, */
           first == STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + 4);     /* bare or framed */
}

mstun_framing_t mstun_detect(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t proof)
{
    if (captured < STUN_HEADER_LEN || !is_worth_a_look(bytes, reported)) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    if (looks_like_ms_turn_units(bytes, captured, reported)) {
        return MSTUN_FRAMING_MS_TURN;
    }
    if (has_cookie(bytes) || has_ms_cookie(bytes, captured)) {
        return looks_like_stun_message(bytes, captured, reported, proof) ? MSTUN_FRAMING_STUN : MSTUN_FRAMING_UNKNOWN;
    }
    if ((bytes[0] & 0xC0) == 0x40 && looks_like_channel_data(bytes, captured)) {
        return MSTUN_FRAMING_STUN;
    }
    if (looks_like_rfc4571_frame(bytes, captured, reported, proof) ||
        has_unit_behind_media(MSTUN_FRAMING_RFC4571, bytes, captured, reported, proof)) {
        return MSTUN_FRAMING_RFC4571;
    }
    return looks_like_rfc3489_messages(bytes, captured, reported) ? MSTUN_FRAMING_RFC3489 : MSTUN_FRAMING_UNKNOWN;
}

bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len)
{
    if (len == 0 || len >= RFC4571_HEADER_LEN + STUN_HEADER_LEN) {
        return false;
    }
    if (len < STUN_HEADER_LEN && may_become_stun_header(bytes, len)) {
        return true;
    }
    /* An RFC 4571 length: of a check, which fits an Ethernet frame. */
    bool length_possible = len < 2 ? bytes[0] <= 0x05 : pntohu16(bytes) >= STUN_HEADER_LEN && bytes[0] <= 0x05;

    return length_possible && (len <= 2 || may_become_stun_header(bytes + 2, len - 2));
}

/* A media frame that goes on in the next segment. */
static bool begins_with_media(const uint8_t *bytes, uint32_t captured)
{
    uint32_t len = captured >= RFC4571_HEADER_LEN + 2 ? pntohu16(bytes) : 0;

    return len >= 12 && len <= DATAGRAM_MAX &&
           mstun_is_media(bytes + RFC4571_HEADER_LEN, captured - RFC4571_HEADER_LEN, len);
}

mstun_framing_t mstun_detect_relayed(const uint8_t *bytes, uint32_t captured, uint32_t reported, bool fresh)
{
    mstun_framing_t framing = mstun_detect(bytes, captured, reported, MSTUN_CONFIDENCE_HEADER);

    if (framing != MSTUN_FRAMING_UNKNOWN) {
        return framing;
    }
    if (reported > RFC4571_HEADER_LEN && is_whole_number_of_units(MSTUN_FRAMING_RFC4571, bytes, captured, reported)) {
        return MSTUN_FRAMING_RFC4571;
    }
    if (fresh && begins_with_media(bytes, captured)) {
        return MSTUN_FRAMING_RFC4571;
    }
    return MSTUN_FRAMING_RELAYED;
}
