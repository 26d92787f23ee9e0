/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/channel_data.h"

/* Whether ChannelData of a channel, or a message, begins with these bytes. */
static bool begins_unit(const uint8_t *bytes, uint32_t captured, uint16_t channel)
{
    return captured >= CHANNEL_DATA_HEADER_LEN &&
           (pntohu16(bytes) == channel || (captured >= 8 && pntohu32(bytes + STUN_ID_OFFSET) == STUN_COOKIE));
}

/* RFC 8656 section 12.5: on TCP, ChannelData is padded. Where the sender leaves that out, the next unit begins in the
 * padding, or the segment ends before it. */
void mstun_channel_data_check_padding(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset,
                                      mstun_unit_t *unit)
{
    uint32_t end = unit->header_len + unit->payload_len;
    mstun_event_t event = mstun_event_at(ctx, offset);

    if (!event.stream || end > rest->reported) {
        return;
    }
    if (end < rest->captured
            ? !begins_unit(rest->bytes + end, rest->captured - end, pntohu16(rest->bytes)) ||
                  (end + unit->padding < rest->captured &&
                   begins_unit(rest->bytes + end + unit->padding, rest->captured - end - unit->padding,
                               pntohu16(rest->bytes)))
            : end != rest->reported || !mstun_foreign_bytes_before(&event, MSTUN_BYTES_UNPADDED_CHANNEL_DATA)) {
        return;
    }
    if (mstun_bytes_are(&event, MSTUN_BYTES_UNPADDED_CHANNEL_DATA, unit->padding, unit->payload_len, NULL)) {
        unit->padding = 0;
    }
}

/* Whether units fill the bytes from an offset on, or a message proves that one begins there. */
static bool units_follow(const mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset)
{
    return mstun_resync(ctx->event.framing, rest->bytes, rest->captured, rest->reported, offset) == offset;
}

/* ChannelData that nothing confirms, and behind which no unit begins: if units begin in it and fill the rest, its
 * sender has written less than it announced. */
void mstun_channel_data_check_length(mstun_dissect_ctx_t *ctx, const mstun_rest_t *rest, uint32_t offset,
                                     mstun_unit_t *unit)
{
    uint32_t len = mstun_unit_len(unit);
    uint16_t channel = pntohu16(rest->bytes);
    mstun_event_t event = mstun_event_at(ctx, offset);

    if (!event.stream || len > rest->captured || rest->captured != rest->reported || len == rest->captured ||
        units_follow(ctx, rest, len)) {
        return;
    }
    for (uint32_t at = CHANNEL_DATA_HEADER_LEN; at + CHANNEL_DATA_HEADER_LEN <= len; at++) {
        if (pntohu16(rest->bytes + at) == channel && units_follow(ctx, rest, at)) {
            if (mstun_bytes_are(&event, MSTUN_BYTES_SHORT_CHANNEL_DATA, at - CHANNEL_DATA_HEADER_LEN, unit->payload_len,
                                NULL)) {
                unit->payload_len = at - CHANNEL_DATA_HEADER_LEN;
                unit->padding = 0;
            }
            return;
        }
    }
}
