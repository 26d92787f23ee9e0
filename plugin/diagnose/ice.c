/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Candidate pairs: RFC 8445 sections 7 and 8, RFC 7675. Each finding is at one place of the pair: the first check
 * without an answer, the last error, and the like. Pairs that one cause broke are one row: that of the first of them.
 */
#include "diagnose/evaluators.h"

#include "conversation/response_state.h"

/* A pair whose state is a finding. */
typedef struct {
    mstun_evaluation_t *evaluation;
    const mstun_pair_t *pair;
    const mstun_pair_view_t *view;
    unsigned broken; /* direction, as mstun_pair_broken_direction() has it */
    const mstun_pair_direction_t *dir;
} ctx_t;

static mstun_subject_t subject_at(const ctx_t *ctx, uint32_t frame, uint32_t position, const nstime_t *abs_ts)
{
    return (mstun_subject_t){ .pos = { frame, position },
                              .abs_ts = *abs_ts,
                              .stream = mstun_pair_stream(ctx->pair),
                              .direction = mstun_pair_stream_direction(ctx->pair, ctx->broken),
                              .pair = ctx->pair,
                              .alike = mstun_pair_first_alike(ctx->pair, ctx->evaluation->end),
                              .allocation = ctx->view->allocation,
                              .peer = ctx->view->side[ctx->view->peer].address };
}

static mstun_subject_t subject_of_check(const ctx_t *ctx, const mstun_transaction_t *check)
{
    mstun_subject_t subject = subject_at(ctx, check->request_frame, check->request_position, &check->request_time);

    subject.transaction = check;
    return subject;
}

/* The sentences have what the tree and the report of pairs say, "{pair}", and the two sides of the broken direction. */
static mstun_finding_t *add(const ctx_t *ctx, mstun_finding_id_t id, unsigned sentence, const char *name,
                            const char *value, const mstun_subject_t *subject)
{
    wmem_allocator_t *scope = ctx->evaluation->scope;
    const mstun_place_t places[] = {
        { "pair", mstun_pair_state_text(scope, ctx->view) },
        { "sender", mstun_pair_side_text(scope, &ctx->view->side[ctx->broken]) },
        { "receiver", mstun_pair_side_text(scope, &ctx->view->side[1 - ctx->broken]) },
        { name, value },
        { NULL, NULL },
    };

    return mstun_finding_add_sentence(ctx->evaluation, id, sentence, places, subject);
}

/* What TCP says of an unanswered check. Behind a relay it speaks of the server only. */
static mstun_ack_t acknowledgement(const ctx_t *ctx, const mstun_transaction_t *check)
{
    return ctx->view->relayed ? MSTUN_ACK_UNKNOWN : mstun_request_was_acknowledged(check, mstun_pair_stream(ctx->pair));
}

static const char *advice_by_ack(mstun_ack_t acknowledged)
{
    switch (acknowledged) {
    case MSTUN_ACK_YES:
        return "The checks reached the other host: look at the program there, and compare ice-ufrag and ice-pwd";
    case MSTUN_ACK_NO:
        return "The checks did not reach the other host: look for what drops them on the way (route, firewall)";
    case MSTUN_ACK_SACK:
    case MSTUN_ACK_UNKNOWN:
        break;
    }
    return NULL;
}

/* The other leg of the relay shows that neither end is at fault. */
static mstun_finding_t *add_if_cut(const ctx_t *ctx, mstun_finding_id_t id, unsigned sentence,
                                   const mstun_subject_t *subject)
{
    if (!mstun_pair_cut_text(ctx->evaluation->scope, ctx->view)) {
        return NULL;
    }
    mstun_finding_t *finding = add(ctx, id, sentence, NULL, NULL, subject);

    finding->advice = MSTUN_ADVICE_CUT_AT_SERVER;
    return finding;
}

/* On the first check that has no answer, or on the first of the pair where the other side makes none. */
static void add_one_way(const ctx_t *ctx)
{
    enum { UNKNOWN, DELIVERED, LOST, NO_CHECKS, CUT };
    const mstun_transaction_t *check = ctx->dir->first_unanswered;

    if (!ctx->dir->requests || !check) {
        mstun_subject_t subject =
            subject_at(ctx, ctx->view->first_frame, ctx->view->first_position, &ctx->view->first_time);

        add(ctx, MSTUN_FINDING_ONE_WAY, NO_CHECKS, NULL, NULL, &subject);
        return;
    }
    mstun_subject_t subject = subject_of_check(ctx, check);

    if (add_if_cut(ctx, MSTUN_FINDING_ONE_WAY, CUT, &subject)) {
        return;
    }
    mstun_ack_t acknowledged = acknowledgement(ctx, check);
    unsigned sentence = acknowledged == MSTUN_ACK_YES ? DELIVERED : acknowledged == MSTUN_ACK_NO ? LOST : UNKNOWN;

    add(ctx, MSTUN_FINDING_ONE_WAY, sentence, NULL, NULL, &subject)->advice = advice_by_ack(acknowledged);
}

/* RFC 8445 section 7.2.2: every check has both. */
static const char *missing_in(const mstun_transaction_t *check)
{
    if (!check || !check->request_frame) {
        return NULL;
    }
    return !check->with_username    ? (check->with_integrity ? "USERNAME" : "USERNAME and no MESSAGE-INTEGRITY")
           : !check->with_integrity ? "MESSAGE-INTEGRITY"
                                    : NULL;
}

static void add_rejected(const ctx_t *ctx)
{
    enum { COMPARE_PASSWORDS, READ_RESPONSE, ATTRIBUTE_MISSING };
    const mstun_pair_direction_t *dir = ctx->dir;
    mstun_subject_t subject = subject_at(ctx, dir->error_frame, dir->error_position, &dir->error_time);
    const char *missing = missing_in(dir->rejected);
    mstun_finding_t *finding;

    subject.transaction = dir->rejected;
    if (missing) {
        finding = add(ctx, MSTUN_FINDING_PAIR_REJECTED, ATTRIBUTE_MISSING, "missing", missing, &subject);
        finding->advice = "Look at the program that sends the checks: it leaves out what every check must have";
    } else {
        bool is_password = dir->error_code == 401 || dir->error_code == 431;

        finding = add(ctx, MSTUN_FINDING_PAIR_REJECTED, is_password ? COMPARE_PASSWORDS : READ_RESPONSE, NULL, NULL,
                      &subject);
    }
    finding->detail = dir->error_code;
}

static void add_not_nominated(const ctx_t *ctx)
{
    enum { NOT_SENT, NOT_ANSWERED };
    const mstun_pair_view_t *view = ctx->view;
    uint32_t forward = view->dir[MSTUN_FORWARD].nominating_frame, reverse = view->dir[MSTUN_REVERSE].nominating_frame;
    mstun_subject_t subject = subject_at(ctx, view->works_frame, view->works_position, &view->works_time);

    add(ctx, MSTUN_FINDING_NOT_NOMINATED, forward || reverse ? NOT_ANSWERED : NOT_SENT, "nominee",
        mstun_pair_side_text(ctx->evaluation->scope, &view->side[forward ? 1 : 0]), &subject);
}

/* The cause is what happened when the first of these checks was sent. */
static void add_consent_lost(const ctx_t *ctx)
{
    enum { UNKNOWN, DELIVERED, LOST, WITH_MEDIA, CUT };
    const mstun_transaction_t *check = ctx->dir->first_lost;
    const mstun_pair_direction_t *back = &ctx->view->dir[1 - ctx->broken];
    mstun_subject_t subject = subject_of_check(ctx, check);
    mstun_ack_t acknowledged = acknowledgement(ctx, check);
    bool media_goes_on = mstun_ms_between(&check->request_time, &back->last_media) >= RESPONSE_GRACE_MS;
    unsigned sentence = media_goes_on                   ? WITH_MEDIA
                        : acknowledged == MSTUN_ACK_YES ? DELIVERED
                        : acknowledged == MSTUN_ACK_NO  ? LOST
                                                        : UNKNOWN;

    if (!media_goes_on && add_if_cut(ctx, MSTUN_FINDING_CONSENT_LOST, CUT, &subject)) {
        return;
    }
    add(ctx, MSTUN_FINDING_CONSENT_LOST, sentence, NULL, NULL, &subject);
}

static void add_role_conflict(const ctx_t *ctx)
{
    enum { UNDETECTED, NOT_RESOLVED };
    const mstun_pair_direction_t *dir = ctx->dir;
    mstun_subject_t subject =
        dir->conflicts ? subject_at(ctx, dir->conflict_frame, dir->conflict_position, &dir->error_time)
                       : subject_at(ctx, ctx->view->first_frame, ctx->view->first_position, &ctx->view->first_time);

    add(ctx, MSTUN_FINDING_ROLE_CONFLICT, dir->conflicts ? NOT_RESOLVED : UNDETECTED, NULL, NULL, &subject);
}

static void add_responses_ignored(const ctx_t *ctx)
{
    const mstun_pair_direction_t *dir = ctx->dir;
    mstun_subject_t subject = subject_at(ctx, dir->repeat_frame, dir->repeat_position, &dir->repeat_time);

    if (!add_if_cut(ctx, MSTUN_FINDING_RESPONSES_IGNORED, 1, &subject)) {
        add(ctx, MSTUN_FINDING_RESPONSES_IGNORED, 0, NULL, NULL, &subject);
    }
}

/* On the last 487 of each direction. */
static void add_resolved_conflicts(mstun_evaluation_t *evaluation, const mstun_pair_t *pair,
                                   const mstun_pair_view_t *view)
{
    for (unsigned i = 0; i < 2; i++) {
        const mstun_pair_direction_t *dir = &view->dir[i];

        if (dir->conflicts && !dir->conflict_open) {
            const ctx_t ctx = { evaluation, pair, view, i, dir };
            mstun_subject_t subject = subject_at(&ctx, dir->conflict_frame, dir->conflict_position, &view->first_time);

            mstun_finding_add(evaluation, MSTUN_FINDING_ROLE_CONFLICT_RESOLVED, &subject);
        }
    }
}

static void evaluate_pair(mstun_pair_t *pair, void *data)
{
    mstun_evaluation_t *evaluation = (mstun_evaluation_t *)data;
    const mstun_pair_view_t *view = mstun_pair_view(pair, evaluation->end);
    unsigned broken = mstun_pair_broken_direction(view);
    const ctx_t ctx = { evaluation, pair, view, broken, &view->dir[broken] };

    add_resolved_conflicts(evaluation, pair, view);
    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        add_one_way(&ctx);
        break;
    case MSTUN_PAIR_REJECTED:
        add_rejected(&ctx);
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        add_not_nominated(&ctx);
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        add_consent_lost(&ctx);
        break;
    case MSTUN_PAIR_ROLE_CONFLICT:
        add_role_conflict(&ctx);
        break;
    case MSTUN_PAIR_RESPONSES_IGNORED:
        add_responses_ignored(&ctx);
        break;
    default: /* it works, or cannot be told; a pair without any answer is a finding of its requests */
        break;
    }
}

void mstun_evaluate_pairs(mstun_evaluation_t *evaluation)
{
    mstun_pair_foreach(evaluate_pair, evaluation);
}
