/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/frame_index.h"

static const mstun_frame_pos_t *place_at(wmem_array_t *array, unsigned index)
{
    return (const mstun_frame_pos_t *)wmem_array_index(array, index);
}

unsigned frame_index_lower_bound(wmem_array_t *array, uint32_t frame)
{
    unsigned low = 0, high = array ? wmem_array_get_count(array) : 0;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (place_at(array, middle)->frame < frame) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const void *frame_index_last_at_or_before(wmem_array_t *array, const mstun_frame_pos_t *place)
{
    unsigned index = frame_index_lower_bound(array, place->frame + 1);

    while (index > 0 && place_at(array, index - 1)->frame == place->frame &&
           place_at(array, index - 1)->position > place->position) {
        index--;
    }
    return index > 0 ? place_at(array, index - 1) : NULL;
}

const void *frame_index_next(wmem_array_t *array, unsigned *index, const mstun_frame_pos_t *place)
{
    unsigned count = array ? wmem_array_get_count(array) : 0;

    while (*index < count && place_at(array, *index)->frame == place->frame) {
        const mstun_frame_pos_t *entry = place_at(array, (*index)++);

        if (entry->position == place->position) {
            return entry;
        }
    }
    return NULL;
}
