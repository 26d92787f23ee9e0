/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What its pair came to, shown with each check and response. */
#ifndef MSTUN_TRACK_PAIR_SHOW_H
#define MSTUN_TRACK_PAIR_SHOW_H

#include "track/pair.h"

/** Into a message's tree: the pair's verdict and counts, and expert infos; nothing for what is no check. */
void mstun_pair_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t position,
                     const mstun_exchange_t *exchange);

void mstun_pair_show_register(const mstun_registrar_t *reg);

#endif
