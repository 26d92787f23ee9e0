/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings that are one thing are a group; a group that another one explains is told with that one. */
#ifndef MSTUN_REPORT_GROUP_H
#define MSTUN_REPORT_GROUP_H

#include "diagnose/findings.h"
#include "ice/pair.h"

/* What makes findings one group. */
typedef struct {
    const char *name;             /* of the expert info; Wireshark's own string */
    const mstun_stream_t *stream; /* NULL: none is known */
    const mstun_pair_t *pair;     /* NULL: the finding is about no pair */
    mstun_endpoint_t peer;        /* that a TURN server was asked to reach; family 0: none */
} mstun_group_key_t;

typedef struct mstun_group {
    mstun_group_key_t key;
    const mstun_finding_t *advice;
    int severity;
    wmem_array_t *frames; /* of uint32_t */
    unsigned frame_count; /* when they are joined: of frames, each once */
    uint32_t first_frame; /* whose text it is */
    const char *text;
    const char *between;
    const mstun_stream_t *control;            /* of the allocation that stream has to do with; NULL: none */
    struct mstun_group *cause;                /* NULL: it is one itself */
    wmem_array_t *explains;                   /* names */
    wmem_array_t *explained;                  /* frames */
    unsigned explains_count, explained_count; /* of these, each once */
} mstun_group_t;

/** Groups by their keys, none yet. */
wmem_map_t *mstun_groups_new(wmem_allocator_t *scope);

/** The group of a finding, made if it is the first of it. */
mstun_group_t *mstun_group_of(wmem_allocator_t *scope, wmem_map_t *groups, const mstun_group_key_t *key, int severity);

/** One more frame of a group. The group's text is its first frame's. */
void mstun_group_add(wmem_allocator_t *scope, mstun_group_t *group, uint32_t frame, const char *text);

/** Finds causes; returns the groups (mstun_group_t *) that are to be told, the worst first, their lists in order. */
wmem_array_t *mstun_groups_join(wmem_allocator_t *scope, wmem_map_t *groups);

#endif
