/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/table.h"

#include <wsutil/json_dumper.h>

#include <stdio.h>

#define FRAMES_MAX 6 /* in text: the first ones, and how many there are */

mstun_table_t *mstun_table_new(wmem_allocator_t *scope, const char *report, const mstun_column_t *columns,
                               unsigned column_count)
{
    mstun_table_t *table = wmem_new0(scope, mstun_table_t);

    table->report = report;
    table->columns = columns;
    table->column_count = column_count;
    table->scope = scope;
    table->rows = wmem_array_new(scope, sizeof(mstun_cell_t *));
    table->empty = "nothing";
    return table;
}

mstun_cell_t *mstun_table_add_row(mstun_table_t *table)
{
    mstun_cell_t *cells = wmem_alloc0_array(table->scope, mstun_cell_t, table->column_count);

    wmem_array_append_one(table->rows, cells);
    return cells;
}

unsigned mstun_table_count(const mstun_table_t *table)
{
    return wmem_array_get_count(table->rows);
}

const mstun_cell_t *mstun_table_row(const mstun_table_t *table, unsigned row)
{
    return *(mstun_cell_t *const *)wmem_array_index(table->rows, row);
}

mstun_cell_t mstun_cell_text(const char *text)
{
    return (mstun_cell_t){ .kind = text ? MSTUN_CELL_TEXT : MSTUN_CELL_UNKNOWN, .is.text = text };
}

mstun_cell_t mstun_cell_number(uint64_t number)
{
    return (mstun_cell_t){ .kind = MSTUN_CELL_NUMBER, .is.number = number };
}

mstun_cell_t mstun_cell_frame(uint32_t frame)
{
    return (mstun_cell_t){ .kind = frame ? MSTUN_CELL_NUMBER : MSTUN_CELL_UNKNOWN, .is.number = frame };
}

mstun_cell_t mstun_cell_seconds(double seconds)
{
    return (mstun_cell_t){ .kind = MSTUN_CELL_SECONDS, .is.seconds = seconds };
}

mstun_cell_t mstun_cell_frames(const uint32_t *frames, unsigned count)
{
    return (
        mstun_cell_t){ .kind = count ? MSTUN_CELL_FRAMES : MSTUN_CELL_UNKNOWN, .count = count, .is.frames = frames };
}

mstun_cell_t mstun_cell_words(const char *const *words, unsigned count)
{
    return (mstun_cell_t){ .kind = count ? MSTUN_CELL_WORDS : MSTUN_CELL_UNKNOWN, .count = count, .is.words = words };
}

static const char *list_string(wmem_allocator_t *scope, const mstun_cell_t *cell)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, "");
    unsigned shown = cell->kind == MSTUN_CELL_FRAMES ? MIN(cell->count, FRAMES_MAX) : cell->count;

    for (unsigned i = 0; i < shown; i++) {
        wmem_strbuf_append(text, i ? ", " : "");
        if (cell->kind == MSTUN_CELL_FRAMES) {
            wmem_strbuf_append_printf(text, "%u", cell->is.frames[i]);
        } else {
            wmem_strbuf_append(text, cell->is.words[i]);
        }
    }
    if (shown < cell->count) {
        wmem_strbuf_append_printf(text, " ... (%u)", cell->count);
    }
    return wmem_strbuf_get_str(text);
}

const char *mstun_cell_string(wmem_allocator_t *scope, const mstun_cell_t *cell)
{
    switch (cell->kind) {
    case MSTUN_CELL_TEXT:
        return cell->is.text;
    case MSTUN_CELL_NUMBER:
        return wmem_strdup_printf(scope, "%" PRIu64, cell->is.number);
    case MSTUN_CELL_SECONDS:
        return wmem_strdup_printf(scope, "%.3f s", cell->is.seconds);
    case MSTUN_CELL_FRAMES:
    case MSTUN_CELL_WORDS:
        return list_string(scope, cell);
    case MSTUN_CELL_UNKNOWN:
        break;
    }
    return "";
}

static bool stands_in_line(const mstun_column_t *column)
{
    return column->title && !column->below;
}

/* The widest text of each column, its title included. */
static unsigned *measure(const mstun_table_t *table)
{
    unsigned *widths = wmem_alloc0_array(table->scope, unsigned, table->column_count);

    for (unsigned i = 0; i < table->column_count; i++) {
        if (stands_in_line(&table->columns[i])) {
            widths[i] = (unsigned)g_utf8_strlen(table->columns[i].title, -1);
            for (unsigned row = 0; row < mstun_table_count(table); row++) {
                const char *text = mstun_cell_string(table->scope, &mstun_table_row(table, row)[i]);

                widths[i] = MAX(widths[i], (unsigned)g_utf8_strlen(text, -1));
            }
        }
    }
    return widths;
}

/* The line's last column is not filled up with spaces. */
static void print_line(const mstun_table_t *table, const unsigned *widths, const mstun_cell_t *cells)
{
    int spaces = 0;

    for (unsigned i = 0; i < table->column_count; i++) {
        if (!stands_in_line(&table->columns[i])) {
            continue;
        }
        const char *text = cells ? mstun_cell_string(table->scope, &cells[i]) : table->columns[i].title;

        if (*text) {
            printf("%*s%s", spaces, "", text);
            spaces = 0;
        }
        spaces += (int)(widths[i] - (unsigned)g_utf8_strlen(text, -1)) + 2;
    }
    putchar('\n');
}

static void print_below(const mstun_table_t *table, const mstun_cell_t *cells)
{
    for (unsigned i = 0; i < table->column_count; i++) {
        if (table->columns[i].below && cells[i].kind != MSTUN_CELL_UNKNOWN) {
            printf("    %s: %s\n", table->columns[i].title, mstun_cell_string(table->scope, &cells[i]));
        }
    }
}

void mstun_table_print(const mstun_table_t *table)
{
    unsigned *widths = measure(table);

    printf("mstun,%s\n", table->report);
    if (mstun_table_count(table) == 0) {
        printf("%s\n", table->empty);
        return;
    }
    print_line(table, widths, NULL);
    for (unsigned row = 0; row < mstun_table_count(table); row++) {
        print_line(table, widths, mstun_table_row(table, row));
        print_below(table, mstun_table_row(table, row));
    }
    if (table->total) {
        printf("%s\n", table->total);
    }
}

static void dump_cell(json_dumper *dumper, const mstun_cell_t *cell)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    switch (cell->kind) {
    case MSTUN_CELL_UNKNOWN:
        json_dumper_value_anyf(dumper, "null");
        return;
    case MSTUN_CELL_TEXT:
        json_dumper_value_string(dumper, cell->is.text);
        return;
    case MSTUN_CELL_NUMBER:
        json_dumper_value_anyf(dumper, "%" PRIu64, cell->is.number);
        return;
    case MSTUN_CELL_SECONDS: /* a point in whatever country */
        json_dumper_value_anyf(dumper, "%s", g_ascii_formatd(number, sizeof number, "%.6f", cell->is.seconds));
        return;
    case MSTUN_CELL_FRAMES:
    case MSTUN_CELL_WORDS:
        break;
    }
    json_dumper_begin_array(dumper);
    for (unsigned i = 0; i < cell->count; i++) {
        if (cell->kind == MSTUN_CELL_FRAMES) {
            json_dumper_value_anyf(dumper, "%u", cell->is.frames[i]);
        } else {
            json_dumper_value_string(dumper, cell->is.words[i]);
        }
    }
    json_dumper_end_array(dumper);
}

void mstun_table_print_json(const mstun_table_t *table)
{
    for (unsigned row = 0; row < mstun_table_count(table); row++) {
        json_dumper dumper = { .output_file = stdout };

        json_dumper_begin_object(&dumper);
        json_dumper_set_member_name(&dumper, "report");
        json_dumper_value_string(&dumper, table->report);
        for (unsigned i = 0; i < table->column_count; i++) {
            json_dumper_set_member_name(&dumper, table->columns[i].key);
            dump_cell(&dumper, &mstun_table_row(table, row)[i]);
        }
        json_dumper_end_object(&dumper);
        json_dumper_finish(&dumper);
    }
}
