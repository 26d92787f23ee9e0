/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/signalled_match.h"

#include "auth/signalled.h"

#define MS_ICE_NAME_LEN 32u /* [MS-ICE] 3.1.4.8.1 */

/* Tries the password of signalling; what it is for decides what keys it may give. */
static bool try_password(const mstun_signalled_t *credentials, const mstun_facts_t *facts, const mstun_span_t *hmac,
                         const mstun_identity_t *identity, mstun_credential_try_t how, mstun_credential_match_t *match)
{
    mstun_keys_t keys;

    mstun_keys_derive(identity, &credentials->password, 1, &keys);
    for (unsigned i = 0; i < keys.count && !match->variant; i++) {
        match->variant = mstun_hmac_find_variant_as(facts, hmac, &keys.keys[i], how == MSTUN_TRY_WRONG_LENGTH);
        match->key = keys.keys[i].kind;
    }
    return match->variant != MSTUN_HMAC_VARIANT_NONE;
}

static void set_frame(mstun_credential_match_t *match, const mstun_signalled_t *credentials)
{
    match->row = 0;
    match->note = "";
    match->frame = credentials->frame;
    match->of_mras = !credentials->is_ice;
}

/* The parts of USERNAME around a colon. [MS-ICE]'s names are bytes, of which one may be a colon: they have 32 each. */
static bool split_username(const mstun_span_t *username, bool ms_ice, mstun_span_t *receiver, mstun_span_t *sender)
{
    const uint8_t *bytes = username->bytes;
    const uint8_t *colon = NULL;

    if (!bytes) {
        return false;
    }
    if (!ms_ice) {
        colon = (const uint8_t *)memchr(bytes, ':', username->len);
    } else if (username->len > MS_ICE_NAME_LEN && bytes[MS_ICE_NAME_LEN] == ':') {
        colon = bytes + MS_ICE_NAME_LEN;
    }
    if (!colon) {
        return false;
    }
    *receiver = (mstun_span_t){ bytes, (uint16_t)(colon - bytes) };
    *sender = (mstun_span_t){ colon + 1, (uint16_t)(username->len - receiver->len - 1) };
    *sender = mstun_span_without_nuls(*sender);
    if (ms_ice) { /* "component:", the name, ":component" */
        const uint8_t *second = (const uint8_t *)memchr(sender->bytes, ':', sender->len);
        uint16_t before = second ? (uint16_t)(second + 1 - sender->bytes) : 0;

        *sender = second && sender->len >= before + MS_ICE_NAME_LEN
                      ? (mstun_span_t){ sender->bytes + before, MS_ICE_NAME_LEN }
                      : (mstun_span_t){ NULL, 0 };
    }
    return receiver->len > 0;
}

/* Tries the agents of one ufrag. peer: the other ufrag. */
static void try_agents(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                       mstun_credential_try_t how, const mstun_span_t *ufrag, const mstun_span_t *peer,
                       mstun_credential_match_t *match)
{
    for (const mstun_signalled_t *agent = mstun_signalled_find(ufrag); agent && !match->variant; agent = agent->next) {
        if (agent->is_ice && (try_password(agent, facts, hmac, identity, how, match) ||
                              (!mstun_credential_match_found(match) && mstun_signalled_is_peer(agent, peer)))) {
            set_frame(match, agent);
        }
    }
}

/* RFC 8445 section 7.2.2: the password is that of the receiver, whose ufrag comes first. */
static void try_ice(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                    mstun_credential_try_t how, mstun_credential_match_t *match)
{
    mstun_span_t receiver, sender;

    for (unsigned ms_ice = 0; ms_ice < 2 && !match->variant; ms_ice++) {
        if (!split_username(&identity->username, ms_ice != 0, &receiver, &sender)) {
            continue;
        }
        if (how != MSTUN_TRY_OTHER_ROWS) {
            try_agents(facts, hmac, identity, how, &receiver, &sender, match);
        } else { /* the requester's own, if that is of the same call */
            try_agents(facts, hmac, identity, how, &sender, &receiver, match);
            match->of_requester = match->variant != MSTUN_HMAC_VARIANT_NONE;
        }
    }
}

static void try_turn(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                     mstun_credential_try_t how, mstun_credential_match_t *match)
{
    mstun_span_t name = mstun_span_without_nuls(identity->username);
    const mstun_signalled_t *user = mstun_signalled_find(&identity->username);

    user = user ? user : mstun_signalled_find(&name);
    for (; user && !match->variant; user = user->next) {
        if (!user->is_ice &&
            (try_password(user, facts, hmac, identity, how, match) || !mstun_credential_match_found(match))) {
            set_frame(match, user);
        }
    }
}

void mstun_signalled_match_try(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_identity_t *identity,
                               mstun_credential_try_t how, mstun_credential_match_t *match)
{
    if (match->variant || !mstun_signalled_any() || !identity->username.bytes) {
        return;
    }
    if (identity->scheme == MSTUN_SCHEME_SHORT_TERM) {
        try_ice(facts, hmac, identity, how, match);
    } else if (how != MSTUN_TRY_OTHER_ROWS) {
        try_turn(facts, hmac, identity, how, match);
    }
}
