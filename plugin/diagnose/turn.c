/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN: RFC 8656 sections 7 to 12, RFC 6062 sections 4 and 5. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "conversation/response_state.h"
#include "turn/observation.h"

/* A server that is refused answers at once; one that gets no answer waits for 30 s and more (RFC 6062 section 5.2). */
#define PEER_TIMEOUT_S 10

/* Error codes that mean one thing whatever the method. */
static const struct {
    uint16_t code;
    mstun_finding_id_t finding;
} meanings[] = {
    { 300, MSTUN_FINDING_ALTERNATE_SERVER },  { 442, MSTUN_FINDING_NO_TCP_RELAY },
    { 446, MSTUN_FINDING_CONNECTION_EXISTS }, { 486, MSTUN_FINDING_QUOTA },
    { 508, MSTUN_FINDING_NO_CAPACITY },
};

static void add_with_number(const mstun_finding_sink_t *sink, mstun_finding_id_t id, unsigned sentence,
                            const char *name, uint32_t number)
{
    const mstun_place_t places[] = { { name, wmem_strdup_printf(sink->scope, "%u", number) }, { NULL, NULL } };

    mstun_finding_add_sentence(sink, id, sentence, places);
}

static void evaluate_connect_error(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    double taken = event->transaction ? mstun_seconds_since(event->pinfo, &event->transaction->request_time) : 0;
    bool timed_out = taken >= PEER_TIMEOUT_S;
    const mstun_place_t places[] = { { "seconds", wmem_strdup_printf(sink->scope, timed_out ? "%.1f" : "%.3f", taken) },
                                     { NULL, NULL } };

    mstun_finding_add_sentence(sink, timed_out ? MSTUN_FINDING_PEER_TIMEOUT : MSTUN_FINDING_PEER_REFUSED, 0, places);
}

/* Some servers say 403 where RFC 8656 asks for 437. */
static void evaluate_forbidden(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    enum { NO_ALLOCATION, WRONG_KIND, POLICY };
    const mstun_allocation_t *allocation = mstun_allocation_in_force(event);
    uint16_t method = event->facts->method;
    bool wrong_kind = allocation && ((method == TURN_CONNECT && allocation->transport == IP_PROTO_UDP) ||
                                     (method == TURN_CHANNEL_BIND && allocation->transport == IP_PROTO_TCP));
    const mstun_place_t no_places[] = { { NULL, NULL } };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_FORBIDDEN,
                               !allocation  ? NO_ALLOCATION
                               : wrong_kind ? WRONG_KIND
                                            : POLICY,
                               no_places);
}

static void evaluate_error(const mstun_event_t *event, bool stale_again, const mstun_finding_sink_t *sink)
{
    const mstun_place_t no_places[] = { { NULL, NULL } };
    uint16_t code = event->facts->error_code;

    if (mstun_is_auth_error(code)) {
        mstun_evaluate_auth_error(event, stale_again, sink);
        return;
    }
    switch (code) {
    case 447:
        evaluate_connect_error(event, sink);
        return;
    case 403:
        evaluate_forbidden(event, sink);
        return;
    case 420:
        mstun_evaluate_unknown_attributes(event, sink);
        return;
    case 437:
        mstun_finding_add_sentence(sink, MSTUN_FINDING_ALLOCATION_MISMATCH,
                                   event->facts->method == TURN_ALLOCATE ? 0 : 1, no_places);
        return;
    default:
        break;
    }
    if (event->facts->method == TURN_CONNECTION_BIND) {
        mstun_finding_add(sink, MSTUN_FINDING_BIND_REJECTED);
        return;
    }
    for (size_t i = 0; i < array_length(meanings); i++) {
        if (meanings[i].code == code) {
            mstun_finding_add(sink, meanings[i].finding);
        }
    }
}

/* RFC 6062 section 4.1: Send, channels and Connect each belong to one kind of allocation. */
static void evaluate_transport(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(event);
    const mstun_place_t no_places[] = { { NULL, NULL } };
    uint8_t transport = allocation ? allocation->transport : 0;
    uint16_t method = event->facts->method;

    if ((method == TURN_CHANNEL_BIND || method == TURN_SEND) && transport == IP_PROTO_TCP) {
        mstun_finding_add_sentence(sink, MSTUN_FINDING_WRONG_TRANSPORT, 0, no_places);
    } else if (method == TURN_CONNECT && transport == IP_PROTO_UDP) {
        mstun_finding_add_sentence(sink, MSTUN_FINDING_WRONG_TRANSPORT, 1, no_places);
    }
}

static void evaluate_observation(const mstun_turn_observation_t *observation, const mstun_finding_sink_t *sink)
{
    uint32_t number = observation->number;

    switch (observation->kind) {
    case MSTUN_OBSERVED_ALLOCATION_EXPIRED:
        add_with_number(sink, MSTUN_FINDING_ALLOCATION_EXPIRED, 0, "seconds", number);
        break;
    case MSTUN_OBSERVED_PERMISSION_EXPIRED:
        add_with_number(sink, MSTUN_FINDING_PERMISSION_EXPIRED, 0, "seconds", number);
        break;
    case MSTUN_OBSERVED_PERMISSION_MISSING:
        add_with_number(sink, MSTUN_FINDING_PERMISSION_MISSING, 0, "seconds", number);
        break;
    case MSTUN_OBSERVED_BIND_LATE:
        add_with_number(sink, MSTUN_FINDING_BIND_LATE, 0, "seconds", number);
        break;
    case MSTUN_OBSERVED_BIND_UNKNOWN_ID:
        mstun_finding_add(sink, MSTUN_FINDING_BIND_UNKNOWN_ID);
        break;
    case MSTUN_OBSERVED_BIND_AGAIN:
        add_with_number(sink, MSTUN_FINDING_BIND_AGAIN, 0, "frame", number);
        break;
    case MSTUN_OBSERVED_STALE_NONCE_AGAIN:
        mstun_finding_add(sink, MSTUN_FINDING_STALE_NONCE_AGAIN);
        break;
    case MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED:
        add_with_number(sink, MSTUN_FINDING_MS_SEQUENCE_GAP, 0, "count", number);
        break;
    case MSTUN_OBSERVED_MS_SEQUENCE_REPEATED:
        add_with_number(sink, MSTUN_FINDING_MS_SEQUENCE_GAP, 1, "count", number);
        break;
    }
}

void mstun_evaluate_turn(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    const mstun_facts_t *facts = event->facts;
    const mstun_turn_observation_t *observation;
    bool stale_again = false;
    unsigned index = 0;

    while ((observation = mstun_turn_next_observation(event, &index))) {
        evaluate_observation(observation, sink);
        stale_again = stale_again || observation->kind == MSTUN_OBSERVED_STALE_NONCE_AGAIN;
    }
    if (facts->has & MSTUN_HAS_ERROR && facts->class == STUN_ERROR) {
        evaluate_error(event, stale_again, sink);
    }
    /* In MS-TURN 0x0009 and 0x000A do not exist, and 0x0006 is another method. */
    if (facts->dialect != MSTUN_DIALECT_MS_TURN && (facts->class == STUN_REQUEST || facts->class == STUN_INDICATION)) {
        evaluate_transport(event, sink);
    }
}

/* Announced, and the capture goes on for longer than the server waits. */
void mstun_evaluate_announcement(const mstun_deferred_t *announcement, const nstime_t *end,
                                 const mstun_finding_sink_t *sink)
{
    const mstun_peer_connection_t *connection = announcement->connection;

    if (!connection->bind_frame && mstun_ms_between(&connection->announced, end) >= TURN_BIND_TIME_S * 1000.0) {
        const mstun_place_t places[] = { { "id", wmem_strdup_printf(sink->scope, "0x%08x", connection->id) },
                                         { NULL, NULL } };

        mstun_finding_add_sentence(sink, MSTUN_FINDING_BIND_MISSING, 0, places);
    }
}

/* The data connection was bound, and stayed silent until it or the capture ended. */
void mstun_evaluate_bound(const mstun_deferred_t *success, const nstime_t *end, const mstun_finding_sink_t *sink)
{
    const mstun_peer_connection_t *connection = success->connection;

    if (connection->bound_frame == success->frame && connection->bytes[0] + connection->bytes[1] == 0 &&
        mstun_stream_idle_or_closed(success->stream, &connection->bound, end)) {
        mstun_finding_add(sink, MSTUN_FINDING_NOTHING_RELAYED);
    }
}

/* A TCP allocation to which no peer was ever admitted, and that connects to none itself. */
void mstun_evaluate_permissions(const mstun_deferred_t *success, const nstime_t *end, const mstun_finding_sink_t *sink)
{
    const mstun_allocation_t *allocation = success->allocation;

    if (allocation && allocation->made.frame == success->frame && allocation->transport == IP_PROTO_TCP &&
        !allocation->any_permission && allocation->refreshed &&
        mstun_stream_idle_or_closed(success->stream, &success->time, end)) {
        mstun_finding_add(sink, MSTUN_FINDING_NO_PERMISSION);
    }
}

/* The server resets the control connection when the lifetime is over, as coturn does. */
void mstun_evaluate_expiry(const mstun_deferred_t *success, const mstun_finding_sink_t *sink)
{
    const mstun_allocation_t *allocation = success->allocation;
    nstime_t last;

    if (!allocation || success->lifetime == 0 || allocation->renewed_frame != success->frame ||
        !mstun_stream_was_reset(success->stream, &last)) {
        return;
    }
    double overdue_ms = mstun_ms_between(&allocation->expires, &last);

    if (overdue_ms > -1000 && overdue_ms < 2000) {
        add_with_number(sink, MSTUN_FINDING_ALLOCATION_EXPIRED, 1, "seconds", success->lifetime);
    }
}
