/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/credential_match.h"

#include "auth/credential_uat.h"
#include "auth/digest.h"
#include "auth/signalled.h"
#include "auth/signalled_match.h"

static mstun_span_t span_of_text(const char *text)
{
    return (mstun_span_t){ .bytes = (const uint8_t *)text, .len = (uint16_t)strlen(text) };
}

static mstun_span_t span_of(const GByteArray *bytes)
{
    return bytes ? (mstun_span_t){ .bytes = bytes->data, .len = (uint16_t)bytes->len } : (mstun_span_t){ NULL, 0 };
}

/* RFC 8445 section 7.2.2: USERNAME begins with the ufrag of the receiver, whose password is used. */
static bool begins_with_ufrag(const mstun_span_t *username, const mstun_span_t *ufrag)
{
    return ufrag->len > 0 && username->len > ufrag->len && username->bytes[ufrag->len] == ':' &&
           memcmp(username->bytes, ufrag->bytes, ufrag->len) == 0;
}

/* The same section: after a colon comes the ufrag of the one who sends the request. */
static bool ends_with_ufrag(const mstun_span_t *username, const mstun_span_t *ufrag)
{
    return ufrag->len > 0 && username->len > ufrag->len && username->bytes[username->len - ufrag->len - 1] == ':' &&
           memcmp(username->bytes + username->len - ufrag->len, ufrag->bytes, ufrag->len) == 0;
}

/* MS-TURN's later requests state no realm, and nor does a response, whose request may not be in the capture. */
static bool may_lack_realm(const mstun_identity_t *identity)
{
    return identity->scheme == MSTUN_SCHEME_MS_TURN_SHA1 || identity->scheme == MSTUN_SCHEME_MS_TURN_SHA256 ||
           !mstun_identity_has_name(identity);
}

static bool has_realm(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t wanted = mstun_span_unquoted(span_of_text(row->realm)), realm = mstun_span_unquoted(identity->realm);

    if (row->realm[0] == '\0') {
        return true;
    }
    return identity->realm.bytes ? mstun_span_equal(&wanted, &realm) : may_lack_realm(identity);
}

/* draft-uberti-behave-turn-rest: "time:user" or "time" alone, in seconds since 1970. */
static bool is_name_for_secret(const mstun_credential_row_t *row, const mstun_span_t *username)
{
    uint16_t digits = 0;

    while (digits < username->len && g_ascii_isdigit((char)username->bytes[digits])) {
        digits++;
    }
    if (digits == 0 || (digits < username->len && username->bytes[digits] != ':')) {
        return false;
    }
    if (row->name[0] == '\0') {
        return true;
    }
    mstun_span_t user = { .bytes = username->bytes + digits + 1, .len = (uint16_t)(username->len - digits - 1) };
    mstun_span_t wanted = span_of(row->names[0]);

    return digits < username->len && mstun_span_equal(&user, &wanted);
}

static bool has_userhash(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t username = span_of(row->names[0]);
    uint8_t hash[HASH_SHA2_256_LENGTH];

    return identity->userhash.len == sizeof hash && mstun_userhash(&username, &identity->realm, hash) &&
           memcmp(hash, identity->userhash.bytes, sizeof hash) == 0;
}

static bool has_name(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    if (row->password_kind == MSTUN_PASSWORD_SECRET) {
        return identity->username.bytes && is_name_for_secret(row, &identity->username);
    }
    if (identity->userhash.bytes) {
        return has_userhash(row, identity);
    }
    mstun_span_t wanted = mstun_span_without_nuls(span_of(row->names[0]));
    mstun_span_t username = mstun_span_without_nuls(identity->username);

    return identity->username.bytes && mstun_span_equal(&wanted, &username);
}

static bool has_ufrag(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t text = span_of(row->names[0]), decoded = span_of(row->names[1]);

    return identity->scheme == MSTUN_SCHEME_SHORT_TERM &&
           (begins_with_ufrag(&identity->username, &text) || begins_with_ufrag(&identity->username, &decoded));
}

/* Whether the row's password may be that of the message. Without a name any may be; but a shared secret needs one. */
static bool is_for(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    if (!mstun_identity_has_name(identity)) {
        return row->password_kind != MSTUN_PASSWORD_SECRET && has_realm(row, identity);
    }
    return row->name_kind == MSTUN_NAME_UFRAG ? has_ufrag(row, identity)
                                              : has_realm(row, identity) && has_name(row, identity);
}

/* Whether the row is the requester's own, in a check. */
static bool is_of_requester(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t text = span_of(row->names[0]), decoded = span_of(row->names[1]);
    mstun_span_t username = mstun_span_without_nuls(identity->username);

    return row->name_kind == MSTUN_NAME_UFRAG && identity->scheme == MSTUN_SCHEME_SHORT_TERM &&
           (ends_with_ufrag(&username, &text) || ends_with_ufrag(&username, &decoded));
}

/* Whether the row is to be tried. Its password must be able to give a key of the identity: an ufrag's only a short-term
 * one, a shared secret's only one for the names that it is for. */
static bool is_to_be_tried(const mstun_credential_row_t *row, const mstun_identity_t *identity,
                           mstun_credential_try_t how)
{
    if (how != MSTUN_TRY_OTHER_ROWS) {
        return is_for(row, identity);
    }
    return !is_for(row, identity) && row->password_kind != MSTUN_PASSWORD_SECRET &&
           (row->name_kind != MSTUN_NAME_UFRAG || identity->scheme == MSTUN_SCHEME_SHORT_TERM);
}

/* The password that a server makes of its secret: base64(HMAC-SHA1(secret, name)). */
static void derive_keys_from_secret(const mstun_credential_row_t *row, const mstun_identity_t *identity,
                                    mstun_keys_t *keys)
{
    mstun_span_t secret = span_of(row->passwords[0]);
    uint8_t digest[HASH_SHA1_LENGTH];

    keys->count = 0;
    if (mstun_digest(GCRY_MD_SHA1, &secret, &identity->username, 1, digest)) {
        char *text = g_base64_encode(digest, sizeof digest);
        mstun_span_t password = span_of_text(text);

        mstun_keys_derive(identity, &password, 1, keys);
        g_free(text);
    }
}

/* With the name and realm of the row where the message states a hash, or nothing. */
static mstun_identity_t identity_with_row_defaults(const mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    mstun_identity_t result = *identity;

    if (!result.username.bytes) {
        result.username = span_of(row->names[0]);
    }
    if (!result.realm.bytes && row->realm[0] != '\0') {
        result.realm = span_of_text(row->realm);
        result.scheme = result.scheme == MSTUN_SCHEME_SHORT_TERM ? MSTUN_SCHEME_LONG_TERM : result.scheme;
    }
    return result;
}

static const mstun_keys_t *keys_of(mstun_credential_row_t *row, const mstun_identity_t *identity)
{
    if (row->keys_identity && mstun_identity_equal(row->keys_identity, identity)) {
        return row->keys;
    }
    mstun_credential_uat_free_keys(row);
    row->keys_identity = mstun_identity_copy(NULL, identity);
    row->keys = g_new(mstun_keys_t, 1);
    if (row->password_kind == MSTUN_PASSWORD_SECRET) {
        derive_keys_from_secret(row, identity, row->keys);
    } else {
        mstun_span_t passwords[MSTUN_DECODINGS] = { span_of(row->passwords[0]), span_of(row->passwords[1]) };

        mstun_keys_derive(identity, passwords, row->passwords[1] ? MSTUN_DECODINGS : 1, row->keys);
    }
    return row->keys;
}

static bool try_row(mstun_credential_row_t *row, const mstun_facts_t *facts, const mstun_span_t *hmac,
                    const mstun_identity_t *identity, mstun_credential_try_t how, mstun_credential_match_t *match)
{
    mstun_identity_t completed = identity_with_row_defaults(row, identity);
    const mstun_keys_t *keys = keys_of(row, &completed);

    for (unsigned i = 0; i < keys->count; i++) {
        unsigned number = (row->last_matching_key + i) % keys->count;

        match->variant = mstun_hmac_find_variant_as(facts, hmac, &keys->keys[number], how == MSTUN_TRY_WRONG_LENGTH);
        if (match->variant) {
            match->key = keys->keys[number].kind;
            row->last_matching_key = number;
            return true;
        }
    }
    return false;
}

bool mstun_credential_match_is_possible(void)
{
    unsigned count;

    mstun_credential_uat_rows(&count);
    return count > 0 || mstun_signalled_any();
}

void mstun_credential_match_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                                mstun_credential_try_t how, mstun_credential_match_t *match)
{
    bool is_named = mstun_identity_has_name(identity);
    unsigned count;
    mstun_credential_row_t *rows = mstun_credential_uat_rows(&count);

    for (unsigned i = 0; i < count && match->variant == MSTUN_HMAC_VARIANT_NONE; i++) {
        mstun_credential_row_t *row = &rows[i];

        if (!is_to_be_tried(row, identity, how)) {
            continue;
        }
        match->tried += is_named;
        match->has_non_ascii = match->has_non_ascii || !row->is_ascii;
        if (try_row(row, facts, hmac, identity, how, match) || (is_named && match->row == 0)) {
            match->row = i + 1;
            match->note = row->note;
            match->of_requester = is_of_requester(row, identity);
        }
    }
    mstun_signalled_match_try(facts, hmac, identity, how, match);
}
