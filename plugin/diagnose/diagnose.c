/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/diagnose.h"

#include "conversation/response_state.h"
#include "diagnose/capture.h"
#include "diagnose/evaluators.h"
#include "diagnose/expert.h"

static int proto_mstun = -1;

static int hf_unanswered_request = -1;

static int ett_unanswered = -1;

void mstun_diagnose_learn(const mstun_event_t *event)
{
    mstun_findings_invalidate();
    mstun_dialect_mismatch_learn(event);
    mstun_error_case_learn(event);
}

static void add_all(packet_info *pinfo, proto_item *item, wmem_array_t *findings)
{
    for (unsigned i = 0; i < wmem_array_get_count(findings); i++) {
        mstun_expert_add(pinfo, item, (const mstun_finding_t *)wmem_array_index(findings, i));
    }
}

/* The findings at this place, of all those of the capture, which are in its order. */
static void add_those_here(const mstun_event_t *event, proto_item *item, wmem_array_t *findings)
{
    unsigned low = 0, high = wmem_array_get_count(findings);

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (((const mstun_finding_t *)wmem_array_index(findings, middle))->subject.pos.frame < event->pinfo->num) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < wmem_array_get_count(findings); low++) {
        const mstun_finding_t *finding = (const mstun_finding_t *)wmem_array_index(findings, low);

        if (finding->subject.pos.frame != event->pinfo->num) {
            return;
        }
        if (finding->subject.pos.position == event->position && finding->subject.stream == event->stream) {
            mstun_expert_add(event->pinfo, item, finding);
        }
    }
}

/* What the capture has from the beginning was not sent before it. */
static void show_no_request(const mstun_event_t *event, proto_item *item)
{
    static const mstun_place_t no_places[] = { { NULL, NULL } };
    unsigned requester = 1 - event->direction;
    nstime_t end;

    if (!mstun_capture_end(event->pinfo, &end) || !mstun_stream_captured_from_start(event->stream) ||
        mstun_stream_gap_frame(event->stream, requester)) {
        mstun_expert_add_row(event->pinfo, item, MSTUN_FINDING_NO_REQUEST);
        return;
    }
    mstun_evaluation_t evaluation = mstun_evaluation_new(event->pinfo->pool, NULL);
    const mstun_subject_t subject = mstun_subject_of(event);

    mstun_finding_add_sentence(&evaluation, MSTUN_FINDING_NO_REQUEST, 0, no_places, &subject);
    add_all(event->pinfo, item, evaluation.findings);
}

static bool has_no_request(const mstun_event_t *event)
{
    return event->transaction && event->facts->class != STUN_REQUEST &&
           !mstun_transaction_has_request(event->transaction, event->pinfo);
}

void mstun_diagnose_show(const mstun_event_t *event, proto_item *item)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    nstime_t end;

    if (has_no_request(event)) {
        show_no_request(event, item);
    }
    if (mstun_capture_end(event->pinfo, &end)) {
        add_those_here(event, item, mstun_findings_of_capture(&end));
        return;
    }
    mstun_evaluation_t evaluation = mstun_evaluation_new(event->pinfo->pool, NULL);

    mstun_evaluate_errors_at(&evaluation, &pos);
    mstun_evaluate_observations_of(&evaluation, event);
    mstun_evaluate_integrity_at(&evaluation, &pos);
    add_all(event->pinfo, item, evaluation.findings);
}

void mstun_diagnose_show_bytes(const mstun_event_t *event, proto_item *item)
{
    nstime_t end;

    if (mstun_capture_end(event->pinfo, &end)) {
        add_those_here(event, item, mstun_findings_of_capture(&end));
        return;
    }
    mstun_evaluation_t evaluation = mstun_evaluation_new(event->pinfo->pool, NULL);

    mstun_findings_invalidate();
    mstun_evaluate_bytes_at(&evaluation, event);
    add_all(event->pinfo, item, evaluation.findings);
}

void mstun_diagnose_learn_signalling(void)
{
    mstun_findings_invalidate();
}

void mstun_diagnose_show_signalling(packet_info *pinfo, proto_item *item)
{
    const mstun_event_t frame = { .pinfo = pinfo };
    nstime_t end;

    if (mstun_capture_end(pinfo, &end)) {
        add_those_here(&frame, item, mstun_findings_of_capture(&end));
    }
}

static void show_unanswered(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree, uint32_t frame)
{
    mstun_evaluation_t evaluation = mstun_evaluation_new(event->pinfo->pool, NULL);
    const mstun_place_t places[] = { { "frame", mstun_place_number(evaluation.scope, frame) }, { NULL, NULL } };
    mstun_subject_t subject = { .pos = { event->pinfo->num, event->position }, .stream = event->stream };

    if (!tree) { /* nobody reads it, but the window's corner shows the worst severity of all frames */
        mstun_expert_add_row(event->pinfo, NULL, MSTUN_FINDING_OVERDUE);
        return;
    }
    proto_item *layer = proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, 0, "MSTUN, unanswered request");
    proto_item *item =
        proto_tree_add_uint(proto_item_add_subtree(layer, ett_unanswered), hf_unanswered_request, tvb, 0, 0, frame);

    proto_item_set_generated(layer);
    proto_item_set_generated(item);
    mstun_finding_add_sentence(&evaluation, MSTUN_FINDING_OVERDUE, 0, places, &subject);
    add_all(event->pinfo, item, evaluation.findings);
}

void mstun_diagnose_show_unanswered(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_transaction_t *transaction;
    unsigned idx = 0;

    while ((transaction = mstun_transaction_next_unanswered(event, &idx))) {
        show_unanswered(event, tvb, tree, transaction->request_frame);
    }
}

void mstun_diagnose_show_tls_intercepted(packet_info *pinfo, proto_item *item)
{
    mstun_expert_add_row(pinfo, item, MSTUN_FINDING_TLS_INTERCEPTED);
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
    mstun_expert_register(reg);
    mstun_error_case_register(reg);
    mstun_capture_findings_register(reg);
}
