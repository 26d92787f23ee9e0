/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The evaluators, one file per subject: what happened, or did not, and what it means for the user. Each adds findings
 * to an evaluation; where evaluation->end is NULL, only what no later frame can disprove. */
#ifndef MSTUN_DIAGNOSE_EVALUATORS_H
#define MSTUN_DIAGNOSE_EVALUATORS_H

#include "auth/integrity.h"
#include "diagnose/error_case.h"

/** Where one leg of a relay has what the other lacks. */
#define MSTUN_ADVICE_CUT_AT_SERVER                                                                                     \
    "Look at the server, between its network interface and its program: a program that hangs, a firewall that drops "  \
    "what comes to its relay ports, or a channel or permission that it gave up before its time"

/* ---- at the capture's end: everything of a kind ---- */

void mstun_evaluate_requests(mstun_evaluation_t *evaluation);     /* requests.c: no response */
void mstun_evaluate_errors(mstun_evaluation_t *evaluation);       /* errors.c: error responses */
void mstun_evaluate_allocations(mstun_evaluation_t *evaluation);  /* allocations.c: allocations, peer connections */
void mstun_evaluate_observations(mstun_evaluation_t *evaluation); /* turn.c: what messages did against TURN's state */
void mstun_evaluate_servers(mstun_evaluation_t *evaluation);      /* silent_server.c: servers that hang */
void mstun_evaluate_microsoft(mstun_evaluation_t *evaluation);    /* microsoft.c: dialects, pseudo-TLS */
void mstun_evaluate_bytes(mstun_evaluation_t *evaluation);        /* bytes.c: what is no message */
void mstun_evaluate_pairs(mstun_evaluation_t *evaluation);        /* ice.c */
void mstun_evaluate_signalling(mstun_evaluation_t *evaluation);   /* signal.c: calls and their codes */
void mstun_evaluate_integrity(mstun_evaluation_t *evaluation); /* integrity.c: MESSAGE-INTEGRITY that does not match */

/** tcp.c: what TCP never acknowledged; after mstun_evaluate_requests(), whose findings may say the same. */
void mstun_evaluate_tcp(mstun_evaluation_t *evaluation);

/** signal.c: the calls that the findings so far are of, by their pairs and allocations. */
void mstun_evaluate_calls_of(mstun_evaluation_t *evaluation);

/* ---- one message, while the capture's end is not known ---- */

/** The error response at this place, if it is one. */
void mstun_evaluate_errors_at(mstun_evaluation_t *evaluation, const mstun_frame_pos_t *pos);

/** 401, 431, 436 and 438: challenges, stale nonces, refused credentials (authentication.c). */
void mstun_evaluate_auth_error(mstun_evaluation_t *evaluation, const mstun_error_case_t *error);

/** The bytes at event's position, if they are no message (bytes.c). */
void mstun_evaluate_bytes_at(mstun_evaluation_t *evaluation, const mstun_event_t *event);

/** What event's message does against TURN's state, if no later frame can disprove it. */
void mstun_evaluate_observations_of(mstun_evaluation_t *evaluation, const mstun_event_t *event);

/** MESSAGE-INTEGRITY of the message at this place, if it does not match. */
void mstun_evaluate_integrity_at(mstun_evaluation_t *evaluation, const mstun_frame_pos_t *pos);

/* ---- on the first visit ---- */

/** First visit: the connection's first request, and the dialect of its response. Nested messages do not count. */
void mstun_dialect_mismatch_learn(const mstun_event_t *event);

/** event's message as a subject. */
mstun_subject_t mstun_subject_of(const mstun_event_t *event);

/** A request as a subject. */
mstun_subject_t mstun_subject_of_request(const mstun_transaction_t *request, const mstun_stream_t *stream);

#endif
