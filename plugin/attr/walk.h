/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two passes over a message's attributes: learn the facts (bytes only, always), show the tree (only when somebody
 * looks). Lengths are checked here, once, against the rows. */
#ifndef MSTUN_ATTR_WALK_H
#define MSTUN_ATTR_WALK_H

#include "attr/attr.h"
#include "base/registrar.h"

/**
 * Fills facts from the attributes. facts' header part (type, id, dialect, padded) must be filled; id points to the
 * message's bytes. captured: bytes of the message that are there; end: where its attributes end.
 * What is wrong is left out, and MSTUN_HAS_UNREADABLE_ATTRIBUTE set. Returns whether the attributes fill the message exactly.
 */
bool mstun_attr_learn_all(const uint8_t *message, uint32_t captured, uint32_t end, mstun_facts_t *facts);

/**
 * Adds every attribute to parent, with the expert infos that name what is wrong. tvb: the message from its header.
 * Throws (ReportedBounds or Bounds) only where the capture cut the message.
 */
void mstun_attr_show_all(tvbuff_t *tvb, packet_info *pinfo, proto_tree *parent, uint32_t end,
                         const mstun_facts_t *facts);

void mstun_attr_walk_register(const mstun_registrar_t *reg);

#endif
