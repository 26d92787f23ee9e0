/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A client of one dialect at a server of the other: MS-TURN at an IETF TURN server, or TURN at Microsoft's Edge, which
 * closes the connection without responding when a message has no Magic Cookie ([MS-TURN] 3.1.10). */
#include "diagnose/evaluators.h"

#include "conversation/response_state.h"
#include "wire/values.h"

#define AT_ONCE_MS 1000 /* a reset that comes later may be the client's, which has given up */

struct mstun_stream_diagnosis {
    const mstun_transaction_t *first_request;
    mstun_dialect_t dialect;     /* of the first request */
    mstun_dialect_t answered_in; /* UNKNOWN: no response yet */
};

static bool is_ms_turn(mstun_dialect_t dialect)
{
    return dialect == MSTUN_DIALECT_MS_TURN;
}

void mstun_dialect_mismatch_learn(const mstun_event_t *event)
{
    struct mstun_stream_diagnosis *diagnosis = event->stream->diagnosis;

    if (event->nested || !event->transaction || event->repeat) {
        return;
    }
    if (!diagnosis && event->facts->class == STUN_REQUEST) {
        diagnosis = wmem_new0(wmem_file_scope(), struct mstun_stream_diagnosis);
        diagnosis->first_request = event->transaction;
        diagnosis->dialect = event->facts->dialect;
        event->stream->diagnosis = diagnosis;
    } else if (diagnosis && diagnosis->first_request == event->transaction && event->facts->class != STUN_REQUEST) {
        diagnosis->answered_in = event->facts->dialect;
    }
}

/* Not one byte came from the server but its FIN, or a reset at once. */
static bool server_closed_without_sending(const mstun_evaluation_t *evaluation, const mstun_transaction_t *request,
                                          const mstun_stream_t *stream)
{
    unsigned from_server = 1 - request->direction;
    const char *reason;
    nstime_t last;

    if (!stream->tcp || mstun_stream_has_bytes(stream, from_server) ||
        mstun_response_state(request, stream, evaluation->end, evaluation->scope, &reason) != MSTUN_RESPONSE_MISSING) {
        return false;
    }
    if (mstun_stream_was_reset(stream, &last)) {
        return mstun_ms_between(&request->request_time, &last) < AT_ONCE_MS;
    }
    return mstun_stream_closed_first_by(stream, from_server);
}

static const char *dialect_name(mstun_dialect_t dialect)
{
    return val_to_str_const(dialect, mstun_dialect_names, "another dialect");
}

static void add_closed(mstun_evaluation_t *evaluation, const mstun_stream_t *stream, const mstun_subject_t *subject)
{
    bool unframed = stream->flow[subject->direction].framing == MSTUN_FRAMING_STUN;
    const mstun_place_t places[] = {
        { "dialect", wmem_strdup_printf(evaluation->scope, "%s%s", dialect_name(stream->diagnosis->dialect),
                                        unframed ? " without its framing on TCP (type 0x02)" : "") },
        { "guess", unframed
                       ? ", as an Edge does: the client is not configured for an Edge on TCP"
                       : ": check which kind of server the client is configured for; this is not an Edge (but IETF "
                         "TURN or TLS), or one that refuses the message" }, /* Wireshark shows 240 bytes of it */
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_DIALECT_MISMATCH, 1, places, subject);
}

static void add_answered(mstun_evaluation_t *evaluation, const mstun_stream_t *stream, const mstun_subject_t *subject)
{
    const struct mstun_stream_diagnosis *diagnosis = stream->diagnosis;
    const mstun_place_t places[] = {
        { "dialect", dialect_name(diagnosis->dialect) },
        { "answer", dialect_name(diagnosis->answered_in) },
        { "frame", mstun_place_number(evaluation->scope, diagnosis->first_request->response_frame) },
        { "server", is_ms_turn(diagnosis->dialect) ? "an IETF TURN server, not an Edge" : "an Edge" },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_DIALECT_MISMATCH, 0, places, subject);
}

static void evaluate_stream(mstun_stream_t *stream, void *data)
{
    mstun_evaluation_t *evaluation = (mstun_evaluation_t *)data;
    const struct mstun_stream_diagnosis *diagnosis = stream->diagnosis;

    if (!diagnosis) {
        return;
    }
    mstun_subject_t subject = mstun_subject_of_request(diagnosis->first_request, stream);

    if (diagnosis->answered_in != MSTUN_DIALECT_UNKNOWN) {
        if (is_ms_turn(diagnosis->answered_in) != is_ms_turn(diagnosis->dialect)) {
            add_answered(evaluation, stream, &subject);
        }
    } else if (is_ms_turn(diagnosis->dialect) &&
               server_closed_without_sending(evaluation, diagnosis->first_request, stream)) {
        add_closed(evaluation, stream, &subject);
    }
}

void mstun_evaluate_microsoft(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}
