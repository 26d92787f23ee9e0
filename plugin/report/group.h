/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Findings of one kind about one thing are a group, a row of the report; a group that another one explains is part of that
 * one's row. */
#ifndef MSTUN_REPORT_GROUP_H
#define MSTUN_REPORT_GROUP_H

#include "diagnose/finding.h"
#include "ice/pair.h"

/* What makes findings one group. Without padding that is not zeroed: compared as bytes. */
typedef struct {
    uint32_t field; /* of a malformed message's expert info, which have one id in common; else 0 */
    mstun_finding_id_t id;
    const mstun_stream_t *stream; /* NULL: not known */
    const mstun_pair_t *pair;     /* NULL: the finding is not about a pair */
    mstun_endpoint_t peer;        /* that a TURN server was asked to reach; family 0: none */
} mstun_group_key_t;

typedef struct mstun_group {
    mstun_group_key_t key;
    const char *name; /* of the expert info; static */
    int severity;
    wmem_array_t *frames; /* of uint32_t */
    unsigned frame_count; /* once sorted: of frames, each once */
    uint32_t first_frame; /* whose text it is */
    const char *text;
    const char *between;
    const mstun_stream_t *control;            /* of the allocation that stream has to do with; NULL: none */
    struct mstun_group *cause;                /* NULL: it is one itself */
    wmem_array_t *explains;                   /* names */
    wmem_array_t *explained;                  /* frames */
    unsigned explains_count, explained_count; /* of these, each once */
} mstun_group_t;

/** An empty map of groups by their keys, allocated from scope. */
wmem_map_t *mstun_groups_new(wmem_allocator_t *scope);

/** The group of a finding, made if it is the first of it. name is static. */
mstun_group_t *mstun_group_of(wmem_allocator_t *scope, wmem_map_t *groups, const mstun_group_key_t *key,
                              const char *name, int severity);

/** Adds one more frame. The group's text, copied, is its first frame's. */
void mstun_group_add(wmem_allocator_t *scope, mstun_group_t *group, uint32_t frame, const char *text);

/** Finds causes; returns the groups (mstun_group_t *) that have a row, the worst first, their lists sorted. */
wmem_array_t *mstun_groups_explain(wmem_allocator_t *scope, wmem_map_t *groups);

#endif
