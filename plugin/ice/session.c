/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who checks: agents by their ufrags, and sessions, which are judged as a whole. */
#include "ice/pair_state.h"

#include "base/map_key.h"
#include "wire/text.h"

#define UFRAG_MAX 256     /* RFC 8445 section 5.3 */
#define PAIRS_COMPARED 16 /* of a session, to find that another one is its continuation */
#define SESSIONS_COMPARED 8

/* Two hosts, in order, and a component. Without padding: hashed and compared as bytes. */
typedef struct {
    uint8_t ip[2][16];
    uint32_t component;
} hosts_t;

static wmem_map_t *sessions; /* "ufrag:ufrag:component" -> mstun_session_t */
static wmem_map_t *agents;   /* "ufrag:component" -> mstun_agent_t */
static wmem_map_t *by_hosts; /* hosts_t -> mstun_session_t, the last between them */

static bool is_ufrag(const uint8_t *text, int len)
{
    return len > 0 && len <= UFRAG_MAX && mstun_is_text(text, len);
}

bool mstun_ufrags_parse(const mstun_span_t *username, mstun_ufrags_t *ufrags)
{
    const uint8_t *name = username->bytes;
    const uint8_t *colon = name ? (const uint8_t *)memchr(name, ':', username->len) : NULL;

    if (!colon) {
        return false;
    }
    int receiver_len = (int)(colon - name);
    int sender_len = mstun_text_len(colon + 1, username->len - receiver_len - 1); /* MS-ICE2 may pad it with zeros */

    ufrags->receiver = (mstun_span_t){ name, (uint16_t)receiver_len };
    ufrags->sender = (mstun_span_t){ colon + 1, (uint16_t)sender_len };
    return is_ufrag(name, receiver_len) && is_ufrag(colon + 1, sender_len);
}

static bool is_same(const char *ufrag, const mstun_span_t *span)
{
    return strncmp(ufrag, (const char *)span->bytes, span->len) == 0 && ufrag[span->len] == '\0';
}

/* MS-ICE's first version has more colons, and other parts on each side. */
static bool has_one_colon(const mstun_ufrags_t *ufrags)
{
    return !memchr(ufrags->sender.bytes, ':', ufrags->sender.len);
}

bool mstun_ufrags_match(const mstun_pair_t *pair, unsigned direction, const mstun_ufrags_t *ufrags)
{
    const char *sender = pair->totals.side[direction].ufrag, *receiver = pair->totals.side[1 - direction].ufrag;

    return !has_one_colon(ufrags) ||
           ((!sender || is_same(sender, &ufrags->sender)) && (!receiver || is_same(receiver, &ufrags->receiver)));
}

static const char *copy(const mstun_span_t *span)
{
    return wmem_strndup(wmem_file_scope(), (const char *)span->bytes, span->len);
}

static void set_ufrags(mstun_pair_t *pair, unsigned direction, const mstun_span_t *username)
{
    mstun_pair_side_t *sender = &pair->totals.side[direction], *receiver = &pair->totals.side[1 - direction];
    mstun_ufrags_t ufrags;

    if ((sender->ufrag && receiver->ufrag) || !mstun_ufrags_parse(username, &ufrags)) {
        return;
    }
    sender->ufrag = sender->ufrag ? sender->ufrag : copy(&ufrags.sender);
    receiver->ufrag = receiver->ufrag ? receiver->ufrag : copy(&ufrags.receiver);
}

static mstun_session_t *resolve(mstun_session_t *session)
{
    while (session && session->merged_into) {
        if (session->merged_into->merged_into) { /* so that long chains are walked once */
            session->merged_into = session->merged_into->merged_into;
        }
        session = session->merged_into;
    }
    return session;
}

mstun_session_t *mstun_pair_session(const mstun_pair_t *pair)
{
    return resolve(pair->session);
}

static void add_pair(mstun_session_t *session, mstun_pair_t *pair)
{
    if (session->last) {
        session->last->next_in_session = pair;
    } else {
        session->first = pair;
    }
    session->last = pair;
    pair->session = session;
}

static void merge(mstun_session_t *into, mstun_session_t *session)
{
    if (into == session) {
        return;
    }
    into->last->next_in_session = session->first;
    into->last = session->last;
    into->changes += session->changes;
    into->nominated = into->nominated || session->nominated;
    session->merged_into = into;
}

/* Whether in one of the session's pairs the agent with this ufrag faces an agent at other's IP address. */
static bool has_facing(const mstun_session_t *session, const char *ufrag, const mstun_endpoint_t *other)
{
    const mstun_pair_t *pair = session->first;

    for (unsigned i = 0; pair && i < PAIRS_COMPARED; i++, pair = pair->next_in_session) {
        for (unsigned side = 0; side < 2; side++) {
            const mstun_endpoint_t *opposite = &pair->totals.side[1 - side].address;

            if (g_strcmp0(pair->totals.side[side].ufrag, ufrag) == 0 && opposite->family == other->family &&
                memcmp(opposite->ip, other->ip, sizeof other->ip) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* In an ICE restart one agent has its new ufrag before the other one has: its checks link the two generations. An agent
 * that keeps one ufrag for all others, as some servers do, has as many sessions as there are others. */
static void link_generations(mstun_pair_t *pair, unsigned side)
{
    mstun_agent_t *agent = pair->agents[side];
    mstun_session_t *previous = resolve(agent->session), *session = resolve(pair->session);

    if (previous && previous != session &&
        has_facing(previous, pair->totals.side[side].ufrag, &pair->totals.side[1 - side].address)) {
        merge(previous, session);
    }
    agent->session = session;
}

static bool has_candidate(const mstun_session_t *session, const mstun_endpoint_t *candidate)
{
    const mstun_pair_t *pair = session->first;

    for (unsigned i = 0; candidate->port && pair && i < PAIRS_COMPARED; i++, pair = pair->next_in_session) {
        if (mstun_endpoint_equal(&pair->totals.side[0].address, candidate) ||
            mstun_endpoint_equal(&pair->totals.side[1].address, candidate)) {
            return true;
        }
    }
    return false;
}

/* In an ICE restart both agents may change their ufrags at once. Each of them then still has a candidate of the session
 * before; in the next call of the same two hosts, a program opens new ports. */
static void link_by_candidates(mstun_pair_t *pair)
{
    mstun_session_t *session = pair->session, *previous = session->previous;
    bool in_order = pair->agents[0] == session->first->agents[0];

    if (session->merged_into || session->compared++ >= PAIRS_COMPARED) {
        return;
    }
    for (unsigned i = 0; previous && i < SESSIONS_COMPARED; i++, previous = previous->previous) {
        for (unsigned side = 0; side < 2; side++) {
            if (has_candidate(previous, &pair->totals.side[side].address)) {
                session->kept |= 1u << (2 * i + (in_order ? side : 1 - side));
            }
        }
        if ((session->kept >> (2 * i) & 3) == 3) {
            merge(resolve(previous), session);
            return;
        }
    }
}

MSTUN_KEY_AS_BYTES(hosts_t, hash_hosts, equal_hosts);

static void note_hosts(mstun_session_t *session, const mstun_pair_t *pair, unsigned component)
{
    const mstun_endpoint_t *first = &pair->totals.side[0].address, *second = &pair->totals.side[1].address;
    bool in_order = memcmp(first->ip, second->ip, sizeof first->ip) < 0;
    hosts_t *hosts = wmem_new0(wmem_file_scope(), hosts_t);

    G_STATIC_ASSERT(sizeof hosts->ip[0] == sizeof first->ip);
    memcpy(hosts->ip[0], in_order ? first->ip : second->ip, sizeof first->ip);
    memcpy(hosts->ip[1], in_order ? second->ip : first->ip, sizeof first->ip);
    hosts->component = component;
    session->previous = (mstun_session_t *)wmem_map_insert(by_hosts, hosts, session);
}

static mstun_agent_t *find_agent(const char *ufrag, unsigned component)
{
    const char *key = wmem_strdup_printf(wmem_file_scope(), "%s:%u", ufrag, component);
    mstun_agent_t *agent = (mstun_agent_t *)wmem_map_lookup(agents, key);

    if (!agent) {
        agent = wmem_new0(wmem_file_scope(), mstun_agent_t);
        wmem_map_insert(agents, key, agent);
    }
    return agent;
}

static mstun_session_t *find_session(const char *first, const char *second, unsigned component, bool *is_new)
{
    bool in_order = strcmp(first, second) < 0;
    const char *key = wmem_strdup_printf(wmem_file_scope(), "%s:%s:%u", in_order ? first : second,
                                         in_order ? second : first, component);
    mstun_session_t *session = (mstun_session_t *)wmem_map_lookup(sessions, key);

    *is_new = !session;
    if (!session) {
        session = wmem_new0(wmem_file_scope(), mstun_session_t);
        wmem_map_insert(sessions, key, session);
    }
    return resolve(session);
}

/* The low byte of a priority is 256 minus the component's number (RFC 8445 section 5.1.2.1). */
static void join_session(mstun_pair_t *pair, uint32_t priority)
{
    const char *first = pair->totals.side[0].ufrag, *second = pair->totals.side[1].ufrag;
    unsigned component = priority & 0xFF;
    bool is_new;

    if (pair->session || !first || !second) {
        return;
    }
    add_pair(find_session(first, second, component, &is_new), pair);
    pair->session->changes += pair->changes;
    for (unsigned side = 0; side < 2; side++) {
        pair->agents[side] = find_agent(pair->totals.side[side].ufrag, component);
        if (is_new) {
            link_generations(pair, side);
        }
    }
    if (is_new) {
        note_hosts(pair->session, pair, component);
    }
    link_by_candidates(pair);
}

static void claim_role(mstun_pair_t *pair, unsigned direction, mstun_role_t role, uint32_t frame)
{
    mstun_pair_side_t *side = &pair->totals.side[direction];
    mstun_agent_t *agent = pair->agents[direction];

    if (side->role != role) {
        side->role = role;
        side->role_frame = frame;
    }
    if (agent && agent->role != role) {
        agent->role = role;
        agent->role_frame = side->role_frame;
    }
}

void mstun_session_learn(mstun_pair_t *pair, unsigned direction, const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    set_ufrags(pair, direction, &facts->username);
    if (facts->has & MSTUN_HAS_PRIORITY) {
        pair->totals.side[direction].priority = facts->priority;
        join_session(pair, facts->priority);
    }
    if (facts->has & (MSTUN_HAS_CONTROLLING | MSTUN_HAS_CONTROLLED)) {
        claim_role(pair, direction, facts->has & MSTUN_HAS_CONTROLLING ? MSTUN_ROLE_CONTROLLING : MSTUN_ROLE_CONTROLLED,
                   event->pinfo->num);
    }
}

void mstun_session_register(void)
{
    sessions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
    by_hosts = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_hosts, equal_hosts);
    agents = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_str_hash, g_str_equal);
}
