/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two walks over a message's attributes: for the facts, always; for the tree, only if somebody reads it. Lengths
 * are checked here, against the rows, and nowhere else. */
#ifndef MSTUN_ATTR_WALK_H
#define MSTUN_ATTR_WALK_H

#include "attr/attr.h"

/**
 * Sets facts from the attributes. message: from its first header byte; captured: its captured bytes; end: offset of its
 * attributes' end. facts: its header part (type to padded) must be set, and id point into message. Unreadable
 * attributes are left out, and MSTUN_HAS_UNREADABLE_ATTRIBUTE is set. Returns true if all of them were captured and the
 * last one ends at end.
 */
bool mstun_attr_learn_all(const uint8_t *message, uint32_t captured, uint32_t end, mstun_facts_t *facts);

/**
 * Adds every attribute to parent, with expert infos for what is wrong. tvb: the message from its first header byte.
 * Throws only where the capture truncates the message.
 */
void mstun_attr_show_all(tvbuff_t *tvb, packet_info *pinfo, proto_tree *parent, uint32_t end,
                         const mstun_facts_t *facts);

void mstun_attr_walk_register(const mstun_registrar_t *reg);

#endif
