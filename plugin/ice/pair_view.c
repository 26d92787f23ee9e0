/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A pair as others see it: by itself first, then as one pair of its session. */
#include "conversation/response_state.h"
#include "ice/pair_state.h"

#define SIGN_OF_USE_MS 15000 /* a pair that is in use shows it more often: RFC 7675 section 5.1 */

static mstun_observed_until_t observed_until(const mstun_pair_t *pair, const nstime_t *capture_end)
{
    return (mstun_observed_until_t){ mstun_stream_observed_until(pair->stream, capture_end),
                                     mstun_stream_is_closed(pair->stream) };
}

/* Only one side's packets were captured: its checks have no responses, and its responses no checks. */
static bool is_half_captured(const mstun_pair_t *pair)
{
    const mstun_pair_direction_t *dir = pair->totals.dir;
    bool by_messages = (dir[0].requests == 0 && dir[0].successes > 0 && dir[1].successes == 0) ||
                       (dir[1].requests == 0 && dir[1].successes > 0 && dir[0].successes == 0);

    return by_messages || mstun_stream_is_half_captured(pair->stream);
}

static mstun_pair_state_t evaluate_provisional(const mstun_pair_view_t *view)
{
    bool nominated = view->dir[0].nominated_frame || view->dir[1].nominated_frame;

    return !view->works_frame ? MSTUN_PAIR_PENDING : nominated ? MSTUN_PAIR_NOMINATED : MSTUN_PAIR_WORKS;
}

/* Allocated on demand: many pairs are never shown. */
static mstun_pair_cache_t *get_cache(const mstun_pair_t *pair)
{
    if (!*pair->cache) {
        *pair->cache = wmem_new0(wmem_file_scope(), mstun_pair_cache_t);
    }
    return *pair->cache;
}

static void update_cache(const mstun_pair_t *pair, const mstun_observed_until_t *until)
{
    mstun_pair_cache_t *cache = get_cache(pair);

    if (cache->changes == pair->changes && cache->closed == until->closed &&
        nstime_cmp(&cache->end, &until->end) == 0) {
        return;
    }
    cache->view = pair->totals;
    cache->changes = pair->changes;
    cache->closed = until->closed;
    cache->end = until->end;
    mstun_pair_count_open(pair, until, &cache->view);
}

/* In a first pass every open check may still be answered, so counting them is enough. */
static void fill_cache_provisional(const mstun_pair_t *pair)
{
    mstun_pair_cache_t *cache = get_cache(pair);

    cache->view = pair->totals;
    cache->changes = 0;
    for (unsigned i = 0; i < 2; i++) {
        cache->view.dir[i].pending = pair->open[i];
    }
}

/* Inputs from outside the pair, which may change while it does not. */
static void refresh_external(const mstun_pair_t *pair, mstun_pair_view_t *view)
{
    uint32_t gap = MAX(mstun_stream_gap_frame(pair->stream, 0), mstun_stream_gap_frame(pair->stream, 1));
    const mstun_session_t *session = mstun_pair_session(pair);
    bool nominated = view->dir[0].nominated_frame || view->dir[1].nominated_frame;

    view->gap_frame = gap > view->first_frame ? gap : 0;
    view->from_start = mstun_stream_captured_from_start(pair->stream);
    view->half_captured = is_half_captured(pair);
    view->may_lack_checks = (pair->stream->tcp && !view->from_start) || pair->stream->flow[0].last_truncated_frame ||
                            pair->stream->flow[1].last_truncated_frame;
    view->other_pair_nominated = session && session->nominated && !nominated;
    for (unsigned i = 0; i < 2; i++) {
        if (pair->agents[i] && pair->agents[i]->role != MSTUN_ROLE_UNKNOWN) {
            view->side[i].role = pair->agents[i]->role;
            view->side[i].role_frame = pair->agents[i]->role_frame;
        }
    }
}

/* The pair by itself. */
static mstun_pair_view_t *view_alone(const mstun_pair_t *pair, const nstime_t *end)
{
    mstun_pair_view_t *view = &get_cache(pair)->view;
    mstun_observed_until_t until = observed_until(pair, end);

    update_cache(pair, &until);
    refresh_external(pair, view);
    view->ended = until.closed || mstun_ms_between(&view->last_time, &until.end) >= STUN_TI_MS;
    view->own_state = mstun_pair_evaluate(view, &until);
    return view;
}

static const nstime_t *later(const nstime_t *a, const nstime_t *b)
{
    return nstime_cmp(a, b) < 0 ? b : a;
}

static const nstime_t *last_sign_of_use(const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *dir = view->dir;

    return later(later(&dir[0].last_success, &dir[1].last_success), later(&dir[0].last_media, &dir[1].last_media));
}

static bool is_agent_in_use(const mstun_agent_t *agent)
{
    return agent && agent->in_use;
}

/* An ICE restart that fails is no fault as long as the pair from before it is used. */
static bool outlives(const mstun_session_t *session, const mstun_pair_view_t *view)
{
    return nstime_cmp(&session->in_use_until, &view->last_time) > 0 ||
           mstun_ms_between(&session->in_use_until, &session->end) < SIGN_OF_USE_MS;
}

/* Consent that is lost is no fault if another pair is used from then on; a pair that never worked, if another does. */
static bool is_replaced(const mstun_session_t *session, const mstun_pair_t *pair, const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *dir = &view->dir[mstun_pair_broken_direction(view)];

    if (view->own_state == MSTUN_PAIR_CONSENT_LOST) {
        return nstime_cmp(&session->in_use_until, &dir->first_lost->request_time) > 0;
    }
    return is_agent_in_use(pair->agents[0]) || is_agent_in_use(pair->agents[1]) || outlives(session, view);
}

static mstun_pair_state_t state_in_session(const mstun_session_t *session, const mstun_pair_t *pair,
                                           const mstun_pair_view_t *view)
{
    return session->in_use && mstun_pair_state_is_broken(view->own_state) && is_replaced(session, pair, view)
               ? MSTUN_PAIR_UNUSED
               : view->own_state;
}

static void set_in_use(const mstun_pair_t *pair, bool in_use)
{
    for (unsigned side = 0; side < 2; side++) {
        if (pair->agents[side]) {
            pair->agents[side]->in_use = in_use;
        }
    }
}

static void note_use(mstun_session_t *session, const mstun_pair_t *pair, const mstun_pair_view_t *view)
{
    if (mstun_pair_is_in_use(view)) {
        set_in_use(pair, true);
        session->in_use = session->in_use ? session->in_use : pair;
        session->in_use_until = *later(&session->in_use_until, last_sign_of_use(view));
    }
}

static void evaluate_session(mstun_session_t *session, const nstime_t *end)
{
    if (session->evaluated_changes == session->changes && nstime_cmp(&session->end, end) == 0) {
        return;
    }
    session->evaluated_changes = session->changes;
    session->end = *end;
    session->in_use = NULL;
    nstime_set_zero(&session->in_use_until);
    memset(session->first_in_state, 0, sizeof session->first_in_state);
    for (const mstun_pair_t *pair = session->first; pair; pair = pair->next_in_session) {
        set_in_use(pair, false);
    }
    for (const mstun_pair_t *pair = session->first; pair; pair = pair->next_in_session) {
        note_use(session, pair, view_alone(pair, end));
    }
    for (const mstun_pair_t *pair = session->first; pair; pair = pair->next_in_session) {
        const mstun_pair_t **first = &session->first_in_state[state_in_session(session, pair, &get_cache(pair)->view)];

        *first = !*first || pair->totals.id < (*first)->totals.id ? pair : *first;
    }
}

const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair, const nstime_t *end)
{
    mstun_session_t *session = mstun_pair_session(pair);
    mstun_pair_view_t *view;

    if (!end) {
        view = &get_cache(pair)->view;
        fill_cache_provisional(pair);
        refresh_external(pair, view);
        view->state = view->own_state = evaluate_provisional(view);
        return view;
    }
    if (session) {
        evaluate_session(session, end);
    }
    view = view_alone(pair, end);
    view->state = session ? state_in_session(session, pair, view) : view->own_state;
    return view;
}

const mstun_pair_view_t *mstun_pair_seen(const mstun_pair_t *pair, packet_info *pinfo)
{
    nstime_t end;

    return mstun_pair_view(pair, mstun_capture_end(pinfo, &end) ? &end : NULL);
}

const mstun_pair_t *mstun_pair_first_alike(const mstun_pair_t *pair, const nstime_t *end)
{
    const mstun_session_t *session = mstun_pair_session(pair);
    mstun_pair_state_t state = mstun_pair_view(pair, end)->state;

    return session && session->first_in_state[state] ? session->first_in_state[state] : pair;
}

bool mstun_pair_excuses_unanswered(const mstun_pair_t *pair, const nstime_t *end)
{
    mstun_pair_state_t state = mstun_pair_view(pair, end)->state;
    const mstun_session_t *session = mstun_pair_session(pair);

    switch (state) {
    case MSTUN_PAIR_PENDING:
    case MSTUN_PAIR_HALF_CAPTURED:
    case MSTUN_PAIR_CUT_OFF:
        return end && session && session->in_use;
    case MSTUN_PAIR_NO_ANSWER:
        return false;
    default:
        return true;
    }
}
