/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * MESSAGE-INTEGRITY that does not match the user's credentials, and why: RFC 8489 sections 9.1 and 9.2. */
#include "diagnose/evaluators.h"

#include "attr/address.h"
#include "diagnose/error_case.h"

/* The sentences of the row, one for each cause; REQUESTERS_KEY has two. */
enum {
    OTHER_KEY,
    OTHER_USER,
    REQUEST_WITH_OWN_KEY,
    RESPONSE_WITH_REQUESTERS_KEY,
    WRONG_LENGTH,
    SHORT_TERM_KEY,
    OTHER_ALGORITHM,
    OTHERS_VARIANT,
};

static unsigned sentence_of(const mstun_integrity_problem_t *problem)
{
    switch (problem->result.cause) {
    case MSTUN_CAUSE_OTHER_USER:
        return OTHER_USER;
    case MSTUN_CAUSE_REQUESTERS_KEY:
        return problem->class == STUN_REQUEST ? REQUEST_WITH_OWN_KEY : RESPONSE_WITH_REQUESTERS_KEY;
    case MSTUN_CAUSE_WRONG_LENGTH:
        return WRONG_LENGTH;
    case MSTUN_CAUSE_SHORT_TERM_KEY:
        return SHORT_TERM_KEY;
    case MSTUN_CAUSE_OTHER_ALGORITHM:
        return OTHER_ALGORITHM;
    case MSTUN_CAUSE_OTHERS_VARIANT:
        return OTHERS_VARIANT;
    case MSTUN_CAUSE_OTHER_KEY:
    case MSTUN_CAUSE_NONE:
        break;
    }
    return OTHER_KEY;
}

/* What to do about it; NULL: the row's advice. */
static const char *advice_for(const mstun_integrity_problem_t *problem)
{
    switch (problem->result.cause) {
    case MSTUN_CAUSE_REQUESTERS_KEY:
        return "Nothing is wrong with the passwords: have the sender's ICE agent mended, which takes the wrong one";
    case MSTUN_CAUSE_WRONG_LENGTH:
    case MSTUN_CAUSE_SHORT_TERM_KEY:
    case MSTUN_CAUSE_OTHER_ALGORITHM:
    case MSTUN_CAUSE_OTHERS_VARIANT:
        return "Nothing is wrong with the password: have the sender's STUN library mended";
    case MSTUN_CAUSE_OTHER_USER:
        return "See which user the sender is configured with, and whose password it has";
    case MSTUN_CAUSE_OTHER_KEY:
    case MSTUN_CAUSE_NONE:
        break;
    }
    return NULL;
}

/* On which side to look. The password of a check is the receiver's, which signalling gave to the sender. */
static const char *where_to_look(const mstun_integrity_problem_t *problem, wmem_allocator_t *scope)
{
    const mstun_endpoint_t *end = &problem->stream->ends[problem->direction];
    const char *sender = end->family ? mstun_address_text(scope, end) : "the sender";

    if (problem->fingerprint == MSTUN_FINGERPRINT_BAD) {
        return "look for what rewrites STUN in between (a NAT, firewall or proxy)";
    }
    if (problem->class != STUN_REQUEST) {
        return wmem_strdup_printf(scope, "look at the password that %s, which answers, has", sender);
    }
    if (problem->long_term) {
        return wmem_strdup_printf(scope, "look at the password that the client %s has", sender);
    }
    return wmem_strdup_printf(scope, "look at what signalling gave %s as the receiver's password", sender);
}

static const char *why_key_differs(const mstun_integrity_problem_t *problem)
{
    switch (problem->fingerprint) {
    case MSTUN_FINGERPRINT_GOOD:
    case MSTUN_FINGERPRINT_LEGACY:
    case MSTUN_FINGERPRINT_NOT_LAST:
        return "the key differs (the message is as it was sent, its FINGERPRINT is good)";
    case MSTUN_FINGERPRINT_BAD:
        return "the message was changed on the way (its FINGERPRINT is bad too)";
    case MSTUN_FINGERPRINT_ABSENT:
    case MSTUN_FINGERPRINT_UNVERIFIED:
        break;
    }
    return "the key differs, or the message was changed on the way";
}

static mstun_subject_t subject_of(const mstun_integrity_problem_t *problem)
{
    return (mstun_subject_t){ .pos = problem->pos,
                              .abs_ts = problem->abs_ts,
                              .stream = problem->stream,
                              .direction = problem->direction,
                              .transaction = problem->transaction,
                              .pair = problem->transaction ? problem->transaction->pair : NULL,
                              .allocation = mstun_stream_related_allocation(problem->stream) };
}

/* The receiver of a request accepted it all the same. */
static bool is_accepted(const mstun_integrity_problem_t *problem)
{
    return problem->class == STUN_REQUEST && problem->transaction && problem->transaction->response_frame &&
           problem->transaction->succeeded;
}

/* A later request for the same purpose made up for it: the user has the right password now. */
static bool is_repaired(const mstun_integrity_problem_t *problem)
{
    return problem->class == STUN_REQUEST && problem->transaction && problem->transaction->response_frame &&
           mstun_transaction_is_repaired(problem->transaction);
}

/* Where the password is from: the user's table, or signalling. */
static const char *key_text(wmem_allocator_t *scope, unsigned row, uint32_t frame)
{
    return row ? wmem_strdup_printf(scope, "credentials row %u", row)
               : wmem_strdup_printf(scope, "the password that signalling gives in frame %u", frame);
}

/* Wireshark's labels end after 240 bytes. */
static void evaluate_problem(mstun_evaluation_t *evaluation, const mstun_integrity_problem_t *problem)
{
    wmem_allocator_t *scope = evaluation->scope;
    const mstun_credential_match_t *match = &problem->result.match;
    bool sha256 = match->key == MSTUN_KEY_SHA256;
    const mstun_place_t places[] = {
        { "row", problem->result.cause == MSTUN_CAUSE_OTHER_USER ? wmem_strdup_printf(scope, "row %u", match->row)
                                                                 : key_text(scope, match->row, match->frame) },
        { "more", match->tried > 1 ? wmem_strdup_printf(scope, " and %u more", match->tried - 1) : "" },
        { "other", key_text(scope, problem->result.other_row, problem->result.other_frame) },
        { "reason", why_key_differs(problem) },
        { "where", where_to_look(problem, scope) },
        { "hash", sha256 ? "SHA-256" : "MD5" },
        { "algorithm", sha256 ? "MD5" : "SHA-256" },
        { "variant", match->variant == MSTUN_HMAC_MS_ICE2 ? "MS-ICE2" : "RFC 3489 or MS-TURN" },
        { NULL, NULL },
    };
    mstun_subject_t subject = subject_of(problem);

    if (problem->result.status == MSTUN_INTEGRITY_GOOD && (!evaluation->end || is_accepted(problem))) {
        return;
    }
    mstun_finding_t *finding =
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_INTEGRITY_BAD, sentence_of(problem), places, &subject);

    finding->detail = problem->result.cause;
    finding->advice = advice_for(problem);
    if (is_accepted(problem) || is_repaired(problem)) {
        finding->severity = PI_NOTE;
    }
}

static void evaluate_one(const mstun_integrity_problem_t *problem, void *evaluation)
{
    evaluate_problem((mstun_evaluation_t *)evaluation, problem);
}

void mstun_evaluate_integrity(mstun_evaluation_t *evaluation)
{
    mstun_integrity_foreach_problem(NULL, evaluate_one, evaluation);
}

void mstun_evaluate_integrity_at(mstun_evaluation_t *evaluation, const mstun_frame_pos_t *pos)
{
    mstun_integrity_foreach_problem(pos, evaluate_one, evaluation);
}
