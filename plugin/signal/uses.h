/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What became of the candidates that signalling has: which of them were checked, and why the others were not. */
#ifndef MSTUN_SIGNAL_USES_H
#define MSTUN_SIGNAL_USES_H

#include "signal/join.h"

/** The checks of all pairs that a candidate, or a stream, is part of. */
typedef struct {
    uint32_t from, to;                /* checks sent by the candidate's side, and to it */
    uint32_t successes;               /* to both */
    uint32_t first_frame, last_frame; /* 0: no check */
    bool works, nominated;
} mstun_use_t;

/** Of all calls, when the capture's end is known. */
typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *by_candidate; /* mstun_call_candidate_t -> mstun_use_t */
    wmem_map_t *by_stream;    /* mstun_call_stream_t -> mstun_use_t */
} mstun_uses_t;

/** Reads all pairs once. The result is allocated from scope. */
mstun_uses_t *mstun_uses_new(wmem_allocator_t *scope, const nstime_t *end);

/** The checks of a candidate, of a stream: zeros if there are none. */
mstun_use_t mstun_use_of_candidate(const mstun_uses_t *uses, const mstun_call_candidate_t *candidate);
mstun_use_t mstun_use_of_stream(const mstun_uses_t *uses, const mstun_call_stream_t *stream);

/** "nominated", "works", "checked", "never checked": static. */
const char *mstun_use_text(const mstun_use_t *use);

/** Why a candidate of the generation was never checked: a clause, allocated from the uses' scope or static. */
const char *mstun_use_because(const mstun_uses_t *uses, const mstun_generation_t *generation,
                              const mstun_call_candidate_t *candidate);

#endif
