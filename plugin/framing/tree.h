/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tree of what is around messages: framing headers, hellos, bytes without a unit. */
#ifndef MSTUN_FRAMING_TREE_H
#define MSTUN_FRAMING_TREE_H

#include "framing/framing.h"
#include "base/registrar.h"

extern const value_string mstun_framing_names[]; /* by mstun_framing_t, without MSTUN_FRAMING_UNKNOWN */

/** Adds to a message's tree the framing header at offset, if the framing has one, and the framing. */
void mstun_framing_tree_add(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, mstun_framing_t framing);

/* The functions below add a separate protocol item and return its tree, NULL if tree is NULL. offset: of the header in
 * tvb, which must be captured. */

/** An RFC 4571 header before a packet of len bytes that is not STUN. */
proto_tree *mstun_rfc4571_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, uint32_t len);

/** A ChannelData header, and the padding if it was captured. */
proto_tree *mstun_channel_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, const mstun_unit_t *unit);

/** The 12 bytes of a multiplexed TURN header ([MS-TURN] 2.2.3). */
proto_tree *mstun_multiplexed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** Data of the active destination on UDP ([MS-TURN] 3.2), which has no header: an item without bytes. */
proto_tree *mstun_bare_data_show(tvbuff_t *tvb, proto_tree *tree);

/** The 4 bytes of an MS-TURN data unit's header ([MS-TURN] 2.1.4). */
proto_tree *mstun_ms_data_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** Bytes of a relayed connection from offset to the end, for another dissector. */
proto_tree *mstun_relayed_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** An item without bytes for real TLS at offset, in response to a pseudo-TLS hello. Returns the item. */
proto_item *mstun_tls_intercepted_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset);

/** A pseudo-TLS hello; tvb is all of it. Returns its item. */
proto_item *mstun_pseudo_tls_show(tvbuff_t *tvb, proto_tree *tree, mstun_pseudo_tls_kind_t hello);

/** Bytes without the beginning of a unit. len: possibly more than were captured. Returns the item. */
proto_item *mstun_skipped_show(tvbuff_t *tvb, proto_tree *tree, uint32_t offset, uint32_t len);

/** The expert info that says where such bytes come from, where the capture lacks what came before them. */
void mstun_skipped_show_gap(packet_info *pinfo, proto_item *item);

/** The first len bytes of tvb were read from a segment that came late, which TCP keeps from dissectors. */
void mstun_late_show(packet_info *pinfo, tvbuff_t *tvb, proto_tree *tree, uint32_t len);

/** All of tvb was read before. */
void mstun_repeated_show(tvbuff_t *tvb, proto_tree *tree);

void mstun_framing_tree_register(const mstun_registrar_t *reg);

#endif
