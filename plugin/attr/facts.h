/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one message says, as plain values: filled in one walk by the attribute rows, read by everything above (summary,
 * tracking, reports). Nobody above parses bytes again, and nobody reads values back from the tree. */
#ifndef MSTUN_ATTR_FACTS_H
#define MSTUN_ATTR_FACTS_H

#include "wire/dialect.h"

/** Bytes of the frame: valid only while this frame is being dissected. bytes is NULL where the attribute is absent. */
typedef struct {
    const uint8_t *bytes;
    uint16_t len;
} mstun_span_t;

/** A transport address, XOR undone. Without padding, and zero behind an IPv4 address: compared and hashed as bytes. */
typedef struct {
    uint16_t family; /* 1 IPv4, 2 IPv6 (RFC 8489 section 14.1), 0 absent */
    uint16_t port;
    uint8_t ip[16];
} mstun_endpoint_t;

/* Attributes whose mere presence is the fact, and problems that the walk met. */
enum {
    MSTUN_HAS_USE_CANDIDATE = 1u << 0,
    MSTUN_HAS_PRIORITY = 1u << 1,
    MSTUN_HAS_CONTROLLING = 1u << 2,
    MSTUN_HAS_CONTROLLED = 1u << 3,
    MSTUN_HAS_LIFETIME = 1u << 4,
    MSTUN_HAS_CONNECTION_ID = 1u << 5,
    MSTUN_HAS_CHANNEL = 1u << 6,
    MSTUN_HAS_TRANSPORT = 1u << 7,
    MSTUN_HAS_INTEGRITY = 1u << 8,        /* MESSAGE-INTEGRITY */
    MSTUN_HAS_INTEGRITY_SHA256 = 1u << 9, /* MESSAGE-INTEGRITY-SHA256 */
    MSTUN_HAS_ERROR = 1u << 10,
    MSTUN_HAS_MS_ATTRIBUTE = 1u << 11, /* one that only Microsoft sends */
    MSTUN_HAS_MS_VERSION = 1u << 12,
    MSTUN_HAS_MS_SESSION = 1u << 13,
    MSTUN_HAS_MS_SEQUENCE = 1u << 14,
    MSTUN_HAS_UNREADABLE_ATTRIBUTE =
        1u << 31, /* an attribute was too long, too short, cut, out of place: look at the tree */
};

typedef struct {
    /* header */
    uint16_t type;
    uint16_t length; /* as on the wire: bytes after the header */
    stun_class_t class;
    uint16_t method;
    const uint8_t *id; /* 16 bytes, the cookie included */
    mstun_dialect_t dialect;
    bool padded; /* its attributes are padded to a multiple of 4 */

    /* attributes */
    uint32_t has; /* MSTUN_HAS_... */
    uint16_t error_code;
    uint16_t channel;
    uint8_t transport; /* REQUESTED-TRANSPORT: 6 TCP, 17 UDP */
    uint32_t priority;
    uint32_t lifetime; /* seconds */
    uint32_t connection_id;
    uint32_t ms_version;
    uint32_t ms_sequence;
    uint64_t ms_session; /* MS-Multiplexed-TURN-Session-ID */
    uint64_t tie_breaker;
    mstun_span_t username;
    mstun_span_t realm;
    mstun_span_t nonce;
    mstun_span_t reason;
    mstun_span_t software;
    mstun_span_t unknown;       /* UNKNOWN-ATTRIBUTES: two bytes each */
    mstun_span_t data;          /* DATA: application bytes */
    mstun_endpoint_t mapped;    /* XOR-MAPPED-ADDRESS or MAPPED-ADDRESS; MS-TURN 0x8020 */
    mstun_endpoint_t relayed;   /* XOR-RELAYED-ADDRESS; MS-TURN 0x0001 */
    mstun_endpoint_t peer;      /* the first XOR-PEER-ADDRESS; MS-TURN 0x0011, 0x0012 */
    mstun_endpoint_t alternate; /* ALTERNATE-SERVER; MS-TURN 0x000E */
    mstun_span_t integrity;     /* the HMAC of MESSAGE-INTEGRITY */
    mstun_span_t integrity_sha256;
    mstun_span_t userhash;       /* 32 bytes that stand for USERNAME and REALM */
    uint16_t password_algorithm; /* PASSWORD-ALGORITHM: 1 MD5, 2 SHA-256; 0: there is none */

    uint32_t fingerprint_offset; /* of the attribute, from the start of the message; 0: there is none */
    uint32_t fingerprint;        /* as on the wire; message/fingerprint.h says whether it is good */
} mstun_facts_t;

/** Whether the message proves who sent it: MESSAGE-INTEGRITY, of either hash. */
static inline bool mstun_facts_have_integrity(const mstun_facts_t *facts)
{
    return (facts->has & (MSTUN_HAS_INTEGRITY | MSTUN_HAS_INTEGRITY_SHA256)) != 0;
}

#endif
