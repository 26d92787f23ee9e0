/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Wireshark moves the heuristic that had the last success to the head of its list, for all connections and files to come:
 * whoever was seen last would get what several take. A built-in's heuristic that takes what is ours is made to leave it,
 * and the order no longer counts. */
#ifndef MSTUN_BASE_HEURISTIC_H
#define MSTUN_BASE_HEURISTIC_H

#include "base/compat.h"

#include <epan/packet.h>

/** Puts ours in the place of the built-in's heuristic of this name; the entry stays the built-in's, with its name and
 * switch. theirs: what to call for all that is not ours; left alone where there is none of this name. */
void mstun_heuristic_wrap(const char *name, heur_dissector_t ours, heur_dissector_t *theirs);

/** Whether the user has left a heuristic and its protocol switched on: if not, the built-ins' have all as if there were no
 * mstun. */
static inline bool mstun_heuristic_is_on(const heur_dtbl_entry_t *entry)
{
    return entry->enabled && proto_is_protocol_enabled(entry->protocol);
}

#endif
