/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <epan/proto_data.h>

static int proto_mstun = -1;

#define WRITTEN_KEY 0 /* in the packet's own data: Info holds text of ours; TCP's marks in front of it do not count */

void mstun_columns_begin(packet_info *pinfo)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
    col_clear(pinfo->cinfo, COL_INFO); /* behind the fence: an earlier part of this frame has its text there */
}

bool mstun_columns_wanted(packet_info *pinfo)
{
    return col_get_writable(pinfo->cinfo, COL_INFO);
}

static void separate(packet_info *pinfo)
{
    if (p_get_proto_data(pinfo->pool, pinfo, proto_mstun, WRITTEN_KEY)) {
        col_append_str(pinfo->cinfo, COL_INFO, "; ");
    } else {
        p_add_proto_data(pinfo->pool, pinfo, proto_mstun, WRITTEN_KEY, GUINT_TO_POINTER(1));
    }
}

void mstun_columns_separate(packet_info *pinfo)
{
    if (mstun_columns_wanted(pinfo)) {
        separate(pinfo);
        mstun_columns_keep(pinfo);
    }
}

void mstun_columns_add(packet_info *pinfo, const char *text)
{
    if (mstun_columns_wanted(pinfo)) {
        separate(pinfo);
        col_append_str(pinfo->cinfo, COL_INFO, text);
        mstun_columns_keep(pinfo);
    }
}

void mstun_columns_keep(packet_info *pinfo)
{
    col_set_fence(pinfo->cinfo, COL_INFO);
}

void mstun_columns_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
}
