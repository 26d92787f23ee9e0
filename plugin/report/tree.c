/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * -z mstun,tree: how many messages of each dialect, framing, method and class; error codes; attributes. */
#include "report/report.h"

#include <epan/stats_tree.h>
#include <wsutil/to_str.h>

#include "attr/attr.h"
#include "framing/tree.h"
#include "report/tap.h"
#include "wire/values.h"

/* Each is a node below the root, and what a message is in it a node below that. */
enum { BY_DIALECT, BY_FRAMING, BY_METHOD, BY_CLASS, BY_ERROR, BY_ATTRIBUTE, BRANCHES };

static const char *const branch_names[BRANCHES] = { "Messages by dialect", "Messages by framing", "Messages by method",
                                                    "Messages by class",   "Error codes",         "Attributes" };
static int branches[BRANCHES];

#define ATTRIBUTE_TEXT_LEN 64 /* "0x0020 XOR-MAPPED-ADDRESS": longer than any */

static const char *const class_names[] = { "Request", "Indication", "Success response", "Error response" };

static void begin(stats_tree *tree)
{
    for (unsigned i = 0; i < BRANCHES; i++) {
        branches[i] = stats_tree_create_node(tree, branch_names[i], 0, STAT_DT_INT, TRUE);
    }
}

static void count(stats_tree *tree, int branch, const char *name)
{
    tick_stat_node(tree, branch_names[branch], 0, TRUE);
    tick_stat_node(tree, name, branches[branch], FALSE);
}

static const char *error_text(packet_info *pinfo, uint16_t code)
{
    const char *name = mstun_error_name(code);

    return wmem_strdup_printf(pinfo->pool, "%u%s%s", code, name ? " " : "", name ? name : "");
}

/* Of MS-TURN by its own names: the same number has another meaning there. */
static const char *method_text(packet_info *pinfo, const mstun_tap_info_t *info)
{
    const char *name =
        val_to_str_const(info->type & STUN_TYPE_METHOD_MASK,
                         info->dialect == MSTUN_DIALECT_MS_TURN ? mstun_ms_turn_method_names : mstun_method_names, "");

    return *name ? name : wmem_strdup_printf(pinfo->pool, "Method 0x%03x", info->method);
}

/* Without printf, which would cost as much as all else that the reports do. */
static void count_attribute(stats_tree *tree, uint16_t type, const char *name)
{
    char text[ATTRIBUTE_TEXT_LEN] = "0x";
    char *end = word_to_hex(text + 2, type);

    *end++ = ' ';
    g_strlcpy(end, name, (gsize)(text + sizeof text - end));
    count(tree, BY_ATTRIBUTE, text);
}

static tap_packet_status on_message(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                    tap_flags_t flags _U_)
{
    const mstun_tap_info_t *info = (const mstun_tap_info_t *)data;

    if (info->call) {
        return TAP_PACKET_DONT_REDRAW;
    }
    count(tree, BY_DIALECT, val_to_str_const(info->dialect, mstun_dialect_names, "Unknown"));
    count(tree, BY_FRAMING,
          info->framing == MSTUN_FRAMING_UNKNOWN ? "None"
                                                 : val_to_str_const(info->framing, mstun_framing_names, "None"));
    count(tree, BY_METHOD, method_text(pinfo, info));
    count(tree, BY_CLASS, class_names[info->class]);
    if (info->error_code) {
        count(tree, BY_ERROR, error_text(pinfo, info->error_code));
    }
    for (unsigned i = 0; i < info->attribute_count; i++) {
        count_attribute(tree, info->attributes[i],
                        mstun_attr_name(info->dialect, stun_type_method(info->type), info->attributes[i]));
    }
    return TAP_PACKET_REDRAW;
}

void mstun_tree_report_register(const mstun_registrar_t *reg _U_)
{
    stats_tree_register_plugin(MSTUN_TAP, "mstun", "MSTUN messages", 0, on_message, begin, NULL);
}
