/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/other_protocol.h"

#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "dissect/payload.h"
#include "dissect/place.h"

static int proto_mstun = -1;

/* A status line; or a page without one, with which servers answer what they take for HTTP/0.9. */
static bool is_http_response(const mstun_rest_t *rest)
{
    return rest->captured >= 14 && ((memcmp(rest->bytes, "HTTP/1.", 7) == 0 && rest->bytes[8] == ' ') ||
                                    g_ascii_strncasecmp((const char *)rest->bytes, "<!DOCTYPE HTML", 14) == 0);
}

/* A whole record of TLS, or its beginning: alert, handshake or data. */
static bool is_tls(const mstun_rest_t *rest)
{
    return rest->captured >= 7 && rest->bytes[0] >= 0x15 && rest->bytes[0] <= 0x17 && rest->bytes[1] == 3 &&
           rest->bytes[2] <= 4 && pntohu16(rest->bytes + 3) > 0 && pntohu16(rest->bytes + 3) <= 16384 + 2048 &&
           (rest->bytes[0] != 0x15 || pntohu16(rest->bytes + 3) == rest->reported - 5);
}

bool mstun_dissect_other_protocol(mstun_dissect_ctx_t *ctx, const mstun_segment_t *segment, uint32_t offset)
{
    packet_info *pinfo = ctx->event.pinfo;
    mstun_event_t event = mstun_event_at(ctx, offset);
    mstun_rest_t rest = mstun_rest_of(segment, offset);

    if (!event.stream) {
        return false;
    }
    if (is_http_response(&rest)) {
        uint32_t line = 0;

        while (line < MIN(rest.captured, 60) && rest.bytes[line] >= ' ' && rest.bytes[line] < 0x7F) {
            line++;
        }
        mstun_bytes_are(&event, MSTUN_BYTES_HTTP, rest.reported, 0,
                        wmem_strndup(pinfo->pool, (const char *)rest.bytes, line));
        mstun_dissect_reset_info(ctx);
        proto_item *before = mstun_tree_last_item(ctx->tree);

        mstun_payload_dissect_http(segment->tvb, offset, pinfo, ctx->tree);
        proto_item *item = proto_tree_add_protocol_format(ctx->tree, proto_mstun, segment->tvb, (int)offset, 0,
                                                          "MSTUN, HTTP where STUN should be");

        if (item && before) {
            proto_tree_move_item(ctx->tree, before, item);
        }
        mstun_diagnose_show_bytes(&event, item);
        return true;
    }
    if (is_tls(&rest)) {
        mstun_bytes_are(&event, MSTUN_BYTES_TLS, rest.reported, 0, NULL);
        mstun_dissect_reset_info(ctx);
        proto_item *item = proto_tree_add_protocol_format(ctx->tree, proto_mstun, segment->tvb, (int)offset, 0,
                                                          "MSTUN, TLS where STUN should be");

        mstun_diagnose_show_bytes(&event, item);
        mstun_payload_dissect_tls(tvb_new_subset_remaining(segment->tvb, (int)offset), pinfo, ctx->tree);
        mstun_info_append(pinfo, "TLS instead of STUN");
        return true;
    }
    return false;
}

void mstun_other_protocol_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
}
