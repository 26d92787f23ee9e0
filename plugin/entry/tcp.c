/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A connection is claimed where its bytes prove it: by the heuristic on any free port, and by a wrapper before the
 * owner of any other port. From that frame on our dissector is the conversation's, and neither ports nor heuristics are
 * asked. What is not ours goes to the owner as if there were no wrapper: on port 3478 that is the built-in "stun", so
 * disabling mstun gives exactly its output. */
#include "entry/tcp.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "base/heuristic.h"
#include "dissect/event.h"
#include "dissect/segment.h"
#include "entry/ports.h"
#include "entry/withheld.h"
#include "entry/wrapper.h"
#include "framing/prefilter.h"
#include "turn/allocation.h"

#define TURN_PORT 3478
#define JOINED_BYTES_MAX 4096 /* searched in each direction of a connection that the capture joins in the middle */

/* A segment of a connection that is not ours (yet), and the framing that it proves for that connection: by its first
 * bytes, which is segment.framing, or by a message anywhere in it. */
typedef struct {
    mstun_segment_t segment;
    mstun_framing_t framing;
} candidate_t;

/* A call of our heuristic. */
typedef struct {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    struct tcpinfo *tcp;
    uint32_t frame;
} probe_t;

/*
 * The last call of our heuristic; tvb is NULL if it took the segment. If it has refused one, the heuristics of "tls"
 * and "stun", which we wrap, are called without another prefilter: for each TCP segment that is not STUN, 57 of our own
 * instructions are executed and not 141 (callgrind, bench.py's "other TCP").
 *
 * This is safe because the pointers are followed during the call only; later, tvb and frame are compared and nothing
 * else. They are equal by chance only if another tvb of the same frame is freed, and in its place one allocated that
 * the others are asked about before our heuristic: then a built-in sees that one segment first, as it does without us.
 *
 * The arguments are passed in it, because heur_tcp would otherwise save four registers for each segment it refuses.
 */
static probe_t last_probe;

static dissector_handle_t mstun_handle;
static dissector_handle_t candidate_handle;
static dissector_handle_t wrapper_handle;
static dissector_table_t tcp_ports;
static int proto_mstun = -1;

static const heur_dtbl_entry_t *our_heuristic; /* with the user's switch */
static heur_dissector_t builtin_stun_heuristic;
static heur_dissector_t builtin_tls_heuristic;

static range_t *shared_ports;   /* preference: the owned ports that get the wrapper */
static wmem_map_t *port_owners; /* port -> dissector_handle_t, of the ports that have it */

/* Whether the segment is near the point where the capture may have joined the connection. */
static bool is_early(const struct tcpinfo *tcp)
{
    return tcp && tcp->seq - 1 < JOINED_BYTES_MAX;
}

/* A prefilter: nearly all segments of other protocols get no further. */
static bool may_be_ours(const probe_t *probe)
{
    return tvb_captured_length(probe->tvb) < STUN_HEADER_LEN || mstun_detect_possible(tvb_get_ntoh64(probe->tvb, 0)) ||
           is_early(probe->tcp);
}

static mstun_segment_t detect(tvbuff_t *tvb, struct tcpinfo *tcp)
{
    mstun_segment_t segment = mstun_segment_of(tvb, tcp);

    segment.detected = true;
    segment.framing = mstun_detect(segment.bytes, segment.captured, segment.reported, MSTUN_CONFIDENCE_HEADER);
    return segment;
}

/* In a connection that the capture joins in the middle, the first message anywhere in it proves the framing. Whether it
 * is such a connection is checked last because it needs a conversation lookup. */
static mstun_framing_t detect_where_joined(packet_info *pinfo, const mstun_segment_t *segment)
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

/* At the first bytes of a connection that allocations let expect, a possible beginning is evidence enough. On later
 * visits it is ours already. */
static mstun_framing_t expected_framing(packet_info *pinfo, const mstun_segment_t *segment)
{
    if (!mstun_allocations_exist() || !mstun_is_first_visit(pinfo) || mstun_is_quoted(pinfo) ||
        !mstun_stream_is_first(pinfo, segment)) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    mstun_expected_t expected = mstun_packet_expected(pinfo);

    if (expected == MSTUN_EXPECTED_NOTHING) {
        return MSTUN_FRAMING_UNKNOWN;
    }
    bool is_possible =
        mstun_detect_prefix(segment->bytes, segment->captured) ||
        (expected == MSTUN_EXPECTED_RELAY &&
         mstun_detect_relayed(segment->bytes, segment->captured, segment->reported, true) == MSTUN_FRAMING_RFC4571);

    return is_possible ? MSTUN_FRAMING_UNDETERMINED_RELAY : MSTUN_FRAMING_UNKNOWN;
}

static candidate_t candidate_of(tvbuff_t *tvb, packet_info *pinfo, struct tcpinfo *tcp)
{
    candidate_t candidate = { .segment = detect(tvb, tcp) };

    candidate.framing = candidate.segment.framing != MSTUN_FRAMING_UNKNOWN
                            ? candidate.segment.framing
                            : detect_where_joined(pinfo, &candidate.segment);
    if (candidate.framing == MSTUN_FRAMING_UNKNOWN) {
        candidate.framing = expected_framing(pinfo, &candidate.segment);
    }
    return candidate;
}

/* The first segment of a connection on TURN's port may be shorter than a header. */
static bool may_become_stun(packet_info *pinfo, const mstun_segment_t *segment)
{
    return pinfo->can_desegment && segment->captured == segment->reported &&
           mstun_detect_prefix(segment->bytes, segment->captured) && mstun_stream_is_first(pinfo, segment);
}

/* The same on any port, where the bytes are enough: the cookie is among them, or its first two bytes behind a frame's
 * length, or two lengths fit in MS-TURN. */
static bool may_become_ours(packet_info *pinfo, const mstun_segment_t *segment)
{
    return segment->captured >= STUN_ID_OFFSET + 4 && segment->captured < MS_TURN_HEADER_LEN + STUN_HEADER_LEN + 8 &&
           (may_become_stun(pinfo, segment) ||
            (mstun_may_become_ms_turn(segment->bytes, segment->captured) && pinfo->can_desegment &&
             segment->captured == segment->reported && mstun_stream_is_first(pinfo, segment)));
}

/* A pseudo-TLS hello in parts: until it is whole it may be a real one. */
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

static int claim_with_ports_of_tcp(const candidate_t *candidate, packet_info *pinfo, proto_tree *tree)
{
    const mstun_segment_t *segment = &candidate->segment;
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (mstun_is_quoted(pinfo)) {
        mstun_dissect_quoted(segment, pinfo, tree, candidate->framing);
        return (int)segment->captured;
    }
    if (!stream && !mstun_is_first_visit(pinfo)) {
        return 0;
    }
    if (!stream) {
        stream = mstun_stream_claim(pinfo);
        mstun_withheld_watch(pinfo);
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, mstun_handle);
    }
    mstun_dissect_segment(segment, pinfo, tree, stream, candidate->framing);
    return (int)segment->captured;
}

/* Makes the connection ours from this frame on, and dissects the segment that proved it. */
static int claim(const candidate_t *candidate, packet_info *pinfo, proto_tree *tree)
{
    mstun_ports_t ports = mstun_entry_ports(pinfo);
    int used = claim_with_ports_of_tcp(candidate, pinfo, tree);

    mstun_ports_set(pinfo, &ports);
    return used;
}

/* A segment that comes to our handle or the wrapper, which on TURN's port is worth waiting for. */
static int claim_or_wait(const candidate_t *candidate, packet_info *pinfo, proto_tree *tree)
{
    const mstun_segment_t *segment = &candidate->segment;

    if (candidate->framing != MSTUN_FRAMING_UNKNOWN) {
        return claim(candidate, pinfo, tree);
    }
    return may_become_stun(pinfo, segment) || may_become_ours(pinfo, segment) || may_become_hello(pinfo, segment)
               ? wait_for_more(pinfo, segment)
               : 0;
}

/* The protocol's handle: of connections that are ours, and for Decode As. */
static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct tcpinfo *tcp = (struct tcpinfo *)data;
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (!stream) {
        candidate_t candidate = candidate_of(tvb, pinfo, tcp);

        return claim_or_wait(&candidate, pinfo, tree);
    }
    mstun_segment_t segment = mstun_segment_of(tvb, tcp);

    mstun_dissect_segment(&segment, pinfo, tree, stream, MSTUN_FRAMING_UNKNOWN);
    return (int)segment.captured;
}

/* Returns whether the segment of last_probe is ours. */
static G_GNUC_NO_INLINE bool probe_and_claim(void)
{
    probe_t probe = last_probe;

    last_probe.tvb = NULL;

    candidate_t candidate = candidate_of(probe.tvb, probe.pinfo, probe.tcp);
    bool taken = candidate.framing != MSTUN_FRAMING_UNKNOWN ? claim(&candidate, probe.pinfo, probe.tree) != 0
                                                            : (may_become_hello(probe.pinfo, &candidate.segment) ||
                                                               may_become_ours(probe.pinfo, &candidate.segment)) &&
                                                                  wait_for_more(probe.pinfo, &candidate.segment) > 0;

    if (!taken) {
        last_probe = probe;
    }
    return taken;
}

static ws_bool heur_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    last_probe = (probe_t){ tvb, pinfo, tree, (struct tcpinfo *)data, pinfo->num };
    return may_be_ours(&last_probe) && probe_and_claim();
}

/* Whether our heuristic will take the segment, if it is enabled. */
static bool is_for_our_heuristic(tvbuff_t *tvb, packet_info *pinfo, struct tcpinfo *tcp)
{
    if (!mstun_heuristic_is_on(our_heuristic) || !may_be_ours(&(probe_t){ .tvb = tvb, .tcp = tcp })) {
        return false;
    }
    mstun_segment_t segment = detect(tvb, tcp);

    return segment.framing != MSTUN_FRAMING_UNKNOWN || may_become_hello(pinfo, &segment) ||
           may_become_ours(pinfo, &segment);
}

static G_GNUC_NO_INLINE ws_bool call_unless_ours(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                                                 const heur_dissector_t *builtin)
{
    return !is_for_our_heuristic(tvb, pinfo, (struct tcpinfo *)data) && (*builtin)(tvb, pinfo, tree, data);
}

static bool was_refused(const tvbuff_t *tvb, const packet_info *pinfo)
{
    return last_probe.tvb == tvb && last_probe.frame == pinfo->num;
}

/* TLS's heuristic would take pseudo-TLS hellos. */
static ws_bool wrap_tls_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return was_refused(tvb, pinfo) ? builtin_tls_heuristic(tvb, pinfo, tree, data)
                                   : call_unless_ours(tvb, pinfo, tree, data, &builtin_tls_heuristic);
}

static ws_bool wrap_stun_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return was_refused(tvb, pinfo) ? builtin_stun_heuristic(tvb, pinfo, tree, data)
                                   : call_unless_ours(tvb, pinfo, tree, data, &builtin_stun_heuristic);
}

/* At a direction's first byte a message's header is enough evidence; later the owner may be in the middle of its own
 * bytes, which only a whole message outweighs. */
static bool is_ours_on_owned_port(packet_info *pinfo, const candidate_t *candidate)
{
    const mstun_segment_t *segment = &candidate->segment;

    if (segment->framing == MSTUN_FRAMING_UNKNOWN) {
        return candidate->framing != MSTUN_FRAMING_UNKNOWN || may_become_hello(pinfo, segment) ||
               may_become_ours(pinfo, segment) || (pinfo->match_uint == TURN_PORT && may_become_stun(pinfo, segment));
    }
    return mstun_stream_is_first(pinfo, segment) || mstun_detect(segment->bytes, segment->captured, segment->reported,
                                                                 MSTUN_CONFIDENCE_FULL) == segment->framing;
}

/* By a handle of our protocol, so that mstun is a layer. data: the candidate_t. */
static int dissect_candidate(tvbuff_t *tvb _U_, packet_info *pinfo, proto_tree *tree, void *data)
{
    const candidate_t *candidate = (const candidate_t *)data;
    mstun_stream_t *stream = mstun_tracked_stream(pinfo);

    if (!stream) {
        return claim_or_wait(candidate, pinfo, tree);
    }
    mstun_dissect_segment(&candidate->segment, pinfo, tree, stream, MSTUN_FRAMING_UNKNOWN);
    return (int)candidate->segment.captured;
}

/*
 * The built-in "stun" takes whatever comes on TURN's port, and waits for as many bytes as it takes for a length: STUN
 * that follows in the connection would be lost in that. It gets connections that begin with something else than STUN,
 * if the capture has their beginning; one that the capture joins in the middle is left alone until it carries STUN.
 */
static bool is_left_to_builtin(packet_info *pinfo, const mstun_segment_t *segment)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    uint32_t since = GPOINTER_TO_UINT(conversation_get_proto_data(conversation, mstun_wrapper_proto()));

    if (since) {
        return since <= pinfo->num;
    }
    bool begins_here = mstun_stream_begins(pinfo, segment);

    if (begins_here && mstun_is_first_visit(pinfo)) {
        conversation_add_proto_data(conversation, mstun_wrapper_proto(), GUINT_TO_POINTER(pinfo->num));
    }
    return begins_here;
}

/* ChannelData proves little by itself, but where it fills a segment on TURN's port, in a connection that the capture
 * joins in the middle, it is enough evidence: the built-in shows it, too. */
static bool is_joined_at_channel_data(packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_unit_t unit;

    return segment->framing == MSTUN_FRAMING_UNKNOWN && pinfo->match_uint == TURN_PORT &&
           mstun_unit_at(MSTUN_FRAMING_STUN, segment->bytes, segment->captured, &unit) == MSTUN_UNIT_FOUND &&
           unit.kind == MSTUN_UNIT_CHANNEL_DATA && mstun_unit_len(&unit) == segment->reported &&
           mstun_stream_is_joined(pinfo);
}

static int dissect_wrapped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct tcpinfo *tcp = (struct tcpinfo *)data;

    if (proto_is_protocol_enabled(our_heuristic->protocol) &&
        (pinfo->match_uint == TURN_PORT || may_be_ours(&(probe_t){ .tvb = tvb, .tcp = tcp }))) {
        candidate_t candidate = candidate_of(tvb, pinfo, tcp);

        if (pinfo->match_uint == TURN_PORT) { /* the first message may come late */
            mstun_withheld_watch(pinfo);
        }
        if (is_joined_at_channel_data(pinfo, &candidate.segment)) {
            candidate.framing = MSTUN_FRAMING_STUN;
        }
        int used = is_ours_on_owned_port(pinfo, &candidate)
                       ? mstun_wrapper_call(candidate_handle, tvb, pinfo, tree, &candidate)
                       : 0;

        if (used > 0 || (pinfo->match_uint == TURN_PORT && !is_left_to_builtin(pinfo, &candidate.segment))) {
            return used;
        }
    }
    dissector_handle_t owner = (dissector_handle_t)wmem_map_lookup(port_owners, GUINT_TO_POINTER(pinfo->match_uint));

    return owner ? mstun_wrapper_call(owner, tvb, pinfo, tree, data) : 0;
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

/* At every opening of a file: it may have a segment with the same frame number at the same address. */
static void forget_last_probe(void)
{
    last_probe.tvb = NULL;
}

void mstun_entry_tcp_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    mstun_handle = register_dissector("mstun", dissect_tcp, reg->proto);
    candidate_handle = create_dissector_handle(dissect_candidate, reg->proto);
    wrapper_handle = create_dissector_handle(dissect_wrapped, mstun_wrapper_proto());
    port_owners = wmem_map_new(wmem_epan_scope(), g_direct_hash, g_direct_equal);

    range_convert_str(wmem_epan_scope(), &shared_ports, "1-65535", 65535);
    prefs_register_range_preference(reg->prefs, "shared_ports", "TCP ports shared with other protocols",
                                    "On these ports, mstun looks at a TCP connection before the dissector that "
                                    "Wireshark has for the port. A connection that carries STUN is decoded as STUN; "
                                    "any other is left to that dissector",
                                    &shared_ports, 65535);
    register_init_routine(wrap_ports);
    register_init_routine(forget_last_probe);
}

void mstun_entry_tcp_handoff(void)
{
    tcp_ports = find_dissector_table("tcp.port");
    dissector_add_uint_range_with_preference("tcp.port", "", mstun_handle);
    heur_dissector_add("tcp", heur_tcp, "STUN, TURN and Microsoft's dialects over TCP", "mstun_tcp", proto_mstun,
                       HEURISTIC_ENABLE);
    our_heuristic = find_heur_dissector_by_unique_short_name("mstun_tcp");
    mstun_heuristic_wrap("tls_tcp", wrap_tls_heuristic, &builtin_tls_heuristic);
    mstun_heuristic_wrap("stun_tcp", wrap_stun_heuristic, &builtin_stun_heuristic);
}
