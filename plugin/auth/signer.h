/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who made a message. Not every message states it: responses are made with the key of the request (RFC 8489 sections
 * 9.1.3 and 9.2.4), MS-TURN's later requests with the realm and nonce of the Allocate exchange ([MS-TURN] 3.2.4). */
#ifndef MSTUN_AUTH_SIGNER_H
#define MSTUN_AUTH_SIGNER_H

#include "auth/identity.h"
#include "conversation/transaction.h"

#define MSTUN_CHALLENGES_MAX 4 /* of a connection that are tried: a client may go on using an old nonce for a while */

/** A realm and nonce that were stated on a connection. */
typedef struct mstun_challenge {
    const struct mstun_challenge *previous;
    const mstun_identity_t *stated; /* only its realm and nonce are set */
} mstun_challenge_t;

/** Who made a request, or some of the requests on a connection. */
typedef struct mstun_signer {
    const struct mstun_signer *previous; /* on the same connection */
    const mstun_identity_t *identity;    /* as the request states it */
    const mstun_challenge_t *challenge;  /* if it states no realm and nonce: the last one before it; else NULL */
    bool with_token;                     /* with ACCESS-TOKEN: the key is in there (RFC 7635 section 4.1.1) */
    bool certain; /* all that the key is made of is known: if no key matches, the message is bad */
} mstun_signer_t;

/** First visit: learns the challenge that event's message states, and who made it if it is a request with
 * MESSAGE-INTEGRITY. event has a stream. */
void mstun_signer_learn(const mstun_event_t *event);

/** The signer that event's message states, or that of its request. stated: room for the former's identity, which the
 * result points to. */
mstun_signer_t mstun_signer_of(const mstun_event_t *event, mstun_identity_t *stated);

#endif
