/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * MESSAGE-INTEGRITY: which bytes an HMAC covers in each dialect (RFC 8489 sections 14.5 and 14.6, RFC 3489 section
 * 11.2.8, [MS-TURN] 2.2.2, [MS-ICE2] 3.1.4.8). Pure functions on bytes. */
#ifndef MSTUN_AUTH_HMAC_H
#define MSTUN_AUTH_HMAC_H

#include "auth/key.h"

/** As Wireshark numbers every checksum (PROTO_CHECKSUM_E_...). */
typedef enum {
    MSTUN_INTEGRITY_BAD = 0,
    MSTUN_INTEGRITY_GOOD = 1,
    MSTUN_INTEGRITY_UNVERIFIED = 2,
    MSTUN_INTEGRITY_ABSENT = 3,
} mstun_integrity_status_t;

/** How the text is made that an HMAC is over. The zeros are not sent. */
typedef enum {
    MSTUN_INTEGRITY_VARIANT_NONE = 0,
    MSTUN_INTEGRITY_RFC8489_SHA1,   /* Message Length as if the message ended here */
    MSTUN_INTEGRITY_RFC8489_SHA256, /* the same */
    MSTUN_INTEGRITY_RFC3489,        /* the same, then zeros to a multiple of 64; SHA-1. MS-TURN up to version 2 too */
    MSTUN_INTEGRITY_MS_TURN_SHA256, /* the same; SHA-256. MS-TURN from version 3 on */
    MSTUN_INTEGRITY_MS_ICE2,        /* Message Length as on the wire, zeros; SHA-1. STUN-02 format */
} mstun_integrity_variant_t;

/** Where the attribute begins whose value is hmac, from the start of the message; facts: of that message. */
uint32_t mstun_integrity_offset(const mstun_facts_t *facts, const mstun_span_t *hmac);

/**
 * The mode in which the key gives this HMAC; NONE if it does in none.
 * hmac: facts->integrity or facts->integrity_sha256; all bytes in front of it are there, else it were not in facts.
 */
mstun_integrity_variant_t mstun_integrity_variant_of(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                                     const mstun_key_t *key);

#endif
