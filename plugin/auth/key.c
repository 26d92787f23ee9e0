/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names, realms and passwords are taken as bytes: OpaqueString (RFC 8265) is not applied, and leaves ASCII as it is. */
#include "auth/key.h"

#include "auth/digest.h"

#define PASSWORD_ALGORITHM_SHA256 2

/* What libnice strips before it hashes for MS-TURN, and other clients and servers do not. */
typedef enum {
    STRIP_REALM, /* its quotes, which RFC 8489 section 14.9 does not count to it either */
    STRIP_NOTHING,
    STRIP_ALL,
    STRIP_COUNT,
} strip_t;

bool mstun_span_equal(const mstun_span_t *a, const mstun_span_t *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

mstun_span_t mstun_span_unquoted(mstun_span_t span)
{
    while (span.len > 0 && span.bytes[0] == '"') {
        span.bytes++;
        span.len--;
    }
    while (span.len > 0 && span.bytes[span.len - 1] == '"') {
        span.len--;
    }
    return span;
}

mstun_span_t mstun_span_without_fill(mstun_span_t span)
{
    while (span.len > 0 && span.bytes[span.len - 1] == 0) {
        span.len--;
    }
    return span;
}

static mstun_span_t stripped(mstun_span_t span)
{
    return mstun_span_without_fill(mstun_span_unquoted(span));
}

bool mstun_identity_named(const mstun_identity_t *identity)
{
    return identity->username.bytes || identity->userhash.bytes;
}

bool mstun_identity_equal(const mstun_identity_t *a, const mstun_identity_t *b)
{
    return a->scheme == b->scheme && a->password_algorithm == b->password_algorithm &&
           mstun_span_equal(&a->username, &b->username) && mstun_span_equal(&a->userhash, &b->userhash) &&
           mstun_span_equal(&a->realm, &b->realm) && mstun_span_equal(&a->nonce, &b->nonce);
}

static mstun_span_t copy_span(uint8_t **room, mstun_span_t span)
{
    mstun_span_t copy = { .bytes = span.bytes ? *room : NULL, .len = span.len };

    if (span.bytes) {
        memcpy(*room, span.bytes, span.len);
        *room += span.len;
    }
    return copy;
}

mstun_identity_t *mstun_identity_copy(wmem_allocator_t *scope, const mstun_identity_t *identity)
{
    size_t bytes = (size_t)identity->username.len + identity->userhash.len + identity->realm.len + identity->nonce.len;
    mstun_identity_t *copy = (mstun_identity_t *)wmem_alloc(scope, sizeof *copy + bytes);
    uint8_t *room = (uint8_t *)(copy + 1);

    *copy = *identity;
    copy->username = copy_span(&room, identity->username);
    copy->userhash = copy_span(&room, identity->userhash);
    copy->realm = copy_span(&room, identity->realm);
    copy->nonce = copy_span(&room, identity->nonce);
    return copy;
}

bool mstun_userhash(const mstun_span_t *username, const mstun_span_t *realm, uint8_t *hash)
{
    const mstun_span_t pieces[] = { *username, MSTUN_TEXT(":"), mstun_span_unquoted(*realm) };

    return mstun_digest(GCRY_MD_SHA256, NULL, pieces, array_length(pieces), hash);
}

static void add(mstun_keys_t *keys, mstun_key_kind_t kind, const uint8_t *bytes, uint16_t len)
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
static void add_long_term(mstun_keys_t *keys, mstun_key_kind_t kind, const mstun_span_t *username,
                          const mstun_span_t *realm, const mstun_span_t *password)
{
    const mstun_span_t pieces[] = { *username, MSTUN_TEXT(":"), *realm, MSTUN_TEXT(":"), *password };
    uint8_t hash[HASH_SHA2_256_LENGTH];
    bool md5 = kind == MSTUN_KEY_MD5;

    if (mstun_digest(md5 ? GCRY_MD_MD5 : GCRY_MD_SHA256, NULL, pieces, array_length(pieces), hash)) {
        add(keys, kind, hash, md5 ? HASH_MD5_LENGTH : HASH_SHA2_256_LENGTH);
    }
}

/* [MS-TURN] 3.2.4.1.1: the key-derivation function of NIST SP 800-108 in counter mode, label "TURN", 256 bits, under
 * HMAC-SHA256(nonce, password). */
static void add_ms_turn(mstun_keys_t *keys, const mstun_identity_t *identity, const mstun_span_t *username,
                        const mstun_span_t *realm, const mstun_span_t *password)
{
    const mstun_span_t pieces[] = { MSTUN_TEXT("\x01TURN\0"), *username, *realm, MSTUN_TEXT("\0\0\x01\0") };
    uint8_t hash[HASH_SHA2_256_LENGTH], key[HASH_SHA2_256_LENGTH];
    const mstun_span_t under = { .bytes = hash, .len = sizeof hash };

    if (mstun_digest(GCRY_MD_SHA256, &identity->nonce, password, 1, hash) &&
        mstun_digest(GCRY_MD_SHA256, &under, pieces, array_length(pieces), key)) {
        add(keys, MSTUN_KEY_MS_TURN, key, sizeof key);
    }
}

static void make_long_term(const mstun_identity_t *identity, const mstun_span_t *password, mstun_keys_t *keys)
{
    bool sha256_first = identity->password_algorithm == PASSWORD_ALGORITHM_SHA256;
    mstun_key_kind_t first = sha256_first ? MSTUN_KEY_SHA256 : MSTUN_KEY_MD5;
    mstun_key_kind_t second = sha256_first ? MSTUN_KEY_MD5 : MSTUN_KEY_SHA256;
    mstun_span_t unquoted = mstun_span_unquoted(identity->realm);

    add_long_term(keys, first, &identity->username, &unquoted, password);
    add_long_term(keys, second, &identity->username, &unquoted, password);
    add_long_term(keys, first, &identity->username, &identity->realm, password);
    add_long_term(keys, second, &identity->username, &identity->realm, password);
}

static void make_ms_turn(const mstun_identity_t *identity, const mstun_span_t *password, mstun_keys_t *keys)
{
    for (strip_t strip = 0; strip < STRIP_COUNT; strip++) {
        mstun_span_t username = strip == STRIP_ALL ? stripped(identity->username) : identity->username;
        mstun_span_t realm = strip == STRIP_NOTHING ? identity->realm : stripped(identity->realm);
        mstun_span_t secret = strip == STRIP_ALL ? stripped(*password) : *password;

        if (identity->scheme == MSTUN_SCHEME_MS_TURN_SHA256) {
            add_ms_turn(keys, identity, &username, &realm, &secret);
        }
        add_long_term(keys, MSTUN_KEY_MD5, &username, &realm, &secret);
    }
}

void mstun_keys_make(const mstun_identity_t *identity, const mstun_span_t *passwords, unsigned password_count,
                     mstun_keys_t *keys)
{
    keys->count = 0;
    for (unsigned i = 0; i < password_count; i++) {
        switch (identity->scheme) {
        case MSTUN_SCHEME_SHORT_TERM:
            break;
        case MSTUN_SCHEME_LONG_TERM:
            make_long_term(identity, &passwords[i], keys);
            break;
        case MSTUN_SCHEME_MS_TURN_SHA1:
        case MSTUN_SCHEME_MS_TURN_SHA256:
            make_ms_turn(identity, &passwords[i], keys);
            break;
        }
    }
    /* The key itself where there is no realm; with one, RFC 7635 section 4.1.1 has no password but a key. */
    for (unsigned i = 0; i < password_count; i++) {
        add(keys, MSTUN_KEY_PASSWORD, passwords[i].bytes, passwords[i].len);
    }
}
