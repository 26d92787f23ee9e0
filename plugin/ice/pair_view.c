/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state of a pair in a capture that ends at a given time: first its open checks are classified, then the pair. */
#include "attr/address.h"
#include "conversation/response_state.h"
#include "ice/pair_state.h"
#include "turn/channel.h"
#include "wire/values.h"

/* RFC 8489 section 6.2.1: the time of the first retransmission. A check sent less than this before its connection ended
 * may have been about to be answered. */
#define RESPONSE_TIME_MS 500
#define CHECK_DELAY_MS 2000   /* likewise for a check that the other side had not sent yet */
#define CONSENT_TIME_MS 30000 /* RFC 7675 section 5.1 */
#define CONSENT_CHECKS 3      /* in a row without an answer: an agent makes one in about 5 s */

const value_string mstun_pair_state_names[] = {
    { MSTUN_PAIR_NOMINATED, "works and nominated" },
    { MSTUN_PAIR_WORKS, "works" },
    { MSTUN_PAIR_PENDING, "pending" },
    { MSTUN_PAIR_HALF_CAPTURED, "half captured" },
    { MSTUN_PAIR_CUT_OFF, "cut off" },
    { MSTUN_PAIR_NOT_NOMINATED, "not nominated" },
    { MSTUN_PAIR_CONSENT_LOST, "consent lost" },
    { MSTUN_PAIR_ONE_WAY, "one way" },
    { MSTUN_PAIR_REJECTED, "rejected" },
    { MSTUN_PAIR_NO_ANSWER, "no answer" },
    { 0, NULL },
};

const value_string mstun_role_names[] = {
    { MSTUN_ROLE_UNKNOWN, "unknown" },
    { MSTUN_ROLE_CONTROLLING, "controlling" },
    { MSTUN_ROLE_CONTROLLED, "controlled" },
    { 0, NULL },
};

/* Until when a pair was observed: its connection's end or the capture's. */
typedef struct {
    nstime_t end;
    bool closed;
} observed_until_t;

static observed_until_t observed_until(const mstun_pair_t *pair, const nstime_t *capture_end)
{
    observed_until_t until = { *capture_end, mstun_stream_is_closed(pair->stream) };

    if (until.closed) {
        until.end = *mstun_stream_last_time(pair->stream);
    }
    return until;
}

/* Only one side's packets were captured: its checks have no responses, and its responses no checks. */
static bool is_half_captured(const mstun_pair_t *pair)
{
    const mstun_pair_direction_t *dir = pair->totals.dir;
    bool by_messages = (dir[0].requests == 0 && dir[0].successes > 0 && dir[1].successes == 0) ||
                       (dir[1].requests == 0 && dir[1].successes > 0 && dir[0].successes == 0);

    return by_messages || mstun_stream_is_half_captured(pair->stream);
}

/* The response may be among bytes that were not captured, or the connection ended before it could arrive. */
static bool is_inconclusive(const mstun_pair_t *pair, const mstun_transaction_t *check,
                            const mstun_pair_direction_t *dir, const observed_until_t *until)
{
    bool is_last = mstun_ms_between(&check->request_time, &dir->last_request) <= 0;

    return mstun_stream_gap_frame(pair->stream, 1 - check->direction) > check->request_frame ||
           (until->closed && is_last && mstun_ms_between(&check->request_time, &until->end) < RESPONSE_TIME_MS);
}

/* newest: checks without a response, newest first, so that the last frame noted is the earliest. */
static void count_open_checks(const mstun_pair_t *pair, const mstun_transaction_t *newest,
                              const observed_until_t *until, mstun_pair_direction_t *dir)
{
    for (const mstun_transaction_t *check = newest; check; check = check->pair_older) {
        if (!check->open_in_pair) {
            continue;
        }
        if (!until->closed && mstun_ms_between(&check->request_time, &until->end) < RESPONSE_GRACE_MS) {
            dir->pending++;
            continue;
        }
        dir->unanswered++;
        if (is_inconclusive(pair, check, dir, until)) {
            dir->inconclusive++;
            continue;
        }
        dir->unanswered_frame = check->request_frame;
        dir->unanswered_position = check->request_position;
        if (dir->successes && mstun_ms_between(&dir->last_success, &check->request_time) > 0) {
            dir->unanswered_since_success++;
            dir->lost_frame = check->request_frame;
            dir->lost_position = check->request_position;
        }
    }
}

static bool is_unanswered(const mstun_pair_direction_t *dir)
{
    return dir->unanswered > dir->inconclusive;
}

static bool is_rejected(const mstun_pair_direction_t *dir, const observed_until_t *until)
{
    return dir->error_open && (until->closed || mstun_ms_between(&dir->error_time, &until->end) >= RESPONSE_GRACE_MS);
}

static bool is_consent_lost(const mstun_pair_direction_t *dir, const observed_until_t *until)
{
    return dir->unanswered_since_success >= CONSENT_CHECKS ||
           (dir->unanswered_since_success > 1 && mstun_ms_between(&dir->last_success, &until->end) >= CONSENT_TIME_MS);
}

static bool is_nominated(const mstun_pair_view_t *view)
{
    return view->dir[0].nominated_frame || view->dir[1].nominated_frame;
}

static bool is_cut_off(const mstun_pair_view_t *view)
{
    return view->dir[0].inconclusive || view->dir[1].inconclusive;
}

static mstun_pair_state_t state_if_inconclusive(const mstun_pair_view_t *view)
{
    if (view->gap_frame && !view->works_frame) {
        return MSTUN_PAIR_HALF_CAPTURED;
    }
    return is_cut_off(view) ? MSTUN_PAIR_CUT_OFF : MSTUN_PAIR_PENDING;
}

/* Versions of ICE without ICE-CONTROLLING and ICE-CONTROLLED, such as Google's, have no nomination either. */
static bool has_no_roles(const mstun_pair_view_t *view)
{
    return view->side[0].role == MSTUN_ROLE_UNKNOWN && view->side[1].role == MSTUN_ROLE_UNKNOWN;
}

/* Media without a nomination is legal, and shows that the pair is in use (RFC 8445 section 12.1). */
static mstun_pair_state_t state_if_connected(const mstun_pair_view_t *view, const observed_until_t *until)
{
    if (is_nominated(view)) {
        return is_consent_lost(&view->dir[0], until) || is_consent_lost(&view->dir[1], until) ? MSTUN_PAIR_CONSENT_LOST
                                                                                              : MSTUN_PAIR_NOMINATED;
    }
    if (view->dir[0].media || view->dir[1].media || view->gap_frame || view->other_pair_nominated || !view->ended ||
        has_no_roles(view)) {
        return MSTUN_PAIR_WORKS;
    }
    if (is_cut_off(view)) {
        return MSTUN_PAIR_CUT_OFF;
    }
    bool short_lived = until->closed && mstun_ms_between(&view->works_time, &until->end) < CHECK_DELAY_MS;
    bool both_continued = view->dir[0].consent && view->dir[1].consent;

    return short_lived && !both_continued ? MSTUN_PAIR_WORKS : MSTUN_PAIR_NOT_NOMINATED;
}

/* other: the direction without a success. Without checks of its own that need not be a failure: a lite agent sends none
 * (RFC 8445 section 6.1.1), and media from that side shows that the pair is in use. */
static mstun_pair_state_t state_if_one_direction(const mstun_pair_view_t *view, const mstun_pair_direction_t *other,
                                                 const observed_until_t *until)
{
    if (other->requests == 0 && other->media > 0) {
        return is_nominated(view) ? MSTUN_PAIR_NOMINATED : MSTUN_PAIR_WORKS;
    }
    if (other->requests > 0) {
        return is_unanswered(other) ? MSTUN_PAIR_ONE_WAY : state_if_inconclusive(view);
    }
    bool continued = view->dir[0].requests > 1 || view->dir[1].requests > 1;
    double limit = !until->closed ? RESPONSE_GRACE_MS : continued ? 0 : CHECK_DELAY_MS;

    return !view->gap_frame && mstun_ms_between(&view->first_time, &until->end) >= limit ? MSTUN_PAIR_ONE_WAY
                                                                                         : state_if_inconclusive(view);
}

static mstun_pair_state_t evaluate(const mstun_pair_view_t *view, const observed_until_t *until)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];

    if (view->half_captured && !view->works_frame) {
        return MSTUN_PAIR_HALF_CAPTURED;
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

static mstun_pair_state_t evaluate_provisional(const mstun_pair_view_t *view)
{
    return !view->works_frame ? MSTUN_PAIR_PENDING : is_nominated(view) ? MSTUN_PAIR_NOMINATED : MSTUN_PAIR_WORKS;
}

/* Allocated on demand: many pairs are never shown. */
static mstun_pair_cache_t *get_cache(const mstun_pair_t *pair)
{
    if (!*pair->cache) {
        *pair->cache = wmem_new0(wmem_file_scope(), mstun_pair_cache_t);
    }
    return *pair->cache;
}

static void update_cache(const mstun_pair_t *pair, const observed_until_t *until)
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
    for (unsigned i = 0; i < 2; i++) {
        count_open_checks(pair, pair->newest[i], until, &cache->view.dir[i]);
    }
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

    view->gap_frame = gap > view->first_frame ? gap : 0;
    view->half_captured = is_half_captured(pair);
    view->other_pair_nominated = pair->session && pair->session->nominated && !is_nominated(view);
}

const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair, const nstime_t *end)
{
    mstun_pair_view_t *view = &get_cache(pair)->view;

    if (!end) {
        fill_cache_provisional(pair);
        refresh_external(pair, view);
        view->state = evaluate_provisional(view);
        return view;
    }
    observed_until_t until = observed_until(pair, end);

    update_cache(pair, &until);
    refresh_external(pair, view);
    view->ended = until.closed || mstun_ms_between(&view->last_time, &until.end) >= STUN_TI_MS;
    view->state = evaluate(view, &until);
    return view;
}

const mstun_pair_view_t *mstun_pair_seen(const mstun_pair_t *pair, packet_info *pinfo)
{
    nstime_t end;

    return mstun_pair_view(pair, mstun_capture_end(pinfo, &end) ? &end : NULL);
}

bool mstun_pair_excuses_unanswered(const mstun_pair_t *pair, const nstime_t *end)
{
    return mstun_pair_view(pair, end)->state != MSTUN_PAIR_NO_ANSWER;
}

unsigned mstun_pair_broken_direction(const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];
    bool in_reverse = false;

    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        in_reverse = forward->successes > 0;
        break;
    case MSTUN_PAIR_REJECTED:
        in_reverse = !forward->error_open;
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        in_reverse = reverse->unanswered_since_success > forward->unanswered_since_success;
        break;
    case MSTUN_PAIR_NO_ANSWER:
        in_reverse = !is_unanswered(forward);
        break;
    case MSTUN_PAIR_NOMINATED:
    case MSTUN_PAIR_WORKS:
    case MSTUN_PAIR_PENDING:
    case MSTUN_PAIR_HALF_CAPTURED:
    case MSTUN_PAIR_CUT_OFF:
    case MSTUN_PAIR_NOT_NOMINATED:
        break;
    }
    return in_reverse ? MSTUN_REVERSE : MSTUN_FORWARD;
}

const char *mstun_pair_side_text(wmem_allocator_t *pool, const mstun_pair_side_t *side)
{
    if (side->address.family) {
        return mstun_endpoint_text(pool, &side->address);
    }
    return side->address.port > MSTUN_ACTIVE_DESTINATION
               ? wmem_strdup_printf(pool, "the peer of channel 0x%04x", side->address.port)
               : "the active destination";
}

static const char *broken_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    unsigned direction = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *dir = &view->dir[direction], *opposite = &view->dir[1 - direction];
    const char *receiver = mstun_pair_side_text(pool, &view->side[1 - direction]);
    const char *error = mstun_error_name(dir->error_code);

    switch (view->state) {
    case MSTUN_PAIR_ONE_WAY:
        return dir->requests ? wmem_strdup_printf(pool, "one way: %s never answers", receiver)
                             : wmem_strdup_printf(pool, "one way: %s sends no checks",
                                                  mstun_pair_side_text(pool, &view->side[direction]));
    case MSTUN_PAIR_REJECTED:
        return wmem_strdup_printf(pool, "rejected: %s answers %u%s%s", receiver, dir->error_code, error ? " " : "",
                                  error ? error : "");
    case MSTUN_PAIR_CONSENT_LOST:
        return wmem_strdup_printf(pool, "consent lost: %s answers no check from frame %u on", receiver,
                                  dir->lost_frame);
    default:
        return is_unanswered(opposite) ? "no answer: neither side answers"
                                       : wmem_strdup_printf(pool, "no answer: %s never answers", receiver);
    }
}

static const char *nomination_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t sent = view->dir[0].nominating_frame ? view->dir[0].nominating_frame : view->dir[1].nominating_frame;

    return sent ? wmem_strdup_printf(pool, "not nominated: USE-CANDIDATE in frame %u has no success", sent)
                : "not nominated: nobody sends USE-CANDIDATE";
}

const char *mstun_pair_state_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t nominated = view->dir[0].nominated_frame ? view->dir[0].nominated_frame : view->dir[1].nominated_frame;

    switch (view->state) {
    case MSTUN_PAIR_NOMINATED:
        return wmem_strdup_printf(pool, "works, nominated in frame %u", nominated);
    case MSTUN_PAIR_WORKS:
        return view->other_pair_nominated ? "works, but another pair was nominated" : "works";
    case MSTUN_PAIR_PENDING:
        return "pending: too little was captured to tell";
    case MSTUN_PAIR_HALF_CAPTURED:
        return view->half_captured
                   ? "half captured: the packets of one side are not in the capture"
                   : wmem_strdup_printf(pool, "half captured: bytes are missing before frame %u", view->gap_frame);
    case MSTUN_PAIR_CUT_OFF:
        return "cut off: the connection ended under open checks";
    case MSTUN_PAIR_NOT_NOMINATED:
        return nomination_text(pool, view);
    case MSTUN_PAIR_CONSENT_LOST:
    case MSTUN_PAIR_ONE_WAY:
    case MSTUN_PAIR_REJECTED:
    case MSTUN_PAIR_NO_ANSWER:
        break;
    }
    return broken_text(pool, view);
}
