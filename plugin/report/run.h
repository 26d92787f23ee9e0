/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a report runs: on the command line as `-z mstun,NAME[,json][,FILTER]`, complete after one pass, and as a table in
 * the window's Telephony menu. A report says what it keeps of each message, and fills a table at the end. */
#ifndef MSTUN_REPORT_RUN_H
#define MSTUN_REPORT_RUN_H

#include "report/table.h"
#include "report/tap.h"

typedef struct {
    const char *name; /* "findings" */
    const char *title;
    const mstun_column_t *columns;
    unsigned column_count;
    const char *empty; /* "no findings" */

    /** What it keeps of a file; the run owns it. */
    void *(*begin)(void);
    void (*end)(void *kept);

    /** Each message that passes the filter. */
    void (*message)(void *kept, packet_info *pinfo, const mstun_tap_info_t *info);

    /** Each expert info of whatever protocol on a packet that passes the filter; NULL: none is wanted. */
    void (*expert)(void *kept, packet_info *pinfo, const expert_info_t *info);

    /** Rows, the worst first. end: the time of the capture's last frame. */
    void (*fill)(const void *kept, const nstime_t *end, mstun_table_t *table);
} mstun_report_t;

/** What a report keeps, where that is no more than a set of pointers: a GHashTable of them. */
void *mstun_pointer_set_new(void);
void mstun_pointer_set_free(void *set);
void mstun_pointer_set_add(void *set, const void *pointer);

/** A report in hand, of one command line option or window. */
typedef struct {
    const mstun_report_t *report;
    void *kept;
    unsigned file; /* mstun_tap_file() of what is kept */
    nstime_t end;  /* the last frame so far */
    bool json;
    wmem_allocator_t *scope; /* of the table that was filled last, or NULL */
} mstun_report_instance_t;

/** Forgets what was kept. */
void mstun_report_reset(mstun_report_instance_t *run);

void mstun_report_on_message(mstun_report_instance_t *run, packet_info *pinfo, const mstun_tap_info_t *info);
void mstun_report_on_expert(mstun_report_instance_t *run, packet_info *pinfo, const expert_info_t *info);

/** The report's table as of now; good until the next fill or mstun_report_release_table. */
const mstun_table_t *mstun_report_build_table(mstun_report_instance_t *run);
void mstun_report_release_table(mstun_report_instance_t *run);

/** Makes the report one of the command line. */
void mstun_command_register(const mstun_report_t *report);

#define MSTUN_WINDOWS 3 /* reports that are in the window, each with a number */

/** Makes the report one of the window's menu; number below MSTUN_WINDOWS. */
void mstun_window_register(const mstun_report_t *report, unsigned number);

#endif
