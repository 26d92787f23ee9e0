/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/observation.h"

#include "turn/turn_stream.h"

mstun_turn_observation_t *mstun_turn_observe(const mstun_event_t *event, mstun_turn_observation_kind_t kind,
                                             double number)
{
    struct mstun_stream_turn *turn = mstun_stream_get_turn(event->stream);
    mstun_turn_observation_t observation = { .pos = { event->pinfo->num, event->position },
                                             .abs_ts = event->pinfo->abs_ts,
                                             .kind = kind,
                                             .number = (uint32_t)number,
                                             .direction = event->direction,
                                             .allocation = turn->allocation,
                                             .transaction = event->transaction };

    if (event->facts) {
        observation.peer = event->facts->peer;
    }

    if (!turn->observations) {
        turn->observations = wmem_array_sized_new(wmem_file_scope(), sizeof observation, 1);
    }
    wmem_array_append_one(turn->observations, observation);
    return (mstun_turn_observation_t *)wmem_array_index(turn->observations,
                                                        wmem_array_get_count(turn->observations) - 1);
}

static bool is_disproved(const mstun_turn_observation_t *observation)
{
    return observation->doubt && observation->doubt->disproof_frame;
}

const mstun_turn_observation_t *mstun_turn_next_observation(const mstun_event_t *event, unsigned *idx)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    wmem_array_t *observations = event->stream->turn ? event->stream->turn->observations : NULL;
    const mstun_turn_observation_t *observation;

    if (*idx == 0) {
        *idx = mstun_frame_index_lower_bound(observations, pos.frame);
    }
    while ((observation = (const mstun_turn_observation_t *)mstun_frame_index_next(observations, idx, &pos)) &&
           is_disproved(observation)) {
    }
    return observation;
}

void mstun_turn_foreach_observation(const mstun_stream_t *stream,
                                    void (*fn)(const mstun_turn_observation_t *observation, void *data), void *data)
{
    wmem_array_t *observations = stream->turn ? stream->turn->observations : NULL;
    unsigned count = observations ? wmem_array_get_count(observations) : 0;

    for (unsigned i = 0; i < count; i++) {
        const mstun_turn_observation_t *observation =
            (const mstun_turn_observation_t *)wmem_array_index(observations, i);

        if (!is_disproved(observation)) {
            fn(observation, data);
        }
    }
}

mstun_doubt_t *mstun_doubt_add(mstun_doubt_t **doubt)
{
    if (!*doubt) {
        *doubt = wmem_new0(wmem_file_scope(), mstun_doubt_t);
    }
    (*doubt)->count++;
    return *doubt;
}

void mstun_doubt_disprove(mstun_doubt_t **doubt, const packet_info *pinfo)
{
    if (*doubt) {
        (*doubt)->disproof_frame = pinfo->num;
        *doubt = NULL;
    }
}

void mstun_doubt_grant(mstun_doubt_t **doubt, const packet_info *pinfo)
{
    if (*doubt) {
        (*doubt)->granted_frame = pinfo->num;
        (*doubt)->granted = pinfo->abs_ts;
        *doubt = NULL;
    }
}
