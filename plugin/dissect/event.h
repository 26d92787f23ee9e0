/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where an event begins. No other file asks whether a frame is visited for the first time, or whether it quotes a
 * packet in an ICMP error: the rooms below read event->first_visit and event->stream. */
#ifndef MSTUN_DISSECT_EVENT_H
#define MSTUN_DISSECT_EVENT_H

#include "conversation/stream.h"

/** Whether this is the first visit of the frame. First visits are in the order of the capture. */
bool mstun_is_first_visit(const packet_info *pinfo);

/** Whether the packet is quoted in an ICMP error. Such packets are decoded and never tracked. */
bool mstun_is_quoted(const packet_info *pinfo);

/** The stream to track the packet in; NULL if its connection is not ours, or not yet in this frame, or it is quoted. */
mstun_stream_t *mstun_tracked_stream(packet_info *pinfo);

/** An event without a message. stream: the packet's; NULL: it is not tracked. */
mstun_event_t mstun_event_begin(packet_info *pinfo, mstun_stream_t *stream);

#endif
