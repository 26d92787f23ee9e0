/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A report's result: rows of typed cells, filled once, and written by whoever shows them: as text, as JSON lines, or
 * into a table of Wireshark's window (window.c). */
#ifndef MSTUN_REPORT_TABLE_H
#define MSTUN_REPORT_TABLE_H

#include "base/compat.h"

typedef struct {
    const char *key;   /* in JSON: part of the interface that README.md documents */
    const char *title; /* NULL: in JSON only */
    bool below;        /* text: on a line of its own, below the others of its row */
} mstun_column_t;

typedef enum {
    MSTUN_CELL_UNKNOWN = 0,
    MSTUN_CELL_TEXT,
    MSTUN_CELL_NUMBER,
    MSTUN_CELL_SECONDS,
    MSTUN_CELL_FRAMES, /* numbers */
    MSTUN_CELL_WORDS,
} mstun_cell_kind_t;

typedef struct {
    mstun_cell_kind_t kind;
    unsigned count; /* of frames or words */
    union {
        const char *text;
        uint64_t number;
        double seconds;
        const uint32_t *frames;
        const char *const *words;
    } is;
} mstun_cell_t;

typedef struct {
    const char *report; /* its name */
    const mstun_column_t *columns;
    unsigned column_count;
    wmem_allocator_t *scope; /* of the rows, and of all that cells point to */
    wmem_array_t *rows;      /* of mstun_cell_t *, column_count cells each */
    const char *empty;       /* what a table without rows says */
    const char *total;       /* what stands below the rows; NULL: nothing */
} mstun_table_t;

/** An empty table; scope is the caller's. */
mstun_table_t *mstun_table_new(wmem_allocator_t *scope, const char *report, const mstun_column_t *columns,
                               unsigned column_count);

/** A new last row, all of its cells unknown. */
mstun_cell_t *mstun_table_add_row(mstun_table_t *table);

unsigned mstun_table_count(const mstun_table_t *table);
const mstun_cell_t *mstun_table_row(const mstun_table_t *table, unsigned row);

/* Cells; text NULL, no frames and no words make an unknown one. What they point to must live as long as the table. */
mstun_cell_t mstun_cell_text(const char *text);
mstun_cell_t mstun_cell_number(uint64_t number);
mstun_cell_t mstun_cell_frame(uint32_t frame); /* 0: unknown */
mstun_cell_t mstun_cell_seconds(double seconds);
mstun_cell_t mstun_cell_frames(const uint32_t *frames, unsigned count);
mstun_cell_t mstun_cell_words(const char *const *words, unsigned count);

/** A cell as people read it; "" for an unknown one. */
const char *mstun_cell_string(wmem_allocator_t *scope, const mstun_cell_t *cell);

/** Prints the table for people. */
void mstun_table_print(const mstun_table_t *table);

/** Prints one JSON object a row and line; nothing for a table without rows. */
void mstun_table_print_json(const mstun_table_t *table);

#endif
