/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state of a dissection on its way down: a segment is cut into units; a unit holds a packet or data; a packet is a
 * message, media, or packets again. Each level copies the context for the next one and changes its copy. */
#ifndef MSTUN_DISSECT_CONTEXT_H
#define MSTUN_DISSECT_CONTEXT_H

#include "conversation/stream.h"

typedef struct {
    mstun_event_t event;     /* framing: of the current unit, then of the bytes that follow it */
    proto_tree *tree;        /* the frame's; NULL: none is wanted */
    mstun_dialect_t dialect; /* of messages that do not show it themselves, by what carries them */
    bool peer_shown;         /* event.peer is in the tree of an outer layer */
    unsigned depth;          /* how many messages and multiplexed packets are around this one */
    bool any_message;        /* a message or hello was found */
    bool info_reset;         /* the Info column is ours */
    unsigned resyncs;        /* how often no unit began where one should */
} mstun_dissect_ctx_t;

#endif
