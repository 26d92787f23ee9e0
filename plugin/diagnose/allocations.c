/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How allocations and the connections that they relay end, and what never comes. RFC 8656 sections 7 to 9, RFC 6062
 * sections 4 and 5. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "conversation/tcp_connections.h"
#include "turn/peer_connection.h"

static double seconds_between(const nstime_t *from, const nstime_t *to)
{
    return mstun_ms_between(from, to) / 1000;
}

static const char *whole_seconds(wmem_allocator_t *scope, double seconds)
{
    return wmem_strdup_printf(scope, "%.0f", seconds);
}

/* ---- allocations ---- */

/* direction: the client's on stream */
static mstun_subject_t subject_of_allocation(const mstun_allocation_t *allocation, const mstun_frame_pos_t *pos,
                                             const mstun_stream_t *stream, unsigned direction)
{
    return (mstun_subject_t){ .pos = *pos, .stream = stream, .direction = direction, .allocation = allocation };
}

/* A TCP allocation to which no peer was ever admitted, and that connects to none itself. */
static void evaluate_permissions(mstun_evaluation_t *evaluation, const mstun_allocation_t *allocation)
{
    if (allocation->transport != IP_PROTO_TCP || allocation->any_permission || !allocation->refreshed ||
        !allocation->relay.family ||
        !mstun_stream_idle_or_closed(allocation->control, &allocation->made_time, evaluation->end)) {
        return;
    }
    mstun_subject_t subject =
        subject_of_allocation(allocation, &allocation->made, allocation->control, allocation->client_direction);

    subject.abs_ts = allocation->made_time;
    mstun_finding_add(evaluation, MSTUN_FINDING_NO_PERMISSION, &subject);
}

/* RFC 8656 section 7.2: the server must refuse what it cannot give. */
static void evaluate_family(mstun_evaluation_t *evaluation, const mstun_allocation_t *allocation)
{
    if (!allocation->family || !allocation->relay.family || allocation->relay.family == allocation->family ||
        allocation->relay2.family == allocation->family) {
        return;
    }
    mstun_subject_t subject =
        subject_of_allocation(allocation, &allocation->made, allocation->control, allocation->client_direction);
    const mstun_place_t places[] = { { "family", allocation->family == MSTUN_FAMILY_IPV6 ? "IPv6" : "IPv4" },
                                     { "relay", mstun_endpoint_text(evaluation->scope, &allocation->relay) },
                                     { NULL, NULL } };

    subject.abs_ts = allocation->made_time;
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_FAMILY_REFUSED, 1, places, &subject);
}

/* Whether the capture may lack the last messages of the client. Of what it truncates it has the headers, and behind a
 * gap the client went on. */
static bool lacks_end_of_client(const mstun_stream_t *control, unsigned client_direction)
{
    return mstun_stream_lack(control, client_direction, UINT32_MAX) != MSTUN_LACK_NOTHING;
}

/* The server, or something between, ends the control connection: when the lifetime has passed, as coturn does, or
 * before. That the client ends it is no fault. */
static void evaluate_end(mstun_evaluation_t *evaluation, const mstun_allocation_t *allocation)
{
    wmem_allocator_t *scope = evaluation->scope;
    mstun_allocation_end_t end = mstun_allocation_end(allocation, evaluation->end);
    mstun_tcp_close_t close;

    if (end.kind == MSTUN_ALLOCATION_END_NONE || end.kind == MSTUN_ALLOCATION_END_DELETED ||
        end.kind == MSTUN_ALLOCATION_END_LOST || allocation->ending || !mstun_stream_get_close(end.control, &close) ||
        close.direction == end.client_direction || lacks_end_of_client(end.control, end.client_direction)) {
        return;
    }
    mstun_subject_t subject = subject_of_allocation(
        allocation, &allocation->renewed, allocation->renewed_on,
        end.control == allocation->renewed_on ? end.client_direction : allocation->client_direction);
    double left_s = seconds_between(&close.abs_ts, &allocation->expires);
    bool expired = end.kind == MSTUN_ALLOCATION_END_EXPIRED;
    const mstun_place_t places[] = {
        { "how", close.reset ? "reset" : "closed" },
        { "relay", allocation->relay.family ? mstun_endpoint_text(scope, &allocation->relay) : "not known" },
        { "seconds", expired ? mstun_place_number(scope, allocation->lifetime) : whole_seconds(scope, left_s) },
        { NULL, NULL },
    };

    subject.abs_ts = expired ? allocation->expires : close.abs_ts;
    if (!expired) {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_CONTROL_CLOSED, 0, places, &subject);
    } else if (left_s > -2 && left_s < 1) {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_ALLOCATION_EXPIRED, 1, places, &subject);
    }
}

/* ---- peer connections ---- */

static mstun_subject_t subject_of_connection(const mstun_peer_connection_t *connection, const mstun_frame_pos_t *pos,
                                             const mstun_stream_t *stream, unsigned direction)
{
    mstun_subject_t subject = subject_of_allocation(connection->allocation, pos, stream, direction);

    subject.peer = connection->peer;
    return subject;
}

static mstun_subject_t subject_of_announcement(const mstun_peer_connection_t *connection)
{
    mstun_subject_t subject = subject_of_connection(connection, &connection->announced_pos, connection->announced_on,
                                                    connection->allocation->client_direction);

    subject.abs_ts = connection->announced;
    return subject;
}

/* Announced, and the capture goes on for longer than the server waits. */
static void evaluate_announcement(mstun_evaluation_t *evaluation, const mstun_peer_connection_t *connection)
{
    if (seconds_between(&connection->announced, evaluation->end) < TURN_BIND_TIME_S ||
        mstun_stream_lack(connection->announced_on, connection->allocation->client_direction,
                          connection->announced_pos.frame) == MSTUN_LACK_DIRECTION) {
        return;
    }
    const mstun_subject_t subject = subject_of_announcement(connection);
    const mstun_place_t places[] = { { "id", wmem_strdup_printf(evaluation->scope, "0x%08x", connection->id) },
                                     { "peer", mstun_endpoint_text(evaluation->scope, &connection->peer) },
                                     { NULL, NULL } };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_BIND_MISSING, 0, places, &subject);
}

static unsigned direction_from(const mstun_stream_t *stream, const mstun_endpoint_t *sender)
{
    return mstun_endpoint_equal(&stream->ends[0], sender) ? 0 : 1;
}

/* RFC 6062 section 5.4: the data connection must use the credentials of the allocation. */
static void evaluate_user(mstun_evaluation_t *evaluation, const mstun_peer_connection_t *connection)
{
    const mstun_turn_request_t *request = connection->bind_request;
    const char *owner = connection->allocation->user;

    if (!request || !request->user || !owner || strcmp(request->user, owner) == 0) {
        return;
    }
    mstun_subject_t subject =
        subject_of_connection(connection, &request->pos, connection->data,
                              1 - direction_from(connection->data, &connection->allocation->server));
    const mstun_place_t places[] = { { "user", request->user },
                                     { "owner", owner },
                                     { "frame",
                                       mstun_place_number(evaluation->scope, connection->announced_pos.frame) },
                                     { NULL, NULL } };

    subject.abs_ts = request->abs_ts;
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_BIND_OTHER_USER, 0, places, &subject);
}

/* The data connection was bound, and stayed silent until it or the capture ended. Where the announcement was captured
 * behind the ConnectionBind, bytes came before that were not counted. */
static void evaluate_bound(mstun_evaluation_t *evaluation, const mstun_peer_connection_t *connection)
{
    if (connection->bytes[0] + connection->bytes[1] > 0 || connection->bind_frame < connection->announced_pos.frame ||
        !mstun_stream_idle_or_closed(connection->data, &connection->bound, evaluation->end)) {
        return;
    }
    mstun_subject_t subject =
        subject_of_connection(connection, &connection->bound_pos, connection->data,
                              1 - direction_from(connection->data, &connection->allocation->server));

    subject.abs_ts = connection->bound;
    mstun_finding_add(evaluation, MSTUN_FINDING_NOTHING_RELAYED, &subject);
}

static void evaluate_allocation(mstun_allocation_t *allocation, void *data)
{
    mstun_evaluation_t *evaluation = (mstun_evaluation_t *)data;

    evaluate_permissions(evaluation, allocation);
    evaluate_family(evaluation, allocation);
    evaluate_end(evaluation, allocation);
    for (const mstun_peer_connection_t *connection = allocation->connections; connection;
         connection = connection->next_in_allocation) {
        if (!connection->bind_frame) {
            evaluate_announcement(evaluation, connection);
        } else if (!connection->bound_pos.frame) {
            evaluate_user(evaluation, connection);
        } else {
            evaluate_bound(evaluation, connection);
        }
    }
}

/* ---- connections between server and peer ---- */

/* RFC 6062 section 5.3: what the peer sends before the ConnectionBind must be kept for the client, who then gets it at
 * once. */
static bool kept_for_the_client(const mstun_evaluation_t *evaluation, const mstun_peer_connection_t *connection)
{
    mstun_tcp_close_t close;
    const nstime_t *until = mstun_stream_get_close(connection->data, &close) ? &close.abs_ts : evaluation->end;

    if (connection->segments[1]) {
        until = &connection->first_from_peer;
    }
    return seconds_between(&connection->bound, until) < 1;
}

static void evaluate_peer_data(mstun_evaluation_t *evaluation, const mstun_peer_connection_t *connection,
                               const mstun_tcp_connection_t *tcp, unsigned peer_direction)
{
    const mstun_stream_t *data = connection->data;

    if (!connection->early_len || !data->tcp) {
        return;
    }
    unsigned from_server = direction_from(data, &connection->allocation->server);
    uint64_t came_out = mstun_tcp_data_len(data->tcp, from_server) - connection->bound_len;

    came_out = MAX(came_out, connection->bytes[1]);
    if (!data->flow[from_server].has_seq || came_out + connection->early_len > tcp->data_len[peer_direction] ||
        kept_for_the_client(evaluation, connection)) {
        return;
    }
    mstun_subject_t subject = subject_of_announcement(connection);
    const mstun_place_t places[] = {
        { "peer", mstun_endpoint_text(evaluation->scope, &connection->peer) },
        { "count", mstun_place_number(evaluation->scope, connection->early_len) },
        { "total", mstun_place_number(evaluation->scope, tcp->data_len[peer_direction]) },
        { "frame", mstun_place_number(evaluation->scope, connection->bound_pos.frame) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_PEER_DATA_LOST, 0, places, &subject);
}

/* It tried again when it had a permission: in ICE both ends begin as soon as they know an address. */
static bool is_admitted_later(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    const mstun_peer_connection_t *connection = allocation->connections;

    while (connection && memcmp(connection->peer.ip, peer->ip, sizeof peer->ip) != 0) {
        connection = connection->next_in_allocation;
    }
    return connection != NULL;
}

/* RFC 6062 section 5.3: the server sends away a peer without permission. */
static void evaluate_uninvited_peer(mstun_evaluation_t *evaluation, const mstun_allocation_t *allocation,
                                    const mstun_tcp_connection_t *tcp, unsigned peer_direction)
{
    const mstun_endpoint_t *peer = &tcp->ends[peer_direction];
    bool sent_away = mstun_tcp_connection_is_refused(tcp) ||
                     (tcp->closed && tcp->close.direction != peer_direction && tcp->data_len[1 - peer_direction] == 0);

    if (tcp->client_direction != peer_direction || !sent_away || !allocation->all_peers ||
        allocation->transport != IP_PROTO_TCP || nstime_cmp(&tcp->first_time, &allocation->made_time) < 0 ||
        mstun_permission_was_in_force(mstun_permission_of(allocation, peer), &tcp->first_time) ||
        is_admitted_later(allocation, peer)) {
        return;
    }
    mstun_subject_t subject =
        subject_of_allocation(allocation, &allocation->made, allocation->control, allocation->client_direction);
    const mstun_place_t places[] = { { "peer", mstun_endpoint_text(evaluation->scope, peer) },
                                     { "relay", mstun_endpoint_text(evaluation->scope, &allocation->relay) },
                                     { "frame", mstun_place_number(evaluation->scope, tcp->first_frame) },
                                     { NULL, NULL } };

    subject.abs_ts = tcp->first_time;
    subject.peer = *peer;
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_PEER_WITHOUT_PERMISSION, 0, places, &subject);
}

typedef struct {
    mstun_evaluation_t *evaluation;
    wmem_map_t *connects; /* the peer's mstun_endpoint_t -> mstun_peer_connection_t that a Connect asked for */
} legs_ctx_t;

/* RFC 6062 section 5.2: the server connects from the relayed address. */
static void evaluate_other_port(const legs_ctx_t *ctx, const mstun_tcp_connection_t *tcp, unsigned peer_direction)
{
    const mstun_endpoint_t *source = &tcp->ends[1 - peer_direction];
    const mstun_peer_connection_t *connection =
        (const mstun_peer_connection_t *)wmem_map_lookup(ctx->connects, &tcp->ends[peer_direction]);
    const mstun_endpoint_t *relay = connection ? &connection->allocation->relay : NULL;

    if (!relay || tcp->client_direction == peer_direction || source->family != relay->family ||
        memcmp(source->ip, relay->ip, sizeof source->ip) != 0 || source->port == relay->port ||
        nstime_cmp(&tcp->first_time, &connection->connect_request->abs_ts) < 0 ||
        nstime_cmp(&tcp->first_time, &connection->announced) > 0) {
        return;
    }
    mstun_subject_t subject = subject_of_announcement(connection);
    wmem_allocator_t *scope = ctx->evaluation->scope;
    const mstun_place_t places[] = { { "peer", mstun_endpoint_text(scope, &connection->peer) },
                                     { "source", mstun_endpoint_text(scope, source) },
                                     { "relay", mstun_endpoint_text(scope, relay) },
                                     { NULL, NULL } };

    mstun_finding_add_sentence(ctx->evaluation, MSTUN_FINDING_OTHER_RELAYED_PORT, 0, places, &subject);
}

static bool evaluate_tcp_connection(const mstun_tcp_connection_t *tcp, void *data)
{
    const legs_ctx_t *ctx = (const legs_ctx_t *)data;

    for (unsigned peer_direction = 0; peer_direction < 2; peer_direction++) {
        const mstun_endpoint_t *relay = &tcp->ends[1 - peer_direction], *peer = &tcp->ends[peer_direction];
        const mstun_peer_connection_t *connection = mstun_peer_connection_between(relay, peer);
        const mstun_allocation_t *allocation = connection ? NULL : mstun_allocation_of_relay(relay);

        if (connection) {
            evaluate_peer_data(ctx->evaluation, connection, tcp, peer_direction);
        } else if (allocation) {
            evaluate_uninvited_peer(ctx->evaluation, allocation, tcp, peer_direction);
        } else {
            evaluate_other_port(ctx, tcp, peer_direction);
        }
    }
    return true;
}

static void collect_connects(mstun_allocation_t *allocation, void *data)
{
    for (mstun_peer_connection_t *connection = allocation->connections; connection;
         connection = connection->next_in_allocation) {
        if (connection->connect_request && allocation->relay.family) {
            wmem_map_insert((wmem_map_t *)data, &connection->peer, connection);
        }
    }
}

static void find_tcp_allocation(mstun_allocation_t *allocation, void *data)
{
    *(bool *)data = *(bool *)data || allocation->transport == IP_PROTO_TCP;
}

void mstun_evaluate_allocations(mstun_evaluation_t *evaluation)
{
    bool any_tcp = false;

    mstun_allocation_foreach(evaluate_allocation, evaluation);
    mstun_allocation_foreach(find_tcp_allocation, &any_tcp);
    if (any_tcp) {
        legs_ctx_t ctx = { evaluation,
                           wmem_map_new(evaluation->scope, mstun_endpoint_hash, mstun_endpoint_equal_keys) };

        mstun_allocation_foreach(collect_connects, ctx.connects);
        mstun_tcp_connection_foreach(evaluate_tcp_connection, &ctx);
    }
}
