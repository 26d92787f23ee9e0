/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a report runs: on the command line as `-z mstun,NAME[,json][,FILTER]`, complete after one pass, and as a table in
 * the window's Telephony menu. A report says what it keeps of each message, and builds a table at the end. */
#ifndef MSTUN_REPORT_INSTANCE_H
#define MSTUN_REPORT_INSTANCE_H

#include "report/table.h"
#include "report/tap.h"

/** A kind of report. */
typedef struct {
    const char *name; /* "findings" */
    const char *title;
    const mstun_column_t *columns;
    unsigned column_count;
    const char *empty; /* "no findings" */

    /** What it keeps of a file; the instance owns it. */
    void *(*create_state)(void);
    void (*free_state)(void *state);

    /** Each message that passes the filter, and each frame of signalling. */
    void (*on_message)(void *state, packet_info *pinfo, const mstun_tap_info_t *info);

    /** Each expert info of whatever protocol on a packet that passes the filter; NULL: none is wanted. */
    void (*on_expert)(void *state, packet_info *pinfo, const expert_info_t *info);

    /** Rows, the worst first. end: the time of the capture's last frame. */
    void (*build_table)(const void *state, const nstime_t *end, mstun_table_t *table);
} mstun_report_t;

/* State that is no more than a set of pointers: a GHashTable of them. */
void *mstun_pointer_set_new(void);
void mstun_pointer_set_free(void *set);
void mstun_pointer_set_add(void *set, const void *pointer);

/** A report of one command line option or window. */
typedef struct {
    const mstun_report_t *report;
    void *state;   /* NULL: nothing yet */
    unsigned file; /* mstun_tap_file() of state */
    nstime_t end;  /* the last frame so far */
    bool json;
    wmem_allocator_t *scope; /* of the table that was built last, or NULL */
} mstun_report_instance_t;

/** Frees the state. */
void mstun_report_reset(mstun_report_instance_t *instance);

void mstun_report_on_message(mstun_report_instance_t *instance, packet_info *pinfo, const mstun_tap_info_t *info);
void mstun_report_on_expert(mstun_report_instance_t *instance, packet_info *pinfo, const expert_info_t *info);

/** The report's table as of now; valid until the next one is built or mstun_report_release_table. */
const mstun_table_t *mstun_report_build_table(mstun_report_instance_t *instance);
void mstun_report_release_table(mstun_report_instance_t *instance);

/** Offers the report on the command line. */
void mstun_command_register(const mstun_report_t *report);

#define MSTUN_WINDOWS 4 /* reports that are in the window, each with a number */

/** Offers the report in the window's menu; number below MSTUN_WINDOWS. */
void mstun_window_register(const mstun_report_t *report, unsigned number);

#endif
