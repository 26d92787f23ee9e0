/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/tlv.h"

#include "wire/header.h"

void mstun_tlv_walk_start(mstun_tlv_walk_t *walk, const uint8_t *bytes, uint32_t captured, uint32_t end, bool padded)
{
    walk->bytes = bytes;
    walk->captured = captured;
    walk->end = end;
    walk->offset = STUN_HEADER_LEN;
    walk->padded = padded;
}

static void end_with_trailing_bytes(mstun_tlv_walk_t *walk, mstun_tlv_t *tlv, uint32_t left)
{
    tlv->state = MSTUN_TLV_TRAILING_BYTES;
    tlv->value_len = left;
    walk->offset = walk->end;
}

bool mstun_tlv_walk_next(mstun_tlv_walk_t *walk, mstun_tlv_t *tlv)
{
    if (walk->offset >= walk->end) {
        return false;
    }
    uint32_t left = walk->end - walk->offset;

    *tlv = (mstun_tlv_t){ .offset = walk->offset };
    if (left < STUN_TLV_HEADER_LEN) {
        end_with_trailing_bytes(walk, tlv, left);
        return true;
    }
    if (walk->captured < walk->offset + STUN_TLV_HEADER_LEN) {
        tlv->state = MSTUN_TLV_TRUNCATED_BY_CAPTURE;
        walk->offset = walk->end;
        return true;
    }
    tlv->type = pntohu16(walk->bytes + walk->offset);
    tlv->length = pntohu16(walk->bytes + walk->offset + 2);
    left -= STUN_TLV_HEADER_LEN;
    if (tlv->length > left) {
        tlv->state = MSTUN_TLV_LENGTH_BEYOND_MESSAGE;
        tlv->value_len = left;
        walk->offset = walk->end;
        return true;
    }
    tlv->value_len = tlv->length;
    left -= tlv->length;
    tlv->padding = walk->padded ? MIN((4u - (tlv->length & 3u)) & 3u, left) : 0;
    walk->offset += STUN_TLV_HEADER_LEN + tlv->value_len + tlv->padding;
    if (walk->captured < tlv->offset + STUN_TLV_HEADER_LEN + tlv->value_len) {
        tlv->state = MSTUN_TLV_TRUNCATED_BY_CAPTURE;
        walk->offset = walk->end;
    }
    return true;
}
