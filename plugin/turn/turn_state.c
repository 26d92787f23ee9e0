/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/turn_state.h"

#include "conversation/response_state.h"

static int hf_verdict = -1;
static int hf_deleted_in = -1;

static const value_string verdict_names[] = {
    { MSTUN_TURN_NO_BIND, "no bind" },
    { MSTUN_TURN_BIND_REFUSED, "bind failed" },
    { MSTUN_TURN_NOTHING_RELAYED, "nothing relayed" },
    { MSTUN_TURN_FROM_CLIENT_ONLY, "from client only" },
    { MSTUN_TURN_FROM_PEER_ONLY, "from peer only" },
    { MSTUN_TURN_EXPIRED, "expired" },
    { MSTUN_TURN_RESET, "reset" },
    { MSTUN_TURN_BIND_OPEN, "open" },
    { MSTUN_TURN_CLOSED, "closed" },
    { MSTUN_TURN_DELETED, "deleted" },
    { MSTUN_TURN_LIVES, "lives" },
    { MSTUN_TURN_RELAYS, "relays" },
    { 0, NULL },
};

static const value_string verdict_texts[] = {
    { MSTUN_TURN_NO_BIND, "The client never sent a ConnectionBind for it; the server gives it up after 30 s" },
    { MSTUN_TURN_BIND_REFUSED, "The ConnectionBind had no success: see its answer, or what came instead" },
    { MSTUN_TURN_NOTHING_RELAYED, "Bound, and not a byte came through, either way" },
    { MSTUN_TURN_FROM_CLIENT_ONLY, "Bytes go to the peer and none come back from it" },
    { MSTUN_TURN_FROM_PEER_ONLY, "Bytes come from the peer and the client sends none" },
    { MSTUN_TURN_EXPIRED, "Its lifetime was over and no Refresh had renewed it" },
    { MSTUN_TURN_RESET, "The control connection was reset, and the allocation with it" },
    { MSTUN_TURN_BIND_OPEN, "No ConnectionBind yet: the capture ends too soon to tell" },
    { MSTUN_TURN_CLOSED, "Ended with its control connection" },
    { MSTUN_TURN_DELETED, "The client deleted it" },
    { MSTUN_TURN_LIVES, "Alive when the capture ends" },
    { MSTUN_TURN_RELAYS, "Bytes go both ways" },
    { 0, NULL },
};

mstun_turn_verdict_t mstun_relay_state(const mstun_peer_connection_t *connection, const nstime_t *now)
{
    nstime_t waited;

    nstime_delta(&waited, now, &connection->announced);
    if (!connection->bind_frame) {
        return nstime_to_sec(&waited) >= TURN_BIND_TIME_S ? MSTUN_TURN_NO_BIND : MSTUN_TURN_BIND_OPEN;
    }
    if (!connection->bound_frame) {
        return MSTUN_TURN_BIND_REFUSED;
    }
    if (connection->bytes[0] && connection->bytes[1]) {
        return MSTUN_TURN_RELAYS;
    }
    return connection->bytes[0]   ? MSTUN_TURN_FROM_CLIENT_ONLY
           : connection->bytes[1] ? MSTUN_TURN_FROM_PEER_ONLY
                                  : MSTUN_TURN_NOTHING_RELAYED;
}

mstun_turn_verdict_t mstun_allocation_state(const mstun_allocation_t *allocation, const nstime_t *now)
{
    nstime_t last = *now;
    bool reset = mstun_stream_was_reset(allocation->control, &last);
    nstime_t left;

    if (allocation->deleted_frame) {
        return MSTUN_TURN_DELETED;
    }
    nstime_delta(&left, &allocation->expires, &last);
    if (nstime_to_msec(&left) < (reset ? 1000 : -1000)) { /* clocks of server and capture differ a little */
        return MSTUN_TURN_EXPIRED;
    }
    return reset                                         ? MSTUN_TURN_RESET
           : mstun_stream_is_closed(allocation->control) ? MSTUN_TURN_CLOSED
                                                         : MSTUN_TURN_LIVES;
}

const char *mstun_turn_verdict_name(mstun_turn_verdict_t verdict)
{
    return val_to_str_const(verdict, verdict_names, "");
}

const char *mstun_turn_verdict_text(mstun_turn_verdict_t verdict)
{
    return val_to_str_const(verdict, verdict_texts, "");
}

static void add_verdict(tvbuff_t *tvb, proto_tree *tree, mstun_turn_verdict_t verdict)
{
    proto_item *item = proto_tree_add_uint(tree, hf_verdict, tvb, 0, 0, verdict);

    proto_item_append_text(item, ": %s", mstun_turn_verdict_text(verdict));
    proto_item_set_generated(item);
}

void mstun_allocation_state_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                 const mstun_allocation_t *allocation)
{
    nstime_t end;

    if (!mstun_capture_end(pinfo, &end)) {
        return;
    }
    add_verdict(tvb, tree, mstun_allocation_state(allocation, &end));
    if (allocation->deleted_frame) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_deleted_in, tvb, 0, 0, allocation->deleted_frame));
    }
}

void mstun_relay_state_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                            const mstun_peer_connection_t *connection)
{
    nstime_t end;

    if (mstun_capture_end(pinfo, &end)) {
        add_verdict(tvb, tree, mstun_relay_state(connection, &end));
    }
}

void mstun_turn_state_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_verdict,
          { "Verdict", "mstun.turn.verdict", FT_UINT8, BASE_DEC, VALS(verdict_names), 0x0,
            "What became of this allocation, or of the connection that is announced here", HFILL } },
        { &hf_deleted_in,
          { "Deleted in", "mstun.turn.deleted_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The success to the Refresh with lifetime 0", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
}
