/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Parts of what TCP keeps of a connection, for the files of this room that read it. */
#ifndef MSTUN_CONVERSATION_TCP_FLOW_H
#define MSTUN_CONVERSATION_TCP_FLOW_H

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "base/compat.h"

/** TCP's data on a conversation; NULL if it has none, or there is none. TCP's own function would make them. */
static inline struct tcp_analysis *mstun_tcp_of(const conversation_t *conversation)
{
    return conversation
               ? (struct tcp_analysis *)conversation_get_proto_data(conversation, proto_get_id_by_filter_name("tcp"))
               : NULL;
}

/** A direction, as mstun_stream_direction() counts them. */
static inline const tcp_flow_t *mstun_tcp_flow(const struct tcp_analysis *tcp, unsigned direction)
{
    return direction == 1 ? &tcp->flow1 : &tcp->flow2;
}

/** Positive if a comes after b, negative if before. Sequence numbers wrap: the shorter distance counts. */
static inline int32_t mstun_seq_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

#endif
