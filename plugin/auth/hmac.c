/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/hmac.h"

#include "auth/digest.h"
#include "wire/tlv.h"

#define MESSAGE_INTEGRITY_SHA256 0x001C
#define BLOCK_LEN 64 /* of SHA-1 and SHA-256 */

typedef struct {
    mstun_hmac_variant_t id;
    bool sha256;
    bool wire_length; /* else Message Length as if the message ended after the attribute */
    bool padded;      /* with zeros to BLOCK_LEN */
} variant_t;

typedef struct {
    const variant_t *variants; /* the most likely one first */
    size_t count;
} variants_t;

static const variant_t sha1_variants[] = {
    { MSTUN_HMAC_RFC8489_SHA1, false, false, false },
    { MSTUN_HMAC_MS_ICE2, false, true, true },
    { MSTUN_HMAC_RFC3489, false, false, true },
};
static const variant_t old_sha1_variants[] = {
    { MSTUN_HMAC_RFC3489, false, false, true },
    { MSTUN_HMAC_RFC8489_SHA1, false, false, false },
    { MSTUN_HMAC_MS_ICE2, false, true, true },
};
static const variant_t sha256_variants[] = { { MSTUN_HMAC_RFC8489_SHA256, true, false, false } };
static const variant_t ms_sha256_variants[] = {
    { MSTUN_HMAC_MS_TURN_SHA256, true, false, true },
    { MSTUN_HMAC_RFC8489_SHA256, true, false, false },
};

uint32_t mstun_hmac_attribute_offset(const mstun_facts_t *facts, const mstun_span_t *hmac)
{
    const uint8_t *message = facts->id - STUN_ID_OFFSET;

    return (uint32_t)(hmac->bytes - message) - STUN_TLV_HEADER_LEN;
}

static variants_t possible_variants(const mstun_facts_t *facts, const mstun_span_t *hmac)
{
    if (pntohu16(hmac->bytes - STUN_TLV_HEADER_LEN) == MESSAGE_INTEGRITY_SHA256) {
        return (variants_t){ sha256_variants, array_length(sha256_variants) };
    }
    if (hmac->len == HASH_SHA2_256_LENGTH) {
        return (variants_t){ ms_sha256_variants, array_length(ms_sha256_variants) };
    }
    if (hmac->len != HASH_SHA1_LENGTH) { /* no known hash */
        return (variants_t){ NULL, 0 };
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN || facts->dialect == MSTUN_DIALECT_RFC3489) {
        return (variants_t){ old_sha1_variants, array_length(old_sha1_variants) };
    }
    return (variants_t){ sha1_variants, array_length(sha1_variants) };
}

/* The input is the message up to the attribute, with its Message Length replaced, and zeros. RFC 8489 section 14.6: a
 * SHA-256 may be truncated, so only the bytes that were sent are compared. */
static bool gives_hmac(const mstun_key_t *key, const variant_t *variant, const mstun_facts_t *facts,
                       const mstun_span_t *hmac)
{
    static const uint8_t zeros[BLOCK_LEN] = { 0 };
    uint32_t offset = mstun_hmac_attribute_offset(facts, hmac);
    uint32_t length = variant->wire_length ? facts->length : offset + STUN_TLV_HEADER_LEN + hmac->len - STUN_HEADER_LEN;
    const uint8_t length_field[] = { (uint8_t)(length >> 8), (uint8_t)length };
    const mstun_span_t input[] = {
        { .bytes = facts->id - STUN_ID_OFFSET, .len = 2 },
        { .bytes = length_field, .len = sizeof length_field },
        { .bytes = facts->id, .len = (uint16_t)(offset - STUN_ID_OFFSET) },
        { .bytes = zeros, .len = variant->padded ? (uint16_t)((BLOCK_LEN - offset % BLOCK_LEN) % BLOCK_LEN) : 0 },
    };
    const mstun_span_t secret = { .bytes = key->bytes, .len = key->len };
    uint8_t digest[HASH_SHA2_256_LENGTH];

    return mstun_digest(variant->sha256 ? GCRY_MD_SHA256 : GCRY_MD_SHA1, &secret, input, array_length(input), digest) &&
           memcmp(digest, hmac->bytes, hmac->len) == 0;
}

mstun_hmac_variant_t mstun_hmac_find_variant(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                             const mstun_key_t *key)
{
    variants_t possible = possible_variants(facts, hmac);

    for (size_t i = 0; i < possible.count; i++) {
        if (gives_hmac(key, &possible.variants[i], facts, hmac)) {
            return possible.variants[i].id;
        }
    }
    return MSTUN_HMAC_VARIANT_NONE;
}

bool mstun_hmac_has_wrong_length(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_key_t *key)
{
    variants_t possible = possible_variants(facts, hmac);

    for (size_t i = 0; i < possible.count; i++) {
        variant_t variant = possible.variants[i];

        variant.wire_length = !variant.wire_length;
        if (gives_hmac(key, &variant, facts, hmac)) {
            return true;
        }
    }
    return false;
}

mstun_hmac_variant_t mstun_hmac_find_variant_as(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                                const mstun_key_t *key, bool wrong_length)
{
    if (!wrong_length) {
        return mstun_hmac_find_variant(facts, hmac, key);
    }
    return mstun_hmac_has_wrong_length(facts, hmac, key) ? MSTUN_HMAC_WRONG_LENGTH : MSTUN_HMAC_VARIANT_NONE;
}
