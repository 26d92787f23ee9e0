/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Passwords that the signalling of the capture has given out: ICE's of SDP, TURN's of MRAS. They are the file's, are
 * forgotten with it, and go nowhere but into credential_match.c. */
#ifndef MSTUN_AUTH_SIGNALLED_H
#define MSTUN_AUTH_SIGNALLED_H

#include "auth/identity.h"
#include "base/registrar.h"

/** A name and its password. */
typedef struct mstun_signalled {
    uint32_t frame;                     /* of the signalling */
    uint32_t call;                      /* of an ufrag: tells calls apart */
    unsigned side;                      /* of the call: whose ufrag it is */
    bool is_ice;                        /* else it is a TURN user */
    mstun_span_t name, password;        /* as they are in messages and keys: decoded, where that is so */
    const struct mstun_signalled *next; /* with the same name */
} mstun_signalled_t;

/** First visit: an agent's ufrag and password. from_base64: [MS-ICE] has both decoded; it leaves out the padding. */
void mstun_signalled_add_ice(const mstun_signalled_t *credentials, bool from_base64);

/** First visit: a TURN user's, both as MRAS writes them, in base64. */
void mstun_signalled_add_turn(uint32_t frame, const mstun_span_t *name, const mstun_span_t *password);

/** Whether there are any that may be used. */
bool mstun_signalled_any(void);

/** Those with this name; NULL: none. */
const mstun_signalled_t *mstun_signalled_find(const mstun_span_t *name);

/** Whether the call of these credentials has given the other ufrag to its other side. */
bool mstun_signalled_is_peer(const mstun_signalled_t *credentials, const mstun_span_t *other);

void mstun_signalled_register(const mstun_registrar_t *reg);

#endif
