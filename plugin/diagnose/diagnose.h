/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings on the frame: the expert infos of a message and of a segment. What can be found is listed in findings.c; the
 * evaluators, by subject, are in evaluators.h. */
#ifndef MSTUN_DIAGNOSE_DIAGNOSE_H
#define MSTUN_DIAGNOSE_DIAGNOSE_H

#include "auth/integrity.h"
#include "base/registrar.h"
#include "conversation/event.h"

/** First visit: what the findings need to know of a message, beyond what the modules above have learnt. */
void mstun_diagnose_learn(const mstun_event_t *event);

/**
 * Expert infos of event's message, on item, its protocol item. event has a stream. While the capture's end is not
 * known, in a first pass, only those that no later frame can disprove.
 */
void mstun_diagnose_show(const mstun_event_t *event, proto_item *item);

/** Findings about the frame's signalling, on item, when the capture's end is known. item may be NULL. */
void mstun_diagnose_show_signalling(packet_info *pinfo, proto_item *item);

/** First visit: there is more signalling, so that findings are out of date. */
void mstun_diagnose_learn_signalling(void);

/** The same for bytes that are no message, at event's position; event->facts is NULL. First visit: learns that there
 * are some. */
void mstun_diagnose_show_bytes(const mstun_event_t *event, proto_item *item);

/** A layer for each request that the segment at event's position proved unanswered, in one pass too. */
void mstun_diagnose_show_unanswered(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

/** Real TLS in answer to a pseudo-TLS hello, on the layer that shows it. */
void mstun_diagnose_show_tls_intercepted(packet_info *pinfo, proto_item *item);

void mstun_diagnose_register(const mstun_registrar_t *reg);

#endif
