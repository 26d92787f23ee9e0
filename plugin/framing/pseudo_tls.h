/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hellos of pseudo-TLS ([MS-TURN] 2.1): fixed bytes that look like TLS to a firewall and are none. All that may vary
 * is random values and the session id, so real TLS is never taken for them. Google's pseudo-SSL is the same idea. */
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

/**
 * Which hello the bytes begin, as far as they are there: a claim needs mstun_pseudo_tls_len of them, for a real ClientHello
 * may differ in its last bytes only. len: bytes there; fewer than 5 are none.
 */
mstun_pseudo_tls_kind_t mstun_pseudo_tls_hello(const uint8_t *bytes, uint32_t len);

/** Its length on the wire; 0 for NONE. */
uint32_t mstun_pseudo_tls_len(mstun_pseudo_tls_kind_t hello);

/** Its name; NULL for NONE. */
const char *mstun_pseudo_tls_name(mstun_pseudo_tls_kind_t hello);

/** Whether bytes begin a TLS record that is none of the hellos: what answers a pseudo-TLS hello where 443 is a proxy's. */
bool mstun_is_tls_record(const uint8_t *bytes, uint32_t len);

#endif
