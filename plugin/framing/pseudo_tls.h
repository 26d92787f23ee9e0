/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hellos of pseudo-TLS ([MS-TURN] 2.1): fixed bytes that resemble TLS to a firewall but are not TLS. Only random
 * values and the session id vary, so real TLS is never taken for them. Google's pseudo-SSL is the same idea. */
#ifndef MSTUN_FRAMING_PSEUDO_TLS_H
#define MSTUN_FRAMING_PSEUDO_TLS_H

#include "base/compat.h"

typedef enum {
    MSTUN_HELLO_NONE = 0,
    MSTUN_HELLO_CLIENT,        /* ClientHello, 50 bytes */
    MSTUN_HELLO_SERVER,        /* ServerHello and ServerHelloDone in one record, 83 bytes */
    MSTUN_HELLO_GOOGLE_CLIENT, /* SSLv2 ClientHello, 72 bytes */
    MSTUN_HELLO_GOOGLE_SERVER, /* 79 bytes */
} mstun_pseudo_tls_kind_t;

#define MSTUN_HELLO_HEAD 0x16030100u               /* the first four bytes: a record of TLS 1.0, shorter than 256 */
#define MSTUN_HELLO_HEAD_GOOGLE_CLIENT 0x80460103u /* and of SSLv2 */

/** True if a hello may have this first byte. */
static inline bool mstun_may_begin_hello(uint8_t first)
{
    return first == MSTUN_HELLO_HEAD >> 24 || first == MSTUN_HELLO_HEAD_GOOGLE_CLIENT >> 24;
}

/**
 * Which hello begins with these bytes. len: how many there are; for fewer than 5 it is NONE. Only mstun_pseudo_tls_len
 * of them are certain: a real ClientHello may differ in its last bytes alone.
 */
mstun_pseudo_tls_kind_t mstun_pseudo_tls_hello(const uint8_t *bytes, uint32_t len);

/** Length of a hello on the wire; 0 for NONE. */
uint32_t mstun_pseudo_tls_len(mstun_pseudo_tls_kind_t hello);

/** Name of a hello; NULL for NONE. */
const char *mstun_pseudo_tls_name(mstun_pseudo_tls_kind_t hello);

/** True if bytes begin a record of real TLS: with that a proxy on port 443 answers a pseudo-TLS hello. */
bool mstun_is_tls_record(const uint8_t *bytes, uint32_t len);

#endif
