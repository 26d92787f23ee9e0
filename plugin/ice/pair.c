/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice/pair.h"

#include <epan/dissectors/packet-udp.h>

#include "ice/pair_state.h"
#include "wire/text.h"

#define UFRAG_MAX 256 /* RFC 8445 section 5.3 */

static wmem_map_t *pairs_by_key;             /* mstun_pair_key_t -> mstun_pair_t */
static mstun_pair_t *first_pair, *last_pair; /* NULL: there is none */
static wmem_map_t *sessions;                 /* "ufrag:ufrag:component" -> mstun_pair_session_t */

static guint hash_key(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_pair_key_t));
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(mstun_pair_key_t)) == 0;
}

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
    totals->id = wmem_map_size(pairs_by_key);
    wmem_map_insert(pairs_by_key, &pair->key, pair);
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

static const char *copy_ufrag(const uint8_t *text, int len)
{
    return len > 0 && len <= UFRAG_MAX && mstun_is_text(text, len)
               ? wmem_strndup(wmem_file_scope(), (const char *)text, (size_t)len)
               : NULL;
}

/* USERNAME is the receiver's ufrag, a colon, the sender's (RFC 8445 section 7.2.2). MS-ICE2 may pad it with zeros. */
static void set_ufrags(mstun_pair_t *pair, unsigned direction, const mstun_span_t *username)
{
    const uint8_t *name = username->bytes;
    const uint8_t *colon = name ? (const uint8_t *)memchr(name, ':', username->len) : NULL;
    mstun_pair_side_t *sender = &pair->totals.side[direction], *receiver = &pair->totals.side[1 - direction];

    if (!colon || (sender->ufrag && receiver->ufrag)) {
        return;
    }
    int receiver_len = (int)(colon - name), sender_len = username->len - receiver_len - 1;

    sender->ufrag = sender->ufrag ? sender->ufrag : copy_ufrag(colon + 1, mstun_text_len(colon + 1, sender_len));
    receiver->ufrag = receiver->ufrag ? receiver->ufrag : copy_ufrag(name, receiver_len);
}

/* The low byte of a priority is 256 minus the component's number (RFC 8445 section 5.1.2.1). */
static void join_session(mstun_pair_t *pair, uint32_t priority)
{
    const char *first = pair->totals.side[0].ufrag, *second = pair->totals.side[1].ufrag;

    if (pair->session || !first || !second) {
        return;
    }
    bool in_order = strcmp(first, second) < 0;
    const char *key = wmem_strdup_printf(wmem_file_scope(), "%s:%s:%u", in_order ? first : second,
                                         in_order ? second : first, priority & 0xFF);

    pair->session = (mstun_pair_session_t *)wmem_map_lookup(sessions, key);
    if (!pair->session) {
        pair->session = wmem_new0(wmem_file_scope(), mstun_pair_session_t);
        wmem_map_insert(sessions, key, pair->session);
    }
}

static void describe_sender(mstun_pair_t *pair, unsigned direction, const mstun_facts_t *facts)
{
    mstun_pair_side_t *side = &pair->totals.side[direction];

    if (facts->has & (MSTUN_HAS_CONTROLLING | MSTUN_HAS_CONTROLLED)) {
        side->role = facts->has & MSTUN_HAS_CONTROLLING ? MSTUN_ROLE_CONTROLLING : MSTUN_ROLE_CONTROLLED;
    }
    set_ufrags(pair, direction, &facts->username);
    if (facts->has & MSTUN_HAS_PRIORITY) {
        side->priority = facts->priority;
        join_session(pair, facts->priority);
    }
}

static void count_request(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event)
{
    mstun_transaction_t *transaction = event->transaction;
    mstun_pair_direction_t *dir = &pair->totals.dir[direction];

    describe_sender(pair, direction, event->facts);
    if (event->repeat) {
        dir->retransmissions += event->repeat->other_format || event->repeat->modified ? 0 : 1;
    } else {
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
    if (pair->session && totals->works_frame && (totals->dir[0].nominated_frame || totals->dir[1].nominated_frame)) {
        pair->session->nominated = true;
    }
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
    mstun_pair_t *pair = find_pair(event);

    return pair ? pair : add_pair(event);
}

static unsigned pair_direction(const mstun_pair_t *pair, unsigned stream_direction)
{
    return stream_direction == pair->forward ? MSTUN_FORWARD : MSTUN_REVERSE;
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
    unsigned direction = pair_direction(pair, transaction->direction);

    pair->changes++;
    pair->totals.last_frame = event->pinfo->num;
    pair->totals.last_time = event->pinfo->abs_ts;
    if (event->facts->class == STUN_REQUEST) {
        count_request(pair, direction, event);
    } else {
        count_response(pair, direction, event);
    }
}

void mstun_pair_count_media(const mstun_event_t *event)
{
    mstun_pair_t *pair = wmem_map_size(pairs_by_key) ? find_pair(event) : NULL;

    if (pair && (pair->totals.dir[0].successes || pair->totals.dir[1].successes)) {
        pair->changes++;
        pair->totals.dir[pair_direction(pair, event->direction)].media++;
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
    sessions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
    register_cleanup_routine(clear_pairs);
}
