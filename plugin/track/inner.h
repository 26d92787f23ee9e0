/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The byte stream inside of MS-TURN's data units ([MS-TURN] 2.1.4, type 0x03): RFC 4571 frames, which may begin in one
 * unit and end in another. libnice sends packets without those lengths: then a unit is a packet. */
#ifndef MSTUN_TRACK_INNER_H
#define MSTUN_TRACK_INNER_H

#include "track/stream.h"

/** What a data unit goes on with. */
typedef struct {
    const uint8_t *before; /* the beginning of a frame, from the units before; owned by the file scope */
    uint32_t before_len;
    bool framed; /* RFC 4571 frames, else one packet */
} mstun_inner_t;

/**
 * How the data of a unit is to be read. position: of the data in the stream, the same on every visit.
 * The first pass decides, by the lengths in the data; later visits look up.
 */
mstun_inner_t mstun_inner_enter(mstun_flow_t *flow, packet_info *pinfo, uint32_t position, const uint8_t *data,
                                uint32_t len);

/** First pass: the bytes of a frame that is not at its end with this unit (len 0: none); next: position behind it. */
void mstun_inner_leave(mstun_flow_t *flow, packet_info *pinfo, const uint8_t *rest, uint32_t len, uint32_t next);

#endif
