/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * auth/: keys and HMACs against published vectors (RFC 5769, RFC 8489 appendix B), those of open-source MS-TURN
 * software, and against GLib's HMAC, which has nothing in common with libgcrypt's. */
#include "unit.h"

#include "auth/digest.h"
#include "auth/hmac.h"
#include "message/message.h"
#include "wire/header.h"

#define MATRIX "\xE3\x83\x9E\xE3\x83\x88\xE3\x83\xAA\xE3\x83\x83\xE3\x82\xAF\xE3\x82\xB9" /* RFC 5769 section 2.4 */
#define MS_PASSWORD "c352d5ba2787a9b134b3b64cbc7d982406a01ef0"
#define MS_NONCE "024ecbf8827a60d65306debfa77d87d14402dd5d"
#define MS_ICE_PASSWORD "'aB3dEfGhIjKlMnOpQrStUv'"

typedef struct {
    const char *vector;
    unsigned number;      /* of the packet in it */
    uint32_t framing_len; /* bytes in front of the message */
    mstun_scheme_t scheme;
    const char *username, *realm, *nonce; /* unit_hex(); NULL: as the message has it */
    const char *password;
    mstun_hmac_variant_t variant;
    mstun_key_kind_t kind;
    const char *key; /* as published; NULL: the password */
} row_t;

static const row_t rows[] = {
    { "rfc5769-request", 0, 0, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, "'VOkJxbRl1RmTxUk/WvJxBt'",
      MSTUN_HMAC_RFC8489_SHA1, MSTUN_KEY_PASSWORD, NULL },
    { "rfc5769-ipv4-response", 0, 0, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, "'VOkJxbRl1RmTxUk/WvJxBt'",
      MSTUN_HMAC_RFC8489_SHA1, MSTUN_KEY_PASSWORD, NULL },
    { "rfc5769-ipv6-response", 0, 0, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, "'VOkJxbRl1RmTxUk/WvJxBt'",
      MSTUN_HMAC_RFC8489_SHA1, MSTUN_KEY_PASSWORD, NULL },
    { "rfc5769-long-term-request", 0, 0, MSTUN_SCHEME_LONG_TERM, NULL, NULL, NULL, "'TheMatrIX'",
      MSTUN_HMAC_RFC8489_SHA1, MSTUN_KEY_MD5, "e8ca7ad59d5eb0518e312911d2dab2a9" },
    { "rfc8489-sha256-request", 0, 0, MSTUN_SCHEME_LONG_TERM, "'" MATRIX "'", NULL, NULL, "'TheMatrIX'",
      MSTUN_HMAC_RFC8489_SHA256, MSTUN_KEY_SHA256, "dd295a613b9058c3c23d6dc7165bda072304d989c9d0af3a8c7e184b4f9bb4a1" },
    { "ms-turn-sha1", 0, 0, MSTUN_SCHEME_MS_TURN_SHA1, "'user'", "'realm'", NULL, "'pass'", MSTUN_HMAC_RFC3489,
      MSTUN_KEY_MD5, "8493fbc53ba582fb4c044c456bdc40eb" },
    { "ms-turn-sha256", 0, 0, MSTUN_SCHEME_MS_TURN_SHA256, "'user'", "'realm'", "'nonce'", "'pass'",
      MSTUN_HMAC_MS_TURN_SHA256, MSTUN_KEY_MS_TURN,
      "5e972cd57d52b57654d0fa6f6b297f2f073af0f8db0d2be1bc1f1b6deefc5b44" },
    /* an Allocate that has all, a Send and a Set Active Destination that have no realm and no nonce */
    { "ms-turn", 2, 0, MSTUN_SCHEME_MS_TURN_SHA256, NULL, NULL, NULL, MS_PASSWORD, MSTUN_HMAC_MS_TURN_SHA256,
      MSTUN_KEY_MS_TURN, NULL },
    { "ms-turn", 4, 0, MSTUN_SCHEME_MS_TURN_SHA256, NULL, "'\"rtcmedia\"'", MS_NONCE, MS_PASSWORD,
      MSTUN_HMAC_MS_TURN_SHA256, MSTUN_KEY_MS_TURN, NULL },
    { "ms-turn", 6, 0, MSTUN_SCHEME_MS_TURN_SHA256, NULL, "'\"rtcmedia\"'", MS_NONCE, MS_PASSWORD,
      MSTUN_HMAC_MS_TURN_SHA256, MSTUN_KEY_MS_TURN, NULL },
    /* the two formats of one MS-ICE2 check, and its response */
    { "ms-ice2-check", 0, 2, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, MS_ICE_PASSWORD, MSTUN_HMAC_RFC8489_SHA1,
      MSTUN_KEY_PASSWORD, NULL },
    { "ms-ice2-check", 1, 2, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, MS_ICE_PASSWORD, MSTUN_HMAC_MS_ICE2,
      MSTUN_KEY_PASSWORD, NULL },
    { "ms-ice2-check", 2, 2, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, MS_ICE_PASSWORD, MSTUN_HMAC_RFC8489_SHA1,
      MSTUN_KEY_PASSWORD, NULL },
    { "legacy-fingerprint", 0, 0, MSTUN_SCHEME_SHORT_TERM, NULL, NULL, NULL, MS_ICE_PASSWORD, MSTUN_HMAC_MS_ICE2,
      MSTUN_KEY_PASSWORD, NULL },
};

static mstun_span_t span_of(const unit_bytes_t *bytes)
{
    return (mstun_span_t){ .bytes = bytes->bytes, .len = (uint16_t)bytes->len };
}

/* The message's own words, or the row's in *replaced. */
static mstun_span_t words(const char *of_row, unit_bytes_t *replaced, mstun_span_t of_message)
{
    if (!of_row) {
        return of_message;
    }
    *replaced = unit_hex(of_row);
    return span_of(replaced);
}

static mstun_hmac_variant_t try_keys(const mstun_facts_t *facts, const mstun_keys_t *keys, const mstun_key_t **key)
{
    const mstun_span_t *hmac = facts->integrity.bytes ? &facts->integrity : &facts->integrity_sha256;

    for (unsigned i = 0; i < keys->count; i++) {
        mstun_hmac_variant_t variant = mstun_hmac_find_variant(facts, hmac, &keys->keys[i]);

        if (variant != MSTUN_HMAC_VARIANT_NONE) {
            *key = &keys->keys[i];
            return variant;
        }
    }
    return MSTUN_HMAC_VARIANT_NONE;
}

static void parse(const uint8_t *message, uint32_t len, mstun_facts_t *facts)
{
    tvbuff_t *tvb = tvb_new_real_data(message, len, (int)len);

    g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, facts));
    tvb_free(tvb);
}

static void check_row(const row_t *row)
{
    unit_bytes_t vector = unit_vector(row->vector, row->number), username, realm, nonce;
    unit_bytes_t password = unit_hex(row->password), published = row->key ? unit_hex(row->key) : password;
    uint8_t *message = vector.bytes + row->framing_len;
    mstun_span_t secret = span_of(&password);
    const mstun_key_t *key = NULL;
    static mstun_keys_t keys;
    mstun_facts_t facts;

    parse(message, vector.len - row->framing_len, &facts);
    const mstun_identity_t identity = { .scheme = row->scheme,
                                        .password_algorithm = facts.password_algorithm,
                                        .username = words(row->username, &username, facts.username),
                                        .realm = words(row->realm, &realm, facts.realm),
                                        .nonce = words(row->nonce, &nonce, facts.nonce) };

    mstun_keys_derive(&identity, &secret, 1, &keys);
    g_assert_cmpint(try_keys(&facts, &keys, &key), ==, row->variant);
    g_assert_cmpint(key->kind, ==, row->kind);
    if (row->key || row->kind == MSTUN_KEY_PASSWORD) {
        g_assert_cmpmem(key->bytes, key->len, published.bytes, (int)published.len);
    }
    message[STUN_ID_OFFSET + 5] ^= 1;
    g_assert_cmpint(try_keys(&facts, &keys, &key), ==, MSTUN_HMAC_VARIANT_NONE);
    message[STUN_ID_OFFSET + 5] ^= 1;
    password.bytes[0] ^= 1;
    mstun_keys_derive(&identity, &secret, 1, &keys);
    g_assert_cmpint(try_keys(&facts, &keys, &key), ==, MSTUN_HMAC_VARIANT_NONE);
}

static void test_vectors(void)
{
    for (unsigned i = 0; i < array_length(rows); i++) {
        g_test_message("%s, packet %u", rows[i].vector, rows[i].number);
        check_row(&rows[i]);
    }
}

/* RFC 8489 appendix B.1: the hash of the name and realm of RFC 5769 section 2.4. */
static void test_userhash(void)
{
    unit_bytes_t vector = unit_vector("rfc8489-sha256-request", 0);
    const mstun_span_t username = MSTUN_SPAN_OF_LITERAL(MATRIX), realm = MSTUN_SPAN_OF_LITERAL("example.org");
    const mstun_span_t quoted = MSTUN_SPAN_OF_LITERAL("\"example.org\"");
    uint8_t hash[HASH_SHA2_256_LENGTH];
    mstun_facts_t facts;

    parse(vector.bytes, vector.len, &facts);
    g_assert_true(mstun_userhash(&username, &realm, hash));
    g_assert_cmpmem(hash, sizeof hash, facts.userhash.bytes, facts.userhash.len);
    g_assert_true(mstun_userhash(&username, &quoted, hash));
    g_assert_cmpmem(hash, sizeof hash, facts.userhash.bytes, facts.userhash.len);
}

/* How a message of each variant is made. */
typedef struct {
    mstun_hmac_variant_t variant;
    bool ms_turn;
    uint16_t attribute;
    uint16_t hmac_len;
    bool wire_length, padded;
    GChecksumType hash;
} made_t;

static const made_t made[] = {
    { MSTUN_HMAC_RFC8489_SHA1, false, 0x0008, 20, false, false, G_CHECKSUM_SHA1 },
    { MSTUN_HMAC_RFC8489_SHA256, false, 0x001C, 32, false, false, G_CHECKSUM_SHA256 },
    { MSTUN_HMAC_RFC8489_SHA256, false, 0x001C, 16, false, false, G_CHECKSUM_SHA256 }, /* truncated */
    { MSTUN_HMAC_RFC3489, true, 0x0008, 20, false, true, G_CHECKSUM_SHA1 },
    { MSTUN_HMAC_MS_TURN_SHA256, true, 0x0008, 32, false, true, G_CHECKSUM_SHA256 },
    { MSTUN_HMAC_MS_ICE2, false, 0x0008, 20, true, true, G_CHECKSUM_SHA1 },
};

static void put16(unit_bytes_t *message, uint32_t at, uint32_t value)
{
    message->bytes[at] = (uint8_t)(value >> 8);
    message->bytes[at + 1] = (uint8_t)value;
}

/* A message with a user name of name_len bytes, MESSAGE-INTEGRITY, and FINGERPRINT unless it is MS-TURN's. */
static unit_bytes_t make_message(const made_t *how, uint32_t name_len, const char *key)
{
    unit_bytes_t message = unit_hex(how->ms_turn ? "0003 0000 00010203 0405060708090A0B0C0D0E0F 000F0004 72C64BC6"
                                                 : "0001 0000 2112A442 000102030405060708090A0B");
    static const uint8_t zeros[64] = { 0 };
    uint32_t name = message.len, integrity = name + 4 + name_len, end = integrity + 4 + how->hmac_len;
    GHmac *hmac = g_hmac_new(how->hash, (const guchar *)key, strlen(key));
    uint8_t digest[HASH_SHA2_256_LENGTH];
    gsize digest_len = sizeof digest;

    put16(&message, name, 0x0006);
    put16(&message, name + 2, name_len);
    memset(message.bytes + name + 4, 'n', name_len);
    put16(&message, integrity, how->attribute);
    put16(&message, integrity + 2, how->hmac_len);
    put16(&message, end, 0x8028);
    put16(&message, end + 2, 4);
    message.len = end + (how->ms_turn ? 0 : 8);
    put16(&message, 2, (how->wire_length ? message.len : end) - STUN_HEADER_LEN);
    g_hmac_update(hmac, message.bytes, integrity);
    if (how->padded) {
        g_hmac_update(hmac, zeros, (64 - integrity % 64) % 64);
    }
    g_hmac_get_digest(hmac, digest, &digest_len);
    memcpy(message.bytes + integrity + 4, digest, how->hmac_len);
    put16(&message, 2, message.len - STUN_HEADER_LEN);
    g_hmac_unref(hmac);
    return message;
}

/* Names of all lengths, so that the attribute comes to lie on and beside each multiple of 64. */
static void test_variants(void)
{
    mstun_key_t key = { .kind = MSTUN_KEY_PASSWORD, .len = 6, .bytes = "secret" };

    for (unsigned i = 0; i < array_length(made); i++) {
        g_test_message("variant %u, HMAC of %u bytes", made[i].variant, made[i].hmac_len);
        for (uint32_t name_len = 0; name_len <= 136; name_len += 4) {
            unit_bytes_t message = make_message(&made[i], name_len, "secret");
            mstun_facts_t facts;

            parse(message.bytes, message.len, &facts);
            const mstun_span_t *hmac = facts.integrity.bytes ? &facts.integrity : &facts.integrity_sha256;

            g_assert_cmpuint(hmac->len, ==, made[i].hmac_len);
            g_assert_cmpint(mstun_hmac_find_variant(&facts, hmac, &key), ==, made[i].variant);
            message.bytes[mstun_hmac_attribute_offset(&facts, hmac) + 4] ^= 1;
            g_assert_cmpint(mstun_hmac_find_variant(&facts, hmac, &key), ==, MSTUN_HMAC_VARIANT_NONE);
        }
    }
}

/* RFC 8489 section 14.9: quotes do not belong to a realm, but some put them there and hash them. */
static void test_quotes(void)
{
    const mstun_span_t bare = MSTUN_SPAN_OF_LITERAL("realm"), quoted = MSTUN_SPAN_OF_LITERAL("\"realm\"");
    const mstun_span_t only = MSTUN_SPAN_OF_LITERAL("\"\"\""), filled = MSTUN_SPAN_OF_LITERAL("ab\0\0");
    const mstun_span_t nothing = { 0 };
    mstun_span_t result = mstun_span_unquoted(quoted);

    g_assert_true(mstun_span_equal(&result, &bare));
    result = mstun_span_unquoted(bare);
    g_assert_true(mstun_span_equal(&result, &bare));
    g_assert_cmpuint(mstun_span_unquoted(only).len, ==, 0);
    g_assert_cmpuint(mstun_span_unquoted(nothing).len, ==, 0);
    g_assert_cmpuint(mstun_span_without_nuls(filled).len, ==, 2);
    g_assert_false(mstun_span_equal(&quoted, &bare));
}

static void test_keys(void)
{
    const mstun_span_t user = MSTUN_SPAN_OF_LITERAL("user"), realm = MSTUN_SPAN_OF_LITERAL("\"realm\"");
    const mstun_span_t nonce = MSTUN_SPAN_OF_LITERAL("nonce");
    uint8_t longest[MSTUN_PASSWORD_MAX];
    const mstun_span_t passwords[] = { MSTUN_SPAN_OF_LITERAL("one"), { .bytes = longest, .len = sizeof longest } };
    static mstun_keys_t keys;

    memset(longest, 'x', sizeof longest);
    for (mstun_scheme_t scheme = MSTUN_SCHEME_SHORT_TERM; scheme <= MSTUN_SCHEME_MS_TURN_SHA256; scheme++) {
        const mstun_identity_t identity = { .scheme = scheme, .username = user, .realm = realm, .nonce = nonce };

        mstun_keys_derive(&identity, passwords, array_length(passwords), &keys);
        g_assert_cmpuint(keys.count, >=, 2);
        g_assert_cmpuint(keys.count, <=, MSTUN_KEYS_MAX);
        for (unsigned i = 0; i < keys.count; i++) {
            for (unsigned j = i + 1; j < keys.count; j++) {
                g_assert_false(keys.keys[i].len == keys.keys[j].len &&
                               memcmp(keys.keys[i].bytes, keys.keys[j].bytes, keys.keys[i].len) == 0);
            }
        }
    }
}

static void test_identity(void)
{
    const mstun_identity_t identity = { .scheme = MSTUN_SCHEME_LONG_TERM,
                                        .username = MSTUN_SPAN_OF_LITERAL("user"),
                                        .realm = MSTUN_SPAN_OF_LITERAL("realm") };
    mstun_identity_t other = identity, nobody = { 0 };
    const mstun_identity_t *copy = mstun_identity_copy(wmem_file_scope(), &identity);

    g_assert_true(mstun_identity_equal(&identity, copy));
    g_assert_true(copy->username.bytes != identity.username.bytes && copy->nonce.bytes == NULL);
    other.nonce = identity.realm;
    g_assert_false(mstun_identity_equal(&identity, &other));
    g_assert_true(mstun_identity_has_name(&identity));
    g_assert_false(mstun_identity_has_name(&nobody));
}

void unit_add_auth(void)
{
    g_test_add_func("/auth/vectors", test_vectors);
    g_test_add_func("/auth/userhash", test_userhash);
    g_test_add_func("/auth/variants", test_variants);
    g_test_add_func("/auth/quotes", test_quotes);
    g_test_add_func("/auth/keys", test_keys);
    g_test_add_func("/auth/identity", test_identity);
}
