/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One STUN message: its facts, its tree, its summary. */
#ifndef MSTUN_MESSAGE_MESSAGE_H
#define MSTUN_MESSAGE_MESSAGE_H

#include "attr/facts.h"
#include "base/registrar.h"

/**
 * Reads the facts of the message at the start of tvb, which may be truncated. Never throws.
 * dialect: how to read it; MSTUN_DIALECT_UNKNOWN: as its cookies and attributes say.
 * False, and facts unchanged, if fewer than STUN_HEADER_LEN bytes were captured. facts point into tvb's bytes.
 */
bool mstun_message_parse(tvbuff_t *tvb, mstun_dialect_t dialect, mstun_facts_t *facts);

/**
 * Adds the message to the packet's tree, without header and attributes. summary: text for its item; may be NULL if tree
 * is not visible. Returns the message's tree, NULL if tree is NULL.
 */
proto_tree *mstun_message_show(tvbuff_t *tvb, proto_tree *tree, const mstun_facts_t *facts, const char *summary);

/** Adds the header to the message's tree, with expert infos for what is wrong. */
void mstun_message_show_header(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts);

/** Adds the attributes to the message's tree. Throws where the capture truncates the message. */
void mstun_message_show_attributes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts);

/** The message in one line, allocated in scope: its type, then the attributes that matter ("Allocate Error Response 401
 * Unauthorized realm: x"). */
const char *mstun_message_summary(wmem_allocator_t *scope, const mstun_facts_t *facts);

void mstun_message_register(const mstun_registrar_t *reg);

#endif
