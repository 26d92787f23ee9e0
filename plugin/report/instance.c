/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/instance.h"

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
    g_hash_table_add((GHashTable *)set, MSTUN_UNCONST(pointer));
}

void mstun_report_reset(mstun_report_instance_t *instance)
{
    if (instance->state) {
        instance->report->free_state(instance->state);
    }
    instance->state = NULL;
    instance->end = (nstime_t)NSTIME_INIT_ZERO;
}

/* State of an earlier file points to memory that is gone. */
static void *current_state(mstun_report_instance_t *instance)
{
    if (instance->file != mstun_tap_file()) {
        mstun_report_reset(instance);
        instance->file = mstun_tap_file();
    }
    if (!instance->state) {
        instance->state = instance->report->create_state();
    }
    return instance->state;
}

void mstun_report_on_message(mstun_report_instance_t *instance, packet_info *pinfo, const mstun_tap_info_t *info)
{
    instance->report->on_message(current_state(instance), pinfo, info);
}

void mstun_report_on_expert(mstun_report_instance_t *instance, packet_info *pinfo, const expert_info_t *info)
{
    instance->report->on_expert(current_state(instance), pinfo, info);
}

void mstun_report_release_table(mstun_report_instance_t *instance)
{
    if (instance->scope) {
        wmem_destroy_allocator(instance->scope);
        instance->scope = NULL;
    }
}

const mstun_table_t *mstun_report_build_table(mstun_report_instance_t *instance)
{
    const mstun_report_t *report = instance->report;

    mstun_report_release_table(instance);
    instance->scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    mstun_table_t *table = mstun_table_new(instance->scope, report->name, report->columns, report->column_count);

    table->empty = report->empty;
    report->build_table(current_state(instance), &instance->end, table);
    return table;
}
