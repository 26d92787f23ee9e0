/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Messages of RFC 3489, which have no cookie: nothing in the header speaks for them but a type and a length, so the first
 * one on a connection must be right to its last byte. Pure functions on bytes. */
#ifndef MSTUN_FRAMING_RFC3489_H
#define MSTUN_FRAMING_RFC3489_H

#include "wire/header.h"

/** Whether RFC 3489 section 11.1 has the type; TURN's drafts of that time add Allocate and the Data Indication. */
bool mstun_rfc3489_type(uint16_t type);

/**
 * Whether bytes may be one message without a cookie: such a type, and a length that ends with them. That is enough on a
 * connection that is known to speak RFC 3489. captured: bytes there; reported: bytes on the wire.
 */
bool mstun_rfc3489_fits(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/**
 * Whether bytes are one message beyond doubt: it fits, is there whole, and its unpadded attributes are known, of the right
 * length, end with it, and one of them at least is RFC 3489's own.
 */
bool mstun_rfc3489_proves(const uint8_t *bytes, uint32_t captured, uint32_t reported);

#endif
