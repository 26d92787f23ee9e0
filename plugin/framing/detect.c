/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether bytes prove a framing, before a connection is claimed. The first function is run on every TCP segment of every
 * capture: it says no after a handful of loads. */
#include "framing/proof.h"

mstun_framing_t mstun_detect(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_proof_t proof)
{
    if (captured < STUN_HEADER_LEN) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    if (mstun_proves_ms_units(bytes, captured, reported)) {
        return MSTUN_FRAMING_MS_TURN;
    }
    if (has_cookie(bytes) ||
        (captured >= STUN_HEADER_LEN + 8 && pntohu32(bytes + STUN_HEADER_LEN + 4) == MS_TURN_COOKIE)) {
        return mstun_proves_stun(bytes, captured, reported, proof) ? MSTUN_FRAMING_STUN : MSTUN_FRAMING_UNKNOWN;
    }
    if ((bytes[0] & 0xC0) == 0x40 && mstun_proves_channel_data(bytes, captured)) {
        return MSTUN_FRAMING_STUN;
    }
    if (mstun_proves_rfc4571(bytes, captured, reported, proof) ||
        mstun_proves_behind_media(MSTUN_FRAMING_RFC4571, bytes, captured, reported, proof)) {
        return MSTUN_FRAMING_RFC4571;
    }
    return mstun_proves_rfc3489_run(bytes, captured, reported) ? MSTUN_FRAMING_RFC3489 : MSTUN_FRAMING_UNKNOWN;
}

bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len)
{
    if (len == 0 || len >= RFC4571_HEADER_LEN + STUN_HEADER_LEN) {
        return false;
    }
    if (len < STUN_HEADER_LEN && mstun_may_become_stun(bytes, len)) {
        return true;
    }
    /* An RFC 4571 length: of a check, which fits an Ethernet frame. */
    bool length_possible = len < 2 ? bytes[0] <= 0x05 : pntohu16(bytes) >= STUN_HEADER_LEN && bytes[0] <= 0x05;

    return length_possible && (len <= 2 || mstun_may_become_stun(bytes + 2, len - 2));
}

/* A media frame that goes on in the next segment. Media is sent in packets that fit an Ethernet frame. */
static bool begins_with_media(const uint8_t *bytes, uint32_t captured)
{
    uint32_t len = captured >= RFC4571_HEADER_LEN + 2 ? pntohu16(bytes) : 0;

    return len >= 12 && len <= 1500 && mstun_is_media(bytes + RFC4571_HEADER_LEN, captured - RFC4571_HEADER_LEN, len);
}

mstun_framing_t mstun_detect_relayed(const uint8_t *bytes, uint32_t captured, uint32_t reported, bool fresh)
{
    mstun_framing_t framing = mstun_detect(bytes, captured, reported, MSTUN_PROOF_HEADER);

    if (framing != MSTUN_FRAMING_UNKNOWN) {
        return framing;
    }
    if (reported > RFC4571_HEADER_LEN && mstun_run_ends(MSTUN_FRAMING_RFC4571, bytes, captured, reported)) {
        return MSTUN_FRAMING_RFC4571;
    }
    if (fresh && begins_with_media(bytes, captured)) {
        return MSTUN_FRAMING_RFC4571;
    }
    return MSTUN_FRAMING_RELAYED;
}
