/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is kept of a TURN request, for its response. */
#ifndef MSTUN_TURN_REQUEST_H
#define MSTUN_TURN_REQUEST_H

#include "turn/peer_connection.h"

/** What a request asked for. Owned by the file scope. */
typedef struct mstun_turn_request {
    const char *user;                    /* of Allocate: "name, realm"; NULL if that is no text or not there */
    uint8_t transport;                   /* REQUESTED-TRANSPORT; 0: none */
    uint16_t channel;                    /* CHANNEL-NUMBER; 0: none */
    mstun_peer_connection_t *connection; /* that a ConnectionBind is for; NULL: none is known */
    unsigned peer_count;
    mstun_endpoint_t peers[]; /* XOR-PEER-ADDRESS: CreatePermission may have many */
} mstun_turn_request_t;

/** First visit: keeps event's request. connection: that it binds; NULL: none. */
void mstun_turn_request_store(const mstun_event_t *event, mstun_peer_connection_t *connection);

/** The request of a transaction; NULL: it was not captured, is not TURN's, or transaction is NULL. */
const mstun_turn_request_t *mstun_turn_request_of(const mstun_transaction_t *transaction);

#endif
