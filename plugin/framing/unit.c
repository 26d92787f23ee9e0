/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The length of one unit in a stream of known framing, and the class of a packet. */
#include "framing/framing.h"

#include "framing/rfc3489.h"

/*  RFC 8656 section 12.4; on TCP and TLS padded to a multiple of 4, the padding not counted (section 12.5).
 *   0                   1                   2                   3
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Channel Number        |            Length             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Application Data                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ */
static void channel_data_unit(uint32_t length, mstun_unit_t *unit)
{
    *unit = (mstun_unit_t){ .kind = MSTUN_UNIT_CHANNEL_DATA,
                            .header_len = CHANNEL_DATA_HEADER_LEN,
                            .payload_len = length,
                            .padding = (4u - (length & 3u)) & 3u };
}

static bool has_any_cookie(const uint8_t *bytes, uint32_t len)
{
    return mstun_dialect_of_bytes(bytes, len) != MSTUN_DIALECT_RFC3489;
}

static mstun_unit_result_t stun_stream_unit(const uint8_t *bytes, uint32_t len, bool with_rfc3489, mstun_unit_t *unit)
{
    if (len < 4) {
        return MSTUN_UNIT_MORE;
    }
    uint16_t type = pntohu16(bytes);
    uint16_t length = pntohu16(bytes + 2);

    if (turn_channel_possible(type)) {
        channel_data_unit(length, unit);
        return MSTUN_UNIT_FOUND;
    }
    if (!stun_type_possible(type)) {
        return MSTUN_UNIT_LOST;
    }
    /* Without RFC 5389's cookie it takes 28 bytes: MS-TURN's is behind the header. */
    if (len >= 8 && pntohu32(bytes + STUN_ID_OFFSET) != STUN_COOKIE && !(with_rfc3489 && mstun_rfc3489_type(type))) {
        if (len < STUN_HEADER_LEN + 8u && length >= 8) {
            return MSTUN_UNIT_MORE;
        }
        if (!has_any_cookie(bytes, len)) {
            return MSTUN_UNIT_LOST;
        }
    }
    *unit = (mstun_unit_t){ .kind = MSTUN_UNIT_STUN, .payload_len = STUN_HEADER_LEN + (uint32_t)length };
    return MSTUN_UNIT_FOUND;
}

static mstun_unit_result_t multiplexed_unit(const uint8_t *bytes, uint32_t len, mstun_unit_t *unit)
{
    if (len < 4) {
        return MSTUN_UNIT_MORE;
    }
    uint32_t length = pntohu16(bytes + 2);

    if (pntohu16(bytes) != MS_MULTIPLEXED_CHANNEL || length < MS_MULTIPLEXED_HEADER_LEN - 4) {
        return MSTUN_UNIT_LOST;
    }
    *unit = (mstun_unit_t){ .kind = MSTUN_UNIT_MULTIPLEXED,
                            .header_len = MS_MULTIPLEXED_HEADER_LEN,
                            .payload_len = length - (MS_MULTIPLEXED_HEADER_LEN - 4) };
    return MSTUN_UNIT_FOUND;
}

/*  [MS-TURN] 2.1.4
 *   0                   1                   2                   3
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Type 02/03   |  Reserved 0   |            Length             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ */
static mstun_unit_result_t ms_turn_unit(const uint8_t *bytes, uint32_t len, mstun_unit_t *unit)
{
    if (len == 0) {
        return MSTUN_UNIT_MORE;
    }
    if (mstun_may_begin_hello(bytes[0])) {
        mstun_pseudo_tls_kind_t hello = mstun_pseudo_tls_hello(bytes, len);

        *unit = (mstun_unit_t){ .kind = MSTUN_UNIT_PSEUDO_TLS, .payload_len = mstun_pseudo_tls_len(hello) };
        return hello != MSTUN_HELLO_NONE ? MSTUN_UNIT_FOUND : len < 5 ? MSTUN_UNIT_MORE : MSTUN_UNIT_LOST;
    }
    if (bytes[0] == 0xFF) {
        return multiplexed_unit(bytes, len, unit);
    }
    if ((bytes[0] != MS_TURN_CONTROL && bytes[0] != MS_TURN_DATA) || (len > 1 && bytes[1] != 0)) {
        return MSTUN_UNIT_LOST;
    }
    if (len < MS_TURN_HEADER_LEN) {
        return MSTUN_UNIT_MORE;
    }
    *unit = (mstun_unit_t){ .kind = bytes[0] == MS_TURN_CONTROL ? MSTUN_UNIT_MS_CONTROL : MSTUN_UNIT_MS_DATA,
                            .header_len = MS_TURN_HEADER_LEN,
                            .payload_len = pntohu16(bytes + 2) };
    return MSTUN_UNIT_FOUND;
}

mstun_unit_result_t mstun_unit_at(mstun_framing_t framing, const uint8_t *bytes, uint32_t len, mstun_unit_t *unit)
{
    switch (framing) {
    case MSTUN_FRAMING_STUN:
        return stun_stream_unit(bytes, len, false, unit);
    case MSTUN_FRAMING_RFC3489:
        return stun_stream_unit(bytes, len, true, unit);
    case MSTUN_FRAMING_RFC4571:
        if (len < RFC4571_HEADER_LEN) {
            return MSTUN_UNIT_MORE;
        }
        *unit = (mstun_unit_t){ .kind = MSTUN_UNIT_PACKET,
                                .header_len = RFC4571_HEADER_LEN,
                                .payload_len = pntohu16(bytes) };
        return MSTUN_UNIT_FOUND;
    case MSTUN_FRAMING_MS_TURN:
        return ms_turn_unit(bytes, len, unit);
    case MSTUN_FRAMING_UNKNOWN:
    case MSTUN_FRAMING_UNDETERMINED_RELAY:
    case MSTUN_FRAMING_RELAYED:
        break;
    }
    return MSTUN_UNIT_LOST;
}

static bool looks_like_dtls(const uint8_t *bytes, uint32_t captured)
{
    /* RFC 6347 section 4.1: content type, version {254,255} or {254,253}; old OpenSSL versions sent {1,0}. */
    return captured >= 3 && bytes[0] >= 20 && bytes[0] <= 25 && (bytes[1] == 0xFE || (bytes[1] == 1 && bytes[2] == 0));
}

/* RFC 3711 section 3.4: the first packet's header is in the clear, and behind that packet are 4 bytes or more. */
static bool may_be_srtcp(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    return captured < 4 || 4u * (1u + pntohu16(bytes + 2)) + 4 <= reported;
}

/* RFC 3550 section 6.1: packets with lengths in words fill the bytes. */
static bool is_plain_rtcp(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    uint32_t offset = 0;

    while (offset + 4 <= captured) {
        if ((bytes[offset] & 0xC0) != 0x80 || bytes[offset + 1] < 192 || bytes[offset + 1] > 223) {
            return false;
        }
        offset += 4u * (1u + pntohu16(bytes + offset + 2));
    }
    return captured < reported ? offset <= reported : offset == reported;
}

/* Of bytes that begin with version 2. RFC 5761 section 4: RTCP has its types, 192 to 223, where RTP has marker and
 * payload type. */
static mstun_packet_t class_of_media(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    if (bytes[1] < 192 || bytes[1] > 223) {
        return reported >= 12 ? MSTUN_PACKET_RTP : MSTUN_PACKET_UNKNOWN;
    }
    if (reported < 8) {
        return MSTUN_PACKET_UNKNOWN;
    }
    if (is_plain_rtcp(bytes, captured, reported)) {
        return MSTUN_PACKET_RTCP;
    }
    return may_be_srtcp(bytes, captured, reported) ? MSTUN_PACKET_SRTCP : MSTUN_PACKET_UNKNOWN;
}

mstun_packet_t mstun_packet_class(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    if (captured < 2) {
        return MSTUN_PACKET_UNKNOWN;
    }
    if (captured >= STUN_HEADER_LEN && stun_type_possible(pntohu16(bytes)) && has_any_cookie(bytes, captured)) {
        return MSTUN_PACKET_STUN;
    }
    if (mstun_rfc3489_is_message(bytes, captured, reported)) {
        return MSTUN_PACKET_STUN;
    }
    if (looks_like_dtls(bytes, captured)) {
        return MSTUN_PACKET_DTLS;
    }
    if (bytes[0] >= 128 && bytes[0] <= 191) {
        return class_of_media(bytes, captured, reported);
    }
    mstun_unit_t unit;

    if (multiplexed_unit(bytes, captured, &unit) == MSTUN_UNIT_FOUND && mstun_unit_len(&unit) == reported) {
        return MSTUN_PACKET_MULTIPLEXED;
    }
    if (captured >= 4 && turn_channel_possible(pntohu16(bytes)) && reported >= 4u + pntohu16(bytes + 2) &&
        reported < 8u + pntohu16(bytes + 2)) {
        return MSTUN_PACKET_CHANNEL_DATA;
    }
    return MSTUN_PACKET_UNKNOWN;
}
