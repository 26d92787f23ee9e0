/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From a password to the MESSAGE-INTEGRITY keys that it may give: RFC 8489 sections 9.1.1, 9.2.2 and 18.5, [MS-TURN]
 * 3.2.4.1.1 and how it is implemented, [MS-ICE2] 3.1.4.8. Pure functions on bytes. */
#ifndef MSTUN_AUTH_KEY_H
#define MSTUN_AUTH_KEY_H

#include "auth/identity.h"

#define MSTUN_PASSWORD_MAX 256 /* bytes; an ICE password has no more (RFC 8445 section 5.3) */
#define MSTUN_KEYS_MAX 18      /* what one identity and two decodings of a password can give */

typedef enum {
    MSTUN_KEY_PASSWORD = 1,
    MSTUN_KEY_MD5,
    MSTUN_KEY_SHA256,
    MSTUN_KEY_MS_TURN,
} mstun_key_kind_t;

typedef struct {
    mstun_key_kind_t kind;
    uint16_t len;
    uint8_t bytes[MSTUN_PASSWORD_MAX];
} mstun_key_t;

typedef struct {
    unsigned count;
    mstun_key_t keys[MSTUN_KEYS_MAX];
} mstun_keys_t;

/** The hash of a user's name and realm in USERHASH (RFC 8489 section 14.4), of HASH_SHA2_256_LENGTH bytes. False as
 * mstun_digest(). */
bool mstun_userhash(const mstun_span_t *username, const mstun_span_t *realm, uint8_t *hash);

/**
 * All keys that the identity's messages may have, the most likely one first, without duplicates. All schemes but the
 * short-term one need identity->username. passwords: decodings of one password (as it is; from base64), each of at most
 * MSTUN_PASSWORD_MAX bytes.
 */
void mstun_keys_derive(const mstun_identity_t *identity, const mstun_span_t *passwords, unsigned password_count,
                       mstun_keys_t *keys);

#endif
