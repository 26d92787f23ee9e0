/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun: Microsoft STUN/TURN and TCP TURN for Wireshark. Where the plugin is loaded and its modules are put together;
 * nothing else.
 *
 * Specifications: RFC 8489 (STUN), RFC 8656 (TURN), RFC 6062 (TCP TURN), RFC 8445 (ICE), RFC 4571 (framing),
 * RFC 3489, RFC 5780, [MS-TURN], [MS-TURNBWM], [MS-ICE2]. */
#include "compat.h"

#include "attr/attr.h"
#include "attr/decode.h"
#include "attr/walk.h"
#include "columns.h"
#include "entry.h"
#include "entry_tls.h"
#include "entry_udp.h"
#include "framing/show.h"
#include "message/credentials_table.h"
#include "message/fingerprint.h"
#include "message/message.h"
#include "pass.h"
#include "payload.h"
#include "registrar.h"
#include "report/report.h"
#include "report/tap.h"
#include "track/allocation_filter.h"
#include "track/allocation_show.h"
#include "track/connection.h"
#include "track/mismatch.h"
#include "track/ms_turn.h"
#include "track/late.h"
#include "track/outcome.h"
#include "track/pair_show.h"
#include "track/integrity.h"
#include "track/path.h"
#include "track/stream.h"
#include "track/transaction.h"
#include "track/turn_verdict.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = PLUGIN_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = MSTUN_WANT_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = MSTUN_WANT_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

/* Bottom layer first: the order of the folders. */
/* clang-format off */
static const struct {
    mstun_register_fn register_module;
    mstun_part_t part;
} modules[] = {
    { mstun_attr_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_decode_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_stun_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_turn_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_ice_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_ms_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_ms_bwm_register, MSTUN_PART_ATTRIBUTES },
    { mstun_attr_walk_register, MSTUN_PART_ATTRIBUTES },
    { mstun_fingerprint_register, MSTUN_PART_ATTRIBUTES },
    { mstun_credentials_table_register, MSTUN_PART_HEADER },
    { mstun_message_register, MSTUN_PART_HEADER },
    { mstun_framing_register, MSTUN_PART_HEADER },
    { mstun_stream_register, MSTUN_PART_TRACKED },
    { mstun_outcome_register, MSTUN_PART_TRACKED },
    { mstun_transaction_register, MSTUN_PART_TRACKED },
    { mstun_late_register, MSTUN_PART_TRACKED },
    { mstun_mismatch_register, MSTUN_PART_TRACKED },
    { mstun_connection_register, MSTUN_PART_TRACKED },
    { mstun_allocation_show_register, MSTUN_PART_TRACKED },
    { mstun_allocation_filter_register, MSTUN_PART_TRACKED },
    { mstun_turn_verdict_register, MSTUN_PART_TRACKED },
    { mstun_path_register, MSTUN_PART_TRACKED },
    { mstun_ms_turn_register, MSTUN_PART_TRACKED },
    { mstun_pair_register, MSTUN_PART_TRACKED },
    { mstun_pair_show_register, MSTUN_PART_TRACKED },
    { mstun_integrity_register, MSTUN_PART_INTEGRITY },
    { mstun_columns_register, MSTUN_PART_HEADER },
    { mstun_tap_register, MSTUN_PART_HEADER },
    { mstun_tree_report_register, MSTUN_PART_HEADER },
    { mstun_srt_report_register, MSTUN_PART_HEADER },
    { mstun_pairs_report_register, MSTUN_PART_HEADER },
    { mstun_turn_report_register, MSTUN_PART_HEADER },
    { mstun_findings_report_register, MSTUN_PART_HEADER },
    { mstun_packet_register, MSTUN_PART_HEADER },
    { mstun_entry_register, MSTUN_PART_HEADER },
    { mstun_entry_tls_register, MSTUN_PART_HEADER },
    { mstun_entry_udp_register, MSTUN_PART_HEADER },
};
/* clang-format on */

static void register_protoinfo(void)
{
    mstun_registrar_t reg = { .proto = proto_register_protocol("Microsoft STUN/TURN and TCP TURN", "MSTUN", "mstun") };

    reg.expert = expert_register_protocol(reg.proto);
    reg.prefs = prefs_register_protocol(reg.proto, NULL);
    for (size_t i = 0; i < array_length(modules); i++) {
        reg.part = modules[i].part;
        modules[i].register_module(&reg);
    }
}

static void register_handoff(void)
{
    mstun_payload_handoff();
    mstun_entry_handoff();
    mstun_entry_tls_handoff();
    mstun_entry_udp_handoff();
}

void plugin_register(void)
{
    static proto_plugin plugin = { .register_protoinfo = register_protoinfo, .register_handoff = register_handoff };

    proto_register_plugin(&plugin);
}

uint32_t plugin_describe(void)
{
    return MSTUN_PLUGIN_IS_DISSECTOR;
}
