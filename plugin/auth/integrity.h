/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a message's MESSAGE-INTEGRITY matches the user's credentials. Not every message states who made it: responses
 * are made with the key of the request (RFC 8489 sections 9.1.3 and 9.2.4), MS-TURN's later requests with the realm and
 * nonce of the Allocate exchange ([MS-TURN] 3.2.4). */
#ifndef MSTUN_AUTH_INTEGRITY_H
#define MSTUN_AUTH_INTEGRITY_H

#include "auth/credential_match.h"
#include "conversation/transaction.h"

/** As Wireshark numbers the states of every checksum. */
typedef enum {
    MSTUN_INTEGRITY_BAD = PROTO_CHECKSUM_E_BAD,
    MSTUN_INTEGRITY_GOOD = PROTO_CHECKSUM_E_GOOD,
    MSTUN_INTEGRITY_UNVERIFIED = PROTO_CHECKSUM_E_UNVERIFIED,
} mstun_integrity_status_t;

/** The result for one HMAC. */
typedef struct {
    mstun_integrity_status_t status;
    mstun_credential_match_t match; /* not to be read if UNVERIFIED */
    const char *reason;             /* half a sentence, if UNVERIFIED; static text */
} mstun_integrity_result_t;

/** First visit: learns what event's message states that other messages are verified with; nothing while the table of
 * credentials is empty. event has a stream. */
void mstun_integrity_learn(const mstun_event_t *event);

/** Verifies one HMAC of event's message: facts->integrity or facts->integrity_sha256. Slow: computes many HMACs. */
mstun_integrity_result_t mstun_integrity_verify(const mstun_event_t *event, const mstun_span_t *hmac);

/** Adds the result to the message's tree. message: from its header on. Returns the item, for expert infos. */
proto_item *mstun_integrity_show(tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts,
                                 const mstun_span_t *hmac, const mstun_integrity_result_t *result);

void mstun_integrity_register(const mstun_registrar_t *reg);

#endif
