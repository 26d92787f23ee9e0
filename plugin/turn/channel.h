/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Peers that relayed data is for without naming them: those bound to a channel (RFC 8656 section 12), and the active
 * destination of MS-TURN ([MS-TURN] 3.2). Written on the first pass only. */
#ifndef MSTUN_TURN_CHANNEL_H
#define MSTUN_TURN_CHANNEL_H

#include "conversation/frame_index.h"
#include "conversation/transaction.h"

#define MSTUN_ACTIVE_DESTINATION                                                                                       \
    3 /* in place of a channel: the type of its units, which no channel has as its number */

/** From this message on, a channel of a control connection belongs to a peer. */
typedef struct {
    mstun_frame_pos_t place;
    uint8_t client; /* the direction in which the TURN client sends */
    mstun_endpoint_t peer;
    mstun_endpoint_t before; /* whom it belonged to; family 0: nobody */
} mstun_channel_peer_t;

/** First pass: a success of ChannelBind; Set Active Destination, after which the client need not wait to send. */
void mstun_channel_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                         const mstun_facts_t *facts, const mstun_message_role_t *exchange);

/** The peer that a channel has at this position of this frame, NULL if none is known. Valid until the next is bound. */
const mstun_channel_peer_t *mstun_channel_peer(const mstun_stream_t *stream, const packet_info *pinfo,
                                               uint32_t position, uint16_t channel);

#endif
