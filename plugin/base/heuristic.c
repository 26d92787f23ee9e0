/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/heuristic.h"

void mstun_heuristic_wrap(const char *name, heur_dissector_t ours, heur_dissector_t *theirs)
{
    heur_dtbl_entry_t *entry = find_heur_dissector_by_unique_short_name(name);

    if (entry) {
        *theirs = entry->dissector;
        entry->dissector = ours;
    }
}
