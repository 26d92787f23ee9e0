/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/turn_state.h"

#include "conversation/response_state.h"

static int hf_state = -1;
static int hf_deleted_in = -1;

static const value_string state_names[] = {
    { MSTUN_RELAY_NO_BIND, "no bind" },
    { MSTUN_RELAY_BIND_FAILED, "bind failed" },
    { MSTUN_RELAY_NOTHING_RELAYED, "nothing relayed" },
    { MSTUN_RELAY_FROM_CLIENT_ONLY, "from client only" },
    { MSTUN_RELAY_FROM_PEER_ONLY, "from peer only" },
    { MSTUN_ALLOCATION_EXPIRED, "expired" },
    { MSTUN_ALLOCATION_RESET, "reset" },
    { MSTUN_RELAY_BIND_PENDING, "open" },
    { MSTUN_ALLOCATION_CLOSED, "closed" },
    { MSTUN_ALLOCATION_DELETED, "deleted" },
    { MSTUN_ALLOCATION_ACTIVE, "lives" },
    { MSTUN_RELAY_ACTIVE, "relays" },
    { MSTUN_ALLOCATION_LOST, "lost" },
    { 0, NULL },
};

static const value_string state_texts[] = {
    { MSTUN_RELAY_NO_BIND, "The client never sent a ConnectionBind for it; the server drops it after 30 s" },
    { MSTUN_RELAY_BIND_FAILED, "The ConnectionBind did not succeed: see its response, or what came instead" },
    { MSTUN_RELAY_NOTHING_RELAYED, "Bound, but nothing was relayed in either direction" },
    { MSTUN_RELAY_FROM_CLIENT_ONLY, "Bytes go to the peer, but none come back" },
    { MSTUN_RELAY_FROM_PEER_ONLY, "Bytes come from the peer, but the client sends none" },
    { MSTUN_ALLOCATION_EXPIRED, "Its lifetime ended without a Refresh" },
    { MSTUN_ALLOCATION_RESET, "The control connection was reset, and the allocation with it" },
    { MSTUN_RELAY_BIND_PENDING, "No ConnectionBind yet: the capture ends too soon to tell" },
    { MSTUN_ALLOCATION_CLOSED, "Ended with its control connection" },
    { MSTUN_ALLOCATION_DELETED, "The client deleted it" },
    { MSTUN_ALLOCATION_ACTIVE, "Alive when the capture ends" },
    { MSTUN_RELAY_ACTIVE, "Bytes go both ways" },
    { MSTUN_ALLOCATION_LOST, "The server says (437) that it no longer has it, though its lifetime was not over" },
    { 0, NULL },
};

unsigned mstun_turn_state_rank(mstun_turn_state_t state)
{
    return state == MSTUN_ALLOCATION_LOST ? MSTUN_ALLOCATION_EXPIRED : state;
}

mstun_turn_state_t mstun_relay_state(const mstun_peer_connection_t *connection, const nstime_t *now)
{
    if (!connection->bind_frame) {
        return mstun_ms_between(&connection->announced, now) >= TURN_BIND_TIME_S * 1000.0 ? MSTUN_RELAY_NO_BIND
                                                                                          : MSTUN_RELAY_BIND_PENDING;
    }
    if (!connection->bound_pos.frame) {
        return MSTUN_RELAY_BIND_FAILED;
    }
    if (connection->bytes[0] && connection->bytes[1]) {
        return MSTUN_RELAY_ACTIVE;
    }
    return connection->bytes[0]   ? MSTUN_RELAY_FROM_CLIENT_ONLY
           : connection->bytes[1] ? MSTUN_RELAY_FROM_PEER_ONLY
                                  : MSTUN_RELAY_NOTHING_RELAYED;
}

mstun_turn_state_t mstun_allocation_state(const mstun_allocation_t *allocation, const nstime_t *now)
{
    switch (mstun_allocation_end(allocation, now).kind) {
    case MSTUN_ALLOCATION_END_DELETED:
        return MSTUN_ALLOCATION_DELETED;
    case MSTUN_ALLOCATION_END_LOST:
        return MSTUN_ALLOCATION_LOST;
    case MSTUN_ALLOCATION_END_EXPIRED:
        return MSTUN_ALLOCATION_EXPIRED;
    case MSTUN_ALLOCATION_END_RESET:
        return MSTUN_ALLOCATION_RESET;
    case MSTUN_ALLOCATION_END_CLOSED:
        return MSTUN_ALLOCATION_CLOSED;
    default:
        return MSTUN_ALLOCATION_ACTIVE;
    }
}

const char *mstun_turn_state_name(mstun_turn_state_t state)
{
    return val_to_str_const(state, state_names, "");
}

const char *mstun_turn_state_text(mstun_turn_state_t state)
{
    return val_to_str_const(state, state_texts, "");
}

static void add_state(tvbuff_t *tvb, proto_tree *tree, mstun_turn_state_t state)
{
    proto_item *item = proto_tree_add_uint(tree, hf_state, tvb, 0, 0, state);

    proto_item_append_text(item, ": %s", mstun_turn_state_text(state));
    proto_item_set_generated(item);
}

void mstun_allocation_state_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree,
                                 const mstun_allocation_t *allocation)
{
    nstime_t end;

    if (!mstun_capture_end(event->pinfo, &end)) {
        return;
    }
    add_state(tvb, tree, mstun_allocation_state(allocation, &end));
    if (allocation->deleted_frame) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_deleted_in, tvb, 0, 0, allocation->deleted_frame));
    }
}

void mstun_relay_state_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree,
                            const mstun_peer_connection_t *connection)
{
    nstime_t end;

    if (mstun_capture_end(event->pinfo, &end)) {
        add_state(tvb, tree, mstun_relay_state(connection, &end));
    }
}

void mstun_turn_state_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_state,
          { "Verdict", "mstun.turn.verdict", FT_UINT8, BASE_DEC, VALS(state_names), 0x0,
            "What became of this allocation, or of the connection that is "
            "announced here",
            HFILL } },
        { &hf_deleted_in,
          { "Deleted in", "mstun.turn.deleted_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The success to the Refresh with lifetime 0", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
}
