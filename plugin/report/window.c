/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reports as tables in the window's Telephony menu. Wireshark fills such a table packet by packet and has no hook
 * for its end, where ours are made: so a listener on all frames fills it at the last one, and, in tshark's one pass,
 * where no frame is known to be the last, before the program prints. */
#include "report/instance.h"

#include <epan/stat_tap_ui.h>

typedef struct {
    mstun_report_instance_t instance;
    stat_tap_table_ui ui;
    mstun_report_instance_t *expert_listener; /* Wireshark identifies a listener by the address of its data */
    mstun_report_instance_t *draw_listener;
    bool listening;
    bool drawing;
} window_t;

static window_t windows[MSTUN_WINDOWS];

static window_t *window_of(const stat_tap_table_ui *ui)
{
    for (unsigned i = 0; i < MSTUN_WINDOWS; i++) {
        if (g_strcmp0(windows[i].ui.cli_string, ui->cli_string) == 0) {
            return &windows[i];
        }
    }
    return NULL;
}

static const mstun_column_t *column_at(const window_t *window, unsigned field, unsigned *idx)
{
    const mstun_column_t *columns = window->instance.report->columns;

    for (*idx = 0; *idx < window->instance.report->column_count; (*idx)++) {
        if (columns[*idx].title && field-- == 0) {
            return &columns[*idx];
        }
    }
    return NULL;
}

/* The first field is the row's number: the window sorts by it. */
static void add_row(stat_tap_table *table, const window_t *window, unsigned row, const mstun_cell_t *cells)
{
    unsigned count = (unsigned)window->ui.nfields, idx;
    stat_tap_table_item_type *items = g_new0(stat_tap_table_item_type, count);

    items[0].type = TABLE_ITEM_UINT;
    items[0].value.uint_value = row + 1;
    for (unsigned i = 1; i < count; i++) {
        column_at(window, i - 1, &idx);
        items[i].type = TABLE_ITEM_STRING;
        items[i].value.string_value = g_strdup(mstun_cell_string(window->instance.scope, &cells[idx]));
    }
    stat_tap_init_table_row(table, row, count, items);
    g_free(items);
}

/* For rows that an earlier fill left. */
static void clear(stat_tap_table *table)
{
    for (unsigned row = 0; row < table->num_elements; row++) {
        for (unsigned i = 1; i < table->num_fields; i++) {
            g_free(MSTUN_UNCONST(stat_tap_get_field_data(table, row, i)->value.string_value));
        }
        g_free(table->elements[row]);
    }
    g_free(table->elements);
    table->elements = NULL;
    table->num_elements = 0;
}

/* No table: the window was closed, this is the replay of something else. */
static void fill_table(window_t *window)
{
    GArray *tables = window->ui.tables;

    if (!tables || tables->len == 0 || !window->instance.state) {
        return;
    }
    stat_tap_table *table = g_array_index(tables, stat_tap_table *, 0);
    const mstun_table_t *rows = mstun_report_build_table(&window->instance);

    clear(table);
    for (unsigned row = 0; row < mstun_table_count(rows); row++) {
        add_row(table, window, row, mstun_table_row(rows, row));
    }
    mstun_report_release_table(&window->instance);
}

static tap_packet_status on_frame(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *nothing _U_,
                                  tap_flags_t flags _U_)
{
    window_t *window = (window_t *)data;

    window->instance.end = pinfo->abs_ts;
    if (mstun_is_last_frame(pinfo)) {
        fill_table(window);
    }
    return TAP_PACKET_REDRAW;
}

static tap_packet_status redraw(void *data _U_, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *info _U_,
                                tap_flags_t flags _U_)
{
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    window_t *window = (window_t *)(void *)*(mstun_report_instance_t **)data; /* its first member */
    stat_tap_table *table =
        window->ui.tables && window->ui.tables->len > 0 ? g_array_index(window->ui.tables, stat_tap_table *, 0) : NULL;

    if (table && table->num_elements == 0) {
        fill_table(window);
    }
}

static tap_packet_status on_expert(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                                   tap_flags_t flags _U_)
{
    mstun_report_on_expert(*(mstun_report_instance_t **)data, pinfo, (const expert_info_t *)info);
    return TAP_PACKET_REDRAW;
}

/* Once for the program's life: a listener cannot be taken away where a window is closed. */
static void listen_to_all(window_t *window)
{
    GString *error = register_tap_listener("frame", window, NULL, TL_REQUIRES_NOTHING, NULL, on_frame, NULL, NULL);

    if (!error && window->instance.report->on_expert) {
        window->expert_listener = &window->instance;
        error = register_tap_listener("expert", &window->expert_listener, NULL, TL_REQUIRES_NOTHING, NULL, on_expert,
                                      NULL, NULL);
    }
    if (error) { /* a tap of Wireshark's own is missing: then the table stays empty */
        g_string_free(error, TRUE);
    }
    window->listening = true;
}

/* The program asks its listeners to draw in the opposite order of their registration: this is before the one that
 * prints the table. */
static void fill_before_draw(window_t *window)
{
    window->draw_listener = &window->instance;
    window->drawing = true;
    GString *error =
        register_tap_listener(MSTUN_TAP, &window->draw_listener, NULL, TL_REQUIRES_NOTHING, NULL, redraw, draw, NULL);

    if (error) {
        g_string_free(error, TRUE);
    }
}

static tap_packet_status on_message(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *info,
                                    tap_flags_t flags _U_)
{
    window_t *window = window_of(((stat_data_t *)data)->stat_tap_data);

    if (!window->drawing && ((const mstun_tap_info_t *)info)->first_visit) {
        fill_before_draw(window);
    }
    mstun_report_on_message(&window->instance, pinfo, (const mstun_tap_info_t *)info);
    return TAP_PACKET_REDRAW;
}

static void open_window(stat_tap_table_ui *ui)
{
    window_t *window = window_of(ui);

    if (!window->listening) {
        listen_to_all(window);
    }
    mstun_report_reset(&window->instance);
    stat_tap_add_table(ui, stat_tap_init_table(ui->title, (int)ui->nfields, 0, NULL));
}

static void free_item(stat_tap_table *table _U_, guint row _U_, guint column, stat_tap_table_item_type *item)
{
    if (column > 0) {
        g_free(MSTUN_UNCONST(item->value.string_value));
    }
}

/* A number, and the report's columns as text. */
static stat_tap_table_item *make_fields(const window_t *window, size_t *count)
{
    unsigned idx;
    stat_tap_table_item *fields =
        wmem_alloc0_array(wmem_epan_scope(), stat_tap_table_item, window->instance.report->column_count + 1);

    fields[0] = (stat_tap_table_item){ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "No.", "%u" };
    for (*count = 1; column_at(window, (unsigned)*count - 1, &idx); (*count)++) {
        fields[*count] = (stat_tap_table_item){ TABLE_ITEM_STRING, TAP_ALIGN_LEFT,
                                                column_at(window, (unsigned)*count - 1, &idx)->title, "%s" };
    }
    return fields;
}

/* Registered after mstun,NAME: Wireshark matches -z arguments by prefix, the most recent first. */
void mstun_window_register(const mstun_report_t *report, unsigned number)
{
    static tap_param parameters[] = { { PARAM_FILTER, "filter", "Filter", NULL, TRUE } };
    window_t *window = &windows[number];

    window->instance.report = report;
    window->ui.group = MSTUN_TELEPHONY_GROUP;
    window->ui.title = report->title;
    window->ui.tap_name = MSTUN_TAP;
    window->ui.cli_string = wmem_strdup_printf(wmem_epan_scope(), "mstun,%s_window", report->name);
    window->ui.stat_tap_init_cb = open_window;
    window->ui.packet_func = on_message;
    window->ui.stat_tap_reset_table_cb = clear;
    window->ui.stat_tap_free_table_item_cb = free_item;
    window->ui.fields = make_fields(window, &window->ui.nfields);
    window->ui.nparams = array_length(parameters);
    window->ui.params = parameters;
    register_stat_tap_table_ui(&window->ui);
}
