/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/frame_index.h"

static const mstun_frame_pos_t *pos_at(wmem_array_t *array, unsigned index)
{
    return (const mstun_frame_pos_t *)wmem_array_index(array, index);
}

unsigned mstun_frame_index_lower_bound(wmem_array_t *array, uint32_t frame)
{
    unsigned low = 0, high = array ? wmem_array_get_count(array) : 0;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (pos_at(array, middle)->frame < frame) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const void *mstun_frame_index_last_at_or_before(wmem_array_t *array, const mstun_frame_pos_t *pos)
{
    unsigned index = mstun_frame_index_lower_bound(array, pos->frame + 1);

    while (index > 0 && pos_at(array, index - 1)->frame == pos->frame &&
           pos_at(array, index - 1)->position > pos->position) {
        index--;
    }
    return index > 0 ? pos_at(array, index - 1) : NULL;
}

const void *mstun_frame_index_next(wmem_array_t *array, unsigned *index, const mstun_frame_pos_t *pos)
{
    unsigned count = array ? wmem_array_get_count(array) : 0;

    while (*index < count && pos_at(array, *index)->frame == pos->frame) {
        const mstun_frame_pos_t *entry = pos_at(array, (*index)++);

        if (entry->position == pos->position) {
            return entry;
        }
    }
    return NULL;
}
