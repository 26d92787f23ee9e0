/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One pass over a segment's units, and what is done with each of them. */
#ifndef MSTUN_DISSECT_CONTEXT_H
#define MSTUN_DISSECT_CONTEXT_H

#include "attr/facts.h"
#include "base/registrar.h"
#include "conversation/stream.h"

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
    bool peer_shown;         /* by the layer around it */
    unsigned depth;
    bool any_message;
    bool columns_begun;
    unsigned resyncs; /* how often no unit began where one should */
    uint32_t seq;     /* of the tvb's first byte */
} mstun_dissect_ctx_t;

/* units.c */

/** Dissects one unit: unit_tvb holds it from its framing header on. May throw what the dissectors of its data throw. */
void mstun_dissect_unit(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb, const mstun_unit_t *unit);

/** Dissects a datagram, a packet without framing: STUN, media, or multiplexed TURN. */
void mstun_dissect_packet(mstun_dissect_ctx_t *pass, tvbuff_t *packet);

/* packet.c */

/** Dissects the message at the start of message. frame, offset: what stands before it. pass->seq is the message's. */
void mstun_dissect_message(mstun_dissect_ctx_t *pass, tvbuff_t *message, tvbuff_t *frame, uint32_t offset);

/** Dissects a whole packet at offset + header_len of tvb: STUN is ours, the rest is handed on. */
void mstun_dissect_packet_at(mstun_dissect_ctx_t *pass, tvbuff_t *tvb, uint32_t offset, uint32_t header_len);

/* nested.c */

/** Dissects the DATA of a message. On UDP a packet; on TCP a stream of frames, whose lengths tell where we know no connection. */
void mstun_dissect_data_attribute(const mstun_dissect_ctx_t *pass, tvbuff_t *tvb, const mstun_facts_t *facts);

/** Dissects data of MS-TURN on TCP, in a unit or in a message to or from a peer. pass->seq is the data's. */
void mstun_dissect_ms_turn_stream(mstun_dissect_ctx_t *pass, tvbuff_t *data, const mstun_endpoint_t *peer);

/** Dissects a packet of multiplexed TURN ([MS-TURN] 2.2.3), which must be captured whole. */
void mstun_dissect_multiplexed(mstun_dissect_ctx_t *pass, tvbuff_t *unit_tvb);

void mstun_packet_register(const mstun_registrar_t *reg);

#endif
