/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Why a request was refused, where the capture proves it: RFC 8489 section 9, RFC 8656 sections 7 to 12, RFC 6062
 * section 5. */
#include "diagnose/error_reasons.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/channel.h"
#include "wire/values.h"

typedef struct {
    const mstun_error_case_t *error;
    const mstun_turn_request_t *request; /* NULL: not known */
    wmem_allocator_t *scope;
} ctx_t;

static const char *endpoint_text(const ctx_t *ctx, const mstun_endpoint_t *endpoint)
{
    return endpoint->port ? mstun_endpoint_text(ctx->scope, endpoint) : mstun_address_text(ctx->scope, endpoint);
}

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
    unsigned row = mstun_error_verified_row(ctx->error);

    if (row) {
        return wmem_strdup_printf(ctx->scope,
                                  "the request is complete and fits credentials row %u, so if the server means its "
                                  "credentials, it has another key for this user",
                                  row);
    }
    return ctx->error->with_integrity && ctx->request && ctx->request->nonce
               ? "the request is complete, so the server may mean its credentials: compare user name, password and "
                 "realm"
               : NULL;
}

/* pion's server answers 401 where its policy bars the peer. */
bool mstun_error_credentials_were_accepted(const mstun_error_case_t *error)
{
    return error->with_integrity && error->method >= TURN_CREATE_PERMISSION && error->method != TURN_CONNECTION_BIND &&
           mstun_error_client_was_accepted(error) &&
           !(error->nonce && error->request && error->nonce != error->request->nonce);
}

static const char *accepted_before(const ctx_t *ctx)
{
    return mstun_error_credentials_were_accepted(ctx->error)
               ? "the server accepted requests of this client before, so this is not "
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
               ? wmem_strdup_printf(ctx->scope,
                                    "it is the repetition of a request that succeeded in frame %u, and the server must "
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
    if (allocation->lost_frame && allocation->lost_frame < ctx->error->subject.pos.frame) {
        return wmem_strdup_printf(ctx->scope, "the server has not had the allocation since frame %u",
                                  allocation->lost_frame);
    }
    if (nstime_cmp(&allocation->alive, &ctx->error->subject.abs_ts) > 0) {
        return "the server proves later that it has the allocation: another one may have answered this request";
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

const char *mstun_error_reason(const mstun_error_case_t *error, wmem_allocator_t *scope)
{
    const ctx_t ctx = { error, error->request, scope };

    for (size_t i = 0; i < array_length(reasons); i++) {
        if (reasons[i].code == error->code && (reasons[i].method == 0 || reasons[i].method == error->method)) {
            const char *reason = reasons[i].reason(&ctx);

            if (reason) {
                return wmem_strdup_printf(scope, ": %s", reason);
            }
        }
    }
    if ((error->code == 437 || error->code == 403) && error->method != TURN_ALLOCATE) {
        const char *reason = no_allocation(&ctx);

        return reason ? wmem_strdup_printf(scope, ": %s", reason) : "";
    }
    return "";
}
