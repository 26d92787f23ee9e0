/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The prefilter: whether bytes can be ours at all. It sees every TCP segment of every capture, so it reads eight bytes
 * and refuses nearly all other traffic in a few instructions. What passes is for mstun_detect and
 * mstun_pseudo_tls_hello. */
#ifndef MSTUN_FRAMING_PREFILTER_H
#define MSTUN_FRAMING_PREFILTER_H

#include "framing/pseudo_tls.h"
#include "wire/header.h"

/** Most bytes of what was sent in a datagram before it came into a stream: an Ethernet frame's payload. */
#define DATAGRAM_MAX 1500

/* The first four bytes, as a number, of everything that may begin a segment without RFC 5389's cookie behind them. */
static const struct {
    uint32_t lowest, highest;
    uint32_t zero_bits;
} mstun_starts[] = {
    /* STUN types, MS-TURN's 02 00 and 03 00, RFC 4571 lengths: frames longer than datagrams must have the cookie */
    { 0x00000000, DATAGRAM_MAX << 16 | 0x00FFFFFF, 0 },
    { 0x40000000, 0x7FFFFFFF, 0x0000F000 }, /* ChannelData of less than 4096 bytes */
    { MSTUN_HELLO_HEAD, MSTUN_HELLO_HEAD, 0 },
    { MSTUN_HELLO_HEAD_GOOGLE_CLIENT, MSTUN_HELLO_HEAD_GOOGLE_CLIENT, 0 },
};

/* The table's first bytes, one bit for each value of their upper six bits. This alone refuses most traffic. */
static inline uint64_t mstun_first_bytes(void)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < array_length(mstun_starts); i++) {
        bits |= UINT64_MAX << (mstun_starts[i].lowest >> 26) & UINT64_MAX >> (63 - (mstun_starts[i].highest >> 26));
    }
    return bits;
}

/** False if a segment of 20 bytes or more cannot be ours: most other traffic. first: its first eight bytes. */
static inline bool mstun_detect_possible(uint64_t first)
{
    uint32_t head = (uint32_t)(first >> 32);
    bool found = false;

    if ((uint32_t)first == STUN_COOKIE || (uint16_t)first == STUN_COOKIE >> 16) { /* bare; behind an RFC 4571 length */
        return true;
    }
    if (!(mstun_first_bytes() >> (first >> 58) & 1)) {
        return false;
    }
    for (unsigned i = 0; i < array_length(mstun_starts) && !found; i++) {
        found = head - mstun_starts[i].lowest <= mstun_starts[i].highest - mstun_starts[i].lowest &&
                (head & mstun_starts[i].zero_bits) == 0;
    }
    return found;
}

/**
 * True if fewer bytes than a STUN header may become one, bare or behind an RFC 4571 length: for TURN's ports, where the
 * first segment of a connection may hold a single byte. False for 22 bytes and more.
 */
bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len);

/** True if a control unit of MS-TURN may begin so, whose two lengths fit, and fewer bytes are there than prove it. */
bool mstun_may_become_ms_turn(const uint8_t *bytes, uint32_t len);

/** True if the first len bytes of a STUN header may be these: known type, the cookie, a length in fours, which only an
 * error response may lack. */
bool mstun_may_become_stun_header(const uint8_t *bytes, uint32_t len);

/** The same behind an RFC 4571 length; where that fits the message's, it is in fours or not. len: 1 at least. */
bool mstun_may_become_framed_header(const uint8_t *bytes, uint32_t len);

#endif
