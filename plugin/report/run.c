/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/run.h"

#include "report/unconst.h"

void *mstun_kept_set_new(void)
{
    return g_hash_table_new(g_direct_hash, g_direct_equal);
}

void mstun_kept_set_free(void *set)
{
    g_hash_table_destroy((GHashTable *)set);
}

void mstun_kept_set_add(void *set, const void *pointer)
{
    g_hash_table_add((GHashTable *)set, mstun_unconst(pointer));
}

void mstun_run_reset(mstun_run_t *run)
{
    if (run->kept) {
        run->report->end(run->kept);
    }
    run->kept = NULL;
    run->end = (nstime_t)NSTIME_INIT_ZERO;
}

/* What an earlier file left points to memory that is gone. */
static void *kept(mstun_run_t *run)
{
    if (run->file != mstun_tap_file()) {
        mstun_run_reset(run);
        run->file = mstun_tap_file();
    }
    if (!run->kept) {
        run->kept = run->report->begin();
    }
    return run->kept;
}

void mstun_run_message(mstun_run_t *run, packet_info *pinfo, const mstun_tap_t *told)
{
    run->report->message(kept(run), pinfo, told);
}

void mstun_run_expert(mstun_run_t *run, packet_info *pinfo, const expert_info_t *info)
{
    run->report->expert(kept(run), pinfo, info);
}

void mstun_run_release(mstun_run_t *run)
{
    if (run->scope) {
        wmem_destroy_allocator(run->scope);
        run->scope = NULL;
    }
}

const mstun_table_t *mstun_run_fill(mstun_run_t *run)
{
    mstun_run_release(run);
    run->scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    mstun_table_t *table =
        mstun_table_new(run->scope, run->report->name, run->report->columns, run->report->column_count);

    table->empty = run->report->empty;
    run->report->fill(kept(run), &run->end, table);
    return table;
}
