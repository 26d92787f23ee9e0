/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * FINGERPRINT (RFC 8489 section 14.7): CRC-32 of the message before it, XOR 0x5354554E. */
#ifndef MSTUN_MESSAGE_FINGERPRINT_H
#define MSTUN_MESSAGE_FINGERPRINT_H

#include "attr/facts.h"
#include "base/registrar.h"

/* The first four are numbered as in all of Wireshark's checksums, so that filters on them mean the same. */
typedef enum {
    MSTUN_FINGERPRINT_BAD = PROTO_CHECKSUM_E_BAD,
    MSTUN_FINGERPRINT_GOOD = PROTO_CHECKSUM_E_GOOD,
    MSTUN_FINGERPRINT_UNVERIFIED = PROTO_CHECKSUM_E_UNVERIFIED, /* the capture truncates the message */
    MSTUN_FINGERPRINT_ABSENT = PROTO_CHECKSUM_E_NOT_PRESENT,
    MSTUN_FINGERPRINT_LEGACY = 5,   /* good with the altered CRC table of [MS-ICE2] 3.1.4.8.2 */
    MSTUN_FINGERPRINT_NOT_LAST = 6, /* good for the message without the attributes behind it */
} mstun_fingerprint_t;

/**
 * Verifies a message's FINGERPRINT. tvb: the message from its first header byte; facts: of the same message.
 * Computes a CRC of the message: not to be called where nobody reads the result.
 */
mstun_fingerprint_t mstun_fingerprint_verify(tvbuff_t *tvb, const mstun_facts_t *facts);

/** The same without a tvb. facts: the message is in memory from its header to its FINGERPRINT. */
mstun_fingerprint_t mstun_fingerprint_verify_facts(const mstun_facts_t *facts);

void mstun_fingerprint_register(const mstun_registrar_t *reg);

#endif
