/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hashes and HMACs by libgcrypt, which Wireshark uses too, over several pieces of memory. */
#ifndef MSTUN_AUTH_DIGEST_H
#define MSTUN_AUTH_DIGEST_H

#include "attr/facts.h"

#include <wsutil/wsgcrypt.h>

/** Initializes a mstun_span_t with a string literal, which may contain NULs. */
#define MSTUN_SPAN_OF_LITERAL(literal)                                                                                 \
    {                                                                                                                  \
        .bytes = (const uint8_t *)(literal), .len = sizeof(literal) - 1                                                \
    }

/**
 * The digest of the concatenated pieces: an HMAC if there is a key, a plain hash if key is NULL.
 * algorithm: GCRY_MD_...; digest: has room for the HASH_..._LENGTH of the algorithm.
 * False, and digest untouched, if libgcrypt refuses: in FIPS mode it has no MD5.
 */
bool mstun_digest(int algorithm, const mstun_span_t *key, const mstun_span_t *pieces, unsigned count, uint8_t *digest);

#endif
