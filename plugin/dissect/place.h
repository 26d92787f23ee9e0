/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A place in a segment: its bytes from an offset on, and its event. */
#ifndef MSTUN_DISSECT_PLACE_H
#define MSTUN_DISSECT_PLACE_H

#include "conversation/foreign_bytes.h"
#include "dissect/context.h"

/** The bytes of a segment from an offset on. */
typedef struct {
    const uint8_t *bytes;
    uint32_t captured;
    uint32_t reported;
} mstun_rest_t;

static inline mstun_rest_t mstun_rest_of(const mstun_segment_t *segment, uint32_t offset)
{
    return (mstun_rest_t){ .bytes = segment->bytes + offset,
                           .captured = segment->captured - offset,
                           .reported = segment->reported - offset };
}

/** The segment in tvb. tcp: TCP's own data for it; NULL inside TLS. */
mstun_segment_t mstun_segment_of(tvbuff_t *tvb, struct tcpinfo *tcp);

/** What follows in the segment from an offset on; less than its captured bytes. */
mstun_segment_t mstun_segment_from(const mstun_segment_t *segment, uint32_t offset);

/** ctx's event at an offset of its segment. */
mstun_event_t mstun_event_at(const mstun_dissect_ctx_t *ctx, uint32_t offset);

/**
 * Whether the bytes at event's position are known to be of a kind. The first visit learns it, if event has a stream and
 * its direction is complete; later visits look it up. count, announced, text: as in mstun_foreign_bytes_t.
 */
bool mstun_bytes_are(const mstun_event_t *event, mstun_bytes_kind_t kind, uint32_t count, uint32_t announced,
                     const char *text);

/** Before anything of a segment is shown: a segment of which nothing is shown keeps TCP's columns. */
void mstun_dissect_reset_info(mstun_dissect_ctx_t *ctx);

#endif
