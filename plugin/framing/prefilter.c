/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/prefilter.h"

#include "framing/framing.h"

bool mstun_may_become_stun_header(const uint8_t *bytes, uint32_t len)
{
    static const uint8_t cookie[] = { 0x21, 0x12, 0xA4, 0x42 };

    if (len >= 1 && bytes[0] > STUN_KNOWN_TYPE_MAX >> 8) {
        return false;
    }
    if ((len >= 2 && !stun_type_known(pntohu16(bytes))) || (len >= 4 && bytes[3] & 3)) {
        return false;
    }
    return len <= STUN_ID_OFFSET ||
           memcmp(bytes + STUN_ID_OFFSET, cookie, MIN(len - STUN_ID_OFFSET, sizeof cookie)) == 0;
}

bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len)
{
    if (len == 0 || len >= RFC4571_HEADER_LEN + STUN_HEADER_LEN) {
        return false;
    }
    if (len < STUN_HEADER_LEN && mstun_may_become_stun_header(bytes, len)) {
        return true;
    }
    bool is_frame_length = bytes[0] <= DATAGRAM_MAX >> 8 && (len < 2 || pntohu16(bytes) >= STUN_HEADER_LEN);

    return is_frame_length && (len <= RFC4571_HEADER_LEN ||
                               mstun_may_become_stun_header(bytes + RFC4571_HEADER_LEN, len - RFC4571_HEADER_LEN));
}
