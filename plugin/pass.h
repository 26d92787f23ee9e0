/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One pass over a segment's units, and what is done with each of them. */
#ifndef MSTUN_PASS_H
#define MSTUN_PASS_H

#include "attr/facts.h"
#include "registrar.h"
#include "track/stream.h"

/* What all functions here need to know of the segment in hand. stream is NULL for a quoted message. */
typedef struct {
    packet_info *pinfo;
    proto_tree *tree; /* of the packet */
    mstun_stream_t *stream;
    unsigned direction;
    mstun_framing_t framing; /* of the unit in hand, and after it of the bytes that follow */
    mstun_dialect_t dialect; /* of messages whose own bytes tell none, by what carries them */
    bool nested;             /* what is in hand lies inside of a message or ChannelData */
    mstun_endpoint_t peer;   /* behind the relay, whom what is in hand is relayed for; family 0: none, or not known, and
                              * then its port is the channel */
    bool from_peer;          /* it comes from there */
    unsigned depth;
    bool any_message;
    bool columns_begun;
    uint32_t seq; /* of the tvb's first byte */
} mstun_pass_t;

/** Dissects one unit: unit_tvb holds it from its framing header on. May throw what the dissectors of its data throw. */
void mstun_dissect_unit(mstun_pass_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit);

/** Dissects a packet without framing: STUN, media, or multiplexed TURN. */
void mstun_dissect_packet(mstun_pass_t *pass, tvbuff_t *packet);

void mstun_packet_register(const mstun_registrar_t *reg);

#endif
