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
        event->stream->diagnosis = diagnosis;
    } else if (diagnosis && diagnosis->first_request == event->transaction && event->facts->class != STUN_REQUEST) {
        diagnosis->answered_in = event->facts->dialect;
    }
}

bool mstun_dialect_mismatch_possible(const mstun_deferred_t *deferred)
{
    const struct mstun_stream_diagnosis *diagnosis = deferred->stream->diagnosis;

    return deferred->class == STUN_REQUEST && !deferred->repeated && diagnosis &&
           diagnosis->first_request == deferred->transaction;
}

/* Not one byte came from the server but its FIN, or a reset at once. */
static bool server_closed_without_sending(const mstun_deferred_t *request, const nstime_t *end, wmem_allocator_t *scope)
{
    const mstun_stream_t *stream = request->stream;
    unsigned from_server = 1 - request->transaction->direction;
    const char *reason;
    nstime_t last;

    if (!stream->tcp || mstun_stream_has_bytes(stream, from_server) ||
        mstun_response_state(request->transaction, stream, end, scope, &reason) != MSTUN_RESPONSE_MISSING) {
        return false;
    }
    if (mstun_stream_was_reset(stream, &last)) {
        return mstun_ms_between(&request->transaction->request_time, &last) < AT_ONCE_MS;
    }
    return mstun_stream_closed_first_by(stream, from_server);
}

static const char *dialect_name(mstun_dialect_t dialect)
{
    return val_to_str_const(dialect, mstun_dialect_names, "another dialect");
}

static void add_closed(const mstun_deferred_t *request, const mstun_finding_sink_t *sink)
{
    bool unframed = request->stream->flow[request->transaction->direction].framing == MSTUN_FRAMING_STUN;
    const char *guess = /* Wireshark shows 240 bytes of it */
        !is_ms_turn(request->dialect)
            ? ", as an Edge does with messages that are not MS-TURN: check which kind of server the client is configured "
              "for (Edge or IETF TURN), or if the port wants TLS"
        : unframed
            ? ", as an Edge does: the client is not configured for an Edge on TCP"
            : ": check which kind of server the client is configured for; this is no Edge (but IETF TURN or TLS), or one "
              "that refuses the message";
    const char *framing = is_ms_turn(request->dialect) && unframed ? " without its framing on TCP (type 0x02)" : "";
    const mstun_place_t places[] = {
        { "dialect", wmem_strdup_printf(sink->scope, "%s%s", dialect_name(request->dialect), framing) },
        { "guess", guess },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_DIALECT_MISMATCH, 1, places);
}

static void add_answered(const mstun_deferred_t *request, mstun_dialect_t answered_in, const mstun_finding_sink_t *sink)
{
    const mstun_place_t places[] = {
        { "dialect", dialect_name(request->dialect) },
        { "answer", dialect_name(answered_in) },
        { "frame", wmem_strdup_printf(sink->scope, "%u", request->transaction->response_frame) },
        { "server", is_ms_turn(request->dialect) ? "an IETF TURN server and no Edge" : "an Edge" },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_DIALECT_MISMATCH, 0, places);
}

void mstun_evaluate_dialect_mismatch(const mstun_deferred_t *request, const nstime_t *end,
                                     const mstun_finding_sink_t *sink)
{
    if (!mstun_dialect_mismatch_possible(request)) {
        return;
    }
    mstun_dialect_t answered_in = request->stream->diagnosis->answered_in;
    bool to_server =
        is_ms_turn(request->dialect) || request->method == TURN_ALLOCATE; /* a peer may close as it likes */

    if (answered_in != MSTUN_DIALECT_UNKNOWN) {
        if (is_ms_turn(answered_in) != is_ms_turn(request->dialect)) {
            add_answered(request, answered_in, sink);
        }
    } else if (to_server && server_closed_without_sending(request, end, sink->scope)) {
        add_closed(request, sink);
    }
}
