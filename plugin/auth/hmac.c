/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/hmac.h"

#include "auth/digest.h"
#include "wire/tlv.h"

#define MESSAGE_INTEGRITY_SHA256 0x001C
#define FILL 64 /* the block of SHA-1 and SHA-256 */

typedef struct {
    mstun_integrity_variant_t mode;
    bool wire_length;
    bool filled;
} form_t;

typedef struct {
    const form_t *forms; /* the likeliest first */
    size_t count;
} forms_t;

static const form_t sha1_forms[] = {
    { MSTUN_INTEGRITY_RFC8489_SHA1, false, false },
    { MSTUN_INTEGRITY_MS_ICE2, true, true },
    { MSTUN_INTEGRITY_RFC3489, false, true },
};
static const form_t old_sha1_forms[] = {
    { MSTUN_INTEGRITY_RFC3489, false, true },
    { MSTUN_INTEGRITY_RFC8489_SHA1, false, false },
    { MSTUN_INTEGRITY_MS_ICE2, true, true },
};
static const form_t sha256_forms[] = { { MSTUN_INTEGRITY_RFC8489_SHA256, false, false } };
static const form_t ms_sha256_forms[] = {
    { MSTUN_INTEGRITY_MS_TURN_SHA256, false, true },
    { MSTUN_INTEGRITY_RFC8489_SHA256, false, false },
};

uint32_t mstun_integrity_offset(const mstun_facts_t *facts, const mstun_span_t *hmac)
{
    return (uint32_t)(hmac->bytes - (facts->id - STUN_ID_OFFSET)) - STUN_TLV_HEADER_LEN;
}

static forms_t forms_of(const mstun_facts_t *facts, const mstun_span_t *hmac)
{
    if (pntohu16(hmac->bytes - STUN_TLV_HEADER_LEN) == MESSAGE_INTEGRITY_SHA256) {
        return (forms_t){ sha256_forms, array_length(sha256_forms) };
    }
    if (hmac->len == HASH_SHA2_256_LENGTH) {
        return (forms_t){ ms_sha256_forms, array_length(ms_sha256_forms) };
    }
    if (hmac->len != HASH_SHA1_LENGTH) { /* no known hash */
        return (forms_t){ NULL, 0 };
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN || facts->dialect == MSTUN_DIALECT_RFC3489) {
        return (forms_t){ old_sha1_forms, array_length(old_sha1_forms) };
    }
    return (forms_t){ sha1_forms, array_length(sha1_forms) };
}

static bool is_sha256(mstun_integrity_variant_t mode)
{
    return mode == MSTUN_INTEGRITY_RFC8489_SHA256 || mode == MSTUN_INTEGRITY_MS_TURN_SHA256;
}

/* The text of one form: the message in front of the attribute, with its Message Length and fill. */
typedef struct {
    uint16_t length;
    uint16_t fill;
} text_t;

static text_t text_of(const form_t *form, const mstun_facts_t *facts, const mstun_span_t *hmac)
{
    uint32_t offset = mstun_integrity_offset(facts, hmac);
    uint32_t end = offset + STUN_TLV_HEADER_LEN + hmac->len;

    return (text_t){ .length = form->wire_length ? facts->length : (uint16_t)(end - STUN_HEADER_LEN),
                     .fill = form->filled ? (uint16_t)((FILL - offset % FILL) % FILL) : 0 };
}

/* RFC 8489 section 14.6: a SHA-256 may be cut, so only the bytes that were sent are compared. */
static bool fits(const form_t *form, const text_t *text, const mstun_facts_t *facts, const mstun_span_t *hmac,
                 const mstun_key_t *key)
{
    static const uint8_t zeros[FILL] = { 0 };
    const uint8_t *message = facts->id - STUN_ID_OFFSET;
    const uint8_t length[] = { (uint8_t)(text->length >> 8), (uint8_t)text->length };
    const mstun_span_t pieces[] = {
        { .bytes = message, .len = 2 },
        { .bytes = length, .len = sizeof length },
        { .bytes = facts->id, .len = (uint16_t)(mstun_integrity_offset(facts, hmac) - STUN_ID_OFFSET) },
        { .bytes = zeros, .len = text->fill },
    };
    const mstun_span_t secret = { .bytes = key->bytes, .len = key->len };
    uint8_t digest[HASH_SHA2_256_LENGTH];

    return mstun_digest(is_sha256(form->mode) ? GCRY_MD_SHA256 : GCRY_MD_SHA1, &secret, pieces, array_length(pieces),
                        digest) &&
           memcmp(digest, hmac->bytes, hmac->len) == 0;
}

mstun_integrity_variant_t mstun_integrity_variant_of(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                                     const mstun_key_t *key)
{
    forms_t forms = forms_of(facts, hmac);

    for (size_t i = 0; i < forms.count; i++) {
        text_t text = text_of(&forms.forms[i], facts, hmac);

        if (fits(&forms.forms[i], &text, facts, hmac, key)) {
            return forms.forms[i].mode;
        }
    }
    return MSTUN_INTEGRITY_VARIANT_NONE;
}
