/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a pair came to: its open checks are judged by the capture's end, and the pair by its checks. */
#include "attr/address.h"
#include "turn/channel.h"
#include "conversation/response_state.h"
#include "ice/pair_state.h"
#include "wire/values.h"

/* The time of a first retransmission (RFC 8489 section 6.2.1): a side's last check that is open for less when its
 * connection ends may have been about to be answered. */
#define CUT_MS 500
#define ABSENCE_MS 2000       /* so may be what never came, unless its side went on without it */
#define CONSENT_TIME_MS 30000 /* RFC 7675 section 5.1 */
#define CONSENT_CHECKS 3      /* in a row without an answer: an agent makes one in about 5 s */

const value_string mstun_pair_verdict_names[] = {
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

static double ms_between(const nstime_t *from, const nstime_t *to)
{
    nstime_t taken;

    nstime_delta(&taken, to, from);
    return nstime_to_msec(&taken);
}

/* Until when the capture can tell of the pair, and whether its connection was closed then. */
typedef struct {
    nstime_t end;
    bool closed;
} life_t;

static life_t life_of(const mstun_pair_t *pair, const nstime_t *end)
{
    life_t life = { *end, pair->connection && mstun_tcp_saw_fin_or_rst(pair->connection) };

    if (life.closed) {
        life.end = *mstun_tcp_last_time(pair->connection);
    }
    return life;
}

/* Only one side's packets are there: its checks have no responses, and its responses no checks. */
static bool is_half_captured(const mstun_pair_t *pair)
{
    const mstun_pair_direction_t *way = pair->known.way;
    bool by_messages = (way[0].requests == 0 && way[0].successes > 0 && way[1].successes == 0) ||
                       (way[1].requests == 0 && way[1].successes > 0 && way[0].successes == 0);

    return by_messages || (pair->connection && mstun_tcp_half_captured(pair->connection));
}

/* The responses to this direction's checks may be among bytes that were not captured. */
static bool is_excused(const mstun_pair_t *pair, const mstun_transaction_t *check, const mstun_pair_direction_t *way,
                       const life_t *life)
{
    bool followed = ms_between(&check->request_time, &way->last_request) > 0;

    return pair->stream->flow[1 - check->direction].gap_frame > check->request_frame ||
           (life->closed && !followed && ms_between(&check->request_time, &life->end) < CUT_MS);
}

/* Checks without a response, the newest first. */
static void judge_open(const mstun_pair_t *pair, const mstun_transaction_t *newest, const life_t *life,
                       mstun_pair_direction_t *way)
{
    for (const mstun_transaction_t *check = newest; check; check = check->pair_older) {
        if (!check->open_in_pair) {
            continue;
        }
        if (!life->closed && ms_between(&check->request_time, &life->end) < RESPONSE_GRACE_MS) {
            way->pending++;
            continue;
        }
        way->unanswered++;
        if (is_excused(pair, check, way, life)) {
            way->excused++;
            continue;
        }
        way->unanswered_frame = check->request_frame;
        way->unanswered_position = check->request_position;
        if (way->successes && ms_between(&way->last_success, &check->request_time) > 0) {
            way->silent++;
            way->silent_frame = check->request_frame;
            way->silent_position = check->request_position;
        }
    }
}

static bool is_silent(const mstun_pair_direction_t *way)
{
    return way->unanswered > way->excused;
}

static bool is_rejected(const mstun_pair_direction_t *way, const life_t *life)
{
    return way->error_open && (life->closed || ms_between(&way->error_time, &life->end) >= RESPONSE_GRACE_MS);
}

static bool is_consent_lost(const mstun_pair_direction_t *way, const life_t *life)
{
    return way->silent >= CONSENT_CHECKS ||
           (way->silent > 1 && ms_between(&way->last_success, &life->end) >= CONSENT_TIME_MS);
}

/* Too little to judge by, and why. */
static mstun_pair_verdict_t judge_unfinished(const mstun_pair_view_t *view)
{
    if (view->gap_frame && !view->works_frame) {
        return MSTUN_PAIR_HALF_CAPTURED;
    }
    return view->way[0].excused || view->way[1].excused ? MSTUN_PAIR_CUT_OFF : MSTUN_PAIR_PENDING;
}

/* ICE before there were ICE-CONTROLLING and ICE-CONTROLLED, such as Google's: it knows no nomination either. */
static bool nobody_has_a_role(const mstun_pair_view_t *view)
{
    return view->side[0].role == MSTUN_ROLE_UNKNOWN && view->side[1].role == MSTUN_ROLE_UNKNOWN;
}

/* RFC 8445 section 12.1: an agent may send media before it nominates; one that does so uses the pair. */
static mstun_pair_verdict_t judge_working(const mstun_pair_view_t *view, const life_t *life)
{
    if (view->way[0].nominated_frame || view->way[1].nominated_frame) {
        return is_consent_lost(&view->way[0], life) || is_consent_lost(&view->way[1], life) ? MSTUN_PAIR_CONSENT_LOST
                                                                                            : MSTUN_PAIR_NOMINATED;
    }
    if (view->way[0].media || view->way[1].media || view->gap_frame || view->nominated_elsewhere || !view->over ||
        nobody_has_a_role(view)) {
        return MSTUN_PAIR_WORKS;
    }
    if (view->way[0].excused || view->way[1].excused) {
        return MSTUN_PAIR_CUT_OFF;
    }
    bool short_lived = life->closed && ms_between(&view->works_time, &life->end) < ABSENCE_MS;
    bool went_on = view->way[0].consent && view->way[1].consent;

    return short_lived && !went_on ? MSTUN_PAIR_WORKS : MSTUN_PAIR_NOT_NOMINATED;
}

/* One direction is answered; the other one's checks are not, or there are none: a lite agent makes none (RFC 8445 section
 * 6.1.1), and in the middle of a call there may be no need, which the media shows. */
static mstun_pair_verdict_t judge_half(const mstun_pair_view_t *view, const mstun_pair_direction_t *other,
                                       const life_t *life)
{
    if (other->requests == 0 && other->media > 0) {
        return view->way[0].nominated_frame || view->way[1].nominated_frame ? MSTUN_PAIR_NOMINATED : MSTUN_PAIR_WORKS;
    }
    if (other->requests > 0) {
        return is_silent(other) ? MSTUN_PAIR_ONE_WAY : judge_unfinished(view);
    }
    bool went_on = view->way[0].requests > 1 || view->way[1].requests > 1;
    double limit = !life->closed ? RESPONSE_GRACE_MS : went_on ? 0 : ABSENCE_MS;

    return !view->gap_frame && ms_between(&view->first_time, &life->end) >= limit ? MSTUN_PAIR_ONE_WAY
                                                                                  : judge_unfinished(view);
}

static mstun_pair_verdict_t judge(const mstun_pair_view_t *view, const life_t *life)
{
    const mstun_pair_direction_t *forward = &view->way[MSTUN_FORWARD], *reverse = &view->way[MSTUN_REVERSE];

    if (view->half_captured && !view->works_frame) {
        return MSTUN_PAIR_HALF_CAPTURED;
    }
    if (is_rejected(forward, life) || is_rejected(reverse, life)) {
        return MSTUN_PAIR_REJECTED;
    }
    if (view->works_frame) {
        return judge_working(view, life);
    }
    if (forward->successes || reverse->successes) {
        return judge_half(view, forward->successes ? reverse : forward, life);
    }
    return is_silent(forward) || is_silent(reverse) ? MSTUN_PAIR_NO_ANSWER : judge_unfinished(view);
}

static mstun_pair_verdict_t judge_so_far(const mstun_pair_view_t *view)
{
    bool nominated = view->way[0].nominated_frame || view->way[1].nominated_frame;

    return !view->works_frame ? MSTUN_PAIR_PENDING : nominated ? MSTUN_PAIR_NOMINATED : MSTUN_PAIR_WORKS;
}

/* Many connections are never looked at. */
static mstun_pair_memo_t *memo_of(const mstun_pair_t *pair)
{
    if (!*pair->memo) {
        *pair->memo = wmem_new0(wmem_file_scope(), mstun_pair_memo_t);
    }
    return *pair->memo;
}

static void work_out(const mstun_pair_t *pair, const life_t *life)
{
    mstun_pair_memo_t *memo = memo_of(pair);

    memo->view = pair->known;
    memo->changes = pair->changes;
    memo->closed = life->closed;
    memo->end = life->end;
    for (unsigned i = 0; i < 2; i++) {
        judge_open(pair, pair->newest[i], life, &memo->view.way[i]);
    }
}

/* In a first pass: all that is open may still be answered, and counting is enough. */
static void work_out_so_far(const mstun_pair_t *pair)
{
    mstun_pair_memo_t *memo = memo_of(pair);

    memo->view = pair->known;
    memo->changes = 0;
    for (unsigned i = 0; i < 2; i++) {
        memo->view.way[i].pending = pair->open[i];
    }
}

/* What may change when the pair itself does not. */
static void look_around(const mstun_pair_t *pair, mstun_pair_view_t *view)
{
    uint32_t gap = MAX(pair->stream->flow[0].gap_frame, pair->stream->flow[1].gap_frame);

    view->gap_frame = gap > view->first_frame ? gap : 0;
    view->half_captured = is_half_captured(pair);
    view->nominated_elsewhere =
        pair->session && pair->session->nominated && !view->way[0].nominated_frame && !view->way[1].nominated_frame;
}

const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair, const nstime_t *end)
{
    mstun_pair_memo_t *memo = memo_of(pair);
    mstun_pair_view_t *view = &memo->view;

    if (!end) {
        work_out_so_far(pair);
        look_around(pair, view);
        view->verdict = judge_so_far(view);
        return view;
    }
    life_t life = life_of(pair, end);

    if (memo->changes != pair->changes || memo->closed != life.closed || nstime_cmp(&memo->end, &life.end) != 0) {
        work_out(pair, &life);
    }
    look_around(pair, view);
    view->over = life.closed || ms_between(&view->last_time, &life.end) >= STUN_TI_MS;
    view->verdict = judge(view, &life);
    return view;
}

const mstun_pair_view_t *mstun_pair_seen(const mstun_pair_t *pair, packet_info *pinfo)
{
    nstime_t end;

    return mstun_pair_view(pair, mstun_capture_end(pinfo, &end) ? &end : NULL);
}

unsigned mstun_pair_broken_direction(const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *forward = &view->way[MSTUN_FORWARD], *reverse = &view->way[MSTUN_REVERSE];
    bool in_reverse = false;

    switch (view->verdict) {
    case MSTUN_PAIR_ONE_WAY:
        in_reverse = forward->successes > 0;
        break;
    case MSTUN_PAIR_REJECTED:
        in_reverse = !forward->error_open;
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        in_reverse = reverse->silent > forward->silent;
        break;
    case MSTUN_PAIR_NO_ANSWER:
        in_reverse = !is_silent(forward);
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
    unsigned number = mstun_pair_broken_direction(view);
    const mstun_pair_direction_t *way = &view->way[number], *back = &view->way[1 - number];
    const char *asked = mstun_pair_side_text(pool, &view->side[1 - number]);
    const char *error = mstun_error_name(way->error_code);

    switch (view->verdict) {
    case MSTUN_PAIR_ONE_WAY:
        return way->requests ? wmem_strdup_printf(pool, "one way: %s never answers", asked)
                             : wmem_strdup_printf(pool, "one way: %s sends no checks",
                                                  mstun_pair_side_text(pool, &view->side[number]));
    case MSTUN_PAIR_REJECTED:
        return wmem_strdup_printf(pool, "rejected: %s answers %u%s%s", asked, way->error_code, error ? " " : "",
                                  error ? error : "");
    case MSTUN_PAIR_CONSENT_LOST:
        return wmem_strdup_printf(pool, "consent lost: %s answers no check from frame %u on", asked, way->silent_frame);
    default:
        return is_silent(back) ? "no answer: neither side answers"
                               : wmem_strdup_printf(pool, "no answer: %s never answers", asked);
    }
}

static const char *nomination_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t sent = view->way[0].nominating_frame ? view->way[0].nominating_frame : view->way[1].nominating_frame;

    return sent ? wmem_strdup_printf(pool, "not nominated: USE-CANDIDATE in frame %u has no success", sent)
                : "not nominated: nobody sends USE-CANDIDATE";
}

const char *mstun_pair_verdict_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t nominated = view->way[0].nominated_frame ? view->way[0].nominated_frame : view->way[1].nominated_frame;

    switch (view->verdict) {
    case MSTUN_PAIR_NOMINATED:
        return wmem_strdup_printf(pool, "works, nominated in frame %u", nominated);
    case MSTUN_PAIR_WORKS:
        return view->nominated_elsewhere ? "works, but another pair was nominated" : "works";
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
