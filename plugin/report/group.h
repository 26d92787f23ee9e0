/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings that are one thing are a group, a row of the report; a group that another one explains is part of that one's
 * row. */
#ifndef MSTUN_REPORT_GROUP_H
#define MSTUN_REPORT_GROUP_H

#include "diagnose/finding.h"

typedef struct mstun_group {
    const mstun_finding_t *first; /* whose text it is */
    const char *name;             /* of the expert info; static */
    unsigned order;               /* of its first finding among the groups */
    int severity;
    wmem_array_t *findings;    /* of const mstun_finding_t *, in the order of the capture */
    wmem_array_t *frames;      /* of uint32_t, sorted, each once */
    wmem_array_t *streams;     /* of const mstun_stream_t *, in the order of the capture, each once */
    struct mstun_group *cause; /* NULL: it is one itself */
    wmem_array_t *explains;    /* names, sorted, each once; NULL: nothing */
    wmem_array_t *explained;   /* frames, sorted, each once */
} mstun_group_t;

/**
 * Groups findings (const mstun_finding_t *, in the order of the capture), and finds causes.
 * Returns the groups (mstun_group_t *) that have a row, root causes first. All is allocated from scope.
 */
wmem_array_t *mstun_group_findings(wmem_allocator_t *scope, wmem_array_t *findings);

#endif
