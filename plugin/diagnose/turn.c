/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN: allocations, permissions and peer connections. RFC 8656 sections 7 to 12, RFC 6062 sections 4 and 5. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/observation.h"
#include "turn/peer_connection.h"

mstun_subject_t mstun_subject_of(const mstun_event_t *event)
{
    mstun_subject_t subject = { .pos = { event->pinfo->num, event->position },
                                .time = event->pinfo->abs_ts,
                                .stream = event->stream,
                                .direction = event->direction,
                                .transaction = event->transaction,
                                .allocation = mstun_allocation_in_force(event) };

    if (event->facts) {
        subject.peer = event->facts->peer;
    }
    return subject;
}

/* ---- what is kept of messages on the first visit ---- */

/* A message that did something against TURN's state. */
typedef struct {
    mstun_subject_t subject;
    mstun_finding_id_t id;
    unsigned sentence;
    uint32_t number;
} observed_t;

/* A message after which something must follow. */
typedef struct {
    mstun_subject_t subject;
    const mstun_peer_connection_t *connection;
    uint32_t lifetime;
    uint16_t method;
    bool is_announcement;
} milestone_t;

static wmem_array_t *observed;   /* of observed_t */
static wmem_array_t *milestones; /* of milestone_t */

static void learn_observation(const mstun_event_t *event, const mstun_turn_observation_t *observation)
{
    static const struct {
        mstun_finding_id_t id;
        unsigned sentence;
    } meanings[] = {
        [MSTUN_OBSERVED_ALLOCATION_EXPIRED] = { MSTUN_FINDING_ALLOCATION_EXPIRED, 0 },
        [MSTUN_OBSERVED_PERMISSION_EXPIRED] = { MSTUN_FINDING_PERMISSION_EXPIRED, 0 },
        [MSTUN_OBSERVED_PERMISSION_MISSING] = { MSTUN_FINDING_PERMISSION_MISSING, 0 },
        [MSTUN_OBSERVED_BIND_LATE] = { MSTUN_FINDING_BIND_LATE, 0 },
        [MSTUN_OBSERVED_BIND_UNKNOWN_ID] = { MSTUN_FINDING_BIND_UNKNOWN_ID, 0 },
        [MSTUN_OBSERVED_BIND_AGAIN] = { MSTUN_FINDING_BIND_AGAIN, 0 },
        [MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED] = { MSTUN_FINDING_MS_SEQUENCE_GAP, 0 },
        [MSTUN_OBSERVED_MS_SEQUENCE_REPEATED] = { MSTUN_FINDING_MS_SEQUENCE_GAP, 1 },
    };
    const observed_t entry = { mstun_subject_of(event), meanings[observation->kind].id,
                               meanings[observation->kind].sentence, observation->number };

    wmem_array_append_one(observed, entry);
}

/* RFC 6062 section 4.1: Send, channels and Connect each belong to one kind of allocation. */
static void learn_transport(const mstun_event_t *event)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(event);
    uint8_t transport = allocation ? allocation->transport : 0;
    uint16_t method = event->facts->method;
    bool for_udp = method == TURN_CHANNEL_BIND || method == TURN_SEND;

    if ((for_udp && transport == IP_PROTO_TCP) || (method == TURN_CONNECT && transport == IP_PROTO_UDP)) {
        const observed_t entry = { mstun_subject_of(event), MSTUN_FINDING_WRONG_TRANSPORT, for_udp ? 0 : 1, 0 };

        wmem_array_append_one(observed, entry);
    }
}

static void learn_milestone(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    milestone_t milestone = { .subject = mstun_subject_of(event),
                              .connection = mstun_peer_connection_of(event),
                              .lifetime = facts->lifetime,
                              .method = facts->method,
                              .is_announcement =
                                  facts->method == TURN_CONNECT || facts->method == TURN_CONNECTION_ATTEMPT };

    wmem_array_append_one(milestones, milestone);
}

void mstun_turn_findings_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    const mstun_turn_observation_t *observation;
    unsigned index = 0;

    while ((observation = mstun_turn_next_observation(event, &index))) {
        learn_observation(event, observation);
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN || event->repeat || facts->method < TURN_ALLOCATE) {
        return; /* in MS-TURN 0x0009 and 0x000A do not exist, and 0x0006 is another method */
    }
    if (facts->class == STUN_REQUEST || facts->class == STUN_INDICATION) {
        learn_transport(event);
    }
    if (facts->method == TURN_CONNECTION_ATTEMPT ||
        (facts->class == STUN_SUCCESS && (facts->method == TURN_ALLOCATE || facts->method == TURN_REFRESH ||
                                          facts->method == TURN_CONNECT || facts->method == TURN_CONNECTION_BIND))) {
        learn_milestone(event);
    }
}

/* ---- observations ---- */

static void add_observed(mstun_evaluation_t *evaluation, const observed_t *entry)
{
    const char *number = mstun_place_number(evaluation->scope, entry->number);
    const mstun_endpoint_t *peer = &entry->subject.peer;
    const mstun_place_t places[] = {
        { "seconds", number }, { "frame", number },
        { "count", number },   { "peer", peer->family ? mstun_address_text(evaluation->scope, peer) : "this peer" },
        { NULL, NULL },
    };

    if (mstun_finding_row(entry->id)->sentences[entry->sentence]) {
        mstun_finding_add_sentence(evaluation, entry->id, entry->sentence, places, &entry->subject);
    } else {
        mstun_finding_add(evaluation, entry->id, &entry->subject);
    }
}

void mstun_evaluate_observations(mstun_evaluation_t *evaluation)
{
    for (unsigned i = 0; i < wmem_array_get_count(observed); i++) {
        add_observed(evaluation, (const observed_t *)wmem_array_index(observed, i));
    }
}

void mstun_evaluate_observations_at(mstun_evaluation_t *evaluation, const mstun_frame_pos_t *pos)
{
    unsigned index = mstun_frame_index_lower_bound(observed, pos->frame);
    const observed_t *entry;

    while ((entry = (const observed_t *)mstun_frame_index_next(observed, &index, pos))) {
        add_observed(evaluation, entry);
    }
}

/* ---- what must follow ---- */

/* Announced, and the capture goes on for longer than the server waits. */
static void evaluate_announcement(mstun_evaluation_t *evaluation, const milestone_t *milestone)
{
    const mstun_peer_connection_t *connection = milestone->connection;
    mstun_subject_t subject = milestone->subject;

    if (connection->bind_frame ||
        mstun_ms_between(&connection->announced, evaluation->end) < TURN_BIND_TIME_S * 1000.0) {
        return;
    }
    const mstun_place_t places[] = { { "id", wmem_strdup_printf(evaluation->scope, "0x%08x", connection->id) },
                                     { "peer", mstun_endpoint_text(evaluation->scope, &connection->peer) },
                                     { NULL, NULL } };

    subject.peer = connection->peer;
    subject.direction = 1 - subject.direction; /* the client's */
    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_BIND_MISSING, 0, places, &subject);
}

/* The data connection was bound, and stayed silent until it or the capture ended. */
static void evaluate_bound(mstun_evaluation_t *evaluation, const milestone_t *milestone)
{
    const mstun_peer_connection_t *connection = milestone->connection;
    mstun_subject_t subject = milestone->subject;

    if (connection->bound_frame == subject.pos.frame && connection->bytes[0] + connection->bytes[1] == 0 &&
        mstun_stream_idle_or_closed(subject.stream, &connection->bound, evaluation->end)) {
        subject.peer = connection->peer;
        subject.allocation = connection->allocation;
        subject.direction = 1 - subject.direction;
        mstun_finding_add(evaluation, MSTUN_FINDING_NOTHING_RELAYED, &subject);
    }
}

/* A TCP allocation to which no peer was ever admitted, and that connects to none itself. */
static void evaluate_permissions(mstun_evaluation_t *evaluation, const milestone_t *milestone)
{
    const mstun_allocation_t *allocation = milestone->subject.allocation;

    if (allocation && allocation->made.frame == milestone->subject.pos.frame && allocation->transport == IP_PROTO_TCP &&
        !allocation->any_permission && allocation->refreshed &&
        mstun_stream_idle_or_closed(milestone->subject.stream, &milestone->subject.time, evaluation->end)) {
        mstun_finding_add(evaluation, MSTUN_FINDING_NO_PERMISSION, &milestone->subject);
    }
}

/* The server resets the control connection when the lifetime has passed, as coturn does. */
static void evaluate_expiry(mstun_evaluation_t *evaluation, const milestone_t *milestone)
{
    const mstun_allocation_t *allocation = milestone->subject.allocation;
    mstun_subject_t subject = milestone->subject;
    nstime_t last;

    if (!allocation || milestone->lifetime == 0 || allocation->renewed_frame != subject.pos.frame ||
        !mstun_stream_was_reset(subject.stream, &last)) {
        return;
    }
    double overdue_ms = mstun_ms_between(&allocation->expires, &last);

    if (overdue_ms > -1000 && overdue_ms < 2000) {
        const mstun_place_t places[] = { { "seconds", mstun_place_number(evaluation->scope, milestone->lifetime) },
                                         { NULL, NULL } };

        subject.time = allocation->expires;
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_ALLOCATION_EXPIRED, 1, places, &subject);
    }
}

void mstun_evaluate_allocations(mstun_evaluation_t *evaluation)
{
    for (unsigned i = 0; i < wmem_array_get_count(milestones); i++) {
        const milestone_t *milestone = (const milestone_t *)wmem_array_index(milestones, i);

        if (milestone->is_announcement) {
            if (milestone->connection) {
                evaluate_announcement(evaluation, milestone);
            }
        } else if (milestone->method == TURN_CONNECTION_BIND) {
            if (milestone->connection) {
                evaluate_bound(evaluation, milestone);
            }
        } else {
            if (milestone->method == TURN_ALLOCATE) {
                evaluate_permissions(evaluation, milestone);
            }
            evaluate_expiry(evaluation, milestone);
        }
    }
}

static void make_arrays(void)
{
    observed = wmem_array_new(wmem_file_scope(), sizeof(observed_t));
    milestones = wmem_array_new(wmem_file_scope(), sizeof(milestone_t));
}

void mstun_turn_findings_register(void)
{
    register_init_routine(make_arrays); /* at every opening of a file */
}
