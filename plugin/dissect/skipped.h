/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes of a connection of ours in which no unit begins. */
#ifndef MSTUN_DISSECT_SKIPPED_H
#define MSTUN_DISSECT_SKIPPED_H

#include "dissect/context.h"

/** len bytes from offset on belong to no unit: they were sent so, or the capture lacks what they belong to. */
void mstun_dissect_skip(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset, uint32_t len);

#endif
