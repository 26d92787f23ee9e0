/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/frame_index.h"

static const mstun_frame_pos_t *pos_at(wmem_array_t *array, unsigned i)
{
    return (const mstun_frame_pos_t *)wmem_array_index(array, i);
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
    unsigned i = mstun_frame_index_lower_bound(array, pos->frame + 1);

    while (i > 0 && pos_at(array, i - 1)->frame == pos->frame && pos_at(array, i - 1)->position > pos->position) {
        i--;
    }
    return i > 0 ? pos_at(array, i - 1) : NULL;
}

const void *mstun_frame_index_next(wmem_array_t *array, unsigned *next_index, const mstun_frame_pos_t *pos)
{
    unsigned count = array ? wmem_array_get_count(array) : 0;

    while (*next_index < count && pos_at(array, *next_index)->frame == pos->frame) {
        const mstun_frame_pos_t *entry = pos_at(array, (*next_index)++);

        if (entry->position == pos->position) {
            return entry;
        }
    }
    return NULL;
}
