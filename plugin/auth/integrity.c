/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A message is bad only if a row of the table is for it, all that the key is made of is known for certain, and no key
 * gives the HMAC in any variant. Without all of that it is unverified. */
#include "auth/integrity.h"

#include "auth/digest.h"
#include "conversation/response_state.h"
#include "wire/tlv.h"

#define CHALLENGES_MAX 4   /* of one connection that are tried: a client may go on using an old nonce for a while */
#define SIGNERS_COMPARED 8 /* the newest ones */

static int hf_status = -1;
static int hf_mode = -1;
static int hf_key = -1;
static int hf_row = -1;

static int ett_integrity = -1;

/* A realm and nonce that were stated on a connection. */
typedef struct mstun_challenge {
    const struct mstun_challenge *previous;
    const mstun_identity_t *stated; /* only its realm and nonce are set */
} challenge_t;

/* Who made some of the requests on a connection. */
typedef struct mstun_signer {
    const struct mstun_signer *previous;
    const mstun_identity_t *identity; /* as the request states it */
    const challenge_t *challenge;     /* if it states no realm and nonce: the last one before it; else NULL */
    bool certain;                     /* all that the key is made of is known: if no key matches, the message is bad */
} signer_t;

/* First visit: who made the requests on a connection; lists begin with the newest entry. */
struct mstun_stream_auth {
    const signer_t *signers;
    const challenge_t *challenges;
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

static bool every_nonce_is_known(const mstun_event_t *event)
{
    const challenge_t *challenge = event->stream->auth ? event->stream->auth->challenges : NULL;
    unsigned count = 0;

    for (; challenge && count <= CHALLENGES_MAX; challenge = challenge->previous) {
        count++;
    }
    return count > 0 && count <= CHALLENGES_MAX && event->pinfo->ptype == PT_TCP &&
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
    challenge_t *challenge = wmem_new0(wmem_file_scope(), challenge_t);

    challenge->stated = mstun_identity_copy(wmem_file_scope(), &stated);
    challenge->previous = auth->challenges;
    auth->challenges = challenge;
}

static bool same_signer(const signer_t *a, const signer_t *b)
{
    return a->certain == b->certain && a->challenge == b->challenge && mstun_identity_equal(a->identity, b->identity);
}

/* A few signers make all requests of a connection: each is stored once. */
static const signer_t *find_or_add_signer(struct mstun_stream_auth *auth, const signer_t *signer)
{
    const signer_t *stored = auth->signers;

    for (unsigned i = 0; stored && i < SIGNERS_COMPARED; stored = stored->previous, i++) {
        if (same_signer(stored, signer)) {
            return stored;
        }
    }
    signer_t *added = wmem_new(wmem_file_scope(), signer_t);

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
    signer_t signer = { .identity = &identity, .certain = is_complete(event->facts, &identity) };

    if (lacks_challenge(&identity)) {
        signer.challenge = auth->challenges;
        signer.certain = mstun_identity_has_name(&identity) && every_nonce_is_known(event);
    }
    const signer_t *stored = find_or_add_signer(auth, &signer);
    mstun_transaction_ext_t *ext = mstun_transaction_get_ext(event->transaction);

    if (!ext->signer) {
        ext->signer = stored;
    } else if (ext->signer != stored) { /* one id for two requests: which one is the response to? */
        ext->several_signers = true;
    }
}

void mstun_integrity_learn(const mstun_event_t *event)
{
    if (!mstun_credential_match_is_possible()) {
        return;
    }
    learn_challenge(event);
    if (event->facts->class == STUN_REQUEST && mstun_facts_have_integrity(event->facts) && event->transaction) {
        learn_signer(event);
    }
}

static mstun_integrity_result_t unverified(const char *reason)
{
    return (mstun_integrity_result_t){ .status = MSTUN_INTEGRITY_UNVERIFIED, .reason = reason };
}

/* Tries the rows for a signer; for one that stated no realm and nonce, with each of the last challenges. */
static void try_signer(const mstun_facts_t *facts, const mstun_span_t *hmac, const signer_t *signer,
                       mstun_credential_match_t *match)
{
    const challenge_t *challenge = signer->challenge;
    mstun_identity_t identity = *signer->identity;

    if (!challenge) {
        mstun_credential_match_try(facts, hmac, &identity, match);
        return;
    }
    for (unsigned i = 0; challenge && i < CHALLENGES_MAX && !match->variant; challenge = challenge->previous, i++) {
        mstun_credential_match_t last = { .note = "" };

        identity.realm = challenge->stated->realm;
        identity.nonce = challenge->stated->nonce;
        mstun_credential_match_try(facts, hmac, &identity, &last);
        if (last.row) { /* there is a row for the name, whether its password is right or not */
            *match = last;
        }
    }
}

/* The signer that the message itself states, or that of its request. stated: room for the former's identity. */
static signer_t signer_of(const mstun_event_t *event, mstun_identity_t *stated)
{
    const mstun_transaction_ext_t *ext = event->transaction ? event->transaction->ext : NULL;

    *stated = identity_of(event->facts);
    if (ext && ext->signer && (event->facts->class != STUN_REQUEST || lacks_challenge(stated))) {
        signer_t signer = *ext->signer;

        signer.certain = signer.certain && !ext->several_signers;
        return signer;
    }
    return (signer_t){ .identity = stated, .certain = is_complete(event->facts, stated) };
}

mstun_integrity_result_t mstun_integrity_verify(const mstun_event_t *event, const mstun_span_t *hmac)
{
    mstun_integrity_result_t result = { .status = MSTUN_INTEGRITY_UNVERIFIED, .match = { .note = "" } };
    mstun_identity_t stated;

    if (!mstun_credential_match_is_possible()) {
        return unverified("the table of credentials is empty");
    }
    signer_t signer = signer_of(event, &stated);

    try_signer(event->facts, hmac, &signer, &result.match);
    if (result.match.variant) {
        result.status = MSTUN_INTEGRITY_GOOD;
        return result;
    }
    if (!mstun_identity_has_name(signer.identity)) {
        return unverified("nothing in the capture tells whose it is, and no row fits");
    }
    if (result.match.row == 0) {
        return unverified("no row of the table is for this name and realm");
    }
    if (!signer.certain) {
        return unverified("no row fits, and what its key is made of may be missing in the capture");
    }
    if (result.match.has_non_ascii) {
        return unverified("no row fits as it is spelled, and beyond ASCII there are several ways (RFC 8265)");
    }
    result.status = MSTUN_INTEGRITY_BAD;
    return result;
}

static const value_string status_names[] = {
    { MSTUN_INTEGRITY_BAD, "Bad" },
    { MSTUN_INTEGRITY_GOOD, "Good" },
    { MSTUN_INTEGRITY_UNVERIFIED, "Unverified" },
    { 0, NULL },
};

static const value_string variant_names[] = {
    { MSTUN_HMAC_RFC8489_SHA1, "RFC 8489, SHA-1" },
    { MSTUN_HMAC_RFC8489_SHA256, "RFC 8489, SHA-256" },
    { MSTUN_HMAC_RFC3489, "RFC 3489 and MS-TURN up to version 2, SHA-1" },
    { MSTUN_HMAC_MS_TURN_SHA256, "MS-TURN from version 3, SHA-256" },
    { MSTUN_HMAC_MS_ICE2, "MS-ICE2 (STUN-02 format), SHA-1" },
    { 0, NULL },
};

static const value_string key_names[] = {
    { MSTUN_KEY_PASSWORD, "The password itself" },
    { MSTUN_KEY_MD5, "MD5 of name, realm and password" },
    { MSTUN_KEY_SHA256, "SHA-256 of name, realm and password" },
    { MSTUN_KEY_MS_TURN, "Derived from password, nonce, name and realm" },
    { 0, NULL },
};

static void show_row(tvbuff_t *message, proto_tree *tree, const mstun_credential_match_t *match)
{
    proto_item *item = proto_tree_add_uint(tree, hf_row, message, 0, 0, match->row);

    proto_item_set_generated(item);
    if (match->note[0] != '\0') {
        proto_item_append_text(item, " (%s)", match->note);
    }
}

proto_item *mstun_integrity_show(tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts,
                                 const mstun_span_t *hmac, const mstun_integrity_result_t *result)
{
    proto_item *item = proto_tree_add_uint(tree, hf_status, message, (int)mstun_hmac_attribute_offset(facts, hmac),
                                           STUN_TLV_HEADER_LEN + hmac->len, result->status);
    proto_tree *details = proto_item_add_subtree(item, ett_integrity);

    proto_item_set_generated(item);
    if (result->status == MSTUN_INTEGRITY_UNVERIFIED) {
        proto_item_append_text(item, ": %s", result->reason);
        return item;
    }
    show_row(message, details, &result->match);
    if (result->status == MSTUN_INTEGRITY_GOOD) {
        proto_item_set_generated(proto_tree_add_uint(details, hf_mode, message, 0, 0, result->match.variant));
        proto_item_set_generated(proto_tree_add_uint(details, hf_key, message, 0, 0, result->match.key));
    }
    return item;
}

void mstun_integrity_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_status,
          { "Integrity Status", "mstun.integrity.status", FT_UINT8, BASE_DEC, VALS(status_names), 0x0,
            "Whether MESSAGE-INTEGRITY fits the credentials in the preferences", HFILL } },
        { &hf_mode,
          { "Mode", "mstun.integrity.mode", FT_UINT8, BASE_DEC, VALS(variant_names), 0x0,
            "The specification that defines what the HMAC is computed over", HFILL } },
        { &hf_key,
          { "Key", "mstun.integrity.key", FT_UINT8, BASE_DEC, VALS(key_names), 0x0, "How the HMAC's key is made",
            HFILL } },
        { &hf_row,
          { "Credentials Row", "mstun.integrity.row", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Which row of the credentials fits; if the status is bad, the first one that is for this name", HFILL } },
    };
    static int *ett[] = { &ett_integrity };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
}
