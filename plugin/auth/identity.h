/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whose credentials a message was made with, as far as the message states it. Pure functions on bytes. */
#ifndef MSTUN_AUTH_IDENTITY_H
#define MSTUN_AUTH_IDENTITY_H

#include "attr/facts.h"

/** How the key of a message is made. */
typedef enum {
    MSTUN_SCHEME_SHORT_TERM, /* no realm: the password itself */
    MSTUN_SCHEME_LONG_TERM,
    MSTUN_SCHEME_MS_TURN_SHA1,
    MSTUN_SCHEME_MS_TURN_SHA256,
} mstun_scheme_t;

/** A user, and all else that goes into the key besides the password. bytes is NULL where the message states nothing. */
typedef struct {
    mstun_scheme_t scheme;
    uint16_t password_algorithm; /* as in mstun_facts_t */
    mstun_span_t username;
    mstun_span_t userhash;
    mstun_span_t realm;
    mstun_span_t nonce;
} mstun_identity_t;

/** True if both have the same bytes; no attribute and an empty one are the same. */
bool mstun_span_equal(const mstun_span_t *a, const mstun_span_t *b);

/** The span without the quotes that some senders put around a realm and include in its length. */
mstun_span_t mstun_span_unquoted(mstun_span_t span);

/** The span without NULs at the end, with which some senders pad it. */
mstun_span_t mstun_span_without_nuls(mstun_span_t span);

/** True if the message states a user, in USERNAME or USERHASH. */
bool mstun_identity_has_name(const mstun_identity_t *identity);

/** True if scheme, algorithm and all bytes are the same. */
bool mstun_identity_equal(const mstun_identity_t *a, const mstun_identity_t *b);

/** A copy in one block of scope's memory, its bytes included. */
mstun_identity_t *mstun_identity_copy(wmem_allocator_t *scope, const mstun_identity_t *identity);

#endif
