/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ChannelData on TCP whose sender breaks the rules of RFC 8656 section 12.5, so that the next unit begins elsewhere. */
#ifndef MSTUN_DISSECT_CHANNEL_DATA_H
#define MSTUN_DISSECT_CHANNEL_DATA_H

#include "dissect/place.h"

/** Takes the padding from unit, ChannelData at offset of ctx's segment, if the bytes show that it was left out. */
void mstun_channel_data_check_padding(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset,
                                      mstun_unit_t *unit);

/** Shortens unit, ChannelData that nothing confirms, if the bytes show that its sender wrote less than it announced. */
void mstun_channel_data_check_length(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset,
                                     mstun_unit_t *unit);

#endif
