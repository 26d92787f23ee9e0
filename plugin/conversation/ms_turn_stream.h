/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The byte streams inside MS-TURN on TCP ([MS-TURN] 2.1.4): in its data units (type 0x03), and in the DATA attributes
 * of its messages, one for each peer. They hold RFC 4571 frames, which may begin in one unit or message and end in
 * another. libnice sends packets without those lengths: then a unit or DATA is one packet. */
#ifndef MSTUN_CONVERSATION_MS_TURN_STREAM_H
#define MSTUN_CONVERSATION_MS_TURN_STREAM_H

#include "conversation/stream.h"

/** What some data continues. */
typedef struct {
    const uint8_t *partial; /* the beginning of a frame, from earlier data; valid while this packet is dissected */
    uint32_t partial_len;
    bool framed; /* RFC 4571 frames, else one packet */
} mstun_partial_frame_t;

/**
 * How data is to be read. peer: of the DATA; NULL for a data unit. event->position: of the data. The first visit
 * decides, by the lengths in the data; later visits look up. event has a stream, here and below.
 */
mstun_partial_frame_t mstun_ms_turn_stream_begin(const mstun_event_t *event, const mstun_endpoint_t *peer,
                                                 const uint8_t *data, uint32_t len);

/** First visit: the partial frame continues with this data, which does not complete it. */
void mstun_ms_turn_stream_continue(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *data,
                                   uint32_t len);

/** First visit: the data is read up to rest, the bytes of a frame that is not complete, those of earlier data included.
 * len 0: there is none. */
void mstun_ms_turn_stream_finish(const mstun_event_t *event, const mstun_endpoint_t *peer, const uint8_t *rest,
                                 uint32_t len);

#endif
