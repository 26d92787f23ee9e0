/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/call_tree.h"

static int hf_call = -1;
static int hf_id = -1;
static int hf_from = -1;
static int hf_to = -1;
static int hf_media = -1;
static int hf_type[2] = { -1, -1 }; /* of the packet's source, of its destination */
static int hf_sdp[2] = { -1, -1 };
static int hf_check = -1;
static int hf_bad_line = -1;
static int hf_code = -1;
static int hf_ice_warn = -1;
static int hf_mras = -1;

static int ett_call = -1;
static int ett_code = -1;

static expert_field ei_malformed = EI_INIT;

static void add_text(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, text));
}

static void add_number(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

/* stream may be NULL. */
static proto_tree *add_call(const packet_info *pinfo, proto_tree *parent, tvbuff_t *tvb, const mstun_call_t *call,
                            const mstun_call_stream_t *stream)
{
    proto_item *item = proto_tree_add_string(parent, hf_call, tvb, 0, 0, mstun_call_text(pinfo->pool, call, stream));
    proto_tree *tree = proto_item_add_subtree(item, ett_call);

    proto_item_set_generated(item);
    add_text(tree, tvb, hf_id, call->id);
    add_text(tree, tvb, hf_from, call->from);
    add_text(tree, tvb, hf_to, call->to);
    return tree;
}

/* end: 0 for the packet's source, 1 for its destination. */
static void add_end(proto_tree *tree, tvbuff_t *tvb, const mstun_pair_call_t *call, unsigned end, unsigned side)
{
    const mstun_generation_t *generation = call->generation[side];

    if (generation) {
        const mstun_call_candidate_t *candidate = call->candidate[side];

        add_number(tree, tvb, hf_type[end], mstun_pair_call_type(call, side));
        add_number(tree, tvb, hf_sdp[end], candidate ? candidate->frame : generation->frame);
    }
}

void mstun_call_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *parent)
{
    if (!mstun_call_any()) {
        return;
    }
    const mstun_pair_t *pair = mstun_pair_of(event->transaction);
    mstun_pair_call_t call = { .stream = NULL };

    if (pair) {
        call = mstun_call_of_pair(mstun_pair_seen(pair, event->pinfo));
    } else {
        const mstun_peer_connection_t *connection = mstun_peer_connection_of(event);

        call.stream = mstun_call_of_allocation(connection ? connection->allocation : mstun_allocation_in_force(event));
    }
    if (!call.stream) {
        return;
    }
    proto_tree *tree = add_call(event->pinfo, parent, tvb, call.stream->call, call.stream);

    add_text(tree, tvb, hf_media, call.stream->name);
    if (pair) {
        unsigned sender = mstun_pair_direction(pair, event->direction);

        add_end(tree, tvb, &call, 0, sender);
        add_end(tree, tvb, &call, 1, 1 - sender);
    }
}

/* The first check between generations of this call, one of which this frame describes. */
typedef struct {
    const mstun_call_t *call;
    uint32_t frame, check;
    packet_info *pinfo;
} check_search_t;

static void find_check(mstun_pair_t *pair, void *data)
{
    check_search_t *search = (check_search_t *)data;
    const mstun_pair_view_t *view = mstun_pair_seen(pair, search->pinfo);
    mstun_pair_call_t call = mstun_call_of_pair(view);

    for (unsigned side = 0; side < 2; side++) {
        const mstun_generation_t *generation = call.generation[side];

        if (generation && generation->stream->call == search->call && generation->frame <= search->frame &&
            generation->last_frame >= search->frame && (!search->check || view->first_frame < search->check)) {
            search->check = view->first_frame;
        }
    }
}

static void show_problems(packet_info *pinfo, const mstun_sdp_t *sdp, tvbuff_t *tvb, proto_tree *tree)
{
    for (unsigned i = 0; i < sdp->problem_count; i++) {
        const mstun_sdp_problem_t *problem = &sdp->problems[i];
        const char *text = mstun_sdp_problem_text(problem->kind);
        proto_item *item =
            proto_tree_add_none_format(tree, hf_bad_line, tvb, (int)problem->offset, (int)problem->len, "%s", text);

        expert_add_info_format(pinfo, item, &ei_malformed, "%s", text);
    }
}

proto_item *mstun_call_show_sdp(const mstun_signal_t *signal, const mstun_sdp_t *sdp, tvbuff_t *tvb, proto_tree *parent)
{
    const mstun_call_t *call = mstun_call_find(signal->call_id);
    proto_tree *tree = parent;

    if (!call || !call->has_ice) {
        return NULL;
    }
    if (parent) {
        check_search_t search = { call, signal->pinfo->num, 0, signal->pinfo };

        tree = add_call(signal->pinfo, parent, tvb, call, NULL);
        mstun_pair_foreach(find_check, &search);
        if (search.check) {
            add_number(tree, tvb, hf_check, search.check);
        }
    }
    show_problems(signal->pinfo, sdp, tvb, tree);
    return parent ? proto_tree_get_parent(tree) : NULL;
}

proto_item *mstun_call_show_code(const mstun_signal_t *signal, const mstun_diagnostics_t *diagnostics, tvbuff_t *tvb,
                                 proto_tree *parent)
{
    wmem_allocator_t *pool = signal->pinfo->pool;
    proto_item *item =
        proto_tree_add_uint_format(parent, hf_code, tvb, 0, (int)tvb_captured_length(tvb), diagnostics->id,
                                   "In words: %s", parent ? mstun_diagnostics_text(pool, diagnostics) : "");
    proto_tree *tree = proto_item_add_subtree(item, ett_code);

    if (diagnostics->has_ice_warn) {
        proto_item *warn = proto_tree_add_uint(tree, hf_ice_warn, tvb, 0, 0, diagnostics->ice_warn);

        proto_item_set_generated(warn);
        if (diagnostics->ice_warn) {
            proto_item_append_text(warn, ": %s", mstun_ice_warn_text(pool, diagnostics->ice_warn, true));
        }
    }
    return item;
}

void mstun_call_show_bad_header(packet_info *pinfo, tvbuff_t *tvb, proto_tree *tree)
{
    static const char text[] = "A header of Microsoft's diagnostics begins with a number ([MS-OCER] 2.2.1)";
    proto_item *item = proto_tree_add_none_format(tree, hf_bad_line, tvb, 0, -1, "%s", text);

    expert_add_info_format(pinfo, item, &ei_malformed, "%s", text);
}

static const char *mras_text(wmem_allocator_t *scope, const mstun_mras_t *mras)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, "");

    if (!mras->is_response) {
        return "Asks for TURN credentials";
    }
    if (mras->credentials_count == 0) {
        return wmem_strdup_printf(scope, "No TURN credentials: \"%s\"", mstun_slice_dup(scope, mras->reason));
    }
    wmem_strbuf_append_printf(text, "TURN credentials for %u minutes", mras->credentials[0].duration);
    for (unsigned i = 0; i < mras->relay_count; i++) {
        const mstun_mras_relay_t *relay = &mras->relays[i];

        wmem_strbuf_append_printf(text, ", relay %s (UDP %u, TCP %u)", mstun_slice_dup(scope, relay->host),
                                  relay->udp_port, relay->tcp_port);
    }
    return wmem_strbuf_get_str(text);
}

proto_item *mstun_call_show_mras(packet_info *pinfo, const mstun_mras_t *mras, tvbuff_t *tvb, proto_tree *tree)
{
    static const char text[] = "The body ends too early, or its credentials are not complete";
    proto_item *item = proto_tree_add_string(tree, hf_mras, tvb, 0, 0, tree ? mras_text(pinfo->pool, mras) : "");

    proto_item_set_generated(item);
    if (mras->malformed) {
        expert_add_info_format(pinfo, item, &ei_malformed, "%s", text);
    }
    return item;
}

static hf_register_info hf[] = {
    { &hf_call,
      { "Call", "mstun.call", FT_STRING, BASE_NONE, NULL, 0x0,
        "The call whose signalling in this capture has the check's ufrags, or the allocation's relayed address",
        HFILL } },
    { &hf_id,
      { "Call-ID", "mstun.call.id", FT_STRING, BASE_NONE, NULL, 0x0,
        "Call-ID of the SIP dialog; of WHIP, the HTTP connection", HFILL } },
    { &hf_from, { "From", "mstun.call.from", FT_STRING, BASE_NONE, NULL, 0x0, "Who calls", HFILL } },
    { &hf_to, { "To", "mstun.call.to", FT_STRING, BASE_NONE, NULL, 0x0, "Who is called", HFILL } },
    { &hf_media,
      { "Media", "mstun.call.media", FT_STRING, BASE_NONE, NULL, 0x0,
        "The stream: its label, or the kind of its media line", HFILL } },
    { &hf_type[0],
      { "Source's candidate", "mstun.call.source_type", FT_UINT8, BASE_DEC, VALS(mstun_candidate_type_names), 0x0,
        "Type of the sender's candidate in its SDP; prflx: there is none at its address", HFILL } },
    { &hf_type[1],
      { "Destination's candidate", "mstun.call.destination_type", FT_UINT8, BASE_DEC, VALS(mstun_candidate_type_names),
        0x0, "Type of the receiver's candidate in its SDP; prflx: there is none at its address", HFILL } },
    { &hf_sdp[0],
      { "Source's SDP in", "mstun.call.source_sdp", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
        "The SDP that has the sender's candidate first, or its ufrag", HFILL } },
    { &hf_sdp[1],
      { "Destination's SDP in", "mstun.call.destination_sdp", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE),
        0x0, "The SDP that has the receiver's candidate first, or its ufrag", HFILL } },
    { &hf_check,
      { "First check in", "mstun.call.check", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
        "The first ICE check with an ufrag of this SDP", HFILL } },
    { &hf_bad_line,
      { "Not readable", "mstun.call.bad_line", FT_NONE, BASE_NONE, NULL, 0x0,
        "A line of the SDP, or a header, that is not what its specification says", HFILL } },
    { &hf_code,
      { "Diagnostics", "mstun.call.diagnostics", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Code of a header with Microsoft's diagnostics, [MS-OCER] 2.2.1", HFILL } },
    { &hf_ice_warn,
      { "ICE warnings", "mstun.call.ice_warn", FT_UINT32, BASE_HEX, NULL, 0x0,
        "ICEWarn of the header ms-client-diagnostics, of all media", HFILL } },
    { &hf_mras,
      { "Media relay authentication", "mstun.mras", FT_STRING, BASE_NONE, NULL, 0x0,
        "What the relay's authentication service is asked, and answers, [MS-AVEDGEA]", HFILL } },
};

void mstun_call_tree_register(const mstun_registrar_t *reg)
{
    static int *ett[] = { &ett_call, &ett_code };
    static ei_register_info ei[] = {
        { &ei_malformed, { "mstun.call.malformed", PI_MALFORMED, PI_WARN, "Signalling that cannot be read", EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
