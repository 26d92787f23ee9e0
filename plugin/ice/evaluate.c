/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state of a pair by itself, in a capture that ends at a given time: first its open checks are classified, then the
 * pair. */
#include "conversation/response_state.h"
#include "ice/pair_state.h"

#define CHECK_DELAY_MS 2000   /* a side that is about to check may not have done so yet */
#define CONSENT_TIME_MS 30000 /* RFC 7675 section 5.1 */
#define CONSENT_CHECKS 3      /* in a row without an answer: an agent makes one in about 5 s */
#define IGNORED_REPEATS 3     /* of checks with a success: fewer may have crossed it */
#define CONFLICTS_MAX 3       /* 487 in a row, whatever is done about them */

static const unsigned ranks[MSTUN_PAIR_STATES] = {
    [MSTUN_PAIR_NOMINATED] = 0,
    [MSTUN_PAIR_WORKS] = 1,
    [MSTUN_PAIR_UNUSED] = 2,
    [MSTUN_PAIR_PENDING] = 3,
    [MSTUN_PAIR_HALF_CAPTURED] = 4,
    [MSTUN_PAIR_CUT_OFF] = 5,
    [MSTUN_PAIR_NOT_NOMINATED] = 6,
    [MSTUN_PAIR_CONSENT_LOST] = 7,
    [MSTUN_PAIR_ONE_WAY] = 8,
    [MSTUN_PAIR_ROLE_CONFLICT] = 9,
    [MSTUN_PAIR_RESPONSES_IGNORED] = 10,
    [MSTUN_PAIR_REJECTED] = 11,
    [MSTUN_PAIR_NO_ANSWER] = 12,
};

unsigned mstun_pair_state_rank(mstun_pair_state_t state)
{
    return ranks[state];
}

bool mstun_pair_state_is_broken(mstun_pair_state_t state)
{
    return ranks[state] >= ranks[MSTUN_PAIR_NOT_NOMINATED];
}

/* One check or response may have crossed it; what came later was sent by an agent that had it, and answers at once. */
bool mstun_pair_went_on(const mstun_pair_t *pair, const mstun_transaction_t *check)
{
    unsigned receiver = check->direction == pair->forward ? 1 : 0;

    return mstun_ms_between(&check->request_time, &pair->sent[receiver][0]) > 0;
}

/* Whoever closed or reset the connection: that says nothing of the pair. */
static bool ended_soon(const mstun_transaction_t *check, const mstun_observed_until_t *until)
{
    return until->closed && mstun_ms_between(&check->request_time, &until->end) < RESPONSE_GRACE_MS;
}

static void count_unanswered(mstun_pair_direction_t *dir, const mstun_transaction_t *check)
{
    dir->first_unanswered = check;
    if (dir->successes && mstun_ms_between(&dir->last_success, &check->request_time) > 0) {
        dir->unanswered_since_success++;
        dir->first_lost = check;
    }
}

static void count_check(const mstun_pair_t *pair, const mstun_transaction_t *check, const mstun_observed_until_t *until,
                        mstun_pair_direction_t *dir)
{
    const char *reason; /* XXX conv */
    mstun_response_state_t state = mstun_response_state(check, pair->stream, &until->end, wmem_file_scope(), &reason);

    if (state == MSTUN_RESPONSE_PENDING || state == MSTUN_RESPONSE_ARRIVED) { /* of a method that nobody knows */
        dir->pending++;
        return;
    }
    dir->unanswered++;
    if (state != MSTUN_RESPONSE_NOT_CAPTURED && (!ended_soon(check, until) || mstun_pair_went_on(pair, check))) {
        count_unanswered(dir, check);
        return;
    }
    dir->inconclusive++;
    dir->not_captured += state == MSTUN_RESPONSE_NOT_CAPTURED ? 1 : 0;
}

void mstun_pair_count_open(const mstun_pair_t *pair, const mstun_observed_until_t *until, mstun_pair_view_t *view)
{
    for (unsigned i = 0; i < 2; i++) {
        /* The newest first, so that the last one noted is the earliest. */
        for (const mstun_transaction_t *check = pair->newest[i]; check; check = check->pair_older) {
            if (check->open_in_pair) {
                count_check(pair, check, until, &view->dir[i]);
            }
        }
    }
}

static bool is_unanswered(const mstun_pair_direction_t *dir)
{
    return dir->unanswered > dir->inconclusive;
}

static bool has_error(const mstun_pair_direction_t *dir, const mstun_observed_until_t *until)
{
    return dir->error_open && (until->closed || mstun_ms_between(&dir->error_time, &until->end) >= RESPONSE_GRACE_MS);
}

/* 487, and the side that gets it keeps its role, or gives up. */
static bool has_unsolved_conflict(const mstun_pair_direction_t *dir, const mstun_observed_until_t *until)
{
    return has_error(dir, until) && dir->error_code == ICE_ROLE_CONFLICT &&
           (!dir->role_changed || !dir->retry_frame || dir->conflicts >= CONFLICTS_MAX);
}

static bool is_rejected(const mstun_pair_direction_t *dir, const mstun_observed_until_t *until)
{
    return has_error(dir, until) && dir->error_code != ICE_ROLE_CONFLICT;
}

static bool is_ignoring_responses(const mstun_pair_direction_t *dir)
{
    return dir->repeats_of_ignored >= IGNORED_REPEATS && dir->ignored * 2 >= dir->successes;
}

static bool is_consent_lost(const mstun_pair_direction_t *dir, const mstun_observed_until_t *until)
{
    return dir->unanswered_since_success >= CONSENT_CHECKS ||
           (dir->unanswered_since_success > 1 && mstun_ms_between(&dir->last_success, &until->end) >= CONSENT_TIME_MS);
}

static bool is_nominated(const mstun_pair_view_t *view)
{
    return view->dir[0].nominated_frame || view->dir[1].nominated_frame;
}

static bool has_media(const mstun_pair_view_t *view)
{
    return view->dir[0].media || view->dir[1].media;
}

bool mstun_pair_is_in_use(const mstun_pair_view_t *view)
{
    return view->own_state == MSTUN_PAIR_NOMINATED || (view->own_state == MSTUN_PAIR_WORKS && has_media(view));
}

static bool is_cut_off(const mstun_pair_view_t *view)
{
    return view->dir[0].inconclusive || view->dir[1].inconclusive;
}

static mstun_pair_state_t state_if_inconclusive(const mstun_pair_view_t *view)
{
    if (!view->works_frame && (view->gap_frame || view->dir[0].not_captured || view->dir[1].not_captured)) {
        return MSTUN_PAIR_HALF_CAPTURED;
    }
    return is_cut_off(view) ? MSTUN_PAIR_CUT_OFF : MSTUN_PAIR_PENDING;
}

/* Versions of ICE without ICE-CONTROLLING and ICE-CONTROLLED, such as Google's, have no nomination either. */
static bool has_no_roles(const mstun_pair_view_t *view)
{
    return view->side[0].role == MSTUN_ROLE_UNKNOWN && view->side[1].role == MSTUN_ROLE_UNKNOWN;
}

/* The pair may have been nominated before the capture began. */
static bool may_be_nominated(const mstun_pair_view_t *view)
{
    return is_nominated(view) || (!view->from_start && !view->other_pair_nominated);
}

/* Media without a nomination is legal, and shows that the pair is in use (RFC 8445 section 12.1). */
static mstun_pair_state_t state_if_connected(const mstun_pair_view_t *view, const mstun_observed_until_t *until)
{
    if (may_be_nominated(view) && (is_consent_lost(&view->dir[0], until) || is_consent_lost(&view->dir[1], until))) {
        return MSTUN_PAIR_CONSENT_LOST;
    }
    if (is_nominated(view)) {
        return MSTUN_PAIR_NOMINATED;
    }
    if (has_media(view) || view->gap_frame || view->other_pair_nominated || !view->ended || has_no_roles(view)) {
        return MSTUN_PAIR_WORKS;
    }
    if (is_cut_off(view)) {
        return MSTUN_PAIR_CUT_OFF;
    }
    bool short_lived = until->closed && mstun_ms_between(&view->works_time, &until->end) < CHECK_DELAY_MS;
    bool both_continued = view->dir[0].consent && view->dir[1].consent;

    return short_lived && !both_continued ? MSTUN_PAIR_WORKS : MSTUN_PAIR_NOT_NOMINATED;
}

/* other: the direction without checks. A lite agent sends none (RFC 8445 section 6.1.1), but its pair is nominated.
 * Media from that side shows that the pair is in use. */
static mstun_pair_state_t state_without_checks(const mstun_pair_view_t *view, const mstun_pair_direction_t *other,
                                               const mstun_observed_until_t *until)
{
    const mstun_pair_direction_t *answered = &view->dir[other == &view->dir[0] ? 1 : 0];

    if (may_be_nominated(view) && is_consent_lost(answered, until)) {
        return MSTUN_PAIR_CONSENT_LOST;
    }
    if (is_nominated(view) && (other->media || !is_unanswered(answered))) {
        return MSTUN_PAIR_NOMINATED;
    }
    if (other->media) {
        return MSTUN_PAIR_WORKS;
    }
    bool continued = view->dir[0].requests > 1 || view->dir[1].requests > 1;
    double limit = !until->closed ? RESPONSE_GRACE_MS : continued ? 0 : CHECK_DELAY_MS;

    return !view->gap_frame && !view->may_lack_checks && mstun_ms_between(&view->first_time, &until->end) >= limit
               ? MSTUN_PAIR_ONE_WAY
               : state_if_inconclusive(view);
}

/* other: the direction without a success. */
static mstun_pair_state_t state_if_one_direction(const mstun_pair_view_t *view, const mstun_pair_direction_t *other,
                                                 const mstun_observed_until_t *until)
{
    if (other->requests == 0) {
        return state_without_checks(view, other, until);
    }
    return is_unanswered(other) ? MSTUN_PAIR_ONE_WAY : state_if_inconclusive(view);
}

static mstun_pair_state_t state_by_checks(const mstun_pair_view_t *view, const mstun_observed_until_t *until)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];

    if (view->half_captured && !view->works_frame) {
        return MSTUN_PAIR_HALF_CAPTURED;
    }
    if (is_ignoring_responses(forward) || is_ignoring_responses(reverse)) {
        return MSTUN_PAIR_RESPONSES_IGNORED;
    }
    if (has_unsolved_conflict(forward, until) || has_unsolved_conflict(reverse, until)) {
        return MSTUN_PAIR_ROLE_CONFLICT;
    }
    if (is_rejected(forward, until) || is_rejected(reverse, until)) {
        return MSTUN_PAIR_REJECTED;
    }
    if (view->works_frame) {
        return state_if_connected(view, until);
    }
    if (forward->successes || reverse->successes) {
        return state_if_one_direction(view, forward->successes ? reverse : forward, until);
    }
    return is_unanswered(forward) || is_unanswered(reverse) ? MSTUN_PAIR_NO_ANSWER : state_if_inconclusive(view);
}

/* RFC 8445 section 7.3.1.1 wants one of them to answer 487. */
static bool has_undetected_conflict(const mstun_pair_view_t *view)
{
    return view->side[0].role != MSTUN_ROLE_UNKNOWN && view->side[0].role == view->side[1].role &&
           view->dir[0].requests && view->dir[1].requests && !view->dir[0].conflicts && !view->dir[1].conflicts;
}

mstun_pair_state_t mstun_pair_evaluate(const mstun_pair_view_t *view, const mstun_observed_until_t *until)
{
    mstun_pair_state_t state = state_by_checks(view, until);
    bool works_for_nothing = state == MSTUN_PAIR_WORKS && !has_media(view) && !view->other_pair_nominated &&
                             mstun_ms_between(&view->works_time, &until->end) >= RESPONSE_GRACE_MS;

    return (mstun_pair_state_is_broken(state) || works_for_nothing) && state != MSTUN_PAIR_CONSENT_LOST &&
                   has_undetected_conflict(view)
               ? MSTUN_PAIR_ROLE_CONFLICT
               : state;
}

unsigned mstun_pair_broken_direction(const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];
    bool in_reverse = false;

    switch (view->own_state) {
    case MSTUN_PAIR_ONE_WAY:
        in_reverse = forward->successes > 0;
        break;
    case MSTUN_PAIR_REJECTED:
        in_reverse = !forward->error_open || forward->error_code == ICE_ROLE_CONFLICT;
        break;
    case MSTUN_PAIR_ROLE_CONFLICT:
        in_reverse = !forward->conflict_open && reverse->conflict_open;
        break;
    case MSTUN_PAIR_RESPONSES_IGNORED:
        in_reverse = !is_ignoring_responses(forward);
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        in_reverse = reverse->unanswered_since_success > forward->unanswered_since_success;
        break;
    case MSTUN_PAIR_NO_ANSWER:
        in_reverse = !is_unanswered(forward);
        break;
    default:
        break;
    }
    return in_reverse ? MSTUN_REVERSE : MSTUN_FORWARD;
}
