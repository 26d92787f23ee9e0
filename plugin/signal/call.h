/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calls: what signalling says of their streams, candidates and codes, on the first visit; and which call a check is of.
 * A call is a Call-ID of SIP, or one HTTP connection with an offer and an answer (WHIP, WHEP). */
#ifndef MSTUN_SIGNAL_CALL_H
#define MSTUN_SIGNAL_CALL_H

#include "base/registrar.h"
#include "signal/diagnostics.h"
#include "signal/sdp.h"

typedef struct mstun_call mstun_call_t;
typedef struct mstun_call_stream mstun_call_stream_t;

/** One message of signalling, as its hook gives it. Strings are the packet's. */
typedef struct {
    packet_info *pinfo;
    const char *call_id;
    const char *from, *to; /* of the dialog's header lines: a response has those of its request */
    const char *method;    /* NULL: a response */
    uint32_t code;         /* of a response; else 0 */
    mstun_endpoint_t source;
} mstun_signal_t;

enum {
    MSTUN_CALLER = 0, /* sent the first description of the call, or is who "From" names in it */
    MSTUN_CALLEE = 1,
};

/** A candidate, and the frame whose description had it first. Its slices belong to the file. */
typedef struct {
    mstun_candidate_t is;
    uint32_t frame;
} mstun_call_candidate_t;

/** What one side says of a stream, until it begins anew (ICE restart): one generation. */
typedef struct mstun_generation {
    const mstun_call_stream_t *stream;
    unsigned side;
    const char *ufrag; /* NULL: none is stated; of [MS-ICE] each candidate has its own */
    uint32_t frame;    /* the first description; it may have come in several */
    uint32_t last_frame;
    nstime_t abs_ts;
    bool microsoft;                   /* some description of it is in Microsoft's words */
    bool ms_ice;                      /* its candidates are of [MS-ICE] */
    bool bundled;                     /* another stream of the same description has this ufrag, and stands in front */
    bool refused, mismatch;           /* see mstun_sdp_media_t; by the last description */
    uint32_t remote_candidates_frame; /* where "a=remote-candidates" says that ICE has concluded; 0: nowhere */
    wmem_array_t *candidates;         /* of mstun_call_candidate_t, each once */
    struct mstun_generation *older;
    struct mstun_generation *same_ufrag; /* the next one of whatever call */
    struct mstun_generation *last_same;  /* of the first one: the last one */
} mstun_generation_t;

/** An "m=" line of a call. */
struct mstun_call_stream {
    const mstun_call_t *call;
    unsigned line;
    const char *name; /* "main-audio", "applicationsharing" */
    mstun_generation_t *newest[2];
    mstun_call_stream_t *next;
};

/** A code that ended a call, or says something of its media. */
typedef struct mstun_call_code {
    uint32_t frame;
    nstime_t abs_ts;
    const char *header; /* its name, in lower case; static */
    const char *method; /* NULL: a response */
    uint32_t response_code;
    mstun_diagnostics_t is; /* its slices belong to the file */
    struct mstun_call_code *next;
} mstun_call_code_t;

struct mstun_call {
    uint32_t number; /* counts calls from 0 */
    bool has_ice;    /* some description has an ufrag or a candidate: else there is nothing to say of it */
    const char *id, *from, *to;
    const char *origin;       /* of the caller's first description: tells sides apart where From and To are the same */
    mstun_endpoint_t ends[2]; /* where the caller's and the callee's signalling comes from; family 0: not seen */
    uint32_t first_frame;
    nstime_t abs_ts;
    mstun_call_stream_t *streams, *last_stream;
    mstun_call_code_t *codes, *last_code;
    mstun_call_t *next;
};

/** What a check's two ufrags belong to. */
typedef struct {
    const mstun_call_stream_t *stream;           /* NULL: to no call that is known */
    const mstun_generation_t *receiver, *sender; /* one may be NULL: the capture does not have its description */
} mstun_call_leg_t;

/** First visit: a description. */
void mstun_call_learn(const mstun_signal_t *signal, const mstun_sdp_t *sdp);

/** First visit: a code. header is static. */
void mstun_call_learn_code(const mstun_signal_t *signal, const char *header, const mstun_diagnostics_t *diagnostics);

/** Whether there is any call in this file so far: else nothing else has to be asked. */
bool mstun_call_any(void);

/** The call with this id; NULL: none. */
const mstun_call_t *mstun_call_find(const char *id);

/** The calls in the order of the capture, linked by next; NULL: none. */
const mstun_call_t *mstun_call_first(void);

/** What the ufrags of a check belong to; one may be NULL. */
mstun_call_leg_t mstun_call_leg(const char *receiver, const char *sender);

/** The generation with a relayed candidate at this address; NULL: none. */
const mstun_generation_t *mstun_call_of_relay(const mstun_endpoint_t *relayed);

/** Whether the generation counts: of two formats in one offer only the one that the answer has does. */
bool mstun_generation_is_used(const mstun_generation_t *generation);

/** The candidate at this address, of TCP or not; the port of an active TCP candidate is any. NULL: there is none. */
const mstun_call_candidate_t *mstun_generation_find(const mstun_generation_t *generation,
                                                    const mstun_endpoint_t *address, bool tcp);

/** The same pointer for the same name of a user, in file scope. First visit. */
const char *mstun_call_user(const char *name);

/** "sip:alice@example.com to sip:bob@example.com, main-audio". Allocated from scope. */
const char *mstun_call_text(wmem_allocator_t *scope, const mstun_call_t *call, const mstun_call_stream_t *stream);

void mstun_call_register(const mstun_registrar_t *reg);

#endif
