/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/guard.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

#define LAYERS_MAX                                                                                                     \
    100 /* Wireshark gives up at its limit for the depth of trees, 500: a segment may have more packets */

/* What a dissector is called with, and may leave as it likes. */
static void restore(packet_info *pinfo, const packet_info *saved, unsigned layers)
{
    pinfo->current_proto = saved->current_proto;
    pinfo->heur_list_name = saved->heur_list_name;
    pinfo->match_uint = saved->match_uint;
    pinfo->match_string = saved->match_string;
    pinfo->srcport = saved->srcport;
    pinfo->destport = saved->destport;
    pinfo->can_desegment = saved->can_desegment;
    pinfo->saved_can_desegment = saved->saved_can_desegment;
    pinfo->desegment_offset = saved->desegment_offset;
    pinfo->desegment_len = saved->desegment_len;
    pinfo->want_pdu_tracking = saved->want_pdu_tracking;
    pinfo->bytes_until_next_pdu = saved->bytes_until_next_pdu;
    if (wmem_list_count(pinfo->layers) > LAYERS_MAX) {
        while (wmem_list_count(pinfo->layers) > layers) {
            wmem_list_remove_frame(pinfo->layers, wmem_list_tail(pinfo->layers));
        }
    }
}

/* What a dissector changes while it runs, and leaves so if it throws. Not the lists that other dissectors of this frame
 * have added to: layers, data sources, the packet's own data. */
static void restore_thrown(packet_info *pinfo, const packet_info *saved)
{
    pinfo->dl_src = saved->dl_src;
    pinfo->dl_dst = saved->dl_dst;
    pinfo->net_src = saved->net_src;
    pinfo->net_dst = saved->net_dst;
    pinfo->src = saved->src;
    pinfo->dst = saved->dst;
    pinfo->ptype = saved->ptype;
    pinfo->noreassembly_reason = saved->noreassembly_reason;
    pinfo->fragmented = saved->fragmented;
    pinfo->flags = saved->flags;
    pinfo->use_conv_addr_port_endpoints = saved->use_conv_addr_port_endpoints;
    pinfo->conv_addr_port_endpoints = saved->conv_addr_port_endpoints;
    pinfo->conv_elements = saved->conv_elements;
    pinfo->p2p_dir = saved->p2p_dir;
    pinfo->private_table = saved->private_table;
    pinfo->dissection_depth = saved->dissection_depth;
}

/* Columns: whether all of them can be written. If so, single ones can, too: it is rare that a dissector closes one. */
static void restore_writable(column_info *columns, bool writable)
{
    col_set_writable(columns, -1, writable);
    if (writable) {
        col_set_writable(columns, COL_PROTOCOL, TRUE);
        col_set_writable(columns, COL_INFO, TRUE);
    }
}

bool mstun_guard(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const packet_info saved = *pinfo;
    unsigned layers = wmem_list_count(pinfo->layers);
    bool writable = col_get_writable(pinfo->cinfo, -1);
    volatile bool result = true;

    TRY
    {
        result = dissect(tvb, pinfo, tree, data);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS
    {
        pinfo->fragmented = saved.fragmented; /* it says how much of the bytes there should be */
        restore_writable(pinfo->cinfo, writable);
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE); /* names current_proto, which threw */
        restore_thrown(pinfo, &saved);
    }
    ENDTRY;
    restore(pinfo, &saved, layers);
    return result;
}
