/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/rtp_stream.h"

#define SEQUENCE_OFFSET 2
#define SSRC_OFFSET 8

/* RFC 3550 appendix A.1: how far sequence numbers may go forward and back. */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100

#define CANDIDATES_MAX 16 /* of a direction: more streams than begin at a time */

/* An SSRC that a packet had, the first frame with it, and the latest sequence number. */
typedef struct {
    uint32_t ssrc;
    uint32_t first_frame;
    uint16_t sequence;
} candidate_t;

typedef struct {
    candidate_t candidates[CANDIDATES_MAX]; /* the latest ones; first visit only */
    unsigned count, next;
    wmem_map_t *proven; /* SSRC -> anything; NULL: none */
} direction_t;

struct mstun_stream_rtp {
    direction_t direction[2];
};

static bool is_near(uint16_t sequence, uint16_t other)
{
    uint16_t forward = (uint16_t)(sequence - other), back = (uint16_t)(other - sequence);

    return forward != 0 && (forward <= MAX_DROPOUT || back <= MAX_MISORDER);
}

static void prove(direction_t *direction, uint32_t ssrc)
{
    if (!direction->proven) {
        direction->proven = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    }
    wmem_map_insert(direction->proven, GUINT_TO_POINTER(ssrc), direction);
}

/* The first frame of the earlier candidate that agrees; else 0, and this one is kept. */
static uint32_t agreeing_candidate(direction_t *direction, uint32_t ssrc, uint16_t sequence, uint32_t frame)
{
    for (unsigned i = 0; i < direction->count; i++) {
        candidate_t *candidate = &direction->candidates[i];

        if (candidate->ssrc == ssrc) {
            bool agrees = is_near(sequence, candidate->sequence);

            candidate->sequence = sequence;
            return agrees ? candidate->first_frame : 0;
        }
    }
    direction->candidates[direction->next] = (candidate_t){ ssrc, frame, sequence };
    direction->next = (direction->next + 1) % CANDIDATES_MAX;
    direction->count = MIN(direction->count + 1, CANDIDATES_MAX);
    return 0;
}

bool mstun_is_of_rtp_stream(const mstun_event_t *event, const uint8_t *header, uint32_t *proven_since)
{
    mstun_stream_t *stream = event->stream;
    uint32_t ssrc = pntohu32(header + SSRC_OFFSET);

    *proven_since = 0;
    if (event->first_visit && !stream->rtp) {
        stream->rtp = wmem_new0(wmem_file_scope(), struct mstun_stream_rtp);
    }
    if (!stream->rtp) {
        return false;
    }
    direction_t *direction = &stream->rtp->direction[event->direction];

    if (direction->proven && wmem_map_contains(direction->proven, GUINT_TO_POINTER(ssrc))) {
        return true;
    }
    if (event->first_visit) {
        *proven_since = agreeing_candidate(direction, ssrc, pntohu16(header + SEQUENCE_OFFSET), event->pinfo->num);
    }
    if (*proven_since) {
        prove(direction, ssrc);
    }
    return *proven_since != 0;
}
