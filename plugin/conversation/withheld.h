/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Segments that come late or again. Wireshark's TCP keeps most of them from all dissectors, also where nobody has seen
 * their bytes: lost before the capture point and sent again, or overtaken by later ones. And some it hands over a
 * second time. What is late is read in the frame that completes it, by the first visit, and kept for later ones. */
#ifndef MSTUN_CONVERSATION_WITHHELD_H
#define MSTUN_CONVERSATION_WITHHELD_H

#include "conversation/frame_index.h"
#include "conversation/stream.h"

/** Units that were read late, in the frame that completed them, and what follows them: it decided what they are. */
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

/** First visit: TCP is about to see a packet, and has handed over nothing of it. */
void mstun_withheld_begin(void);

/** First visit: TCP hands over bytes of event's stream and direction, from position on. is_new: nobody had them. */
void mstun_withheld_hand(const mstun_event_t *event, uint32_t position, bool is_new);

/** First visit: whose bytes TCP has handed over since mstun_withheld_begin(); NULL: nobody's. all_read: whether all
 * bytes of the packet, from raw_seq (on the wire) to raw_end, were new, and are read, and no others wait for more. */
mstun_stream_t *mstun_withheld_end(uint32_t raw_seq, uint32_t raw_end, bool *all_read);

/** First and later visits: nothing of the segment was read before. Where that is not quickly known, false. */
static inline bool mstun_segment_is_new(const mstun_event_t *event, const mstun_segment_t *segment)
{
    const mstun_flow_t *flow = &event->stream->flow[event->direction];

    if (event->first_visit) {
        return !flow->coverage.begun || mstun_coverage_ends_at(&flow->coverage, segment->seq);
    }
    return !flow->handed_again;
}

/** First and later visits. new_from: of MSTUN_HANDED_NEW, how many bytes at its beginning were read before. */
mstun_handed_t mstun_segment_handed(const mstun_event_t *event, const mstun_segment_t *segment, uint32_t *new_from);

/** First visit, when TCP is done with the packet: its segment. Returns whether there may be something to read that TCP
 * does not hand over: run. */
bool mstun_withheld_arrive(const mstun_event_t *event, const mstun_segment_t *segment, mstun_run_t *run);

/** mstun_withheld_keep() where not all was read. */
void mstun_withheld_keep_unread(const mstun_event_t *event, const mstun_segment_t *segment);

/** First visit: TCP has handed over the segment; what was not read of it may be completed late. */
static inline void mstun_withheld_keep(const mstun_event_t *event, const mstun_segment_t *segment)
{
    const mstun_coverage_t *coverage = &event->stream->flow[event->direction].coverage;

    if (coverage->begun && !mstun_coverage_ends_at(coverage, segment->seq + segment->reported)) {
        mstun_withheld_keep_unread(event, segment);
    }
}

/** First visit: the end is missing of the unit at event's position. len: of the whole unit; 0: not known. */
void mstun_withheld_await(const mstun_event_t *event, uint32_t len);

/** First visit: units were read late in event's frame: len bytes of run. */
void mstun_withheld_learn(const mstun_event_t *event, const mstun_run_t *run, uint32_t len);

/** What was read late in this frame; NULL: nothing. */
const mstun_withheld_t *mstun_withheld_at(uint32_t frame);

void mstun_withheld_register(const mstun_registrar_t *reg);

#endif
