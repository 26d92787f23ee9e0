/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Error responses: what was asked for, what the server says, and why where the capture shows it. RFC 8489
 * sections 6.3.4 and 9, RFC 8656 sections 7 to 12, RFC 6062 section 5, RFC 8016. Errors to ICE checks are evaluated
 * with their pair. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "conversation/tcp_connections.h"
#include "diagnose/error_reasons.h"
#include "wire/values.h"

/* A server that is refused answers at once; one that gets no answer waits for 30 s and more (RFC 6062 section 5.2). */
#define PEER_TIMEOUT_S 10

typedef struct {
    mstun_evaluation_t *evaluation;
    const mstun_error_case_t *error;
    const mstun_turn_request_t *request; /* NULL: not known */
    wmem_allocator_t *scope;
} ctx_t;

static const mstun_place_t no_places[] = { { NULL, NULL } };

static const char *endpoint_text(const ctx_t *ctx, const mstun_endpoint_t *endpoint)
{
    return endpoint->port ? mstun_endpoint_text(ctx->scope, endpoint) : mstun_address_text(ctx->scope, endpoint);
}

static const char *transport_text(uint8_t transport)
{
    return transport == IP_PROTO_TCP ? "TCP" : transport == IP_PROTO_UDP ? "UDP" : "another transport";
}

/* ---- what was asked for ---- */

/* "ChannelBind of channel 0x4001 to 198.51.100.20:50050" */
static const char *asked_text(const ctx_t *ctx)
{
    const mstun_turn_request_t *request = ctx->request;
    const char *method = mstun_type_name(ctx->error->dialect, ctx->error->request_type);

    if (!request) {
        return method;
    }
    const char *peer = request->peer_count > 0 ? endpoint_text(ctx, &request->peers[0]) : NULL;

    switch (request->method) {
    case TURN_ALLOCATE:
        return request->transport
                   ? wmem_strdup_printf(ctx->scope, "%s (%s relay%s)", method, transport_text(request->transport),
                                        request->family == 2 ? ", IPv6" : "")
                   : method;
    case TURN_CHANNEL_BIND:
        return peer ? wmem_strdup_printf(ctx->scope, "%s of channel 0x%04x to %s", method, request->channel, peer)
                    : method;
    case TURN_REFRESH:
        return request->has & MSTUN_HAS_LIFETIME
                   ? wmem_strdup_printf(ctx->scope, "%s (lifetime %u s)", method, request->lifetime)
                   : method;
    case TURN_CONNECTION_BIND:
        return wmem_strdup_printf(ctx->scope, "%s of id 0x%08x", method, request->connection_id);
    default:
        return peer ? wmem_strdup_printf(ctx->scope, "%s for %s", method, peer) : method;
    }
}

/* "400 Bad Request ("No XOR-PEER-ADDRESS")" */
static const char *answer_text(const ctx_t *ctx)
{
    const mstun_error_case_t *error = ctx->error;
    const char *name = error->code ? mstun_error_name(error->code) : NULL;
    bool own_words = error->phrase && (!name || g_ascii_strcasecmp(error->phrase, name) != 0);

    if (!error->code) {
        return "an error response without ERROR-CODE, which every one must have (RFC 8489 section 6.3.4)";
    }
    return wmem_strdup_printf(ctx->scope, "%u%s%s%s%s%s", error->code, name ? " " : "", name ? name : "",
                              own_words ? " (\"" : "", own_words ? error->phrase : "", own_words ? "\")" : "");
}

/* ---- which finding ---- */

/* Codes that mean one thing; all others are MSTUN_FINDING_REFUSED. */
static const struct {
    uint16_t code, method; /* method 0: any */
    mstun_finding_id_t finding;
} meanings[] = {
    { 403, 0, MSTUN_FINDING_FORBIDDEN },
    { 420, 0, MSTUN_FINDING_UNKNOWN_ATTRIBUTES },
    { 437, 0, MSTUN_FINDING_ALLOCATION_MISMATCH },
    { 440, 0, MSTUN_FINDING_FAMILY_REFUSED },
    { 443, 0, MSTUN_FINDING_FAMILY_REFUSED },
    { 446, 0, MSTUN_FINDING_CONNECTION_EXISTS },
    { 486, 0, MSTUN_FINDING_QUOTA },
    { 508, 0, MSTUN_FINDING_NO_CAPACITY },
    { 0, TURN_CONNECTION_BIND, MSTUN_FINDING_BIND_REJECTED },
};

static mstun_finding_id_t finding_of(const mstun_error_case_t *error)
{
    if (error->code == 442 && error->request) { /* which transport it asked for */
        return error->request->transport != IP_PROTO_TCP ? MSTUN_FINDING_NO_UDP_RELAY : MSTUN_FINDING_NO_TCP_RELAY;
    }
    for (size_t i = 0; i < array_length(meanings); i++) {
        if ((meanings[i].code == 0 || meanings[i].code == error->code) &&
            (meanings[i].method == 0 || meanings[i].method == error->method)) {
            return meanings[i].finding;
        }
    }
    return MSTUN_FINDING_REFUSED;
}

/* That the allocation is gone stays, whatever the client does about it. */
static void add_loss(const ctx_t *ctx)
{
    const mstun_error_case_t *error = ctx->error;
    const mstun_allocation_t *allocation = error->subject.allocation;
    double left_s = mstun_ms_between(&error->subject.abs_ts, &allocation->expires) / 1000;
    const mstun_place_t places[] = {
        { "request", asked_text(ctx) },
        { "answer", answer_text(ctx) },
        { "seconds", wmem_strdup_printf(ctx->scope, "%.0f", left_s) },
        { "frame", mstun_place_number(ctx->scope, allocation->renewed.frame) },
        { NULL, NULL },
    };

    /* Before the capture's end is known, a later success may prove that it is still there. */
    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_ALLOCATION_LOST, ctx->evaluation->end ? 0 : 1, places,
                               &error->subject);
}

static bool shows_loss(const mstun_error_case_t *error)
{
    const mstun_allocation_t *allocation = error->subject.allocation;

    return allocation && error->code == TURN_ALLOCATION_MISMATCH &&
           allocation->lost_frame == error->subject.pos.frame &&
           nstime_cmp(&allocation->lost, &error->subject.abs_ts) == 0;
}

/* An error that a later success makes up for is a Note, as is one to the Refresh with which a client says goodbye. */
static void soften_if_harmless(const ctx_t *ctx, mstun_finding_t *finding)
{
    if (mstun_error_of_farewell(ctx->error) || mstun_error_is_repaired(ctx->error)) {
        finding->severity = PI_NOTE;
    }
}

/* One sentence for all: what was asked, what the server says, why. */
static void add_refusal(const ctx_t *ctx, mstun_finding_id_t id)
{
    const mstun_place_t places[] = {
        { "request", asked_text(ctx) },
        { "answer", answer_text(ctx) },
        { "reason", mstun_error_reason(ctx->error, ctx->scope) },
        { "attributes", ctx->error->attributes ? ctx->error->attributes : "it does not say which" },
        { NULL, NULL },
    };
    mstun_finding_t *finding = mstun_finding_add_sentence(ctx->evaluation, id, 0, places, &ctx->error->subject);

    /* Refusals for different reasons are different findings. */
    finding->detail = g_str_hash(places[2].value) ^ ((uint32_t)ctx->error->code << 16 | ctx->error->method);
    soften_if_harmless(ctx, finding);
}

static void evaluate_connect_failure(const ctx_t *ctx)
{
    const mstun_error_case_t *error = ctx->error;
    double taken = mstun_ms_between(&error->subject.transaction->request_time, &error->subject.abs_ts) / 1000;
    bool timed_out = taken >= PEER_TIMEOUT_S;
    const mstun_place_t places[] = {
        { "seconds", wmem_strdup_printf(ctx->scope, timed_out ? "%.1f" : "%.3f", taken) },
        { "peer", error->subject.peer.family ? endpoint_text(ctx, &error->subject.peer) : "the peer" },
        { NULL, NULL },
    };
    mstun_finding_t *finding =
        mstun_finding_add_sentence(ctx->evaluation, timed_out ? MSTUN_FINDING_PEER_TIMEOUT : MSTUN_FINDING_PEER_REFUSED,
                                   0, places, &error->subject);

    soften_if_harmless(ctx, finding);
}

/* Some servers say 403 where RFC 8656 asks for 437. */
static void evaluate_forbidden(const ctx_t *ctx)
{
    enum { WRONG_KIND, PEER_POLICY, CLIENT_POLICY };
    const mstun_error_case_t *error = ctx->error;
    const mstun_allocation_t *allocation = error->subject.allocation;
    uint8_t transport = allocation ? allocation->transport : 0;
    bool wrong_kind = (error->method == TURN_CONNECT && transport == IP_PROTO_UDP) ||
                      (error->method == TURN_CHANNEL_BIND && transport == IP_PROTO_TCP);
    bool needs_allocation = error->method != TURN_ALLOCATE && error->method != STUN_BINDING;
    const mstun_place_t places[] = { { "request", asked_text(ctx) }, { "answer", answer_text(ctx) }, { NULL, NULL } };

    if (needs_allocation && !allocation && mstun_stream_captured_from_start(error->subject.stream)) {
        add_refusal(ctx, MSTUN_FINDING_ALLOCATION_MISMATCH);
        return;
    }
    mstun_finding_t *finding = mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_FORBIDDEN,
                                                          wrong_kind                   ? WRONG_KIND
                                                          : error->subject.peer.family ? PEER_POLICY
                                                                                       : CLIENT_POLICY,
                                                          places, &error->subject);

    soften_if_harmless(ctx, finding);
}

/* ---- redirection ---- */

static void evaluate_redirection(const ctx_t *ctx)
{
    enum { NOT_FOLLOWED, REFUSED, NO_ADDRESS };
    const mstun_error_case_t *error = ctx->error;
    mstun_endpoint_t client = error->subject.stream->ends[error->subject.direction];
    const mstun_place_t places[] = { { "server", mstun_endpoint_text(ctx->scope, &error->alternate) }, { NULL, NULL } };

    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_ALTERNATE_SERVER, 0, places, &error->subject);
    if (!ctx->evaluation->end || mstun_error_is_repaired(error)) {
        return;
    }
    if (!error->alternate.family) {
        mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_REDIRECT_FAILED, NO_ADDRESS, no_places,
                                   &error->subject);
        return;
    }
    client.port = 0;
    switch (mstun_connections_opened(&client, &error->alternate, error->subject.pos.frame)) {
    case MSTUN_OPENED_NONE:
        /* The client may be about to: a few seconds must follow. */
        if (mstun_ms_between(&error->subject.abs_ts, ctx->evaluation->end) >= RESPONSE_GRACE_MS ||
            mstun_stream_is_closed(error->subject.stream)) {
            mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_REDIRECT_FAILED, NOT_FOLLOWED, places,
                                       &error->subject);
        }
        break;
    case MSTUN_OPENED_REFUSED:
        mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_REDIRECT_FAILED, REFUSED, places, &error->subject);
        break;
    case MSTUN_OPENED:
        break;
    }
}

/* ---- the evaluation ---- */

static void evaluate_error(mstun_evaluation_t *evaluation, const mstun_error_case_t *error)
{
    const ctx_t ctx = { evaluation, error, error->request, evaluation->scope };

    if (error->subject.transaction->pair) { /* a check, as its request showed, which was captured later */
        return;
    }
    switch (error->code) {
    case 300:
        evaluate_redirection(&ctx);
        break;
    case 401:
        if (mstun_error_credentials_were_accepted(error)) {
            add_refusal(&ctx, MSTUN_FINDING_REFUSED);
            break;
        }
        mstun_evaluate_auth_error(evaluation, error);
        break;
    case 431:
    case 436:
    case 438:
    case 441:
        mstun_evaluate_auth_error(evaluation, error);
        break;
    case 403:
        evaluate_forbidden(&ctx);
        break;
    case 447:
        evaluate_connect_failure(&ctx);
        break;
    case TURN_ALLOCATION_MISMATCH:
        if (shows_loss(error)) {
            add_loss(&ctx);
            break;
        }
        add_refusal(&ctx, MSTUN_FINDING_ALLOCATION_MISMATCH);
        break;
    default:
        add_refusal(&ctx, finding_of(error));
        break;
    }
}

void mstun_evaluate_errors(mstun_evaluation_t *evaluation)
{
    wmem_array_t *errors = mstun_error_cases();

    for (unsigned i = 0; i < wmem_array_get_count(errors); i++) {
        evaluate_error(evaluation, (const mstun_error_case_t *)wmem_array_index(errors, i));
    }
}

void mstun_evaluate_errors_at(mstun_evaluation_t *evaluation, const mstun_frame_pos_t *pos)
{
    wmem_array_t *errors = mstun_error_cases();
    unsigned idx = mstun_frame_index_lower_bound(errors, pos->frame);
    const mstun_error_case_t *error;

    while ((error = (const mstun_error_case_t *)mstun_frame_index_next(errors, &idx, pos))) {
        evaluate_error(evaluation, error);
    }
}
