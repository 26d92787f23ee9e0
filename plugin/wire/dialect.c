/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/dialect.h"

#define MS_TURN_COOKIE_ATTRIBUTE 0x000F0004u /* type 0x000F, length 4 */

static bool begins_with_ms_turn_cookie(const uint8_t *bytes, uint32_t len)
{
    return len >= STUN_HEADER_LEN + 8 && pntohu32(bytes + STUN_HEADER_LEN) == MS_TURN_COOKIE_ATTRIBUTE &&
           pntohu32(bytes + STUN_HEADER_LEN + 4) == MS_TURN_COOKIE;
}

mstun_dialect_t mstun_dialect_of_bytes(const uint8_t *bytes, uint32_t len)
{
    /* Checked first because real MS-TURN clients put the RFC 5389 cookie in their ids as well. */
    if (begins_with_ms_turn_cookie(bytes, len)) {
        return MSTUN_DIALECT_MS_TURN;
    }
    return pntohu32(bytes + STUN_ID_OFFSET) == STUN_COOKIE ? MSTUN_DIALECT_RFC5389 : MSTUN_DIALECT_RFC3489;
}
