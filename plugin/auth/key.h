/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From a password to the keys that it can mean for MESSAGE-INTEGRITY: RFC 8489 sections 9.1.1, 9.2.2 and 18.5,
 * [MS-TURN] 3.2.4.1.1 and what its implementations do, [MS-ICE2] 3.1.4.8. Pure functions on bytes. */
#ifndef MSTUN_AUTH_KEY_H
#define MSTUN_AUTH_KEY_H

#include "attr/facts.h"

#define MSTUN_PASSWORD_MAX 256 /* bytes; RFC 8445 section 5.3 allows an ICE password no more */
#define MSTUN_KEYS_MAX 18      /* what one identity and two readings of a password can give */

/** How a message's key is made, as far as the message tells. */
typedef enum {
    MSTUN_SCHEME_SHORT_TERM, /* no realm: the password itself */
    MSTUN_SCHEME_LONG_TERM,
    MSTUN_SCHEME_MS_TURN_SHA1,
    MSTUN_SCHEME_MS_TURN_SHA256,
} mstun_scheme_t;

/** Who made a message, in its own words; spans are empty (bytes NULL) where it does not say. */
typedef struct {
    mstun_scheme_t scheme;
    uint16_t password_algorithm; /* as in mstun_facts_t */
    mstun_span_t username;
    mstun_span_t userhash;
    mstun_span_t realm;
    mstun_span_t nonce;
} mstun_identity_t;

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

bool mstun_span_equal(const mstun_span_t *a, const mstun_span_t *b);

/** Without the quotes that some put around a realm and count to it. */
mstun_span_t mstun_span_unquoted(mstun_span_t span);

/** Without NULs at the end. */
mstun_span_t mstun_span_without_fill(mstun_span_t span);

/** Whether it says who: by USERNAME or USERHASH. */
bool mstun_identity_named(const mstun_identity_t *identity);

bool mstun_identity_equal(const mstun_identity_t *a, const mstun_identity_t *b);

/** A copy with bytes of its own, in one block of scope's memory. */
mstun_identity_t *mstun_identity_copy(wmem_allocator_t *scope, const mstun_identity_t *identity);

/** RFC 8489 section 14.4: what stands for a user's name and realm in a USERHASH. False as mstun_digest(). */
bool mstun_userhash(const mstun_span_t *username, const mstun_span_t *realm, uint8_t *hash);

/**
 * All keys that fit the identity, the likeliest first, none twice. identity->username must be there for all schemes but
 * the short-term one. passwords: readings of one password (as it is; base64 undone), each of MSTUN_PASSWORD_MAX bytes
 * at most.
 */
void mstun_keys_make(const mstun_identity_t *identity, const mstun_span_t *passwords, unsigned password_count,
                     mstun_keys_t *keys);

#endif
