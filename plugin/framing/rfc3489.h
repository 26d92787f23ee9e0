/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Messages of RFC 3489 have no cookie, only a type and a length, so the first one of a connection must be valid up to
 * its last byte. Pure functions on bytes. */
#ifndef MSTUN_FRAMING_RFC3489_H
#define MSTUN_FRAMING_RFC3489_H

#include "wire/header.h"

/** True for the types of RFC 3489 section 11.1, and for Allocate and Data Indication of the TURN drafts of its time. */
static inline bool mstun_rfc3489_type(uint16_t type)
{
    uint16_t method = stun_type_method(type);

    return type == MS_TURN_DATA_INDICATION || (stun_type_possible(type) && method >= STUN_BINDING &&
                                               method <= TURN_ALLOCATE && stun_type_class(type) != STUN_INDICATION);
}

/**
 * True if bytes may be one message without a cookie: it has such a type and ends with the bytes. That is enough on a
 * connection with RFC 3489 messages. captured: bytes in the capture; reported: bytes on the wire.
 */
bool mstun_rfc3489_fits(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/**
 * True if bytes are one message beyond doubt: it fits and is captured whole, and its attributes, which have no padding,
 * are known, have allowed lengths, end with the message, and include one of RFC 3489.
 */
bool mstun_rfc3489_is_message(const uint8_t *bytes, uint32_t captured, uint32_t reported);

#endif
