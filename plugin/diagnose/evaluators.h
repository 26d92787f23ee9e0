/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The evaluators, one file per subject: what a message, or what did or did not follow it, means for the user. */
#ifndef MSTUN_DIAGNOSE_EVALUATORS_H
#define MSTUN_DIAGNOSE_EVALUATORS_H

#include "auth/integrity.h"
#include "diagnose/deferred.h"
#include "ice/pair.h"

/* At once: event is the message in hand. */
void mstun_evaluate_no_request(const mstun_event_t *event, const mstun_finding_sink_t *sink);
void mstun_evaluate_unknown_attributes(const mstun_event_t *event, const mstun_finding_sink_t *sink);
void mstun_evaluate_auth_error(const mstun_event_t *event, bool stale_again, const mstun_finding_sink_t *sink);
bool mstun_is_auth_error(uint16_t code);
void mstun_evaluate_integrity(const mstun_event_t *event, tvbuff_t *message, const mstun_integrity_result_t *result,
                              const mstun_finding_sink_t *sink);
void mstun_evaluate_turn(const mstun_event_t *event, const mstun_finding_sink_t *sink);

/** The findings that a pair has at this place of this frame, from the second visit on. */
void mstun_evaluate_pair(const mstun_event_t *event, const mstun_pair_view_t *view, const mstun_finding_sink_t *sink);

/* At the end of the capture. */
void mstun_evaluate_response(const mstun_deferred_t *request, const nstime_t *end, const mstun_finding_sink_t *sink);
void mstun_evaluate_announcement(const mstun_deferred_t *announcement, const nstime_t *end,
                                 const mstun_finding_sink_t *sink);
void mstun_evaluate_bound(const mstun_deferred_t *success, const nstime_t *end, const mstun_finding_sink_t *sink);
void mstun_evaluate_permissions(const mstun_deferred_t *success, const nstime_t *end, const mstun_finding_sink_t *sink);
void mstun_evaluate_expiry(const mstun_deferred_t *success, const mstun_finding_sink_t *sink);

/** First visit: the connection's first request, and the dialect of its response. Nested messages do not count. */
void mstun_dialect_mismatch_learn(const mstun_event_t *event);

/** Whether the message is the request that tells its connection's dialect. */
bool mstun_dialect_mismatch_possible(const mstun_deferred_t *deferred);
void mstun_evaluate_dialect_mismatch(const mstun_deferred_t *request, const nstime_t *end,
                                     const mstun_finding_sink_t *sink);

#endif
