/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * TURN: what messages do against its state. RFC 8656 sections 7 to 12, RFC 6062 sections 4 and 5. */
#include "diagnose/evaluators.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/channel.h"

/* A request that was on its way is granted by then: what the client sent before was a little early. */
#define EARLY_S 5.0

mstun_subject_t mstun_subject_of(const mstun_event_t *event)
{
    mstun_subject_t subject = { .pos = { event->pinfo->num, event->position },
                                .abs_ts = event->pinfo->abs_ts,
                                .stream = event->stream,
                                .direction = event->direction,
                                .transaction = event->transaction,
                                .allocation = mstun_allocation_in_force(event) };

    if (event->facts) {
        subject.peer = event->facts->peer;
    }
    return subject;
}

static double seconds_between(const nstime_t *from, const nstime_t *to)
{
    return mstun_ms_between(from, to) / 1000;
}

typedef struct {
    mstun_evaluation_t *evaluation;
    const mstun_stream_t *stream;
} observations_ctx_t;

/* By kind; sentence -1: the summary. */
static const struct {
    mstun_finding_id_t id;
    int sentence;
} meanings[] = {
    [MSTUN_OBSERVED_ALLOCATION_EXPIRED] = { MSTUN_FINDING_ALLOCATION_EXPIRED, 0 },
    [MSTUN_OBSERVED_ALLOCATION_DELETED] = { MSTUN_FINDING_ALLOCATION_EXPIRED, 2 },
    [MSTUN_OBSERVED_PERMISSION_EXPIRED] = { MSTUN_FINDING_PERMISSION_EXPIRED, 0 },
    [MSTUN_OBSERVED_PERMISSION_MISSING] = { MSTUN_FINDING_PERMISSION_MISSING, 0 },
    [MSTUN_OBSERVED_CHANNEL_EXPIRED] = { MSTUN_FINDING_CHANNEL_EXPIRED, 0 },
    [MSTUN_OBSERVED_CHANNEL_UNBOUND] = { MSTUN_FINDING_CHANNEL_UNBOUND, 0 },
    [MSTUN_OBSERVED_BIND_LATE] = { MSTUN_FINDING_BIND_LATE, 0 },
    [MSTUN_OBSERVED_BIND_UNKNOWN_ID] = { MSTUN_FINDING_BIND_UNKNOWN_ID, -1 },
    [MSTUN_OBSERVED_BIND_AGAIN] = { MSTUN_FINDING_BIND_AGAIN, 0 },
    [MSTUN_OBSERVED_WRONG_TRANSPORT] = { MSTUN_FINDING_WRONG_TRANSPORT, 0 },
    [MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED] = { MSTUN_FINDING_MS_SEQUENCE_GAP, 0 },
    [MSTUN_OBSERVED_MS_SEQUENCE_REPEATED] = { MSTUN_FINDING_MS_SEQUENCE_GAP, 1 },
};

/* Which of the row's sentences. */
static int sentence_of(const mstun_turn_observation_t *observation)
{
    const mstun_permission_t *permission = observation->permission;
    const mstun_channel_t *channel = observation->channel;

    switch (observation->kind) {
    case MSTUN_OBSERVED_PERMISSION_MISSING:
        return permission && permission->refused_frame ? 1 : 0;
    case MSTUN_OBSERVED_CHANNEL_UNBOUND:
        return channel && channel->refused_frame ? 1 : 0;
    case MSTUN_OBSERVED_WRONG_TRANSPORT:
        return observation->number == IP_PROTO_TCP ? 0 : 1;
    default:
        return meanings[observation->kind].sentence;
    }
}

/* The frame that the sentence names. */
static uint32_t frame_of(const mstun_turn_observation_t *observation)
{
    const mstun_permission_t *permission = observation->permission;
    const mstun_channel_t *channel = observation->channel;

    switch (observation->kind) {
    case MSTUN_OBSERVED_PERMISSION_MISSING:
        return permission ? permission->refused_frame : 0;
    case MSTUN_OBSERVED_CHANNEL_UNBOUND:
        return channel ? channel->refused_frame : 0;
    case MSTUN_OBSERVED_CHANNEL_EXPIRED:
        return channel ? channel->renewed_frame : 0;
    default:
        return observation->number;
    }
}

/* What was granted soon after was only used too early, as happens when a nonce is renewed. */
static bool was_early(const mstun_turn_observation_t *observation)
{
    return observation->kind != MSTUN_OBSERVED_PERMISSION_EXPIRED && observation->doubt &&
           observation->doubt->granted_frame &&
           seconds_between(&observation->abs_ts, &observation->doubt->granted) < EARLY_S;
}

/* A segment that was lost may have held the announcement: RFC 6062 section 4.4. */
static bool announcement_may_be_missing(const mstun_turn_observation_t *observation)
{
    const mstun_allocation_t *allocation = observation->allocation;

    return observation->kind == MSTUN_OBSERVED_BIND_UNKNOWN_ID && allocation &&
           mstun_stream_gap_frame(allocation->control, 1 - allocation->client_direction);
}

/* The server knows better than we do: it grants the very request that seemed to be wrong. */
static bool was_granted(const mstun_turn_observation_t *observation)
{
    return observation->transaction && observation->transaction->succeeded &&
           meanings[observation->kind].id != MSTUN_FINDING_MS_SEQUENCE_GAP;
}

static void add_observation(mstun_evaluation_t *evaluation, const mstun_stream_t *stream,
                            const mstun_turn_observation_t *observation)
{
    wmem_allocator_t *scope = evaluation->scope;
    const mstun_endpoint_t *peer = &observation->peer;
    const char *number = mstun_place_number(scope, observation->number);
    uint32_t count = observation->doubt ? observation->doubt->count : 1;
    bool on_channel = observation->channel != NULL;
    const mstun_subject_t subject = { .pos = observation->pos,
                                      .abs_ts = observation->abs_ts,
                                      .stream = stream,
                                      .direction = observation->direction,
                                      .transaction = observation->transaction,
                                      .allocation = observation->allocation,
                                      .peer = *peer };
    const mstun_place_t places[] = {
        { "seconds", number },
        { "frame", mstun_place_number(scope, frame_of(observation)) },
        { "count", on_channel ? mstun_place_number(scope, count) : number },
        { "peer", peer->family ? mstun_address_text(scope, peer) : "this peer" },
        { "channel", on_channel ? wmem_strdup_printf(scope, "0x%04x", observation->channel->number) : "" },
        { NULL, NULL },
    };
    int sentence = sentence_of(observation);

    if (sentence < 0) {
        mstun_finding_add(evaluation, meanings[observation->kind].id, &subject);
    } else {
        mstun_finding_add_sentence(evaluation, meanings[observation->kind].id, (unsigned)sentence, places, &subject);
    }
}

static void evaluate_observation(const mstun_turn_observation_t *observation, void *data)
{
    const observations_ctx_t *ctx = (const observations_ctx_t *)data;

    if (!was_early(observation) && !announcement_may_be_missing(observation) && !was_granted(observation)) {
        add_observation(ctx->evaluation, ctx->stream, observation);
    }
}

static void evaluate_stream(mstun_stream_t *stream, void *data)
{
    observations_ctx_t ctx = { (mstun_evaluation_t *)data, stream };

    mstun_turn_foreach_observation(stream, evaluate_observation, &ctx);
}

void mstun_evaluate_observations(mstun_evaluation_t *evaluation)
{
    mstun_stream_foreach(evaluate_stream, evaluation);
}

void mstun_evaluate_observations_of(mstun_evaluation_t *evaluation, const mstun_event_t *event)
{
    const mstun_turn_observation_t *observation;
    unsigned idx = 0;

    while ((observation = mstun_turn_next_observation(event, &idx))) {
        if (!observation->doubt && !was_granted(observation)) {
            add_observation(evaluation, event->stream, observation);
        }
    }
}
