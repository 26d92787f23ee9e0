/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Challenges and refused credentials: RFC 8489 section 9.2, RFC 7635, the time-limited credentials of the TURN REST
 * API. */
#include "diagnose/evaluators.h"

#include <epan/to_str.h>

#include "conversation/response_state.h"
#include "diagnose/error_case.h"

#define STUN_UNKNOWN_USER 436 /* RFC 3489 section 9.3 */

static const mstun_place_t no_places[] = { { NULL, NULL } };

/* ---- time-limited user names ---- */

/* "1699990000:alice": seconds since 1970 until which it may be used; 0: the name has no such time. */
static uint64_t expiry_of(const char *username)
{
    uint64_t seconds = 0;
    unsigned digits = 0;

    for (; username && g_ascii_isdigit(username[digits]) && digits < 12; digits++) {
        seconds = seconds * 10 + (uint64_t)(username[digits] - '0');
    }
    return digits >= 9 && digits <= 11 && (username[digits] == ':' || username[digits] == '\0') ? seconds : 0;
}

/* ---- why credentials are refused ---- */

enum {
    REJECTED,
    REJECTED_REALM,
    REJECTED_EXPIRED,
    REJECTED_TOKEN,
    REJECTED_STALE,
    REJECTED_OTHER_USER,
    REJECTED_VERIFIED
};

static const char *utc_text(wmem_allocator_t *scope, uint64_t seconds)
{
    GDateTime *when = g_date_time_new_from_unix_utc((gint64)seconds);
    char *text = when ? g_date_time_format(when, "%Y-%m-%d %H:%M:%S UTC") : NULL;
    const char *copy = text ? wmem_strdup(scope, text) : "a time beyond the calendar";

    g_free(text);
    if (when) {
        g_date_time_unref(when);
    }
    return copy;
}

/* RFC 8656 section 5: all requests are made with the credentials of the Allocate request. NULL: they are, or it is not
 * known. */
static const char *owner_of_allocation(const mstun_error_case_t *error)
{
    const char *owner = error->subject.allocation ? error->subject.allocation->user : NULL;
    const char *user = error->request ? error->request->user : NULL;

    return owner && user && strcmp(owner, user) != 0 ? owner : NULL;
}

/* The most likely reason that the capture proves. */
static unsigned why_rejected(const mstun_error_case_t *error)
{
    const mstun_turn_request_t *request = error->request;
    uint64_t expiry = request ? expiry_of(request->username) : 0;

    if (!request) {
        return REJECTED;
    }
    if (error->code == 441 && owner_of_allocation(error)) {
        return REJECTED_OTHER_USER;
    }
    if (request->has & MSTUN_HAS_ACCESS_TOKEN) {
        return REJECTED_TOKEN;
    }
    if (expiry && expiry < (uint64_t)request->abs_ts.secs) {
        return REJECTED_EXPIRED;
    }
    if (request->realm && error->realm && strcmp(request->realm, error->realm) != 0) {
        return REJECTED_REALM;
    }
    if (error->nonce && request->nonce && error->nonce != request->nonce && mstun_error_client_was_accepted(error)) {
        return REJECTED_STALE;
    }
    return error->code != STUN_UNKNOWN_USER && mstun_error_verified_row(error) ? REJECTED_VERIFIED : REJECTED;
}

static void add_rejected(mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    const mstun_turn_request_t *request = error->request;
    unsigned why = why_rejected(error);
    uint64_t expiry = request ? expiry_of(request->username) : 0;
    const mstun_place_t places[] = {
        { "code", mstun_place_number(evaluation->scope, error->code) },
        { "phrase", error->phrase ? wmem_strdup_printf(evaluation->scope, " \"%s\"", error->phrase) : "" },
        { "user", request && request->username ? request->username : "the user" },
        { "requester", request && request->user ? request->user : "" },
        { "owner", owner_of_allocation(error) },
        { "realm", request && request->realm ? request->realm : "none" },
        { "challenge", error->realm ? error->realm : "none" },
        { "row", mstun_place_number(evaluation->scope, mstun_error_verified_row(error)) },
        { "time", expiry ? utc_text(evaluation->scope, expiry) : "" },
        { "ago", expiry && request
                     ? unsigned_time_secs_to_str(evaluation->scope, (uint32_t)((uint64_t)request->abs_ts.secs - expiry))
                     : "" },
        { NULL, NULL },
    };
    mstun_finding_t *finding = mstun_finding_add_sentence(
        evaluation,
        why == REJECTED_STALE && mstun_error_is_repaired(error) ? MSTUN_FINDING_STALE_NONCE
                                                                : MSTUN_FINDING_AUTH_REJECTED,
        why == REJECTED_STALE && mstun_error_is_repaired(error) ? 1 : why, places, &error->subject);

    finding->detail = error->code | (why == REJECTED_VERIFIED ? 1u << 16 : 0);
    if (why == REJECTED_VERIFIED) {
        finding->advice = "If the row is right, so is the client: look at the server. Its database may have a key for "
                          "another realm or password, and its shared secret must be that of the service that makes the "
                          "user names";
    }
    if (mstun_error_is_repaired(error)) {
        finding->severity = PI_NOTE;
    }
}

/* ---- challenges and stale nonces ---- */

/* Enough of the capture follows, or the connection is closed: what did not come will not come. */
static bool had_time(const mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    return evaluation->end && (mstun_stream_is_closed(error->subject.stream) ||
                               mstun_ms_between(&error->subject.abs_ts, evaluation->end) >= RESPONSE_GRACE_MS);
}

/* A client that says goodbye need not go on; and what the capture lacks may be how it went on. */
static bool had_time_to_go_on(const mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    const mstun_subject_t *subject = &error->subject;
    uint32_t since = error->request ? error->request->pos.frame - 1 : subject->pos.frame; /* its own segment, too */

    return !mstun_error_of_farewell(error) && had_time(evaluation, error) &&
           mstun_stream_lack(subject->stream, subject->direction, since) == MSTUN_LACK_NOTHING;
}

static void evaluate_challenge(mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    mstun_finding_add(evaluation, MSTUN_FINDING_CHALLENGE, &error->subject);
    if (had_time_to_go_on(evaluation, error) && !mstun_error_is_repaired(error) &&
        mstun_error_client_never_signed(error)) {
        uint32_t count = mstun_error_requests(error);
        const char *requests =
            count == 1
                ? "its only request does not carry MESSAGE-INTEGRITY"
                : wmem_strdup_printf(evaluation->scope, "none of its %u requests carries MESSAGE-INTEGRITY", count);
        const mstun_place_t places[] = { { "requests", requests }, { NULL, NULL } };

        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_NO_CREDENTIALS, 0, places, &error->subject);
    }
}

/* Requests that were on their way when the nonce was renewed are refused too: that is no second renewal. Nor is it one
 * where the new nonce was accepted before: it has its time. */
static bool is_second_renewal(const mstun_error_case_t *error, const mstun_error_case_t *renewal)
{
    const mstun_turn_request_t *request = error->request;

    return renewal && renewal->code == 438 && request && request->pos.frame > renewal->subject.pos.frame &&
           !(request->nonce == renewal->nonce && error->nonce_was_accepted);
}

static bool is_farewell_left_alone(const mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    return had_time(evaluation, error) && mstun_error_of_farewell(error) && !mstun_error_is_repaired(error) &&
           !mstun_error_was_followed(error);
}

static void evaluate_stale_nonce(mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    enum { OLD_NONCE_AGAIN, NEW_NONCE_REFUSED };
    enum { REPEATED = 0, FAREWELL = 2 };
    const mstun_error_case_t *renewal = mstun_error_last_challenge(error);
    const mstun_turn_request_t *request = error->request;

    if (is_second_renewal(error, renewal)) {
        bool new_one = request->nonce == renewal->nonce;
        mstun_finding_t *finding =
            mstun_finding_add_sentence(evaluation, MSTUN_FINDING_STALE_NONCE_AGAIN,
                                       new_one ? NEW_NONCE_REFUSED : OLD_NONCE_AGAIN, no_places, &error->subject);

        finding->severity =
            mstun_error_of_farewell(error) || mstun_error_is_repaired(error) ? PI_NOTE : finding->severity;
    } else {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_STALE_NONCE,
                                   is_farewell_left_alone(evaluation, error) ? FAREWELL : REPEATED, no_places,
                                   &error->subject);
    }
    if (had_time_to_go_on(evaluation, error) && !mstun_error_is_repaired(error) && !mstun_error_was_followed(error)) {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_NOT_REPEATED,
                                   request && !mstun_error_nonce_was_given(error) ? 1 : 0, no_places, &error->subject);
    }
}

void mstun_evaluate_auth_error(mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    if (error->code == 438) {
        evaluate_stale_nonce(evaluation, error);
    } else if (error->code == 401 && !error->with_integrity) {
        evaluate_challenge(evaluation, error);
    } else {
        add_rejected(evaluation, error);
    }
}
