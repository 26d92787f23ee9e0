/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `-z mstun,NAME[,json][,FILTER]`: the filter decides which messages and expert infos the report gets; the capture's end
 * it takes from all frames. */
#include "report/run.h"
#include "report/unconst.h"

#include <epan/stat_tap_ui.h>

#include <stdio.h>
#include <stdlib.h>

/* Three listeners on one run: a listener is told from others by its data, so each has its own. */
typedef struct {
    mstun_report_instance_t run;
    mstun_report_instance_t *of_messages, *of_experts, *of_frames;
} command_t;

static mstun_report_instance_t *run_of(void *data)
{
    return *(mstun_report_instance_t **)data;
}

static void reset(void *data)
{
    mstun_report_reset(run_of(data));
}

static tap_packet_status learn(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                               tap_flags_t flags _U_)
{
    mstun_report_on_message(run_of(data), pinfo, (const mstun_tap_info_t *)info);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status learn_expert(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                                      tap_flags_t flags _U_)
{
    mstun_report_on_expert(run_of(data), pinfo, (const expert_info_t *)info);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status learn_time(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *nothing _U_,
                                    tap_flags_t flags _U_)
{
    run_of(data)->end = pinfo->abs_ts;
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    mstun_report_instance_t *run = run_of(data);
    const mstun_table_t *table = mstun_report_build_table(run);

    if (run->json) {
        mstun_table_print_json(table);
    } else {
        mstun_table_print(table);
    }
    mstun_report_release_table(run);
}

static void finish(void *data)
{
    mstun_report_instance_t *run = run_of(data);

    mstun_report_reset(run);
    g_free((command_t *)(void *)run); /* its first member */
}

/* The last one registered is asked first: messages tell what expert infos are about. */
static GString *listen_to(command_t *command, const char *filter)
{
    GString *error =
        register_tap_listener("frame", &command->of_frames, NULL, TL_REQUIRES_NOTHING, NULL, learn_time, NULL, NULL);

    if (!error && command->run.report->expert) {
        error = register_tap_listener("expert", &command->of_experts, filter, TL_REQUIRES_NOTHING, NULL, learn_expert,
                                      NULL, NULL);
    }
    if (!error) {
        error = register_tap_listener(MSTUN_TAP, &command->of_messages, filter, TL_REQUIRES_NOTHING, reset, learn, draw,
                                      finish);
    }
    return error;
}

/* "mstun,NAME[,json][,FILTER]" */
static const char *read_options(const char *argument, mstun_report_instance_t *run)
{
    const char *rest = argument + strlen("mstun,") + strlen(run->report->name);

    if (g_str_has_prefix(rest, ",json") && (rest[5] == ',' || rest[5] == '\0')) {
        run->json = true;
        rest += 5;
    }
    return *rest == ',' && rest[1] ? rest + 1 : NULL;
}

static mstun_stat_init_ret start(const char *argument, void *report)
{
    command_t *command = g_new0(command_t, 1);

    command->run.report = (const mstun_report_t *)report;
    command->of_messages = command->of_experts = command->of_frames = &command->run;
    GString *error = listen_to(command, read_options(argument, &command->run));

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

    register_stat_tap_ui(&ui, mstun_unconst(report));
}
