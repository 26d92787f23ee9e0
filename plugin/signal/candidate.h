/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One candidate of an SDP, in whichever of the formats: RFC 8839 section 5.1 with RFC 6544 section 4.5, [MS-ICE2]
 * (draft-19 of ICE), [MS-ICE] (draft-06). Bytes in, values out. */
#ifndef MSTUN_SIGNAL_CANDIDATE_H
#define MSTUN_SIGNAL_CANDIDATE_H

#include "base/compat.h"
#include "signal/slice.h"

/** The numbers are those of mstun.call.*.type, which must stay. */
typedef enum {
    MSTUN_CANDIDATE_UNKNOWN, /* [MS-ICE] does not say */
    MSTUN_CANDIDATE_HOST,
    MSTUN_CANDIDATE_SRFLX,
    MSTUN_CANDIDATE_PRFLX,
    MSTUN_CANDIDATE_RELAY,
} mstun_candidate_type_t;

extern const value_string mstun_candidate_type_names[];

/** Who opens a TCP connection. */
typedef enum {
    MSTUN_CANDIDATE_UDP,
    MSTUN_CANDIDATE_TCP_ACTIVE,
    MSTUN_CANDIDATE_TCP_PASSIVE,
    MSTUN_CANDIDATE_TCP_SO,     /* simultaneous open */
    MSTUN_CANDIDATE_TCP_EITHER, /* [MS-ICE]: one candidate is active and passive at once */
} mstun_candidate_transport_t;

extern const value_string mstun_candidate_transport_names[];

/** What one line says. Slices are parts of the line. */
typedef struct {
    mstun_candidate_type_t type;
    mstun_candidate_transport_t transport;
    uint32_t component;       /* from 1 on */
    uint32_t priority;        /* of [MS-ICE]: in thousandths */
    mstun_endpoint_t address; /* family 0: a name instead; port 9 of an active TCP candidate means nothing */
    mstun_endpoint_t base;    /* raddr and rport; family 0: none */
    mstun_slice_t name;       /* where there is no IP address: of mDNS, or any other */
    mstun_slice_t ufrag, pwd; /* [MS-ICE]: each candidate has its own; ufrag: also RFC 8839's extension */
    bool ms_ice;              /* it is of [MS-ICE] */
    bool microsoft;           /* of [MS-ICE2]: TCP-ACT and TCP-PASS are its words */
} mstun_candidate_t;

/** Whether the candidate is of TCP. */
static inline bool mstun_candidate_is_tcp(const mstun_candidate_t *candidate)
{
    return candidate->transport != MSTUN_CANDIDATE_UDP;
}

/** Reads what stands behind "a=candidate:". False: it is none; then candidate is not to be read. */
bool mstun_candidate_parse(mstun_slice_t line, mstun_candidate_t *candidate);

#endif
