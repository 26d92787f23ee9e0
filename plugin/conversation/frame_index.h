/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrays of what the first visit learnt, sorted by frame: later visits look it up by binary search. */
#ifndef MSTUN_CONVERSATION_FRAME_INDEX_H
#define MSTUN_CONVERSATION_FRAME_INDEX_H

#include "base/compat.h"

/** A place in the capture: the first member of each entry. position, a sequence number, is the place in the frame. */
typedef struct {
    uint32_t frame;
    uint32_t position;
} mstun_frame_pos_t;

/** The index of the first entry in this frame or a later one; the count if there is none. array: by frame; NULL is
 * empty. */
unsigned mstun_frame_index_lower_bound(wmem_array_t *array, uint32_t frame);

/** The last entry at or before pos; NULL if there is none. The entries of a frame must be sorted by position, too. */
const void *mstun_frame_index_last_at_or_before(wmem_array_t *array, const mstun_frame_pos_t *pos);

/** The next entry at exactly pos, from *next_index on, which then is after it; NULL if the frame has no more. */
const void *mstun_frame_index_next(wmem_array_t *array, unsigned *next_index, const mstun_frame_pos_t *pos);

#endif
