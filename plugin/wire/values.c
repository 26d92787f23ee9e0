/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names of message types (RFC 8489, 8656, 6062, 3489 section 11.1, [MS-TURN] 2.2.1), of dialects and of error codes
 * (RFC 8489 section 14.8, 8656, 8445, 8016, 6062, [MS-TURN], [MS-ICE2BWM], and drafts whose codes are still sent).
 * IANA's registries are those of 2024-12-20. */
#include "wire/values.h"

const value_string mstun_class_names[] = {
    { 0x00, "Request" }, { 0x01, "Indication" }, { 0x10, "Success Response" }, { 0x11, "Error Response" }, { 0, NULL },
};

/* By the type's bits without the class's, unshifted: the method itself below 0x010; GOOG-PING is method 0x080. */
const value_string mstun_method_names[] = {
    { STUN_BINDING, "Binding" },
    { STUN_SHARED_SECRET, "Shared Secret" },
    { TURN_ALLOCATE, "Allocate" },
    { TURN_REFRESH, "Refresh" },
    { TURN_SEND, "Send" },
    { TURN_DATA, "Data" },
    { TURN_CREATE_PERMISSION, "CreatePermission" },
    { TURN_CHANNEL_BIND, "ChannelBind" },
    { TURN_CONNECT, "Connect" },
    { TURN_CONNECTION_BIND, "ConnectionBind" },
    { TURN_CONNECTION_ATTEMPT, "ConnectionAttempt" },
    { 0x0200, "GOOG-PING" },
    { 0, NULL },
};

/* [MS-TURN] 2.2.1 */
const value_string mstun_ms_turn_method_names[] = {
    { STUN_BINDING, "Binding" },
    { STUN_SHARED_SECRET, "Shared Secret" },
    { TURN_ALLOCATE, "Allocate" },
    { MS_TURN_SEND_REQUEST, "Send" },
    { TURN_REFRESH, "Refresh" }, /* not MS-TURN's, and the same number: never shown, but see below */
    { MS_TURN_DATA_INDICATION & STUN_TYPE_METHOD_MASK, "Data" },
    { MS_TURN_SET_ACTIVE_DESTINATION, "Set Active Destination" },
    /* MS-TURN has none of these. Wireshark looks up a filter's word in one of the two tables only. */
    { TURN_CREATE_PERMISSION, "CreatePermission" },
    { TURN_CHANNEL_BIND, "ChannelBind" },
    { TURN_CONNECT, "Connect" },
    { TURN_CONNECTION_BIND, "ConnectionBind" },
    { TURN_CONNECTION_ATTEMPT, "ConnectionAttempt" },
    { 0x0200, "GOOG-PING" },
    { 0, NULL },
};

const value_string mstun_type_names[] = {
    { 0x0001, "Binding Request" },
    { 0x0011, "Binding Indication" },
    { 0x0101, "Binding Success Response" },
    { 0x0111, "Binding Error Response" },
    { 0x0002, "Shared Secret Request" },
    { 0x0102, "Shared Secret Success Response" },
    { 0x0112, "Shared Secret Error Response" },
    { 0x0003, "Allocate Request" },
    { 0x0103, "Allocate Success Response" },
    { 0x0113, "Allocate Error Response" },
    { 0x0004, "Refresh Request" },
    { 0x0104, "Refresh Success Response" },
    { 0x0114, "Refresh Error Response" },
    { 0x0006, "Send Request" },
    { 0x0016, "Send Indication" },
    { 0x0106, "Send Success Response" },
    { 0x0116, "Send Error Response" },
    { 0x0017, "Data Indication" },
    { 0x0008, "CreatePermission Request" },
    { 0x0108, "CreatePermission Success Response" },
    { 0x0118, "CreatePermission Error Response" },
    { 0x0009, "ChannelBind Request" },
    { 0x0109, "ChannelBind Success Response" },
    { 0x0119, "ChannelBind Error Response" },
    { 0x000A, "Connect Request" },
    { 0x010A, "Connect Success Response" },
    { 0x011A, "Connect Error Response" },
    { 0x000B, "ConnectionBind Request" },
    { 0x010B, "ConnectionBind Success Response" },
    { 0x011B, "ConnectionBind Error Response" },
    { 0x001C, "ConnectionAttempt Indication" },
    { 0x0200, "GOOG-PING Request" },
    { 0x0300, "GOOG-PING Success Response" },
    { 0x0310, "GOOG-PING Error Response" },
    /* Meta's, on WhatsApp's relays: names from published analyses of its calls. By their bits all are requests. */
    { 0x0800, "Meta Call End" },
    { 0x0801, "Meta Ping" },
    { 0x0802, "Meta Pong" },
    { 0x0803, "Meta Probing Allocate" },
    { 0x0804, "Meta Stateful Ping" },
    { 0x0805, "Meta Stateful Pong" },
    { 0, NULL },
};

/* [MS-TURN] 2.2.1. Other types in that dialect, which are Google's, have their names in the list above. */
const value_string mstun_ms_turn_type_names[] = {
    { 0x0001, "Binding Request" },
    { 0x0101, "Binding Success Response" },
    { 0x0111, "Binding Error Response" },
    { 0x0003, "Allocate Request" },
    { 0x0103, "Allocate Success Response" },
    { 0x0113, "Allocate Error Response" },
    { MS_TURN_SEND_REQUEST, "Send Request" },
    { 0x0104, "Send Response" }, /* from Google's relay; [MS-TURN] has no such response */
    { 0x0114, "Send Error Response" },
    { MS_TURN_SET_ACTIVE_DESTINATION, "Set Active Destination Request" },
    { MS_TURN_SET_ACTIVE_DESTINATION_RESPONSE, "Set Active Destination Response" },
    { MS_TURN_SET_ACTIVE_DESTINATION_ERROR, "Set Active Destination Error Response" },
    { MS_TURN_DATA_INDICATION, "Data Indication" },
    { 0, NULL },
};

const value_string mstun_dialect_names[] = {
    { MSTUN_DIALECT_UNKNOWN, "Unknown" }, { MSTUN_DIALECT_RFC3489, "RFC 3489" }, { MSTUN_DIALECT_RFC5389, "RFC 5389" },
    { MSTUN_DIALECT_MS_ICE2, "MS-ICE2" }, { MSTUN_DIALECT_MS_TURN, "MS-TURN" },  { 0, NULL },
};

const value_string mstun_error_names[] = {
    { 274, "Disable Candidate" },
    { 275, "Disable Candidate Pair" },
    { 300, "Try Alternate" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 405, "Mobility Forbidden" },
    { 420, "Unknown Attribute" },
    { 430, "Stale Credentials" },
    { 431, "Integrity Check Failure" },
    { 432, "Missing Username" },
    { 433, "Use TLS" },
    { 434, "Missing Realm" },
    { 435, "Missing Nonce" },
    { 436, "Unknown Username" },
    { 437, "Allocation Mismatch" },
    { 438, "Stale Nonce" },
    { 439, "Wrong Credentials or Transitioning" }, /* two TURN drafts gave it two meanings */
    { 440, "Address Family not Supported" },
    { 441, "Wrong Credentials" },
    { 442, "Unsupported Transport Protocol" },
    { 443, "Peer Address Family Mismatch" },
    { 444, "Invalid Port" },
    { 445, "Operation for TCP Only" },
    { 446, "Connection Already Exists" },
    { 447, "Connection Timeout or Failure" },
    { 481, "Connection Does Not Exist" },
    { 486, "Allocation Quota Reached" },
    { 487, "Role Conflict" },
    { 500, "Server Error" },
    { 503, "Service Unavailable" },
    { 507, "Insufficient Bandwidth Capacity" },
    { 508, "Insufficient Capacity" },
    { 600, "Global Failure" },
    { 0, NULL },
};

static const char *unknown_type_name(stun_class_t class)
{
    switch (class) {
    case STUN_REQUEST:
        return "Unknown Request";
    case STUN_INDICATION:
        return "Unknown Indication";
    case STUN_SUCCESS:
        return "Unknown Success Response";
    case STUN_ERROR:
        return "Unknown Error Response";
    }
    return "Unknown";
}

const char *mstun_type_name(mstun_dialect_t dialect, uint16_t type)
{
    const char *name = NULL;

    if (dialect == MSTUN_DIALECT_MS_TURN) {
        name = try_val_to_str(type, mstun_ms_turn_type_names);
    }
    if (!name) {
        name = try_val_to_str(type, mstun_type_names);
    }
    return name ? name : unknown_type_name(stun_type_class(type));
}

const char *mstun_error_name(uint16_t code)
{
    return try_val_to_str(code, mstun_error_names);
}
