/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Matches rows of the table of credentials, then what signalling has given out, to a message and verifies its HMAC with
 * their passwords, which go no further than this. */
#ifndef MSTUN_AUTH_CREDENTIAL_MATCH_H
#define MSTUN_AUTH_CREDENTIAL_MATCH_H

#include "auth/hmac.h"

/** What the table has for one HMAC. */
typedef struct {
    unsigned row;     /* the one whose password gives the HMAC, else the first one tried; from 1 on. 0: none was */
    unsigned tried;   /* how many rows are for the name and realm */
    uint32_t frame;   /* of the signalling that gives the HMAC, or proves that it should; then row is 0. 0: none */
    bool of_mras;     /* frame has TURN credentials; else it is an SDP */
    const char *note; /* of row; "" if there is none; valid until the user edits the table */
    mstun_hmac_variant_t variant; /* NONE: no password gives the HMAC */
    mstun_key_kind_t key;         /* if one does */
    bool has_non_ascii;           /* of a row that was tried: see key.c on OpaqueString */
    bool of_requester;            /* OTHER_ROWS: row's ufrag is the second one in USERNAME, the requester's */
} mstun_credential_match_t;

/** Whether there is a password for the name, be it right or not. */
static inline bool mstun_credential_match_found(const mstun_credential_match_t *match)
{
    return match->row != 0 || match->frame != 0;
}

/** How to try rows. */
typedef enum {
    MSTUN_TRY_RIGHT,        /* those for the identity, as the specifications say */
    MSTUN_TRY_WRONG_LENGTH, /* the same, with a wrong Message Length in the HMAC's input */
    MSTUN_TRY_OTHER_ROWS,   /* those for others, as the specifications say */
} mstun_credential_try_t;

/** False while the table has no rows and signalling has given out nothing. */
bool mstun_credential_match_is_possible(void);

/**
 * Tries rows until the password of one gives the HMAC. Called once for each identity that a message may have, with the
 * same match, which begins as { .note = "" }. For an identity without a name, every row is tried with the row's name;
 * if none of them gives the HMAC, that proves nothing, and row and tried stay 0. A password of an SDP that does not
 * give the HMAC of a check proves something only if both of its ufrags belong to one call.
 */
void mstun_credential_match_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                                mstun_credential_try_t how, mstun_credential_match_t *match);

#endif
