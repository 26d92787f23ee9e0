/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The walk over a message's attributes (RFC 8489 section 14). The only loop over them in the plugin, and the only
 * place that checks where one ends.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Type                  |            Length             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Value (variable), padding to 4     ....
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#ifndef MSTUN_WIRE_TLV_H
#define MSTUN_WIRE_TLV_H

#include "base/compat.h"

#define STUN_TLV_HEADER_LEN 4

typedef enum {
    MSTUN_TLV_OK,
    MSTUN_TLV_TRUNCATED_BY_CAPTURE,  /* whole by the message's length, but the capture ends before it does */
    MSTUN_TLV_LENGTH_BEYOND_MESSAGE, /* its length runs past the end of the message; value_len is what is left */
    MSTUN_TLV_TRAILING_BYTES,        /* one to three bytes at the end that hold no attribute; type and length are 0 */
} mstun_tlv_state_t;

typedef struct {
    mstun_tlv_state_t state;
    uint16_t type;
    uint16_t length;    /* as on the wire */
    uint32_t offset;    /* of the type, from the start of the message */
    uint32_t value_len; /* bytes of value inside the message: length, less if OVERRUN */
    uint32_t padding;   /* 0 to 3 bytes after the value, as far as the message has them */
} mstun_tlv_t;

typedef struct {
    const uint8_t *bytes; /* the message from its first header byte */
    uint32_t captured;    /* bytes of it that are there */
    uint32_t end;         /* where the attributes end: 20 + Message Length, or the frame's end if that is earlier */
    uint32_t offset;      /* where the next attribute begins */
    bool pads;
} mstun_tlv_walk_t;

/** Begins a walk at offset 20. bytes must stay valid while the walk lasts. */
void mstun_tlv_walk_start(mstun_tlv_walk_t *walk, const uint8_t *bytes, uint32_t captured, uint32_t end, bool pads);

/** The next attribute into tlv; false at the end. Every step advances, so the walk ends whatever the bytes say. */
bool mstun_tlv_walk_next(mstun_tlv_walk_t *walk, mstun_tlv_t *tlv);

#endif
