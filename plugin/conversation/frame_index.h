/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the first pass has found at some places of some frames, in the order of those frames: later visits look it up. */
#ifndef MSTUN_CONVERSATION_FRAME_INDEX_H
#define MSTUN_CONVERSATION_FRAME_INDEX_H

#include "base/compat.h"

/** Where in a capture: the first member of each entry. position tells things in one frame apart (a sequence number). */
typedef struct {
    uint32_t frame;
    uint32_t position;
} mstun_frame_pos_t;

/** The index of the first entry in this frame or behind it. array: by frame; NULL is empty. */
unsigned frame_index_lower_bound(wmem_array_t *array, uint32_t frame);

/** The last entry at or before this place; NULL if there is none. The entries of a frame must be by position, too. */
const void *frame_index_last_at_or_before(wmem_array_t *array, const mstun_frame_pos_t *place);

/** The next entry at exactly this place, from *index on, which moves behind it; NULL if the frame has no more. */
const void *frame_index_next(wmem_array_t *array, unsigned *index, const mstun_frame_pos_t *place);

#endif
