/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ICE part of a session description: RFC 8866, 8839, 6544, 8840 (trickle), 8843 (BUNDLE), [MS-SDPEXT], [MS-ICE],
 * [MS-ICE2]. Bytes in, values out; what is wrong is listed, and the rest is read all the same. */
#ifndef MSTUN_SIGNAL_SDP_H
#define MSTUN_SIGNAL_SDP_H

#include "signal/candidate.h"

#define MSTUN_SDP_LEN_MAX 65535u     /* of a body that is read */
#define MSTUN_SDP_MEDIA_MAX 32       /* in one body */
#define MSTUN_SDP_CANDIDATES_MAX 256 /* in one body */
#define MSTUN_SDP_PROBLEMS_MAX 8     /* that are listed */

/** What is wrong with a line. */
typedef enum {
    MSTUN_SDP_BAD_CANDIDATE,
    MSTUN_SDP_BAD_UFRAG,
    MSTUN_SDP_BAD_PWD,
    MSTUN_SDP_BAD_MEDIA,
    MSTUN_SDP_TOO_MUCH, /* more than is read of it */
} mstun_sdp_problem_kind_t;

typedef struct {
    mstun_sdp_problem_kind_t kind;
    uint32_t offset, len; /* of the line in the body */
} mstun_sdp_problem_t;

/** One "m=" section. Slices are parts of the body. */
typedef struct {
    mstun_slice_t kind;  /* "audio", "video", "applicationsharing" */
    mstun_slice_t label; /* "a=label", Microsoft's name of the stream */
    mstun_slice_t mid;
    mstun_slice_t ufrag, pwd;  /* its own, or the session's; of a bundled section: those of the first one */
    mstun_slice_t diagnostics; /* "a=x-ms-SDP-diagnostics" */
    uint32_t port;
    bool refused;           /* port 0, and not in a bundle */
    bool remote_candidates; /* ICE has concluded: RFC 8839 section 5.2, [MS-ICE2] */
    bool mismatch;          /* "a=ice-mismatch": the sender does without ICE */
    bool end_of_candidates;
    unsigned first_candidate, candidate_count; /* in mstun_sdp_t.candidates */
} mstun_sdp_media_t;

typedef struct {
    mstun_slice_t origin; /* user name and session id of "o=" */
    bool microsoft;       /* it has attributes, or candidates, that only Microsoft's clients and their peers write */
    unsigned media_count, candidate_count, problem_count;
    mstun_sdp_media_t *media;
    mstun_candidate_t *candidates;
    mstun_sdp_problem_t problems[MSTUN_SDP_PROBLEMS_MAX];
} mstun_sdp_t;

/** Reads a body. The result is allocated from scope, its slices are parts of body. */
mstun_sdp_t *mstun_sdp_parse(wmem_allocator_t *scope, mstun_slice_t body);

/** What the problem is, in words; static. */
const char *mstun_sdp_problem_text(mstun_sdp_problem_kind_t kind);

/** "main-audio", or "audio" where there is no label; "" where there is nothing. Allocated from scope. */
const char *mstun_sdp_media_name(wmem_allocator_t *scope, const mstun_sdp_media_t *media);

#endif
