/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of credentials that the user edits, a preference of the kind that Wireshark calls UAT: its columns, their
 * decoded values, and which rows are refused. Only credential_match.c reads it, so that passwords go no further. */
#ifndef MSTUN_AUTH_CREDENTIAL_UAT_H
#define MSTUN_AUTH_CREDENTIAL_UAT_H

#include "auth/key.h"
#include "base/registrar.h"

#define MSTUN_DECODINGS 2 /* of a text: as it is, and from base64 */

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

/** A row. The order of the columns is that in the file and after -o uat:mstun_credentials. */
typedef struct {
    mstun_name_kind_t name_kind;
    char *name;
    char *realm;
    mstun_password_kind_t password_kind;
    char *password;
    char *note;

    /* Decoded from the columns. NULL: no such decoding. An ICE ufrag and a password in text have a second one if they
     * are base64, as in Microsoft's signalling. */
    GByteArray *names[MSTUN_DECODINGS];
    GByteArray *passwords[MSTUN_DECODINGS];
    bool is_ascii; /* realm and password are */

    /* Cache: the keys that credential_match.c derived last. */
    mstun_identity_t *keys_identity; /* whose they are; NULL: there are none */
    mstun_keys_t *keys;
    unsigned last_matching_key; /* index in keys, also in those of other identities */
} mstun_credential_row_t;

/** The rows that were not refused, and how many there are. They are valid until the user edits the table. */
mstun_credential_row_t *mstun_credential_uat_rows(unsigned *count);

/** Frees the keys that a row has cached. */
void mstun_credential_uat_free_keys(mstun_credential_row_t *row);

/** Registers the preference. */
void mstun_credential_uat_register(const mstun_registrar_t *reg);

#endif
