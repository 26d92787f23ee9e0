/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests and their responses (RFC 8489 section 6.3): matched on all 16 bytes of the id, in the other direction of the
 * same connection. */
#ifndef MSTUN_CONVERSATION_TRANSACTION_H
#define MSTUN_CONVERSATION_TRANSACTION_H

#include "conversation/event.h"
#include "conversation/frame_index.h"
#include "conversation/stream.h"

#define STUN_TI_MS 39500 /* RFC 8489 section 6.2.2: a client on TCP waits 39.5 s for a response */

/** A request or response that was seen before. */
struct mstun_repeat {
    mstun_frame_pos_t pos;
    bool of_request;
    bool other_format; /* the other format of an MS-ICE2 check (two messages with one id), not a retransmission */
    bool modified;     /* USE-CANDIDATE differs from the first one: Skype nominates under the id of the check */
    bool other_answer; /* a success after an error: the answer to another copy of the request */
};

/** What only some transactions have. */
typedef struct {
    const struct mstun_signer *signer;          /* who made the request, see auth/signer.h; NULL: not known */
    const struct mstun_turn_request *turn;      /* what turn/allocation.c keeps of a TURN request for its response */
    wmem_array_t *repeats;                      /* of mstun_repeat_t, by frame; NULL: none */
    mstun_transaction_t *previous_with_same_id; /* it had timed out when this one began; NULL: none */
    unsigned id_reuse_count;                    /* how many came before this one */
    unsigned verified_row;                      /* of the credentials, which the request fits; 0: none, or not known */
    bool several_signers;                       /* requests with this id were made by several */
} mstun_transaction_ext_t;

/* Captures have millions of them. Lists are singly linked; answered entries are dropped when they reach the head. */
struct mstun_transaction {
    uint8_t id[STUN_ID_LEN];
    uint32_t stream;
    uint16_t type;         /* of the request */
    uint8_t direction : 1; /* of the request */
    bool awaits_response : 1;
    bool succeeded : 1;      /* a response is a success: the first one, or one after errors */
    bool with_username : 1;  /* the request has USERNAME */
    bool with_integrity : 1; /* the request has MESSAGE-INTEGRITY */
    bool controlling : 1;    /* the request has ICE-CONTROLLING */
    bool controlled : 1;     /* the request has ICE-CONTROLLED */
    bool use_candidate : 1;  /* the request has USE-CANDIDATE */
    bool nominating : 1;     /* the request or a repetition of it has USE-CANDIDATE */
    bool open_in_pair : 1;
    uint32_t request_frame; /* 0: none was seen */
    uint32_t request_position;
    uint32_t request_end; /* the position after the request */
    uint32_t request_signature;
    uint32_t response_frame; /* 0: none was seen */
    uint32_t response_signature;
    nstime_t request_time;           /* of the response, where no request was seen */
    mstun_transaction_t *next_open;  /* the next request of its stream and direction, perhaps answered by now */
    mstun_transaction_ext_t *ext;    /* NULL: nothing */
    struct mstun_pair *pair;         /* the ICE candidate pair that it checks; NULL: not a check */
    mstun_transaction_t *pair_older; /* the check before it in its direction of the pair, perhaps no longer open */
};

/** Milliseconds from one time to another; negative if they are in the other order. */
double mstun_ms_between(const nstime_t *from, const nstime_t *to);

/** Seconds from then to the packet; negative if the packet is the earlier one. */
double mstun_seconds_since(const packet_info *pinfo, const nstime_t *then);

/** First visit: finds event's transaction, or makes it, and adds the message to it. Sets event->transaction and, if the
 * message was seen before, event->repeat; an indication has neither. */
void mstun_transaction_learn(mstun_event_t *event);

/** Later visits: sets the same. */
void mstun_transaction_look_up(mstun_event_t *event);

/** Whether the message says only what was said before. */
bool mstun_event_says_nothing_new(const mstun_event_t *event);

/** Never NULL: made at the first call, on the first visit. */
mstun_transaction_ext_t *mstun_transaction_get_ext(mstun_transaction_t *transaction);

/** Tells retransmissions of a message, which have the same signature, from its other format, which (but for chance) has
 * not. */
uint32_t mstun_transaction_signature(const mstun_facts_t *facts);

/** Whether the request came before this frame or in it: in a merged capture a response may come first. */
bool mstun_transaction_has_request(const mstun_transaction_t *transaction, const packet_info *pinfo);

/** Whether at this time the request's client no longer waits for a response (RFC 8489 section 6.2.2). */
bool mstun_transaction_has_timed_out(const mstun_transaction_t *transaction, const nstime_t *now);

/**
 * First visit, after a segment: records the requests that it proves unanswered, because they have timed out by now or
 * because it is the last segment of the side that they were sent to. event->position: the segment's.
 */
void mstun_transaction_record_unanswered(const mstun_event_t *event, bool last_of_direction);

/** The next request that the segment at event's position proved unanswered; NULL: no more. *next_index begins as 0. */
const mstun_transaction_t *mstun_transaction_next_unanswered(const mstun_event_t *event, unsigned *next_index);

/** Calls fn for each request of the stream that awaits a response and has none so far, in the order of the capture. The
 * stream may be one that was merged into another: then for those from before that. */
void mstun_stream_foreach_unanswered(const mstun_stream_t *stream,
                                     void (*fn)(mstun_transaction_t *transaction, void *data), void *data);

/** Links and times, into the message's tree. */
void mstun_transaction_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree);

void mstun_transaction_register(const mstun_registrar_t *reg);
void mstun_transaction_tree_register(const mstun_registrar_t *reg);

#endif
