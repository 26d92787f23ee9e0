/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the reports get of each message, by the tap "mstun". The struct is the packet's; what it points to in track/ is
 * the file's, and says at the report's end what it has come to until then. */
#ifndef MSTUN_REPORT_TAP_H
#define MSTUN_REPORT_TAP_H

#include <epan/tap.h>

#include "diagnose/deferred.h"
#include "ice/pair.h"

#define MSTUN_TAP "mstun"

/** One message, on every visit of its frame. */
typedef struct {
    mstun_dialect_t dialect;
    mstun_framing_t framing;
    uint16_t type;
    stun_class_t class;
    uint16_t method;
    uint16_t error_code;        /* 0: it is no error response */
    const uint16_t *attributes; /* their types, in order */
    unsigned attribute_count;
    bool copy;                          /* of an earlier message of its transaction */
    bool has_request;                   /* it is a response, and its request came before it */
    nstime_t request_time;              /* of that request */
    const mstun_endpoint_t *asked_peer; /* of a TURN response: the first peer that its request named; NULL: none */
    const mstun_pair_t *pair;           /* that it checks; NULL: it is no check */
    mstun_deferred_t late;              /* frame, stream, allocation, connection; stream NULL: quoted in ICMP */
} mstun_tap_info_t;

/** Somebody listens: whether mstun_tap_queue does anything. */
bool mstun_tap_wanted(void);

/** Hands a message to all reports. message: from its header on; stream NULL: it is quoted in ICMP. */
void mstun_tap_queue(tvbuff_t *message, packet_info *pinfo, const mstun_stream_t *stream, mstun_framing_t framing,
                     uint32_t position, const mstun_facts_t *facts, const mstun_message_role_t *exchange);

/** Counts the openings of files: what a report keeps of an older one points nowhere. */
unsigned mstun_tap_file(void);

void mstun_tap_register(const mstun_registrar_t *reg);

#endif
