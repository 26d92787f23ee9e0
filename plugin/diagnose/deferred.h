/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Verdicts on messages that only the capture's end allows: what did not follow. On the frame they are shown from the
 * second visit on; the reports ask for them at their end, so that one pass tells them the same. */
#ifndef MSTUN_DIAGNOSE_DEFERRED_H
#define MSTUN_DIAGNOSE_DEFERRED_H

#include "turn/allocation.h"

/** What must be kept of a message to judge it later. */
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
    bool again; /* it is a copy */
} mstun_deferred_t;

/** One verdict. text NULL: the expert info's own. */
typedef void (*mstun_found_fn)(expert_field *ei, int severity, const char *text, void *context);

extern expert_field mstun_ei_allocation_expired; /* which verdict.c raises on a message that comes too late, too */

/** Fills what is to be kept of a message. */
void mstun_deferred_init(mstun_deferred_t *late, const mstun_stream_t *stream, const packet_info *pinfo,
                         uint32_t position, const mstun_facts_t *facts, const mstun_message_role_t *exchange);

/** Whether anything that comes later, or does not, may make a verdict on the message. */
bool mstun_deferred_may_apply(const mstun_deferred_t *late);

/** The verdicts on a message in a capture that ends at end; texts are allocated from scope. */
void mstun_deferred_evaluate(const mstun_deferred_t *late, const nstime_t *end, wmem_allocator_t *scope,
                             mstun_found_fn found, void *context);

/** The verdicts as expert infos on item, from the second visit on. */
void mstun_deferred_add_experts(packet_info *pinfo, proto_item *item, const mstun_deferred_t *late);

void mstun_deferred_register(const mstun_registrar_t *reg);

#endif
