/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where an event begins. The only file that asks whether a frame is visited for the first time, and whether it quotes
 * another packet in an ICMP error: everybody else reads event->first_visit and event->stream. */
#ifndef MSTUN_DISSECT_EVENT_H
#define MSTUN_DISSECT_EVENT_H

#include "conversation/stream.h"

/** Whether this frame is visited for the first time, in the order of the capture. */
bool mstun_is_first_visit(const packet_info *pinfo);

/** Whether what is in hand is quoted in an ICMP error: shown, never tracked. */
bool mstun_is_quoted(const packet_info *pinfo);

/** An event without a message yet. stream: the packet's; NULL if it is not ours or quoted. */
mstun_event_t mstun_event_begin(packet_info *pinfo, mstun_stream_t *stream);

#endif
