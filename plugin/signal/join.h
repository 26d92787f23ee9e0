/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From what STUN shows to the call: by the two ufrags of checks, and by the relayed address of an allocation. */
#ifndef MSTUN_SIGNAL_JOIN_H
#define MSTUN_SIGNAL_JOIN_H

#include "signal/call.h"
#include "ice/pair.h"

/** What signalling says of a pair's two sides. */
typedef struct {
    const mstun_call_stream_t *stream;          /* NULL: the pair is of no call that is known */
    const mstun_generation_t *generation[2];    /* by side of the pair; NULL: not described in the capture */
    const mstun_call_candidate_t *candidate[2]; /* NULL: there is none at that address */
} mstun_pair_call_t;

/** The call of a pair, as it was seen so far or at the capture's end. */
mstun_pair_call_t mstun_call_of_pair(const mstun_pair_view_t *view);

/** The type of a side's candidate: PRFLX if its description has none at the address, UNKNOWN without description. */
mstun_candidate_type_t mstun_pair_call_type(const mstun_pair_call_t *call, unsigned side);

/** The stream that an allocation's relayed address is a candidate of; NULL: none. allocation may be NULL. */
const mstun_call_stream_t *mstun_call_of_allocation(const mstun_allocation_t *allocation);

#endif
