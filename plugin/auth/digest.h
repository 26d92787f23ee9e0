/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hashes and HMACs of libgcrypt, Wireshark's own library for them, over several pieces of memory. */
#ifndef MSTUN_AUTH_DIGEST_H
#define MSTUN_AUTH_DIGEST_H

#include "attr/facts.h"

#include <wsutil/wsgcrypt.h>

/** A span over a string constant. */
#define MSTUN_TEXT(constant)                                                                                           \
    {                                                                                                                  \
        .bytes = (const uint8_t *)(constant), .len = sizeof(constant) - 1                                              \
    }

/**
 * The digest of the pieces, one behind the other: an HMAC with a key, a plain hash if key is NULL.
 * algorithm: GCRY_MD_...; digest: has room for its HASH_..._LENGTH.
 * False, and digest untouched, if libgcrypt refuses: in FIPS mode it has no MD5.
 */
bool mstun_digest(int algorithm, const mstun_span_t *key, const mstun_span_t *pieces, unsigned count, uint8_t *digest);

#endif
