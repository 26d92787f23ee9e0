/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Matches what signalling has given out to a message. */
#ifndef MSTUN_AUTH_SIGNALLED_MATCH_H
#define MSTUN_AUTH_SIGNALLED_MATCH_H

#include "auth/credential_match.h"

/** What signalling has for the identity, where match does not give the HMAC already; see mstun_credential_match_try().
 */
void mstun_signalled_match_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                               mstun_credential_try_t how, mstun_credential_match_t *match);

#endif
