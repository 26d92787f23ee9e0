/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The conversation filter "Call (SIP and STUN)". */
#ifndef MSTUN_SIGNAL_CALL_FILTER_H
#define MSTUN_SIGNAL_CALL_FILTER_H

#include "signal/join.h"

/** First visit: the frame carries signalling of the call with this id. */
void mstun_call_filter_learn(packet_info *pinfo, const char *call_id);

void mstun_call_filter_register(const mstun_registrar_t *reg);

#endif
