/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/deferred.h"

#include "diagnose/evaluators.h"

void mstun_deferred_init(mstun_deferred_t *deferred, const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    *deferred = (mstun_deferred_t){ .stream = event->stream,
                                    .transaction = event->transaction,
                                    .allocation = mstun_allocation_in_force(event),
                                    .connection = mstun_peer_connection_of(event),
                                    .frame = event->pinfo->num,
                                    .lifetime = facts->lifetime,
                                    .time = event->pinfo->abs_ts,
                                    .dialect = facts->dialect,
                                    .class = facts->class,
                                    .method = facts->method,
                                    .repeated = event->repeat != NULL };
}

static bool is_announcement(const mstun_deferred_t *deferred)
{
    return deferred->method == TURN_CONNECTION_ATTEMPT ||
           (deferred->method == TURN_CONNECT && deferred->class == STUN_SUCCESS);
}

bool mstun_deferred_may_apply(const mstun_deferred_t *deferred)
{
    if (deferred->class == STUN_REQUEST) {
        return deferred->transaction && !deferred->repeated &&
               (!deferred->transaction->response_frame || mstun_dialect_mismatch_possible(deferred));
    }
    return deferred->dialect != MSTUN_DIALECT_MS_TURN && deferred->method >= TURN_ALLOCATE &&
           deferred->class != STUN_ERROR && deferred->method != TURN_SEND && deferred->method != TURN_DATA;
}

void mstun_deferred_evaluate(const mstun_deferred_t *deferred, const nstime_t *end, const mstun_finding_sink_t *sink)
{
    if (!mstun_deferred_may_apply(deferred)) {
        return;
    }
    if (deferred->class == STUN_REQUEST) {
        mstun_evaluate_response(deferred, end, sink);
        mstun_evaluate_dialect_mismatch(deferred, end, sink);
    } else if (deferred->connection && is_announcement(deferred)) {
        mstun_evaluate_announcement(deferred, end, sink);
    } else if (deferred->connection && deferred->method == TURN_CONNECTION_BIND) {
        mstun_evaluate_bound(deferred, end, sink);
    } else if (deferred->class == STUN_SUCCESS &&
               (deferred->method == TURN_ALLOCATE || deferred->method == TURN_REFRESH)) {
        if (deferred->method == TURN_ALLOCATE) {
            mstun_evaluate_permissions(deferred, end, sink);
        }
        mstun_evaluate_expiry(deferred, sink);
    }
}
