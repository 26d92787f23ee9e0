/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/join.h"

/* Who sends through a relay is at its relayed address for the other side. */
static const mstun_call_candidate_t *candidate_of(const mstun_pair_view_t *view, unsigned side,
                                                  const mstun_generation_t *generation)
{
    const mstun_endpoint_t *address = &view->side[side].address;
    const mstun_call_candidate_t *candidate;

    if (view->relayed && side != view->peer) {
        if (!view->allocation) {
            return NULL;
        }
        address = &view->allocation->relay;
    }
    if (!address->family) {
        return NULL;
    }
    candidate = mstun_generation_find(generation, address, view->tcp);
    return candidate || !view->relayed ? candidate : mstun_generation_find(generation, address, !view->tcp);
}

mstun_pair_call_t mstun_call_of_pair(const mstun_pair_view_t *view)
{
    mstun_pair_call_t call = { .stream = NULL };

    if (!mstun_call_any()) {
        return call;
    }
    mstun_call_leg_t leg = mstun_call_leg(view->side[1].ufrag, view->side[0].ufrag);

    call.stream = leg.stream;
    call.generation[0] = leg.sender;
    call.generation[1] = leg.receiver;
    for (unsigned side = 0; side < 2; side++) {
        call.candidate[side] = call.generation[side] ? candidate_of(view, side, call.generation[side]) : NULL;
    }
    return call;
}

mstun_candidate_type_t mstun_pair_call_type(const mstun_pair_call_t *call, unsigned side)
{
    if (call->candidate[side]) {
        return call->candidate[side]->is.type;
    }
    return call->generation[side] ? MSTUN_CANDIDATE_PRFLX : MSTUN_CANDIDATE_UNKNOWN;
}

const mstun_call_stream_t *mstun_call_of_allocation(const mstun_allocation_t *allocation)
{
    const mstun_generation_t *generation =
        allocation && allocation->relay.family ? mstun_call_of_relay(&allocation->relay) : NULL;

    return generation ? generation->stream : NULL;
}
