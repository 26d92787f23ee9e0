/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finds the row of an attribute type. */
#include "attr/attr.h"

#include <wsutil/ws_assert.h>

#define NAMES_MAX 255
#define PAGE_SIZE 256

/* All below is written at registration and only read later. */

/* Rows by the high and the low byte of their types. Few high bytes are in use; the pages of the others are NULL. */
static const mstun_attr_t **pages[PAGE_SIZE];

static const mstun_attr_t *ms_turn_rows;
static size_t ms_turn_count;

static value_string names[NAMES_MAX + 1]; /* sorted by type, as value_string_ext wants it */
static unsigned name_count;

value_string_ext mstun_attr_names_ext = VALUE_STRING_EXT_INIT(names);

static void add_row(const mstun_attr_t *row)
{
    const mstun_attr_t ***page = &pages[row->type / PAGE_SIZE];

    if (!*page) {
        *page = wmem_alloc0_array(wmem_epan_scope(), const mstun_attr_t *, PAGE_SIZE);
    }
    ws_assert(!(*page)[row->type % PAGE_SIZE]);
    (*page)[row->type % PAGE_SIZE] = row;
}

static void add_name(const mstun_attr_t *row)
{
    unsigned position = name_count;

    ws_assert(name_count < NAMES_MAX);
    for (; position > 0 && names[position - 1].value > row->type; position--) {
        names[position] = names[position - 1];
    }
    names[position] = (value_string){ row->type, row->name };
    mstun_value_string_ext_set_count(&mstun_attr_names_ext, ++name_count);
}

void mstun_attr_add_rows(const mstun_attr_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_row(&rows[i]);
        add_name(&rows[i]);
    }
}

void mstun_attr_add_ms_turn_rows(const mstun_attr_t *rows, size_t count)
{
    ws_assert(!ms_turn_rows);
    ms_turn_rows = rows;
    ms_turn_count = count;
}

const mstun_attr_t *mstun_attr_find(mstun_dialect_t dialect, uint16_t type)
{
    for (size_t i = 0; dialect == MSTUN_DIALECT_MS_TURN && i < ms_turn_count; i++) {
        if (ms_turn_rows[i].type == type) {
            return &ms_turn_rows[i];
        }
    }
    const mstun_attr_t **page = pages[type / PAGE_SIZE];

    return page ? page[type % PAGE_SIZE] : NULL;
}

const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t type)
{
    return mstun_attr_name_of(mstun_attr_find(dialect, type));
}

bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len)
{
    return len >= row->min_len && len <= row->max_len && (row->length_multiple <= 1 || len % row->length_multiple == 0);
}
