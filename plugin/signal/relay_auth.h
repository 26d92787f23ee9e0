/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests to the media relay's authentication service, and what became of them ([MS-AVEDGEA]). */
#ifndef MSTUN_SIGNAL_RELAY_AUTH_H
#define MSTUN_SIGNAL_RELAY_AUTH_H

#include "signal/call.h"
#include "signal/mras.h"

typedef struct mstun_relay_auth {
    const char *call_id;
    const char *user;        /* who asks: the same pointer for the same user, also in calls; see mstun_call_user() */
    uint32_t request_frame;  /* 0: none was seen */
    uint32_t response_frame; /* 0: none was seen */
    nstime_t request_time;
    bool granted;       /* the response has credentials */
    const char *reason; /* its reasonPhrase, if it has none; "" if that is missing too */
    struct mstun_relay_auth *next;
} mstun_relay_auth_t;

/** First visit: a body of the service. */
void mstun_relay_auth_learn(const mstun_signal_t *signal, const mstun_mras_t *mras);

/** In the order of the capture, linked by next; NULL: none. */
const mstun_relay_auth_t *mstun_relay_auth_first(void);

void mstun_relay_auth_register(const mstun_registrar_t *reg);

#endif
