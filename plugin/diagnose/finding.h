/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the plugin can say is wrong: the table (findings.c), and one finding made of a row of it. */
#ifndef MSTUN_DIAGNOSE_FINDING_H
#define MSTUN_DIAGNOSE_FINDING_H

#include "diagnose/finding_ids.h"
#include "ice/pair.h"
#include "signal/call.h"

/** How near a finding is to the root cause: the order of rows in the report. */
typedef enum {
    MSTUN_RANK_STATED = 1, /* one end states it, or breaks the protocol's rules */
    MSTUN_RANK_CONNECTION,
    MSTUN_RANK_MESSAGE,
    MSTUN_RANK_PAIR_REFUSED,
    MSTUN_RANK_PAIR,
    MSTUN_RANK_SILENCE,
} mstun_rank_t;

/** What findings of one row have in common if they are one row of the report. */
typedef enum {
    MSTUN_PER_SERVER, /* the requester's IP address, and the address and port that it asks, on however many connections
                       */
    MSTUN_PER_STREAM, /* the TCP or UDP connection */
    MSTUN_PER_PEER,   /* as PER_SERVER, and the peer behind the server */
    MSTUN_PER_PAIR,   /* the ICE pair */
    MSTUN_PER_CALL,   /* the call, or the user where it is of none */
} mstun_extent_t;

#define MSTUN_SENTENCES_MAX 8

/** A row. Strings are static. */
typedef struct {
    const char *name; /* of the expert info, which is a display filter */
    int group, severity;
    mstun_rank_t rank;
    mstun_extent_t extent;
    const char *summary; /* the expert info's own text: what is said where there is nothing more to say */
    const char *sentences[MSTUN_SENTENCES_MAX]; /* with places for what the capture says: "{peer}" */
    const char *advice;                         /* what to check next; NULL: it is never a row of the report */
    const char *section;                        /* the specification it is based on */
} mstun_finding_row_t;

/** What two findings must have in common for one to explain the other. */
typedef enum {
    MSTUN_SAME_TRANSACTION,
    MSTUN_SAME_STREAM,     /* the TCP or UDP connection */
    MSTUN_SAME_PAIR,       /* the candidate pair */
    MSTUN_SAME_ALLOCATION, /* the TURN allocation: its control connection and its data connections */
    MSTUN_SAME_CALL,       /* the call whose signalling is in the capture */
    MSTUN_SAME_USER,       /* who calls, or is called */
    MSTUN_SAME_PEER,       /* the address that the TURN server was to reach, and that the pair is with */
    MSTUN_RELATIONS
} mstun_relation_t;

/** cause explains consequence. Chains are followed to their beginning; there is no ring (tested). */
typedef struct {
    mstun_finding_id_t cause, consequence;
    mstun_relation_t relation;
    bool at_any_time; /* else only what did not begin before the cause */
} mstun_explanation_t;

extern const mstun_explanation_t mstun_explanations[];
extern const unsigned mstun_explanation_count;

/** Part of the table: only for findings.c. */
extern const mstun_finding_row_t mstun_ice_finding_rows[];
extern const mstun_finding_row_t mstun_signal_finding_rows[];

/** The row of an id. */
const mstun_finding_row_t *mstun_finding_row(mstun_finding_id_t id);

/** Whether a finding explains others: then it is worth a row even as a Note. */
bool mstun_finding_explains(mstun_finding_id_t id);

/** What a finding is about, and where it is shown. What is not known is zero or NULL. */
typedef struct {
    mstun_frame_pos_t pos; /* of the message at which it is shown */
    nstime_t abs_ts;       /* when what it says began */
    const mstun_stream_t *stream;
    unsigned direction; /* in which the requester, or whoever did it, sends */
    const mstun_transaction_t *transaction;
    const mstun_pair_t *pair;
    const mstun_pair_t *alike; /* the first pair that the same cause broke: of one row; NULL: the pair is its own row */
    const mstun_allocation_t *allocation;
    const mstun_call_t *call;
    const char *user;      /* see mstun_call_user() */
    mstun_endpoint_t peer; /* that a TURN server was asked to reach; family 0: none */
} mstun_subject_t;

/** One finding. */
typedef struct {
    mstun_finding_id_t id;
    int severity;
    const char *text;
    const char *advice; /* NULL: the row's */
    uint32_t detail;    /* tells findings of one row apart, such as error codes; else 0 */
    mstun_subject_t subject;
} mstun_finding_t;

/** An evaluation of the capture, or of one message. */
typedef struct {
    const nstime_t *end;     /* of the capture; NULL: not known, so nothing is said that a later frame may disprove */
    wmem_allocator_t *scope; /* of texts and findings */
    wmem_array_t *findings;  /* of mstun_finding_t */
} mstun_evaluation_t;

/** A value for a place: name "peer" is for "{peer}". */
typedef struct {
    const char *name;
    const char *value;
} mstun_place_t;

/** An evaluation without findings yet; end and scope as in the struct. */
mstun_evaluation_t mstun_evaluation_new(wmem_allocator_t *scope, const nstime_t *end);

/** Adds a finding with its row's summary. Valid until the next one is added. */
mstun_finding_t *mstun_finding_add(mstun_evaluation_t *evaluation, mstun_finding_id_t id,
                                   const mstun_subject_t *subject);

/** Adds a finding with one of its row's sentences; places end with one without a name. */
mstun_finding_t *mstun_finding_add_sentence(mstun_evaluation_t *evaluation, mstun_finding_id_t id, unsigned sentence,
                                            const mstun_place_t *places, const mstun_subject_t *subject);

/** A sentence whose places are filled, allocated from scope. A place without a value stays as it is written. */
const char *mstun_sentence_fill(wmem_allocator_t *scope, const char *sentence, const mstun_place_t *places);

/** "12", allocated from scope: most places are numbers. */
const char *mstun_place_number(wmem_allocator_t *scope, uint32_t number);

#endif
