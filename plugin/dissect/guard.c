/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/guard.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

#define LAYERS_MAX                                                                                                     \
    100 /* Wireshark gives up at its limit for the depth of trees, 500: a segment may have more packets */

/* The members of packet_info that dissectors of Wireshark 4.0 assign to, and that somebody reads behind the packet: we
 * ourselves, dissectors of what follows it, or TCP. Not what only belongs to a layer below TCP, and not the lists that
 * dissectors of this frame have added to: layers, data sources, the packet's own data. */
typedef struct {
    /* as they were, whatever the dissector did */
    const char *current_proto, *heur_list_name, *match_string;
    uint32_t match_uint, srcport, destport;
    uint32_t desegment_len, bytes_until_next_pdu;
    int desegment_offset;
    uint16_t can_desegment, saved_can_desegment, want_pdu_tracking;
    unsigned layers;
    /* a dissector that returns has put these back */
    bool fragmented, use_conv_addr_port_endpoints, writable;
    port_type ptype;
    address dl_src, dl_dst, net_src, net_dst, src, dst;
    const char *noreassembly_reason;
    __typeof__(((packet_info *)NULL)->flags) flags;
    struct conversation_addr_port_endpoints *conv_addr_port_endpoints;
    struct conversation_element *conv_elements;
    int p2p_dir, dissection_depth;
    GHashTable *private_table;
} saved_t;

static saved_t save(const packet_info *pinfo)
{
    return (saved_t){
        .current_proto = pinfo->current_proto,
        .heur_list_name = pinfo->heur_list_name,
        .match_string = pinfo->match_string,
        .match_uint = pinfo->match_uint,
        .srcport = pinfo->srcport,
        .destport = pinfo->destport,
        .desegment_len = pinfo->desegment_len,
        .bytes_until_next_pdu = pinfo->bytes_until_next_pdu,
        .desegment_offset = pinfo->desegment_offset,
        .can_desegment = pinfo->can_desegment,
        .saved_can_desegment = pinfo->saved_can_desegment,
        .want_pdu_tracking = pinfo->want_pdu_tracking,
        .layers = wmem_list_count(pinfo->layers),
        .fragmented = pinfo->fragmented,
        .use_conv_addr_port_endpoints = pinfo->use_conv_addr_port_endpoints,
        .writable = col_get_writable(pinfo->cinfo, -1),
        .ptype = pinfo->ptype,
        .dl_src = pinfo->dl_src,
        .dl_dst = pinfo->dl_dst,
        .net_src = pinfo->net_src,
        .net_dst = pinfo->net_dst,
        .src = pinfo->src,
        .dst = pinfo->dst,
        .noreassembly_reason = pinfo->noreassembly_reason,
        .flags = pinfo->flags,
        .conv_addr_port_endpoints = pinfo->conv_addr_port_endpoints,
        .conv_elements = pinfo->conv_elements,
        .p2p_dir = pinfo->p2p_dir,
        .dissection_depth = pinfo->dissection_depth,
        .private_table = pinfo->private_table,
    };
}

static void restore(packet_info *pinfo, const saved_t *saved)
{
    pinfo->current_proto = saved->current_proto;
    pinfo->heur_list_name = saved->heur_list_name;
    pinfo->match_string = saved->match_string;
    pinfo->match_uint = saved->match_uint;
    pinfo->srcport = saved->srcport;
    pinfo->destport = saved->destport;
    pinfo->desegment_len = saved->desegment_len;
    pinfo->bytes_until_next_pdu = saved->bytes_until_next_pdu;
    pinfo->desegment_offset = saved->desegment_offset;
    pinfo->can_desegment = saved->can_desegment;
    pinfo->saved_can_desegment = saved->saved_can_desegment;
    pinfo->want_pdu_tracking = saved->want_pdu_tracking;
    if (wmem_list_count(pinfo->layers) > LAYERS_MAX) {
        while (wmem_list_count(pinfo->layers) > saved->layers) {
            wmem_list_remove_frame(pinfo->layers, wmem_list_tail(pinfo->layers));
        }
    }
}

static void restore_thrown(packet_info *pinfo, const saved_t *saved)
{
    pinfo->use_conv_addr_port_endpoints = saved->use_conv_addr_port_endpoints;
    pinfo->ptype = saved->ptype;
    pinfo->dl_src = saved->dl_src;
    pinfo->dl_dst = saved->dl_dst;
    pinfo->net_src = saved->net_src;
    pinfo->net_dst = saved->net_dst;
    pinfo->src = saved->src;
    pinfo->dst = saved->dst;
    pinfo->noreassembly_reason = saved->noreassembly_reason;
    pinfo->flags = saved->flags;
    pinfo->conv_addr_port_endpoints = saved->conv_addr_port_endpoints;
    pinfo->conv_elements = saved->conv_elements;
    pinfo->p2p_dir = saved->p2p_dir;
    pinfo->dissection_depth = saved->dissection_depth;
    pinfo->private_table = saved->private_table;
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

/* saved: what the exception has to leave as it was; NULL: nothing. */
static bool call(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                 const saved_t *saved)
{
    volatile bool result = true;

    TRY
    {
        result = dissect(tvb, pinfo, tree, data);
    }
    CATCH_BOUNDS_AND_DISSECTOR_ERRORS
    {
        if (saved) {
            pinfo->fragmented = saved->fragmented; /* it says how much of the bytes there should be */
            restore_writable(pinfo->cinfo, saved->writable);
        }
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE); /* names current_proto, which threw */
        if (saved) {
            restore_thrown(pinfo, saved);
        }
    }
    ENDTRY;
    return result;
}

bool mstun_guard(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return call(dissect, tvb, pinfo, tree, data, NULL);
}

bool mstun_guard_foreign(mstun_guarded_fn dissect, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const saved_t saved = save(pinfo);
    bool result = call(dissect, tvb, pinfo, tree, data, &saved);

    restore(pinfo, &saved);
    return result;
}
