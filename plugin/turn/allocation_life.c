/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether an allocation is alive when it is used, and how it ended. */
#include "turn/allocation.h"

#include "conversation/response_state.h"
#include "turn/turn_stream.h"

static bool is_later(const nstime_t *abs_ts, const nstime_t *than)
{
    return nstime_cmp(abs_ts, than) > 0;
}

/* Until when it lives as far as is known: servers may grant more than they say. */
static const nstime_t *alive_until(const mstun_allocation_t *allocation)
{
    if (allocation->lost_frame) {
        return &allocation->lost;
    }
    return is_later(&allocation->alive, &allocation->expires) ? &allocation->alive : &allocation->expires;
}

void mstun_allocation_use(const mstun_event_t *event, bool observe_each)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (!allocation || allocation->lost_frame) { /* lost: the server says so itself */
        return;
    }
    double overdue_s = mstun_seconds_since(event->pinfo, alive_until(allocation));

    if (overdue_s <= TURN_CLOCK_TOLERANCE_S) {
        return;
    }
    bool observe = observe_each || !allocation->doubt;
    mstun_doubt_t *doubt = mstun_doubt_add(&allocation->doubt);

    if (observe) {
        mstun_turn_observation_t *observation =
            allocation->deleted_frame
                ? mstun_turn_observe(event, MSTUN_OBSERVED_ALLOCATION_DELETED, allocation->deleted_frame)
                : mstun_turn_observe(event, MSTUN_OBSERVED_ALLOCATION_EXPIRED, overdue_s);

        observation->doubt = doubt;
    }
}

void mstun_allocation_prove(const mstun_event_t *event)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (allocation && !allocation->deleted_frame) {
        allocation->alive = event->pinfo->abs_ts;
        allocation->lost_frame = 0; /* another server may have answered */
        mstun_doubt_disprove(&allocation->doubt, event->pinfo);
    }
}

/* RFC 8656 section 7.2: the server knows no allocation of this client. A client that deletes it may do so twice, and
 * one that moves it asks from another address. */
static bool denies_allocation(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    return event->facts->error_code == TURN_ALLOCATION_MISMATCH && !request->ticket &&
           (request->method == TURN_REFRESH || request->method == TURN_CREATE_PERMISSION ||
            request->method == TURN_CHANNEL_BIND || request->method == TURN_CONNECT);
}

static bool is_of_its_user(const mstun_allocation_t *allocation, const mstun_turn_request_t *request)
{
    return !allocation->user || !request->user || strcmp(allocation->user, request->user) == 0;
}

void mstun_allocation_refuse(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (!allocation || allocation->deleted_frame || allocation->ending || allocation->lost_frame ||
        !denies_allocation(event, request) || !is_of_its_user(allocation, request) ||
        request->pos.frame < allocation->made.frame ||
        mstun_seconds_since(event->pinfo, &allocation->expires) > -TURN_CLOCK_TOLERANCE_S) {
        return;
    }
    allocation->lost_frame = event->pinfo->num;
    allocation->lost = event->pinfo->abs_ts;
}

/* ---- at the capture's end ---- */

unsigned mstun_allocation_client_direction(const mstun_allocation_t *allocation)
{
    return allocation->client_direction;
}

/* The connection that controlled it last. */
static mstun_allocation_move_t last_control(const mstun_allocation_t *allocation)
{
    unsigned count = allocation->moves ? wmem_array_get_count(allocation->moves) : 0;

    return count > 0 ? *(const mstun_allocation_move_t *)wmem_array_index(allocation->moves, count - 1)
                     : (mstun_allocation_move_t){ allocation->made, allocation->control, allocation->client_direction };
}

mstun_allocation_end_t mstun_allocation_end(const mstun_allocation_t *allocation, const nstime_t *end)
{
    const mstun_allocation_move_t control = last_control(allocation);
    mstun_allocation_end_t result = { MSTUN_ALLOCATION_END_NONE, control.control, control.client_direction,
                                      NSTIME_INIT_ZERO };
    const nstime_t *until = alive_until(allocation);
    bool closed = mstun_stream_is_closed(control.control);
    bool closed_by_client = mstun_stream_closed_first_by(control.control, control.client_direction);
    nstime_t last = closed ? *mstun_stream_last_time(control.control) : *end;
    double left_s = mstun_ms_between(&last, until) / 1000;

    if (allocation->deleted_frame) {
        result.kind = MSTUN_ALLOCATION_END_DELETED;
        result.abs_ts = allocation->deleted;
    } else if (allocation->lost_frame) {
        result.kind = MSTUN_ALLOCATION_END_LOST;
        result.abs_ts = allocation->lost;
    } else if (left_s < (closed && !closed_by_client ? TURN_CLOCK_TOLERANCE_S : -TURN_CLOCK_TOLERANCE_S)) {
        result.kind = MSTUN_ALLOCATION_END_EXPIRED;
        result.abs_ts = *until;
    } else if (closed) {
        result.kind =
            mstun_stream_was_reset(control.control, &last) ? MSTUN_ALLOCATION_END_RESET : MSTUN_ALLOCATION_END_CLOSED;
        result.abs_ts = last;
    }
    return result;
}
