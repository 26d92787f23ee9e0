/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/evidence.h"

#include "framing/prefilter.h"
#include "framing/rfc3489.h"
#include "wire/tlv.h"

#define MEDIA_UNITS_MAX 64 /* before a STUN message: bounds the walk over one segment */

static bool length_is_in_fours(const uint8_t *message)
{
    return (message[3] & 3) == 0;
}

/* True if no captured attribute runs past the message and no bytes are left over. */
static bool has_valid_attributes(const uint8_t *message, uint32_t captured, bool padded, bool *any)
{
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;

    *any = false;
    mstun_tlv_walk_start(&walk, message, captured, STUN_HEADER_LEN + (uint32_t)pntohu16(message + 2), padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        if (tlv.state == MSTUN_TLV_LENGTH_BEYOND_MESSAGE || tlv.state == MSTUN_TLV_TRAILING_BYTES) {
            return false;
        }
        *any = true;
    }
    return true;
}

/* any_needed: without attributes it is false. */
static bool has_known_type_and_valid_attributes(const uint8_t *message, uint32_t captured, bool any_needed)
{
    mstun_dialect_t dialect = mstun_dialect_of_bytes(message, captured);
    bool any, pads = mstun_dialect_pads(dialect);

    if (dialect == MSTUN_DIALECT_RFC3489 || !stun_type_known(pntohu16(message))) {
        return false;
    }
    return (has_valid_attributes(message, captured, pads, &any) ||
            (pads && !length_is_in_fours(message) && has_valid_attributes(message, captured, false, &any))) &&
           (any || !any_needed);
}

/* framed: an RFC 4571 length fits the message's, and is one of a datagram. */
static bool looks_like_message(const uint8_t *message, uint32_t captured, uint32_t reported,
                               mstun_confidence_t confidence, bool framed)
{
    if (captured < STUN_HEADER_LEN || !stun_type_possible(pntohu16(message))) {
        return false;
    }
    bool is_whole = STUN_HEADER_LEN + (uint32_t)pntohu16(message + 2) <= reported;

    if (!is_whole && confidence == MSTUN_CONFIDENCE_FULL) {
        return false;
    }
    if (!has_cookie(message)) { /* MS-TURN's cookie is enough, but it is in an attribute */
        return has_known_type_and_valid_attributes(message, captured, true);
    }
    if (is_whole && confidence == MSTUN_CONFIDENCE_HEADER) {
        return true;
    }
    /* With less than a message, the header must be right. */
    if (!is_whole && !framed && !mstun_may_become_stun_header(message, STUN_HEADER_LEN)) {
        return false;
    }
    return has_known_type_and_valid_attributes(message, captured, confidence == MSTUN_CONFIDENCE_FULL);
}

bool looks_like_stun_message(const uint8_t *message, uint32_t captured, uint32_t reported,
                             mstun_confidence_t confidence)
{
    return looks_like_message(message, captured, reported, confidence, false);
}

bool mstun_is_media(const uint8_t *packet, uint32_t captured, uint32_t reported)
{
    mstun_packet_t class = mstun_packet_class(packet, captured, reported);

    return class == MSTUN_PACKET_RTP || class == MSTUN_PACKET_RTCP || class == MSTUN_PACKET_SRTCP ||
           class == MSTUN_PACKET_DTLS;
}

/* Without RFC 5389's cookie: Google's relay sends MS-TURN's, RFC 3489 has none. */
static bool looks_like_frame_without_cookie(const uint8_t *frame, uint32_t captured, uint32_t reported,
                                            mstun_confidence_t confidence)
{
    const uint8_t *message = frame + RFC4571_HEADER_LEN;
    uint32_t len = pntohu16(frame);

    if (!frame_length_fits(frame)) {
        return false;
    }
    captured -= RFC4571_HEADER_LEN;
    reported -= RFC4571_HEADER_LEN;
    if (has_ms_cookie(message, captured)) {
        return looks_like_stun_message(message, captured, reported, confidence);
    }
    return len <= captured && mstun_rfc3489_is_message(message, len, len);
}

bool looks_like_rfc4571_frame(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t confidence)
{
    if (captured < RFC4571_HEADER_LEN + STUN_HEADER_LEN) {
        return false;
    }
    if (!has_cookie(bytes + RFC4571_HEADER_LEN)) {
        return looks_like_frame_without_cookie(bytes, captured, reported, confidence);
    }
    /* The built-in examines only the message, so a frame length that does not fit is not a reason to refuse it. */
    bool is_whole = RFC4571_HEADER_LEN + STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + 4) <= reported;

    if (!frame_length_fits(bytes) && (confidence == MSTUN_CONFIDENCE_FULL || !is_whole)) {
        return false;
    }
    return looks_like_message(bytes + RFC4571_HEADER_LEN, captured - RFC4571_HEADER_LEN, reported - RFC4571_HEADER_LEN,
                              confidence, frame_length_fits(bytes) && pntohu16(bytes) <= DATAGRAM_MAX);
}

static bool ms_length_fits(const uint8_t *unit)
{
    return unit[0] == MS_TURN_CONTROL && unit[1] == 0 &&
           pntohu16(unit + 2) == STUN_HEADER_LEN + (uint32_t)pntohu16(unit + MS_TURN_HEADER_LEN + 2);
}

/* Type 0x03 with nothing but a check in it, with or without an RFC 4571 length. */
static bool looks_like_ms_data(const uint8_t *bytes, uint32_t captured)
{
    uint32_t len = pntohu16(bytes + 2);

    if (captured < MS_TURN_HEADER_LEN + RFC4571_HEADER_LEN + STUN_HEADER_LEN || bytes[1] != 0) {
        return false;
    }
    const uint8_t *data = bytes + MS_TURN_HEADER_LEN;
    bool is_framed = pntohu32(data + RFC4571_HEADER_LEN + STUN_ID_OFFSET) == STUN_COOKIE;

    if (is_framed) {
        return len == RFC4571_HEADER_LEN + (uint32_t)pntohu16(data) && frame_length_fits(data) &&
               stun_type_known(pntohu16(data + RFC4571_HEADER_LEN));
    }
    return has_cookie(data) && len == STUN_HEADER_LEN + (uint32_t)pntohu16(data + 2) && stun_type_known(pntohu16(data));
}

static bool is_whole_hello(const uint8_t *bytes, uint32_t captured)
{
    mstun_pseudo_tls_kind_t hello = mstun_pseudo_tls_hello(bytes, captured);

    return hello != MSTUN_HELLO_NONE && captured >= mstun_pseudo_tls_len(hello);
}

/* Type 0x02 with a TURN message that begins with the Magic Cookie; type 0x03 with a check; a pseudo-TLS hello. */
static bool looks_like_ms_turn_unit(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    const uint8_t *message = bytes + MS_TURN_HEADER_LEN;

    switch (bytes[0]) {
    case MS_TURN_CONTROL:
        return captured >= MS_TURN_HEADER_LEN + STUN_HEADER_LEN + 8 && ms_length_fits(bytes) &&
               mstun_dialect_of_bytes(message, captured - MS_TURN_HEADER_LEN) == MSTUN_DIALECT_MS_TURN &&
               (MS_TURN_HEADER_LEN + (uint32_t)pntohu16(bytes + 2) <= reported || stun_type_known(pntohu16(message)));
    case MS_TURN_DATA:
        return looks_like_ms_data(bytes, captured);
    default:
        return is_whole_hello(bytes, captured);
    }
}

/* Bytes before the packet in a unit of media: an RFC 4571 length, and in MS-TURN a type 0x03 header. */
static uint32_t media_header_len(mstun_framing_t framing, const uint8_t *unit, uint32_t captured)
{
    if (framing == MSTUN_FRAMING_RFC4571) {
        return RFC4571_HEADER_LEN;
    }
    bool is_data = captured > MS_TURN_HEADER_LEN + RFC4571_HEADER_LEN && unit[0] == MS_TURN_DATA && unit[1] == 0 &&
                   pntohu16(unit + 2) == RFC4571_HEADER_LEN + (uint32_t)pntohu16(unit + MS_TURN_HEADER_LEN);

    return is_data ? MS_TURN_HEADER_LEN + RFC4571_HEADER_LEN : 0;
}

/* Length of a unit of media; 0 if it is not media or continues in the next segment. */
static uint32_t media_len(mstun_framing_t framing, const uint8_t *unit, uint32_t captured, uint32_t reported)
{
    uint32_t header = media_header_len(framing, unit, captured);

    if (header == 0 || captured <= header) {
        return 0;
    }
    uint32_t packet = pntohu16(unit + header - RFC4571_HEADER_LEN);

    return header + packet <= reported && mstun_is_media(unit + header, MIN(captured - header, packet), packet)
               ? header + packet
               : 0;
}

bool has_unit_behind_media(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                           mstun_confidence_t confidence)
{
    uint32_t offset = 0, len = 0;

    for (unsigned units = 0; units < MEDIA_UNITS_MAX && offset < captured; units++) {
        len = media_len(framing, bytes + offset, captured - offset, reported - offset);
        if (len == 0) {
            break;
        }
        offset += len;
    }
    if (len != 0 || offset == 0) { /* only media, or none */
        return false;
    }
    const uint8_t *unit = bytes + offset;

    captured -= offset;
    reported -= offset;
    return framing == MSTUN_FRAMING_MS_TURN
               ? looks_like_ms_turn_unit(unit, captured, reported)
               : captured >= RFC4571_HEADER_LEN + STUN_HEADER_LEN && frame_length_fits(unit) &&
                     looks_like_rfc4571_frame(unit, captured, reported, confidence);
}

bool looks_like_ms_turn_units(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    return looks_like_ms_turn_unit(bytes, captured, reported) ||
           (bytes[0] == MS_TURN_DATA &&
            has_unit_behind_media(MSTUN_FRAMING_MS_TURN, bytes, captured, reported, MSTUN_CONFIDENCE_HEADER));
}

bool looks_like_channel_data(const uint8_t *bytes, uint32_t captured)
{
    const uint8_t *message = bytes + CHANNEL_DATA_HEADER_LEN;

    return captured >= CHANNEL_DATA_HEADER_LEN + STUN_HEADER_LEN && turn_channel_possible(pntohu16(bytes)) &&
           has_cookie(message) && stun_type_known(pntohu16(message)) &&
           pntohu16(bytes + 2) == STUN_HEADER_LEN + (uint32_t)pntohu16(message + 2);
}

bool is_whole_number_of_units(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    uint32_t offset = 0;
    bool is_evidence = framing != MSTUN_FRAMING_RFC4571; /* of which any zeros are empty frames */
    mstun_unit_t unit;

    while (offset < captured && mstun_unit_at(framing, bytes + offset, captured - offset, &unit) == MSTUN_UNIT_FOUND) {
        uint32_t len = mstun_unit_len(&unit);

        if (len > reported - offset) {
            return false;
        }
        if (framing == MSTUN_FRAMING_RFC4571 && unit.payload_len > 0) {
            const uint8_t *packet = bytes + offset + RFC4571_HEADER_LEN;
            uint32_t left = captured > offset + RFC4571_HEADER_LEN ? captured - offset - RFC4571_HEADER_LEN : 0;

            if (mstun_packet_class(packet, MIN(left, unit.payload_len), unit.payload_len) == MSTUN_PACKET_UNKNOWN) {
                return false;
            }
            is_evidence = true;
        }
        offset += len;
    }
    return is_evidence && offset == reported;
}

bool looks_like_rfc3489_messages(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    uint32_t len = STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + 2);

    return len <= captured && mstun_rfc3489_is_message(bytes, len, len) &&
           is_whole_number_of_units(MSTUN_FRAMING_RFC3489, bytes, captured, reported);
}

bool mstun_looks_like_ms_turn(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    return (captured >= MS_TURN_HEADER_LEN + 4 && ms_length_fits(bytes) &&
            stun_type_known(pntohu16(bytes + MS_TURN_HEADER_LEN))) ||
           is_whole_number_of_units(MSTUN_FRAMING_MS_TURN, bytes, captured, reported);
}
