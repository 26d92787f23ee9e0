/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/observation.h"

#include "turn/turn_stream.h"

void mstun_turn_observe(const mstun_event_t *event, mstun_turn_observation_kind_t kind, double number)
{
    struct mstun_stream_turn *turn = mstun_stream_get_turn(event->stream);
    mstun_turn_observation_t observation = { .pos = { event->pinfo->num, event->position },
                                             .kind = kind,
                                             .number = (uint32_t)number };

    if (!turn->observations) {
        turn->observations = wmem_array_sized_new(wmem_file_scope(), sizeof observation, 1);
    }
    wmem_array_append_one(turn->observations, observation);
}

const mstun_turn_observation_t *mstun_turn_next_observation(const mstun_event_t *event, unsigned *index)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    wmem_array_t *observations = event->stream->turn ? event->stream->turn->observations : NULL;

    if (*index == 0) {
        *index = mstun_frame_index_lower_bound(observations, pos.frame);
    }
    return (const mstun_turn_observation_t *)mstun_frame_index_next(observations, index, &pos);
}
