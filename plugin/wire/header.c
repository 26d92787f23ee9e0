/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The message types in use: RFC 3489 section 11.1, RFC 8489, RFC 8656, RFC 6062, [MS-TURN] 2.2.1, GOOG-PING. */
#include "wire/header.h"

#define CLASS_BIT(class) (1u << (class))
#define ANSWERED (CLASS_BIT(STUN_REQUEST) | CLASS_BIT(STUN_SUCCESS) | CLASS_BIT(STUN_ERROR))

/* Classes in use, by method. Method 0x004 is also the Send Request, 0x005 the Data Indication and 0x006 the
 * Set Active Destination of MS-TURN. */
static const uint8_t classes_of_method[] = {
    [STUN_BINDING] = ANSWERED | CLASS_BIT(STUN_INDICATION),
    [STUN_SHARED_SECRET] = ANSWERED,
    [TURN_ALLOCATE] = ANSWERED,
    [TURN_REFRESH] = ANSWERED,
    [0x005] = CLASS_BIT(STUN_ERROR),
    [TURN_SEND] = ANSWERED | CLASS_BIT(STUN_INDICATION),
    [TURN_DATA] = CLASS_BIT(STUN_INDICATION),
    [TURN_CREATE_PERMISSION] = ANSWERED,
    [TURN_CHANNEL_BIND] = ANSWERED,
    [TURN_CONNECT] = ANSWERED,
    [TURN_CONNECTION_BIND] = ANSWERED,
    [TURN_CONNECTION_ATTEMPT] = CLASS_BIT(STUN_INDICATION),
    [GOOG_PING] = ANSWERED,
};

bool stun_type_known(uint16_t type)
{
    uint16_t method = stun_type_method(type);

    return stun_type_possible(type) && method < array_length(classes_of_method) &&
           (classes_of_method[method] & CLASS_BIT(stun_type_class(type)));
}
