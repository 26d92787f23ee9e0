/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/request.h"

#include <wsutil/crc32.h>

#include "attr/address.h"
#include "turn/turn_stream.h"
#include "wire/text.h"
#include "wire/tlv.h"

#define PEERS_MAX 16 /* in one CreatePermission: more are not followed */
#define XOR_PEER_ADDRESS 0x0012

static unsigned read_first_peer(const mstun_facts_t *facts, mstun_endpoint_t *peers)
{
    peers[0] = facts->peer;
    return facts->peer.family ? 1 : 0;
}

/* Returns how many there are. all: whether those are all that the message names. */
static unsigned read_peers(const mstun_facts_t *facts, mstun_endpoint_t *peers, bool *all)
{
    const uint8_t *message = facts->id - STUN_ID_OFFSET;
    uint32_t end = STUN_HEADER_LEN + (uint32_t)facts->length;
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    unsigned count = 0;

    *all = !(facts->has & MSTUN_HAS_UNREADABLE_ATTRIBUTE);  /* else its bytes may not all be there */
    if (!*all || facts->method != TURN_CREATE_PERMISSION) { /* no other method has several */
        return read_first_peer(facts, peers);
    }
    mstun_tlv_walk_start(&walk, message, end, end, facts->padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        if (count == PEERS_MAX) {
            *all = false;
            break;
        }
        memset(&peers[count], 0, sizeof peers[count]);
        if (tlv.type == XOR_PEER_ADDRESS && mstun_endpoint_read(message + tlv.offset + STUN_TLV_HEADER_LEN,
                                                                (int)tlv.value_len, facts->id, &peers[count])) {
            count++;
        }
    }
    return count;
}

/* A copy of span if it is text, in the file scope; previous instead of it where that says the same: a client repeats
 * its credentials in each request. */
static const char *copy_text(const mstun_span_t *span, const char *previous)
{
    int len = span->bytes ? mstun_text_len(span->bytes, span->len) : 0;

    if (len == 0 || !mstun_is_text(span->bytes, len)) {
        return NULL;
    }
    if (previous && strlen(previous) == (size_t)len && memcmp(previous, span->bytes, (size_t)len) == 0) {
        return previous;
    }
    return wmem_strndup(wmem_file_scope(), (const char *)span->bytes, (size_t)len);
}

static void set_user(mstun_turn_request_t *request, const mstun_facts_t *facts, const mstun_turn_request_t *previous)
{
    request->username = copy_text(&facts->username, previous ? previous->username : NULL);
    request->realm = copy_text(&facts->realm, previous ? previous->realm : NULL);
    if (!request->username || !request->realm) {
        return;
    }
    request->user = previous && request->username == previous->username && request->realm == previous->realm
                        ? previous->user
                        : wmem_strdup_printf(wmem_file_scope(), "%s, realm %s", request->username, request->realm);
}

const mstun_ticket_t *mstun_ticket_copy(const mstun_span_t *span)
{
    if (!span->bytes || span->len == 0) {
        return NULL;
    }
    mstun_ticket_t *ticket = (mstun_ticket_t *)wmem_alloc(wmem_file_scope(), sizeof(mstun_ticket_t) + span->len);

    ticket->len = span->len;
    memcpy(ticket->bytes, span->bytes, span->len);
    return ticket;
}

uint32_t mstun_nonce_hash(const mstun_span_t *nonce)
{
    if (!nonce->bytes || nonce->len == 0) {
        return 0;
    }
    uint32_t hash = crc32_ccitt(nonce->bytes, nonce->len);

    return hash ? hash : 1;
}

mstun_turn_request_t *mstun_turn_request_store(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    struct mstun_stream_turn *turn = mstun_stream_get_turn(event->stream);
    mstun_endpoint_t peers[PEERS_MAX];
    bool all_peers;
    unsigned count = read_peers(facts, peers, &all_peers);
    mstun_turn_request_t *request =
        (mstun_turn_request_t *)wmem_alloc0(wmem_file_scope(), sizeof(mstun_turn_request_t) + count * sizeof peers[0]);

    request->pos = (mstun_frame_pos_t){ event->pinfo->num, event->position };
    request->abs_ts = event->pinfo->abs_ts;
    request->has = facts->has;
    request->lifetime = facts->lifetime;
    request->connection_id = facts->connection_id;
    request->nonce = mstun_nonce_hash(&facts->nonce);
    request->algorithms = mstun_nonce_hash(&facts->password_algorithms);
    request->method = facts->method;
    request->channel = facts->channel;
    request->transport = facts->transport;
    request->family = facts->family;
    request->ms_turn = facts->dialect == MSTUN_DIALECT_MS_TURN;
    request->all_peers = all_peers;
    request->ticket = mstun_ticket_copy(&facts->mobility_ticket);
    set_user(request, facts, turn->last_request);
    request->peer_count = count;
    memcpy(request->peers, peers, count * sizeof peers[0]);
    mstun_transaction_get_ext(event->transaction)->turn = request;
    turn->last_request = request;
    return request;
}

const mstun_turn_request_t *mstun_turn_request_of(const mstun_transaction_t *transaction)
{
    return transaction && transaction->ext ? transaction->ext->turn : NULL;
}

const mstun_endpoint_t *mstun_requested_peer(const mstun_transaction_t *transaction)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(transaction);

    return request && request->peer_count > 0 ? &request->peers[0] : NULL;
}
