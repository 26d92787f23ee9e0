/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records of DTLS in a packet (RFC 6347 section 4.1), as far as their lengths. */
#ifndef MSTUN_FRAMING_DTLS_H
#define MSTUN_FRAMING_DTLS_H

#include "base/compat.h"

/**
 * The number of zero bytes behind the last record of DTLS in a packet: 1 to 3, or 0 if anything else is there.
 * A sender that counts ChannelData's padding in its length (RFC 8656 section 12.5) relays it, too.
 */
uint32_t mstun_dtls_counted_padding(const uint8_t *bytes, uint32_t captured, uint32_t reported);

#endif
