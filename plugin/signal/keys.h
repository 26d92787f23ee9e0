/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The secrets of signalling on their way to where MESSAGE-INTEGRITY is verified. */
#ifndef MSTUN_SIGNAL_KEYS_H
#define MSTUN_SIGNAL_KEYS_H

#include "signal/mras.h"
#include "signal/sdp.h"

/** First visit: the ICE passwords of a description that one side of a call has sent. */
void mstun_keys_learn_sdp(uint32_t frame, uint32_t call, unsigned side, const mstun_sdp_t *sdp);

/** First visit: the TURN credentials of a response of MRAS. */
void mstun_keys_learn_mras(uint32_t frame, const mstun_mras_t *mras);

#endif
