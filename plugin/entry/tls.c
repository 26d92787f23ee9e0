/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inside TLS (RFC 8489 section 6.2.3) there is the same stream as on TCP, without sequence numbers; inside DTLS (RFC 7350)
 * there are datagrams. Both are known by their bytes, or by the application protocol that the ends agreed upon. The data
 * argument of TLS's dissectors differs between versions of Wireshark and is not used. */
#include "entry/tls.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tls-utils.h>

#include "dissect/event.h"
#include "dissect/segment.h"
#include "framing/packet_tvb.h"

/* An application protocol of RFC 7443. */
typedef struct {
    const char *carrier;
    const char *id;
    const char *title; /* TLS prints it: the built-in owner's, whose output must not change when mstun is off */
    const char *filter;
    const dissector_handle_t *ours;
    dissector_handle_t owner; /* before us */
    dissector_handle_t handle;
} alpn_t;

static int proto_mstun = -1;

static dissector_handle_t tls_handle;
static dissector_handle_t in_tls_handle;
static dissector_handle_t in_dtls_handle;

static int dissect_in_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    uint32_t captured = tvb_captured_length(tvb);
    mstun_segment_t segment = { .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                                .captured = captured,
                                .reported = tvb_reported_length(tvb) };
    mstun_stream_t *stream = mstun_stream_find(pinfo);
    mstun_framing_t framing = MSTUN_FRAMING_UNKNOWN;

    if (!stream) {
        framing = mstun_detect(segment.bytes, segment.captured, segment.reported, MSTUN_CONFIDENCE_HEADER);
        if (framing == MSTUN_FRAMING_UNKNOWN || !mstun_is_first_visit(pinfo)) {
            return 0;
        }
        stream = mstun_stream_claim(pinfo);
    }
    mstun_dissect_segment(tvb, pinfo, tree, stream, &segment, framing, false);
    return (int)captured;
}

static ws_bool heur_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint32_t captured = tvb_captured_length(tvb);

    if (mstun_detect(tvb_get_ptr(tvb, 0, (int)captured), captured, tvb_reported_length(tvb), MSTUN_CONFIDENCE_HEADER) ==
        MSTUN_FRAMING_UNKNOWN) {
        return FALSE;
    }
    tls_set_appdata_dissector(tls_handle, pinfo, in_tls_handle);
    return dissect_in_tls(tvb, pinfo, tree, data) > 0;
}

/* A whole message, or behind the first one whatever a datagram may hold. */
static int dissect_in_dtls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    mstun_packet_t class = mstun_packet_class_of(tvb);
    mstun_stream_t *stream = mstun_stream_find(pinfo);

    if (class == MSTUN_PACKET_UNKNOWN || (!stream && (class != MSTUN_PACKET_STUN || !mstun_is_first_visit(pinfo)))) {
        return 0;
    }
    mstun_dissect_datagram(tvb, pinfo, tree, stream ? stream : mstun_stream_claim(pinfo));
    return (int)tvb_captured_length(tvb);
}

static ws_bool heur_dtls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_in_dtls(tvb, pinfo, tree, data) > 0;
}

/* What is not ours goes to the name's owner. */
static int dissect_alpn(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, void *row)
{
    const alpn_t *alpn = (const alpn_t *)row;

    /* Being called through us must cost neither its right to ask for more bytes. */
    pinfo->can_desegment = pinfo->saved_can_desegment;
    int used = call_dissector_only(*alpn->ours, tvb, pinfo, tree, data);

    if (used > 0 || !alpn->owner) {
        return used;
    }
    pinfo->can_desegment = pinfo->saved_can_desegment;
    return call_dissector_only(alpn->owner, tvb, pinfo, tree, data);
}

#define TURN_TITLE "TURN Channel"
#define STUN_TITLE "Session Traversal Utilities for NAT"

/* clang-format off */
static alpn_t alpns[] = {
    { "tls",  "stun.turn",          TURN_TITLE, "mstun.shared_alpn",          &in_tls_handle,  NULL, NULL },
    { "tls",  "stun.nat-discovery", STUN_TITLE, "mstun.shared_alpn_nat",      &in_tls_handle,  NULL, NULL },
    { "dtls", "stun.turn",          TURN_TITLE, "mstun.shared_alpn_dtls",     &in_dtls_handle, NULL, NULL },
    { "dtls", "stun.nat-discovery", STUN_TITLE, "mstun.shared_alpn_dtls_nat", &in_dtls_handle, NULL, NULL },
};
/* clang-format on */

void mstun_entry_tls_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    in_tls_handle = register_dissector("mstun.tls", dissect_in_tls, reg->proto);
    in_dtls_handle = register_dissector("mstun.dtls", dissect_in_dtls, reg->proto);
    for (size_t i = 0; i < array_length(alpns); i++) {
        /* A protocol in name only: it adds no layer. */
        int proto = proto_register_protocol_in_name_only(alpns[i].title, "MSTUN or ALPN owner", alpns[i].filter,
                                                         proto_get_id_by_filter_name(alpns[i].carrier), FT_PROTOCOL);

        alpns[i].handle = register_dissector_with_data(alpns[i].filter, dissect_alpn, proto, &alpns[i]);
    }
}

static void wrap_alpn(alpn_t *alpn)
{
    const char *table = strcmp(alpn->carrier, "tls") == 0 ? "tls.alpn" : "dtls.alpn";

    alpn->owner = dissector_get_string_handle(find_dissector_table(table), alpn->id);
    dissector_add_string(table, alpn->id, alpn->handle);
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
