/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is known of each finding as data: how near to the cause it is, what to check next, and which other findings it
 * explains. */
#ifndef MSTUN_DIAGNOSE_FINDINGS_H
#define MSTUN_DIAGNOSE_FINDINGS_H

#include "base/compat.h"

/* What two findings must have in common for one to explain the other. */
typedef enum {
    MSTUN_SAME_STREAM,     /* the TCP or UDP connection */
    MSTUN_SAME_PAIR,       /* the candidate pair */
    MSTUN_SAME_ALLOCATION, /* the TURN allocation: its control connection and its data connections */
    MSTUN_SAME_PEER,       /* the address that the TURN server was to reach, and that the pair is with */
    MSTUN_SCOPES
} mstun_scope_t;

typedef struct {
    const char *cause, *consequence;
    mstun_scope_t scope;
} mstun_cause_t;

extern const mstun_cause_t mstun_causes[];
extern const unsigned mstun_cause_count;

typedef struct {
    const char *name;
    unsigned rank;    /* causes have small ones, symptoms large ones: the report's order */
    bool late;        /* the report judges it itself, at its end: expert infos of this name add nothing */
    const char *next; /* what to check */
} mstun_finding_t;

/** What is known of a finding; never NULL. */
const mstun_finding_t *mstun_finding_of(const char *name);

#endif
