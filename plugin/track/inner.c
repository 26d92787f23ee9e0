/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/inner.h"

/* What stood before a unit's data, where that was not nothing. */
typedef struct {
    uint32_t frame;
    uint32_t position;
    const uint8_t *bytes;
    uint32_t len;
} before_t;

struct mstun_inner_stream {
    uint32_t framed_since;  /* the frame whose data showed that there are lengths; 0: not yet */
    const uint8_t *pending; /* first pass: of the frame that has begun */
    uint32_t pending_len;
    uint32_t next;        /* first pass: where its next bytes are expected */
    wmem_array_t *before; /* of before_t, by frame */
};

static bool is_one_frame(const uint8_t *data, uint32_t len)
{
    return len > RFC4571_HEADER_LEN && pntohu16(data) == len - RFC4571_HEADER_LEN;
}

/* Frames that fill the data, or a first one that does not fit into it, with something known in it. */
static bool looks_framed(const uint8_t *data, uint32_t len)
{
    uint32_t left = len > RFC4571_HEADER_LEN ? len - RFC4571_HEADER_LEN : 0;

    return left >= 2 && pntohu16(data) > 0 && mstun_packet_class(data, len, len) == MSTUN_PACKET_UNKNOWN &&
           mstun_packet_class(data + RFC4571_HEADER_LEN, left, pntohu16(data)) != MSTUN_PACKET_UNKNOWN;
}

static mstun_inner_t look_up(const mstun_inner_stream_t *inner, uint32_t frame, uint32_t position)
{
    mstun_inner_t found = { NULL, 0, inner->framed_since && inner->framed_since <= frame };
    unsigned low = 0, count = inner->before ? wmem_array_get_count(inner->before) : 0, high = count;

    while (low < high) { /* they are in the order of their frames */
        unsigned middle = (low + high) / 2;

        if (((const before_t *)wmem_array_index(inner->before, middle))->frame < frame) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < count; low++) {
        const before_t *before = (const before_t *)wmem_array_index(inner->before, low);

        if (before->frame != frame) {
            break;
        }
        if (before->position == position) {
            found.before = before->bytes;
            found.before_len = before->len;
        }
    }
    return found;
}

static void remember(mstun_inner_stream_t *inner, uint32_t frame, uint32_t position)
{
    before_t before = { frame, position, inner->pending, inner->pending_len };

    if (!inner->before) {
        inner->before = wmem_array_sized_new(wmem_file_scope(), sizeof(before_t), 4);
    }
    wmem_array_append_one(inner->before, before);
}

mstun_inner_t mstun_inner_enter(mstun_flow_t *flow, packet_info *pinfo, uint32_t position, const uint8_t *data,
                                uint32_t len)
{
    if (!flow->inner) {
        if (PINFO_FD_VISITED(pinfo)) {
            return (mstun_inner_t){ NULL, 0, false };
        }
        flow->inner = wmem_new0(wmem_file_scope(), mstun_inner_stream_t);
    }
    mstun_inner_stream_t *inner = flow->inner;

    if (!PINFO_FD_VISITED(pinfo)) {
        if (!inner->framed_since && (is_one_frame(data, len) || looks_framed(data, len))) {
            inner->framed_since = pinfo->num;
        }
        if (inner->pending_len && inner->next != position) { /* bytes are missing between */
            inner->pending_len = 0;
        }
        if (inner->pending_len) {
            remember(inner, pinfo->num, position);
        }
    }
    return look_up(inner, pinfo->num, position);
}

void mstun_inner_leave(mstun_flow_t *flow, packet_info *pinfo, const uint8_t *rest, uint32_t len, uint32_t next)
{
    if (PINFO_FD_VISITED(pinfo) || !flow->inner) {
        return;
    }
    flow->inner->pending = len ? (const uint8_t *)wmem_memdup(wmem_file_scope(), rest, len) : NULL;
    flow->inner->pending_len = len;
    flow->inner->next = next;
}
