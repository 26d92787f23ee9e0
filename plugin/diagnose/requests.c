/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests that got no response: RFC 8489 section 6.2. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/legs.h"
#include "wire/values.h"

static const mstun_place_t no_places[] = { { NULL, NULL } };

typedef struct {
    mstun_evaluation_t *evaluation;
    const mstun_stream_t *stream;
} ctx_t;

mstun_subject_t mstun_subject_of_request(const mstun_transaction_t *request, const mstun_stream_t *stream)
{
    const mstun_turn_request_t *turn = mstun_turn_request_of(request);
    mstun_subject_t subject = { .pos = { request->request_frame, request->request_position },
                                .abs_ts = request->request_time,
                                .stream = stream,
                                .direction = request->direction,
                                .transaction = request,
                                .pair = request->pair,
                                .allocation = mstun_stream_related_allocation(stream) };

    if (turn && turn->peer_count > 0) {
        subject.peer = turn->peers[0];
    } else if (request->pair) {
        mstun_pair_peer(request->pair, &subject.peer);
    }
    return subject;
}

/* MS-TURN's types have other names, but which dialect a request is in only its stream tells. */
static const char *request_name(const mstun_transaction_t *request)
{
    const mstun_turn_request_t *turn = mstun_turn_request_of(request);

    return mstun_type_name(turn && turn->ms_turn ? MSTUN_DIALECT_MS_TURN : MSTUN_DIALECT_RFC5389, request->type);
}

static bool has_cookie(const mstun_transaction_t *request)
{
    return pntohu32(request->id) == STUN_COOKIE;
}

/* Behind a relay TCP speaks of the server, and a check is the peer's to answer. */
static mstun_ack_t acknowledgement(const mstun_transaction_t *request, const mstun_stream_t *stream)
{
    return request->pair && mstun_pair_is_relayed(request->pair) ? MSTUN_ACK_UNKNOWN
                                                                 : mstun_request_was_acknowledged(request, stream);
}

/* What the request itself and TCP say about why. */
static const char *hint_text(const mstun_transaction_t *request, const mstun_stream_t *stream)
{
    const mstun_turn_request_t *turn = mstun_turn_request_of(request);

    if (turn && !turn->ms_turn && turn->transport == IP_PROTO_TCP && !stream->tcp) {
        return ". It asks for a TCP relay over UDP, which is for TCP and TLS connections only (RFC 6062 section 5.1)";
    }
    if (stun_type_method(request->type) >= TURN_ALLOCATE && !(turn && turn->ms_turn) && !has_cookie(request)) {
        return ". It has no magic cookie, so a server of RFC 5389 or later ignores it (RFC 3489 has no such request)";
    }
    switch (acknowledgement(request, stream)) {
    case MSTUN_ACK_YES:
        return ". Its TCP acknowledged the request, so the host has it";
    case MSTUN_ACK_NO:
        return ". Its TCP never acknowledged the request, which was lost on the way";
    case MSTUN_ACK_SACK:
        return ". The request arrived, but bytes before it were lost, so TCP holds it back";
    case MSTUN_ACK_UNKNOWN:
        break;
    }
    return "";
}

static const char *advice_for(const mstun_transaction_t *request, const mstun_stream_t *stream)
{
    switch (acknowledgement(request, stream)) {
    case MSTUN_ACK_YES:
        return "The request reached the other host: look at the program there (is it running, does it know this user, "
               "ufrag and dialect?)";
    case MSTUN_ACK_NO:
        return "The request did not reach the other host: look for what drops it on the way (route, firewall, NAT that "
               "lost its mapping)";
    case MSTUN_ACK_SACK:
    case MSTUN_ACK_UNKNOWN:
        break;
    }
    return NULL;
}

static const char *receiver_text(const ctx_t *ctx, const mstun_transaction_t *request)
{
    wmem_allocator_t *scope = ctx->evaluation->scope;
    const mstun_endpoint_t *receiver = &ctx->stream->ends[1 - request->direction];

    if (request->pair) {
        const mstun_pair_view_t *view = mstun_pair_view(request->pair, ctx->evaluation->end);

        return mstun_pair_side_text(scope, &view->side[1 - mstun_pair_direction(request->pair, request->direction)]);
    }
    return receiver->family ? mstun_endpoint_text(scope, receiver) : "The other side";
}

static void add_unanswered(const ctx_t *ctx, const mstun_transaction_t *request, const char *reason)
{
    mstun_subject_t subject = mstun_subject_of_request(request, ctx->stream);

    if (request->pair) {
        subject.alike = mstun_pair_first_alike(request->pair, ctx->evaluation->end);
    }
    const char *cut = mstun_legs_cut_text(ctx->evaluation->scope, request, subject.allocation, &subject.peer, 1);
    const mstun_place_t places[] = {
        { "cut", cut },       { "receiver", receiver_text(ctx, request) }, { "request", request_name(request) },
        { "reason", reason }, { "hint", hint_text(request, ctx->stream) }, { NULL, NULL },
    };
    mstun_finding_t *finding =
        mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_UNANSWERED, cut ? 1 : 0, places, &subject);

    finding->advice = cut ? MSTUN_ADVICE_CUT_AT_SERVER : advice_for(request, ctx->stream);
}

/* TURN's requests only: a peer may close as it likes. The server sent not one byte. */
static bool closed_without_response(const ctx_t *ctx, const mstun_transaction_t *request)
{
    return mstun_turn_request_of(request) && ctx->stream->tcp &&
           !mstun_stream_has_bytes(ctx->stream, 1 - request->direction) &&
           mstun_stream_closed_first_by(ctx->stream, 1 - request->direction);
}

static void add_closed(const ctx_t *ctx, const mstun_transaction_t *request)
{
    wmem_allocator_t *scope = ctx->evaluation->scope;
    mstun_subject_t subject = mstun_subject_of_request(request, ctx->stream);
    nstime_t last = *mstun_stream_last_time(ctx->stream);
    bool reset = mstun_stream_was_reset(ctx->stream, &last);
    const mstun_place_t places[] = {
        { "how", reset ? "reset" : "closed" },
        { "seconds", wmem_strdup_printf(scope, "%.3f", mstun_ms_between(&request->request_time, &last) / 1000) },
        { "request", request_name(request) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_CLOSED_WITHOUT_RESPONSE, 0, places, &subject);
}

static void add_half_captured(const ctx_t *ctx, const mstun_subject_t *subject, const char *reason)
{
    const mstun_place_t places[] = { { "reason", reason }, { NULL, NULL } };

    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_HALF_CAPTURED, 0, places, subject);
}

/* The pair works all the same, or another one does; or it has a finding that says more. */
static void add_excused(const ctx_t *ctx, const mstun_transaction_t *request, const mstun_subject_t *subject)
{
    enum { HARMLESS, TOLD_OF_PAIR = 2 };
    const mstun_pair_view_t *view = mstun_pair_view(request->pair, ctx->evaluation->end);
    bool told = mstun_pair_state_is_broken(view->state) && view->state != MSTUN_PAIR_NO_ANSWER;

    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_ABANDONED, told ? TOLD_OF_PAIR : HARMLESS, no_places,
                               subject);
}

/* A check whose USERNAME the capture truncates has no pair, which would say whether it matters that the connection
 * ended while the check was open. */
static bool is_truncated_check_at_end(const ctx_t *ctx, const mstun_transaction_t *request)
{
    const nstime_t *last = mstun_stream_last_time(ctx->stream);

    return !request->pair && request->type == STUN_BINDING && mstun_stream_is_closed(ctx->stream) &&
           mstun_ms_between(&request->request_time, last) < RESPONSE_GRACE_MS &&
           mstun_stream_lack(ctx->stream, request->direction, request->request_frame - 1) == MSTUN_LACK_TRUNCATED;
}

static void evaluate_request(mstun_transaction_t *request, void *data)
{
    const ctx_t *ctx = (const ctx_t *)data;
    mstun_subject_t subject = mstun_subject_of_request(request, ctx->stream);
    const char *reason = "";
    nstime_t last;

    mstun_response_state_t state =
        mstun_response_state(request, ctx->stream, ctx->evaluation->end, ctx->evaluation->scope, &reason);

    if (state == MSTUN_RESPONSE_ABANDONED && request->pair && mstun_pair_went_on(request->pair, request)) {
        state = MSTUN_RESPONSE_MISSING;
        reason = "it goes on with its own checks";
    }
    if (state == MSTUN_RESPONSE_MISSING && is_truncated_check_at_end(ctx, request)) {
        state = MSTUN_RESPONSE_NOT_CAPTURED;
        reason = "of the request it has only the beginning, which does not say which pair it checks";
    }
    switch (state) {
    case MSTUN_RESPONSE_MISSING:
        if (request->pair && mstun_pair_excuses_unanswered(request->pair, ctx->evaluation->end)) {
            add_excused(ctx, request, &subject);
            break;
        }
        if (closed_without_response(ctx, request)) {
            add_closed(ctx, request);
        }
        add_unanswered(ctx, request, reason);
        /* Between server and peer the server only passes on how the other leg ended. */
        if (!mstun_stream_is_server_peer_leg(ctx->stream) && mstun_stream_was_reset(ctx->stream, &last) &&
            !mstun_stream_closed_first_by(ctx->stream, request->direction) &&
            mstun_ms_between(&request->request_time, &last) < RESPONSE_GRACE_MS) {
            subject.abs_ts = last;
            mstun_finding_add(ctx->evaluation, MSTUN_FINDING_CONNECTION_RESET, &subject);
        }
        break;
    case MSTUN_RESPONSE_ABANDONED:
        mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_ABANDONED, 1, no_places, &subject);
        break;
    case MSTUN_RESPONSE_PENDING:
        mstun_finding_add(ctx->evaluation, MSTUN_FINDING_PENDING, &subject);
        break;
    case MSTUN_RESPONSE_NOT_CAPTURED:
        add_half_captured(ctx, &subject, reason);
        break;
    default:
        break;
    }
}

static void evaluate_stream(mstun_stream_t *stream, void *evaluation)
{
    ctx_t ctx = { (mstun_evaluation_t *)evaluation, stream };

    mstun_stream_foreach_unanswered(stream, evaluate_request, &ctx);
}

void mstun_evaluate_requests(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}
