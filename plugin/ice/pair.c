/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice/pair.h"

#include <epan/dissectors/packet-udp.h>

#include "base/map_key.h"
#include "ice/pair_state.h"

#define GENERATIONS_MAX 8 /* of one key that are looked at: more are not told apart */

static wmem_map_t *pairs_by_key;             /* mstun_pair_key_t -> mstun_pair_t, the youngest */
static mstun_pair_t *first_pair, *last_pair; /* NULL: there is none */

MSTUN_KEY_AS_BYTES(mstun_pair_key_t, hash_key, equal_keys);

/* The youngest of its key. */
static mstun_pair_t *find_pair(const mstun_event_t *event)
{
    mstun_pair_key_t key;

    memset(&key, 0, sizeof key);
    key.stream = event->stream->number;
    key.peer = event->peer;
    return (mstun_pair_t *)wmem_map_lookup(pairs_by_key, &key);
}

/* Distinguishes a check (RFC 8445 section 7.1) from a Binding request to a server. GOOG-PING replaces checks. */
static bool is_check(const mstun_facts_t *facts)
{
    bool has_ice_attribute =
        (facts->has & (MSTUN_HAS_PRIORITY | MSTUN_HAS_CONTROLLING | MSTUN_HAS_CONTROLLED | MSTUN_HAS_USE_CANDIDATE)) !=
        0;
    bool short_term = facts->username.bytes && !facts->realm.bytes;

    return facts->method == GOOG_PING || (facts->method == STUN_BINDING && (has_ice_attribute || short_term));
}

/* For a response whose request was not captured: a server's answer to address discovery has no MESSAGE-INTEGRITY. */
static bool is_response_to_check(const mstun_facts_t *facts)
{
    return facts->method == GOOG_PING || (facts->method == STUN_BINDING && (facts->has & MSTUN_HAS_INTEGRITY));
}

/* The packet's sender (0) and receiver (1), with the peer behind the TURN server in place of the server. */
static void find_ends(const mstun_event_t *event, mstun_pair_view_t *totals, mstun_endpoint_t ends[2])
{
    const mstun_peer_connection_t *connection = mstun_stream_peer_connection(event->stream, event->pinfo);
    const mstun_endpoint_t *peer = &event->peer;
    bool from_peer = event->from_peer;

    mstun_packet_source(event->pinfo, &ends[0]);
    mstun_packet_destination(event->pinfo, &ends[1]);
    totals->connection = connection;
    if (connection) {
        totals->allocation = connection->allocation;
        totals->relayed = !mstun_stream_is_server_peer_leg(event->stream);
        peer = &connection->peer;
        from_peer = mstun_peer_connection_from_peer(event->stream, event->pinfo);
    } else {
        totals->allocation = mstun_stream_allocation(event->stream);
        totals->relayed = peer->family || peer->port;
    }
    totals->peer = 1;
    if (totals->relayed) {
        totals->peer = from_peer ? 0 : 1;
        ends[totals->peer] = *peer;
    }
}

static void swap_ends(mstun_pair_view_t *totals, mstun_endpoint_t ends[2])
{
    mstun_endpoint_t sender = ends[0];

    ends[0] = ends[1];
    ends[1] = sender;
    if (totals->relayed) {
        totals->peer = 1 - totals->peer;
    }
}

/* A pair that begins with a response began with a check in the other direction. */
static mstun_pair_t *add_pair(const mstun_event_t *event)
{
    mstun_pair_t *pair = wmem_new0(wmem_file_scope(), mstun_pair_t);
    mstun_pair_view_t *totals = &pair->totals;
    packet_info *pinfo = event->pinfo;
    bool is_response = event->facts->class != STUN_REQUEST;
    mstun_endpoint_t ends[2];

    pair->key.stream = event->stream->number;
    pair->key.peer = event->peer;
    pair->cache = wmem_new0(wmem_file_scope(), mstun_pair_cache_t *);
    pair->forward = (uint8_t)(is_response ? 1 - event->direction : event->direction);
    pair->stream = event->stream;
    find_ends(event, totals, ends);
    if (is_response) {
        swap_ends(totals, ends);
    }
    totals->side[0].address = ends[0];
    totals->side[1].address = ends[1];
    totals->first_frame = pinfo->num;
    totals->first_position = event->position;
    totals->first_time = pinfo->abs_ts;
    totals->tcp = pinfo->ptype == PT_TCP;
    if (totals->tcp) {
        totals->stream = event->stream->tcp_stream;
    } else if (pinfo->ptype == PT_UDP) {
        totals->stream = get_udp_conversation_data(NULL, pinfo)->stream; /* a merged stream has several */
    }
    totals->id = last_pair ? last_pair->totals.id + 1 : 0;
    pair->older = (mstun_pair_t *)wmem_map_insert(pairs_by_key, &pair->key, pair);
    if (last_pair) {
        last_pair->next = pair;
    } else {
        first_pair = pair;
    }
    last_pair = pair;
    return pair;
}

static void open_check(mstun_pair_t *pair, unsigned direction, mstun_transaction_t *transaction)
{
    transaction->open_in_pair = true;
    pair->open[direction]++;
    transaction->pair_older = pair->newest[direction];
    pair->newest[direction] = transaction;
}

static void close_check(mstun_pair_t *pair, unsigned direction, mstun_transaction_t *transaction)
{
    if (!transaction->open_in_pair) {
        return;
    }
    transaction->open_in_pair = false;
    pair->open[direction]--;
    while (pair->newest[direction] && !pair->newest[direction]->open_in_pair) {
        pair->newest[direction] = pair->newest[direction]->pair_older;
    }
}

/* On TCP nothing is repeated after its response, but for what crosses it. */
static void count_repeat(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event)
{
    mstun_transaction_t *transaction = event->transaction;
    mstun_pair_direction_t *dir = &pair->totals.dir[direction];

    if (event->repeat->other_format || event->repeat->modified) {
        return;
    }
    dir->retransmissions++;
    if (!transaction->response_frame || !transaction->succeeded) {
        return;
    }
    if (dir->repeats_of_ignored == 0) {
        dir->repeat_frame = event->pinfo->num;
        dir->repeat_position = event->position;
        dir->repeat_time = event->pinfo->abs_ts;
        dir->repeated = transaction;
    }
    dir->repeats_of_ignored++;
    if (pair->repeated[direction] != transaction) {
        pair->repeated[direction] = transaction;
        dir->ignored++;
    }
}

static bool has_other_role(const mstun_transaction_t *check, const mstun_facts_t *facts)
{
    return check && ((check->controlling && (facts->has & MSTUN_HAS_CONTROLLED)) ||
                     (check->controlled && (facts->has & MSTUN_HAS_CONTROLLING)));
}

/* What the sender of a check does after a 487 (RFC 8445 section 7.2.5.1). */
static void note_retry(mstun_pair_direction_t *dir, const mstun_event_t *event)
{
    if (dir->conflict_open && !dir->retry_frame) {
        dir->retry_frame = event->pinfo->num;
        dir->role_changed = has_other_role(dir->rejected, event->facts);
    }
}

static void count_request(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event)
{
    mstun_transaction_t *transaction = event->transaction;
    mstun_pair_direction_t *dir = &pair->totals.dir[direction];

    mstun_session_learn(pair, direction, event);
    if (event->repeat) {
        count_repeat(pair, direction, event);
    } else {
        note_retry(dir, event);
        dir->requests++;
        dir->consent += pair->totals.works_frame ? 1 : 0;
        dir->last_request = event->pinfo->abs_ts;
        if (!transaction->response_frame) {
            open_check(pair, direction, transaction);
        }
    }
    if (event->facts->has & MSTUN_HAS_USE_CANDIDATE) {
        transaction->nominating = true;
        dir->nominating_frame = dir->nominating_frame ? dir->nominating_frame : event->pinfo->num;
    }
}

static void add_response_time(mstun_pair_direction_t *dir, const mstun_event_t *event)
{
    nstime_t taken;

    nstime_delta(&taken, &event->pinfo->abs_ts, &event->transaction->request_time);
    if (!event->transaction->request_frame || taken.secs < 0 || taken.nsecs < 0) {
        return; /* the clocks of two capture interfaces may differ */
    }
    uint64_t ns = (uint64_t)taken.secs * 1000000000 + (uint64_t)taken.nsecs;

    dir->shortest_ns = dir->timed ? MIN(dir->shortest_ns, ns) : ns;
    dir->longest_ns = MAX(dir->longest_ns, ns);
    dir->total_ns += ns;
    dir->timed++;
}

static void count_error(mstun_pair_direction_t *dir, const mstun_event_t *event)
{
    dir->errors++;
    if (!(event->facts->has & MSTUN_HAS_ERROR) && event->facts->has & MSTUN_HAS_TRUNCATION) {
        return; /* the capture lacks what it says */
    }
    dir->rejected = event->transaction;
    dir->error_code = event->facts->error_code;
    dir->error_frame = event->pinfo->num;
    dir->error_position = event->position;
    dir->error_time = event->pinfo->abs_ts;
    dir->error_open = true;
    if (dir->error_code == ICE_ROLE_CONFLICT) {
        dir->conflicts++;
        dir->conflict_frame = event->pinfo->num;
        dir->conflict_position = event->position;
        dir->conflict_open = true;
        dir->retry_frame = 0;
    }
}

static void count_success(mstun_pair_view_t *totals, unsigned direction, const mstun_event_t *event)
{
    mstun_pair_direction_t *dir = &totals->dir[direction];

    dir->successes++;
    dir->last_success = event->pinfo->abs_ts;
    dir->error_open = dir->conflict_open = false;
    if (!totals->works_frame && totals->dir[0].successes && totals->dir[1].successes) {
        totals->works_frame = event->pinfo->num;
        totals->works_position = event->position;
        totals->works_time = event->pinfo->abs_ts;
    }
}

/* direction: of the request */
static void count_response(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event)
{
    mstun_transaction_t *transaction = event->transaction;
    mstun_pair_view_t *totals = &pair->totals;
    mstun_pair_direction_t *dir = &totals->dir[direction];
    bool success = event->facts->class == STUN_SUCCESS;

    if (!event->repeat) {
        close_check(pair, direction, transaction);
        add_response_time(dir, event);
        if (success) {
            count_success(totals, direction, event);
        } else {
            count_error(dir, event);
        }
    }
    if (success && transaction->nominating && !dir->nominated_frame) {
        dir->nominated_frame = event->pinfo->num;
    }
    mstun_session_t *session = mstun_pair_session(pair);

    if (session && totals->works_frame && (totals->dir[0].nominated_frame || totals->dir[1].nominated_frame)) {
        session->nominated = true;
    }
}

unsigned mstun_pair_direction(const mstun_pair_t *pair, unsigned stream_direction)
{
    return stream_direction == pair->forward ? MSTUN_FORWARD : MSTUN_REVERSE;
}

/* In an ICE restart the same two addresses may be checked again, with new ufrags: another pair. */
static mstun_pair_t *find_generation(mstun_pair_t *pair, const mstun_event_t *event)
{
    mstun_ufrags_t ufrags;

    if (event->facts->class != STUN_REQUEST || !mstun_ufrags_parse(&event->facts->username, &ufrags)) {
        return pair;
    }
    for (unsigned i = 0; pair && i < GENERATIONS_MAX; i++, pair = pair->older) {
        if (mstun_ufrags_match(pair, mstun_pair_direction(pair, event->direction), &ufrags)) {
            return pair;
        }
    }
    return NULL;
}

/* NULL: event's message is neither a check nor a response to one. */
static mstun_pair_t *find_or_add_pair(const mstun_event_t *event)
{
    bool is_of_pair = event->facts->class == STUN_REQUEST
                          ? is_check(event->facts)
                          : event->transaction->request_frame == 0 && is_response_to_check(event->facts);

    if (!is_of_pair) {
        return NULL;
    }
    mstun_pair_t *pair = find_generation(find_pair(event), event);

    return pair ? pair : add_pair(event);
}

static void note_change(mstun_pair_t *pair)
{
    mstun_session_t *session = mstun_pair_session(pair);

    pair->changes++;
    if (session) {
        session->changes++;
    }
}

static void note_sent(mstun_pair_t *pair, unsigned side, const mstun_event_t *event)
{
    pair->sent[side][0] = pair->sent[side][1];
    pair->sent[side][1] = event->pinfo->abs_ts;
}

void mstun_pair_learn(const mstun_event_t *event)
{
    mstun_transaction_t *transaction = event->transaction;

    if (!transaction) {
        return;
    }
    if (!transaction->pair) {
        transaction->pair = find_or_add_pair(event);
    }
    mstun_pair_t *pair = transaction->pair;

    if (!pair) {
        return;
    }
    unsigned direction = mstun_pair_direction(pair, transaction->direction);

    note_change(pair);
    pair->totals.last_frame = event->pinfo->num;
    pair->totals.last_time = event->pinfo->abs_ts;
    if (event->facts->class == STUN_REQUEST) {
        note_sent(pair, direction, event);
        count_request(pair, direction, event);
    } else {
        note_sent(pair, 1 - direction, event);
        count_response(pair, direction, event);
    }
}

static bool has_success(const mstun_pair_t *pair)
{
    return pair->totals.dir[0].successes || pair->totals.dir[1].successes;
}

void mstun_pair_count_media(const mstun_event_t *event)
{
    mstun_pair_t *pair = wmem_map_size(pairs_by_key) ? find_pair(event) : NULL;

    for (unsigned i = 0; pair && !has_success(pair) && i < GENERATIONS_MAX; i++) {
        pair = pair->older;
    }
    if (pair && has_success(pair)) {
        mstun_pair_direction_t *dir = &pair->totals.dir[mstun_pair_direction(pair, event->direction)];

        note_change(pair);
        dir->media++;
        dir->last_media = event->pinfo->abs_ts;
    }
}

const mstun_pair_t *mstun_pair_of(const mstun_transaction_t *transaction)
{
    return transaction ? transaction->pair : NULL;
}

void mstun_pair_foreach(void (*fn)(mstun_pair_t *pair, void *data), void *data)
{
    for (mstun_pair_t *pair = first_pair; pair; pair = pair->next) {
        fn(pair, data);
    }
}

const mstun_stream_t *mstun_pair_stream(const mstun_pair_t *pair)
{
    return pair->stream;
}

unsigned mstun_pair_stream_direction(const mstun_pair_t *pair, unsigned direction)
{
    return direction == MSTUN_FORWARD ? pair->forward : 1u - pair->forward;
}

bool mstun_pair_is_relayed(const mstun_pair_t *pair)
{
    return pair->totals.relayed;
}

void mstun_pair_peer(const mstun_pair_t *pair, mstun_endpoint_t *peer)
{
    *peer = pair->totals.side[pair->totals.peer].address;
}

/* Before a file is closed, which frees the pairs. */
static void clear_pairs(void)
{
    first_pair = NULL;
    last_pair = NULL;
}

void mstun_pair_register(const mstun_registrar_t *reg _U_)
{
    pairs_by_key = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
    mstun_session_register();
    register_cleanup_routine(clear_pairs);
}
