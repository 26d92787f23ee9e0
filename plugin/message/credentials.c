/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message/credentials.h"

#include "message/digest.h"

#include <epan/uat.h>

#define NAME_MAX_LEN 763 /* bytes: RFC 8489 sections 14.3 and 14.9 allow fewer than that */
#define READINGS 2       /* of a text: as it is, and with base64 undone */

typedef enum {
    NAME_TEXT,
    NAME_BASE64,
    NAME_HEX,
    NAME_UFRAG,
} name_kind_t;

typedef enum {
    PASSWORD_TEXT,
    PASSWORD_BASE64,
    PASSWORD_HEX,
    PASSWORD_SECRET,
} password_kind_t;

/* The order of the columns is the order in the file and behind -o uat:mstun_credentials. */
typedef struct {
    name_kind_t name_kind;
    char *name;
    char *realm;
    password_kind_t password_kind;
    char *password;
    char *note;

    /* Made of the columns. The second reading of a name is an MS-ICE ufrag's, of a password anybody's who was given it
     * in base64 and says so or not. NULL where there is none. */
    GByteArray *names[READINGS];
    GByteArray *passwords[READINGS];
    bool ascii;

    /* The keys for whom they were last asked, and which of them fitted last. */
    mstun_identity_t *keys_for;
    mstun_keys_t *keys;
    unsigned likeliest;
} row_t;

static row_t *rows;
static unsigned row_count;

static mstun_span_t span_of_text(const char *text)
{
    return (mstun_span_t){ .bytes = (const uint8_t *)text, .len = (uint16_t)strlen(text) };
}

static mstun_span_t span_of(const GByteArray *bytes)
{
    return bytes ? (mstun_span_t){ .bytes = bytes->data, .len = (uint16_t)bytes->len } : (mstun_span_t){ NULL, 0 };
}

static GByteArray *from_text(const char *text)
{
    return g_byte_array_new_take((guint8 *)g_strdup(text), strlen(text));
}

/* NULL if the text is not base64, with its padding and without anything else. */
static GByteArray *from_base64(const char *text)
{
    size_t len = strlen(text);
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize decoded_len;

    if (digits == 0 || len % 4 != 0 || len - digits > 2 || strspn(text + digits, "=") != len - digits) {
        return NULL;
    }
    guchar *decoded = g_base64_decode(text, &decoded_len);

    return g_byte_array_new_take(decoded, decoded_len);
}

/* NULL if the text is not made of pairs of hex digits. */
static GByteArray *from_hex(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != len) {
        return NULL;
    }
    GByteArray *bytes = g_byte_array_new();

    for (size_t i = 0; i < len; i += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(text[i]) << 4 | g_ascii_xdigit_value(text[i + 1]));

        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

static void forget_readings(GByteArray **readings)
{
    for (unsigned i = 0; i < READINGS; i++) {
        if (readings[i]) {
            g_byte_array_unref(readings[i]);
            readings[i] = NULL;
        }
    }
}

static void forget_keys(row_t *row)
{
    wmem_free(NULL, row->keys_for);
    g_free(row->keys);
    row->keys_for = NULL;
    row->keys = NULL;
}

static void read_name(row_t *row)
{
    switch (row->name_kind) {
    case NAME_TEXT:
        row->names[0] = from_text(row->name);
        break;
    case NAME_BASE64:
        row->names[0] = from_base64(row->name);
        break;
    case NAME_HEX:
        row->names[0] = from_hex(row->name);
        break;
    case NAME_UFRAG:
        row->names[0] = from_text(row->name);
        row->names[1] = from_base64(row->name); /* [MS-ICE] 3.1.4.8: that version sends it decoded */
        break;
    }
}

static void read_password(row_t *row)
{
    switch (row->password_kind) {
    case PASSWORD_TEXT:
        row->passwords[0] = from_text(row->password);
        row->passwords[1] = from_base64(row->password); /* whoever copies it from SIP need not know that it is */
        break;
    case PASSWORD_BASE64:
        row->passwords[0] = from_base64(row->password);
        break;
    case PASSWORD_HEX:
        row->passwords[0] = from_hex(row->password);
        break;
    case PASSWORD_SECRET:
        row->passwords[0] = from_text(row->password);
        break;
    }
}

/* The columns' meaning; the lengths are checked before, so that they fit into a span. */
static void read_row(row_t *row)
{
    forget_readings(row->names);
    forget_readings(row->passwords);
    forget_keys(row);
    read_name(row);
    read_password(row);
    row->ascii = g_str_is_ascii(row->realm) && g_str_is_ascii(row->password); /* the name is the message's own */
}

static bool is_too_long(const row_t *row)
{
    /* hex takes two characters for a byte; both limits are far below what fits into a span */
    return strlen(row->name) > 2 * NAME_MAX_LEN || strlen(row->realm) > NAME_MAX_LEN ||
           strlen(row->password) > 2 * MSTUN_PASSWORD_MAX;
}

static const char *wrong_name(const row_t *row)
{
    if (row->name[0] == '\0' && row->password_kind != PASSWORD_SECRET) {
        return "a row needs a user name or an ICE ufrag";
    }
    if (row->name_kind == NAME_UFRAG && strchr(row->name, ':')) {
        return "an ICE ufrag has no colon: of a USERNAME it is what stands in front of the first one";
    }
    if (row->name_kind == NAME_UFRAG && row->realm[0] != '\0') {
        return "an ICE ufrag has no realm: leave that empty";
    }
    if (row->names[0] == NULL) {
        return row->name_kind == NAME_HEX ? "the name is not made of pairs of hex digits" : "the name is not base64";
    }
    return row->names[0]->len > NAME_MAX_LEN ? "the name is too long" : NULL;
}

/* What it says never has the password in it. */
static const char *wrong_password(const row_t *row)
{
    if (row->password[0] == '\0') {
        return "a row needs a password";
    }
    if (row->password_kind == PASSWORD_SECRET && row->name_kind != NAME_TEXT) {
        return "a shared secret goes with a user name in text, or with none";
    }
    if (row->password_kind == PASSWORD_SECRET && row->realm[0] == '\0') {
        return "a shared secret needs the server's realm";
    }
    if (row->passwords[0] == NULL) {
        return row->password_kind == PASSWORD_HEX ? "the password is not made of pairs of hex digits"
                                                  : "the password is not base64";
    }
    return row->passwords[0]->len > MSTUN_PASSWORD_MAX ? "the password is longer than 256 bytes" : NULL;
}

static ws_bool update_row(void *record, char **error)
{
    row_t *row = (row_t *)record;
    char **texts[] = { &row->name, &row->realm, &row->password, &row->note };

    for (unsigned i = 0; i < array_length(texts); i++) {
        *texts[i] = *texts[i] ? *texts[i] : g_strdup(""); /* a row that the user has just begun */
    }
    const char *wrong = "name, realm or password is too long";

    if (!is_too_long(row)) {
        read_row(row);
        wrong = wrong_name(row);
        wrong = wrong ? wrong : wrong_password(row);
    }
    *error = wrong ? g_strdup(wrong) : NULL;
    return wrong == NULL;
}

static void *copy_row(void *to, const void *from, size_t len _U_)
{
    const row_t *source = (const row_t *)from;
    row_t *row = (row_t *)to;

    *row = (row_t){ .name_kind = source->name_kind, .password_kind = source->password_kind };
    row->name = g_strdup(source->name);
    row->realm = g_strdup(source->realm);
    row->password = g_strdup(source->password);
    row->note = g_strdup(source->note);
    if (row->name && row->realm && row->password && !is_too_long(row)) {
        read_row(row);
    }
    return row;
}

static void free_row(void *record)
{
    row_t *row = (row_t *)record;

    forget_readings(row->names);
    forget_readings(row->passwords);
    forget_keys(row);
    g_free(row->name);
    g_free(row->realm);
    g_free(row->password);
    g_free(row->note);
}

/* RFC 8445 section 7.2.2: the receiver's ufrag, whose password it is, stands first in USERNAME. */
static bool begins_with_ufrag(const mstun_span_t *username, const mstun_span_t *ufrag)
{
    return ufrag->len > 0 && username->len > ufrag->len && username->bytes[ufrag->len] == ':' &&
           memcmp(username->bytes, ufrag->bytes, ufrag->len) == 0;
}

/* MS-TURN's later requests say no realm; nor does a response, if nobody knows its request. */
static bool may_lack_realm(const mstun_identity_t *identity)
{
    return identity->scheme == MSTUN_SCHEME_MS_TURN_SHA1 || identity->scheme == MSTUN_SCHEME_MS_TURN_SHA256 ||
           !mstun_identity_named(identity);
}

static bool has_realm(const row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t own = mstun_span_unquoted(span_of_text(row->realm)), said = mstun_span_unquoted(identity->realm);

    if (row->realm[0] == '\0') {
        return true;
    }
    return identity->realm.bytes ? mstun_span_equal(&own, &said) : may_lack_realm(identity);
}

/* draft-uberti-behave-turn-rest: "time:user" or "time" alone, in seconds since 1970. */
static bool is_of_secret(const row_t *row, const mstun_span_t *username)
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
    mstun_span_t own = span_of(row->names[0]);

    return digits < username->len && mstun_span_equal(&user, &own);
}

static bool has_userhash(const row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t own = span_of(row->names[0]);
    uint8_t hash[HASH_SHA2_256_LENGTH];

    return identity->userhash.len == sizeof hash && mstun_userhash(&own, &identity->realm, hash) &&
           memcmp(hash, identity->userhash.bytes, sizeof hash) == 0;
}

static bool has_name(const row_t *row, const mstun_identity_t *identity)
{
    if (row->password_kind == PASSWORD_SECRET) {
        return identity->username.bytes && is_of_secret(row, &identity->username);
    }
    if (identity->userhash.bytes) {
        return has_userhash(row, identity);
    }
    mstun_span_t own = mstun_span_without_fill(span_of(row->names[0]));
    mstun_span_t said = mstun_span_without_fill(identity->username);

    return identity->username.bytes && mstun_span_equal(&own, &said);
}

static bool has_ufrag(const row_t *row, const mstun_identity_t *identity)
{
    mstun_span_t text = span_of(row->names[0]), decoded = span_of(row->names[1]);

    return identity->scheme == MSTUN_SCHEME_SHORT_TERM &&
           (begins_with_ufrag(&identity->username, &text) || begins_with_ufrag(&identity->username, &decoded));
}

/* Whether the row's password may be the message's: without a name any may be, but a secret needs one. */
static bool may_be_for(const row_t *row, const mstun_identity_t *identity)
{
    if (!mstun_identity_named(identity)) {
        return row->password_kind != PASSWORD_SECRET && has_realm(row, identity);
    }
    return row->name_kind == NAME_UFRAG ? has_ufrag(row, identity)
                                        : has_realm(row, identity) && has_name(row, identity);
}

/* The password that a server with this secret gives out: base64(HMAC-SHA1(secret, name)). */
static void make_keys_of_secret(const row_t *row, const mstun_identity_t *identity, mstun_keys_t *keys)
{
    mstun_span_t secret = span_of(row->passwords[0]);
    uint8_t digest[HASH_SHA1_LENGTH];

    keys->count = 0;
    if (mstun_digest(GCRY_MD_SHA1, &secret, &identity->username, 1, digest)) {
        char *text = g_base64_encode(digest, sizeof digest);
        mstun_span_t password = span_of_text(text);

        mstun_keys_make(identity, &password, 1, keys);
        g_free(text);
    }
}

/* In the row's own words where the message says a hash, or nothing. */
static mstun_identity_t in_words_of(const row_t *row, const mstun_identity_t *identity)
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

static const mstun_keys_t *keys_of(row_t *row, const mstun_identity_t *identity)
{
    if (row->keys_for && mstun_identity_equal(row->keys_for, identity)) {
        return row->keys;
    }
    forget_keys(row);
    row->keys_for = mstun_identity_copy(NULL, identity);
    row->keys = g_new(mstun_keys_t, 1);
    if (row->password_kind == PASSWORD_SECRET) {
        make_keys_of_secret(row, identity, row->keys);
    } else {
        mstun_span_t passwords[READINGS] = { span_of(row->passwords[0]), span_of(row->passwords[1]) };

        mstun_keys_make(identity, passwords, row->passwords[1] ? READINGS : 1, row->keys);
    }
    return row->keys;
}

static bool try_row(row_t *row, const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                    mstun_credentials_fit_t *fit)
{
    mstun_identity_t as = in_words_of(row, identity);
    const mstun_keys_t *keys = keys_of(row, &as);

    for (unsigned i = 0; i < keys->count; i++) {
        unsigned number = (row->likeliest + i) % keys->count;

        fit->mode = mstun_integrity_mode_of(facts, hmac, &keys->keys[number]);
        if (fit->mode) {
            fit->key = keys->keys[number].kind;
            row->likeliest = number;
            return true;
        }
    }
    return false;
}

bool mstun_credentials_empty(void)
{
    return row_count == 0;
}

void mstun_credentials_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                           mstun_credentials_fit_t *fit)
{
    bool is_named = mstun_identity_named(identity);

    for (unsigned i = 0; i < row_count && fit->mode == MSTUN_INTEGRITY_MODE_NONE; i++) {
        row_t *row = &rows[i];

        if (!may_be_for(row, identity)) {
            continue;
        }
        fit->tried += is_named;
        fit->beyond_ascii = fit->beyond_ascii || !row->ascii;
        if (try_row(row, facts, hmac, identity, fit) || (is_named && fit->row == 0)) {
            fit->row = i + 1;
            fit->note = row->note;
        }
    }
}

static const value_string name_kinds[] = {
    { NAME_TEXT, "text" }, { NAME_BASE64, "base64" }, { NAME_HEX, "hex" }, { NAME_UFRAG, "ufrag" }, { 0, NULL },
};

static const value_string password_kinds[] = {
    { PASSWORD_TEXT, "text" },
    { PASSWORD_BASE64, "base64" },
    { PASSWORD_HEX, "hex" },
    { PASSWORD_SECRET, "shared secret" },
    { 0, NULL },
};

UAT_VS_DEF(row, name_kind, row_t, name_kind_t, NAME_TEXT, "text")
UAT_CSTRING_CB_DEF(row, name, row_t)
UAT_CSTRING_CB_DEF(row, realm, row_t)
UAT_VS_DEF(row, password_kind, row_t, password_kind_t, PASSWORD_TEXT, "text")
UAT_CSTRING_CB_DEF(row, password, row_t)
UAT_CSTRING_CB_DEF(row, note, row_t)

void mstun_credentials_register(const mstun_registrar_t *reg)
{
    static uat_field_t columns[] = {
        UAT_FLD_VS(
            row, name_kind, "Name as", name_kinds,
            "How the name is written: a user's as text, in base64 (Skype for Business) or in hex; or an ICE ufrag"),
        UAT_FLD_CSTRING(row, name, "User name or ufrag",
                        "Of a USERNAME; an ufrag is that of the agent whose password it is"),
        UAT_FLD_CSTRING(row, realm, "Realm", "The server's, with or without quotes; empty: any"),
        UAT_FLD_VS(row, password_kind, "Password as", password_kinds,
                   "How the password is written; or the secret that a TURN server makes passwords of"),
        UAT_FLD_CSTRING(row, password, "Password", "Stored as plain text in the profile"),
        UAT_FLD_CSTRING(row, note, "Note", "Shown with the messages that this row verifies"),
        UAT_END_FIELDS,
    };
    uat_t *table = uat_new("MSTUN credentials", sizeof(row_t), "mstun_credentials", true, &rows, &row_count,
                           UAT_AFFECTS_DISSECTION, NULL, copy_row, update_row, free_row, NULL, NULL, columns);

    prefs_register_uat_preference(
        reg->prefs, "credentials", "Credentials",
        "User names and passwords to check MESSAGE-INTEGRITY with. Wireshark stores them as "
        "plain text in the profile's file mstun_credentials; they are never shown in packets.",
        table);
}
