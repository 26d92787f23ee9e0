/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * "Bad" is said only where a row is for the message, all that the key is made of is known for certain, and no way to
 * make a key or text gives the HMAC. Everything else is unverified. */
#include "auth/integrity.h"

#include <epan/to_str.h>

#include "auth/credential_match.h"
#include "auth/digest.h"
#include "message/fingerprint.h"
#include "wire/tlv.h"

#define CHALLENGES_MAX 4 /* nonces of one connection that are tried: a client may use the last one a little longer */

static int hf_status = -1;
static int hf_mode = -1;
static int hf_key = -1;
static int hf_row = -1;

static int ett_integrity = -1;

static expert_field ei_bad = EI_INIT;

/* A realm and nonce that somebody said on a connection. */
typedef struct mstun_challenge {
    const struct mstun_challenge *older;
    const mstun_identity_t *said; /* only these two of it */
} challenge_t;

/* Who made requests on a connection. */
typedef struct mstun_signer {
    const struct mstun_signer *older;
    const mstun_identity_t *identity; /* as the request says */
    const challenge_t *challenge;     /* where it says no realm and nonce: the newest at its time; else NULL */
    bool certain;                     /* nothing can be missing that the key is made of */
} signer_t;

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
static bool is_whole(const mstun_facts_t *facts, const mstun_identity_t *identity)
{
    return facts->class == STUN_REQUEST && mstun_identity_named(identity) && !lacks_challenge(identity) &&
           (identity->realm.bytes || facts->method == STUN_BINDING);
}

static bool sees_every_nonce(const mstun_stream_t *stream, const packet_info *pinfo)
{
    const challenge_t *challenge = stream->challenges;
    unsigned count = 0;

    for (; challenge && count <= CHALLENGES_MAX; challenge = challenge->older) {
        count++;
    }
    return count > 0 && count <= CHALLENGES_MAX && pinfo->ptype == PT_TCP && stream->flow[0].gap_frame == 0 &&
           stream->flow[1].gap_frame == 0;
}

static void learn_challenge(mstun_stream_t *stream, const mstun_facts_t *facts)
{
    const mstun_identity_t said = { .realm = facts->realm, .nonce = facts->nonce };

    if (facts->dialect != MSTUN_DIALECT_MS_TURN || !facts->realm.bytes || !facts->nonce.bytes ||
        (stream->challenges && mstun_identity_equal(stream->challenges->said, &said))) {
        return;
    }
    challenge_t *challenge = wmem_new0(wmem_file_scope(), challenge_t);

    challenge->said = mstun_identity_copy(wmem_file_scope(), &said);
    challenge->older = stream->challenges;
    stream->challenges = challenge;
}

static bool same_signer(const signer_t *a, const signer_t *b)
{
    return a->certain == b->certain && a->challenge == b->challenge && mstun_identity_equal(a->identity, b->identity);
}

/* On one connection a few make all requests: each is kept once. */
static const signer_t *keep_signer(mstun_stream_t *stream, const signer_t *signer)
{
    const signer_t *known = stream->signers;

    for (unsigned looked_at = 0; known && looked_at < 8; known = known->older, looked_at++) {
        if (same_signer(known, signer)) {
            return known;
        }
    }
    signer_t *kept = wmem_new(wmem_file_scope(), signer_t);

    *kept = *signer;
    kept->identity = mstun_identity_copy(wmem_file_scope(), signer->identity);
    kept->older = stream->signers;
    stream->signers = kept;
    return kept;
}

static void learn_signer(mstun_stream_t *stream, const packet_info *pinfo, const mstun_facts_t *facts,
                         mstun_transaction_t *transaction)
{
    mstun_identity_t identity = identity_of(facts);
    signer_t signer = { .identity = &identity, .certain = is_whole(facts, &identity) };

    if (lacks_challenge(&identity)) {
        signer.challenge = stream->challenges;
        signer.certain = mstun_identity_named(&identity) && sees_every_nonce(stream, pinfo);
    }
    const signer_t *kept = keep_signer(stream, &signer);

    mstun_transaction_ext_t *more = mstun_transaction_get_ext(transaction);

    if (!more->signer) {
        more->signer = kept;
    } else if (more->signer != kept) { /* one id for two requests: whose is the response? */
        more->several_signers = true;
    }
}

void mstun_integrity_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                           const mstun_message_role_t *exchange)
{
    if (mstun_credentials_empty() || PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt) {
        return;
    }
    learn_challenge(stream, facts);
    if (facts->class == STUN_REQUEST && mstun_facts_have_integrity(facts) && exchange->transaction) {
        learn_signer(stream, pinfo, facts, exchange->transaction);
    }
}

typedef struct {
    mstun_integrity_status_t status;
    mstun_credentials_match_t fit;
    const char *why; /* half a sentence, if UNVERIFIED */
} verdict_t;

static verdict_t unverified(const char *why)
{
    return (verdict_t){ .status = MSTUN_INTEGRITY_UNVERIFIED, .why = why };
}

/* The rows for somebody who said realm and nonce, or with each of those that the connection had last. */
static void try_signer(const mstun_facts_t *facts, const mstun_span_t *hmac, const signer_t *signer,
                       mstun_credentials_match_t *fit)
{
    const challenge_t *challenge = signer->challenge;
    mstun_identity_t identity = *signer->identity;

    if (!challenge) {
        mstun_credentials_try(facts, hmac, &identity, fit);
        return;
    }
    for (unsigned i = 0; challenge && i < CHALLENGES_MAX && !fit->mode; challenge = challenge->older, i++) {
        mstun_credentials_match_t last = { .note = "" };

        identity.realm = challenge->said->realm;
        identity.nonce = challenge->said->nonce;
        mstun_credentials_try(facts, hmac, &identity, &last);
        if (last.row) { /* for the name, or fitting */
            *fit = last;
        }
    }
}

/* Who made it: what stands in the message, or what is known of its request. own: room for the former. */
static signer_t signer_of(const mstun_facts_t *facts, const mstun_message_role_t *exchange, mstun_identity_t *own)
{
    const mstun_transaction_ext_t *more = exchange->transaction ? exchange->transaction->more : NULL;

    *own = identity_of(facts);
    if (more && more->signer && (facts->class != STUN_REQUEST || lacks_challenge(own))) {
        signer_t signer = *more->signer;

        signer.certain = signer.certain && !more->several_signers;
        return signer;
    }
    return (signer_t){ .identity = own, .certain = is_whole(facts, own) };
}

static verdict_t judge(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_message_role_t *exchange)
{
    verdict_t verdict = { .status = MSTUN_INTEGRITY_UNVERIFIED, .fit = { .note = "" } };
    mstun_identity_t own;

    if (mstun_credentials_empty()) {
        return unverified("the table of credentials is empty");
    }
    signer_t signer = signer_of(facts, exchange, &own);

    try_signer(facts, hmac, &signer, &verdict.fit);
    if (verdict.fit.mode) {
        verdict.status = MSTUN_INTEGRITY_GOOD;
        return verdict;
    }
    if (!mstun_identity_named(signer.identity)) {
        return unverified("nothing in the capture tells whose it is, and no row fits");
    }
    if (verdict.fit.row == 0) {
        return unverified("no row of the table is for this name and realm");
    }
    if (!signer.certain) {
        return unverified("no row fits, and what its key is made of may be missing in the capture");
    }
    if (verdict.fit.beyond_ascii) {
        return unverified("no row fits as it is spelled, and beyond ASCII there are several ways (RFC 8265)");
    }
    verdict.status = MSTUN_INTEGRITY_BAD;
    return verdict;
}

/* On which side to look. The password of a check is the receiver's, which signalling gave to the sender. */
static const char *where_to_look(packet_info *pinfo, const mstun_facts_t *facts, mstun_fingerprint_t fingerprint)
{
    const char *sender = address_to_str(pinfo->pool, &pinfo->src);

    if (fingerprint == MSTUN_FINGERPRINT_BAD) {
        return "look for what rewrites STUN in between (a NAT, firewall or proxy)";
    }
    if (facts->class != STUN_REQUEST) {
        return wmem_strdup_printf(pinfo->pool, "look at the password that %s, which answers, has", sender);
    }
    if (facts->realm.bytes || facts->dialect == MSTUN_DIALECT_MS_TURN) {
        return wmem_strdup_printf(pinfo->pool, "look at the password that the client %s has", sender);
    }
    return wmem_strdup_printf(pinfo->pool, "look at what signalling gave %s as the receiver's password", sender);
}

/* Labels of Wireshark end after 240 bytes. */
static void expert_bad(tvbuff_t *message, packet_info *pinfo, proto_item *item, const mstun_facts_t *facts,
                       const mstun_credentials_match_t *fit)
{
    mstun_fingerprint_t fingerprint = mstun_fingerprint_verify(message, facts);
    const char *more = fit->tried > 1 ? wmem_strdup_printf(pinfo->pool, " and %u more", fit->tried - 1) : "";
    const char *cause = "the key differs, or the message was changed on the way";

    if (fingerprint == MSTUN_FINGERPRINT_GOOD || fingerprint == MSTUN_FINGERPRINT_LEGACY) {
        cause = "the key differs (the message is as it was sent, its FINGERPRINT is good)";
    } else if (fingerprint == MSTUN_FINGERPRINT_BAD) {
        cause = "the message was changed on the way (its FINGERPRINT is bad too)";
    }
    expert_add_info_format(pinfo, item, &ei_bad, "MESSAGE-INTEGRITY does not fit credentials row %u%s: %s; %s",
                           fit->row, more, cause, where_to_look(pinfo, facts, fingerprint));
}

static const value_string status_names[] = {
    { MSTUN_INTEGRITY_BAD, "Bad" },
    { MSTUN_INTEGRITY_GOOD, "Good" },
    { MSTUN_INTEGRITY_UNVERIFIED, "Unverified" },
    { 0, NULL },
};

static const value_string mode_names[] = {
    { MSTUN_INTEGRITY_RFC8489_SHA1, "RFC 8489, SHA-1" },
    { MSTUN_INTEGRITY_RFC8489_SHA256, "RFC 8489, SHA-256" },
    { MSTUN_INTEGRITY_RFC3489, "RFC 3489 and MS-TURN up to version 2, SHA-1" },
    { MSTUN_INTEGRITY_MS_TURN_SHA256, "MS-TURN from version 3, SHA-256" },
    { MSTUN_INTEGRITY_MS_ICE2, "MS-ICE2 (STUN-02 format), SHA-1" },
    { 0, NULL },
};

static const value_string key_names[] = {
    { MSTUN_KEY_PASSWORD, "The password itself" },
    { MSTUN_KEY_MD5, "MD5 of name, realm and password" },
    { MSTUN_KEY_SHA256, "SHA-256 of name, realm and password" },
    { MSTUN_KEY_MS_TURN, "Derived from password, nonce, name and realm" },
    { 0, NULL },
};

static void show_row(tvbuff_t *message, proto_tree *tree, const mstun_credentials_match_t *fit)
{
    proto_item *item = proto_tree_add_uint(tree, hf_row, message, 0, 0, fit->row);

    proto_item_set_generated(item);
    if (fit->note[0] != '\0') {
        proto_item_append_text(item, " (%s)", fit->note);
    }
}

static void show_one(tvbuff_t *message, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts,
                     const mstun_span_t *hmac, const mstun_message_role_t *exchange)
{
    verdict_t verdict = judge(facts, hmac, exchange);
    proto_item *item = proto_tree_add_uint(tree, hf_status, message, (int)mstun_integrity_offset(facts, hmac),
                                           STUN_TLV_HEADER_LEN + hmac->len, verdict.status);
    proto_tree *details = proto_item_add_subtree(item, ett_integrity);

    proto_item_set_generated(item);
    if (verdict.status == MSTUN_INTEGRITY_UNVERIFIED) {
        proto_item_append_text(item, ": %s", verdict.why);
        return;
    }
    show_row(message, details, &verdict.fit);
    if (verdict.status == MSTUN_INTEGRITY_BAD) {
        expert_bad(message, pinfo, item, facts, &verdict.fit);
        return;
    }
    proto_item_set_generated(proto_tree_add_uint(details, hf_mode, message, 0, 0, verdict.fit.mode));
    proto_item_set_generated(proto_tree_add_uint(details, hf_key, message, 0, 0, verdict.fit.key));
}

void mstun_integrity_show(tvbuff_t *message, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts,
                          const mstun_message_role_t *exchange)
{
    if (facts->integrity.bytes) {
        show_one(message, pinfo, tree, facts, &facts->integrity, exchange);
    }
    if (facts->integrity_sha256.bytes) {
        show_one(message, pinfo, tree, facts, &facts->integrity_sha256, exchange);
    }
}

void mstun_integrity_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_status,
          { "Integrity Status", "mstun.integrity.status", FT_UINT8, BASE_DEC, VALS(status_names), 0x0,
            "Whether MESSAGE-INTEGRITY fits the credentials in the preferences", HFILL } },
        { &hf_mode,
          { "Mode", "mstun.integrity.mode", FT_UINT8, BASE_DEC, VALS(mode_names), 0x0,
            "Which specification's text the HMAC is over", HFILL } },
        { &hf_key,
          { "Key", "mstun.integrity.key", FT_UINT8, BASE_DEC, VALS(key_names), 0x0, "How the HMAC's key is made",
            HFILL } },
        { &hf_row,
          { "Credentials Row", "mstun.integrity.row", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Which row of the credentials fits; if the status is bad, the first one that is for this name", HFILL } },
    };
    static int *ett[] = { &ett_integrity };
    static ei_register_info ei[] = {
        { &ei_bad,
          { "mstun.integrity.bad", PI_SECURITY, PI_WARN,
            "MESSAGE-INTEGRITY does not fit the credentials: the key differs, or the message was changed on the way",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
