/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Candidate pairs: RFC 8445 sections 7 and 8, RFC 7675. Each finding is at one place of the pair: the first check without
 * an answer, the last error, and the like. */
#include "diagnose/evaluators.h"

static bool is_here(const mstun_event_t *event, uint32_t frame, uint32_t position)
{
    return frame == event->pinfo->num && position == event->position;
}

static const char *number(wmem_allocator_t *scope, uint32_t value)
{
    return wmem_strdup_printf(scope, "%u", value);
}

/* On the first check that has no answer, or on the first of the pair where the other side makes none. */
static void evaluate_one_way(const mstun_event_t *event, const mstun_pair_view_t *view,
                             const mstun_finding_sink_t *sink)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];
    const mstun_place_t places[] = {
        { "sender", mstun_pair_side_text(sink->scope, &view->side[broken]) },
        { "receiver", mstun_pair_side_text(sink->scope, &view->side[1 - broken]) },
        { "count", number(sink->scope, dir->unanswered) },
        { NULL, NULL },
    };

    if (dir->requests && is_here(event, dir->unanswered_frame, dir->unanswered_position)) {
        mstun_finding_add_sentence(sink, MSTUN_FINDING_ONE_WAY, 0, places);
    } else if (!dir->requests && is_here(event, view->first_frame, view->first_position)) {
        mstun_finding_add_sentence(sink, MSTUN_FINDING_ONE_WAY, 1, places);
    }
}

static void evaluate_rejected(const mstun_event_t *event, const mstun_pair_view_t *view,
                              const mstun_finding_sink_t *sink)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];

    if (dir->error_code == ICE_ROLE_CONFLICT || !is_here(event, dir->error_frame, dir->error_position)) {
        return;
    }
    const mstun_place_t places[] = {
        { "receiver", mstun_pair_side_text(sink->scope, &view->side[1 - broken]) },
        { "sender", mstun_pair_side_text(sink->scope, &view->side[broken]) },
        { "code", number(sink->scope, dir->error_code) },
        { "what", dir->error_code == 401 || dir->error_code == 431
                      ? "the ice-pwd that each side was given for the other"
                      : "what the request has and the response says" },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_PAIR_REJECTED, 0, places);
}

static void evaluate_not_nominated(const mstun_event_t *event, const mstun_pair_view_t *view,
                                   const mstun_finding_sink_t *sink)
{
    uint32_t forward = view->dir[MSTUN_FORWARD].nominating_frame, reverse = view->dir[MSTUN_REVERSE].nominating_frame;
    uint32_t first = forward && (!reverse || forward < reverse) ? forward : reverse;

    if (!is_here(event, view->works_frame, view->works_position)) {
        return;
    }
    if (!first) {
        mstun_finding_add(sink, MSTUN_FINDING_NOT_NOMINATED);
        return;
    }
    const mstun_place_t places[] = {
        { "frame", number(sink->scope, first) },
        { "receiver", mstun_pair_side_text(sink->scope, &view->side[forward ? 1 : 0]) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_NOT_NOMINATED, 0, places);
}

static void evaluate_consent_lost(const mstun_event_t *event, const mstun_pair_view_t *view,
                                  const mstun_finding_sink_t *sink)
{
    unsigned broken = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[broken];

    if (!is_here(event, dir->lost_frame, dir->lost_position)) {
        return;
    }
    const mstun_place_t places[] = {
        { "receiver", mstun_pair_side_text(sink->scope, &view->side[1 - broken]) },
        { "count", number(sink->scope, dir->unanswered_since_success) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_CONSENT_LOST, 0, places);
}

/* On the last 487 of each direction. */
static void evaluate_conflict(const mstun_event_t *event, const mstun_pair_view_t *view,
                              const mstun_finding_sink_t *sink)
{
    for (unsigned i = 0; i < 2; i++) {
        const mstun_pair_direction_t *dir = &view->dir[i];

        if (!dir->conflicts || !is_here(event, dir->conflict_frame, dir->conflict_position)) {
            continue;
        }
        if (!dir->conflict_open) {
            mstun_finding_add(sink, MSTUN_FINDING_ROLE_CONFLICT_RESOLVED);
        } else if (view->state == MSTUN_PAIR_REJECTED) {
            const mstun_place_t places[] = {
                { "count", number(sink->scope, dir->conflicts) },
                { "sender", mstun_pair_side_text(sink->scope, &view->side[i]) },
                { "role", val_to_str_const(view->side[i].role, mstun_role_names, "the same") },
                { NULL, NULL },
            };

            mstun_finding_add_sentence(sink, MSTUN_FINDING_ROLE_CONFLICT, 0, places);
        }
    }
}

void mstun_evaluate_pair(const mstun_event_t *event, const mstun_pair_view_t *view, const mstun_finding_sink_t *sink)
{
    evaluate_conflict(event, view, sink);
    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        if (!view->other_pair_nominated) {
            evaluate_one_way(event, view, sink);
        }
        break;
    case MSTUN_PAIR_REJECTED:
        evaluate_rejected(event, view, sink);
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        evaluate_not_nominated(event, view, sink);
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        evaluate_consent_lost(event, view, sink);
        break;
    case MSTUN_PAIR_NOMINATED:
    case MSTUN_PAIR_WORKS:
    case MSTUN_PAIR_PENDING:
    case MSTUN_PAIR_HALF_CAPTURED:
    case MSTUN_PAIR_CUT_OFF:
    case MSTUN_PAIR_NO_ANSWER:
        break;
    }
}
