/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/skipped.h"

#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "dissect/place.h"
#include "framing/tree.h"

/* The first bytes as text, for who wonders what they are. */
static const char *text_of(const mstun_dissect_ctx_t *ctx, tvbuff_t *tvb, uint32_t offset, uint32_t len)
{
    int captured = (int)MIN(MIN(len, 40), (uint32_t)tvb_captured_length_remaining(tvb, (int)offset));
    int printable = 0;

    while (printable < captured && g_ascii_isprint(tvb_get_uint8(tvb, (int)offset + printable))) {
        printable++;
    }
    return printable >= 4 ? wmem_strdup_printf(ctx->event.pinfo->pool, "\"%s\"",
                                               tvb_format_text(ctx->event.pinfo->pool, tvb, (int)offset, printable))
                          : tvb_bytes_to_str(ctx->event.pinfo->pool, tvb, (int)offset, MIN(captured, 12));
}

void mstun_dissect_skip(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset, uint32_t len)
{
    packet_info *pinfo = ctx->event.pinfo;
    mstun_event_t event = mstun_event_at(ctx, offset);

    mstun_dissect_reset_info(ctx);
    proto_item *item = mstun_skipped_show(segment->tvb, ctx->tree, offset, len);

    if (mstun_bytes_are(&event, MSTUN_BYTES_NOT_A_MESSAGE, len, 0, text_of(ctx, segment->tvb, offset, len))) {
        mstun_diagnose_show_bytes(&event, item);
    } else {
        mstun_skipped_show_gap(pinfo, item);
    }
    if (mstun_info_is_visible(pinfo)) {
        mstun_info_append(pinfo, wmem_strdup_printf(pinfo->pool, "[continuation, %u bytes]", len));
    }
}
