/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Peers of relayed data that carries no peer address: those bound to a channel (RFC 8656 section 12), and the active
 * destination of MS-TURN ([MS-TURN] 3.2). A binding counts from its request on, until that is refused. */
#ifndef MSTUN_TURN_CHANNEL_H
#define MSTUN_TURN_CHANNEL_H

#include "turn/allocation.h"

#define TURN_CHANNEL_TIME_S 600 /* RFC 8656 section 12 */

/* In place of a channel: the type of its units, which no channel has as its number. */
#define MSTUN_ACTIVE_DESTINATION 3

/** From this message on, a channel of a control connection belongs to a peer. */
struct mstun_channel {
    mstun_frame_pos_t pos; /* the first request for it; where it was used without one: the first data */
    uint16_t number;
    uint8_t client_direction;       /* in which the TURN client sends */
    mstun_endpoint_t peer;          /* family 0: no request named one */
    unsigned open_requests;         /* first visit: without a response yet */
    uint32_t bound_frame;           /* its first success; 0: none was seen */
    uint32_t renewed_frame;         /* its last one */
    uint32_t refused_frame;         /* the error that it ended with; 0: none was seen */
    nstime_t expires;               /* if bound_frame */
    uint32_t from_peer_frame;       /* the last data that came on it; 0: none was seen */
    mstun_permission_t *permission; /* that it gave its peer; NULL: none is known */
    mstun_channel_t *previous;      /* with this number, the one before it */
    mstun_channel_t *next;          /* on this connection, in the order of their places */
    mstun_doubt_t *doubt;           /* first visit: data on it though it is not bound; NULL: none, as far as is known */
};

/** First visit: ChannelBind and its responses; Set Active Destination, after which the client need not wait to send. */
void mstun_channel_learn(const mstun_event_t *event);

/** First visit: ChannelData on event's connection. */
void mstun_channel_learn_data(const mstun_event_t *event, uint16_t number);

/** The channel at this place of the capture, NULL if none is known: bound, or else asked for and not refused. */
const mstun_channel_t *mstun_channel_at(const mstun_stream_t *stream, uint16_t number, const mstun_frame_pos_t *pos);

/** The channel that is bound to a peer at this place of the capture; NULL if none. */
const mstun_channel_t *mstun_channel_of_peer(const mstun_stream_t *stream, const mstun_endpoint_t *peer,
                                             const mstun_frame_pos_t *pos);

/** The channel at event's place, as mstun_channel_at. */
const mstun_channel_t *mstun_channel_of(const mstun_event_t *event, uint16_t number);

/** Whether data came on channels of this connection that were not bound, or expired. */
bool mstun_stream_has_stray_data(const mstun_stream_t *stream);

/** Whether any channel was ever asked for on this connection. */
bool mstun_stream_has_channels(const mstun_stream_t *stream);

#endif
