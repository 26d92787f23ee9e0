/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Wireshark moves a heuristic that succeeds to the head of its list, for all connections and files that follow, so the
 * most recently successful heuristic wins a packet that several accept. To make the order irrelevant, a built-in's
 * heuristic that would accept our packets is replaced by a wrapper that leaves them to us. */
#ifndef MSTUN_BASE_HEURISTIC_H
#define MSTUN_BASE_HEURISTIC_H

#include "base/compat.h"

/**
 * Replaces the function of the built-in's heuristic of this name; its entry in the list stays, with name and switch.
 * builtin: receives the function it had, for the wrapper to call. Both are left alone, and the user is warned, where
 * there is no such heuristic or Wireshark would not call the wrapper. After all dissectors are registered.
 */
void mstun_heuristic_wrap(const char *name, heur_dissector_t wrapper, heur_dissector_t *builtin);

/** Whether a heuristic and its protocol are enabled. */
static inline bool mstun_heuristic_is_on(const heur_dtbl_entry_t *entry)
{
    return entry->enabled && proto_is_protocol_enabled(entry->protocol);
}

#endif
