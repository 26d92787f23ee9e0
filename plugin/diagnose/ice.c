/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Candidate pairs: RFC 8445 sections 7 and 8, RFC 7675. Each finding is at one place of the pair: the first check without
 * an answer, the last error, and the like. */
#include "diagnose/evaluators.h"

static mstun_subject_t subject_of(const mstun_pair_t *pair, const mstun_pair_view_t *view, unsigned dir, uint32_t frame,
                                  uint32_t position)
{
    return (mstun_subject_t){ .pos = { frame, position },
                              .time = view->first_time,
                              .stream = mstun_pair_stream(pair),
                              .direction = mstun_pair_stream_direction(pair, dir),
                              .pair = pair,
                              .allocation = view->allocation,
                              .peer = view->side[view->peer].address };
}

/* On the first check that has no answer, or on the first of the pair where the other side makes none. */
static void evaluate_one_way(mstun_evaluation_t *evaluation, const mstun_pair_t *pair, const mstun_pair_view_t *view)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];
    const mstun_place_t places[] = {
        { "sender", mstun_pair_side_text(evaluation->scope, &view->side[broken]) },
        { "receiver", mstun_pair_side_text(evaluation->scope, &view->side[1 - broken]) },
        { "count", mstun_place_number(evaluation->scope, dir->unanswered) },
        { NULL, NULL },
    };
    mstun_subject_t subject = dir->requests
                                  ? subject_of(pair, view, broken, dir->unanswered_frame, dir->unanswered_position)
                                  : subject_of(pair, view, broken, view->first_frame, view->first_position);

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_ONE_WAY, dir->requests ? 0 : 1, places, &subject);
}

static void evaluate_rejected(mstun_evaluation_t *evaluation, const mstun_pair_t *pair, const mstun_pair_view_t *view)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];
    mstun_subject_t subject = subject_of(pair, view, broken, dir->error_frame, dir->error_position);

    if (dir->error_code == ICE_ROLE_CONFLICT) {
        return;
    }
    const mstun_place_t places[] = {
        { "receiver", mstun_pair_side_text(evaluation->scope, &view->side[1 - broken]) },
        { "sender", mstun_pair_side_text(evaluation->scope, &view->side[broken]) },
        { "code", mstun_place_number(evaluation->scope, dir->error_code) },
        { "what", dir->error_code == 401 || dir->error_code == 431
                      ? "the ice-pwd that each side was given for the other"
                      : "what the request has and the response says" },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_PAIR_REJECTED, 0, places, &subject);
}

static void evaluate_not_nominated(mstun_evaluation_t *evaluation, const mstun_pair_t *pair,
                                   const mstun_pair_view_t *view)
{
    uint32_t forward = view->dir[MSTUN_FORWARD].nominating_frame, reverse = view->dir[MSTUN_REVERSE].nominating_frame;
    uint32_t first = forward && (!reverse || forward < reverse) ? forward : reverse;
    mstun_subject_t subject = subject_of(pair, view, MSTUN_FORWARD, view->works_frame, view->works_position);

    subject.time = view->works_time;
    if (!first) {
        mstun_finding_add(evaluation, MSTUN_FINDING_NOT_NOMINATED, &subject);
        return;
    }
    const mstun_place_t places[] = {
        { "frame", mstun_place_number(evaluation->scope, first) },
        { "receiver", mstun_pair_side_text(evaluation->scope, &view->side[forward ? 1 : 0]) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_NOT_NOMINATED, 0, places, &subject);
}

static void evaluate_consent_lost(mstun_evaluation_t *evaluation, const mstun_pair_t *pair,
                                  const mstun_pair_view_t *view)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];
    mstun_subject_t subject = subject_of(pair, view, broken, dir->lost_frame, dir->lost_position);
    const mstun_place_t places[] = {
        { "receiver", mstun_pair_side_text(evaluation->scope, &view->side[1 - broken]) },
        { "count", mstun_place_number(evaluation->scope, dir->unanswered_since_success) },
        { NULL, NULL },
    };

    subject.time = dir->last_success;
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_CONSENT_LOST, 0, places, &subject);
}

/* On the last 487 of each direction. */
static void evaluate_conflict(mstun_evaluation_t *evaluation, const mstun_pair_t *pair, const mstun_pair_view_t *view)
{
    for (unsigned i = 0; i < 2; i++) {
        const mstun_pair_direction_t *dir = &view->dir[i];
        mstun_subject_t subject = subject_of(pair, view, i, dir->conflict_frame, dir->conflict_position);

        if (!dir->conflicts) {
            continue;
        }
        if (!dir->conflict_open) {
            mstun_finding_add(evaluation, MSTUN_FINDING_ROLE_CONFLICT_RESOLVED, &subject);
        } else if (view->state == MSTUN_PAIR_REJECTED) {
            const mstun_place_t places[] = {
                { "count", mstun_place_number(evaluation->scope, dir->conflicts) },
                { "sender", mstun_pair_side_text(evaluation->scope, &view->side[i]) },
                { "role", val_to_str_const(view->side[i].role, mstun_role_names, "the same") },
                { NULL, NULL },
            };

            mstun_finding_add_sentence(evaluation, MSTUN_FINDING_ROLE_CONFLICT, 0, places, &subject);
        }
    }
}

static void evaluate_pair(mstun_pair_t *pair, void *data)
{
    mstun_evaluation_t *evaluation = (mstun_evaluation_t *)data;
    const mstun_pair_view_t *view = mstun_pair_view(pair, evaluation->end);

    evaluate_conflict(evaluation, pair, view);
    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        evaluate_one_way(evaluation, pair, view);
        break;
    case MSTUN_PAIR_REJECTED:
        evaluate_rejected(evaluation, pair, view);
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        evaluate_not_nominated(evaluation, pair, view);
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        evaluate_consent_lost(evaluation, pair, view);
        break;
    default: /* it works, or cannot be told; a pair without any answer is a finding of its requests */
        break;
    }
}

void mstun_evaluate_pairs(mstun_evaluation_t *evaluation)
{
    mstun_pair_foreach(evaluate_pair, evaluation);
}
