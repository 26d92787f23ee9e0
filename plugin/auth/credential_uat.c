/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/credential_uat.h"

#include <epan/strutil.h>
#include <epan/uat.h>

#define NAME_MAX_LEN 763u /* bytes of user name or realm: RFC 8489 sections 14.3 and 14.9 */

static mstun_credential_row_t *rows;
static unsigned row_count;

mstun_credential_row_t *mstun_credential_uat_rows(unsigned *count)
{
    *count = row_count;
    return rows;
}

static GByteArray *from_text(const char *text)
{
    return g_byte_array_new_take((guint8 *)g_strdup(text), strlen(text));
}

/* NULL if the text is not base64, padded and without white space. g_base64_decode() skips what is not base64. */
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
    GByteArray *bytes = g_byte_array_new();

    if (!hex_str_to_bytes_encoding(text, bytes, NULL, ENC_STR_HEX | ENC_SEP_NONE, true)) {
        g_byte_array_unref(bytes);
        return NULL;
    }
    return bytes;
}

static void free_decodings(GByteArray **decodings)
{
    for (unsigned i = 0; i < MSTUN_DECODINGS; i++) {
        g_clear_pointer(&decodings[i], g_byte_array_unref);
    }
}

void mstun_credential_uat_free_keys(mstun_credential_row_t *row)
{
    wmem_free(NULL, row->keys_identity);
    row->keys_identity = NULL;
    g_clear_pointer(&row->keys, g_free);
}

static void decode_name(mstun_credential_row_t *row)
{
    switch (row->name_kind) {
    case MSTUN_NAME_TEXT:
        row->names[0] = from_text(row->name);
        break;
    case MSTUN_NAME_BASE64:
        row->names[0] = from_base64(row->name);
        break;
    case MSTUN_NAME_HEX:
        row->names[0] = from_hex(row->name);
        break;
    case MSTUN_NAME_UFRAG:
        row->names[0] = from_text(row->name);
        row->names[1] = from_base64(row->name); /* [MS-ICE] 3.1.4.8: decoded in USERNAME */
        break;
    }
}

static void decode_password(mstun_credential_row_t *row)
{
    switch (row->password_kind) {
    case MSTUN_PASSWORD_TEXT:
        row->passwords[0] = from_text(row->password);
        row->passwords[1] = from_base64(row->password); /* as Microsoft's signalling has it */
        break;
    case MSTUN_PASSWORD_BASE64:
        row->passwords[0] = from_base64(row->password);
        break;
    case MSTUN_PASSWORD_HEX:
        row->passwords[0] = from_hex(row->password);
        break;
    case MSTUN_PASSWORD_SECRET:
        row->passwords[0] = from_text(row->password);
        break;
    }
}

/* The caller has checked the lengths, so that all decodings fit into a span. */
static void decode_row(mstun_credential_row_t *row)
{
    free_decodings(row->names);
    free_decodings(row->passwords);
    mstun_credential_uat_free_keys(row);
    decode_name(row);
    decode_password(row);
    row->is_ascii = g_str_is_ascii(row->realm) && g_str_is_ascii(row->password); /* the name is that of the message */
}

static bool is_too_long(const mstun_credential_row_t *row)
{
    /* Hex has two characters for a byte. Both limits are far below what fits into a span. */
    return strlen(row->name) / 2 > NAME_MAX_LEN || strlen(row->realm) > NAME_MAX_LEN ||
           strlen(row->password) / 2 > MSTUN_PASSWORD_MAX;
}

static const char *name_error(const mstun_credential_row_t *row)
{
    if (row->name[0] == '\0' && row->password_kind != MSTUN_PASSWORD_SECRET) {
        return "a row needs a user name or an ICE ufrag";
    }
    if (row->name_kind == MSTUN_NAME_UFRAG && strchr(row->name, ':')) {
        return "an ICE ufrag has no colon: it is the part of USERNAME before the first one";
    }
    if (row->name_kind == MSTUN_NAME_UFRAG && row->realm[0] != '\0') {
        return "an ICE ufrag has no realm: leave that empty";
    }
    if (row->names[0] == NULL) {
        return row->name_kind == MSTUN_NAME_HEX ? "the name is not made of pairs of hex digits"
                                                : "the name is not base64";
    }
    return row->names[0]->len > NAME_MAX_LEN ? "the name is too long" : NULL;
}

/* The text never contains the password. */
static const char *password_error(const mstun_credential_row_t *row)
{
    if (row->password[0] == '\0') {
        return "a row needs a password";
    }
    if (row->password_kind == MSTUN_PASSWORD_SECRET && row->name_kind != MSTUN_NAME_TEXT) {
        return "a shared secret goes with a user name in text, or with none";
    }
    if (row->password_kind == MSTUN_PASSWORD_SECRET && row->realm[0] == '\0') {
        return "a shared secret needs the server's realm";
    }
    if (row->passwords[0] == NULL) {
        return row->password_kind == MSTUN_PASSWORD_HEX ? "the password is not made of pairs of hex digits"
                                                        : "the password is not base64";
    }
    return row->passwords[0]->len > MSTUN_PASSWORD_MAX ? "the password is longer than 256 bytes" : NULL;
}

static mstun_uat_bool update_row(void *record, char **error)
{
    mstun_credential_row_t *row = (mstun_credential_row_t *)record;
    char **texts[] = { &row->name, &row->realm, &row->password, &row->note };

    for (unsigned i = 0; i < array_length(texts); i++) {
        *texts[i] = *texts[i] ? *texts[i] : g_strdup(""); /* NULL in a row that the user has just added */
    }
    const char *text = "name, realm or password is too long";

    if (!is_too_long(row)) {
        decode_row(row);
        text = name_error(row);
        text = text ? text : password_error(row);
    }
    *error = g_strdup(text);
    return text == NULL;
}

static void *copy_row(void *to, const void *from, size_t len _U_)
{
    const mstun_credential_row_t *source = (const mstun_credential_row_t *)from;
    mstun_credential_row_t *row = (mstun_credential_row_t *)to;

    *row = (mstun_credential_row_t){ .name_kind = source->name_kind, .password_kind = source->password_kind };
    row->name = g_strdup(source->name);
    row->realm = g_strdup(source->realm);
    row->password = g_strdup(source->password);
    row->note = g_strdup(source->note);
    if (row->name && row->realm && row->password && !is_too_long(row)) {
        decode_row(row);
    }
    return row;
}

static void free_row(void *record)
{
    mstun_credential_row_t *row = (mstun_credential_row_t *)record;

    free_decodings(row->names);
    free_decodings(row->passwords);
    mstun_credential_uat_free_keys(row);
    g_free(row->name);
    g_free(row->realm);
    g_free(row->password);
    g_free(row->note);
}

static const value_string name_kinds[] = {
    { MSTUN_NAME_TEXT, "text" },
    { MSTUN_NAME_BASE64, "base64" },
    { MSTUN_NAME_HEX, "hex" },
    { MSTUN_NAME_UFRAG, "ufrag" },
    { 0, NULL },
};

static const value_string password_kinds[] = {
    { MSTUN_PASSWORD_TEXT, "text" },
    { MSTUN_PASSWORD_BASE64, "base64" },
    { MSTUN_PASSWORD_HEX, "hex" },
    { MSTUN_PASSWORD_SECRET, "shared secret" },
    { 0, NULL },
};

UAT_VS_DEF(row, name_kind, mstun_credential_row_t, mstun_name_kind_t, MSTUN_NAME_TEXT, "text")
UAT_CSTRING_CB_DEF(row, name, mstun_credential_row_t)
UAT_CSTRING_CB_DEF(row, realm, mstun_credential_row_t)
UAT_VS_DEF(row, password_kind, mstun_credential_row_t, mstun_password_kind_t, MSTUN_PASSWORD_TEXT, "text")
UAT_CSTRING_CB_DEF(row, password, mstun_credential_row_t)
UAT_CSTRING_CB_DEF(row, note, mstun_credential_row_t)

void mstun_credential_uat_register(const mstun_registrar_t *reg)
{
    static uat_field_t columns[] = {
        UAT_FLD_VS(
            row, name_kind, "Name as", name_kinds,
            "How the user name is written: as text, in base64 (as Skype for Business shows it) or in hex; or that it "
            "is an ICE ufrag"),
        UAT_FLD_CSTRING(row, name, "User name or ufrag",
                        "The user name in USERNAME, or the ufrag of the ICE agent that owns the password"),
        UAT_FLD_CSTRING(row, realm, "Realm", "The TURN server's realm, with or without quotes; empty: any realm"),
        UAT_FLD_VS(row, password_kind, "Password as", password_kinds,
                   "How the password is written; or that it is a shared secret, from which the TURN server makes "
                   "passwords"),
        UAT_FLD_CSTRING(row, password, "Password", "Stored as plain text in the profile"),
        UAT_FLD_CSTRING(row, note, "Note", "Shown with the messages that this row verifies"),
        UAT_END_FIELDS,
    };
    uat_t *table =
        uat_new("MSTUN credentials", sizeof(mstun_credential_row_t), "mstun_credentials", true, &rows, &row_count,
                UAT_AFFECTS_DISSECTION, NULL, copy_row, update_row, free_row, NULL, NULL, columns);

    prefs_register_uat_preference(
        reg->prefs, "credentials", "Credentials",
        "User names and passwords to check MESSAGE-INTEGRITY with. Wireshark stores them as "
        "plain text in the profile's file mstun_credentials; they are never shown in packets.",
        table);
}
