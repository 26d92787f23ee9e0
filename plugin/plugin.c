/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun: Microsoft STUN/TURN and TCP TURN for Wireshark. Where the plugin is loaded and its modules are put together;
 * nothing else.
 *
 * Specifications: RFC 8489 (STUN), RFC 8656 (TURN), RFC 6062 (TCP TURN), RFC 8445 (ICE), RFC 4571 (framing), RFC 3489,
 * RFC 5780, [MS-TURN], [MS-TURNBWM], [MS-ICE2]. */
#include "base/compat.h"
#include "base/registrar.h"

#include "attr/attr.h"
#include "attr/walk.h"
#include "auth/credential_uat.h"
#include "auth/integrity.h"
#include "auth/signalled.h"
#include "conversation/recent.h"
#include "conversation/stream.h"
#include "conversation/tcp_connections.h"
#include "conversation/transaction.h"
#include "conversation/withheld.h"
#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "dissect/message.h"
#include "dissect/other_protocol.h"
#include "dissect/packet.h"
#include "dissect/payload.h"
#include "entry/signalling.h"
#include "entry/tcp.h"
#include "entry/tls.h"
#include "entry/udp.h"
#include "entry/withheld.h"
#include "entry/wrapper.h"
#include "framing/tree.h"
#include "ice/pair_tree.h"
#include "message/fingerprint.h"
#include "message/message.h"
#include "report/report.h"
#include "report/tap.h"
#include "signal/call_filter.h"
#include "signal/call_tree.h"
#include "signal/relay_auth.h"
#include "turn/allocation_filter.h"
#include "turn/ms_turn.h"
#include "turn/legs.h"
#include "turn/path.h"
#include "turn/turn_state.h"
#include "turn/turn_tree.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = PLUGIN_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = MSTUN_WANT_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = MSTUN_WANT_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

/* Bottom layer first: the order of the folders. */
/* clang-format off */
static const struct {
    mstun_register_fn register_module;
    mstun_tree_section_t section;
} modules[] = {
    { mstun_attr_decode_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_address_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_error_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_auth_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_stun_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_turn_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_ice_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_ms_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_ms_bwm_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_attr_walk_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_fingerprint_register, MSTUN_SECTION_ATTRIBUTES },
    { mstun_message_register, MSTUN_SECTION_HEADER },
    { mstun_framing_tree_register, MSTUN_SECTION_FRAMING },
    { mstun_stream_register, MSTUN_SECTION_TRACKED },
    { mstun_recent_register, MSTUN_SECTION_TRACKED },
    { mstun_withheld_register, MSTUN_SECTION_TRACKED },
    { mstun_tcp_connections_register, MSTUN_SECTION_TRACKED },
    { mstun_transaction_register, MSTUN_SECTION_TRACKED },
    { mstun_transaction_tree_register, MSTUN_SECTION_TRACKED },
    { mstun_credential_uat_register, MSTUN_SECTION_HEADER },
    { mstun_signalled_register, MSTUN_SECTION_HEADER },
    { mstun_integrity_register, MSTUN_SECTION_INTEGRITY },
    { mstun_allocation_register, MSTUN_SECTION_TRACKED },
    { mstun_peer_connection_register, MSTUN_SECTION_TRACKED },
    { mstun_turn_tree_register, MSTUN_SECTION_TRACKED },
    { mstun_allocation_filter_register, MSTUN_SECTION_TRACKED },
    { mstun_turn_state_register, MSTUN_SECTION_TRACKED },
    { mstun_path_register, MSTUN_SECTION_TRACKED },
    { mstun_legs_register, MSTUN_SECTION_HEADER },
    { mstun_ms_turn_register, MSTUN_SECTION_TRACKED },
    { mstun_pair_register, MSTUN_SECTION_TRACKED },
    { mstun_pair_tree_register, MSTUN_SECTION_TRACKED },
    { mstun_call_register, MSTUN_SECTION_TRACKED },
    { mstun_relay_auth_register, MSTUN_SECTION_TRACKED },
    { mstun_call_tree_register, MSTUN_SECTION_TRACKED },
    { mstun_call_filter_register, MSTUN_SECTION_TRACKED },
    { mstun_diagnose_register, MSTUN_SECTION_TRACKED },
    { mstun_columns_register, MSTUN_SECTION_HEADER },
    { mstun_tap_register, MSTUN_SECTION_HEADER },
    { mstun_tree_report_register, MSTUN_SECTION_HEADER },
    { mstun_srt_report_register, MSTUN_SECTION_HEADER },
    { mstun_pairs_report_register, MSTUN_SECTION_HEADER },
    { mstun_turn_report_register, MSTUN_SECTION_HEADER },
    { mstun_candidates_report_register, MSTUN_SECTION_HEADER },
    { mstun_findings_report_register, MSTUN_SECTION_HEADER },
    { mstun_packet_register, MSTUN_SECTION_HEADER },
    { mstun_message_dissector_register, MSTUN_SECTION_HEADER },
    { mstun_other_protocol_register, MSTUN_SECTION_HEADER },
    { mstun_wrapper_register, MSTUN_SECTION_HEADER },
    { mstun_entry_withheld_register, MSTUN_SECTION_HEADER },
    { mstun_entry_tcp_register, MSTUN_SECTION_HEADER },
    { mstun_entry_tls_register, MSTUN_SECTION_HEADER },
    { mstun_entry_udp_register, MSTUN_SECTION_HEADER },
    { mstun_entry_signalling_register, MSTUN_SECTION_HEADER },
};
/* clang-format on */

static void register_protoinfo(void)
{
    mstun_registrar_t reg = { .proto = proto_register_protocol("Microsoft STUN/TURN and TCP TURN", "MSTUN", "mstun") };

    mstun_compat_register();
    reg.expert = expert_register_protocol(reg.proto);
    reg.prefs = prefs_register_protocol(reg.proto, NULL);
    for (size_t i = 0; i < array_length(modules); i++) {
        reg.section = modules[i].section;
        modules[i].register_module(&reg);
    }
}

static void register_handoff(void)
{
    mstun_payload_handoff();
    mstun_entry_withheld_handoff();
    mstun_entry_tcp_handoff();
    mstun_entry_tls_handoff();
    mstun_entry_udp_handoff();
    mstun_entry_signalling_handoff();
}

void plugin_register(void)
{
    static proto_plugin plugin = { .register_protoinfo = register_protoinfo, .register_handoff = register_handoff };

    /* Better no mstun than one that loses findings in silence. */
    if (mstun_compat_accepts()) {
        proto_register_plugin(&plugin);
    }
}

uint32_t plugin_describe(void)
{
    return MSTUN_PLUGIN_IS_DISSECTOR;
}
