/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An exception in one unit, packet or frame ends this one and nothing else: what may throw is called through here. */
#ifndef MSTUN_DISSECT_GUARD_H
#define MSTUN_DISSECT_GUARD_H

#include "base/compat.h"

/** Dissects tvb into tree, which is NULL if none is wanted. data: as given to mstun_guard(). The result is for its
 * caller. */
typedef bool (*mstun_guarded_fn)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/**
 * Calls dissect, and returns what it returned; true if it threw. What it throws, a dissector's bug included, is shown
 * in tree and in the Info column. packet_info is then as before: addresses, ports, whether columns are written, what
 * was asked of TCP.
 */
bool mstun_guard(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
