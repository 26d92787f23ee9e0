/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/transaction.h"

#define ID_REUSES_MAX 64 /* an id that is reused more often than that is taken for a retransmission */

/* Requests of one direction in arrival order, including ones answered since. Empty: both NULL. */
typedef struct {
    mstun_transaction_t *oldest;
    mstun_transaction_t *newest;
} open_requests_t;

/* A request, and the segment that proved it unanswered. */
typedef struct {
    mstun_frame_pos_t pos; /* of the segment */
    mstun_transaction_t *transaction;
    bool proved; /* false: the response may be among bytes that the capture lacks */
} unanswered_t;

/* The requests of a connection. */
struct mstun_stream_requests {
    open_requests_t queues[2]; /* first visit: by direction */
    wmem_array_t *unanswered;  /* of unanswered_t, by frame; NULL: none */
};

static wmem_map_t *transactions; /* of all connections of a file, by id, connection and direction of the request */

static guint hash_key(gconstpointer key)
{
    const mstun_transaction_t *transaction = (const mstun_transaction_t *)key;

    /* Ids come from the network: a hash with a random seed keeps chosen ones from colliding. */
    return wmem_strong_hash(transaction->id, STUN_ID_LEN) ^ (transaction->stream * 2u + transaction->direction);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    const mstun_transaction_t *one = (const mstun_transaction_t *)a, *other = (const mstun_transaction_t *)b;

    return one->stream == other->stream && one->direction == other->direction &&
           memcmp(one->id, other->id, STUN_ID_LEN) == 0;
}

/* The newest one with this id; NULL if there is none. direction: of its request. */
static mstun_transaction_t *find(const mstun_stream_t *stream, unsigned direction, const uint8_t *id)
{
    mstun_transaction_t key = { .stream = stream->number, .direction = direction & 1 };

    memcpy(key.id, id, STUN_ID_LEN);
    return (mstun_transaction_t *)wmem_map_lookup(transactions, &key);
}

static uint32_t first_frame(const mstun_transaction_t *transaction)
{
    uint32_t request = transaction->request_frame, response = transaction->response_frame;

    return request && (request < response || !response) ? request : response;
}

/* The one that a message in this frame belongs to: the newest that had begun by then. */
static mstun_transaction_t *find_at(const mstun_stream_t *stream, unsigned direction, const uint8_t *id, uint32_t frame)
{
    mstun_transaction_t *transaction = find(stream, direction, id);

    while (transaction && first_frame(transaction) > frame && transaction->ext &&
           transaction->ext->previous_with_same_id) {
        transaction = transaction->ext->previous_with_same_id;
    }
    return transaction;
}

bool mstun_transaction_has_request(const mstun_transaction_t *transaction, const packet_info *pinfo)
{
    return transaction->request_frame && transaction->request_frame <= pinfo->num;
}

double mstun_ms_between(const nstime_t *from, const nstime_t *to)
{
    nstime_t taken;

    nstime_delta(&taken, to, from);
    return nstime_to_msec(&taken);
}

double mstun_seconds_since(const packet_info *pinfo, const nstime_t *then)
{
    nstime_t since;

    nstime_delta(&since, &pinfo->abs_ts, then);
    return nstime_to_sec(&since);
}

bool mstun_transaction_has_timed_out(const mstun_transaction_t *transaction, const nstime_t *now)
{
    return mstun_ms_between(&transaction->request_time, now) >= STUN_TI_MS;
}

/* A request is retransmitted for less than Ti (RFC 8489 section 6.2). What comes later under its id is another
 * transaction: the client does not choose its ids at random, or several captures were merged. */
static bool id_is_reused(const mstun_transaction_t *transaction, const packet_info *pinfo)
{
    return mstun_transaction_has_timed_out(transaction, &pinfo->abs_ts) &&
           !(transaction->ext && transaction->ext->id_reuse_count >= ID_REUSES_MAX);
}

/* Retransmissions have the same HMAC, CRC and length; the two formats of an MS-ICE2 check do not. */
uint32_t mstun_transaction_signature(const mstun_facts_t *facts)
{
    uint32_t integrity = facts->integrity.bytes && facts->integrity.len >= 4 ? pntohu32(facts->integrity.bytes) : 0;

    return integrity ^ facts->fingerprint ^ facts->length;
}

static struct mstun_stream_requests *requests_of(mstun_stream_t *stream)
{
    if (!stream->requests) {
        stream->requests = wmem_new0(wmem_file_scope(), struct mstun_stream_requests);
    }
    return stream->requests;
}

static void add_open_request(mstun_stream_t *stream, mstun_transaction_t *transaction)
{
    open_requests_t *queue = &requests_of(stream)->queues[transaction->direction];

    if (queue->newest) {
        queue->newest->next_open = transaction;
    } else {
        queue->oldest = transaction;
    }
    queue->newest = transaction;
}

/* The oldest request that still has no response. Drops those in front of it: each is looked at once. */
static mstun_transaction_t *oldest_open(open_requests_t *queue)
{
    while (queue->oldest && queue->oldest->response_frame) {
        queue->oldest = queue->oldest->next_open;
    }
    if (!queue->oldest) {
        queue->newest = NULL;
    }
    return queue->oldest;
}

/* Of a method that is unknown here, nobody knows whether it is answered. */
static bool expects_response(const mstun_facts_t *facts)
{
    switch (facts->method) {
    case STUN_BINDING:
    case STUN_SHARED_SECRET:
    case TURN_ALLOCATE:
    case TURN_CREATE_PERMISSION:
    case TURN_CHANNEL_BIND:
    case TURN_CONNECT:
    case TURN_CONNECTION_BIND:
    case GOOG_PING:
        return true;
    case TURN_REFRESH: /* in MS-TURN this is Send Request, which is never answered ([MS-TURN] 2.2.1) */
        return facts->dialect != MSTUN_DIALECT_MS_TURN;
    case MS_TURN_SET_ACTIVE_DESTINATION:
        return facts->dialect == MSTUN_DIALECT_MS_TURN;
    default:
        return false;
    }
}

mstun_transaction_ext_t *mstun_transaction_get_ext(mstun_transaction_t *transaction)
{
    if (!transaction->ext) {
        transaction->ext = wmem_new0(wmem_file_scope(), mstun_transaction_ext_t);
    }
    return transaction->ext;
}

/* direction: of the request */
static mstun_transaction_t *add_transaction(const mstun_event_t *event, unsigned direction,
                                            mstun_transaction_t *previous)
{
    mstun_transaction_t *transaction = wmem_new0(wmem_file_scope(), mstun_transaction_t);

    memcpy(transaction->id, event->facts->id, STUN_ID_LEN);
    transaction->stream = event->stream->number;
    transaction->direction = direction & 1;
    if (previous) { /* inserting would leave the old key in the map: it must be the newest transaction's */
        mstun_transaction_ext_t *ext = mstun_transaction_get_ext(transaction);

        ext->previous_with_same_id = previous;
        ext->id_reuse_count = previous->ext ? previous->ext->id_reuse_count + 1 : 1;
        wmem_map_remove(transactions, previous);
    }
    wmem_map_insert(transactions, transaction, transaction);
    return transaction;
}

static void add_repeat(mstun_transaction_t *transaction, const mstun_repeat_t *repeat)
{
    mstun_transaction_ext_t *ext = mstun_transaction_get_ext(transaction);

    if (!ext->repeats) {
        ext->repeats = wmem_array_sized_new(wmem_file_scope(), sizeof *repeat, 1);
    }
    wmem_array_append(ext->repeats, repeat, 1);
}

/* MS-ICE2 sends a check twice under one id, in two formats ([MS-ICE2] 3.1.4.8.2): not a retransmission. */
static bool is_other_format(const mstun_facts_t *facts, uint32_t first_signature)
{
    return facts->dialect == MSTUN_DIALECT_MS_ICE2 && mstun_transaction_signature(facts) != first_signature;
}

static bool has_use_candidate(const mstun_facts_t *facts)
{
    return (facts->has & MSTUN_HAS_USE_CANDIDATE) != 0;
}

static mstun_frame_pos_t pos_of(const mstun_event_t *event)
{
    return (mstun_frame_pos_t){ event->pinfo->num, event->position };
}

static void add_repeated_request(mstun_transaction_t *transaction, const mstun_event_t *event)
{
    bool modified = has_use_candidate(event->facts) != transaction->use_candidate;
    mstun_repeat_t repeat = { .pos = pos_of(event),
                              .of_request = true,
                              .modified = modified,
                              .other_format =
                                  !modified && is_other_format(event->facts, transaction->request_signature) };

    add_repeat(transaction, &repeat);
}

static mstun_transaction_t *learn_request(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    mstun_transaction_t *transaction = find(event->stream, event->direction, facts->id), *previous = NULL;

    if (transaction && id_is_reused(transaction, event->pinfo)) {
        previous = transaction;
        transaction = NULL;
    }
    if (transaction && transaction->request_frame) {
        add_repeated_request(transaction, event);
        return transaction;
    }
    if (!transaction) { /* else the response came first, in a capture of several interfaces */
        transaction = add_transaction(event, event->direction, previous);
    }
    transaction->type = facts->type;
    transaction->awaits_response = expects_response(facts);
    transaction->with_username = facts->username.bytes != NULL;
    transaction->with_integrity = mstun_facts_have_integrity(facts);
    transaction->controlling = (facts->has & MSTUN_HAS_CONTROLLING) != 0;
    transaction->controlled = (facts->has & MSTUN_HAS_CONTROLLED) != 0;
    transaction->use_candidate = has_use_candidate(facts);
    transaction->request_frame = event->pinfo->num;
    transaction->request_position = event->position;
    transaction->request_end = event->position + STUN_HEADER_LEN + facts->length;
    transaction->request_signature = mstun_transaction_signature(facts);
    transaction->request_time = event->pinfo->abs_ts;
    if (transaction->awaits_response && !transaction->response_frame) {
        add_open_request(event->stream, transaction);
    }
    return transaction;
}

static mstun_transaction_t *learn_response(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    unsigned request_direction = 1 - event->direction;
    mstun_transaction_t *transaction = find(event->stream, request_direction, facts->id), *previous = NULL;

    if (transaction && transaction->response_frame && id_is_reused(transaction, event->pinfo)) {
        previous = transaction;
        transaction = NULL;
    }
    if (transaction && transaction->response_frame) {
        mstun_repeat_t repeat = { .pos = pos_of(event),
                                  .other_format = is_other_format(facts, transaction->response_signature),
                                  .other_answer = facts->class == STUN_SUCCESS && !transaction->succeeded };

        add_repeat(transaction, &repeat);
        transaction->succeeded = transaction->succeeded || repeat.other_answer;
        return transaction;
    }
    if (!transaction) {
        transaction = add_transaction(event, request_direction, previous);
        transaction->request_time = event->pinfo->abs_ts; /* of the request, if there was one, nothing is known */
    }
    transaction->response_frame = event->pinfo->num;
    transaction->succeeded = facts->class == STUN_SUCCESS;
    transaction->response_signature = mstun_transaction_signature(facts);
    return transaction;
}

static const mstun_repeat_t *find_repeat(const mstun_event_t *event)
{
    const mstun_frame_pos_t pos = pos_of(event);
    bool of_request = event->facts->class == STUN_REQUEST;
    wmem_array_t *repeats = event->transaction->ext ? event->transaction->ext->repeats : NULL;
    unsigned next_index = mstun_frame_index_lower_bound(repeats, pos.frame);
    const mstun_repeat_t *repeat;

    while ((repeat = (const mstun_repeat_t *)mstun_frame_index_next(repeats, &next_index, &pos)) &&
           repeat->of_request != of_request) {
    }
    return repeat;
}

bool mstun_event_says_nothing_new(const mstun_event_t *event)
{
    return event->repeat && !event->repeat->other_answer;
}

void mstun_transaction_learn(mstun_event_t *event)
{
    if (event->facts->class != STUN_INDICATION) {
        event->transaction = event->facts->class == STUN_REQUEST ? learn_request(event) : learn_response(event);
        event->repeat = find_repeat(event);
    }
}

void mstun_transaction_look_up(mstun_event_t *event)
{
    bool is_request = event->facts->class == STUN_REQUEST;

    if (event->facts->class == STUN_INDICATION) {
        return;
    }
    event->transaction = find_at(event->stream, is_request ? event->direction : 1 - event->direction, event->facts->id,
                                 event->pinfo->num);
    if (event->transaction) {
        event->repeat = find_repeat(event);
    }
}

static void record_unanswered(struct mstun_stream_requests *requests, mstun_transaction_t *transaction,
                              const mstun_event_t *event)
{
    unanswered_t unanswered = { pos_of(event), transaction,
                                mstun_stream_lack(event->stream, 1 - transaction->direction,
                                                  transaction->request_frame) == MSTUN_LACK_NOTHING };

    if (!requests->unanswered) {
        requests->unanswered = wmem_array_sized_new(wmem_file_scope(), sizeof(unanswered_t), 1);
    }
    wmem_array_append_one(requests->unanswered, unanswered);
}

void mstun_transaction_record_unanswered(const mstun_event_t *event, bool last_of_direction)
{
    struct mstun_stream_requests *requests = event->stream->requests;

    if (!event->stream->tcp) {
        event->stream->last_time = event->pinfo->abs_ts;
    }
    if (!requests) {
        return;
    }
    for (unsigned requester = 0; requester < 2; requester++) {
        open_requests_t *queue = &requests->queues[requester];
        bool responder_closed = last_of_direction && requester != event->direction;
        mstun_transaction_t *transaction;

        /* Where one has not timed out, newer ones have not, either. */
        while ((transaction = oldest_open(queue)) &&
               (responder_closed || mstun_transaction_has_timed_out(transaction, &event->pinfo->abs_ts))) {
            record_unanswered(requests, transaction, event);
            queue->oldest = transaction->next_open;
        }
    }
}

const mstun_transaction_t *mstun_transaction_next_unanswered(const mstun_event_t *event, unsigned *next_index)
{
    const mstun_frame_pos_t pos = pos_of(event);
    wmem_array_t *unanswered = event->stream->requests ? event->stream->requests->unanswered : NULL;

    if (*next_index == 0) {
        *next_index = mstun_frame_index_lower_bound(unanswered, pos.frame);
    }
    const unanswered_t *next;

    while ((next = (const unanswered_t *)mstun_frame_index_next(unanswered, next_index, &pos)) && !next->proved) {
    }
    return next ? next->transaction : NULL;
}

static int compare_requests(const void *a, const void *b)
{
    const mstun_transaction_t *one = *(const mstun_transaction_t *const *)a;
    const mstun_transaction_t *other = *(const mstun_transaction_t *const *)b;

    if (one->request_frame != other->request_frame) {
        return one->request_frame < other->request_frame ? -1 : 1;
    }
    return (int32_t)(one->request_position - other->request_position);
}

static void collect_unanswered(wmem_array_t *requests, mstun_transaction_t *transaction)
{
    if (!transaction->response_frame) {
        wmem_array_append_one(requests, transaction);
    }
}

void mstun_stream_foreach_unanswered(const mstun_stream_t *stream,
                                     void (*fn)(mstun_transaction_t *transaction, void *data), void *data)
{
    const struct mstun_stream_requests *of_stream = stream->requests;

    if (!of_stream) {
        return;
    }
    wmem_array_t *requests = wmem_array_new(NULL, sizeof(mstun_transaction_t *));
    unsigned recorded = of_stream->unanswered ? wmem_array_get_count(of_stream->unanswered) : 0;

    for (unsigned i = 0; i < recorded; i++) {
        collect_unanswered(requests, ((unanswered_t *)wmem_array_index(of_stream->unanswered, i))->transaction);
    }
    for (unsigned direction = 0; direction < 2; direction++) {
        mstun_transaction_t *request = of_stream->queues[direction].oldest;

        for (; request; request = request->next_open) {
            collect_unanswered(requests, request);
        }
    }
    wmem_array_sort(requests, compare_requests);
    for (unsigned i = 0; i < wmem_array_get_count(requests); i++) {
        fn(*(mstun_transaction_t **)wmem_array_index(requests, i), data);
    }
    wmem_destroy_array(requests);
}

void mstun_transaction_register(const mstun_registrar_t *reg _U_)
{
    transactions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
}
