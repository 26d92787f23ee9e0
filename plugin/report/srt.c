/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * -z mstun,srt: response times of each method. */
#include "report/report.h"

#include <epan/srt_table.h>

#include "report/tap.h"
#include "wire/values.h"

#define ROWS 16 /* methods that RFCs name; others get a row when they come */

/* A row's number is the value of mstun.type.method, with which the window makes a filter. */
static void begin(struct register_srt *srt _U_, GArray *tables)
{
    init_srt_table("MSTUN response times", NULL, tables, ROWS, "Method", "mstun.type.method", NULL);
}

static tap_packet_status on_message(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *message,
                                    tap_flags_t flags _U_)
{
    const mstun_tap_info_t *info = (const mstun_tap_info_t *)message;

    if (!info->has_request || info->repeated) {
        return TAP_PACKET_DONT_REDRAW;
    }
    srt_stat_table *table = g_array_index(((srt_data_t *)data)->srt_array, srt_stat_table *, 0);
    int row = info->type & STUN_TYPE_METHOD_MASK;

    if (row >= table->num_procs || !table->procedures[row].procedure) {
        init_srt_table_row(
            table, row,
            val_to_str_const((uint32_t)row,
                             info->dialect == MSTUN_DIALECT_MS_TURN ? mstun_ms_turn_method_names : mstun_method_names,
                             "Unknown method"));
    }
    add_srt_table_data(table, row, &info->request_time, pinfo);
    return TAP_PACKET_REDRAW;
}

void mstun_srt_report_register(const mstun_registrar_t *reg)
{
    register_srt_table(reg->proto, MSTUN_TAP, 1, on_message, begin, NULL);
}
