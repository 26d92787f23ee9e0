/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Error responses, kept until the capture's end tells whether a later success of the same purpose made up for them, and
 * whether the client went on. */
#ifndef MSTUN_DIAGNOSE_ERROR_CASE_H
#define MSTUN_DIAGNOSE_ERROR_CASE_H

#include "diagnose/finding.h"
#include "turn/request.h"

/** What requests are for: a later success for the same purpose makes up for an error. */
typedef struct mstun_purpose mstun_purpose_t;

/** What a client, by its IP address, and a server do to get the client accepted. */
typedef struct mstun_login mstun_login_t;

/** One error response, with what its request asked for. */
typedef struct {
    mstun_subject_t subject; /* direction: of the request */
    mstun_dialect_t dialect;
    uint16_t request_type, method;
    uint16_t code;                       /* 0: there is no ERROR-CODE */
    const char *phrase;                  /* the server's words; NULL: none, or not text */
    const char *attributes;              /* UNKNOWN-ATTRIBUTES, as a list with names; NULL: none */
    mstun_endpoint_t alternate;          /* ALTERNATE-SERVER; family 0: none */
    const char *realm;                   /* of the challenge in the response; NULL: none */
    uint32_t nonce;                      /* hash of the nonce in it; 0: none */
    uint32_t algorithms;                 /* mstun_nonce_hash of its PASSWORD-ALGORITHMS; 0: none */
    const mstun_turn_request_t *request; /* NULL: it was not captured, or is not TURN's */
    bool nonce_was_accepted; /* the server accepted a request of this connection with the same nonce before */
    bool with_integrity;     /* the request carried MESSAGE-INTEGRITY */
    bool repeats_success;    /* the same request had success before */
    bool request_repeated;   /* the request was sent more than once */
    const mstun_purpose_t *purpose;
    mstun_login_t *login;
} mstun_error_case_t;

/** First visit: keeps an error response; notes requests and successes that decide what becomes of others. */
void mstun_error_case_learn(const mstun_event_t *event);

/** All error responses (mstun_error_case_t) in the order of the capture. */
wmem_array_t *mstun_error_cases(void);

/** Whether a request for the same purpose had success after the error. */
bool mstun_error_is_repaired(const mstun_error_case_t *error);

/** The same of a transaction: its response is an error, and a later request for the same purpose had success. */
bool mstun_transaction_is_repaired(const mstun_transaction_t *transaction);

/** Whether the client sent the server a request with MESSAGE-INTEGRITY after the error. */
bool mstun_error_was_followed(const mstun_error_case_t *error);

/** Whether there are requests of the client to this server, and none carries MESSAGE-INTEGRITY, in all the capture. */
bool mstun_error_client_never_signed(const mstun_error_case_t *error);

/** Whether the server accepted a request with MESSAGE-INTEGRITY of this client before the error. */
bool mstun_error_client_was_accepted(const mstun_error_case_t *error);

/** Whether the request was the Refresh with which a client says goodbye (lifetime 0): it need not try again. */
bool mstun_error_of_farewell(const mstun_error_case_t *error);

/** The row of the user's credentials that the refused request fits; 0: none, or that is not known. */
unsigned mstun_error_verified_row(const mstun_error_case_t *error);

/** How many requests the client sent to this server in the whole capture, without ICE's checks. */
uint32_t mstun_error_requests(const mstun_error_case_t *error);

/** Whether the server gave this client the nonce of the refused request; true if it may have done so unseen. */
bool mstun_error_nonce_was_given(const mstun_error_case_t *error);

/** The last error response on this connection that gave a nonce before this one; NULL: none. */
const mstun_error_case_t *mstun_error_last_challenge(const mstun_error_case_t *error);

void mstun_error_case_register(const mstun_registrar_t *reg);

#endif
