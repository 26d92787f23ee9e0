/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inside TLS (RFC 8489 section 6.2.3) there is the same stream as on TCP, without sequence numbers; inside DTLS (RFC
 * 7350) there are datagrams. Both are recognized by their bytes, or by the application protocol (ALPN) that the two
 * ends agreed upon. The data argument of TLS's sub-dissectors differs between versions of Wireshark and is not used. */
#include "entry/tls.h"

#include <epan/dissectors/packet-tls-utils.h>

#include "dissect/event.h"
#include "dissect/segment.h"
#include "entry/ports.h"
#include "entry/wrapper.h"
#include "framing/packet_tvb.h"

static int proto_mstun = -1;

static dissector_handle_t tls_handle;
static dissector_handle_t in_tls_handle;
static dissector_handle_t in_dtls_handle;

static void detect(mstun_segment_t *segment)
{
    segment->detected = true;
    segment->framing = mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_HEADER);
}

/* A segment that is not ours yet: claims the connection if the segment has proved a framing. */
static int claim(const mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree)
{
    if (segment->framing == MSTUN_FRAMING_UNKNOWN) {
        return 0;
    }
    if (mstun_is_quoted(pinfo)) {
        mstun_dissect_quoted(segment, pinfo, tree, segment->framing);
        return (int)segment->captured;
    }
    if (!mstun_is_first_visit(pinfo)) {
        return 0;
    }
    mstun_dissect_segment(segment, pinfo, tree, mstun_stream_claim(pinfo), MSTUN_FRAMING_UNKNOWN);
    return (int)segment->captured;
}

static int dissect_with_ports_of_tcp(mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree)
{
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (!stream) {
        if (!segment->detected) {
            detect(segment);
        }
        return claim(segment, pinfo, tree);
    }
    mstun_dissect_segment(segment, pinfo, tree, stream, MSTUN_FRAMING_UNKNOWN);
    return (int)segment->captured;
}

/* Of a connection that is ours, or becomes ours here. */
static int dissect_segment(mstun_segment_t *segment, packet_info *pinfo, proto_tree *tree)
{
    mstun_ports_t ports = mstun_entry_ports(pinfo);
    int used = dissect_with_ports_of_tcp(segment, pinfo, tree);

    mstun_ports_set(pinfo, &ports);
    return used;
}

static int dissect_in_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_segment_t segment = mstun_segment_of(tvb, NULL);

    return dissect_segment(&segment, pinfo, tree);
}

static ws_bool heur_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_segment_t segment = mstun_segment_of(tvb, NULL);

    detect(&segment);
    if (segment.framing == MSTUN_FRAMING_UNKNOWN) {
        return FALSE;
    }
    tls_set_appdata_dissector(tls_handle, pinfo, in_tls_handle);
    return dissect_segment(&segment, pinfo, tree) > 0;
}

/* The datagram that makes a connection ours is a message; later ones may be any packet. */
static int dissect_in_dtls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_packet_t class = mstun_packet_class_of(tvb);
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (class == MSTUN_PACKET_UNKNOWN || (!stream && class != MSTUN_PACKET_STUN)) {
        return 0;
    }
    if (!stream && !mstun_is_quoted(pinfo)) {
        if (!mstun_is_first_visit(pinfo)) {
            return 0;
        }
        stream = mstun_stream_claim(pinfo);
    }
    mstun_dissect_datagram(tvb, pinfo, tree, stream, class);
    return (int)tvb_captured_length(tvb);
}

static ws_bool heur_dtls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_in_dtls(tvb, pinfo, tree, data) > 0;
}

/* A name of RFC 7443 in one of Wireshark's tables, which has one dissector for each. */
typedef struct {
    const char *table;
    const char *name;
    const char *dissector; /* a unique name for handle */
    const dissector_handle_t *ours;
    int *proto;
    dissector_handle_t owner; /* before us; NULL: none */
    dissector_handle_t handle;
} alpn_t;

static int proto_turn_alpn = -1;
static int proto_stun_alpn = -1;

/* clang-format off */
static alpn_t alpns[] = {
    { "tls.alpn",  "stun.turn",          "mstun.shared_alpn",          &in_tls_handle,  &proto_turn_alpn, NULL, NULL },
    { "tls.alpn",  "stun.nat-discovery", "mstun.shared_alpn_nat",      &in_tls_handle,  &proto_stun_alpn, NULL, NULL },
    { "dtls.alpn", "stun.turn",          "mstun.shared_alpn_dtls",     &in_dtls_handle, &proto_turn_alpn, NULL, NULL },
    { "dtls.alpn", "stun.nat-discovery", "mstun.shared_alpn_dtls_nat", &in_dtls_handle, &proto_stun_alpn, NULL, NULL },
};
/* clang-format on */

/* What is not ours goes to the name's owner. */
static int dissect_alpn(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, void *row)
{
    const alpn_t *alpn = (const alpn_t *)row;
    int used = mstun_wrapper_call(*alpn->ours, tvb, pinfo, tree, data);

    return used > 0 || !alpn->owner ? used : mstun_wrapper_call(alpn->owner, tvb, pinfo, tree, data);
}

void mstun_entry_tls_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    in_tls_handle = register_dissector("mstun.tls", dissect_in_tls, reg->proto);
    in_dtls_handle = register_dissector("mstun.dtls", dissect_in_dtls, reg->proto);

    /* TLS and DTLS print the titles: those of the built-in owners, since their output must not change where mstun is
     * disabled. */
    proto_turn_alpn = mstun_wrapper_register_proto("TURN Channel", "MSTUN or ALPN owner", "mstun.shared_alpn");
    proto_stun_alpn = mstun_wrapper_register_proto("Session Traversal Utilities for NAT", "MSTUN or ALPN owner",
                                                   "mstun.shared_alpn_nat");
    for (size_t i = 0; i < array_length(alpns); i++) {
        alpns[i].handle = register_dissector_with_data(alpns[i].dissector, dissect_alpn, *alpns[i].proto, &alpns[i]);
    }
}

static void wrap_alpn(alpn_t *alpn)
{
    alpn->owner = dissector_get_string_handle(find_dissector_table(alpn->table), alpn->name);
    dissector_add_string(alpn->table, alpn->name, alpn->handle);
}

void mstun_entry_tls_handoff(void)
{
    tls_handle = find_dissector("tls");
    for (size_t i = 0; i < array_length(alpns); i++) {
        wrap_alpn(&alpns[i]);
    }
    heur_dissector_add("tls", heur_tls, "STUN, TURN and Microsoft's dialects over TLS", "mstun_tls", proto_mstun,
                       HEURISTIC_ENABLE);
    heur_dissector_add("dtls", heur_dtls, "STUN and TURN over DTLS", "mstun_dtls", proto_mstun, HEURISTIC_ENABLE);
}
