/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests and their responses (RFC 8489 section 6.3): matched on all 16 bytes of the id, in the other direction of the
 * same connection. Written on the first pass only. */
#ifndef MSTUN_CONVERSATION_TRANSACTION_H
#define MSTUN_CONVERSATION_TRANSACTION_H

#include "attr/facts.h"
#include "conversation/frame_index.h"
#include "conversation/stream.h"

#define STUN_TI_MS 39500 /* RFC 8489 section 6.2.2: a client on TCP waits 39.5 s for a response */

/** A request or response of which an earlier one was seen. */
typedef struct {
    mstun_frame_pos_t place;
    bool of_request;
    bool alternate; /* the other format of an MS-ICE2 check (two copies with one id), no repetition */
    bool changed;   /* a repetition that says more than the first: Skype nominates under the id of the check */
} mstun_repeat_t;

/** What only some transactions have. */
typedef struct {
    const struct mstun_signer *signer;     /* who made the request, see integrity.c; NULL: not known */
    const struct mstun_turn_request *turn; /* what track/allocation keeps of a TURN request for its response */
    wmem_array_t *copies;                  /* of mstun_repeat_t, by frame; NULL: none */
    mstun_transaction_t *before;           /* with the same id, over when this one began; NULL: none */
    unsigned renewals;                     /* how many are before this one */
    bool several_signers;                  /* requests with this id were made by several */
} mstun_transaction_ext_t;

/* Captures have millions of them: lists are linked one way, and what is over leaves them when it comes to their end. */
struct mstun_transaction {
    uint8_t id[STUN_ID_LEN];
    uint32_t stream;
    uint16_t type;     /* of the request */
    uint8_t direction; /* of the request */
    bool awaits_response : 1;
    bool use_candidate : 1;  /* the request has USE-CANDIDATE */
    bool nominating : 1;     /* the request or a later copy of it has it */
    bool with_integrity : 1; /* the request carried MESSAGE-INTEGRITY */
    bool open_in_pair : 1;
    uint32_t request_frame; /* 0: none was seen */
    uint32_t request_position;
    uint32_t request_signature;
    uint32_t response_frame; /* 0: none was seen */
    uint32_t response_position;
    uint32_t response_signature;
    nstime_t request_time;           /* of the response, where no request was seen */
    mstun_transaction_t *next_open;  /* the next request of its stream and direction, perhaps answered by now */
    mstun_transaction_ext_t *more;   /* NULL: nothing */
    struct mstun_pair *pair;         /* of ICE, which it checks; NULL: it is no check */
    mstun_transaction_t *pair_older; /* the check before it in its direction of the pair, perhaps no longer open */
};

/** What one message is in its transaction. */
typedef struct {
    mstun_transaction_t *transaction; /* NULL: an indication, or a message that is not tracked */
    const mstun_repeat_t *copy;       /* NULL: the first of its kind */
} mstun_message_role_t;

/**
 * Finds a message's transaction, on the first pass first enters the message in it.
 * position: tells the messages of one frame apart, the same on every visit (its sequence number).
 * Messages quoted in ICMP errors belong to no transaction.
 */
mstun_message_role_t mstun_transaction_track(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                             uint32_t position, const mstun_facts_t *facts);

/** Never NULL: made at the first call, on the first pass. */
mstun_transaction_ext_t *mstun_transaction_get_ext(mstun_transaction_t *transaction);

/** Tells copies of a message from its other format: equal for the former, different (but for chance) for the latter. */
uint32_t mstun_transaction_signature(const mstun_facts_t *facts);

/**
 * First pass, behind a segment: requests that it proves unanswered, by its time or as the last one of the side that is
 * asked. seq: the segment's, under which mstun_transaction_show_unanswered finds them.
 */
void mstun_transaction_record_unanswered(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t seq,
                                         bool last_of_direction);

/** Links and times. tree: the message's. */
void mstun_transaction_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_message_role_t *exchange,
                            const mstun_facts_t *facts);

/** A layer that names the requests that this segment proved unanswered, in one pass too; nothing if it proved none. */
void mstun_transaction_show_unanswered(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                       const mstun_stream_t *stream, uint32_t seq);

void mstun_transaction_register(const mstun_registrar_t *reg);

#endif
