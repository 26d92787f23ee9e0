/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/allocation_tree.h"

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/turn_state.h"
#include "diagnose/turn_experts.h"

static int hf_control_stream = -1;
static int hf_data_stream = -1;
static int hf_peer = -1;
static int hf_relay = -1;
static int hf_client = -1;
static int hf_announced_in = -1;
static int hf_bound_in = -1;
static int hf_bind_delay = -1;
static int hf_connection_id = -1; /* attr/turn.c's: the value is the same, only not in this message */
static int hf_relayed_for = -1;
static int hf_expected = -1;
static int hf_user = -1;
static int hf_bytes_from_client = -1;
static int hf_bytes_from_peer = -1;
static int hf_segments_from_client = -1;
static int hf_segments_from_peer = -1;
static int hf_closed_by = -1;

static void add_frame(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame, const packet_info *pinfo)
{
    if (frame && frame != pinfo->num) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
    }
}

static void add_endpoint(proto_tree *tree, int hf, tvbuff_t *tvb, packet_info *pinfo, const mstun_endpoint_t *endpoint)
{
    if (endpoint->family) {
        proto_item_set_generated(
            proto_tree_add_string(tree, hf, tvb, 0, 0, mstun_endpoint_text(pinfo->pool, endpoint)));
    }
}

void mstun_peer_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_endpoint_t *peer)
{
    add_endpoint(tree, hf_peer, tvb, pinfo, peer);
}

static void add_stream(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t stream)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, stream));
}

/* Announcement and bind happen once, but a later frame is known only on a later visit. */
static bool is_known(uint32_t frame, const packet_info *pinfo)
{
    return frame && (frame <= pinfo->num || PINFO_FD_VISITED(pinfo));
}

static void add_bind(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mstun_peer_connection_t *connection)
{
    nstime_t delay;

    add_frame(tree, hf_announced_in, tvb, connection->announced_frame, pinfo);
    if (!is_known(connection->bound_frame, pinfo)) {
        return;
    }
    add_frame(tree, hf_bound_in, tvb, connection->bound_frame, pinfo);
    nstime_delta(&delay, &connection->bound, &connection->announced);
    proto_item_set_generated(proto_tree_add_time(tree, hf_bind_delay, tvb, 0, 0, &delay));
}

/* Behind an announcement: for a reader who does not know RFC 6062 by heart. */
static void add_expected(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mstun_peer_connection_t *connection)
{
    const char *outcome = "";

    if (is_known(connection->bound_frame, pinfo)) {
        outcome = wmem_strdup_printf(pinfo->pool, ": done in frame %u", connection->bound_frame);
    } else if (is_known(connection->bind_frame, pinfo)) {
        outcome = wmem_strdup_printf(pinfo->pool, ": tried in frame %u, without success", connection->bind_frame);
    } else if (PINFO_FD_VISITED(pinfo)) {
        outcome = ": not in this capture";
    }
    const char *text = wmem_strdup_printf(pinfo->pool,
                                          "within %u s the client opens a new connection to the server and sends "
                                          "ConnectionBind with id 0x%08x%s",
                                          TURN_BIND_TIME_S, connection->id, outcome);

    proto_item_set_generated(proto_tree_add_string(tree, hf_expected, tvb, 0, 0, text));
}

static void add_connection(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
                           const mstun_peer_connection_t *connection, bool id_too)
{
    const mstun_allocation_t *allocation = connection->allocation;

    if (id_too) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_connection_id, tvb, 0, 0, connection->id));
    }
    add_endpoint(tree, hf_client, tvb, pinfo, &allocation->client);
    if (allocation->user) {
        proto_item_set_generated(proto_tree_add_string(tree, hf_user, tvb, 0, 0, allocation->user));
    }
    add_endpoint(tree, hf_relay, tvb, pinfo, &allocation->relay);
    add_endpoint(tree, hf_peer, tvb, pinfo, &connection->peer);
    add_stream(tree, hf_control_stream, tvb, allocation->control_stream);
    if (is_known(connection->bind_frame, pinfo)) {
        add_stream(tree, hf_data_stream, tvb, connection->data_stream);
    }
    add_bind(tree, tvb, pinfo, connection);
}

void mstun_peer_connection_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream)
{
    const mstun_peer_connection_t *connection = mstun_stream_peer_connection(stream, pinfo);

    if (!connection) {
        return;
    }
    const char *text = wmem_strdup_printf(pinfo->pool, "%s to %s, connection id 0x%08x%s",
                                          mstun_endpoint_text(pinfo->pool, &connection->allocation->client),
                                          mstun_endpoint_text(pinfo->pool, &connection->peer), connection->id,
                                          stream->beyond_server ? ", on the leg beyond the server" : "");

    proto_item_set_generated(proto_tree_add_string(tree, hf_relayed_for, tvb, 0, 0, text));
    add_connection(tree, tvb, pinfo, connection, true);
}

static void show_allocation(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mstun_stream_t *stream,
                            uint32_t position, const mstun_facts_t *facts)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(stream, pinfo->num, position);

    if (allocation && !facts->relayed.family && facts->method >= TURN_ALLOCATE) {
        add_endpoint(tree, hf_relay, tvb, pinfo, &allocation->relay);
    }
    if (allocation && allocation->frame == pinfo->num) {
        mstun_allocation_state_show(tvb, pinfo, tree, allocation);
    }
}

/* On the ConnectionBind success, from the second visit on: what came of the connection. */
static void add_totals(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo, const mstun_peer_connection_t *connection)
{
    mstun_closed_by_t closed_by = mstun_stream_closed_by(pinfo);

    if (!PINFO_FD_VISITED(pinfo) || connection->bound_frame != pinfo->num) {
        return;
    }
    proto_item_set_generated(proto_tree_add_uint64(tree, hf_bytes_from_client, tvb, 0, 0, connection->bytes[0]));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_segments_from_client, tvb, 0, 0, connection->segments[0]));
    proto_item_set_generated(proto_tree_add_uint64(tree, hf_bytes_from_peer, tvb, 0, 0, connection->bytes[1]));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_segments_from_peer, tvb, 0, 0, connection->segments[1]));
    if (closed_by != MSTUN_CLOSED_NOT) { /* the server sends the success */
        proto_item_set_generated(proto_tree_add_string(
            tree, hf_closed_by, tvb, 0, 0, closed_by == MSTUN_CLOSED_BY_SENDER ? "the server" : "the client"));
    }
}

void mstun_allocation_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream,
                           uint32_t position, const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    const mstun_peer_connection_t *connection = mstun_peer_connection_of(stream, pinfo, position, facts, exchange);

    if (connection && facts->method < TURN_ALLOCATE) {
        mstun_peer_connection_show(tvb, pinfo, tree, stream);
    } else if (connection) {
        if (connection->announced_frame == pinfo->num) {
            add_expected(tree, tvb, pinfo, connection);
        }
        add_connection(tree, tvb, pinfo, connection, !(facts->has & MSTUN_HAS_CONNECTION_ID));
        add_totals(tree, tvb, pinfo, connection);
        if (connection->announced_frame == pinfo->num) {
            mstun_relay_state_show(tvb, pinfo, tree, connection);
        }
    } else {
        const mstun_endpoint_t *peer = facts->class == STUN_ERROR ? mstun_requested_peer(exchange) : NULL;

        if (peer) {
            add_endpoint(tree, hf_peer, tvb, pinfo, peer);
        }
        show_allocation(tree, tvb, pinfo, stream, position, facts);
    }
    mstun_turn_experts_add(pinfo, proto_tree_get_parent(tree), stream, position, facts, exchange);
}

void mstun_allocation_show_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_relayed_for,
          { "Relayed for", "mstun.turn.relayed_for", FT_STRING, BASE_NONE, NULL, 0x0,
            "Whose bytes these are: a TURN client's, to a peer or from it", HFILL } },
        { &hf_expected,
          { "What must follow", "mstun.turn.expected", FT_STRING, BASE_NONE, NULL, 0x0,
            "What RFC 6062 section 5.4 asks of the client, and whether it did so", HFILL } },
        { &hf_control_stream,
          { "Control connection (tcp.stream)", "mstun.turn.control_stream", FT_UINT32, BASE_DEC, NULL, 0x0,
            "tcp.stream of the connection on which the allocation was made", HFILL } },
        { &hf_data_stream,
          { "Data connection (tcp.stream)", "mstun.turn.data_stream", FT_UINT32, BASE_DEC, NULL, 0x0,
            "tcp.stream of the connection between client and server that carries the peer's bytes", HFILL } },
        { &hf_client,
          { "TURN client", "mstun.turn.client", FT_STRING, BASE_NONE, NULL, 0x0, "Whose allocation it is", HFILL } },
        { &hf_user,
          { "TURN user", "mstun.turn.user", FT_STRING, BASE_NONE, NULL, 0x0,
            "User name and realm with which the allocation was made", HFILL } },
        { &hf_bytes_from_client,
          { "Bytes from the client", "mstun.turn.bytes_from_client", FT_UINT64, BASE_DEC, NULL, 0x0,
            "Relayed on the data connection, in the whole capture", HFILL } },
        { &hf_segments_from_client,
          { "Units from the client", "mstun.turn.units_from_client", FT_UINT32, BASE_DEC, NULL, 0x0,
            "RFC 4571 frames, or segments of what has no frames", HFILL } },
        { &hf_bytes_from_peer,
          { "Bytes from the peer", "mstun.turn.bytes_from_peer", FT_UINT64, BASE_DEC, NULL, 0x0,
            "Relayed on the data connection, in the whole capture", HFILL } },
        { &hf_segments_from_peer,
          { "Units from the peer", "mstun.turn.units_from_peer", FT_UINT32, BASE_DEC, NULL, 0x0,
            "RFC 4571 frames, or segments of what has no frames", HFILL } },
        { &hf_closed_by,
          { "Closed by", "mstun.turn.closed_by", FT_STRING, BASE_NONE, NULL, 0x0,
            "Which end of the data connection was the first to end it", HFILL } },
        { &hf_relay,
          { "Relayed address", "mstun.turn.relay", FT_STRING, BASE_NONE, NULL, 0x0,
            "The server's address to which peers connect", HFILL } },
        { &hf_peer,
          { "Peer", "mstun.turn.peer", FT_STRING, BASE_NONE, NULL, 0x0, "The other end of the relayed connection",
            HFILL } },
        { &hf_announced_in,
          { "Announced in", "mstun.turn.announced_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The Connect success or ConnectionAttempt with this connection's id", HFILL } },
        { &hf_bound_in,
          { "Bound in", "mstun.turn.bound_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The ConnectionBind success after which the data connection carries the peer's bytes", HFILL } },
        { &hf_bind_delay,
          { "Bind delay", "mstun.turn.bind_delay", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "From announcement to ConnectionBind success; the server waits for 30 s", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    hf_connection_id = proto_registrar_get_id_byname("mstun.connection_id");
    mstun_section_add_field(reg->part, hf_connection_id);
    mstun_turn_experts_register(reg);
}
