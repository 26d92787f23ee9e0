/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one message says, as plain values: set by the attribute rows in one walk, whether or not there is a tree, and
 * read by all rooms above. */
#ifndef MSTUN_ATTR_FACTS_H
#define MSTUN_ATTR_FACTS_H

#include <wsutil/nstime.h>

#include "wire/dialect.h"

/** Bytes of the frame, valid only while it is dissected. bytes is NULL if the message has no such attribute. */
typedef struct {
    const uint8_t *bytes;
    uint16_t len;
} mstun_span_t;

/* Address families of RFC 8489 section 14.1. */
enum {
    MSTUN_FAMILY_NONE = 0, /* of an endpoint: the message has no such address */
    MSTUN_FAMILY_IPV4 = 1,
    MSTUN_FAMILY_IPV6 = 2,
};

/** A transport address, with the XOR undone. It is compared and hashed as bytes: it has no padding, and the bytes of ip
 * that IPv4 does not need are zero. */
typedef struct {
    uint16_t family; /* MSTUN_FAMILY_... */
    uint16_t port;
    uint8_t ip[16];
} mstun_endpoint_t;

/* Which attributes a message has, where their value alone does not show it. */
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
    MSTUN_HAS_MS_SESSION = 1u << 12,
    MSTUN_HAS_MS_SEQUENCE = 1u << 13,
    MSTUN_HAS_USERNAME = 1u << 14, /* or USERHASH */
    MSTUN_HAS_REALM = 1u << 15,
    MSTUN_HAS_NONCE = 1u << 16,
    MSTUN_HAS_EVEN_PORT = 1u << 17,
    MSTUN_HAS_DONT_FRAGMENT = 1u << 18,
    MSTUN_HAS_RESERVATION_TOKEN = 1u << 19,
    MSTUN_HAS_REQUESTED_FAMILY = 1u << 20,
    MSTUN_HAS_ADDITIONAL_FAMILY = 1u << 21,
    MSTUN_HAS_ACCESS_TOKEN = 1u << 22,
    MSTUN_HAS_MOBILITY_TICKET = 1u << 23,
    MSTUN_HAS_PASSWORD_ALGORITHMS = 1u << 24,
    MSTUN_HAS_PEER = 1u << 25,                 /* XOR-PEER-ADDRESS, also one that cannot be read */
    MSTUN_HAS_TRUNCATION = 1u << 26,           /* not an attribute: the capture lacks some, and nobody knows which */
    MSTUN_HAS_UNREADABLE_ATTRIBUTE = 1u << 30, /* truncated, of a wrong length, or out of place; not merely unknown */
};

/** What one message says. 0, NULL or an empty span where it says nothing. */
typedef struct {
    /* header */
    uint16_t type;
    uint16_t length; /* as on the wire: bytes behind the header */
    stun_class_t class;
    uint16_t method;
    const uint8_t *id; /* 16 bytes, the cookie included */
    mstun_dialect_t dialect;
    bool padded; /* its attributes are padded to a multiple of 4 */

    /* attributes */
    uint32_t has; /* MSTUN_HAS_... */
    uint16_t error_code;
    uint16_t channel;
    uint16_t address_error_code;  /* ADDRESS-ERROR-CODE: of the family that was not allocated */
    uint8_t address_error_family; /* MSTUN_FAMILY_... */
    uint8_t family;               /* REQUESTED-ADDRESS-FAMILY: MSTUN_FAMILY_... */
    uint8_t transport;            /* REQUESTED-TRANSPORT: IP_PROTO_TCP, IP_PROTO_UDP */
    uint32_t priority;
    uint32_t lifetime; /* seconds */
    uint32_t connection_id;
    uint32_t ms_sequence; /* MS-Sequence-Number, without its connection id */
    uint64_t ms_session;  /* MS-Multiplexed-TURN-Session-ID */
    mstun_span_t username;
    mstun_span_t realm;
    mstun_span_t nonce;
    mstun_span_t reason;       /* of ERROR-CODE */
    mstun_span_t unknown;      /* UNKNOWN-ATTRIBUTES: types of two bytes each */
    mstun_span_t data;         /* DATA: application bytes */
    mstun_endpoint_t mapped;   /* XOR-MAPPED-ADDRESS or MAPPED-ADDRESS; MS-TURN 0x8020 */
    mstun_endpoint_t relayed;  /* the first XOR-RELAYED-ADDRESS that is usable, with address and port; MS-TURN 0x0001 */
    mstun_endpoint_t relayed2; /* the second one, of the other family (RFC 8656 section 7.2) */
    mstun_endpoint_t peer;     /* the first XOR-PEER-ADDRESS; MS-TURN 0x0011, 0x0012 */
    mstun_endpoint_t alternate; /* ALTERNATE-SERVER; MS-TURN 0x000E */
    mstun_span_t integrity;     /* the HMAC of MESSAGE-INTEGRITY */
    mstun_span_t integrity_sha256;
    mstun_span_t userhash;            /* USERHASH: SHA-256 of user name and realm */
    uint16_t password_algorithm;      /* PASSWORD-ALGORITHM: 1 MD5, 2 SHA-256 */
    mstun_span_t password_algorithms; /* PASSWORD-ALGORITHMS: algorithms with their parameters */
    mstun_span_t mobility_ticket;
    mstun_span_t dtls;  /* META-DTLS-IN-STUN: a DTLS packet, or nothing */
    nstime_t ms_expiry; /* of a user name that an Edge server issued: when it ceases to be accepted */

    uint32_t fingerprint_offset; /* of the attribute, from the start of the message */
    uint32_t fingerprint;        /* as on the wire: see message/fingerprint.h */
} mstun_facts_t;

/** True if the message has MESSAGE-INTEGRITY of either hash. */
static inline bool mstun_facts_have_integrity(const mstun_facts_t *facts)
{
    return (facts->has & (MSTUN_HAS_INTEGRITY | MSTUN_HAS_INTEGRITY_SHA256)) != 0;
}

#endif
