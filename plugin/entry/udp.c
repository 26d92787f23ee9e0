/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A 5-tuple is claimed by the first datagram on it that is ours, and stays so: media on it goes to RTP, RTCP or DTLS, and
 * anything else is rejected. */
#include "entry/udp.h"

#include <epan/conversation.h>

#include "base/heuristic.h"
#include "dissect/event.h"
#include "dissect/segment.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "base/heuristic.h"
#include "message/message.h"

#define TURN_PORT 3478

enum {
    UDP_NONE,
    UDP_MICROSOFT,
    UDP_ALL,
};

static int proto_mstun = -1;
static int proto_wrapper = -1;

static dissector_handle_t udp_handle;
static dissector_handle_t wrapper_handle;
static dissector_handle_t port_owner;     /* of TURN_PORT, before the wrapper */
static dissector_handle_t reclaim_handle; /* for 5-tuples that the built-in has taken for its own */
static dissector_handle_t builtin_handle; /* what it has taken them with */
static dissector_table_t udp_ports;

static const heur_dtbl_entry_t *our_heuristic; /* with the user's switch */
static heur_dissector_t stun_heuristic;        /* the built-in's own */
static heur_dissector_t classicstun_heuristic;

static int pref_udp = UDP_MICROSOFT;

/* Multiplexed TURN has no more than a channel number and an exact length: what it carries must be known as well. */
static bool is_multiplexed(tvbuff_t *tvb)
{
    return tvb_captured_length(tvb) > MS_MULTIPLEXED_HEADER_LEN &&
           mstun_packet_class_of(tvb_new_subset_remaining(tvb, MS_MULTIPLEXED_HEADER_LEN)) != MSTUN_PACKET_UNKNOWN;
}

static bool is_ours(tvbuff_t *tvb)
{
    mstun_facts_t facts;

    switch (pref_udp == UDP_NONE ? MSTUN_PACKET_UNKNOWN : mstun_packet_class_of(tvb)) {
    case MSTUN_PACKET_STUN:
        return mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &facts) &&
               STUN_HEADER_LEN + (uint32_t)facts.length == tvb_reported_length(tvb) &&
               (pref_udp == UDP_ALL || facts.dialect == MSTUN_DIALECT_MS_TURN ||
                facts.dialect == MSTUN_DIALECT_MS_ICE2);
    case MSTUN_PACKET_MULTIPLEXED:
        return is_multiplexed(tvb);
    default:
        return false;
    }
}

/* [MS-TURN] messages on this 5-tuple belong to those that the client exchanges with the server's other addresses. */
static mstun_stream_t *merge(mstun_stream_t *stream, tvbuff_t *tvb, packet_info *pinfo)
{
    uint32_t captured = tvb_captured_length(tvb);

    if (!mstun_is_first_visit(pinfo) || mstun_packet_class_of(tvb) != MSTUN_PACKET_STUN ||
        mstun_dialect_of_bytes(tvb_get_ptr(tvb, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN) {
        return stream;
    }
    return mstun_stream_merge(stream, pinfo, stun_type_class(tvb_get_ntohs(tvb, 0)) == STUN_REQUEST);
}

/* A header of RFC 3489 without attributes, where such messages have proved themselves before. */
static bool is_known(mstun_stream_t *stream, packet_info *pinfo, tvbuff_t *tvb)
{
    uint32_t captured = tvb_captured_length(tvb);

    return stream && mstun_stream_speaks_rfc3489(stream, pinfo, 0) &&
           mstun_rfc3489_fits(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb));
}

/* On a 5-tuple that is ours. */
static int dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_stream_t *stream = mstun_is_quoted(pinfo) ? NULL : mstun_stream_find(pinfo);

    if (mstun_packet_class_of(tvb) == MSTUN_PACKET_UNKNOWN && !is_known(stream, pinfo, tvb)) {
        return 0;
    }
    mstun_dissect_datagram(tvb, pinfo, tree, stream ? merge(stream, tvb, pinfo) : NULL);
    return (int)tvb_captured_length(tvb);
}

static void claim(packet_info *pinfo)
{
    if (!mstun_is_quoted(pinfo) && mstun_is_first_visit(pinfo) && !mstun_stream_find(pinfo)) {
        mstun_stream_claim(pinfo);
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, udp_handle);
    }
}

static ws_bool heur_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!is_ours(tvb)) {
        return FALSE;
    }
    claim(pinfo);
    return dissect_udp(tvb, pinfo, tree, data) > 0;
}

static int dissect_ours_or(dissector_handle_t owner, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (proto_is_protocol_enabled(our_heuristic->protocol) && is_ours(tvb)) {
        claim(pinfo);
        return call_dissector_only(udp_handle, tvb, pinfo, tree, data);
    }
    return owner ? call_dissector_only(owner, tvb, pinfo, tree, data) : 0;
}

static int dissect_wrapped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_ours_or(port_owner, tvb, pinfo, tree, data);
}

static int dissect_claimed_by_builtin(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_ours_or(builtin_handle, tvb, pinfo, tree, data);
}

/* In place of the built-in's heuristic, wherever it stands in the list. Where that takes the 5-tuple for good, the first
 * message that is ours still takes it back. */
static ws_bool wrap_stun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (mstun_heuristic_is_on(our_heuristic) && is_ours(tvb)) {
        return FALSE;
    }
    if (!stun_heuristic(tvb, pinfo, tree, data)) {
        return FALSE;
    }
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    if (mstun_heuristic_is_on(our_heuristic) && conversation &&
        conversation_get_dissector(conversation, pinfo->num) == builtin_handle) {
        conversation_set_dissector(conversation, reclaim_handle);
    }
    return TRUE;
}

static ws_bool wrap_classicstun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return !(mstun_heuristic_is_on(our_heuristic) && is_ours(tvb)) && classicstun_heuristic(tvb, pinfo, tree, data);
}

/* At every opening of a file, after all preferences: the built-in's may have added and deleted the port. */
static void wrap_port(void)
{
    dissector_handle_t owner = dissector_get_uint_handle(udp_ports, TURN_PORT);

    if (owner && owner != wrapper_handle && !dissector_is_uint_changed(udp_ports, TURN_PORT)) {
        port_owner = owner;
        dissector_add_uint("udp.port", TURN_PORT, wrapper_handle);
    }
}

void mstun_entry_udp_register(const mstun_registrar_t *reg)
{
    static const enum_val_t choices[] = {
        { "none", "Nothing", UDP_NONE },
        { "microsoft", "Microsoft's STUN and TURN", UDP_MICROSOFT },
        { "all", "All STUN and TURN", UDP_ALL },
        { NULL, NULL, -1 },
    };

    proto_mstun = reg->proto;
    udp_handle = register_dissector("mstun.udp", dissect_udp, reg->proto);
    proto_wrapper =
        proto_register_protocol_in_name_only("Microsoft STUN before UDP port 3478's owner", "MSTUN or STUN",
                                             "mstun.shared_udp", proto_get_id_by_filter_name("udp"), FT_PROTOCOL);
    wrapper_handle = create_dissector_handle(dissect_wrapped, proto_wrapper);
    reclaim_handle = create_dissector_handle(dissect_claimed_by_builtin, proto_wrapper);
    prefs_register_enum_preference(reg->prefs, "udp", "Decode on UDP",
                                   "What of STUN on UDP is decoded here; the rest stays with the built-in STUN",
                                   &pref_udp, choices, FALSE);
    register_init_routine(wrap_port);
}

void mstun_entry_udp_handoff(void)
{
    udp_ports = find_dissector_table("udp.port");
    builtin_handle = find_dissector("stun-udp");
    mstun_heuristic_wrap("stun_udp", wrap_stun_heuristic, &stun_heuristic);
    mstun_heuristic_wrap("classicstun_udp", wrap_classicstun_heuristic, &classicstun_heuristic);
    heur_dissector_add("udp", heur_udp, "Microsoft STUN and TURN over UDP", "mstun_udp", proto_mstun, HEURISTIC_ENABLE);
    our_heuristic = find_heur_dissector_by_unique_short_name("mstun_udp");
}
