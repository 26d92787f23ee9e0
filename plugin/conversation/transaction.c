/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/transaction.h"

#define RENEWALS_MAX 64 /* of one id: whoever repeats it more often gets repetitions */

static wmem_map_t *transactions; /* of all connections of a file, by id, connection and direction of the request */

static int proto_mstun = -1;

static int hf_response_in = -1;
static int hf_response_to = -1;
static int hf_time = -1;
static int hf_retransmission_of = -1;
static int hf_alternate_of = -1;
static int hf_overdue_request = -1;

static int ett_overdue = -1;

static expert_field ei_overdue = EI_INIT;
static expert_field ei_no_request = EI_INIT;

/* A segment, by its sequence number, and a request that it proved unanswered. */
typedef struct {
    mstun_frame_pos_t place;
    const mstun_transaction_t *transaction;
} overdue_t;

static guint hash_key(gconstpointer key)
{
    const mstun_transaction_t *transaction = (const mstun_transaction_t *)key;

    /* Ids come from whoever sends them: a hash that cannot be foreseen keeps chains short. */
    return wmem_strong_hash(transaction->id, STUN_ID_LEN) ^ (transaction->stream * 2u + transaction->direction);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    const mstun_transaction_t *one = (const mstun_transaction_t *)a, *other = (const mstun_transaction_t *)b;

    return one->stream == other->stream && one->direction == other->direction &&
           memcmp(one->id, other->id, STUN_ID_LEN) == 0;
}

/* The newest one. */
static mstun_transaction_t *find(const mstun_stream_t *stream, unsigned direction, const uint8_t *id)
{
    mstun_transaction_t key = { .stream = stream->number, .direction = (uint8_t)direction };

    memcpy(key.id, id, STUN_ID_LEN);
    return (mstun_transaction_t *)wmem_map_lookup(transactions, &key);
}

static uint32_t first_frame(const mstun_transaction_t *transaction)
{
    uint32_t request = transaction->request_frame, response = transaction->response_frame;

    return request && (request < response || !response) ? request : response;
}

/* The one that this frame belongs to: the newest that had begun. */
static mstun_transaction_t *find_at(const mstun_stream_t *stream, unsigned direction, const uint8_t *id, uint32_t frame)
{
    mstun_transaction_t *transaction = find(stream, direction, id);

    while (transaction && first_frame(transaction) > frame && transaction->more && transaction->more->before) {
        transaction = transaction->more->before;
    }
    return transaction;
}

/* RFC 8489 section 6.2: a request is sent again for less than Ti. What comes later under its id is of another, whose client
 * does not draw its ids, or in captures that were merged. */
static bool is_over(const mstun_transaction_t *transaction, const packet_info *pinfo)
{
    nstime_t since;

    nstime_delta(&since, &pinfo->abs_ts, &transaction->request_time);
    return nstime_to_msec(&since) >= STUN_TI_MS && !(transaction->more && transaction->more->renewals >= RENEWALS_MAX);
}

/* Two copies of one message have the same protection and length; the two formats of an MS-ICE2 check do not. */
uint32_t mstun_transaction_signature(const mstun_facts_t *facts)
{
    uint32_t integrity = facts->integrity.bytes && facts->integrity.len >= 4 ? pntohu32(facts->integrity.bytes) : 0;

    return integrity ^ facts->fingerprint ^ facts->length;
}

static void open_request(mstun_stream_t *stream, mstun_transaction_t *transaction)
{
    mstun_open_t *open = &stream->open[transaction->direction];

    if (open->newest) {
        open->newest->next_open = transaction;
    } else {
        open->oldest = transaction;
    }
    open->newest = transaction;
}

/* The oldest request that still has no response. Each is passed once. */
static mstun_transaction_t *oldest_open(mstun_open_t *open)
{
    while (open->oldest && open->oldest->response_frame) {
        open->oldest = open->oldest->next_open;
    }
    if (!open->oldest) {
        open->newest = NULL;
    }
    return open->oldest;
}

/* [MS-TURN] 2.2.1: a Send Request is never answered. */
static bool is_answered_ever(const mstun_facts_t *facts)
{
    return !(facts->dialect == MSTUN_DIALECT_MS_TURN && facts->type == MS_TURN_SEND_REQUEST);
}

mstun_transaction_ext_t *mstun_transaction_get_ext(mstun_transaction_t *transaction)
{
    if (!transaction->more) {
        transaction->more = wmem_new0(wmem_file_scope(), mstun_transaction_ext_t);
    }
    return transaction->more;
}

/* direction: of the request */
static mstun_transaction_t *new_transaction(const mstun_stream_t *stream, unsigned direction, const uint8_t *id,
                                            mstun_transaction_t *before)
{
    mstun_transaction_t *transaction = wmem_new0(wmem_file_scope(), mstun_transaction_t);

    memcpy(transaction->id, id, STUN_ID_LEN);
    transaction->stream = stream->number;
    transaction->direction = (uint8_t)direction;
    if (before) { /* the map keeps the key that it has: it must be the newest's */
        mstun_transaction_ext_t *more = mstun_transaction_get_ext(transaction);

        more->before = before;
        more->renewals = before->more ? before->more->renewals + 1 : 1;
        wmem_map_remove(transactions, before);
    }
    wmem_map_insert(transactions, transaction, transaction);
    return transaction;
}

static void add_copy(mstun_transaction_t *transaction, const mstun_repeat_t *copy)
{
    mstun_transaction_ext_t *more = mstun_transaction_get_ext(transaction);

    if (!more->copies) {
        more->copies = wmem_array_sized_new(wmem_file_scope(), sizeof *copy, 1);
    }
    wmem_array_append(more->copies, copy, 1);
}

/* MS-ICE2 sends a check twice under one id, in two formats ([MS-ICE2] 3.1.4.8.2): that is no repetition. */
static bool is_alternate(const mstun_facts_t *facts, uint32_t first_signature)
{
    return facts->dialect == MSTUN_DIALECT_MS_ICE2 && mstun_transaction_signature(facts) != first_signature;
}

static bool has_use_candidate(const mstun_facts_t *facts)
{
    return (facts->has & MSTUN_HAS_USE_CANDIDATE) != 0;
}

static void enter_copy_of_request(mstun_transaction_t *transaction, packet_info *pinfo, uint32_t position,
                                  const mstun_facts_t *facts)
{
    bool changed = has_use_candidate(facts) != transaction->use_candidate;
    mstun_repeat_t copy = { .place = { pinfo->num, position },
                            .of_request = true,
                            .changed = changed,
                            .alternate = !changed && is_alternate(facts, transaction->request_signature) };

    add_copy(transaction, &copy);
}

static mstun_transaction_t *enter_request(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                          uint32_t position, const mstun_facts_t *facts)
{
    mstun_transaction_t *transaction = find(stream, direction, facts->id), *before = NULL;

    if (transaction && transaction->request_frame && is_over(transaction, pinfo)) {
        before = transaction;
        transaction = NULL;
    }
    if (transaction && transaction->request_frame) {
        enter_copy_of_request(transaction, pinfo, position, facts);
        return transaction;
    }
    if (!transaction) { /* else a capture of several interfaces had the response first */
        transaction = new_transaction(stream, direction, facts->id, before);
    }
    transaction->type = facts->type;
    transaction->awaits_response = is_answered_ever(facts);
    transaction->use_candidate = has_use_candidate(facts);
    transaction->with_integrity = mstun_facts_have_integrity(facts);
    transaction->request_frame = pinfo->num;
    transaction->request_position = position;
    transaction->request_signature = mstun_transaction_signature(facts);
    transaction->request_time = pinfo->abs_ts;
    if (transaction->awaits_response && !transaction->response_frame) {
        open_request(stream, transaction);
    }
    return transaction;
}

static mstun_transaction_t *enter_response(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                           uint32_t position, const mstun_facts_t *facts)
{
    mstun_transaction_t *transaction = find(stream, 1 - direction, facts->id), *before = NULL;

    if (transaction && transaction->response_frame && is_over(transaction, pinfo)) {
        before = transaction;
        transaction = NULL;
    }
    if (transaction && transaction->response_frame) {
        mstun_repeat_t copy = { .place = { pinfo->num, position },
                                .alternate = is_alternate(facts, transaction->response_signature) };

        add_copy(transaction, &copy);
        return transaction;
    }
    if (!transaction) {
        transaction = new_transaction(stream, 1 - direction, facts->id, before);
        transaction->request_time = pinfo->abs_ts; /* before this, if there was one */
    }
    transaction->response_frame = pinfo->num;
    transaction->response_position = position;
    transaction->response_signature = mstun_transaction_signature(facts);
    return transaction;
}

static const mstun_repeat_t *find_copy(const mstun_transaction_t *transaction, const packet_info *pinfo,
                                       uint32_t position, bool of_request)
{
    const mstun_frame_pos_t place = { pinfo->num, position };
    wmem_array_t *copies = transaction->more ? transaction->more->copies : NULL;
    unsigned index = frame_index_lower_bound(copies, place.frame);
    const mstun_repeat_t *copy;

    while ((copy = (const mstun_repeat_t *)frame_index_next(copies, &index, &place)) &&
           copy->of_request != of_request) {
    }
    return copy;
}

mstun_message_role_t mstun_transaction_track(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                             uint32_t position, const mstun_facts_t *facts)
{
    mstun_message_role_t exchange = { NULL, NULL };
    bool of_request = facts->class == STUN_REQUEST;

    if (facts->class == STUN_INDICATION || pinfo->flags.in_error_pkt) {
        return exchange;
    }
    if (PINFO_FD_VISITED(pinfo)) {
        exchange.transaction = find_at(stream, of_request ? direction : 1 - direction, facts->id, pinfo->num);
    } else {
        exchange.transaction = of_request ? enter_request(stream, direction, pinfo, position, facts)
                                          : enter_response(stream, direction, pinfo, position, facts);
    }
    if (exchange.transaction) {
        exchange.copy = find_copy(exchange.transaction, pinfo, position, of_request);
    }
    return exchange;
}

static void prove_overdue(mstun_stream_t *stream, const mstun_transaction_t *transaction, packet_info *pinfo,
                          uint32_t seq)
{
    overdue_t overdue = { { pinfo->num, seq }, transaction };

    if (!stream->overdue) {
        stream->overdue = wmem_array_sized_new(wmem_file_scope(), sizeof(overdue_t), 1);
    }
    wmem_array_append_one(stream->overdue, overdue);
}

static bool had_its_time(const mstun_transaction_t *transaction, const packet_info *pinfo)
{
    nstime_t waited;

    nstime_delta(&waited, &pinfo->abs_ts, &transaction->request_time);
    return nstime_to_msec(&waited) >= STUN_TI_MS;
}

void mstun_transaction_record_unanswered(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t seq,
                                         bool last_of_direction)
{
    if (PINFO_FD_VISITED(pinfo)) {
        return;
    }
    for (unsigned asking = 0; asking < 2; asking++) {
        mstun_open_t *open = &stream->open[asking];
        bool asked_is_gone = last_of_direction && asking != direction;
        mstun_transaction_t *transaction;

        /* Where one still has time, the newer ones have more. */
        while ((transaction = oldest_open(open)) && (asked_is_gone || had_its_time(transaction, pinfo))) {
            prove_overdue(stream, transaction, pinfo, seq);
            open->oldest = transaction->next_open;
        }
    }
}

static void show_frame(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t frame)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, frame));
}

static void show_copy(tvbuff_t *tvb, proto_tree *tree, const mstun_message_role_t *exchange)
{
    const mstun_transaction_t *transaction = exchange->transaction;

    show_frame(tree, exchange->copy->alternate ? hf_alternate_of : hf_retransmission_of, tvb,
               exchange->copy->of_request ? transaction->request_frame : transaction->response_frame);
}

static void show_request(tvbuff_t *tvb, proto_tree *tree, const mstun_message_role_t *exchange)
{
    if (exchange->transaction->response_frame) {
        show_frame(tree, hf_response_in, tvb, exchange->transaction->response_frame);
    }
}

static void show_response(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_transaction_t *transaction)
{
    nstime_t taken;

    show_frame(tree, hf_response_to, tvb, transaction->request_frame);
    nstime_delta(&taken, &pinfo->abs_ts, &transaction->request_time);
    proto_item_set_generated(proto_tree_add_time(tree, hf_time, tvb, 0, 0, &taken));
}

/* A request that comes behind its response in the capture is none that the response can point back to. */
static bool has_earlier_request(const mstun_transaction_t *transaction, const packet_info *pinfo)
{
    return transaction->request_frame && transaction->request_frame <= pinfo->num;
}

void mstun_transaction_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_message_role_t *exchange,
                            const mstun_facts_t *facts)
{
    if (!exchange->transaction) {
        return;
    }
    if (exchange->copy) {
        show_copy(tvb, tree, exchange);
    }
    if (facts->class == STUN_REQUEST) {
        show_request(tvb, tree, exchange);
    } else if (has_earlier_request(exchange->transaction, pinfo)) {
        show_response(tvb, pinfo, tree, exchange->transaction);
    } else {
        expert_add_info(pinfo, proto_tree_get_parent(tree), &ei_no_request);
    }
}

static void show_one_overdue(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                             const mstun_transaction_t *transaction)
{
    if (!tree) { /* nobody reads it, but the window's corner tells the worst severity that was met */
        expert_add_info(pinfo, NULL, &ei_overdue);
        return;
    }
    proto_item *layer = proto_tree_add_protocol_format(tree, proto_mstun, tvb, 0, 0, "MSTUN, unanswered request");
    proto_item *item = proto_tree_add_uint(proto_item_add_subtree(layer, ett_overdue), hf_overdue_request, tvb, 0, 0,
                                           transaction->request_frame);

    proto_item_set_generated(layer);
    proto_item_set_generated(item);
    expert_add_info_format(pinfo, item, &ei_overdue, "The request in frame %u has no response up to here",
                           transaction->request_frame);
}

void mstun_transaction_show_unanswered(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                       const mstun_stream_t *stream, uint32_t seq)
{
    const mstun_frame_pos_t place = { pinfo->num, seq };
    unsigned index = frame_index_lower_bound(stream->overdue, place.frame);
    const overdue_t *overdue;

    while ((overdue = (const overdue_t *)frame_index_next(stream->overdue, &index, &place))) {
        show_one_overdue(tvb, pinfo, tree, overdue->transaction);
    }
}

void mstun_transaction_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_response_in,
          { "Response In", "mstun.response_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0,
            "The response to this request is in this frame", HFILL } },
        { &hf_response_to,
          { "Request In", "mstun.response_to", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0,
            "This is the response to the request in this frame", HFILL } },
        { &hf_time,
          { "Time", "mstun.time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "The time between the request and this response", HFILL } },
        { &hf_retransmission_of,
          { "Retransmission of", "mstun.retransmission_of", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_RETRANS_PREV), 0x0, "The same message was first sent in this frame", HFILL } },
        { &hf_alternate_of,
          { "Alternate Format of", "mstun.alternate_of", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The other format of the same MS-ICE2 check was sent in this frame", HFILL } },
        { &hf_overdue_request,
          { "Unanswered Request In", "mstun.unanswered_request", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0,
            "This frame proves that the request in that frame had its time and got no response", HFILL } },
    };
    static ei_register_info ei[] = {
        { &ei_overdue, { "mstun.overdue", PI_SEQUENCE, PI_NOTE, "An earlier request has no response", EXPFILL } },
        { &ei_no_request,
          { "mstun.no_request", PI_SEQUENCE, PI_CHAT,
            "No request to this response in the capture, which may have begun after it", EXPFILL } },
    };

    static int *ett[] = { &ett_overdue };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
    transactions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
}
