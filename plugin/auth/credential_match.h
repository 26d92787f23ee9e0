/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The user's credentials: for whom a row of the table is, and which row's password gives a message's HMAC. Passwords go
 * no further than this. */
#ifndef MSTUN_AUTH_CREDENTIAL_MATCH_H
#define MSTUN_AUTH_CREDENTIAL_MATCH_H

#include "auth/hmac.h"

/** What the table says of one HMAC. */
typedef struct {
    unsigned row;     /* the one that fits, else the first of those that are for it; 0: none is. From 1 on */
    unsigned tried;   /* rows that are for it */
    const char *note; /* of row; never NULL; valid until the user edits the table */
    mstun_integrity_variant_t mode; /* MODE_NONE: no row fits */
    mstun_key_kind_t key;           /* if one fits */
    bool beyond_ascii;              /* a row that was tried may be spelled otherwise: see key.c on OpaqueString */
} mstun_credentials_match_t;

/** Whether the table has no row: then nothing is worth a second look. */
bool mstun_credentials_empty(void);

/**
 * Tries all rows that are for the identity, until one fits. Called once for each identity that a message may have, with
 * one fit, which begins as { .note = "" }. For an identity without a name every row is tried by its own name; that none of
 * them fits says nothing, and so fit->row and fit->tried then stay 0.
 */
void mstun_credentials_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                           mstun_credentials_match_t *fit);

#endif
