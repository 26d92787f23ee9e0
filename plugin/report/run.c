/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/run.h"

#include "report/unconst.h"

void *mstun_pointer_set_new(void)
{
    return g_hash_table_new(g_direct_hash, g_direct_equal);
}

void mstun_pointer_set_free(void *set)
{
    g_hash_table_destroy((GHashTable *)set);
}

void mstun_pointer_set_add(void *set, const void *pointer)
{
    g_hash_table_add((GHashTable *)set, mstun_unconst(pointer));
}

void mstun_report_reset(mstun_report_instance_t *run)
{
    if (run->kept) {
        run->report->end(run->kept);
    }
    run->kept = NULL;
    run->end = (nstime_t)NSTIME_INIT_ZERO;
}

/* What an earlier file left points to memory that is gone. */
static void *kept(mstun_report_instance_t *run)
{
    if (run->file != mstun_tap_file()) {
        mstun_report_reset(run);
        run->file = mstun_tap_file();
    }
    if (!run->kept) {
        run->kept = run->report->begin();
    }
    return run->kept;
}

void mstun_report_on_message(mstun_report_instance_t *run, packet_info *pinfo, const mstun_tap_info_t *info)
{
    run->report->message(kept(run), pinfo, info);
}

void mstun_report_on_expert(mstun_report_instance_t *run, packet_info *pinfo, const expert_info_t *info)
{
    run->report->expert(kept(run), pinfo, info);
}

void mstun_report_release_table(mstun_report_instance_t *run)
{
    if (run->scope) {
        wmem_destroy_allocator(run->scope);
        run->scope = NULL;
    }
}

const mstun_table_t *mstun_report_build_table(mstun_report_instance_t *run)
{
    mstun_report_release_table(run);
    run->scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    mstun_table_t *table =
        mstun_table_new(run->scope, run->report->name, run->report->columns, run->report->column_count);

    table->empty = run->report->empty;
    run->report->fill(kept(run), &run->end, table);
    return table;
}
