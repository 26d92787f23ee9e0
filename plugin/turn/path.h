/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One STUN message on its way over several legs: on a relayed TCP connection, inside Send and Data, inside ChannelData,
 * on the connection between server and peer. Its sightings are linked, so that a user sees where it was lost. */
#ifndef MSTUN_TURN_PATH_H
#define MSTUN_TURN_PATH_H

#include "conversation/transaction.h"

/** First pass: remembers a message that is on a relayed leg. nested: it lies in the data of another message. */
void mstun_path_track(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, bool nested,
                      const mstun_facts_t *facts);

/** Links to the same message on the leg before and after this one, into the message's tree. */
void mstun_path_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream,
                     uint32_t position, const mstun_facts_t *facts);

void mstun_path_register(const mstun_registrar_t *reg);

#endif
