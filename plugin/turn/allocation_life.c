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
    return is_later(&allocation->alive, &allocation->expires) ? &allocation->alive : &allocation->expires;
}

void mstun_allocation_use(const mstun_event_t *event, bool observe_each)
{
    mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (!allocation) {
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
        mstun_doubt_disprove(&allocation->doubt, event->pinfo);
    }
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
