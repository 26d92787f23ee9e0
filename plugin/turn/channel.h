/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Peers of relayed data that carries no peer address: those bound to a channel (RFC 8656 section 12), and the active
 * destination of MS-TURN ([MS-TURN] 3.2). */
#ifndef MSTUN_TURN_CHANNEL_H
#define MSTUN_TURN_CHANNEL_H

#include "conversation/transaction.h"

/* In place of a channel: the type of its units, which no channel has as its number. */
#define MSTUN_ACTIVE_DESTINATION 3

/** From this message on, a channel of a control connection belongs to a peer. */
typedef struct {
    mstun_frame_pos_t pos;
    uint8_t client_direction; /* in which the TURN client sends */
    mstun_endpoint_t peer;
    mstun_endpoint_t previous_peer; /* family 0: the channel was free */
} mstun_channel_peer_t;

/** First visit: a success of ChannelBind; Set Active Destination, after which the client need not wait to send. */
void mstun_channel_learn(const mstun_event_t *event);

/** The peer that a channel has at event's place, NULL if none is known. Valid until the next is bound. */
const mstun_channel_peer_t *mstun_channel_peer(const mstun_event_t *event, uint16_t channel);

/** Whether anything was ever bound on this connection. */
bool mstun_stream_has_channels(const mstun_stream_t *stream);

#endif
