/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where a unit begins after a gap, after garbage, or where the capture starts in the middle of a connection. The time
 * is linear in the bytes, because CANDIDATES_MAX bounds the expensive checks of false candidates. */
#include "framing/evidence.h"
#include "framing/prefilter.h"
#include "framing/rfc3489.h"

#define CANDIDATES_MAX 16 /* of one search: random bytes look like a header once in 2^32 */

static uint32_t header_len_of(mstun_framing_t framing)
{
    return framing == MSTUN_FRAMING_RFC4571   ? RFC4571_HEADER_LEN
           : framing == MSTUN_FRAMING_MS_TURN ? MS_TURN_HEADER_LEN
                                              : 0;
}

/* Whether begins() may be true, by a few bytes. captured: a framing header and a STUN header at least. */
static bool may_begin(mstun_framing_t framing, const uint8_t *unit, uint32_t captured)
{
    switch (framing) {
    case MSTUN_FRAMING_MS_TURN:
        return (unit[0] == MS_TURN_CONTROL || unit[0] == MS_TURN_DATA) && unit[1] == 0;
    case MSTUN_FRAMING_RFC4571:
        return frame_length_fits(unit) && stun_type_known(pntohu16(unit + RFC4571_HEADER_LEN));
    case MSTUN_FRAMING_RFC3489:
        if (mstun_rfc3489_type(pntohu16(unit)) && STUN_HEADER_LEN + (uint32_t)pntohu16(unit + 2) <= captured) {
            return true;
        }
        break;
    default:
        break;
    }
    return has_cookie(unit) || has_ms_cookie(unit, captured) || looks_like_channel_data(unit, captured);
}

/* Whether a message shows that a unit of the framing begins here. */
static bool begins(mstun_framing_t framing, const uint8_t *unit, uint32_t captured, uint32_t reported)
{
    if (framing == MSTUN_FRAMING_MS_TURN) {
        return looks_like_ms_turn_units(unit, captured, reported);
    }
    if (framing == MSTUN_FRAMING_RFC4571) {
        return looks_like_rfc4571_frame(unit, captured, reported, MSTUN_CONFIDENCE_HEADER);
    }
    if (looks_like_channel_data(unit, captured)) {
        return true;
    }
    if (looks_like_stun_message(unit, captured, reported, MSTUN_CONFIDENCE_HEADER)) {
        return stun_type_known(pntohu16(unit));
    }
    return framing == MSTUN_FRAMING_RFC3489 && looks_like_rfc3489_messages(unit, captured, reported);
}

static uint32_t next_beginning(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                               uint32_t from)
{
    uint32_t needed = header_len_of(framing) + STUN_HEADER_LEN;
    unsigned candidates = 0;

    for (uint32_t offset = from; offset + needed <= captured && candidates < CANDIDATES_MAX; offset++) {
        if (!may_begin(framing, bytes + offset, captured - offset)) {
            continue;
        }
        if (begins(framing, bytes + offset, captured - offset, reported - offset)) {
            return offset;
        }
        candidates++;
    }
    return MSTUN_OFFSET_NONE;
}

uint32_t mstun_resync(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                      uint32_t from)
{
    if (from < captured && is_whole_number_of_units(framing, bytes + from, captured - from, reported - from)) {
        return from;
    }
    return next_beginning(framing, bytes, captured, reported, from);
}

/* Whether the last bytes of a segment, too few for begins(), may become a unit. */
static bool tail_may_begin(mstun_framing_t framing, const uint8_t *unit, uint32_t len)
{
    uint32_t header_len = header_len_of(framing);
    const uint8_t *message = unit + header_len;

    if (framing == MSTUN_FRAMING_MS_TURN) {
        return (unit[0] == MS_TURN_CONTROL || unit[0] == MS_TURN_DATA) && (len < 2 || unit[1] == 0);
    }
    if (framing == MSTUN_FRAMING_RFC4571) {
        return len >= 6 ? frame_length_fits(unit) && stun_type_known(pntohu16(message))
                        : mstun_may_become_framed_header(unit, len);
    }
    return len <= header_len || mstun_may_become_stun_header(message, len - header_len);
}

uint32_t mstun_resync_tail(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t from)
{
    /* MS-TURN's cookie is in the 8 bytes behind the header. */
    uint32_t needed = header_len_of(framing) + STUN_HEADER_LEN + (framing == MSTUN_FRAMING_STUN ? 0 : 8);

    if (framing != MSTUN_FRAMING_STUN && framing != MSTUN_FRAMING_RFC4571 && framing != MSTUN_FRAMING_MS_TURN) {
        return MSTUN_OFFSET_NONE;
    }
    if (captured >= needed) {
        from = MAX(from, captured - needed + 1);
    }
    for (uint32_t offset = from; offset < captured; offset++) {
        if (tail_may_begin(framing, bytes + offset, captured - offset)) {
            return offset;
        }
    }
    return MSTUN_OFFSET_NONE;
}

/* Most bytes contain no cookie, which memchr() finds out faster than next_beginning(). */
static bool contains_cookie(const uint8_t *bytes, uint32_t captured)
{
    static const uint32_t cookies[] = { STUN_COOKIE, MS_TURN_COOKIE };

    for (unsigned i = 0; i < array_length(cookies); i++) {
        const uint8_t *at = bytes, *end = bytes + captured;

        while ((at = (const uint8_t *)memchr(at, (int)(cookies[i] >> 24), (size_t)(end - at))) && end - at >= 4) {
            if (pntohu32(at) == cookies[i]) {
                return true;
            }
            at++;
        }
    }
    return false;
}

/* Whatever its length: the RTP of a shared screen has frames longer than datagrams. */
static bool payload_is_recognized(const uint8_t *packet, uint32_t captured, uint32_t len)
{
    return mstun_packet_class(packet, captured, len) != MSTUN_PACKET_UNKNOWN;
}

bool mstun_unit_is_unconfirmed(const mstun_unit_t *unit, const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    const uint8_t *payload = bytes + unit->header_len;
    uint32_t payload_captured = captured > unit->header_len ? MIN(captured - unit->header_len, unit->payload_len) : 0;

    switch (unit->kind) {
    case MSTUN_UNIT_STUN:
        return unit->payload_len > reported &&
               !looks_like_stun_message(payload, payload_captured, reported, MSTUN_CONFIDENCE_HEADER);
    case MSTUN_UNIT_PACKET:
    case MSTUN_UNIT_CHANNEL_DATA:
        return unit->payload_len > 0 && !payload_is_recognized(payload, payload_captured, unit->payload_len);
    default: /* two bytes or more of their headers are fixed */
        return false;
    }
}

bool mstun_unit_contains_other_start(mstun_framing_t framing, const mstun_unit_t *unit, const uint8_t *bytes,
                                     uint32_t captured, uint32_t reported)
{
    uint32_t len = mstun_unit_len(unit), unit_captured = MIN(len, captured);

    return contains_cookie(bytes + unit->header_len,
                           unit_captured > unit->header_len ? unit_captured - unit->header_len : 0) &&
           next_beginning(framing, bytes, captured, reported, 1) < len;
}

bool mstun_unit_length_is_plausible(const mstun_unit_t *unit)
{
    return unit->payload_len <= DATAGRAM_MAX;
}

/* Whether units fill the bytes; the last one may continue in the next segment. */
static bool followed_by_units(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured)
{
    uint32_t offset = 0;
    mstun_unit_t unit;

    while (offset < captured) {
        mstun_unit_result_t result = mstun_unit_at(framing, bytes + offset, captured - offset, &unit);

        if (result != MSTUN_UNIT_FOUND) {
            return result == MSTUN_UNIT_MORE;
        }
        offset += mstun_unit_len(&unit);
    }
    return true;
}

mstun_framing_t mstun_detect_inside(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    /* In this order, because a unit of one framing may contain what looks like a unit of the next. */
    static const mstun_framing_t framings[] = { MSTUN_FRAMING_MS_TURN, MSTUN_FRAMING_RFC4571, MSTUN_FRAMING_STUN };
    mstun_framing_t found = MSTUN_FRAMING_UNKNOWN;
    uint32_t first = MSTUN_OFFSET_NONE;

    if (!contains_cookie(bytes, captured)) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    for (unsigned i = 0; i < array_length(framings); i++) {
        uint32_t offset = next_beginning(framings[i], bytes, captured, reported, 1);

        if (offset < first && followed_by_units(framings[i], bytes + offset, captured - offset)) {
            first = offset;
            found = framings[i];
        }
    }
    return found;
}
