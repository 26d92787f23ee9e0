/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is kept of a TURN request: for its response, and for what is found wrong in the end. */
#ifndef MSTUN_TURN_REQUEST_H
#define MSTUN_TURN_REQUEST_H

#include "conversation/transaction.h"

typedef struct mstun_peer_connection mstun_peer_connection_t;

/** A MOBILITY-TICKET (RFC 8016). */
typedef struct {
    uint16_t len;
    uint8_t bytes[];
} mstun_ticket_t;

/** A request and what it asked for. Owned by the file scope. */
typedef struct mstun_turn_request {
    mstun_frame_pos_t pos;
    nstime_t abs_ts;
    uint32_t has;                        /* MSTUN_HAS_...: the attributes it carried */
    uint32_t lifetime;                   /* LIFETIME in seconds, if has says so */
    uint32_t connection_id;              /* CONNECTION-ID, if has says so */
    uint32_t nonce;                      /* mstun_nonce_hash of NONCE */
    uint32_t algorithms;                 /* mstun_nonce_hash of PASSWORD-ALGORITHMS */
    uint16_t method;                     /* in MS-TURN TURN_SEND is Set Active Destination */
    uint16_t channel;                    /* CHANNEL-NUMBER; 0: none */
    uint8_t transport;                   /* REQUESTED-TRANSPORT; 0: none */
    uint8_t family;                      /* REQUESTED-ADDRESS-FAMILY: MSTUN_FAMILY_...; 0: none */
    bool ms_turn;                        /* its dialect is MS-TURN */
    bool all_peers;                      /* false: it names more than are in peers[] */
    const char *username;                /* USERNAME; NULL: none, or it is no text */
    const char *realm;                   /* REALM; NULL: none, or it is no text */
    const char *user;                    /* "name, realm REALM"; NULL if either is missing */
    const mstun_ticket_t *ticket;        /* MOBILITY-TICKET; NULL: none, or an empty one that asks for a ticket */
    mstun_peer_connection_t *connection; /* that a ConnectionBind is for; NULL: none is known */
    unsigned peer_count;
    mstun_endpoint_t peers[]; /* XOR-PEER-ADDRESS: CreatePermission may have many */
} mstun_turn_request_t;

/** First visit: keeps event's request, of IETF TURN or MS-TURN. */
mstun_turn_request_t *mstun_turn_request_store(const mstun_event_t *event);

/** The first peer that a request named, for its response; NULL if none, or if there is no transaction. */
const mstun_endpoint_t *mstun_requested_peer(const mstun_transaction_t *transaction);

/** The request of a transaction; NULL: it was not captured, is not TURN's, or transaction is NULL. */
const mstun_turn_request_t *mstun_turn_request_of(const mstun_transaction_t *transaction);

/** First visit: a copy of a message's MOBILITY-TICKET, owned by the file scope; NULL if it has none or an empty one. */
const mstun_ticket_t *mstun_ticket_copy(const mstun_span_t *span);

/** Tells nonces and other values apart, the same in every run; 0: there is none. */
uint32_t mstun_nonce_hash(const mstun_span_t *nonce);

#endif
