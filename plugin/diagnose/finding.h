/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of findings (findings.c): everything that the plugin can say is wrong with a call, and which finding explains
 * which. Expert infos, the report mstun,findings and the reference are made from it; evaluators name a row by its id. */
#ifndef MSTUN_DIAGNOSE_FINDING_H
#define MSTUN_DIAGNOSE_FINDING_H

#include "base/registrar.h"

typedef enum {
    /* requests */
    MSTUN_FINDING_UNANSWERED,
    MSTUN_FINDING_PENDING,
    MSTUN_FINDING_HALF_CAPTURED,
    MSTUN_FINDING_OVERDUE,
    MSTUN_FINDING_NO_REQUEST,
    MSTUN_FINDING_CONNECTION_RESET,
    MSTUN_FINDING_UNKNOWN_ATTRIBUTES,
    /* authentication */
    MSTUN_FINDING_CHALLENGE,
    MSTUN_FINDING_AUTH_REJECTED,
    MSTUN_FINDING_STALE_NONCE,
    MSTUN_FINDING_STALE_NONCE_AGAIN,
    MSTUN_FINDING_INTEGRITY_BAD,
    /* TURN: what the server says */
    MSTUN_FINDING_NO_TCP_RELAY,
    MSTUN_FINDING_FORBIDDEN,
    MSTUN_FINDING_QUOTA,
    MSTUN_FINDING_NO_CAPACITY,
    MSTUN_FINDING_ALLOCATION_MISMATCH,
    MSTUN_FINDING_PEER_REFUSED,
    MSTUN_FINDING_PEER_TIMEOUT,
    MSTUN_FINDING_CONNECTION_EXISTS,
    MSTUN_FINDING_BIND_REJECTED,
    MSTUN_FINDING_ALTERNATE_SERVER,
    /* TURN: what the client does */
    MSTUN_FINDING_BIND_LATE,
    MSTUN_FINDING_BIND_AGAIN,
    MSTUN_FINDING_BIND_UNKNOWN_ID,
    MSTUN_FINDING_BIND_MISSING,
    MSTUN_FINDING_PERMISSION_EXPIRED,
    MSTUN_FINDING_PERMISSION_MISSING,
    MSTUN_FINDING_NO_PERMISSION,
    MSTUN_FINDING_WRONG_TRANSPORT,
    MSTUN_FINDING_ALLOCATION_EXPIRED,
    MSTUN_FINDING_NOTHING_RELAYED,
    /* Microsoft's dialects */
    MSTUN_FINDING_DIALECT_MISMATCH,
    MSTUN_FINDING_TLS_INTERCEPTED,
    MSTUN_FINDING_MS_SEQUENCE_GAP,
    /* ICE */
    MSTUN_FINDING_ONE_WAY,
    MSTUN_FINDING_PAIR_REJECTED,
    MSTUN_FINDING_NOT_NOMINATED,
    MSTUN_FINDING_CONSENT_LOST,
    MSTUN_FINDING_ROLE_CONFLICT,
    MSTUN_FINDING_ROLE_CONFLICT_RESOLVED,
    /* expert infos of the decoders, which a finding may explain or be explained by */
    MSTUN_FINDING_FIRST_DECODED,
    MSTUN_FINDING_CREDENTIALS_EXPIRED = MSTUN_FINDING_FIRST_DECODED,
    MSTUN_FINDING_CRC32_BAD,
    MSTUN_FINDING_MALFORMED, /* all others */
    MSTUN_FINDING_COUNT
} mstun_finding_id_t;

/** How near a finding is to the root cause: the order of rows in the report. */
typedef enum {
    MSTUN_RANK_STATED = 1, /* one end states it, or breaks the protocol's rules */
    MSTUN_RANK_CONNECTION,
    MSTUN_RANK_MESSAGE,
    MSTUN_RANK_PAIR_REFUSED,
    MSTUN_RANK_PAIR,
    MSTUN_RANK_SILENCE,
} mstun_rank_t;

#define MSTUN_SENTENCES_MAX 3

/** A row. Strings are static. */
typedef struct {
    const char *name; /* of the expert info, which is a display filter */
    int group, severity;
    mstun_rank_t rank;
    bool deferred;                              /* only the capture's end tells: the report evaluates it itself */
    const char *summary;                        /* what is said where there is nothing more to say */
    const char *sentences[MSTUN_SENTENCES_MAX]; /* with places for what the capture says: "{peer}" */
    const char *advice;                         /* what to check next; NULL: it is never a row of the report */
    const char *section;                        /* the specification it is based on */
} mstun_finding_t;

/** What two findings must have in common for one to explain the other. */
typedef enum {
    MSTUN_SAME_STREAM,     /* the TCP or UDP connection */
    MSTUN_SAME_PAIR,       /* the candidate pair */
    MSTUN_SAME_ALLOCATION, /* the TURN allocation: its control connection and its data connections */
    MSTUN_SAME_PEER,       /* the address that the TURN server was to reach, and that the pair is with */
    MSTUN_RELATIONS
} mstun_relation_t;

/** cause explains consequence. Chains are followed to their beginning; there is no ring (tested). */
typedef struct {
    mstun_finding_id_t cause, consequence;
    mstun_relation_t relation;
} mstun_explanation_t;

extern const mstun_explanation_t mstun_explanations[];
extern const unsigned mstun_explanation_count;

/** The row of an id. */
const mstun_finding_t *mstun_finding_of(mstun_finding_id_t id);

/** The id of an expert info of ours, MSTUN_FINDING_MALFORMED for those of the decoders; COUNT for other protocols'. */
mstun_finding_id_t mstun_finding_id_of_field(int hf_index);

/** Whether a finding explains others: then it is worth a row even as a Note. */
bool mstun_finding_explains(mstun_finding_id_t id);

/** A value for a place: name "peer" is for "{peer}". */
typedef struct {
    const char *name;
    const char *value;
} mstun_place_t;

/** Where an evaluator's findings go. */
typedef struct mstun_finding_sink {
    wmem_allocator_t *scope; /* of texts */
    void (*add)(const struct mstun_finding_sink *sink, mstun_finding_id_t id, const char *text);
    void *context;
} mstun_finding_sink_t;

/** Adds a finding with its summary. */
void mstun_finding_add(const mstun_finding_sink_t *sink, mstun_finding_id_t id);

/** Adds a finding with one of its sentences; places end with one without a name. */
void mstun_finding_add_sentence(const mstun_finding_sink_t *sink, mstun_finding_id_t id, unsigned sentence,
                                const mstun_place_t *places);

/** A sentence whose places are filled, allocated from scope. A place without a value stays as it is written. */
const char *mstun_sentence_fill(wmem_allocator_t *scope, const char *sentence, const mstun_place_t *places);

/** A sink that adds expert infos to item. item may be NULL: then only severities and taps get them. */
typedef struct {
    packet_info *pinfo;
    proto_item *item;
} mstun_expert_target_t;

/** target must live as long as the sink. */
mstun_finding_sink_t mstun_expert_sink(mstun_expert_target_t *target);

void mstun_findings_register(const mstun_registrar_t *reg);

#endif
