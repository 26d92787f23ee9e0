/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One STUN message: its facts, its tree, its one line of text. */
#ifndef MSTUN_MESSAGE_MESSAGE_H
#define MSTUN_MESSAGE_MESSAGE_H

#include "attr/facts.h"
#include "base/registrar.h"

/**
 * Reads the facts of the message at the start of tvb, which holds as much of it as the frame has. No tree, no text;
 * never throws. dialect: how it is to be read, MSTUN_DIALECT_UNKNOWN: as its own bytes say.
 * False if fewer than STUN_HEADER_LEN bytes were captured; facts are valid only if true, and only while tvb is.
 */
bool mstun_message_parse(tvbuff_t *tvb, mstun_dialect_t dialect, mstun_facts_t *facts);

/**
 * The message's own tree below the packet's, empty still; NULL if tree is.
 * summary: the line of text behind the protocol's name, NULL where nobody reads it.
 */
proto_tree *mstun_message_show(tvbuff_t *tvb, proto_tree *tree, const mstun_facts_t *facts, const char *summary);

/** Adds the header to the message's tree, with expert infos for what is wrong. */
void mstun_message_show_header(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts);

/** Adds the attributes. Throws where the capture cut the message. */
void mstun_message_show_attributes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts);

/**
 * The message in one line: type, then what decides ("Allocate Error Response 401 Unauthorized realm: x").
 * Allocated from scope.
 */
const char *mstun_message_summary(wmem_allocator_t *scope, const mstun_facts_t *facts);

void mstun_message_register(const mstun_registrar_t *reg);

#endif
