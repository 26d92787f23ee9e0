/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/request.h"

#include <wsutil/str_util.h>

#include "attr/address.h"
#include "wire/tlv.h"

#define PEERS_MAX 16 /* in one CreatePermission: more are not followed */
#define XOR_PEER_ADDRESS 0x0012

static unsigned read_peers(const mstun_facts_t *facts, mstun_endpoint_t *peers)
{
    const uint8_t *message = facts->id - STUN_ID_OFFSET;
    uint32_t end = STUN_HEADER_LEN + (uint32_t)facts->length;
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    unsigned count = 0;

    if (facts->has & MSTUN_HAS_UNREADABLE_ATTRIBUTE) { /* its bytes may not all be there */
        peers[0] = facts->peer;
        return facts->peer.family ? 1 : 0;
    }
    mstun_tlv_walk_start(&walk, message, end, end, facts->padded);
    while (count < PEERS_MAX && mstun_tlv_walk_next(&walk, &tlv)) {
        memset(&peers[count], 0, sizeof peers[count]);
        if (tlv.type == XOR_PEER_ADDRESS && mstun_endpoint_read(message + tlv.offset + STUN_TLV_HEADER_LEN,
                                                                (int)tlv.value_len, facts->id, &peers[count])) {
            count++;
        }
    }
    return count;
}

static bool is_text(const mstun_span_t *span)
{
    return span->bytes && isprint_utf8_string((const char *)span->bytes, span->len);
}

static const char *user_text(const mstun_facts_t *facts)
{
    if (!is_text(&facts->username) || !is_text(&facts->realm)) {
        return NULL;
    }
    return wmem_strdup_printf(wmem_file_scope(), "%.*s, realm %.*s", facts->username.len,
                              (const char *)facts->username.bytes, facts->realm.len, (const char *)facts->realm.bytes);
}

void mstun_turn_request_store(const mstun_event_t *event, mstun_peer_connection_t *connection)
{
    const mstun_facts_t *facts = event->facts;
    mstun_endpoint_t peers[PEERS_MAX];
    unsigned count = read_peers(facts, peers);
    mstun_turn_request_t *request =
        (mstun_turn_request_t *)wmem_alloc0(wmem_file_scope(), sizeof(mstun_turn_request_t) + count * sizeof peers[0]);

    request->user = facts->method == TURN_ALLOCATE ? user_text(facts) : NULL;
    request->transport = facts->transport;
    request->channel = facts->channel;
    request->connection = connection;
    request->peer_count = count;
    memcpy(request->peers, peers, count * sizeof peers[0]);
    mstun_transaction_get_ext(event->transaction)->turn = request;
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

uint16_t mstun_requested_channel(const mstun_transaction_t *transaction)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(transaction);

    return request ? request->channel : 0;
}
