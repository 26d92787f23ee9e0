/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of credentials as the user edits it, a preference (Wireshark calls such a table a UAT): its columns, what they
 * mean, and which rows make no sense. Only for credentials.c, so that passwords stay here. */
#ifndef MSTUN_AUTH_CREDENTIAL_UAT_H
#define MSTUN_AUTH_CREDENTIAL_UAT_H

#include "auth/key.h"
#include "base/registrar.h"

#define MSTUN_DECODINGS 2 /* of a text: as it is, and with base64 undone */

typedef enum {
    MSTUN_NAME_TEXT,
    MSTUN_NAME_BASE64,
    MSTUN_NAME_HEX,
    MSTUN_NAME_UFRAG,
} mstun_name_kind_t;

typedef enum {
    MSTUN_PASSWORD_TEXT,
    MSTUN_PASSWORD_BASE64,
    MSTUN_PASSWORD_HEX,
    MSTUN_PASSWORD_SECRET,
} mstun_password_kind_t;

/* The order of the columns is the order in the file and behind -o uat:mstun_credentials. */
typedef struct {
    mstun_name_kind_t name_kind;
    char *name;
    char *realm;
    mstun_password_kind_t password_kind;
    char *password;
    char *note;

    /* Made of the columns. The second reading of a name is an MS-ICE ufrag's, of a password anybody's who was given it
     * in base64 and says so or not. NULL where there is none. */
    GByteArray *names[MSTUN_DECODINGS];
    GByteArray *passwords[MSTUN_DECODINGS];
    bool ascii;

    /* The keys for whom they were last asked, and which of them fitted last. */
    mstun_identity_t *keys_for;
    mstun_keys_t *keys;
    unsigned likeliest;
} mstun_credentials_row_t;

/** The rows that make sense, and how many; they move when the user edits the table. */
mstun_credentials_row_t *mstun_credentials_rows(unsigned *count);

/** Forgets the keys that a row was asked for last. */
void mstun_credentials_forget_keys(mstun_credentials_row_t *row);

/** Registers the preference. */
void mstun_credentials_table_register(const mstun_registrar_t *reg);

#endif
