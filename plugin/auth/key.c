/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names, realms and passwords are used as the bytes that they are: without the OpaqueString profile (RFC 8265), which
 * does not change ASCII. */
#include "auth/key.h"

#include "auth/digest.h"

#define PASSWORD_ALGORITHM_SHA256 2

/* From what quotes and NULs are stripped before it is hashed for MS-TURN: implementations differ. */
typedef enum {
    STRIP_REALM, /* RFC 8489 section 14.9: the quotes are not part of the realm */
    STRIP_NOTHING,
    STRIP_ALL, /* libnice: from user name and password, too */
    QUOTE_HANDLINGS,
} quote_handling_t;

static mstun_span_t stripped(mstun_span_t span)
{
    return mstun_span_without_nuls(mstun_span_unquoted(span));
}

bool mstun_userhash(const mstun_span_t *username, const mstun_span_t *realm, uint8_t *hash)
{
    const mstun_span_t pieces[] = { *username, MSTUN_SPAN_OF_LITERAL(":"), mstun_span_unquoted(*realm) };

    return mstun_digest(GCRY_MD_SHA256, NULL, pieces, array_length(pieces), hash);
}

static void add_key(mstun_keys_t *keys, mstun_key_kind_t kind, const uint8_t *bytes, uint16_t len)
{
    for (unsigned i = 0; i < keys->count; i++) {
        if (keys->keys[i].len == len && memcmp(keys->keys[i].bytes, bytes, len) == 0) {
            return;
        }
    }
    if (keys->count < MSTUN_KEYS_MAX && len <= MSTUN_PASSWORD_MAX) {
        mstun_key_t *key = &keys->keys[keys->count++];

        key->kind = kind;
        key->len = len;
        memcpy(key->bytes, bytes, len);
    }
}

/* RFC 8489 sections 9.2.2 and 18.5: the hash of username ":" realm ":" password. */
static void add_long_term_key(mstun_keys_t *keys, mstun_key_kind_t kind, const mstun_span_t *username,
                              const mstun_span_t *realm, const mstun_span_t *password)
{
    const mstun_span_t pieces[] = { *username, MSTUN_SPAN_OF_LITERAL(":"), *realm, MSTUN_SPAN_OF_LITERAL(":"),
                                    *password };
    uint8_t hash[HASH_SHA2_256_LENGTH];
    bool md5 = kind == MSTUN_KEY_MD5;

    if (mstun_digest(md5 ? GCRY_MD_MD5 : GCRY_MD_SHA256, NULL, pieces, array_length(pieces), hash)) {
        add_key(keys, kind, hash, md5 ? HASH_MD5_LENGTH : HASH_SHA2_256_LENGTH);
    }
}

/* [MS-TURN] 3.2.4.1.1: the key derivation function of NIST SP 800-108 in counter mode, label "TURN", 256 bits, with
 * HMAC-SHA256(nonce, password) as its key. */
static void add_ms_turn_key(mstun_keys_t *keys, const mstun_identity_t *identity, const mstun_span_t *username,
                            const mstun_span_t *realm, const mstun_span_t *password)
{
    const mstun_span_t pieces[] = { MSTUN_SPAN_OF_LITERAL("\x01TURN\0"), *username, *realm,
                                    MSTUN_SPAN_OF_LITERAL("\0\0\x01\0") };
    uint8_t derivation_key[HASH_SHA2_256_LENGTH], key[HASH_SHA2_256_LENGTH];
    const mstun_span_t span = { .bytes = derivation_key, .len = sizeof derivation_key };

    if (mstun_digest(GCRY_MD_SHA256, &identity->nonce, password, 1, derivation_key) &&
        mstun_digest(GCRY_MD_SHA256, &span, pieces, array_length(pieces), key)) {
        add_key(keys, MSTUN_KEY_MS_TURN, key, sizeof key);
    }
}

static void add_long_term_keys(const mstun_identity_t *identity, const mstun_span_t *password, mstun_keys_t *keys)
{
    bool sha256_first = identity->password_algorithm == PASSWORD_ALGORITHM_SHA256;
    mstun_key_kind_t first = sha256_first ? MSTUN_KEY_SHA256 : MSTUN_KEY_MD5;
    mstun_key_kind_t second = sha256_first ? MSTUN_KEY_MD5 : MSTUN_KEY_SHA256;
    mstun_span_t unquoted = mstun_span_unquoted(identity->realm);

    add_long_term_key(keys, first, &identity->username, &unquoted, password);
    add_long_term_key(keys, second, &identity->username, &unquoted, password);
    add_long_term_key(keys, first, &identity->username, &identity->realm, password);
    add_long_term_key(keys, second, &identity->username, &identity->realm, password);
}

static void add_ms_turn_keys(const mstun_identity_t *identity, const mstun_span_t *password, mstun_keys_t *keys)
{
    for (quote_handling_t quotes = 0; quotes < QUOTE_HANDLINGS; quotes++) {
        mstun_span_t username = quotes == STRIP_ALL ? stripped(identity->username) : identity->username;
        mstun_span_t realm = quotes == STRIP_NOTHING ? identity->realm : stripped(identity->realm);
        mstun_span_t secret = quotes == STRIP_ALL ? stripped(*password) : *password;

        if (identity->scheme == MSTUN_SCHEME_MS_TURN_SHA256) {
            add_ms_turn_key(keys, identity, &username, &realm, &secret);
        }
        add_long_term_key(keys, MSTUN_KEY_MD5, &username, &realm, &secret);
    }
}

void mstun_keys_derive(const mstun_identity_t *identity, const mstun_span_t *passwords, unsigned password_count,
                       mstun_keys_t *keys)
{
    keys->count = 0;
    for (unsigned i = 0; i < password_count; i++) {
        switch (identity->scheme) {
        case MSTUN_SCHEME_SHORT_TERM:
            break;
        case MSTUN_SCHEME_LONG_TERM:
            add_long_term_keys(identity, &passwords[i], keys);
            break;
        case MSTUN_SCHEME_MS_TURN_SHA1:
        case MSTUN_SCHEME_MS_TURN_SHA256:
            add_ms_turn_keys(identity, &passwords[i], keys);
            break;
        }
    }
    /* The key of short-term credentials; with a realm, what the user calls a password may be the key of RFC 7635
     * section 4.1.1. */
    for (unsigned i = 0; i < password_count; i++) {
        add_key(keys, MSTUN_KEY_PASSWORD, passwords[i].bytes, passwords[i].len);
    }
}
