/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections whose TCP gets no answer. Where they carry data alone, no request says so. */
#include "diagnose/evaluators.h"

#include "attr/address.h"
#include "conversation/tcp_state.h"
#include "conversation/tcp_unacked.h"

#define SENT_MIN 4     /* times: with a shortest timeout of 0.2 s (RFC 6298 section 2) it is 1.4 s up to the fourth */
#define WAITED_MIN_S 3 /* between the first time and the last */
#define LEN_MIN 4      /* a keep-alive has a byte, or none */

/* A request in the same bytes has a finding that says the same. */
static bool is_said_of_request(const mstun_evaluation_t *evaluation, const mstun_stream_t *stream, unsigned direction,
                               const mstun_tcp_unacked_t *unacked)
{
    for (unsigned i = 0; i < wmem_array_get_count(evaluation->findings); i++) {
        const mstun_finding_t *finding = (const mstun_finding_t *)wmem_array_index(evaluation->findings, i);
        const mstun_subject_t *subject = &finding->subject;

        if (finding->id == MSTUN_FINDING_UNANSWERED && subject->stream == stream && subject->direction == direction &&
            !subject->pair && subject->pos.frame == unacked->frame) {
            return true;
        }
    }
    return false;
}

static void evaluate_direction(mstun_evaluation_t *evaluation, const mstun_stream_t *stream, unsigned direction)
{
    wmem_allocator_t *scope = evaluation->scope;
    mstun_tcp_unacked_t unacked;

    if (mstun_tcp_is_uncaptured(stream->tcp, 1 - direction) ||
        !mstun_tcp_first_unacked(stream->tcp, direction, &unacked) || unacked.count < SENT_MIN ||
        unacked.len < LEN_MIN || mstun_ms_between(&unacked.first, &unacked.last) < WAITED_MIN_S * 1000 ||
        is_said_of_request(evaluation, stream, direction, &unacked)) {
        return;
    }
    const mstun_subject_t subject = { .pos = { unacked.frame, unacked.position },
                                      .abs_ts = unacked.first,
                                      .stream = stream,
                                      .direction = direction,
                                      .allocation = mstun_stream_related_allocation(stream) };
    const mstun_place_t places[] = {
        { "sender", mstun_endpoint_text(scope, &stream->ends[direction]) },
        { "receiver", mstun_endpoint_text(scope, &stream->ends[1 - direction]) },
        { "len", mstun_place_number(scope, unacked.len) },
        { "count", mstun_place_number(scope, unacked.count) },
        { "seconds", wmem_strdup_printf(scope, "%.1f", mstun_ms_between(&unacked.first, &unacked.last) / 1000) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_TCP_UNACKNOWLEDGED, unacked.smaller_arrived, places, &subject);
}

static void evaluate_stream(mstun_stream_t *stream, void *evaluation)
{
    for (unsigned direction = 0; stream->tcp && direction < 2; direction++) {
        evaluate_direction((mstun_evaluation_t *)evaluation, stream, direction);
    }
}

void mstun_evaluate_tcp(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}
