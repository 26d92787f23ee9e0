/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/diagnose.h"

#include <epan/expert.h>

#include "diagnose/evaluators.h"

static int proto_mstun = -1;

static int hf_unanswered_request = -1;

static int ett_unanswered = -1;

void mstun_diagnose_learn(const mstun_event_t *event)
{
    mstun_dialect_mismatch_learn(event);
}

void mstun_diagnose_show_request(const mstun_event_t *event, proto_item *item)
{
    mstun_expert_target_t target = { event->pinfo, item };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);
    mstun_deferred_t deferred;
    nstime_t end;

    mstun_evaluate_no_request(event, &sink);
    mstun_deferred_init(&deferred, event);
    if (mstun_deferred_may_apply(&deferred) && mstun_capture_end(event->pinfo, &end)) {
        mstun_deferred_evaluate(&deferred, &end, &sink);
    }
}

void mstun_diagnose_show_turn(const mstun_event_t *event, proto_item *item)
{
    mstun_expert_target_t target = { event->pinfo, item };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);

    mstun_evaluate_turn(event, &sink);
}

void mstun_diagnose_show_pair(const mstun_event_t *event, proto_item *item)
{
    const mstun_pair_t *pair = mstun_pair_of(event->transaction);
    mstun_expert_target_t target = { event->pinfo, item };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);

    if (pair && !event->first_visit) { /* what came of it is known */
        mstun_evaluate_pair(event, mstun_pair_seen(pair, event->pinfo), &sink);
    }
}

void mstun_diagnose_show_integrity(const mstun_event_t *event, tvbuff_t *message, proto_item *item,
                                   const mstun_integrity_result_t *result)
{
    mstun_expert_target_t target = { event->pinfo, item };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);

    mstun_evaluate_integrity(event, message, result, &sink);
}

static void show_unanswered(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree, uint32_t frame)
{
    mstun_expert_target_t target = { event->pinfo, NULL };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);

    if (!tree) { /* nobody reads it, but the window's corner shows the worst severity of all frames */
        mstun_finding_add(&sink, MSTUN_FINDING_OVERDUE);
        return;
    }
    proto_item *layer = proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, 0, "MSTUN, unanswered request");
    const mstun_place_t places[] = { { "frame", wmem_strdup_printf(sink.scope, "%u", frame) }, { NULL, NULL } };

    target.item =
        proto_tree_add_uint(proto_item_add_subtree(layer, ett_unanswered), hf_unanswered_request, tvb, 0, 0, frame);
    proto_item_set_generated(layer);
    proto_item_set_generated(target.item);
    mstun_finding_add_sentence(&sink, MSTUN_FINDING_OVERDUE, 0, places);
}

void mstun_diagnose_show_unanswered(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_transaction_t *transaction;
    unsigned index = 0;

    while ((transaction = mstun_transaction_next_unanswered(event, &index))) {
        show_unanswered(event, tvb, tree, transaction->request_frame);
    }
}

void mstun_diagnose_show_tls_intercepted(packet_info *pinfo, proto_item *item)
{
    mstun_expert_target_t target = { pinfo, item };
    mstun_finding_sink_t sink = mstun_expert_sink(&target);

    mstun_finding_add(&sink, MSTUN_FINDING_TLS_INTERCEPTED);
}

void mstun_diagnose_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_unanswered_request,
          { "Unanswered Request In", "mstun.unanswered_request", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0,
            "This frame proves that the request in that frame timed out without a response", HFILL } },
    };
    static int *ett[] = { &ett_unanswered };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    mstun_findings_register(reg);
}
