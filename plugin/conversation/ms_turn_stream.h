/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The byte streams inside of MS-TURN on TCP ([MS-TURN] 2.1.4): in its data units (type 0x03), and in the DATA attributes
 * of its messages, there one for each peer. They hold RFC 4571 frames, which may begin in one unit or message and end in
 * another. libnice sends packets without those lengths: then a unit or DATA is a packet. */
#ifndef MSTUN_CONVERSATION_MS_TURN_STREAM_H
#define MSTUN_CONVERSATION_MS_TURN_STREAM_H

#include "attr/facts.h"
#include "conversation/stream.h"

/** What the data in hand goes on with. */
typedef struct {
    const uint8_t *before; /* the beginning of a frame, from the data before; valid while this packet is dissected */
    uint32_t before_len;
    bool framed; /* RFC 4571 frames, else one packet */
} mstun_partial_frame_t;

/**
 * How data is to be read. peer: of the DATA, NULL for a data unit. position: of the data in the stream, the same on every
 * visit. The first pass decides, by the lengths in the data; later visits look up.
 */
mstun_partial_frame_t mstun_ms_turn_stream_begin(mstun_stream_t *stream, unsigned direction,
                                                 const mstun_endpoint_t *peer, packet_info *pinfo, uint32_t position,
                                                 const uint8_t *data, uint32_t len);

/** First pass: what mstun_ms_turn_stream_begin had before goes on with this data, which does not end it. */
void mstun_ms_turn_stream_continue(mstun_stream_t *stream, unsigned direction, const mstun_endpoint_t *peer,
                                   packet_info *pinfo, const uint8_t *data, uint32_t len);

/** First pass: the bytes of a frame that is not at its end with this data (len 0: none), those from before included. */
void mstun_ms_turn_stream_finish(mstun_stream_t *stream, unsigned direction, const mstun_endpoint_t *peer,
                                 packet_info *pinfo, const uint8_t *rest, uint32_t len);

#endif
