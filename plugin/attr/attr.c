/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finds the row of an attribute type. */
#include "attr/attr.h"

#include <wsutil/ws_assert.h>

#define NAMES_MAX 255
#define PAGE_SIZE 256

/* A row in the chain of its type: variants first, the common row at the end. */
typedef struct entry {
    const mstun_attr_t *row;
    mstun_attr_applies_fn applies; /* NULL: of the common row */
    struct entry *next;
} entry_t;

/* All below is written at registration and only read later. */

/* Chains by the high and the low byte of types. Few high bytes are in use; the pages of the others are NULL. */
static entry_t **pages[PAGE_SIZE];

static value_string names[NAMES_MAX + 1]; /* sorted by type, as value_string_ext wants it */
static unsigned name_count;

value_string_ext mstun_attr_names_ext = VALUE_STRING_EXT_INIT(names);

static entry_t *chain_of(uint16_t type)
{
    entry_t **page = pages[type / PAGE_SIZE];

    return page ? page[type % PAGE_SIZE] : NULL;
}

static void add_entry(const mstun_attr_t *row, mstun_attr_applies_fn applies)
{
    entry_t ***page = &pages[row->type / PAGE_SIZE];

    if (!*page) {
        *page = wmem_alloc0_array(wmem_epan_scope(), entry_t *, PAGE_SIZE);
    }
    entry_t *entry = wmem_new0(wmem_epan_scope(), entry_t), **link = &(*page)[row->type % PAGE_SIZE];

    entry->row = row;
    entry->applies = applies;
    while (*link && !applies) {
        ws_assert((*link)->applies); /* one common row for a type */
        link = &(*link)->next;
    }
    entry->next = *link;
    *link = entry;
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
        add_entry(&rows[i], NULL);
        add_name(&rows[i]);
    }
}

void mstun_attr_add_variants(mstun_attr_applies_fn applies, const mstun_attr_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_entry(&rows[i], applies);
    }
}

const mstun_attr_t *mstun_attr_find(const mstun_facts_t *facts, uint16_t type, uint32_t len)
{
    const entry_t *entry = chain_of(type);

    while (entry && entry->applies && !entry->applies(facts, len)) {
        entry = entry->next;
    }
    return entry ? entry->row : NULL;
}

const mstun_attr_t *mstun_attr_find_common(uint16_t type)
{
    const entry_t *entry = chain_of(type);

    while (entry && entry->applies) {
        entry = entry->next;
    }
    return entry ? entry->row : NULL;
}

const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t method, uint16_t type)
{
    const mstun_facts_t facts = { .dialect = dialect, .method = method };

    for (const entry_t *entry = chain_of(type); entry; entry = entry->next) {
        if (!entry->applies || entry->applies(&facts, entry->row->min_len)) {
            return entry->row->name;
        }
    }
    return mstun_attr_name_of(NULL);
}

bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len)
{
    return len >= row->min_len && len <= row->max_len && (row->length_multiple <= 1 || len % row->length_multiple == 0);
}
