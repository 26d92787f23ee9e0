/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bodies of the media relay's authentication service, [MS-AVEDGEA]: credentials for an Edge's TURN, and where its
 * relays are. Bytes in, values out. The few tags that matter are found by name: this is no reader of XML. */
#ifndef MSTUN_SIGNAL_MRAS_H
#define MSTUN_SIGNAL_MRAS_H

#include "signal/slice.h"

#define MSTUN_MRAS_LEN_MAX 65535u /* of a body that is read */
#define MSTUN_MRAS_CREDENTIALS_MAX 8
#define MSTUN_MRAS_RELAYS_MAX 16

/** Slices are parts of the body. */
typedef struct {
    mstun_slice_t username, password; /* base64 */
    mstun_slice_t realm;              /* at is NULL: not stated */
    uint32_t duration;                /* minutes; 0: not stated */
} mstun_mras_credentials_t;

typedef struct {
    mstun_slice_t location;      /* "internet", "intranet" */
    mstun_slice_t host;          /* name or address */
    uint32_t udp_port, tcp_port; /* 0: none */
} mstun_mras_relay_t;

typedef struct {
    bool is_request;
    bool is_response;
    bool malformed;       /* a tag does not end, or credentials are not complete */
    mstun_slice_t reason; /* "reasonPhrase" of a response: "OK", or why it was refused */
    unsigned credentials_count, relay_count;
    mstun_mras_credentials_t credentials[MSTUN_MRAS_CREDENTIALS_MAX];
    mstun_mras_relay_t relays[MSTUN_MRAS_RELAYS_MAX];
} mstun_mras_t;

/** Reads a body. False: it is neither a request nor a response. */
bool mstun_mras_parse(mstun_slice_t body, mstun_mras_t *mras);

#endif
