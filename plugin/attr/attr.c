/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding an attribute's row: all families' rows in one sorted list, MS-TURN's own readings asked before it. */
#include "attr/attr.h"

#include <stdlib.h>

static const mstun_attr_table_t *const families[] = {
    &mstun_attr_stun, &mstun_attr_turn, &mstun_attr_ice, &mstun_attr_ms, &mstun_attr_ms_bwm,
};

typedef struct {
    uint16_t type;
    const mstun_attr_t *row;
} entry_t;

#define ATTRIBUTES_MAX 255

/* Made once when the plugin is loaded, only read after. */
static entry_t entries[ATTRIBUTES_MAX];
static value_string names[ATTRIBUTES_MAX + 1];
static size_t entry_count;

value_string_ext mstun_attr_names_ext = VALUE_STRING_EXT_INIT(names);

static int compare_types(const void *a, const void *b)
{
    return (int)((const entry_t *)a)->type - (int)((const entry_t *)b)->type;
}

static void gather_rows(void)
{
    for (size_t i = 0; i < array_length(families); i++) {
        for (size_t k = 0; k < families[i]->count; k++) {
            const mstun_attr_t *row = &families[i]->rows[k];

            g_assert(entry_count < ATTRIBUTES_MAX);
            entries[entry_count++] = (entry_t){ .type = row->type, .row = row };
        }
    }
    qsort(entries, entry_count, sizeof entries[0], compare_types);
}

static void gather_names(void)
{
    for (size_t i = 0; i < entry_count; i++) {
        names[i] = (value_string){ entries[i].type, entries[i].row->name };
    }
    /* value_string_ext_new() would do, had it the same parameters in all versions of Wireshark. */
    mstun_attr_names_ext._vs_num_entries = (unsigned)entry_count;
}

void mstun_attr_register(const mstun_registrar_t *reg _U_)
{
    gather_rows();
    gather_names();
}

const mstun_attr_t *mstun_attr_find(mstun_dialect_t dialect, uint16_t type)
{
    entry_t key = { .type = type };
    const entry_t *found;

    if (dialect == MSTUN_DIALECT_MS_TURN) {
        for (size_t i = 0; i < mstun_attr_ms_turn.count; i++) {
            if (mstun_attr_ms_turn.rows[i].type == type) {
                return &mstun_attr_ms_turn.rows[i];
            }
        }
    }
    found = (const entry_t *)bsearch(&key, entries, entry_count, sizeof entries[0], compare_types);
    return found ? found->row : NULL;
}

const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t type)
{
    const mstun_attr_t *row = mstun_attr_find(dialect, type);

    return row ? row->name : "Unknown";
}

bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len)
{
    return len >= row->min_len && len <= row->max_len && (row->unit <= 1 || len % row->unit == 0);
}
