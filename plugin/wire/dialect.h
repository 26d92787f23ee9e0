/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The dialects of STUN and in what they differ on the wire. A message is told by its own evidence; no state. */
#ifndef MSTUN_WIRE_DIALECT_H
#define MSTUN_WIRE_DIALECT_H

#include "wire/header.h"

typedef enum {
    MSTUN_DIALECT_UNKNOWN = 0,
    MSTUN_DIALECT_RFC3489, /* no cookie, no padding */
    MSTUN_DIALECT_RFC5389, /* cookie, padding; RFC 8489, 8656 and 6062 too */
    MSTUN_DIALECT_MS_ICE2, /* RFC 5389 layout with attributes of [MS-ICE2] */
    MSTUN_DIALECT_MS_TURN, /* attribute 0x000F with 0x72C64BC6 stands first; no padding; names of its own */
} mstun_dialect_t;

#define MS_TURN_COOKIE 0x72C64BC6u

/**
 * The dialect of one message, from its bytes alone ([MS-TURN] 2.2.2, RFC 8489 section 6.3; MS-ICE2 needs a look at
 * the attributes and is told by the walk, see mstun_message_parse).
 * bytes: the message from its first header byte; len: bytes there, at least STUN_HEADER_LEN.
 * Returns RFC3489 where neither cookie is there: the caller decides whether such a message is believed.
 */
mstun_dialect_t mstun_dialect_of_bytes(const uint8_t *bytes, uint32_t len);

/** Whether attributes are padded to a multiple of 4 (RFC 8489 section 14); RFC 3489 and MS-TURN do not pad. */
static inline bool mstun_dialect_pads(mstun_dialect_t dialect)
{
    return dialect == MSTUN_DIALECT_RFC5389 || dialect == MSTUN_DIALECT_MS_ICE2;
}

#endif
