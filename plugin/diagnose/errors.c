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
#include "diagnose/error_case.h"
#include "turn/channel.h"
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

/* ---- why ---- */

/* Each returns a clause that the capture proves, or NULL. */
typedef const char *(*reason_fn)(const ctx_t *ctx);

static bool has(const ctx_t *ctx, uint32_t attribute)
{
    return ctx->request && (ctx->request->has & attribute);
}

static const char *no_peer(const ctx_t *ctx)
{
    return ctx->request && ctx->request->peer_count == 0 ? "the request has no XOR-PEER-ADDRESS, which is required"
                                                         : NULL;
}

static const char *no_channel(const ctx_t *ctx)
{
    return ctx->request && !has(ctx, MSTUN_HAS_CHANNEL) ? "the request has no CHANNEL-NUMBER, which is required" : NULL;
}

static const char *channel_out_of_range(const ctx_t *ctx)
{
    uint16_t channel = ctx->request ? ctx->request->channel : 0;

    return channel && (channel < 0x4000 || channel > 0x7FFE)
               ? wmem_strdup_printf(ctx->scope, "0x%04x is not a channel number (0x4000 to 0x4FFF)", channel)
               : NULL;
}

/* RFC 8656 section 12.2: a channel has one peer, and a peer one channel. */
static const char *channel_taken(const ctx_t *ctx)
{
    const mstun_turn_request_t *request = ctx->request;
    const mstun_channel_t *channel, *other;

    if (!request || request->peer_count == 0) {
        return NULL;
    }
    channel = mstun_channel_at(ctx->error->subject.stream, request->channel, &ctx->error->subject.pos);
    if (channel && channel->bound_frame && !mstun_endpoint_equal(&channel->peer, &request->peers[0])) {
        return wmem_strdup_printf(ctx->scope, "channel 0x%04x is bound to %s since frame %u", request->channel,
                                  endpoint_text(ctx, &channel->peer), channel->bound_frame);
    }
    other = mstun_channel_of_peer(ctx->error->subject.stream, &request->peers[0], &ctx->error->subject.pos);
    return other && other->bound_frame && other->number != request->channel
               ? wmem_strdup_printf(ctx->scope, "%s has channel 0x%04x since frame %u",
                                    endpoint_text(ctx, &other->peer), other->number, other->bound_frame)
               : NULL;
}

static const char *no_transport(const ctx_t *ctx)
{
    return ctx->request && !has(ctx, MSTUN_HAS_TRANSPORT) ? "the request has no REQUESTED-TRANSPORT, which is required"
                                                          : NULL;
}

/* RFC 6062 section 5.1 */
static const char *not_with_tcp(const ctx_t *ctx)
{
    if (!ctx->request || ctx->request->transport != IP_PROTO_TCP) {
        return NULL;
    }
    return has(ctx, MSTUN_HAS_EVEN_PORT)           ? "EVEN-PORT is not allowed for a TCP relay"
           : has(ctx, MSTUN_HAS_DONT_FRAGMENT)     ? "DONT-FRAGMENT is not allowed for a TCP relay"
           : has(ctx, MSTUN_HAS_RESERVATION_TOKEN) ? "RESERVATION-TOKEN is not allowed for a TCP relay"
                                                   : NULL;
}

/* RFC 8489 section 9.2.4 */
static const char *incomplete_credentials(const ctx_t *ctx)
{
    const mstun_turn_request_t *request = ctx->request;

    if (!request || !ctx->error->with_integrity) {
        return NULL;
    }
    return !(request->has & MSTUN_HAS_USERNAME) ? "the request has MESSAGE-INTEGRITY without USERNAME or USERHASH"
           : !(request->has & MSTUN_HAS_REALM)  ? "the request has MESSAGE-INTEGRITY without REALM and NONCE"
           : !request->nonce                    ? "the request has MESSAGE-INTEGRITY without NONCE"
                                                : NULL;
}

/* RFC 8489 section 9.2.4: the list is copied, so that nobody on the way can take algorithms out of it. */
static const char *other_algorithms(const ctx_t *ctx)
{
    const mstun_error_case_t *challenge = mstun_error_last_challenge(ctx->error);

    return challenge && challenge->algorithms && ctx->request && challenge->algorithms != ctx->request->algorithms
               ? wmem_strdup_printf(
                     ctx->scope,
                     "the request's PASSWORD-ALGORITHMS are not those of the challenge in frame %u, which "
                     "it must copy",
                     challenge->subject.pos.frame)
               : NULL;
}

static const char *no_connection_id(const ctx_t *ctx)
{
    return ctx->request && !has(ctx, MSTUN_HAS_CONNECTION_ID) ? "the request has no CONNECTION-ID, which is required"
                                                              : NULL;
}

/* pion's server answers a wrong password so; the request itself is complete. */
static const char *maybe_wrong_password(const ctx_t *ctx)
{
    return ctx->error->with_integrity && ctx->request && ctx->request->nonce
               ? "the request is complete, so the server may mean its credentials: compare user name, password and "
                 "realm"
               : NULL;
}

/* pion's server answers 401 where its policy bars the peer. */
static bool credentials_were_accepted(const mstun_error_case_t *error)
{
    return error->with_integrity && error->method >= TURN_CREATE_PERMISSION && error->method != TURN_CONNECTION_BIND &&
           mstun_error_client_was_accepted(error) &&
           !(error->nonce && error->request && error->nonce != error->request->nonce);
}

static const char *accepted_before(const ctx_t *ctx)
{
    return credentials_were_accepted(ctx->error) ? "the server accepted requests of this client before, so this is not "
                                                   "about its credentials: some servers "
                                                   "(pion) answer so where their policy bars the peer"
                                                 : NULL;
}

static const char *family_of_allocation(const ctx_t *ctx)
{
    const mstun_allocation_t *allocation = ctx->error->subject.allocation;

    if (!allocation || !ctx->request || ctx->request->peer_count == 0 ||
        allocation->relay.family == ctx->request->peers[0].family) {
        return NULL;
    }
    return wmem_strdup_printf(ctx->scope,
                              "the peer is %s and the relayed address %s is not: allocate with "
                              "REQUESTED-ADDRESS-FAMILY %s",
                              ctx->request->peers[0].family == 2 ? "IPv6" : "IPv4",
                              mstun_endpoint_text(ctx->scope, &allocation->relay),
                              ctx->request->peers[0].family == 2 ? "IPv6" : "IPv4");
}

static const char *family_not_offered(const ctx_t *ctx)
{
    if (!ctx->request) {
        return NULL;
    }
    return ctx->request->family == 2   ? "the request asks for an IPv6 relay, which the server does not have"
           : ctx->request->family == 1 ? "the request asks for an IPv4 relay, which the server does not have"
                                       : "the request does not name a family, so it asks for IPv4, which the server "
                                         "does not have: it may be an "
                                         "IPv6 server";
}

/* RFC 8656 section 7.2 */
static const char *second_allocation(const ctx_t *ctx)
{
    const mstun_allocation_t *allocation = ctx->error->subject.allocation;

    if (!allocation) {
        return mstun_stream_captured_from_start(ctx->error->subject.stream)
                   ? "no allocation was made on this connection, so this is not about a second one"
                   : NULL;
    }
    return allocation->made.frame < ctx->error->subject.pos.frame
               ? wmem_strdup_printf(ctx->scope, "this connection has an allocation already (frame %u)",
                                    allocation->made.frame)
               : NULL;
}

static const char *success_not_repeated(const ctx_t *ctx)
{
    return ctx->error->repeats_success
               ? wmem_strdup_printf(
                     ctx->scope,
                     "it is the repetition of a request that had success in frame %u, and the server must "
                     "repeat that success (RFC 8656 section 7.2)",
                     ctx->error->subject.transaction->response_frame)
               : NULL;
}

static const char *no_allocation(const ctx_t *ctx)
{
    const mstun_allocation_t *allocation = ctx->error->subject.allocation;

    if (!allocation) {
        return "no allocation was made on this connection";
    }
    if (allocation->deleted_frame && allocation->deleted_frame < ctx->error->subject.pos.frame) {
        return wmem_strdup_printf(ctx->scope, "the client deleted the allocation in frame %u",
                                  allocation->deleted_frame);
    }
    return nstime_cmp(&allocation->expires, &ctx->error->subject.abs_ts) < 0
               ? wmem_strdup_printf(ctx->scope, "the allocation of frame %u had expired: its lifetime was %u s",
                                    allocation->made.frame, allocation->lifetime)
               : NULL;
}

/* RFC 6062 section 5.2; RFC 8489 section 6.2.2: over TCP a request is not repeated. */
static const char *connect_repeated(const ctx_t *ctx)
{
    return ctx->error->request_repeated ? "it is the repetition of a Connect that the server was still working on; "
                                          "over TCP a request must not be "
                                          "repeated (RFC 8489 section 6.2.2)"
                                        : NULL;
}

static const struct {
    uint16_t code, method; /* method 0: any */
    reason_fn reason;
} reasons[] = {
    { 400, TURN_CREATE_PERMISSION, no_peer },
    { 400, TURN_CHANNEL_BIND, no_peer },
    { 400, TURN_CONNECT, no_peer },
    { 400, TURN_CHANNEL_BIND, no_channel },
    { 400, TURN_CHANNEL_BIND, channel_out_of_range },
    { 400, TURN_CHANNEL_BIND, channel_taken },
    { 400, TURN_ALLOCATE, no_transport },
    { 400, TURN_ALLOCATE, not_with_tcp },
    { 400, TURN_CONNECTION_BIND, no_connection_id },
    { 400, 0, incomplete_credentials },
    { 400, 0, other_algorithms },
    { 400, TURN_ALLOCATE, maybe_wrong_password },
    { 401, 0, incomplete_credentials },
    { 401, 0, accepted_before },
    { 437, 0, success_not_repeated },
    { 437, TURN_ALLOCATE, second_allocation },
    { 440, TURN_ALLOCATE, family_not_offered },
    { 443, 0, family_of_allocation },
    { 446, TURN_CONNECT, connect_repeated },
};

/* "; the request has no XOR-PEER-ADDRESS", or nothing. */
static const char *reason_text(const ctx_t *ctx)
{
    for (size_t i = 0; i < array_length(reasons); i++) {
        if (reasons[i].code == ctx->error->code &&
            (reasons[i].method == 0 || reasons[i].method == ctx->error->method)) {
            const char *reason = reasons[i].reason(ctx);

            if (reason) {
                return wmem_strdup_printf(ctx->scope, ": %s", reason);
            }
        }
    }
    if ((ctx->error->code == 437 || ctx->error->code == 403) && ctx->error->method != TURN_ALLOCATE) {
        const char *reason = no_allocation(ctx);

        return reason ? wmem_strdup_printf(ctx->scope, ": %s", reason) : "";
    }
    return "";
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
    if (error->code == 442) {
        return error->request && error->request->transport != IP_PROTO_TCP ? MSTUN_FINDING_NO_UDP_RELAY
                                                                           : MSTUN_FINDING_NO_TCP_RELAY;
    }
    for (size_t i = 0; i < array_length(meanings); i++) {
        if ((meanings[i].code == 0 || meanings[i].code == error->code) &&
            (meanings[i].method == 0 || meanings[i].method == error->method)) {
            return meanings[i].finding;
        }
    }
    return MSTUN_FINDING_REFUSED;
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
        { "reason", reason_text(ctx) },
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

    switch (error->code) {
    case 300:
        evaluate_redirection(&ctx);
        break;
    case 401:
        if (credentials_were_accepted(error)) {
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
