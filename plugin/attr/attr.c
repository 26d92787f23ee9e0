/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding an attribute's row: all families' rows in one sorted list, MS-TURN's own readings asked before it. */
#include "attr/attr.h"

#include <stdlib.h>

static const mstun_attr_table_t *const families[] = {
    &mstun_attr_stun, &mstun_attr_turn, &mstun_attr_ice, &mstun_attr_ms, &mstun_attr_ms_bwm,
};

/* Made once when the plugin is loaded, only read after. */
static const mstun_attr_t **sorted_rows;
static size_t sorted_count;

value_string_ext mstun_attr_names_ext;

static int compare_rows(const void *a, const void *b)
{
    const mstun_attr_t *const *left = (const mstun_attr_t *const *)a;
    const mstun_attr_t *const *right = (const mstun_attr_t *const *)b;

    return (int)(*left)->type - (int)(*right)->type;
}

static int compare_type(const void *type, const void *row)
{
    return (int)*(const uint16_t *)type - (int)(*(const mstun_attr_t *const *)row)->type;
}

static void gather_rows(void)
{
    size_t total = 0;

    for (size_t i = 0; i < array_length(families); i++) {
        total += families[i]->count;
    }
    sorted_rows = wmem_alloc_array(wmem_epan_scope(), const mstun_attr_t *, total);
    for (size_t i = 0; i < array_length(families); i++) {
        for (size_t k = 0; k < families[i]->count; k++) {
            sorted_rows[sorted_count++] = &families[i]->rows[k];
        }
    }
    qsort(sorted_rows, sorted_count, sizeof sorted_rows[0], compare_rows);
}

static void gather_names(void)
{
    value_string *names = wmem_alloc_array(wmem_epan_scope(), value_string, sorted_count + 1);

    for (size_t i = 0; i < sorted_count; i++) {
        names[i] = (value_string){ sorted_rows[i]->type, sorted_rows[i]->name };
    }
    names[sorted_count] = (value_string){ 0, NULL };
    mstun_attr_names_ext = *value_string_ext_new(names, (unsigned)sorted_count + 1, "mstun attributes");
}

void mstun_attr_register(const mstun_registrar_t *reg _U_)
{
    gather_rows();
    gather_names();
}

const mstun_attr_t *mstun_attr_find(mstun_dialect_t dialect, uint16_t type)
{
    const mstun_attr_t *const *found;

    if (dialect == MSTUN_DIALECT_MS_TURN) {
        for (size_t i = 0; i < mstun_attr_ms_turn.count; i++) {
            if (mstun_attr_ms_turn.rows[i].type == type) {
                return &mstun_attr_ms_turn.rows[i];
            }
        }
    }
    found = (const mstun_attr_t *const *)bsearch(&type, sorted_rows, sorted_count, sizeof sorted_rows[0], compare_type);
    return found ? *found : NULL;
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
