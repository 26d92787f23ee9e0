/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/credential_uat.h"

#include <epan/uat.h>

#define NAME_MAX_LEN 763u /* bytes: RFC 8489 sections 14.3 and 14.9 allow fewer than that */

static mstun_credentials_row_t *rows;
static unsigned row_count;

mstun_credentials_row_t *mstun_credentials_rows(unsigned *count)
{
    *count = row_count;
    return rows;
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
    for (unsigned i = 0; i < MSTUN_DECODINGS; i++) {
        if (readings[i]) {
            g_byte_array_unref(readings[i]);
            readings[i] = NULL;
        }
    }
}

void mstun_credentials_forget_keys(mstun_credentials_row_t *row)
{
    wmem_free(NULL, row->keys_for);
    g_free(row->keys);
    row->keys_for = NULL;
    row->keys = NULL;
}

static void read_name(mstun_credentials_row_t *row)
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
        row->names[1] = from_base64(row->name); /* [MS-ICE] 3.1.4.8: that version sends it decoded */
        break;
    }
}

static void read_password(mstun_credentials_row_t *row)
{
    switch (row->password_kind) {
    case MSTUN_PASSWORD_TEXT:
        row->passwords[0] = from_text(row->password);
        row->passwords[1] = from_base64(row->password); /* whoever copies it from SIP need not know that it is */
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

/* The columns' meaning; the lengths are checked before, so that they fit into a span. */
static void read_row(mstun_credentials_row_t *row)
{
    forget_readings(row->names);
    forget_readings(row->passwords);
    mstun_credentials_forget_keys(row);
    read_name(row);
    read_password(row);
    row->ascii = g_str_is_ascii(row->realm) && g_str_is_ascii(row->password); /* the name is the message's own */
}

static bool is_too_long(const mstun_credentials_row_t *row)
{
    /* hex takes two characters for a byte; both limits are far below what fits into a span */
    return strlen(row->name) / 2 > NAME_MAX_LEN || strlen(row->realm) > NAME_MAX_LEN ||
           strlen(row->password) / 2 > MSTUN_PASSWORD_MAX;
}

static const char *wrong_name(const mstun_credentials_row_t *row)
{
    if (row->name[0] == '\0' && row->password_kind != MSTUN_PASSWORD_SECRET) {
        return "a row needs a user name or an ICE ufrag";
    }
    if (row->name_kind == MSTUN_NAME_UFRAG && strchr(row->name, ':')) {
        return "an ICE ufrag has no colon: of a USERNAME it is what stands in front of the first one";
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

/* What it says never has the password in it. */
static const char *wrong_password(const mstun_credentials_row_t *row)
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
    mstun_credentials_row_t *row = (mstun_credentials_row_t *)record;
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
    const mstun_credentials_row_t *source = (const mstun_credentials_row_t *)from;
    mstun_credentials_row_t *row = (mstun_credentials_row_t *)to;

    *row = (mstun_credentials_row_t){ .name_kind = source->name_kind, .password_kind = source->password_kind };
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
    mstun_credentials_row_t *row = (mstun_credentials_row_t *)record;

    forget_readings(row->names);
    forget_readings(row->passwords);
    mstun_credentials_forget_keys(row);
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

UAT_VS_DEF(row, name_kind, mstun_credentials_row_t, mstun_name_kind_t, MSTUN_NAME_TEXT, "text")
UAT_CSTRING_CB_DEF(row, name, mstun_credentials_row_t)
UAT_CSTRING_CB_DEF(row, realm, mstun_credentials_row_t)
UAT_VS_DEF(row, password_kind, mstun_credentials_row_t, mstun_password_kind_t, MSTUN_PASSWORD_TEXT, "text")
UAT_CSTRING_CB_DEF(row, password, mstun_credentials_row_t)
UAT_CSTRING_CB_DEF(row, note, mstun_credentials_row_t)

void mstun_credentials_table_register(const mstun_registrar_t *reg)
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
    uat_t *table =
        uat_new("MSTUN credentials", sizeof(mstun_credentials_row_t), "mstun_credentials", true, &rows, &row_count,
                UAT_AFFECTS_DISSECTION, NULL, copy_row, update_row, free_row, NULL, NULL, columns);

    prefs_register_uat_preference(
        reg->prefs, "credentials", "Credentials",
        "User names and passwords to check MESSAGE-INTEGRITY with. Wireshark stores them as "
        "plain text in the profile's file mstun_credentials; they are never shown in packets.",
        table);
}
