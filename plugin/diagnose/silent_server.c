/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A TURN server that hangs: its host's TCP goes on acknowledging, and no byte comes from its program any more, neither
 * answers nor what it should relay. Peers behind it look silent then, and are not. */
#include "diagnose/evaluators.h"

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/peer_connection.h"

/* A server answers in milliseconds. Less than a response may take elsewhere, as here others are missing as well: so a
 * client's last Refresh, for whose answer it waits for a moment only, counts too. */
#define HANGS_MIN_MS 2000

typedef struct {
    const mstun_stream_t *stream; /* the control connection */
    unsigned direction;           /* in which its client sends */
    nstime_t last_data;           /* when its server's last bytes came */
    nstime_t end;                 /* of what is known of the stream */
    uint32_t to_server, through;  /* requests without an answer since then: of the server itself, and of peers */
    const mstun_transaction_t *first_to_server, *first;
} silence_t;

static void note_first(const mstun_transaction_t **first, const mstun_transaction_t *request)
{
    if (!*first || nstime_cmp(&request->request_time, &(*first)->request_time) < 0) {
        *first = request;
    }
}

/* On the control connection, and on the data connections of its allocation (RFC 6062). */
static void count_request(const mstun_transaction_t *request, const mstun_stream_t *stream, silence_t *silence)
{
    bool on_control = stream == silence->stream;

    if (!request->request_frame || (on_control && request->direction != silence->direction) ||
        mstun_ms_between(&silence->last_data, &request->request_time) < 0) {
        return;
    }
    if (on_control && mstun_turn_request_of(request) &&
        mstun_request_was_acknowledged(request, stream) == MSTUN_ACK_YES) {
        silence->to_server++;
        note_first(&silence->first_to_server, request);
        note_first(&silence->first, request);
    } else if (request->pair && mstun_pair_is_relayed(request->pair)) {
        silence->through++;
        note_first(&silence->first, request);
    }
}

typedef struct {
    const mstun_stream_t *stream;
    silence_t *silence;
} count_ctx_t;

static void count_unanswered(mstun_transaction_t *request, void *data)
{
    const count_ctx_t *ctx = (const count_ctx_t *)data;

    count_request(request, ctx->stream, ctx->silence);
}

static void count_stream(const mstun_stream_t *stream, silence_t *silence)
{
    count_ctx_t ctx = { stream, silence };

    mstun_stream_foreach_unanswered(stream, count_unanswered, &ctx);
}

static void count_data_connections(silence_t *silence)
{
    const mstun_allocation_t *allocation = mstun_stream_related_allocation(silence->stream);

    for (const mstun_peer_connection_t *connection = allocation ? allocation->connections : NULL; connection;
         connection = connection->next_in_allocation) {
        if (connection->data && connection->data != silence->stream) {
            count_stream(connection->data, silence);
        }
    }
}

/* Whether all of it is in the capture: then what it does not show did not come. */
static bool is_silent(const silence_t *silence)
{
    const mstun_transaction_t *request = silence->first;

    return silence->first_to_server && silence->through > 0 &&
           mstun_ms_between(&silence->first_to_server->request_time, &silence->end) >= HANGS_MIN_MS &&
           mstun_stream_lack(silence->stream, 1 - silence->direction, request->request_frame) == MSTUN_LACK_NOTHING;
}

static const char *requests_text(wmem_allocator_t *scope, uint32_t count, const char *what)
{
    return wmem_strdup_printf(scope, "%u %s%s", count, what, count == 1 ? "" : "s");
}

static void add_silence(mstun_evaluation_t *evaluation, const silence_t *silence)
{
    wmem_allocator_t *scope = evaluation->scope;
    const mstun_stream_t *stream = silence->stream;
    mstun_subject_t subject = mstun_subject_of_request(silence->first, stream);
    const mstun_place_t places[] = {
        { "server", mstun_endpoint_text(scope, &stream->ends[1 - silence->direction]) },
        { "frame", mstun_place_number(scope, silence->first->request_frame) },
        { "requests", requests_text(scope, silence->to_server, "request") },
        { "through", requests_text(scope, silence->through, "check") },
        { "own_frame", mstun_place_number(scope, silence->first_to_server->request_frame) },
        { NULL, NULL },
    };

    subject.transaction = NULL;
    subject.pair = NULL;
    subject.alike = NULL;
    memset(&subject.peer, 0, sizeof subject.peer);
    subject.stream = stream;
    subject.direction = silence->direction;
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_SERVER_SILENT, 0, places, &subject);
}

static void evaluate_direction(mstun_evaluation_t *evaluation, const mstun_stream_t *stream, unsigned direction)
{
    silence_t silence = { .stream = stream,
                          .direction = direction,
                          .end = mstun_stream_observed_until(stream, evaluation->end) };

    if (!mstun_stream_has_bytes(stream, 1 - direction) ||
        !mstun_tcp_last_data(stream->tcp, 1 - direction, &silence.last_data)) {
        return;
    }
    count_stream(stream, &silence);
    if (silence.to_server == 0) {
        return;
    }
    count_data_connections(&silence);
    if (is_silent(&silence)) {
        add_silence(evaluation, &silence);
    }
}

static void evaluate_stream(mstun_stream_t *stream, void *data)
{
    for (unsigned direction = 0; stream->tcp && direction < 2; direction++) {
        evaluate_direction((mstun_evaluation_t *)data, stream, direction);
    }
}

void mstun_evaluate_servers(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}
