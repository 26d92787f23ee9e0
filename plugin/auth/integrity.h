/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a message's MESSAGE-INTEGRITY matches the user's credentials, and if not, why. */
#ifndef MSTUN_AUTH_INTEGRITY_H
#define MSTUN_AUTH_INTEGRITY_H

#include "auth/credential_match.h"
#include "conversation/transaction.h"
#include "message/fingerprint.h"

/** As Wireshark numbers the states of every checksum. */
typedef enum {
    MSTUN_INTEGRITY_BAD = PROTO_CHECKSUM_E_BAD,
    MSTUN_INTEGRITY_GOOD = PROTO_CHECKSUM_E_GOOD,
    MSTUN_INTEGRITY_UNVERIFIED = PROTO_CHECKSUM_E_UNVERIFIED,
} mstun_integrity_status_t;

/** Why an HMAC is bad, or may be refused. */
typedef enum {
    MSTUN_CAUSE_NONE,
    MSTUN_CAUSE_OTHER_KEY,       /* no row's password gives it */
    MSTUN_CAUSE_OTHER_USER,      /* the password of a row that is for another user gives it */
    MSTUN_CAUSE_REQUESTERS_KEY,  /* a check is signed with the ice-pwd of who asks, not of who is asked */
    MSTUN_CAUSE_WRONG_LENGTH,    /* the key is right, the Message Length in the HMAC's input is not */
    MSTUN_CAUSE_SHORT_TERM_KEY,  /* the password itself is the key, where REALM asks for a hash of it */
    MSTUN_CAUSE_OTHER_ALGORITHM, /* the key is not of the hash that PASSWORD-ALGORITHM names */
    MSTUN_CAUSE_OTHERS_VARIANT,  /* it is good, but in a way that receivers of this dialect refuse */
} mstun_integrity_cause_t;

/** The result for one HMAC. */
typedef struct {
    mstun_integrity_status_t status;
    mstun_integrity_cause_t cause; /* NONE if UNVERIFIED, and if GOOD but for OTHERS_VARIANT */
    mstun_credential_match_t
        match;            /* not to be read if UNVERIFIED. If BAD, its row is one for the message; 0: none is */
    unsigned other_row;   /* if OTHER_USER or REQUESTERS_KEY: the row that gives it; 0: other_frame does */
    uint32_t other_frame; /* of an SDP */
    const char *reason;   /* half a sentence, if UNVERIFIED; static text */
} mstun_integrity_result_t;

/** An HMAC with a cause. */
typedef struct {
    mstun_frame_pos_t pos; /* of the message */
    nstime_t abs_ts;
    const mstun_stream_t *stream;
    unsigned direction;
    const mstun_transaction_t *transaction; /* NULL: an indication */
    stun_class_t class;
    bool long_term; /* the key is a TURN user's, not an ICE agent's */
    mstun_fingerprint_t fingerprint;
    mstun_integrity_result_t result;
} mstun_integrity_problem_t;

/** First visit: learns what event's message states that other messages are verified with, and what is wrong with its
 * HMACs; nothing while the table of credentials is empty. event has a stream. */
void mstun_integrity_learn(const mstun_event_t *event);

/** Calls fn for each HMAC with a cause, in the order of the capture. pos: only for those of this message; NULL: all. */
void mstun_integrity_foreach_problem(const mstun_frame_pos_t *pos,
                                     void (*fn)(const mstun_integrity_problem_t *problem, void *data), void *data);

/** Verifies one HMAC of event's message: facts->integrity or facts->integrity_sha256. Slow: computes many HMACs. */
mstun_integrity_result_t mstun_integrity_verify(const mstun_event_t *event, const mstun_span_t *hmac);

/** Adds the result to the message's tree. message: from its header on. */
void mstun_integrity_show(tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts, const mstun_span_t *hmac,
                          const mstun_integrity_result_t *result);

void mstun_integrity_register(const mstun_registrar_t *reg);

#endif
