/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The 20-byte STUN header (RFC 8489 section 5) and the bits of its type. Pure functions on bytes.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |0 0|     STUN Message Type     |         Message Length        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Magic Cookie                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                     Transaction ID (96 bits)                  |
 *  |          (RFC 3489 and MS-TURN: 128 bits, no cookie)          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#ifndef MSTUN_WIRE_HEADER_H
#define MSTUN_WIRE_HEADER_H

#include "base/compat.h"

#define STUN_HEADER_LEN 20
#define STUN_ID_OFFSET 4
#define STUN_ID_LEN 16 /* the cookie included */
#define STUN_COOKIE 0x2112A442u

#define STUN_TYPE_CLASS_MASK 0x0110
#define STUN_TYPE_METHOD_MASK 0x3EEF
#define STUN_TYPE_INDICATION_BITS 0x0010

typedef enum {
    STUN_REQUEST = 0,
    STUN_INDICATION = 1,
    STUN_SUCCESS = 2,
    STUN_ERROR = 3,
} stun_class_t;

enum {
    STUN_BINDING = 0x001,
    STUN_SHARED_SECRET = 0x002,
    TURN_ALLOCATE = 0x003,
    TURN_REFRESH = 0x004,
    TURN_SEND = 0x006,
    TURN_DATA = 0x007,
    TURN_CREATE_PERMISSION = 0x008,
    TURN_CHANNEL_BIND = 0x009,
    TURN_CONNECT = 0x00A,
    TURN_CONNECTION_BIND = 0x00B,
    TURN_CONNECTION_ATTEMPT = 0x00C,
    GOOG_PING = 0x080,
};

/* Whole types that [MS-TURN] 2.2.1 uses in another sense than the RFCs. */
enum {
    MS_TURN_SEND_REQUEST = 0x0004,
    MS_TURN_SET_ACTIVE_DESTINATION = 0x0006,
    MS_TURN_SET_ACTIVE_DESTINATION_RESPONSE = 0x0106,
    MS_TURN_SET_ACTIVE_DESTINATION_ERROR = 0x0116,
    MS_TURN_DATA_INDICATION = 0x0115,
};

/** The class of a message type. RFC 8489 section 5: C1 is bit 8 and C0 is bit 4. */
static inline stun_class_t stun_type_class(uint16_t type)
{
    return (stun_class_t)(((type >> 7) & 2) | ((type >> 4) & 1));
}

/** The method of a message type: its bits without the two of the class (RFC 8489 section 5). */
static inline uint16_t stun_type_method(uint16_t type)
{
    return (uint16_t)((type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2));
}

/** True if the two top bits are zero, as in every STUN message (RFC 8489 section 5). */
static inline bool stun_type_possible(uint16_t type)
{
    return (type & 0xC000) == 0;
}

#define STUN_KNOWN_TYPE_MAX 0x03FF /* no type above is known */

/** True if a specification or a product uses the type: see the table in header.c. */
bool stun_type_known(uint16_t type);

#endif
