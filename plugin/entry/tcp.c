/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection is claimed where its bytes prove it: by the heuristic on any free port, and by a wrapper before the owner
 * of any other port. Then the conversation has our dissector from that frame on, and neither ports nor heuristics are
 * last_probe again. What is not ours goes to the owner as if there were no wrapper: on port 3478 that is the built-in "stun",
 * so that switching mstun off gives its output back to the byte. */
#include "entry/tcp.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "base/heuristic.h"
#include "dissect/event.h"
#include "dissect/segment.h"
#include "base/heuristic.h"

#define TURN_PORT 3478
#define TCP_FIN 0x01
#define JOINED_LOOKED_AT 4096 /* bytes of each direction of a connection that the capture joins in the middle */

static int proto_mstun = -1;
static int proto_wrapper = -1;

static dissector_handle_t mstun_handle;
static dissector_handle_t wrapper_handle;
static dissector_table_t tcp_ports;

static const heur_dtbl_entry_t *our_heuristic; /* with the user's switch */
static heur_dissector_t stun_heuristic;        /* the built-ins' own */
static heur_dissector_t tls_heuristic;

/* What our heuristic was given last. As long as tvb is there, it has refused it, and the built-ins' behind it need not ask
 * again. In memory and no arguments: heur_tcp then need not keep in registers what it nearly never needs. */
typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    struct tcpinfo *tcp;
    uint32_t frame;
} probe_t;

static probe_t last_probe;

static range_t *shared_ports;   /* preference: on which owned ports we look first */
static wmem_map_t *port_owners; /* port -> dissector_handle_t of the ports that have the wrapper */

static mstun_segment_t segment_of(tvbuff_t *tvb, struct tcpinfo *tcp)
{
    uint32_t captured = tvb_captured_length(tvb);

    return (mstun_segment_t){ .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                              .captured = captured,
                              .reported = tvb_reported_length(tvb),
                              .seq = tcp ? tcp->seq : 0,
                              .tcp = tcp,
                              .has_seq = tcp != NULL };
}

static int dissect_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, struct tcpinfo *tcp,
                          mstun_stream_t *stream, const mstun_segment_t *segment, mstun_framing_t hint)
{
    mstun_dissect_segment(tvb, pinfo, tree, stream, segment, hint, tcp && tcp->flags & TCP_FIN);
    return (int)segment->captured;
}

/* Makes the connection ours from this frame on, and dissects what proved it. */
static int claim(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, struct tcpinfo *tcp,
                 const mstun_segment_t *segment, mstun_framing_t framing)
{
    if (mstun_is_quoted(pinfo)) {
        mstun_dissect_quoted(tvb, pinfo, tree, framing);
        return (int)segment->captured;
    }
    mstun_stream_t *stream = mstun_stream_find(pinfo);

    if (!stream) {
        if (!mstun_is_first_visit(pinfo)) {
            return 0;
        }
        stream = mstun_stream_claim(pinfo);
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, mstun_handle);
    }
    return dissect_stream(tvb, pinfo, tree, tcp, stream, segment, framing);
}

/* A connection's first segment on TURN's port may be shorter than a header: it is worth waiting for the rest. */
static bool may_become_stun(packet_info *pinfo, const mstun_segment_t *segment)
{
    return pinfo->can_desegment && segment->captured == segment->reported &&
           mstun_detect_prefix(segment->bytes, segment->captured) && mstun_stream_is_first(pinfo, segment);
}

/* A pseudo-TLS hello that comes in parts: until it is whole it might be a real one. */
static bool may_become_hello(packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_pseudo_tls_kind_t hello = mstun_pseudo_tls_hello(segment->bytes, segment->captured);

    return hello != MSTUN_HELLO_NONE && segment->captured < mstun_pseudo_tls_len(hello) && pinfo->can_desegment &&
           segment->captured == segment->reported && mstun_stream_begins(pinfo, segment);
}

static int wait_for_more(packet_info *pinfo, const mstun_segment_t *segment)
{
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
    return (int)segment->captured;
}

/* Where the capture may have joined the connection just before. */
static bool is_early(const struct tcpinfo *tcp)
{
    return tcp && tcp->seq - 1 < JOINED_LOOKED_AT;
}

/* In a connection that the capture joins in the middle, any message at the beginning of the capture tells. Whether it does
 * is last_probe last: that costs a look-up, and few segments get so far. */
static mstun_framing_t framing_where_joined(packet_info *pinfo, const mstun_segment_t *segment)
{
    if (!is_early(segment->tcp) || mstun_is_quoted(pinfo) || mstun_is_tls_record(segment->bytes, segment->captured)) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    mstun_framing_t framing = mstun_detect_inside(segment->bytes, segment->captured, segment->reported);

    if (framing != MSTUN_FRAMING_UNKNOWN && !mstun_stream_is_joined(pinfo)) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    return framing;
}

/* What a segment proves of a connection that is not ours yet. */
static mstun_framing_t framing_of(packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_framing_t framing =
        mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_HEADER);

    return framing != MSTUN_FRAMING_UNKNOWN ? framing : framing_where_joined(pinfo, segment);
}

/* The protocol's handle: for connections that are ours, for Decode As, and for what the wrapper has found. */
static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct tcpinfo *tcp = (struct tcpinfo *)data;
    mstun_segment_t segment = segment_of(tvb, tcp);
    mstun_stream_t *stream = mstun_is_quoted(pinfo) ? NULL : mstun_stream_find(pinfo);

    if (stream) {
        return dissect_stream(tvb, pinfo, tree, tcp, stream, &segment, MSTUN_FRAMING_UNKNOWN);
    }
    mstun_framing_t framing = framing_of(pinfo, &segment);

    if (framing != MSTUN_FRAMING_UNKNOWN) {
        return claim(tvb, pinfo, tree, tcp, &segment, framing);
    }
    if (may_become_stun(pinfo, &segment) || may_become_hello(pinfo, &segment)) {
        return wait_for_more(pinfo, &segment);
    }
    return 0;
}

/* Nearly all segments of other protocols come no further than this. */
static bool may_be_ours(const probe_t *ask)
{
    return tvb_captured_length(ask->tvb) < STUN_HEADER_LEN || mstun_detect_possible(tvb_get_ntoh64(ask->tvb, 0)) ||
           is_early(ask->tcp);
}

static G_GNUC_NO_INLINE bool probe_and_claim(void)
{
    probe_t now = last_probe;

    last_probe.tvb = NULL;

    mstun_segment_t segment = segment_of(now.tvb, now.tcp);
    mstun_framing_t framing = framing_of(now.pinfo, &segment);

    bool taken = framing != MSTUN_FRAMING_UNKNOWN
                     ? claim(now.tvb, now.pinfo, now.tree, now.tcp, &segment, framing) != 0
                     : may_become_hello(now.pinfo, &segment) && wait_for_more(now.pinfo, &segment) > 0;

    if (!taken) {
        last_probe = now;
    }
    return taken;
}

static ws_bool heur_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    last_probe = (probe_t){ tvb, pinfo, tree, (struct tcpinfo *)data, pinfo->num };
    return may_be_ours(&last_probe) && probe_and_claim();
}

static bool is_refused(const tvbuff_t *tvb, const packet_info *pinfo)
{
    return last_probe.tvb == tvb && last_probe.frame == pinfo->num;
}

static bool is_enabled(void)
{
    return proto_is_protocol_enabled(our_heuristic->protocol);
}

/* What heur_tcp takes, as far as its switch is on. */
static bool is_for_our_heuristic(tvbuff_t *tvb, packet_info *pinfo, struct tcpinfo *tcp)
{
    if (!mstun_heuristic_is_on(our_heuristic) || !may_be_ours(&(probe_t){ .tvb = tvb, .tcp = tcp })) {
        return false;
    }
    mstun_segment_t segment = segment_of(tvb, tcp);

    return mstun_detect(segment.bytes, segment.captured, segment.reported, MSTUN_CONFIDENCE_HEADER) !=
               MSTUN_FRAMING_UNKNOWN ||
           may_become_hello(pinfo, &segment);
}

static G_GNUC_NO_INLINE ws_bool ask_unless_ours(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                                                const heur_dissector_t *builtin)
{
    return !is_for_our_heuristic(tvb, pinfo, (struct tcpinfo *)data) && (*builtin)(tvb, pinfo, tree, data);
}

/* In place of the built-ins' heuristics: see heuristic.h. TLS takes pseudo-TLS hellos. */
static ws_bool wrap_tls_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return is_refused(tvb, pinfo) ? tls_heuristic(tvb, pinfo, tree, data)
                                  : ask_unless_ours(tvb, pinfo, tree, data, &tls_heuristic);
}

static ws_bool wrap_stun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return is_refused(tvb, pinfo) ? stun_heuristic(tvb, pinfo, tree, data)
                                  : ask_unless_ours(tvb, pinfo, tree, data, &stun_heuristic);
}

/* Before the owner of a port, whose dissector may take any bytes: at a direction's first byte a header is enough;
 * behind it, bytes that the owner may be in the middle of must be a message beyond doubt. */
static bool is_ours_on_owned_port(packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_framing_t framing =
        mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_HEADER);

    if (framing == MSTUN_FRAMING_UNKNOWN) {
        return framing_where_joined(pinfo, segment) != MSTUN_FRAMING_UNKNOWN || may_become_hello(pinfo, segment) ||
               (pinfo->match_uint == TURN_PORT && may_become_stun(pinfo, segment));
    }
    return mstun_stream_is_first(pinfo, segment) ||
           mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_FULL) == framing;
}

/*
 * The built-in "stun" takes whatever comes on TURN's port, and waits for as many bytes as it takes for a length: STUN
 * that follows in the connection would drown in that. It gets connections that begin otherwise than with STUN, as far
 * as the capture has their beginning; one that the capture joins in the middle is left alone until STUN proves itself.
 */
static bool is_left_to_builtin(packet_info *pinfo, const mstun_segment_t *segment)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    uint32_t since = GPOINTER_TO_UINT(conversation_get_proto_data(conversation, proto_wrapper));

    if (since) {
        return since <= pinfo->num;
    }
    bool begins_here = mstun_stream_begins(pinfo, segment);

    if (begins_here && mstun_is_first_visit(pinfo)) {
        conversation_add_proto_data(conversation, proto_wrapper, GUINT_TO_POINTER(pinfo->num));
    }
    return begins_here;
}

/* Being called through the wrapper must not cost a dissector its right to ask for more bytes. */
static int pass_on(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    pinfo->can_desegment = pinfo->saved_can_desegment;
    return call_dissector_only(handle, tvb, pinfo, tree, data);
}

static int dissect_wrapped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (is_enabled() &&
        (pinfo->match_uint == TURN_PORT || may_be_ours(&(probe_t){ .tvb = tvb, .tcp = (struct tcpinfo *)data }))) {
        mstun_segment_t segment = segment_of(tvb, (struct tcpinfo *)data);
        /* By our handle: mstun is a layer, the wrapper is none. */
        int used = is_ours_on_owned_port(pinfo, &segment) ? pass_on(mstun_handle, tvb, pinfo, tree, data) : 0;

        if (used > 0 || (pinfo->match_uint == TURN_PORT && !is_left_to_builtin(pinfo, &segment))) {
            return used;
        }
    }
    dissector_handle_t owner = (dissector_handle_t)wmem_map_lookup(port_owners, GUINT_TO_POINTER(pinfo->match_uint));

    return owner ? pass_on(owner, tvb, pinfo, tree, data) : 0;
}

static void collect_port(const gchar *table _U_, ftenum_t type _U_, gpointer key, gpointer value _U_, gpointer ports)
{
    g_array_append_val((GArray *)ports, key);
}

static void unwrap_port(gpointer key, gpointer owner, gpointer user _U_)
{
    uint32_t port = GPOINTER_TO_UINT(key);

    if (dissector_get_uint_handle(tcp_ports, port) == wrapper_handle) {
        dissector_add_uint("tcp.port", port, (dissector_handle_t)owner);
    }
}

static void wrap_port(uint32_t port)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, port);

    if (!owner || owner == mstun_handle || owner == wrapper_handle || !value_is_in_range(shared_ports, port) ||
        dissector_is_uint_changed(tcp_ports, port)) { /* the user's Decode As */
        return;
    }
    wmem_map_insert(port_owners, GUINT_TO_POINTER(port), (void *)owner);
    dissector_add_uint("tcp.port", port, wrapper_handle);
}

/* At every opening of a file, after all preferences: other protocols' preferences add and delete ports. */
static void wrap_ports(void)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(gpointer));

    wmem_map_foreach(port_owners, unwrap_port, NULL);
    dissector_table_foreach("tcp.port", collect_port, ports);
    for (guint i = 0; i < ports->len; i++) {
        wrap_port(GPOINTER_TO_UINT(g_array_index(ports, gpointer, i)));
    }
    g_array_free(ports, TRUE);
}

/* At every opening of a file: another one may have a segment of this number at this place in memory. */
static void forget_asked(void)
{
    last_probe.tvb = NULL;
}

void mstun_entry_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    mstun_handle = register_dissector("mstun", dissect_tcp, reg->proto);
    /* A protocol in name only: it adds no layer. Its parent is TCP, so that it cannot be switched off by itself. */
    proto_wrapper = proto_register_protocol_in_name_only("STUN before a port's owner", "MSTUN or owner", "mstun.shared",
                                                         proto_get_id_by_filter_name("tcp"), FT_PROTOCOL);
    wrapper_handle = create_dissector_handle(dissect_wrapped, proto_wrapper);
    port_owners = wmem_map_new(wmem_epan_scope(), g_direct_hash, g_direct_equal);

    range_convert_str(wmem_epan_scope(), &shared_ports, "1-65535", 65535);
    prefs_register_range_preference(reg->prefs, "shared_ports", "TCP ports shared with other protocols",
                                    "Ports with a dissector of their own on which connections are looked at first: one "
                                    "that carries STUN is decoded as such, any other goes to the port's dissector",
                                    &shared_ports, 65535);
    register_init_routine(wrap_ports);
    register_init_routine(forget_asked);
}

void mstun_entry_handoff(void)
{
    tcp_ports = find_dissector_table("tcp.port");
    dissector_add_uint_range_with_preference("tcp.port", "", mstun_handle);
    heur_dissector_add("tcp", heur_tcp, "STUN, TURN and Microsoft's dialects over TCP", "mstun_tcp", proto_mstun,
                       HEURISTIC_ENABLE);
    our_heuristic = find_heur_dissector_by_unique_short_name("mstun_tcp");
    mstun_heuristic_wrap("tls_tcp", wrap_tls_heuristic, &tls_heuristic);
    mstun_heuristic_wrap("stun_tcp", wrap_stun_heuristic, &stun_heuristic);
}
