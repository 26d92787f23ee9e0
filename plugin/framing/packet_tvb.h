/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun_packet_class of a tvb. */
#ifndef MSTUN_FRAMING_PACKET_TVB_H
#define MSTUN_FRAMING_PACKET_TVB_H

#include "framing/framing.h"

/** What the packet in tvb is by its first bytes; MSTUN_PACKET_UNKNOWN if none were captured. */
static inline mstun_packet_t mstun_packet_class_of(tvbuff_t *tvb)
{
    uint32_t captured = tvb_captured_length(tvb);

    return captured ? mstun_packet_class(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb))
                    : MSTUN_PACKET_UNKNOWN;
}

#endif
