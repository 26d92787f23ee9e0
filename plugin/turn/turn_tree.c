/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/turn_tree.h"

#include "attr/address.h"
#include "conversation/response_state.h"
#include "turn/request.h"
#include "turn/turn_state.h"

static int hf_control_stream = -1;
static int hf_data_stream = -1;
static int hf_peer = -1;
static int hf_peer_ip = -1;
static int hf_peer_ipv6 = -1;
static int hf_peer_port = -1;
static int hf_relay = -1;
static int hf_relay_ip = -1;
static int hf_relay_ipv6 = -1;
static int hf_relay_port = -1;
static int hf_client = -1;
static int hf_client_ip = -1;
static int hf_client_ipv6 = -1;
static int hf_client_port = -1;
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

static void add_frame(const mstun_event_t *event, proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    if (frame && frame != event->pinfo->num) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
    }
}

/* The fields of an endpoint: as text, and hidden as what can be compared with subnets and ports. */
typedef struct {
    const int *text;
    const int *ip;
    const int *ipv6;
    const int *port;
} endpoint_fields_t;

static const endpoint_fields_t peer_fields = { &hf_peer, &hf_peer_ip, &hf_peer_ipv6, &hf_peer_port };
static const endpoint_fields_t relay_fields = { &hf_relay, &hf_relay_ip, &hf_relay_ipv6, &hf_relay_port };
static const endpoint_fields_t client_fields = { &hf_client, &hf_client_ip, &hf_client_ipv6, &hf_client_port };

static void hide(proto_item *item)
{
    proto_item_set_generated(item);
    proto_item_set_hidden(item);
}

static void add_hidden_values(proto_tree *tree, const endpoint_fields_t *fields, tvbuff_t *tvb,
                              const mstun_endpoint_t *endpoint)
{
    ws_in4_addr ipv4;
    ws_in6_addr ipv6;

    if (endpoint->family == MSTUN_FAMILY_IPV4 && proto_field_is_referenced(tree, *fields->ip)) {
        memcpy(&ipv4, endpoint->ip, sizeof ipv4);
        hide(proto_tree_add_ipv4(tree, *fields->ip, tvb, 0, 0, ipv4));
    } else if (endpoint->family == MSTUN_FAMILY_IPV6 && proto_field_is_referenced(tree, *fields->ipv6)) {
        memcpy(&ipv6, endpoint->ip, sizeof ipv6);
        hide(proto_tree_add_ipv6(tree, *fields->ipv6, tvb, 0, 0, &ipv6));
    }
    if (endpoint->port && proto_field_is_referenced(tree, *fields->port)) {
        hide(proto_tree_add_uint(tree, *fields->port, tvb, 0, 0, endpoint->port));
    }
}

static void add_endpoint(const mstun_event_t *event, proto_tree *tree, const endpoint_fields_t *fields, tvbuff_t *tvb,
                         const mstun_endpoint_t *endpoint)
{
    if (endpoint->family) {
        proto_item_set_generated(
            proto_tree_add_string(tree, *fields->text, tvb, 0, 0, mstun_peer_text(event->pinfo->pool, endpoint)));
        add_hidden_values(tree, fields, tvb, endpoint);
    }
}

void mstun_peer_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    add_endpoint(event, tree, &peer_fields, tvb, &event->peer);
}

static void add_stream(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t stream)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, stream));
}

/* Announcement and bind happen once, but a later frame is known only on a later visit. */
static bool is_known(const mstun_event_t *event, uint32_t frame)
{
    return frame && (frame <= event->pinfo->num || !event->first_visit);
}

static void add_bind(const mstun_event_t *event, proto_tree *tree, tvbuff_t *tvb,
                     const mstun_peer_connection_t *connection)
{
    nstime_t delay;

    add_frame(event, tree, hf_announced_in, tvb, connection->announced_pos.frame);
    if (!is_known(event, connection->bound_pos.frame)) {
        return;
    }
    add_frame(event, tree, hf_bound_in, tvb, connection->bound_pos.frame);
    nstime_delta(&delay, &connection->bound, &connection->announced);
    proto_item_set_generated(proto_tree_add_time(tree, hf_bind_delay, tvb, 0, 0, &delay));
}

/* On an announcement: for a reader who does not know RFC 6062 by heart. */
static void add_expected_step(const mstun_event_t *event, proto_tree *tree, tvbuff_t *tvb,
                              const mstun_peer_connection_t *connection)
{
    wmem_allocator_t *pool = event->pinfo->pool;
    const char *outcome = "";

    if (is_known(event, connection->bound_pos.frame)) {
        outcome = wmem_strdup_printf(pool, ": done in frame %u", connection->bound_pos.frame);
    } else if (is_known(event, connection->bind_frame)) {
        outcome = wmem_strdup_printf(pool, ": tried in frame %u, without success", connection->bind_frame);
    } else if (!event->first_visit) {
        outcome = ": not in this capture";
    }
    const char *text = wmem_strdup_printf(pool,
                                          "within %u s the client opens a new connection to the server and sends "
                                          "ConnectionBind with id 0x%08x%s",
                                          TURN_BIND_TIME_S, connection->id, outcome);

    proto_item_set_generated(proto_tree_add_string(tree, hf_expected, tvb, 0, 0, text));
}

static void add_connection(const mstun_event_t *event, proto_tree *tree, tvbuff_t *tvb,
                           const mstun_peer_connection_t *connection, bool with_id)
{
    const mstun_allocation_t *allocation = connection->allocation;

    if (with_id) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_connection_id, tvb, 0, 0, connection->id));
    }
    add_endpoint(event, tree, &client_fields, tvb, &allocation->client);
    if (allocation->user) {
        proto_item_set_generated(proto_tree_add_string(tree, hf_user, tvb, 0, 0, allocation->user));
    }
    add_endpoint(event, tree, &relay_fields, tvb, &allocation->relay);
    add_endpoint(event, tree, &peer_fields, tvb, &connection->peer);
    add_stream(tree, hf_control_stream, tvb, allocation->control_stream);
    if (is_known(event, connection->bind_frame)) {
        add_stream(tree, hf_data_stream, tvb, connection->data_stream);
    }
    add_bind(event, tree, tvb, connection);
}

void mstun_peer_connection_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_peer_connection_t *connection = mstun_stream_peer_connection(event->stream, event->pinfo);
    wmem_allocator_t *pool = event->pinfo->pool;

    if (!connection) {
        return;
    }
    const char *text = wmem_strdup_printf(
        pool, "%s to %s, connection id 0x%08x%s", mstun_endpoint_text(pool, &connection->allocation->client),
        mstun_endpoint_text(pool, &connection->peer), connection->id,
        mstun_stream_is_server_peer_leg(event->stream) ? ", on the leg beyond the server" : "");

    proto_item_set_generated(proto_tree_add_string(tree, hf_relayed_for, tvb, 0, 0, text));
    add_connection(event, tree, tvb, connection, true);
}

static void show_allocation(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(event);

    if (allocation && !event->facts->relayed.family && event->facts->method >= TURN_ALLOCATE) {
        add_endpoint(event, tree, &relay_fields, tvb, &allocation->relay);
    }
    if (allocation && allocation->made.frame == event->pinfo->num) {
        mstun_allocation_state_show(event, tvb, tree, allocation);
    }
}

/* On the ConnectionBind success, from the second visit on: what came of the connection. */
static void add_totals(const mstun_event_t *event, proto_tree *tree, tvbuff_t *tvb,
                       const mstun_peer_connection_t *connection)
{
    if (event->first_visit || connection->bound_pos.frame != event->pinfo->num) {
        return;
    }
    proto_item_set_generated(proto_tree_add_uint64(tree, hf_bytes_from_client, tvb, 0, 0, connection->bytes[0]));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_segments_from_client, tvb, 0, 0, connection->segments[0]));
    proto_item_set_generated(proto_tree_add_uint64(tree, hf_bytes_from_peer, tvb, 0, 0, connection->bytes[1]));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_segments_from_peer, tvb, 0, 0, connection->segments[1]));
    /* The server sends the success. */
    bool by_server = mstun_stream_closed_first_by(event->stream, event->direction);

    if (by_server || mstun_stream_closed_first_by(event->stream, 1 - event->direction)) {
        proto_item_set_generated(
            proto_tree_add_string(tree, hf_closed_by, tvb, 0, 0, by_server ? "the server" : "the client"));
    }
}

static void show_connection(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree,
                            const mstun_peer_connection_t *connection)
{
    bool is_announcement = connection->announced_pos.frame == event->pinfo->num;

    if (is_announcement) {
        add_expected_step(event, tree, tvb, connection);
    }
    add_connection(event, tree, tvb, connection, !(event->facts->has & MSTUN_HAS_CONNECTION_ID));
    add_totals(event, tree, tvb, connection);
    if (is_announcement) {
        mstun_relay_state_show(event, tvb, tree, connection);
    }
}

/* The peers that a request without a connection of its own is about. */
static void show_peers(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_turn_request_t *request =
        event->facts->class == STUN_REQUEST ? mstun_turn_request_of(event->transaction) : NULL;
    const mstun_endpoint_t *peer = event->facts->class == STUN_ERROR ? mstun_requested_peer(event->transaction) : NULL;

    for (unsigned i = 0; request && i < request->peer_count; i++) {
        add_endpoint(event, tree, &peer_fields, tvb, &request->peers[i]);
    }
    if (peer) {
        add_endpoint(event, tree, &peer_fields, tvb, peer);
    }
}

void mstun_turn_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const mstun_peer_connection_t *connection = mstun_peer_connection_of(event);

    if (connection && event->facts->method < TURN_ALLOCATE) {
        mstun_peer_connection_show(event, tvb, tree);
    } else if (connection) {
        show_connection(event, tvb, tree, connection);
    } else {
        show_peers(event, tvb, tree);
        show_allocation(event, tvb, tree);
    }
}

/* NOLINTNEXTLINE(readability-function-size) */
void mstun_turn_tree_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_relayed_for,
          { "Relayed for", "mstun.turn.relayed_for", FT_STRING, BASE_NONE, NULL, 0x0,
            "The TURN client whose bytes these are, and the peer that they go to or come from", HFILL } },
        { &hf_expected,
          { "Expected next step", "mstun.turn.expected", FT_STRING, BASE_NONE, NULL, 0x0,
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
        { &hf_peer_ip,
          { "Peer's IPv4 address", "mstun.turn.peer.ip", FT_IPv4, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.peer, to compare with subnets and ranges", HFILL } },
        { &hf_peer_ipv6,
          { "Peer's IPv6 address", "mstun.turn.peer.ipv6", FT_IPv6, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.peer, to compare with subnets and ranges", HFILL } },
        { &hf_peer_port,
          { "Peer's port", "mstun.turn.peer.port", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Of mstun.turn.peer, to compare with subnets and ranges", HFILL } },
        { &hf_client_ip,
          { "TURN client's IPv4 address", "mstun.turn.client.ip", FT_IPv4, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.client, to compare with subnets and ranges", HFILL } },
        { &hf_client_ipv6,
          { "TURN client's IPv6 address", "mstun.turn.client.ipv6", FT_IPv6, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.client, to compare with subnets and ranges", HFILL } },
        { &hf_client_port,
          { "TURN client's port", "mstun.turn.client.port", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Of mstun.turn.client, to compare with subnets and ranges", HFILL } },
        { &hf_relay_ip,
          { "Relayed IPv4 address", "mstun.turn.relay.ip", FT_IPv4, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.relay, to compare with subnets and ranges", HFILL } },
        { &hf_relay_ipv6,
          { "Relayed IPv6 address", "mstun.turn.relay.ipv6", FT_IPv6, BASE_NONE, NULL, 0x0,
            "Of mstun.turn.relay, to compare with subnets and ranges", HFILL } },
        { &hf_relay_port,
          { "Relayed port", "mstun.turn.relay.port", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Of mstun.turn.relay, to compare with subnets and ranges", HFILL } },
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
    mstun_section_add_field(reg->section, hf_connection_id);
}
