/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A 5-tuple is claimed by the first datagram on it that is ours, and stays so: media on it goes to RTP, RTCP or DTLS,
 * and anything else is rejected. */
#include "entry/udp.h"

#include <epan/conversation.h>

#include "base/heuristic.h"
#include "dissect/event.h"
#include "dissect/segment.h"
#include "entry/wrapper.h"
#include "framing/packet_tvb.h"
#include "framing/rfc3489.h"
#include "message/message.h"
#include "turn/legs.h"

#define TURN_PORT 3478

enum {
    UDP_NONE,
    UDP_MICROSOFT,
    UDP_ALL,
};

static int proto_mstun = -1;

static dissector_handle_t udp_handle;
static dissector_handle_t claimed_handle; /* of the datagram that claims a 5-tuple */
static dissector_handle_t wrapper_handle;
static dissector_handle_t port_owner;     /* of TURN_PORT, before the wrapper */
static dissector_handle_t reclaim_handle; /* of 5-tuples that the built-in has claimed */
static dissector_handle_t builtin_handle; /* what it has claimed them with */
static dissector_table_t udp_ports;

static const heur_dtbl_entry_t *our_heuristic; /* with the user's switch */
static heur_dissector_t builtin_stun_heuristic;
static heur_dissector_t builtin_classicstun_heuristic;

static int pref_udp = UDP_MICROSOFT;

/* Only a message that fills its datagram is ours, and of these what the preference says. */
static bool is_our_message(tvbuff_t *datagram)
{
    mstun_facts_t facts;

    return mstun_message_parse(datagram, MSTUN_DIALECT_UNKNOWN, &facts) &&
           STUN_HEADER_LEN + (uint32_t)facts.length == tvb_reported_length(datagram) &&
           (pref_udp == UDP_ALL || facts.dialect == MSTUN_DIALECT_MS_TURN || facts.dialect == MSTUN_DIALECT_MS_ICE2);
}

/* First visit: STUN that is left to the built-in may be on the other leg of a relay on TCP, which is ours. */
static void note_others_stun(tvbuff_t *datagram, const packet_info *pinfo)
{
    if (mstun_is_first_visit(pinfo) && mstun_packet_uses_relayed_address(pinfo) &&
        mstun_packet_class_of(datagram) == MSTUN_PACKET_STUN && tvb_captured_length(datagram) >= STUN_HEADER_LEN) {
        mstun_legs_note(pinfo, tvb_get_ptr(datagram, 0, STUN_HEADER_LEN));
    }
}

/* The evidence for multiplexed TURN is a channel number and an exact length: what it carries must be known as well. */
static bool is_multiplexed(tvbuff_t *datagram)
{
    return tvb_captured_length(datagram) > MS_MULTIPLEXED_HEADER_LEN &&
           mstun_packet_class_of(tvb_new_subset_remaining(datagram, MS_MULTIPLEXED_HEADER_LEN)) != MSTUN_PACKET_UNKNOWN;
}

/* Whether a datagram claims its 5-tuple. Fills class, if so. */
static bool is_ours(tvbuff_t *datagram, mstun_packet_t *class)
{
    if (pref_udp == UDP_NONE) {
        return false;
    }
    *class = mstun_packet_class_of(datagram);
    return (*class == MSTUN_PACKET_STUN && is_our_message(datagram)) ||
           (*class == MSTUN_PACKET_MULTIPLEXED && is_multiplexed(datagram));
}

/* First visit: a message of MS-TURN belongs to the stream of those that its client exchanges with the server's other
 * addresses. */
static mstun_stream_t *merge(mstun_stream_t *stream, tvbuff_t *message, packet_info *pinfo)
{
    uint32_t captured = tvb_captured_length(message);

    if (mstun_dialect_of_bytes(tvb_get_ptr(message, 0, (int)captured), captured) != MSTUN_DIALECT_MS_TURN) {
        return stream;
    }
    return mstun_stream_merge(stream, pinfo, stun_type_class(tvb_get_ntohs(message, 0)) == STUN_REQUEST);
}

/* A message of RFC 3489 that has no attributes, where others were seen before. */
static bool is_rfc3489_header(mstun_stream_t *stream, packet_info *pinfo, tvbuff_t *datagram)
{
    uint32_t captured = tvb_captured_length(datagram);

    return stream && mstun_stream_speaks_rfc3489(stream, pinfo, 0) &&
           mstun_rfc3489_fits(tvb_get_ptr(datagram, 0, (int)captured), captured, tvb_reported_length(datagram));
}

static int dissect_datagram(tvbuff_t *datagram, packet_info *pinfo, proto_tree *tree, mstun_packet_t class)
{
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (class == MSTUN_PACKET_UNKNOWN && !is_rfc3489_header(stream, pinfo, datagram)) {
        return 0;
    }
    if (stream && class == MSTUN_PACKET_STUN && mstun_is_first_visit(pinfo)) {
        stream = merge(stream, datagram, pinfo);
    }
    mstun_dissect_datagram(datagram, pinfo, tree, stream, class);
    return (int)tvb_captured_length(datagram);
}

/* The handle of 5-tuples that are ours. */
static int dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_datagram(tvb, pinfo, tree, mstun_packet_class_of(tvb));
}

/* The same for a wrapper, which has classified the datagram. data: the mstun_packet_t. */
static int dissect_claimed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_datagram(tvb, pinfo, tree, *(const mstun_packet_t *)data);
}

static void claim(packet_info *pinfo)
{
    if (!mstun_is_quoted(pinfo) && mstun_is_first_visit(pinfo) && !mstun_stream_find(pinfo)) {
        mstun_stream_claim(pinfo);
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, udp_handle);
    }
}

static ws_bool heur_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_packet_t class;

    if (!is_ours(tvb, &class)) {
        return FALSE;
    }
    claim(pinfo);
    return dissect_datagram(tvb, pinfo, tree, class) > 0;
}

static int dissect_ours_or(dissector_handle_t owner, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    mstun_packet_t class;

    if (proto_is_protocol_enabled(our_heuristic->protocol) && is_ours(tvb, &class)) {
        claim(pinfo);
        return call_dissector_only(claimed_handle, tvb, pinfo, tree, &class); /* mstun is a layer, the wrapper is not */
    }
    note_others_stun(tvb, pinfo);
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

static bool is_for_our_heuristic(tvbuff_t *tvb)
{
    mstun_packet_t class;

    return mstun_heuristic_is_on(our_heuristic) && is_ours(tvb, &class);
}

/* Where the built-in claims a 5-tuple for good, the first message that is ours still takes it back. */
static ws_bool wrap_stun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (is_for_our_heuristic(tvb) || !builtin_stun_heuristic(tvb, pinfo, tree, data)) {
        return FALSE;
    }
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    note_others_stun(tvb, pinfo);
    if (mstun_heuristic_is_on(our_heuristic) && conversation &&
        conversation_get_dissector(conversation, pinfo->num) == builtin_handle) {
        conversation_set_dissector(conversation, reclaim_handle);
    }
    return TRUE;
}

static ws_bool wrap_classicstun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return !is_for_our_heuristic(tvb) && builtin_classicstun_heuristic(tvb, pinfo, tree, data);
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
    claimed_handle = create_dissector_handle(dissect_claimed, reg->proto);
    wrapper_handle = create_dissector_handle(dissect_wrapped, mstun_wrapper_proto());
    reclaim_handle = create_dissector_handle(dissect_claimed_by_builtin, mstun_wrapper_proto());
    prefs_register_enum_preference(reg->prefs, "udp", "Decode on UDP",
                                   "Which STUN on UDP is decoded by mstun; the rest is left to Wireshark's own STUN "
                                   "dissector",
                                   &pref_udp, choices, FALSE);
    register_init_routine(wrap_port);
}

void mstun_entry_udp_handoff(void)
{
    udp_ports = find_dissector_table("udp.port");
    builtin_handle = find_dissector("stun-udp");
    mstun_heuristic_wrap("stun_udp", wrap_stun_heuristic, &builtin_stun_heuristic);
    if (find_heur_dissector_by_unique_short_name("classicstun_udp")) { /* later versions may have it in "stun" */
        mstun_heuristic_wrap("classicstun_udp", wrap_classicstun_heuristic, &builtin_classicstun_heuristic);
    }
    heur_dissector_add("udp", heur_udp, "Microsoft STUN and TURN over UDP", "mstun_udp", proto_mstun, HEURISTIC_ENABLE);
    our_heuristic = find_heur_dissector_by_unique_short_name("mstun_udp");
}
