/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Permissions of an allocation (RFC 8656 section 9). A permission counts from its request on, until that is refused: a
 * client need not wait, as the server takes the messages of a connection in their order. */
#ifndef MSTUN_TURN_PERMISSION_H
#define MSTUN_TURN_PERMISSION_H

#include "turn/observation.h"
#include "turn/request.h"

#define TURN_PERMISSION_TIME_S 300 /* RFC 8656 section 9 */

/** A peer that may send to the relayed address, or that the client took for one. */
typedef struct mstun_permission {
    struct mstun_permission *next; /* of those that were granted: the one before it */
    mstun_endpoint_t peer;         /* the port does not count, and is 0 */
    unsigned open_requests;        /* first visit: without a response yet */
    nstime_t requested;            /* the first request */
    uint32_t requested_frame;      /* the last request; 0: none was seen */
    uint32_t granted_frame;        /* the last success; 0: none was seen */
    uint32_t refused_frame;        /* the last error; 0: none was seen */
    nstime_t expires;              /* if granted_frame */
    uint32_t from_peer_frame;      /* the last data from the peer; 0: none was seen */
    mstun_doubt_t *doubt;          /* first visit: data for the peer without it; NULL: none, as far as is known */
} mstun_permission_t;

/** First visit: the request of event asks for permissions. */
void mstun_permission_request(mstun_allocation_t *allocation, const mstun_turn_request_t *request);

/** First visit: event is the success, or the error, to a request for permissions. */
void mstun_permission_grant(mstun_allocation_t *allocation, const mstun_event_t *event,
                            const mstun_turn_request_t *request);
void mstun_permission_refuse(mstun_allocation_t *allocation, const mstun_event_t *event,
                             const mstun_turn_request_t *request);

/** First visit: event is a Send indication. Observes that there is no permission for its peer. */
void mstun_permission_check(mstun_allocation_t *allocation, const mstun_event_t *event);

/** First visit: the server forwards data from its peer in this packet, so the permission is in force. */
void mstun_permission_prove(mstun_permission_t *permission, const packet_info *pinfo);

/** The permission for a peer, whatever its port: also one that was only asked for or missed; NULL if none. */
mstun_permission_t *mstun_permission_of(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer);

/** Whether the peer may have had a permission at this time: one was asked for by then that was granted in the end, and
 * not expired. permission: NULL for none. */
bool mstun_permission_was_in_force(const mstun_permission_t *permission, const nstime_t *abs_ts);

#endif
