/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All allocations of the capture, and by what they are found: only for turn/'s own files. */
#ifndef MSTUN_TURN_ALLOCATION_INDEX_H
#define MSTUN_TURN_ALLOCATION_INDEX_H

#include "turn/allocation.h"

/** First visit: makes allocation known by its relayed addresses and by its server and client. */
void mstun_allocation_index(mstun_allocation_t *allocation);

/** First visit: the last allocation of this client (its port does not count) at this server; NULL if none. */
mstun_allocation_t *mstun_allocation_of_client(const mstun_endpoint_t *server, const mstun_endpoint_t *client);

/** First visit: the server gives this ticket to the allocation. */
void mstun_allocation_set_ticket(mstun_allocation_t *allocation, const mstun_ticket_t *ticket);

/** First visit: the allocation that has this ticket; NULL if none is known. */
mstun_allocation_t *mstun_allocation_of_ticket(const mstun_ticket_t *ticket);

#endif
