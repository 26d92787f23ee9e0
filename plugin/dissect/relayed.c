/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/relayed.h"

#include "dissect/columns.h"
#include "dissect/payload.h"
#include "framing/tree.h"
#include "turn/turn_tree.h"

/* The layer that says for whom the bytes are relayed, between before and what their own dissector has added. */
static void show_relayed(mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, proto_item *before)
{
    proto_tree *tree = mstun_relayed_show(tvb, ctx->tree, offset);

    if (tree && before) {
        proto_tree_move_item(ctx->tree, before, proto_tree_get_parent(tree));
    }
    if (ctx->event.stream) {
        mstun_peer_connection_show(&ctx->event, tvb, tree);
    }
}

uint32_t mstun_dissect_relayed(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    packet_info *pinfo = ctx->event.pinfo;
    const mstun_stream_t *stream = ctx->event.stream;
    const mstun_peer_connection_t *connection = stream ? mstun_stream_peer_connection(stream, pinfo) : NULL;
    bool from_server = connection && mstun_peer_connection_from_peer(stream, pinfo);
    proto_item *before = mstun_tree_last_item(ctx->tree);

    mstun_info_add_separator(pinfo);
    if (!mstun_payload_dissect_relayed(segment->tvb, offset, pinfo, ctx->tree, connection ? connection->peer.port : 0,
                                       from_server, segment->tcp)) {
        col_append_fstr(pinfo->cinfo, COL_INFO, "relayed, %u bytes", segment->reported - offset);
        mstun_info_fence(pinfo);
    }
    uint32_t next = pinfo->desegment_len ? (uint32_t)pinfo->desegment_offset : segment->reported;

    if (next > offset) {
        if (stream && ctx->event.first_visit) {
            mstun_peer_connection_count(&ctx->event, next - offset);
        }
        show_relayed(ctx, segment->tvb, offset, before);
    }
    return next;
}
