/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings that can only be made at the end of the capture, such as a missing response. On the frame they are shown from
 * the second visit on; the findings report evaluates them at its end, so that one pass finds the same. */
#ifndef MSTUN_DIAGNOSE_DEFERRED_H
#define MSTUN_DIAGNOSE_DEFERRED_H

#include "diagnose/finding.h"
#include "turn/peer_connection.h"

/** What must be kept of a message to evaluate it later. */
typedef struct {
    const mstun_stream_t *stream;
    const mstun_transaction_t *transaction;    /* NULL: an indication */
    const mstun_allocation_t *allocation;      /* in force for it; NULL: none */
    const mstun_peer_connection_t *connection; /* that it is about; NULL: none */
    uint32_t frame;
    uint32_t lifetime; /* that it grants */
    nstime_t time;
    mstun_dialect_t dialect;
    stun_class_t class;
    uint16_t method;
    bool repeated;
} mstun_deferred_t;

/** Fills what is to be kept of event's message. event has a stream. */
void mstun_deferred_init(mstun_deferred_t *deferred, const mstun_event_t *event);

/** True if a deferred finding is still possible for this message. */
bool mstun_deferred_may_apply(const mstun_deferred_t *deferred);

/** The findings about a message in a capture that ends at end; texts are allocated from the sink's scope. */
void mstun_deferred_evaluate(const mstun_deferred_t *deferred, const nstime_t *end, const mstun_finding_sink_t *sink);

#endif
