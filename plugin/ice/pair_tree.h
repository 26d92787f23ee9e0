/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What its pair came to, shown with each check and response. */
#ifndef MSTUN_ICE_PAIR_TREE_H
#define MSTUN_ICE_PAIR_TREE_H

#include "ice/pair.h"

/** Into a message's tree: the pair's verdict and counts, and expert infos; nothing for what is no check. */
void mstun_pair_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t position,
                     const mstun_message_role_t *exchange);

void mstun_pair_show_register(const mstun_registrar_t *reg);

#endif
