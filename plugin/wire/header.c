/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The message types in use: RFC 3489 section 11.1, RFC 8489, RFC 8656, RFC 6062, [MS-TURN] 2.2.1, GOOG-PING. */
#include "wire/header.h"

#define CLASS_BIT(class) (1u << (class))
#define REQUEST_AND_RESPONSES (CLASS_BIT(STUN_REQUEST) | CLASS_BIT(STUN_SUCCESS) | CLASS_BIT(STUN_ERROR))

/* Classes in use, by method. In MS-TURN, method 0x004 is Send, 0x005 is the Data Indication, whose bits say error
 * response, and 0x006 is Set Active Destination. */
static const uint8_t classes_of_method[] = {
    [STUN_BINDING] = REQUEST_AND_RESPONSES | CLASS_BIT(STUN_INDICATION),
    [STUN_SHARED_SECRET] = REQUEST_AND_RESPONSES,
    [TURN_ALLOCATE] = REQUEST_AND_RESPONSES,
    [TURN_REFRESH] = REQUEST_AND_RESPONSES,
    [0x005] = CLASS_BIT(STUN_ERROR),
    [TURN_SEND] = REQUEST_AND_RESPONSES | CLASS_BIT(STUN_INDICATION),
    [TURN_DATA] = CLASS_BIT(STUN_INDICATION),
    [TURN_CREATE_PERMISSION] = REQUEST_AND_RESPONSES,
    [TURN_CHANNEL_BIND] = REQUEST_AND_RESPONSES,
    [TURN_CONNECT] = REQUEST_AND_RESPONSES,
    [TURN_CONNECTION_BIND] = REQUEST_AND_RESPONSES,
    [TURN_CONNECTION_ATTEMPT] = CLASS_BIT(STUN_INDICATION),
    [GOOG_PING] = REQUEST_AND_RESPONSES,
};

bool stun_type_known(uint16_t type)
{
    uint16_t method = stun_type_method(type);

    return stun_type_possible(type) && method < array_length(classes_of_method) &&
           (classes_of_method[method] & CLASS_BIT(stun_type_class(type)));
}
