/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One STUN message: its facts, its tree, its one line of text. */
#ifndef MSTUN_MESSAGE_MESSAGE_H
#define MSTUN_MESSAGE_MESSAGE_H

#include "attr/facts.h"
#include "registrar.h"

/**
 * Reads the facts of the message at the start of tvb, which holds as much of it as the frame has. No tree, no text;
 * never throws. False if fewer than STUN_HEADER_LEN bytes were captured; facts are valid only if true, and only while
 * tvb is.
 */
bool mstun_message_parse(tvbuff_t *tvb, mstun_facts_t *facts);

/**
 * Adds the message to tree: header, attributes, and expert infos for what is wrong. tree may be NULL.
 * summary: the line of text behind the protocol's name, NULL where nobody reads it.
 * Returns the message's own tree, for what others know of it. Attributes come with mstun_message_show_attributes,
 * which may throw where the capture cut the message.
 */
proto_tree *mstun_message_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts,
                               const char *summary);
void mstun_message_show_attributes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts);

/**
 * The message in one line: type, then what decides ("Allocate Error Response 401 Unauthorized realm: x").
 * Allocated from scope.
 */
const char *mstun_message_summary(wmem_allocator_t *scope, const mstun_facts_t *facts);

void mstun_message_register(const mstun_registrar_t *reg);

#endif
