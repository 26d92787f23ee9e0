/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cuts the data of MS-TURN on TCP ([MS-TURN] 2.1.4) into RFC 4571 frames, across the limits of the units and messages
 * that carry it. */
#ifndef MSTUN_DISSECT_FRAMES_H
#define MSTUN_DISSECT_FRAMES_H

#include "conversation/stream.h"

/** Whole frames, one after the other from the first of bytes to end. */
typedef struct {
    tvbuff_t *bytes;
    uint32_t end;
    uint32_t position; /* of the first byte, as in mstun_event_t */
} mstun_frames_t;

/**
 * The frames that end in this data of event's stream, at event's position. peer: of a DATA attribute; NULL: a data
 * unit. On the first visit, an incomplete frame at the end is learnt for the data that continues it. Returns false if
 * the data is not frames but one packet, as libnice sends it, or is not tracked.
 */
bool mstun_frames_in_stream(const mstun_event_t *event, tvbuff_t *data, const mstun_endpoint_t *peer,
                            mstun_frames_t *frames);

/** The frames in data at event's position. Returns false if they do not fill it. */
bool mstun_frames_in_data(const mstun_event_t *event, tvbuff_t *data, mstun_frames_t *frames);

/** The length of the frame at offset, its header included. */
static inline uint32_t mstun_frame_len(const mstun_frames_t *frames, uint32_t offset)
{
    return RFC4571_HEADER_LEN + (uint32_t)tvb_get_ntohs(frames->bytes, (int)offset);
}

#endif
