/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ice/pair.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/dissectors/packet-udp.h>
#include <wsutil/str_util.h>

#include "ice/pair_state.h"

#define UFRAG_MAX 256 /* RFC 8445 section 5.3 */

static wmem_map_t *pairs_by_key; /* mstun_pair_key_t -> mstun_pair_t */
static wmem_map_t *sessions;     /* text -> mstun_pair_session_t */

static guint hash_key(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_pair_key_t));
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(mstun_pair_key_t)) == 0;
}

static mstun_pair_t *find(const mstun_stream_t *stream, const mstun_endpoint_t *peer)
{
    mstun_pair_key_t key;

    memset(&key, 0, sizeof key);
    key.stream = stream->number;
    key.peer = *peer;
    return (mstun_pair_t *)wmem_map_lookup(pairs_by_key, &key);
}

/* RFC 8445 section 7.1: what tells a check from a Binding request to a server. GOOG-PING takes the place of a check. */
static bool is_check(const mstun_facts_t *facts)
{
    bool of_ice = (facts->has &
                   (MSTUN_HAS_PRIORITY | MSTUN_HAS_CONTROLLING | MSTUN_HAS_CONTROLLED | MSTUN_HAS_USE_CANDIDATE)) != 0;
    bool short_term = facts->username.bytes && !facts->realm.bytes;

    return facts->method == GOOG_PING || (facts->method == STUN_BINDING && (of_ice || short_term));
}

/* Of a response without a request: a server's to a client that looks for its address is not protected. */
static bool is_response_to_check(const mstun_facts_t *facts)
{
    return facts->method == GOOG_PING || (facts->method == STUN_BINDING && (facts->has & MSTUN_HAS_INTEGRITY));
}

/* Where the packet's sender (0) and receiver (1) are: not the TURN server, but the peer behind it. */
static void find_ends(const mstun_stream_t *stream, const packet_info *pinfo, const mstun_endpoint_t *peer,
                      bool from_peer, mstun_pair_t *pair, mstun_endpoint_t ends[2])
{
    const mstun_peer_connection_t *connection = mstun_stream_peer_connection(stream, pinfo);

    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &ends[0]);
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &ends[1]);
    pair->known.connection = connection;
    if (connection) {
        pair->known.allocation = connection->allocation;
        pair->known.relayed = !stream->beyond_server;
        peer = &connection->peer;
        from_peer = mstun_peer_connection_from_peer(stream, pinfo);
    } else {
        pair->known.allocation = stream->allocation;
        pair->known.relayed = peer->family || peer->port;
    }
    if (pair->known.relayed) {
        ends[from_peer ? 0 : 1] = *peer;
        pair->known.peer = from_peer ? 0 : 1;
    } else {
        pair->known.peer = 1;
    }
}

static void turn_round(mstun_pair_t *pair, mstun_endpoint_t ends[2])
{
    mstun_endpoint_t sender = ends[0];

    ends[0] = ends[1];
    ends[1] = sender;
    if (pair->known.relayed) {
        pair->known.peer = 1 - pair->known.peer;
    }
}

/* answered: what is in hand is a response, so that the check went the other way. */
static mstun_pair_t *make(const mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                          const mstun_endpoint_t *peer, bool from_peer, bool answered)
{
    mstun_pair_t *pair = wmem_new0(wmem_file_scope(), mstun_pair_t);
    mstun_endpoint_t ends[2];

    pair->key.stream = stream->number;
    pair->key.peer = *peer;
    pair->memo = wmem_new0(wmem_file_scope(), mstun_pair_memo_t *);
    pair->forward = (uint8_t)(answered ? 1 - direction : direction);
    find_ends(stream, pinfo, peer, from_peer, pair, ends);
    if (answered) {
        turn_round(pair, ends);
    }
    pair->stream = stream;
    pair->known.side[0].address = ends[0];
    pair->known.side[1].address = ends[1];
    pair->known.first_frame = pinfo->num;
    pair->known.first_position = position;
    pair->known.first_time = pinfo->abs_ts;
    pair->known.tcp = pinfo->ptype == PT_TCP;
    if (pair->known.tcp) {
        pair->connection = get_tcp_conversation_data(NULL, pinfo);
        pair->known.stream = stream->tcp_stream;
    } else if (pinfo->ptype == PT_UDP) {
        pair->known.stream = get_udp_conversation_data(NULL, pinfo)->stream;
    }
    pair->known.id = wmem_map_size(pairs_by_key);
    wmem_map_insert(pairs_by_key, &pair->key, pair);
    return pair;
}

static mstun_pair_t *find_or_make(const mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                  uint32_t position, const mstun_endpoint_t *peer, bool from_peer, bool answered)
{
    mstun_pair_t *pair = find(stream, peer);

    return pair ? pair : make(stream, direction, pinfo, position, peer, from_peer, answered);
}

static void open_check(mstun_pair_t *pair, unsigned way, mstun_transaction_t *transaction)
{
    transaction->open_in_pair = true;
    pair->open[way]++;
    transaction->pair_older = pair->newest[way];
    pair->newest[way] = transaction;
}

static void close_check(mstun_pair_t *pair, unsigned way, mstun_transaction_t *transaction)
{
    if (!transaction->open_in_pair) {
        return;
    }
    transaction->open_in_pair = false;
    pair->open[way]--;
    while (pair->newest[way] && !pair->newest[way]->open_in_pair) {
        pair->newest[way] = pair->newest[way]->pair_older;
    }
}

static const char *ufrag_of(const char *text, size_t len)
{
    return len > 0 && len <= UFRAG_MAX && isprint_utf8_string(text, (guint)len)
               ? wmem_strndup(wmem_file_scope(), text, len)
               : NULL;
}

/* RFC 8445 section 7.2.2: USERNAME is the receiver's ufrag, a colon, the sender's. MS-ICE2 may fill it up with zeros. */
static void learn_ufrags(mstun_pair_t *pair, unsigned way, const mstun_span_t *username)
{
    const char *name = (const char *)username->bytes;
    const char *colon = name ? (const char *)memchr(name, ':', username->len) : NULL;
    mstun_pair_side_t *sender = &pair->known.side[way], *receiver = &pair->known.side[1 - way];

    if (!colon || (sender->ufrag && receiver->ufrag)) {
        return;
    }
    size_t before = (size_t)(colon - name), behind = username->len - before - 1;

    while (behind > 0 && colon[behind] == '\0') {
        behind--;
    }
    sender->ufrag = sender->ufrag ? sender->ufrag : ufrag_of(colon + 1, behind);
    receiver->ufrag = receiver->ufrag ? receiver->ufrag : ufrag_of(name, before);
}

/* The low byte of a priority is 256 less the component's number (RFC 8445 section 5.1.2.1). */
static void join_session(mstun_pair_t *pair, uint32_t priority)
{
    const char *one = pair->known.side[0].ufrag, *other = pair->known.side[1].ufrag;

    if (pair->session || !one || !other) {
        return;
    }
    bool in_order = strcmp(one, other) < 0;
    const char *key = wmem_strdup_printf(wmem_file_scope(), "%s:%s:%u", in_order ? one : other, in_order ? other : one,
                                         priority & 0xFF);

    pair->session = (mstun_pair_session_t *)wmem_map_lookup(sessions, key);
    if (!pair->session) {
        pair->session = wmem_new0(wmem_file_scope(), mstun_pair_session_t);
        wmem_map_insert(sessions, key, pair->session);
    }
}

static void describe_sender(mstun_pair_t *pair, unsigned way, const mstun_facts_t *facts)
{
    mstun_pair_side_t *side = &pair->known.side[way];

    if (facts->has & (MSTUN_HAS_CONTROLLING | MSTUN_HAS_CONTROLLED)) {
        side->role = facts->has & MSTUN_HAS_CONTROLLING ? MSTUN_ROLE_CONTROLLING : MSTUN_ROLE_CONTROLLED;
        side->tie_breaker = facts->tie_breaker;
    }
    if (facts->has & MSTUN_HAS_PRIORITY) {
        side->priority = facts->priority;
    }
    learn_ufrags(pair, way, &facts->username);
    if (facts->has & MSTUN_HAS_PRIORITY) {
        join_session(pair, facts->priority);
    }
}

static void see_message(mstun_pair_t *pair, const packet_info *pinfo)
{
    pair->changes++;
    pair->known.last_frame = pinfo->num;
    pair->known.last_time = pinfo->abs_ts;
}

static void learn_request(mstun_pair_t *pair, unsigned number, const packet_info *pinfo, const mstun_facts_t *facts,
                          const mstun_message_role_t *exchange)
{
    mstun_transaction_t *transaction = exchange->transaction;
    mstun_pair_direction_t *way = &pair->known.way[number];

    describe_sender(pair, number, facts);
    if (exchange->copy) {
        way->copies += exchange->copy->alternate || exchange->copy->changed ? 0 : 1;
    } else {
        way->requests++;
        way->consent += pair->known.works_frame ? 1 : 0;
        way->last_request = pinfo->abs_ts;
        if (!transaction->response_frame) {
            open_check(pair, number, transaction);
        }
    }
    if (facts->has & MSTUN_HAS_USE_CANDIDATE) {
        transaction->nominating = true;
        way->nominating_frame = way->nominating_frame ? way->nominating_frame : pinfo->num;
    }
}

static void learn_time(mstun_pair_direction_t *way, const packet_info *pinfo, const mstun_transaction_t *transaction)
{
    nstime_t taken;

    nstime_delta(&taken, &pinfo->abs_ts, &transaction->request_time);
    if (!transaction->request_frame || taken.secs < 0 || taken.nsecs < 0) { /* clocks of two interfaces may differ */
        return;
    }
    uint64_t ns = (uint64_t)taken.secs * 1000000000 + (uint64_t)taken.nsecs;

    way->shortest_ns = way->timed ? MIN(way->shortest_ns, ns) : ns;
    way->longest_ns = MAX(way->longest_ns, ns);
    way->total_ns += ns;
    way->timed++;
}

static void learn_error(mstun_pair_direction_t *way, const packet_info *pinfo, uint32_t position, uint16_t code)
{
    way->errors++;
    way->error_code = code;
    way->error_frame = pinfo->num;
    way->error_position = position;
    way->error_time = pinfo->abs_ts;
    way->error_open = true;
    if (code == ICE_ROLE_CONFLICT) {
        way->conflicts++;
        way->conflict_frame = pinfo->num;
        way->conflict_position = position;
        way->conflict_open = true;
    }
}

static void learn_success(mstun_pair_t *pair, mstun_pair_direction_t *way, const packet_info *pinfo, uint32_t position)
{
    way->successes++;
    way->last_success = pinfo->abs_ts;
    way->error_open = way->conflict_open = false;
    if (!pair->known.works_frame && pair->known.way[0].successes && pair->known.way[1].successes) {
        pair->known.works_frame = pinfo->num;
        pair->known.works_position = position;
        pair->known.works_time = pinfo->abs_ts;
    }
}

/* number: the direction of the request */
static void learn_response(mstun_pair_t *pair, unsigned number, const packet_info *pinfo, uint32_t position,
                           const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    mstun_transaction_t *transaction = exchange->transaction;
    mstun_pair_direction_t *way = &pair->known.way[number];

    if (!exchange->copy) {
        close_check(pair, number, transaction);
        learn_time(way, pinfo, transaction);
        if (facts->class == STUN_SUCCESS) {
            learn_success(pair, way, pinfo, position);
        } else {
            learn_error(way, pinfo, position, facts->error_code);
        }
    }
    if (facts->class == STUN_SUCCESS && transaction->nominating && !way->nominated_frame) {
        way->nominated_frame = pinfo->num;
    }
    bool nominated = pair->known.way[0].nominated_frame || pair->known.way[1].nominated_frame;

    if (pair->session && nominated && pair->known.works_frame) {
        pair->session->nominated = true;
    }
}

void mstun_pair_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                      const mstun_endpoint_t *peer, bool from_peer, const mstun_facts_t *facts,
                      const mstun_message_role_t *exchange)
{
    mstun_transaction_t *transaction = exchange->transaction;
    bool is_request = facts->class == STUN_REQUEST;

    if (PINFO_FD_VISITED(pinfo) || !transaction || pinfo->flags.in_error_pkt) {
        return;
    }
    if (!transaction->pair) {
        bool of_ice = is_request ? is_check(facts) : transaction->request_frame == 0 && is_response_to_check(facts);

        if (!of_ice) {
            return;
        }
        transaction->pair = find_or_make(stream, direction, pinfo, position, peer, from_peer, !is_request);
    }
    mstun_pair_t *pair = transaction->pair;
    unsigned number = transaction->direction == pair->forward ? MSTUN_FORWARD : MSTUN_REVERSE;

    see_message(pair, pinfo);
    if (is_request) {
        learn_request(pair, number, pinfo, facts, exchange);
    } else {
        learn_response(pair, number, pinfo, position, facts, exchange);
    }
}

void mstun_pair_media(const mstun_stream_t *stream, unsigned direction, const packet_info *pinfo,
                      const mstun_endpoint_t *peer)
{
    if (PINFO_FD_VISITED(pinfo) || wmem_map_size(pairs_by_key) == 0) {
        return;
    }
    mstun_pair_t *pair = find(stream, peer);

    if (pair && (pair->known.way[0].successes || pair->known.way[1].successes)) {
        pair->changes++;
        pair->known.way[direction == pair->forward ? MSTUN_FORWARD : MSTUN_REVERSE].media++;
    }
}

const mstun_pair_t *mstun_pair_of(const mstun_message_role_t *exchange)
{
    return exchange->transaction ? exchange->transaction->pair : NULL;
}

void mstun_pair_register(const mstun_registrar_t *reg _U_)
{
    pairs_by_key = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
    sessions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
}
