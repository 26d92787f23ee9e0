/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/identity.h"

#include "wire/text.h"

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

mstun_span_t mstun_span_without_nuls(mstun_span_t span)
{
    return (mstun_span_t){ .bytes = span.bytes, .len = (uint16_t)mstun_text_len(span.bytes, span.len) };
}

bool mstun_identity_has_name(const mstun_identity_t *identity)
{
    return identity->username.bytes || identity->userhash.bytes;
}

bool mstun_identity_equal(const mstun_identity_t *a, const mstun_identity_t *b)
{
    return a->scheme == b->scheme && a->password_algorithm == b->password_algorithm &&
           mstun_span_equal(&a->username, &b->username) && mstun_span_equal(&a->userhash, &b->userhash) &&
           mstun_span_equal(&a->realm, &b->realm) && mstun_span_equal(&a->nonce, &b->nonce);
}

/* Copies the bytes to *room, which then is the address after them. */
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
