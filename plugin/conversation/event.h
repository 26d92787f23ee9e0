/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One message, or one packet of what STUN carries, on its way through the modules: where it was found, what it says,
 * and its role in its transaction. dissect/ fills it once; all other modules take it as a whole.
 *
 * On the first visit of a frame the modules' _learn functions run, in the order of the capture. On later visits, in
 * whatever order the user clicks, they look up what was learnt. dissect/ alone decides which it is. */
#ifndef MSTUN_CONVERSATION_EVENT_H
#define MSTUN_CONVERSATION_EVENT_H

#include "attr/facts.h"
#include "framing/framing.h"

typedef struct mstun_stream mstun_stream_t;
typedef struct mstun_transaction mstun_transaction_t;
typedef struct mstun_repeat mstun_repeat_t;

typedef struct {
    packet_info *pinfo;
    bool first_visit;
    mstun_stream_t *stream;  /* NULL: quoted in an ICMP error, or not ours; nothing is learnt from it */
    unsigned direction;      /* in stream: 0 or 1 */
    uint32_t position;       /* its sequence number: tells the messages of a frame apart, the same on every visit */
    mstun_framing_t framing; /* of the unit that it came in */
    bool nested;             /* it lies in the data of another message or in ChannelData */
    mstun_endpoint_t peer;   /* whose data the relay forwards. family 0: none, or not known; then port is the channel */
    bool from_peer;          /* peer sent it, else it is on its way there */

    const mstun_facts_t *facts;       /* what the message says; NULL: not a message */
    mstun_transaction_t *transaction; /* NULL: an indication, or a message that is not tracked */
    const mstun_repeat_t *repeat;     /* the message was seen before in its transaction; NULL: it is the first */
} mstun_event_t;

#endif
