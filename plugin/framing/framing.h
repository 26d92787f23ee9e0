/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where a message begins and ends in a byte stream. Pure functions on bytes: no tree, no packet, no state.
 *
 *   MSTUN_FRAMING_STUN      STUN messages and ChannelData back to back (RFC 8489 section 6.2.2, RFC 8656 section 12.5)
 *   MSTUN_FRAMING_RFC3489   the same of messages without a cookie (RFC 3489 section 8)
 *   MSTUN_FRAMING_RFC4571   a two-byte length before every packet (RFC 4571 section 2, RFC 6544 section 10.1)
 *
 *   MSTUN_FRAMING_MS_TURN   type, reserved byte and length before every TURN message and data unit ([MS-TURN] 2.1.4),
 *                           behind the hellos of pseudo-TLS; multiplexed TURN packets ([MS-TURN] 2.2.3)
 */
#ifndef MSTUN_FRAMING_FRAMING_H
#define MSTUN_FRAMING_FRAMING_H

#include "framing/pseudo_tls.h"
#include "wire/dialect.h"

typedef enum {
    MSTUN_FRAMING_UNKNOWN = 0,
    MSTUN_FRAMING_STUN,
    MSTUN_FRAMING_RFC4571,
    MSTUN_FRAMING_UNDETERMINED_RELAY, /* a relayed connection begins here (RFC 6062 section 5.5): its first bytes will tell */
    MSTUN_FRAMING_RELAYED,            /* bytes of a relayed connection that have no framing of ours */
    MSTUN_FRAMING_MS_TURN,
    MSTUN_FRAMING_RFC3489, /* as STUN, on a connection whose messages have no cookie */
} mstun_framing_t;

typedef enum {
    MSTUN_UNIT_STUN,         /* a STUN message */
    MSTUN_UNIT_CHANNEL_DATA, /* a TURN ChannelData message */
    MSTUN_UNIT_MS_CONTROL,   /* MS-TURN type 0x02: a TURN message */
    MSTUN_UNIT_MS_DATA,      /* MS-TURN type 0x03: data to or from the active destination */
    MSTUN_UNIT_MULTIPLEXED,  /* MS multiplexed TURN, channel 0xFF10 */
    MSTUN_UNIT_PSEUDO_TLS,   /* of pseudo-TLS */
    MSTUN_UNIT_PACKET,       /* an RFC 4571 frame: what it holds is told by its bytes (RFC 7983) */
} mstun_unit_kind_t;

/** One unit of a stream: header, payload and padding lie one after the other. */
typedef struct {
    mstun_unit_kind_t kind;
    uint32_t header_len;  /* framing header: 0, 2 (RFC 4571) or 4 (ChannelData) bytes */
    uint32_t payload_len; /* the message or packet itself */
    uint32_t padding;     /* ChannelData on TCP: to a multiple of 4 (RFC 8656 section 12.5) */
} mstun_unit_t;

typedef enum {
    MSTUN_UNIT_FOUND, /* its extent is known; whether all of it is there is the caller's to see */
    MSTUN_UNIT_MORE,  /* too few bytes to know its length */
    MSTUN_UNIT_LOST,  /* no unit of this framing begins here */
} mstun_unit_result_t;

#define RFC4571_HEADER_LEN 2
#define CHANNEL_DATA_HEADER_LEN 4
#define MS_TURN_HEADER_LEN 4
#define MS_TURN_CONTROL 0x02
#define MS_TURN_DATA 0x03
#define MS_MULTIPLEXED_HEADER_LEN 12 /* channel, length, session id: the length counts from behind itself */
#define MS_MULTIPLEXED_CHANNEL 0xFF10
#define MSTUN_OFFSET_NONE UINT32_MAX

static inline uint32_t mstun_unit_len(const mstun_unit_t *unit)
{
    return unit->header_len + unit->payload_len + unit->padding;
}

/** RFC 8656 section 12 gives channels 0x4000-0x4FFF, RFC 5766 section 11 up to 0x7FFE. */
static inline bool turn_channel_possible(uint16_t channel)
{
    return channel >= 0x4000 && channel <= 0x7FFF;
}

/**
 * The unit that begins at the first byte of a stream of known framing.
 * bytes, len: what is there (len may be 0). On FOUND fills unit, else leaves it undefined.
 */
mstun_unit_result_t mstun_unit_at(mstun_framing_t framing, const uint8_t *bytes, uint32_t len, mstun_unit_t *unit);

/** How much is asked of bytes before a connection is claimed for them. */
typedef enum {
    /* As much as the built-in "stun" asks, so that it never takes a connection that we would refuse: cookie, two top
     * bits, a message that is there whole. A message that is not there whole must have a known type and attributes
     * that walk, as far as they go. */
    MSTUN_CONFIDENCE_HEADER,
    /* In the middle of a connection that has another owner: a known type, and attributes that walk to the exact end. */
    MSTUN_CONFIDENCE_FULL,
} mstun_confidence_t;

/** The first bytes of all that mstun_detect_possible lets pass without a cookie: a bit for each value of their upper six. */
#define MSTUN_FIRST_BYTES                                                                                              \
    (MSTUN_FIRST_BYTE(0x00) | MSTUN_FIRST_BYTE(0x04) | UINT64_C(0xFFFF0000) |                                          \
     MSTUN_FIRST_BYTE(MSTUN_HELLO_HEAD >> 24) | MSTUN_FIRST_BYTE(MSTUN_HELLO_HEAD_GOOGLE_CLIENT >> 24))
#define MSTUN_FIRST_BYTE(byte) (UINT64_C(1) << ((byte) >> 2))

/**
 * Whether mstun_detect or mstun_pseudo_tls_hello may say anything else than no to a segment of 20 bytes or more: nearly
 * all segments of other protocols come no further. first: its first eight bytes. A frame of 1536 bytes or more, longer
 * than what datagrams hold, must have RFC 5389's cookie.
 */
static inline bool mstun_detect_possible(uint64_t first)
{
    uint32_t head = (uint32_t)(first >> 32);

    if ((uint32_t)first == STUN_COOKIE ||
        (uint16_t)first == STUN_COOKIE >> 16) { /* bare, or behind an RFC 4571 length */
        return true;
    }
    return (MSTUN_FIRST_BYTES >> (first >> 58) & 1) &&
           (head < 0x06000000 ||                 /* known types, MS-TURN's headers, RFC 4571 lengths */
            (head & 0xC000F000) == 0x40000000 || /* ChannelData, as long as a datagram can be */
            head == MSTUN_HELLO_HEAD || head == MSTUN_HELLO_HEAD_GOOGLE_CLIENT);
}

/**
 * The framing that the first bytes of a TCP segment prove; MSTUN_FRAMING_UNKNOWN if none.
 * bytes, captured: what is there; reported: the segment's length on the wire.
 * RFC 4571 and MS-TURN are also proven by media in front of a STUN message in the same segment.
 */
mstun_framing_t mstun_detect(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t proof);

/**
 * The framing of a relayed connection by bytes of it that begin a segment, or that follow ConnectionBind: as mstun_detect,
 * and RFC 4571 also where media frames fill the bytes to their end; MSTUN_FRAMING_RELAYED if nothing is proven.
 * fresh: the connection begins here, and the beginning of a media frame is enough.
 */
mstun_framing_t mstun_detect_relayed(const uint8_t *bytes, uint32_t captured, uint32_t reported, bool fresh);

/**
 * Whether fewer bytes than a STUN header may become one, in either framing: for ports that are ours, where a connection's
 * first segment may hold a single byte. Never true for len >= 22.
 */
bool mstun_detect_prefix(const uint8_t *bytes, uint32_t len);

/**
 * After a gap: the first offset >= from at which a unit of the framing provably begins, MSTUN_OFFSET_NONE if there is none.
 * A STUN message with its cookie proves itself anywhere; at offset from alone, a run of units that ends with the bytes does too.
 */
uint32_t mstun_resync(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                      uint32_t from);

/**
 * Where no unit begins: the first offset >= from of so few bytes at the end that a unit of the framing may begin there, for
 * all they say. MSTUN_OFFSET_NONE if there is none; fewer than 32 bytes lie behind it.
 */
uint32_t mstun_resync_tail(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t from);

/**
 * Whether nothing but its header speaks for a unit: a frame or ChannelData that holds nothing known; a STUN message that
 * goes on behind the segment and whose attributes do not walk. bytes, captured, reported: from its first byte to the
 * segment's end.
 */
bool mstun_unit_is_unconfirmed(const mstun_unit_t *unit, const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** Whether a message proves that another unit of the framing begins inside of this one. */
bool mstun_unit_contains_other_start(mstun_framing_t framing, const mstun_unit_t *unit, const uint8_t *bytes,
                                     uint32_t captured, uint32_t reported);

/** Whether a strange RFC 4571 frame is rather MS-TURN: a header whose length fits the message behind it, or units that end with the bytes. */
bool mstun_looks_like_ms_turn(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** Whether a strange unit that goes on behind the segment is worth waiting for: its length may be garbage. */
bool mstun_unit_length_is_plausible(const mstun_unit_t *unit);

/**
 * The framing that a message proves anywhere behind the first byte, followed by units as far as the bytes go: for a
 * connection that the capture joins in the middle.
 */
mstun_framing_t mstun_detect_inside(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** What a packet is by its first bytes (RFC 7983 section 7). */
typedef enum {
    MSTUN_PACKET_UNKNOWN,
    MSTUN_PACKET_STUN,
    MSTUN_PACKET_DTLS,
    MSTUN_PACKET_RTP,
    MSTUN_PACKET_RTCP,
    MSTUN_PACKET_SRTCP, /* an RTCP header, and behind it no RTCP: encrypted (RFC 3711 section 3.4) */
    MSTUN_PACKET_CHANNEL_DATA,
    MSTUN_PACKET_MULTIPLEXED,
} mstun_packet_t;

mstun_packet_t mstun_packet_class(const uint8_t *bytes, uint32_t captured, uint32_t reported);

#endif
