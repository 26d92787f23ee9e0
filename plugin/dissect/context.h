/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is in hand on the way down: a segment is cut into units; a unit holds a message or a packet; a packet is a message
 * or media; a message may hold packets in its data. Each level copies the context for the next one and changes its copy. */
#ifndef MSTUN_DISSECT_CONTEXT_H
#define MSTUN_DISSECT_CONTEXT_H

#include "conversation/stream.h"

typedef struct {
    mstun_event_t event;     /* framing: of the unit in hand, and after it of the bytes that follow */
    proto_tree *tree;        /* of the frame */
    mstun_dialect_t dialect; /* of messages whose own bytes tell none, by what carries them */
    bool peer_shown;         /* event.peer, by the layer around what is in hand */
    unsigned depth;          /* of messages in the data of messages */
    bool any_message;        /* found by now */
    bool info_reset;         /* the Info column is ours by now */
    unsigned resyncs;        /* how often no unit began where one should */
} mstun_dissect_ctx_t;

#endif
