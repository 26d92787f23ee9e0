/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The walk over a message's attributes (RFC 8489 section 14): the only place that finds where one ends.
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
    MSTUN_TLV_TRUNCATED_BY_CAPTURE,  /* it fits into the message, of which the capture does not have all */
    MSTUN_TLV_LENGTH_BEYOND_MESSAGE, /* its length runs past the end of the message; value_len is what is left */
    MSTUN_TLV_TRAILING_BYTES, /* one to three bytes at the end, too few for an attribute; type and length are 0 */
} mstun_tlv_state_t;

typedef struct {
    mstun_tlv_state_t state;
    uint16_t type;
    uint16_t length;    /* as on the wire */
    uint32_t offset;    /* of the type, from the start of the message */
    uint32_t value_len; /* bytes of value inside the message: length, or less if LENGTH_BEYOND_MESSAGE */
    uint32_t padding;   /* 0 to 3 bytes after the value; fewer than needed if the message ends before */
} mstun_tlv_t;

typedef struct {
    const uint8_t *bytes; /* the message from its first header byte */
    uint32_t captured;    /* captured bytes of it */
    uint32_t end;         /* where the attributes end: 20 + Message Length, or the frame's end if that is earlier */
    uint32_t offset;      /* where the next attribute begins */
    bool padded;
} mstun_tlv_walk_t;

/**
 * Starts a walk behind the message's header. bytes: the message, valid as long as the walk; captured: its captured
 * bytes; end: offset of the attributes' end; padded: whether values are padded to a multiple of 4 (mstun_dialect_pads).
 */
void mstun_tlv_walk_start(mstun_tlv_walk_t *walk, const uint8_t *bytes, uint32_t captured, uint32_t end, bool padded);

/** Stores the next attribute in tlv; false at the end. Every step advances, so any bytes end the walk. */
bool mstun_tlv_walk_next(mstun_tlv_walk_t *walk, mstun_tlv_t *tlv);

#endif
