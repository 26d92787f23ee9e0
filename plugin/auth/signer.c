/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/signer.h"

#include "auth/digest.h"
#include "conversation/response_state.h"

#define SIGNERS_COMPARED 8 /* the newest ones */

/* Lists begin with the newest entry. */
struct mstun_stream_auth {
    const mstun_signer_t *signers;
    const mstun_challenge_t *challenges;
};

static mstun_scheme_t scheme_of(const mstun_facts_t *facts)
{
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        return facts->integrity.len == HASH_SHA2_256_LENGTH ? MSTUN_SCHEME_MS_TURN_SHA256 : MSTUN_SCHEME_MS_TURN_SHA1;
    }
    return facts->realm.bytes ? MSTUN_SCHEME_LONG_TERM : MSTUN_SCHEME_SHORT_TERM;
}

static mstun_identity_t identity_of(const mstun_facts_t *facts)
{
    return (mstun_identity_t){ .scheme = scheme_of(facts),
                               .password_algorithm = facts->password_algorithm,
                               .username = facts->username,
                               .userhash = facts->userhash,
                               .realm = facts->realm,
                               .nonce = facts->nonce };
}

/* [MS-TURN] 2.2.1: Send and Set Active Destination requests carry USERNAME, and neither REALM nor NONCE. */
static bool lacks_challenge(const mstun_identity_t *identity)
{
    return (identity->scheme == MSTUN_SCHEME_MS_TURN_SHA1 || identity->scheme == MSTUN_SCHEME_MS_TURN_SHA256) &&
           !(identity->realm.bytes && identity->nonce.bytes);
}

/* RFC 8656 section 5: a request to a TURN server has a realm, and one without is refused for that. */
static bool is_complete(const mstun_facts_t *facts, const mstun_identity_t *identity)
{
    return facts->class == STUN_REQUEST && mstun_identity_has_name(identity) && !lacks_challenge(identity) &&
           (identity->realm.bytes || facts->method == STUN_BINDING);
}

static bool has_token(const mstun_facts_t *facts)
{
    return (facts->has & MSTUN_HAS_ACCESS_TOKEN) != 0;
}

static bool every_nonce_is_known(const mstun_event_t *event)
{
    const mstun_challenge_t *challenge = event->stream->auth ? event->stream->auth->challenges : NULL;
    unsigned count = 0;

    for (; challenge && count <= MSTUN_CHALLENGES_MAX; challenge = challenge->previous) {
        count++;
    }
    return count > 0 && count <= MSTUN_CHALLENGES_MAX && event->pinfo->ptype == PT_TCP &&
           mstun_stream_gap_frame(event->stream, 0) == 0 && mstun_stream_gap_frame(event->stream, 1) == 0;
}

static struct mstun_stream_auth *auth_of(mstun_stream_t *stream)
{
    if (!stream->auth) {
        stream->auth = wmem_new0(wmem_file_scope(), struct mstun_stream_auth);
    }
    return stream->auth;
}

static void learn_challenge(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    const mstun_identity_t stated = { .realm = facts->realm, .nonce = facts->nonce };

    if (facts->dialect != MSTUN_DIALECT_MS_TURN || !facts->realm.bytes || !facts->nonce.bytes) {
        return;
    }
    struct mstun_stream_auth *auth = auth_of(event->stream);

    if (auth->challenges && mstun_identity_equal(auth->challenges->stated, &stated)) {
        return;
    }
    mstun_challenge_t *challenge = wmem_new0(wmem_file_scope(), mstun_challenge_t);

    challenge->stated = mstun_identity_copy(wmem_file_scope(), &stated);
    challenge->previous = auth->challenges;
    auth->challenges = challenge;
}

static bool same_signer(const mstun_signer_t *a, const mstun_signer_t *b)
{
    return a->certain == b->certain && a->with_token == b->with_token && a->challenge == b->challenge &&
           mstun_identity_equal(a->identity, b->identity);
}

/* A few signers make all requests of a connection: each is stored once. */
static const mstun_signer_t *find_or_add_signer(struct mstun_stream_auth *auth, const mstun_signer_t *signer)
{
    const mstun_signer_t *stored = auth->signers;

    for (unsigned i = 0; stored && i < SIGNERS_COMPARED; stored = stored->previous, i++) {
        if (same_signer(stored, signer)) {
            return stored;
        }
    }
    mstun_signer_t *added = wmem_new(wmem_file_scope(), mstun_signer_t);

    *added = *signer;
    added->identity = mstun_identity_copy(wmem_file_scope(), signer->identity);
    added->previous = auth->signers;
    auth->signers = added;
    return added;
}

static void learn_signer(const mstun_event_t *event)
{
    struct mstun_stream_auth *auth = auth_of(event->stream);
    mstun_identity_t identity = identity_of(event->facts);
    mstun_signer_t signer = { .identity = &identity,
                              .with_token = has_token(event->facts),
                              .certain = is_complete(event->facts, &identity) };

    if (lacks_challenge(&identity)) {
        signer.challenge = auth->challenges;
        signer.certain = mstun_identity_has_name(&identity) && every_nonce_is_known(event);
    }
    const mstun_signer_t *stored = find_or_add_signer(auth, &signer);
    mstun_transaction_ext_t *ext = mstun_transaction_get_ext(event->transaction);

    if (!ext->signer) {
        ext->signer = stored;
    } else if (ext->signer != stored) { /* one id for two requests: which one is the response to? */
        ext->several_signers = true;
    }
}

void mstun_signer_learn(const mstun_event_t *event)
{
    learn_challenge(event);
    if (event->facts->class == STUN_REQUEST && mstun_facts_have_integrity(event->facts) && event->transaction) {
        learn_signer(event);
    }
}

mstun_signer_t mstun_signer_of(const mstun_event_t *event, mstun_identity_t *stated)
{
    const mstun_transaction_ext_t *ext = event->transaction ? event->transaction->ext : NULL;

    *stated = identity_of(event->facts);
    if (ext && ext->signer && (event->facts->class != STUN_REQUEST || lacks_challenge(stated))) {
        mstun_signer_t signer = *ext->signer;

        signer.certain = signer.certain && !ext->several_signers;
        return signer;
    }
    return (mstun_signer_t){ .identity = stated,
                             .with_token = has_token(event->facts),
                             .certain = is_complete(event->facts, stated) };
}
