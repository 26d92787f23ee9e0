/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes of a relayed TCP connection (RFC 6062) that have no framing of ours. */
#ifndef MSTUN_DISSECT_RELAYED_H
#define MSTUN_DISSECT_RELAYED_H

#include "dissect/context.h"

/** Dissects a segment from offset to its end. Returns the offset from which on their dissector wants the bytes again,
 * together with the next segment's; if that is offset, nothing is shown. */
uint32_t mstun_dissect_relayed(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset);

#endif
