/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The framing headers' own items. */
#ifndef MSTUN_FRAMING_TREE_H
#define MSTUN_FRAMING_TREE_H

#include "framing/framing.h"
#include "base/registrar.h"

extern const value_string mstun_framing_names[]; /* mstun_framing_t; without MSTUN_FRAMING_UNKNOWN */

/** RFC 4571 length at offset, and which framing the connection has, into a message's tree. */
void mstun_framing_tree_add(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, mstun_framing_t framing);

/** An RFC 4571 frame of len bytes that holds no STUN: a layer of its own, so that what follows stands below it. Returns its tree. */
proto_tree *mstun_rfc4571_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, uint32_t len);

/** A ChannelData message at offset, its data not included; the unit must be wholly captured up to its data.
 * Returns its tree. */
proto_tree *mstun_channel_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, const mstun_unit_t *unit);

/** The 12 bytes of a multiplexed TURN header at offset ([MS-TURN] 2.2.3): a layer of its own. Returns its tree. */
proto_tree *mstun_multiplexed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** Data of the active destination that comes without any header (UDP, [MS-TURN] 3.2): a layer without bytes. Returns its tree. */
proto_tree *mstun_bare_data_show(tvbuff_t *tvb, proto_tree *tree);

/** The 4 bytes of an MS-TURN data unit's header at offset ([MS-TURN] 2.1.4): a layer of its own. Returns its tree. */
proto_tree *mstun_ms_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** A pseudo-TLS hello: a layer of its own, named. */
void mstun_pseudo_tls_show(tvbuff_t *tvb, proto_tree *tree, mstun_pseudo_tls_kind_t hello);

/** Real TLS bytes from offset on, where an answer to a pseudo-TLS hello should be. Returns the layer's item. */
proto_item *mstun_tls_intercepted_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** Relayed bytes from offset to the end, which another dissector gets: a layer of its own. Returns its tree. */
proto_tree *mstun_relayed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** Bytes in which no unit could be found: an expert info says so, nothing is invented. */
void mstun_skipped_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t offset, uint32_t len);

void mstun_framing_tree_register(const mstun_registrar_t *reg);

#endif
