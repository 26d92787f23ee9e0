/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * FINGERPRINT (RFC 8489 section 14.7): CRC-32 of the message before it, XOR 0x5354554E. */
#ifndef MSTUN_MESSAGE_FINGERPRINT_H
#define MSTUN_MESSAGE_FINGERPRINT_H

#include "attr/attr.h"
#include "base/registrar.h"

/* The first four as Wireshark numbers every checksum (PROTO_CHECKSUM_E_...), so that ported filters mean the same. */
typedef enum {
    MSTUN_FINGERPRINT_BAD = 0,
    MSTUN_FINGERPRINT_GOOD = 1,
    MSTUN_FINGERPRINT_UNVERIFIED = 2, /* the capture cut the message */
    MSTUN_FINGERPRINT_ABSENT = 3,
    MSTUN_FINGERPRINT_LEGACY = 5, /* good with the altered CRC table of [MS-ICE2] 3.1.4.8.2 */
} mstun_fingerprint_t;

/**
 * The verdict on a message's FINGERPRINT. tvb: the message from its header; facts: of the same message.
 * Costs a CRC over the message, so it is asked for only where it is shown.
 */
mstun_fingerprint_t mstun_fingerprint_verify(tvbuff_t *tvb, const mstun_facts_t *facts);

void mstun_fingerprint_register(const mstun_registrar_t *reg);

#endif
