/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding an attribute's row: all families' rows in one index, MS-TURN's own readings asked before it. */
#include "attr/attr.h"

static const mstun_attr_table_t *const families[] = {
    &mstun_attr_stun, &mstun_attr_turn, &mstun_attr_ice, &mstun_attr_ms, &mstun_attr_ms_bwm,
};

#define ATTRIBUTES_MAX 255
#define PAGE_SIZE 256

/* Made once when the plugin is loaded, only read after. Rows by the high and the low byte of their types, of which few
 * high ones are in use. */
static const mstun_attr_t **pages[PAGE_SIZE];
static value_string names[ATTRIBUTES_MAX + 1]; /* sorted */
static unsigned name_count;

value_string_ext mstun_attr_names_ext = VALUE_STRING_EXT_INIT(names);

static void enter_row(const mstun_attr_t *row)
{
    const mstun_attr_t ***page = &pages[row->type / PAGE_SIZE];

    if (!*page) {
        *page = wmem_alloc0_array(wmem_epan_scope(), const mstun_attr_t *, PAGE_SIZE);
    }
    g_assert(!(*page)[row->type % PAGE_SIZE]);
    (*page)[row->type % PAGE_SIZE] = row;
}

static void gather_rows(void)
{
    for (size_t i = 0; i < array_length(families); i++) {
        for (size_t k = 0; k < families[i]->count; k++) {
            enter_row(&families[i]->rows[k]);
        }
    }
}

static const mstun_attr_t *row_of(uint16_t type)
{
    const mstun_attr_t **page = pages[type / PAGE_SIZE];

    return page ? page[type % PAGE_SIZE] : NULL;
}

static void gather_names(void)
{
    for (unsigned i = 0; i < PAGE_SIZE * PAGE_SIZE; i += pages[i / PAGE_SIZE] ? 1 : PAGE_SIZE) {
        const mstun_attr_t *row = row_of((uint16_t)i);

        if (row) {
            g_assert(name_count < ATTRIBUTES_MAX);
            names[name_count++] = (value_string){ row->type, row->name };
        }
    }
    /* value_string_ext_new() would do, had it the same parameters in all versions of Wireshark. */
    mstun_attr_names_ext._vs_num_entries = name_count;
}

void mstun_attr_register(const mstun_registrar_t *reg _U_)
{
    gather_rows();
    gather_names();
}

const mstun_attr_t *mstun_attr_find(mstun_dialect_t dialect, uint16_t type)
{
    if (dialect == MSTUN_DIALECT_MS_TURN) {
        for (size_t i = 0; i < mstun_attr_ms_turn.count; i++) {
            if (mstun_attr_ms_turn.rows[i].type == type) {
                return &mstun_attr_ms_turn.rows[i];
            }
        }
    }
    return row_of(type);
}

const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t type)
{
    return mstun_attr_name_of(mstun_attr_find(dialect, type));
}

bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len)
{
    return len >= row->min_len && len <= row->max_len && (row->unit <= 1 || len % row->unit == 0);
}
