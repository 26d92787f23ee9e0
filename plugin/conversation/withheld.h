/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Segments that come late or again. Wireshark's TCP keeps most of them from all dissectors, also where nobody has seen
 * their bytes: lost before the capture point and sent again, or overtaken by later ones. And some it hands over a
 * second time. What is late is read in the frame that completes it, by the first visit, and kept for later ones. */
#ifndef MSTUN_CONVERSATION_WITHHELD_H
#define MSTUN_CONVERSATION_WITHHELD_H

#include "conversation/frame_index.h"
#include "conversation/stream.h"

/** Units that were read late, in the frame that completed them. */
typedef struct mstun_withheld {
    const struct mstun_withheld *next; /* of the same frame; NULL: no more */
    const mstun_stream_t *stream;
    uint32_t position;
    uint32_t len;
    const uint8_t *bytes;
} mstun_withheld_t;

/** What is to be done with a segment that TCP hands over. */
typedef enum {
    MSTUN_HANDED_NEW,
    MSTUN_HANDED_LATE,     /* it is read when its frame is done, with what it completes */
    MSTUN_HANDED_REPEATED, /* it was read before */
} mstun_handed_t;

/** First and later visits. new_from: of MSTUN_HANDED_NEW, how many bytes at its beginning were read before. */
mstun_handed_t mstun_segment_handed(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t *new_from);

/** First visit, when TCP is done with the packet: its segment. Returns whether there may be something to read that TCP
 * does not hand over: run. */
bool mstun_withheld_arrive(const mstun_event_t *event, const mstun_segment_t *segment, mstun_run_t *run);

/** First visit: TCP has handed over the segment; what was not read of it may be completed late. */
void mstun_withheld_keep(const mstun_event_t *event, const mstun_segment_t *segment);

/** First visit: the end is missing of the unit at event's position. len: of the whole unit; 0: not known. */
void mstun_withheld_await(const mstun_event_t *event, uint32_t len);

/** First visit: the units of these bytes were read late in event's frame. */
void mstun_withheld_learn(const mstun_event_t *event, const mstun_run_t *run, uint32_t len);

/** What was read late in this frame; NULL: nothing. */
const mstun_withheld_t *mstun_withheld_at(uint32_t frame);

void mstun_withheld_register(const mstun_registrar_t *reg);

#endif
