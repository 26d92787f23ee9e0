/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `-z mstun,NAME[,json][,FILTER]`: the filter decides which messages and expert infos the report gets; the capture's
 * end it takes from all frames. */
#include "report/instance.h"

#include <epan/stat_tap_ui.h>

#include <stdio.h>
#include <stdlib.h>

/* Three listeners on one instance. Wireshark identifies a listener by the address of its data, so each has its own. */
typedef struct {
    mstun_report_instance_t instance;
    mstun_report_instance_t *message_listener, *expert_listener, *frame_listener;
} command_t;

static mstun_report_instance_t *instance_of(void *data)
{
    return *(mstun_report_instance_t **)data;
}

static void reset(void *data)
{
    mstun_report_reset(instance_of(data));
}

static tap_packet_status on_message(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                                    tap_flags_t flags _U_)
{
    mstun_report_on_message(instance_of(data), pinfo, (const mstun_tap_info_t *)info);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status on_expert(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                                   tap_flags_t flags _U_)
{
    mstun_report_on_expert(instance_of(data), pinfo, (const expert_info_t *)info);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status on_frame(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *nothing _U_,
                                  tap_flags_t flags _U_)
{
    instance_of(data)->end = pinfo->abs_ts;
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    mstun_report_instance_t *instance = instance_of(data);
    const mstun_table_t *table = mstun_report_build_table(instance);

    if (instance->json) {
        mstun_table_print_json(table);
    } else {
        mstun_table_print(table);
    }
    mstun_report_release_table(instance);
}

static void finish(void *data)
{
    mstun_report_instance_t *instance = instance_of(data);

    mstun_report_reset(instance);
    g_free((command_t *)(void *)instance); /* its first member */
}

/* Wireshark calls the last one registered first: expert infos are about messages that came before. */
static GString *listen_to(command_t *command, const char *filter)
{
    GString *error =
        register_tap_listener("frame", &command->frame_listener, NULL, TL_REQUIRES_NOTHING, NULL, on_frame, NULL, NULL);

    if (!error && command->instance.report->on_expert) {
        error = register_tap_listener("expert", &command->expert_listener, filter, TL_REQUIRES_NOTHING, NULL, on_expert,
                                      NULL, NULL);
    }
    if (!error) {
        error = register_tap_listener(MSTUN_TAP, &command->message_listener, filter, TL_REQUIRES_NOTHING, reset,
                                      on_message, draw, finish);
    }
    return error;
}

/* "mstun,NAME[,json][,FILTER]" */
static const char *read_options(const char *argument, mstun_report_instance_t *instance)
{
    const char *rest = argument + strlen("mstun,") + strlen(instance->report->name);

    if (g_str_has_prefix(rest, ",json") && (rest[5] == ',' || rest[5] == '\0')) {
        instance->json = true;
        rest += 5;
    }
    return *rest == ',' && rest[1] ? rest + 1 : NULL;
}

static mstun_stat_init_ret start(const char *argument, void *report)
{
    command_t *command = g_new0(command_t, 1);

    command->instance.report = (const mstun_report_t *)report;
    command->message_listener = command->expert_listener = command->frame_listener = &command->instance;
    GString *error = listen_to(command, read_options(argument, &command->instance));

    if (error) {
        (void)fprintf(stderr, "%s: %s\n", argument, error->str);
        MSTUN_STAT_INIT_FAIL;
    }
    MSTUN_STAT_INIT_OK;
}

void mstun_command_register(const mstun_report_t *report)
{
    stat_tap_ui ui = { REGISTER_STAT_GROUP_GENERIC,
                       NULL,
                       wmem_strdup_printf(wmem_epan_scope(), "mstun,%s", report->name),
                       start,
                       0,
                       NULL };

    register_stat_tap_ui(&ui, MSTUN_UNCONST(report));
}
