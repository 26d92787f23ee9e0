/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * MESSAGE-INTEGRITY: what its HMAC is computed over in each dialect (RFC 8489 sections 14.5 and 14.6, RFC 3489 section
 * 11.2.8, [MS-TURN] 2.2.2, [MS-ICE2] 3.1.4.8). Pure functions on bytes. */
#ifndef MSTUN_AUTH_HMAC_H
#define MSTUN_AUTH_HMAC_H

#include "auth/key.h"

/** Input and hash of an HMAC. Zero padding is part of the HMAC input only. */
typedef enum {
    MSTUN_HMAC_VARIANT_NONE = 0,
    MSTUN_HMAC_RFC8489_SHA1,   /* Message Length as if the message ended after the attribute */
    MSTUN_HMAC_RFC8489_SHA256, /* the same */
    MSTUN_HMAC_RFC3489,        /* the same, then zeros to a multiple of 64 bytes; SHA-1. Also MS-TURN up to version 2 */
    MSTUN_HMAC_MS_TURN_SHA256, /* the same; SHA-256. MS-TURN from version 3 on */
    MSTUN_HMAC_MS_ICE2,        /* Message Length as on the wire, zeros; SHA-1. STUN-02 format */
    MSTUN_HMAC_WRONG_LENGTH,   /* see mstun_hmac_has_wrong_length() */
} mstun_hmac_variant_t;

/** Where the attribute with this HMAC begins, in bytes from the start of the message that facts are of. */
uint32_t mstun_hmac_attribute_offset(const mstun_facts_t *facts, const mstun_span_t *hmac);

/**
 * The variant in which the key gives this HMAC, the most likely ones tried first; NONE if it gives it in none.
 * hmac: facts->integrity or facts->integrity_sha256, with the whole message up to there in front of it in memory.
 */
mstun_hmac_variant_t mstun_hmac_find_variant(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                             const mstun_key_t *key);

/** True if the key gives this HMAC with a wrong Message Length: the one on the wire where a variant has another, or the
 * other way round. */
bool mstun_hmac_has_wrong_length(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_key_t *key);

/** What one key gives: NONE, or WRONG_LENGTH if that is asked for and so it is, else any of the right variants. */
mstun_hmac_variant_t mstun_hmac_find_variant_as(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                                const mstun_key_t *key, bool wrong_length);

#endif
