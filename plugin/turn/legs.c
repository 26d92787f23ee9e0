/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/legs.h"

#include <epan/ipproto.h>

#include "base/map_key.h"
#include "conversation/response_state.h"
#include "turn/peer_connection.h"

#define RELAY_TIME_MS 1000 /* more than a server takes to relay a message */

/* A check, by its id: a client's, or a peer's. Frames are 0 where nothing was seen. */
typedef struct {
    uint8_t id[STUN_ID_LEN];
    const mstun_allocation_t *reached; /* the request came from a peer to its relayed address; NULL: it did not */
    uint32_t forwarded_frame;          /* that request, on the client's leg */
    uint32_t left_frame;               /* the request, from the relayed address to the peer */
    uint32_t arrived_frame;            /* its response, at the relayed address */
    uint32_t asked_frame;              /* the request, on the client's leg */
    uint32_t relayed_frame;            /* the response, on the client's leg */
} check_t;

/* Without padding: hashed and compared as bytes. */
typedef struct {
    mstun_endpoint_t relay, peer;
} leg_key_t;

/* The leg between a relayed address and a peer: that to another one may not be captured, such as that to a relayed
 * address of the same server. */
typedef struct {
    leg_key_t key;
    nstime_t first_left; /* of the checks that left it; zero: none did */
    nstime_t last;       /* its last STUN message */
} leg_t;

static wmem_map_t *checks; /* id -> check_t */
static wmem_map_t *legs;   /* leg_key_t -> leg_t */

static guint hash_id(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, STUN_ID_LEN);
}

static gboolean equal_ids(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, STUN_ID_LEN) == 0;
}

static check_t *get_check(const uint8_t *id)
{
    check_t *check = (check_t *)wmem_map_lookup(checks, id);

    if (!check) {
        check = wmem_new0(wmem_file_scope(), check_t);
        memcpy(check->id, id, STUN_ID_LEN);
        wmem_map_insert(checks, check->id, check);
    }
    return check;
}

MSTUN_KEY_AS_BYTES(leg_key_t, hash_leg, equal_legs);

static leg_t *get_leg(const mstun_endpoint_t *relay, const mstun_endpoint_t *peer)
{
    const leg_key_t key = { *relay, *peer };
    leg_t *leg = (leg_t *)wmem_map_lookup(legs, &key);

    if (!leg) {
        leg = wmem_new0(wmem_file_scope(), leg_t);
        leg->key = key;
        wmem_map_insert(legs, &leg->key, leg);
    }
    return leg;
}

static void note_frame(uint32_t *frame, const packet_info *pinfo)
{
    *frame = *frame ? *frame : pinfo->num;
}

/* A message whose packet is between a relayed address and anybody. */
static void note(const packet_info *pinfo, stun_class_t class, const uint8_t *id)
{
    mstun_endpoint_t source, destination;

    mstun_packet_source(pinfo, &source);
    mstun_packet_destination(pinfo, &destination);
    bool leaves = mstun_allocation_of_relay(&source) != NULL, arrives = mstun_allocation_of_relay(&destination) != NULL;

    if (leaves) {
        leg_t *leg = get_leg(&source, &destination);

        leg->last = pinfo->abs_ts;
        if (class == STUN_REQUEST) {
            note_frame(&get_check(id)->left_frame, pinfo);
            leg->first_left = nstime_is_zero(&leg->first_left) ? pinfo->abs_ts : leg->first_left;
        }
    }
    if (arrives) {
        get_leg(&destination, &source)->last = pinfo->abs_ts;
        if (class == STUN_SUCCESS || class == STUN_ERROR) {
            note_frame(&get_check(id)->arrived_frame, pinfo);
        } else if (class == STUN_REQUEST) {
            get_check(id)->reached = mstun_allocation_of_relay(&destination);
        }
    }
}

void mstun_legs_note(const packet_info *pinfo, const uint8_t *header)
{
    uint16_t type = pntohu16(header);

    if (stun_type_method(type) == STUN_BINDING && mstun_packet_uses_relayed_address(pinfo)) {
        note(pinfo, stun_type_class(type), header + STUN_ID_OFFSET);
    }
}

/* Whether the message is on the client's leg, and from the client. */
static bool is_on_clients_leg(const mstun_event_t *event, bool *from_client)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    if (event->nested && allocation) {
        *from_client = event->direction == allocation->client_direction;
        return true;
    }
    if (!mstun_stream_peer_connection(event->stream, event->pinfo) || mstun_stream_is_server_peer_leg(event->stream)) {
        return false;
    }
    *from_client = !mstun_peer_connection_from_peer(event->stream, event->pinfo);
    return true;
}

void mstun_legs_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    bool from_client;

    if (facts->method != STUN_BINDING) {
        return;
    }
    if (!is_on_clients_leg(event, &from_client)) {
        if (mstun_packet_uses_relayed_address(event->pinfo)) {
            note(event->pinfo, facts->class, facts->id);
        }
    } else if (from_client && facts->class == STUN_REQUEST) {
        note_frame(&get_check(facts->id)->asked_frame, event->pinfo);
    } else if (!from_client && facts->class == STUN_REQUEST) {
        note_frame(&get_check(facts->id)->forwarded_frame, event->pinfo);
    } else if (!from_client && (facts->class == STUN_SUCCESS || facts->class == STUN_ERROR)) {
        note_frame(&get_check(facts->id)->relayed_frame, event->pinfo);
    }
}

static const char *response_text(wmem_allocator_t *scope, const check_t *check)
{
    return wmem_strdup_printf(scope, "the response reached the server's interface in frame %u and was not relayed",
                              check->arrived_frame);
}

/* The leg is in the capture before and after the check, which is not on it. */
static bool was_not_relayed(const mstun_transaction_t *transaction, const mstun_allocation_t *allocation,
                            const mstun_endpoint_t *peer)
{
    const leg_key_t key = { allocation->relay, *peer };
    const leg_t *leg = (const leg_t *)wmem_map_lookup(legs, &key);

    return leg && !nstime_is_zero(&leg->first_left) && nstime_cmp(&leg->first_left, &transaction->request_time) < 0 &&
           mstun_ms_between(&transaction->request_time, &leg->last) > RELAY_TIME_MS;
}

/* The server's TCP sends other bytes later, and nothing of them is missing. On TCP allocations each peer has its own
 * connection. */
static bool was_not_forwarded(const mstun_transaction_t *transaction, const check_t *check)
{
    const mstun_allocation_t *allocation = check->reached;
    nstime_t last;

    if (!allocation || check->forwarded_frame || allocation->transport != IP_PROTO_UDP || !allocation->control->tcp) {
        return false;
    }
    unsigned from_server = 1 - allocation->client_direction;

    return mstun_tcp_last_data(allocation->control->tcp, from_server, &last) &&
           mstun_ms_between(&transaction->request_time, &last) > RELAY_TIME_MS &&
           mstun_stream_lack(allocation->control, from_server, transaction->request_frame) == MSTUN_LACK_NOTHING;
}

const char *mstun_legs_cut_text(wmem_allocator_t *scope, const mstun_transaction_t *transaction,
                                const mstun_allocation_t *allocation, const mstun_endpoint_t *peer, uint32_t count)
{
    const check_t *check = transaction ? (const check_t *)wmem_map_lookup(checks, transaction->id) : NULL;
    const char *what = count == 1 ? "it" : "them";

    if (!check || check->relayed_frame) {
        return NULL;
    }
    if (check->asked_frame && check->arrived_frame) {
        return response_text(scope, check);
    }
    if (check->asked_frame && !check->left_frame && allocation && was_not_relayed(transaction, allocation, peer)) {
        return wmem_strdup_printf(scope,
                                  "the server did not relay %s: the leg to the peer, which was captured too, does not "
                                  "have %s",
                                  what, what);
    }
    return !check->asked_frame && was_not_forwarded(transaction, check)
               ? wmem_strdup_printf(scope,
                                    "the server did not relay %s: its client's connection, which was captured too, "
                                    "does not have %s",
                                    what, what)
               : NULL;
}

const char *mstun_legs_response_cut_text(wmem_allocator_t *scope, const mstun_transaction_t *transaction)
{
    const check_t *check = transaction ? (const check_t *)wmem_map_lookup(checks, transaction->id) : NULL;

    return check && check->asked_frame && check->left_frame && check->arrived_frame && !check->relayed_frame
               ? response_text(scope, check)
               : NULL;
}

void mstun_legs_register(const mstun_registrar_t *reg _U_)
{
    checks = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_id, equal_ids);
    legs = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_leg, equal_legs);
}
