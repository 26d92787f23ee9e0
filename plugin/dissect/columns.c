/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/columns.h"

#include <epan/proto_data.h>

static int proto_mstun = -1;

/* The key of info_t in the packet's own data. It is there once Info holds text of ours, or a separator; TCP's marks
 * before it do not count. */
#define INFO_KEY 0

typedef struct {
    bool separated;      /* the last thing in Info is a separator: relays within relays must not add another */
    size_t separated_at; /* length of Info then */
} info_t;

void mstun_info_reset(packet_info *pinfo)
{
    mstun_protocol_column_set(pinfo);
    col_clear(pinfo->cinfo, COL_INFO); /* up to the fence: an earlier segment of this frame has its text before it */
}

void mstun_protocol_column_set(packet_info *pinfo)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MSTUN");
}

bool mstun_info_is_visible(packet_info *pinfo)
{
    return col_get_writable(pinfo->cinfo, COL_INFO);
}

static info_t *separate(packet_info *pinfo)
{
    info_t *info = (info_t *)p_get_proto_data(pinfo->pool, pinfo, proto_mstun, INFO_KEY);

    if (!info) {
        info = wmem_new(pinfo->pool, info_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_mstun, INFO_KEY, info);
    } else if (!info->separated) {
        col_append_str(pinfo->cinfo, COL_INFO, "; ");
    }
    info->separated = true;
    return info;
}

void mstun_info_add_separator(packet_info *pinfo)
{
    if (mstun_info_is_visible(pinfo)) {
        info_t *info = separate(pinfo);
        const char *text = col_get_text(pinfo->cinfo, COL_INFO);

        info->separated_at = text ? strlen(text) : 0;
        col_set_fence(pinfo->cinfo, COL_INFO);
    }
}

/* Some dissectors, such as DTLS, begin with a separator of their own. */
static void remove_second_separator(packet_info *pinfo, size_t at)
{
    const char *text = col_get_text(pinfo->cinfo, COL_INFO);

    if (at > 0 && text && strlen(text) > at + 2 && strncmp(text + at, ", ", 2) == 0) {
        const char *fixed = wmem_strdup_printf(pinfo->pool, "%.*s%s", (int)at, text, text + at + 2);

        col_clear_fence(pinfo->cinfo, COL_INFO);
        col_add_str(pinfo->cinfo, COL_INFO, fixed);
    }
}

void mstun_info_append(packet_info *pinfo, const char *text)
{
    if (mstun_info_is_visible(pinfo)) {
        info_t *info = separate(pinfo);

        col_append_str(pinfo->cinfo, COL_INFO, text);
        col_set_fence(pinfo->cinfo, COL_INFO);
        info->separated = false;
    }
}

void mstun_info_fence(packet_info *pinfo)
{
    info_t *info = (info_t *)p_get_proto_data(pinfo->pool, pinfo, proto_mstun, INFO_KEY);

    if (info && info->separated && mstun_info_is_visible(pinfo)) {
        remove_second_separator(pinfo, info->separated_at);
    }
    col_set_fence(pinfo->cinfo, COL_INFO);
    if (info) {
        info->separated = false;
    }
}

void mstun_columns_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
}
