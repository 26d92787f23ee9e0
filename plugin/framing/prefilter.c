/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/prefilter.h"

#include "framing/framing.h"

/* RFC 8489 section 5: a length is a multiple of 4. libnice's error responses have 53: it does not pad their ERROR-CODE,
 * and counts what it sends. */
static bool length_is_possible(const uint8_t *header)
{
    return (header[3] & 3) == 0 || stun_type_class(pntohu16(header)) == STUN_ERROR;
}

/* True if the first len bytes of a header may be these, but for its length. */
static bool has_type_and_cookie(const uint8_t *bytes, uint32_t len)
{
    static const uint8_t cookie[] = { 0x21, 0x12, 0xA4, 0x42 };

    if ((len >= 1 && bytes[0] > STUN_KNOWN_TYPE_MAX >> 8) || (len >= 2 && !stun_type_known(pntohu16(bytes)))) {
        return false;
    }
    return len <= STUN_ID_OFFSET ||
           memcmp(bytes + STUN_ID_OFFSET, cookie, MIN(len - STUN_ID_OFFSET, sizeof cookie)) == 0;
}

bool mstun_may_become_stun_header(const uint8_t *bytes, uint32_t len)
{
    return has_type_and_cookie(bytes, len) && (len < 4 || length_is_possible(bytes));
}

bool mstun_may_become_framed_header(const uint8_t *bytes, uint32_t len)
{
    if (bytes[0] > DATAGRAM_MAX >> 8 || (len >= 2 && pntohu16(bytes) < STUN_HEADER_LEN)) {
        return false;
    }
    if (len < RFC4571_HEADER_LEN + 4) {
        return len <= RFC4571_HEADER_LEN || has_type_and_cookie(bytes + RFC4571_HEADER_LEN, len - RFC4571_HEADER_LEN);
    }
    return has_type_and_cookie(bytes + RFC4571_HEADER_LEN, len - RFC4571_HEADER_LEN) &&
           (length_is_possible(bytes + RFC4571_HEADER_LEN) ||
            pntohu16(bytes) == STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + RFC4571_HEADER_LEN + 2));
}

bool mstun_may_become_ms_turn(const uint8_t *bytes, uint32_t len)
{
    return len >= MS_TURN_HEADER_LEN + 4 && len < MS_TURN_HEADER_LEN + STUN_HEADER_LEN + 8 &&
           bytes[0] == MS_TURN_CONTROL && bytes[1] == 0 && stun_type_known(pntohu16(bytes + MS_TURN_HEADER_LEN)) &&
           pntohu16(bytes + 2) == STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + MS_TURN_HEADER_LEN + 2);
}

bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len)
{
    if (len == 0 || len >= RFC4571_HEADER_LEN + STUN_HEADER_LEN) {
        return false;
    }
    return (len < STUN_HEADER_LEN && mstun_may_become_stun_header(bytes, len)) ||
           mstun_may_become_framed_header(bytes, len);
}
