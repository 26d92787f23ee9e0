/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The dialects of STUN and how they differ on the wire. Each message shows its own dialect; no state. */
#ifndef MSTUN_WIRE_DIALECT_H
#define MSTUN_WIRE_DIALECT_H

#include "wire/header.h"

typedef enum {
    MSTUN_DIALECT_UNKNOWN = 0,
    MSTUN_DIALECT_RFC3489, /* no cookie, no padding */
    MSTUN_DIALECT_RFC5389, /* cookie, padding; RFC 8489, 8656 and 6062 too */
    MSTUN_DIALECT_MS_ICE2, /* RFC 5389 layout with attributes of [MS-ICE2] */
    MSTUN_DIALECT_MS_TURN, /* first attribute 0x000F with 0x72C64BC6; no padding; other names for some types */
} mstun_dialect_t;

#define MS_TURN_COOKIE 0x72C64BC6u

/**
 * The dialect of one message by its cookies ([MS-TURN] 2.2.2, RFC 8489 section 6.3).
 * bytes: the message from its first header byte; len: captured bytes, at least STUN_HEADER_LEN.
 * Returns RFC3489 if there is no cookie: whether that is a STUN message at all is for the caller to decide. Never
 * returns MS_ICE2, which only its attributes show: see mstun_message_parse.
 */
mstun_dialect_t mstun_dialect_of_bytes(const uint8_t *bytes, uint32_t len);

/** True if attributes are padded to a multiple of 4 (RFC 8489 section 14); RFC 3489 and MS-TURN do not pad. */
static inline bool mstun_dialect_pads(mstun_dialect_t dialect)
{
    return dialect == MSTUN_DIALECT_RFC5389 || dialect == MSTUN_DIALECT_MS_ICE2;
}

#endif
