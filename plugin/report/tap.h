/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the reports get of each message, by the tap "mstun". The struct is the packet's; what it points to belongs to
 * the file, and is read at the end of the report. */
#ifndef MSTUN_REPORT_TAP_H
#define MSTUN_REPORT_TAP_H

#include <epan/tap.h>

#include "ice/pair.h"
#include "signal/call.h"

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
    bool first_visit;
    bool repeated;                        /* it is a repetition of an earlier message of its transaction */
    bool has_request;                     /* it is a response, and its request came before it */
    nstime_t request_time;                /* of that request */
    const mstun_stream_t *stream;         /* NULL: quoted in ICMP */
    const mstun_pair_t *pair;             /* that it checks; NULL: it is no check */
    const mstun_allocation_t *allocation; /* in force for it; NULL: none */
    const mstun_call_t
        *call; /* this is no message but signalling of the call: all other members are 0. NULL: it is one */
} mstun_tap_info_t;

/** Somebody listens: whether mstun_tap_queue does anything. */
bool mstun_tap_wanted(void);

/** Hands event's message to all reports. message: from its header on. */
void mstun_tap_queue(const mstun_event_t *event, tvbuff_t *message);

/** Hands signalling of the call to the reports that want it; call may be NULL. */
void mstun_tap_queue_call(packet_info *pinfo, const mstun_call_t *call, bool first_visit);

/** Counts the openings of files: what a report keeps of an older one points nowhere. */
unsigned mstun_tap_file(void);

void mstun_tap_register(const mstun_registrar_t *reg);

#endif
