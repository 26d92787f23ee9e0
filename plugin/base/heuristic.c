/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Overwrites an entry of a list of heuristics, which Wireshark's headers show but do not offer to plugins: there is no
 * call to replace a heuristic, and one that is removed and added again loses its place and the user's switch. */
#include "base/heuristic.h"

typedef struct {
    const heur_dtbl_entry_t *entry;
    bool is_listed;
} search_t;

/* cppcheck-suppress constParameter ; the type is Wireshark's */
static void compare_entry(const char *list _U_, heur_dtbl_entry_t *entry, void *data)
{
    search_t *search = (search_t *)data;

    search->is_listed = search->is_listed || entry == search->entry;
}

/* Whether the entry that is found by name is also the one that Wireshark walks to: if not, overwriting it has no
 * effect. */
static bool is_listed(const heur_dtbl_entry_t *entry)
{
    search_t search = { .entry = entry };

    heur_dissector_table_foreach(entry->list_name, compare_entry, &search);
    return search.is_listed;
}

void mstun_heuristic_wrap(const char *name, heur_dissector_t wrapper, heur_dissector_t *builtin)
{
    heur_dtbl_entry_t *entry = find_heur_dissector_by_unique_short_name(name);

    if (!entry || !is_listed(entry)) {
        mstun_compat_report("the heuristic of another dissector may take STUN that should be ours");
        return;
    }
    *builtin = entry->dissector;
    entry->dissector = wrapper;
}
