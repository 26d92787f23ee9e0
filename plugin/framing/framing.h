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

#include "framing/prefilter.h" /* for entry/ and dissect/, until they include it */
#include "framing/pseudo_tls.h"
#include "wire/dialect.h"

typedef enum {
    MSTUN_FRAMING_UNKNOWN = 0,
    MSTUN_FRAMING_STUN,
    MSTUN_FRAMING_RFC4571,
    MSTUN_FRAMING_UNDETERMINED_RELAY, /* a relayed connection (RFC 6062 section 5.5) before its first bytes */
    MSTUN_FRAMING_RELAYED,            /* a relayed connection without a framing that is known here */
    MSTUN_FRAMING_MS_TURN,
    MSTUN_FRAMING_RFC3489, /* as STUN, with messages that have no cookie */
} mstun_framing_t;

typedef enum {
    MSTUN_UNIT_STUN,         /* a STUN message */
    MSTUN_UNIT_CHANNEL_DATA, /* a TURN ChannelData message */
    MSTUN_UNIT_MS_CONTROL,   /* MS-TURN type 0x02: a TURN message */
    MSTUN_UNIT_MS_DATA,      /* MS-TURN type 0x03: data to or from the active destination */
    MSTUN_UNIT_MULTIPLEXED,  /* MS multiplexed TURN, channel 0xFF10 */
    MSTUN_UNIT_PSEUDO_TLS,   /* a hello of pseudo-TLS */
    MSTUN_UNIT_PACKET,       /* an RFC 4571 frame with any packet of RFC 7983 */
} mstun_unit_kind_t;

/** One unit of a stream: header, payload and padding, one after the other. */
typedef struct {
    mstun_unit_kind_t kind;
    uint32_t header_len;  /* of the framing header: 0 (bare STUN) to MS_MULTIPLEXED_HEADER_LEN */
    uint32_t payload_len; /* the message or packet itself */
    uint32_t padding;     /* ChannelData on TCP: to a multiple of 4 (RFC 8656 section 12.5) */
} mstun_unit_t;

typedef enum {
    MSTUN_UNIT_FOUND, /* its length is known; the bytes may be fewer */
    MSTUN_UNIT_MORE,  /* too few bytes to know its length */
    MSTUN_UNIT_LOST,  /* no unit of this framing begins here */
} mstun_unit_result_t;

#define RFC4571_HEADER_LEN 2
#define CHANNEL_DATA_HEADER_LEN 4
#define MS_TURN_HEADER_LEN 4
#define MS_TURN_CONTROL 0x02
#define MS_TURN_DATA 0x03
#define MS_MULTIPLEXED_HEADER_LEN 12 /* channel, length, session id; the length includes the session id */
#define MS_MULTIPLEXED_CHANNEL 0xFF10
#define MSTUN_OFFSET_NONE UINT32_MAX

/** Length of a whole unit. */
static inline uint32_t mstun_unit_len(const mstun_unit_t *unit)
{
    return unit->header_len + unit->payload_len + unit->padding;
}

/** True for a possible channel number: RFC 8656 section 12 has 0x4000-0x4FFF, RFC 5766 section 11 up to 0x7FFE. */
static inline bool turn_channel_possible(uint16_t channel)
{
    return channel >= 0x4000 && channel <= 0x7FFF;
}

/** Finds the unit that begins with these bytes. len: how many there are, possibly 0. unit is set only if FOUND is
 * returned, and undefined otherwise. */
mstun_unit_result_t mstun_unit_at(mstun_framing_t framing, const uint8_t *bytes, uint32_t len, mstun_unit_t *unit);

/** How certain it must be that bytes are ours before their connection is claimed. */
typedef enum {
    /* As certain as the built-in "stun" must be, so that it never takes a connection that is refused here: two zero
     * bits, the cookie, a whole message. A message that continues behind the bytes must have a known type and valid
     * attributes as far as they go. */
    MSTUN_CONFIDENCE_HEADER,
    /* For a connection that another dissector may own: a known type, valid attributes that end with the message. */
    MSTUN_CONFIDENCE_FULL,
} mstun_confidence_t;

/* In all functions below: bytes, captured: what the capture has of a segment; reported: its length on the wire. */

/**
 * The framing that the first bytes of a segment show; MSTUN_FRAMING_UNKNOWN if none. That is a message at the
 * beginning, and in RFC 4571 and MS-TURN also a message behind units of media.
 */
mstun_framing_t mstun_detect(const uint8_t *bytes, uint32_t captured, uint32_t reported, mstun_confidence_t confidence);

/**
 * The framing of a relayed connection (RFC 6062) by bytes that begin a segment or follow ConnectionBind: that of
 * mstun_detect, else RFC 4571 if frames of media fill the bytes, else MSTUN_FRAMING_RELAYED.
 * is_beginning: the connection begins with these bytes; then an incomplete frame of media is enough for RFC 4571.
 */
mstun_framing_t mstun_detect_relayed(const uint8_t *bytes, uint32_t captured, uint32_t reported, bool is_beginning);

/**
 * After a gap: the first offset >= from where a unit of the framing certainly begins; MSTUN_OFFSET_NONE if there is
 * none. Anywhere this takes a STUN message with its cookie; at from, units that end with the bytes are enough.
 */
uint32_t mstun_resync(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t reported,
                      uint32_t from);

/**
 * If mstun_resync finds nothing: the first offset >= from, near the end, where the few bytes left may still become a
 * unit of the framing. MSTUN_OFFSET_NONE if there is none. Never more than 31 bytes before the end.
 */
uint32_t mstun_resync_tail(mstun_framing_t framing, const uint8_t *bytes, uint32_t captured, uint32_t from);

/**
 * True if only its header makes this a unit: a frame or ChannelData with an unknown packet, or a STUN message that
 * continues behind the segment and has invalid attributes. bytes: from the unit's first byte to the end of the segment.
 */
bool mstun_unit_is_unconfirmed(const mstun_unit_t *unit, const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** True if a message shows that another unit begins inside this one. bytes: from the unit's first byte. */
bool mstun_unit_contains_other_start(mstun_framing_t framing, const mstun_unit_t *unit, const uint8_t *bytes,
                                     uint32_t captured, uint32_t reported);

/** True if an unconfirmed RFC 4571 frame is rather MS-TURN: its length fits the message behind it, or such units fill
 * the bytes. */
bool mstun_looks_like_ms_turn(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** False if an unconfirmed unit is too long to be worth waiting for its end: its length may be garbage. */
bool mstun_unit_length_is_plausible(const mstun_unit_t *unit);

/**
 * The framing of a message that begins anywhere behind the first byte and is followed only by units: for a connection
 * whose beginning is not in the capture. MSTUN_FRAMING_UNKNOWN if there is none.
 */
mstun_framing_t mstun_detect_inside(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** What a packet is by its first bytes (RFC 7983 section 7). */
typedef enum {
    MSTUN_PACKET_UNKNOWN,
    MSTUN_PACKET_STUN,
    MSTUN_PACKET_DTLS,
    MSTUN_PACKET_RTP,
    MSTUN_PACKET_RTCP,
    MSTUN_PACKET_SRTCP, /* encrypted (RFC 3711 section 3.4): an RTCP header without RTCP behind it */
    MSTUN_PACKET_CHANNEL_DATA,
    MSTUN_PACKET_MULTIPLEXED,
} mstun_packet_t;

/** Classifies one packet, which has nothing before or behind it. captured: possibly 0. */
mstun_packet_t mstun_packet_class(const uint8_t *bytes, uint32_t captured, uint32_t reported);

#endif
