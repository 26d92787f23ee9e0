/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the bytes of a packet say, of a tvb. */
#ifndef MSTUN_FRAMING_PACKET_TVB_H
#define MSTUN_FRAMING_PACKET_TVB_H

#include "framing/dtls.h"
#include "framing/framing.h"

/** What the packet in tvb is by its first bytes; MSTUN_PACKET_UNKNOWN if none were captured. */
static inline mstun_packet_t mstun_packet_class_of(tvbuff_t *tvb)
{
    uint32_t captured = tvb_captured_length(tvb);

    return captured ? mstun_packet_class(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb))
                    : MSTUN_PACKET_UNKNOWN;
}

/** mstun_dtls_counted_padding() of the packet in tvb. */
static inline uint32_t mstun_counted_padding_of(tvbuff_t *tvb)
{
    uint32_t captured = tvb_captured_length(tvb);

    return captured ? mstun_dtls_counted_padding(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb))
                    : 0;
}

#endif
