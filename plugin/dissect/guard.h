/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An exception in one unit, packet or frame ends this one and nothing else: what may throw is called through here. */
#ifndef MSTUN_DISSECT_GUARD_H
#define MSTUN_DISSECT_GUARD_H

#include "base/compat.h"

/** Dissects tvb into tree, which is NULL if none is wanted. data: as given to the guard. The result is for its
 * caller. */
typedef bool (*mstun_guarded_fn)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/**
 * Calls dissect, which is our own code, and returns what it returned; true if it threw. What it throws is shown in tree
 * and in the Info column. Our code leaves packet_info as it is, so nothing of it has to be restored.
 */
bool mstun_guard(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/**
 * The same for dissect that calls another protocol's dissector. What that throws, a bug of it included, ends here, and
 * packet_info is as before: addresses, ports, whether columns are written, what was asked of TCP.
 */
bool mstun_guard_foreign(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
