/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A message is bad if a row of the table, or signalling, is for it, all that the key is made of is known for certain,
 * and no key gives the HMAC in any variant; or if a key gives it as the specifications do not allow. Without proof it
 * is unverified. */
#include "auth/integrity.h"

#include "auth/signalled.h"
#include "auth/signer.h"
#include "wire/tlv.h"

#define PASSWORD_ALGORITHM_MD5 1
#define PASSWORD_ALGORITHM_SHA256 2

static int hf_status = -1;
static int hf_mode = -1;
static int hf_key = -1;
static int hf_row = -1;
static int hf_key_frame = -1;

static int ett_integrity = -1;

static wmem_array_t *problems; /* of mstun_integrity_problem_t, by frame; NULL: there are none */

static mstun_integrity_result_t unverified(const char *reason)
{
    return (mstun_integrity_result_t){ .status = MSTUN_INTEGRITY_UNVERIFIED, .reason = reason };
}

/* Tries the rows for a signer; for one that stated no realm and nonce, with each of the last challenges. */
static void try_signer(const mstun_facts_t *facts, const mstun_span_t *hmac, const mstun_signer_t *signer,
                       mstun_credential_try_t how, mstun_credential_match_t *match)
{
    const mstun_challenge_t *challenge = signer->challenge;
    mstun_identity_t identity = *signer->identity;

    if (!challenge) {
        mstun_credential_match_try(facts, hmac, &identity, how, match);
        return;
    }
    for (unsigned i = 0; challenge && i < MSTUN_CHALLENGES_MAX && !match->variant;
         challenge = challenge->previous, i++) {
        mstun_credential_match_t last = { .note = "" };

        identity.realm = challenge->stated->realm;
        identity.nonce = challenge->stated->nonce;
        mstun_credential_match_try(facts, hmac, &identity, how, &last);
        if (mstun_credential_match_found(&last)) { /* whether the password is right or not */
            *match = last;
        }
    }
}

/* What the specifications do not allow though a key gives the HMAC. A response is only what its request asked for. */
static mstun_integrity_cause_t cause_if_matched(const mstun_facts_t *facts, const mstun_signer_t *signer,
                                                const mstun_credential_match_t *match)
{
    uint16_t algorithm = signer->identity->password_algorithm;

    if (facts->class == STUN_REQUEST && signer->identity->scheme == MSTUN_SCHEME_LONG_TERM && !signer->with_token) {
        if (match->key == MSTUN_KEY_PASSWORD) {
            return MSTUN_CAUSE_SHORT_TERM_KEY;
        }
        if ((algorithm == PASSWORD_ALGORITHM_MD5 && match->key != MSTUN_KEY_MD5) ||
            (algorithm == PASSWORD_ALGORITHM_SHA256 && match->key != MSTUN_KEY_SHA256)) {
            return MSTUN_CAUSE_OTHER_ALGORITHM;
        }
    }
    return facts->dialect == MSTUN_DIALECT_RFC5389 && match->variant != MSTUN_HMAC_RFC8489_SHA1 &&
                   match->variant != MSTUN_HMAC_RFC8489_SHA256
               ? MSTUN_CAUSE_OTHERS_VARIANT
               : MSTUN_CAUSE_NONE;
}

/* Finds out how a key gives the HMAC that no key should give; NONE if none does. */
static mstun_integrity_cause_t cause_if_not_matched(const mstun_facts_t *facts, const mstun_span_t *hmac,
                                                    const mstun_signer_t *signer, mstun_integrity_result_t *result)
{
    mstun_credential_match_t other = { .note = "" };

    if (mstun_credential_match_found(&result->match)) {
        try_signer(facts, hmac, signer, MSTUN_TRY_WRONG_LENGTH, &other);
        if (other.variant) {
            result->match = other;
            return MSTUN_CAUSE_WRONG_LENGTH;
        }
    }
    other = (mstun_credential_match_t){ .note = "" };
    try_signer(facts, hmac, signer, MSTUN_TRY_OTHER_ROWS, &other);
    if (!other.variant || !(other.of_requester || (mstun_credential_match_found(&result->match) && signer->certain))) {
        return MSTUN_CAUSE_NONE;
    }
    result->other_row = other.row;
    result->other_frame = other.frame;
    return other.of_requester ? MSTUN_CAUSE_REQUESTERS_KEY : MSTUN_CAUSE_OTHER_USER;
}

/* Why nothing is proved though no key gives the HMAC; NULL if it is bad. */
static const char *why_unverified(const mstun_signer_t *signer, const mstun_credential_match_t *match)
{
    if (!mstun_credential_match_found(match)) {
        return mstun_signalled_any() ? "neither the table nor the signalling in the capture is for this name and realm"
                                     : "no row of the table is for this name and realm";
    }
    if (!signer->certain) {
        return "no row fits, and what its key is made of may be missing in the capture";
    }
    if (match->has_non_ascii) {
        return "no row fits as it is spelled, and beyond ASCII there are several ways (RFC 8265)";
    }
    return NULL;
}

mstun_integrity_result_t mstun_integrity_verify(const mstun_event_t *event, const mstun_span_t *hmac)
{
    mstun_integrity_result_t result = { .status = MSTUN_INTEGRITY_BAD, .match = { .note = "" } };
    mstun_identity_t stated;

    if (!mstun_credential_match_is_possible()) {
        return unverified("the table of credentials is empty");
    }
    mstun_signer_t signer = mstun_signer_of(event, &stated);

    try_signer(event->facts, hmac, &signer, MSTUN_TRY_RIGHT, &result.match);
    if (result.match.variant) {
        result.cause = cause_if_matched(event->facts, &signer, &result.match);
        if (result.cause == MSTUN_CAUSE_NONE || result.cause == MSTUN_CAUSE_OTHERS_VARIANT) {
            result.status = MSTUN_INTEGRITY_GOOD;
        }
        return result;
    }
    if (!mstun_identity_has_name(signer.identity)) {
        return unverified("nothing in the capture tells whose it is, and no row fits");
    }
    result.cause = cause_if_not_matched(event->facts, hmac, &signer, &result);
    if (result.cause == MSTUN_CAUSE_NONE) {
        const char *reason = why_unverified(&signer, &result.match);

        if (reason) {
            return unverified(reason);
        }
        result.cause = MSTUN_CAUSE_OTHER_KEY;
    }
    return result;
}

static void learn_problem(const mstun_event_t *event, const mstun_span_t *hmac)
{
    const mstun_facts_t *facts = event->facts;

    if (!hmac->bytes) {
        return;
    }
    mstun_integrity_problem_t problem = {
        .pos = { event->pinfo->num, event->position },
        .abs_ts = event->pinfo->abs_ts,
        .stream = event->stream,
        .direction = event->direction,
        .transaction = event->transaction,
        .class = facts->class,
        .long_term = facts->realm.bytes || facts->dialect == MSTUN_DIALECT_MS_TURN,
        .result = mstun_integrity_verify(event, hmac),
    };

    if (facts->class == STUN_REQUEST && event->transaction && problem.result.status == MSTUN_INTEGRITY_GOOD &&
        problem.result.cause == MSTUN_CAUSE_NONE) {
        mstun_transaction_get_ext(event->transaction)->verified_row = problem.result.match.row;
    }
    if (problem.result.cause != MSTUN_CAUSE_NONE) {
        problem.fingerprint = mstun_fingerprint_verify_facts(facts);
        if (!problems) {
            problems = wmem_array_new(wmem_file_scope(), sizeof problem);
        }
        wmem_array_append_one(problems, problem);
    }
}

void mstun_integrity_learn(const mstun_event_t *event)
{
    if (!mstun_credential_match_is_possible()) {
        return;
    }
    mstun_signer_learn(event);
    learn_problem(event, &event->facts->integrity);
    learn_problem(event, &event->facts->integrity_sha256);
}

/* Of a response to one of several requests with one id it is not known whose key it should have. */
static bool is_certain(const mstun_integrity_problem_t *problem)
{
    const mstun_transaction_ext_t *ext = problem->transaction ? problem->transaction->ext : NULL;

    return problem->class == STUN_REQUEST || !ext || !ext->several_signers;
}

void mstun_integrity_foreach_problem(const mstun_frame_pos_t *pos,
                                     void (*fn)(const mstun_integrity_problem_t *problem, void *data), void *data)
{
    unsigned count = problems ? wmem_array_get_count(problems) : 0;

    for (unsigned i = pos ? mstun_frame_index_lower_bound(problems, pos->frame) : 0; i < count; i++) {
        const mstun_integrity_problem_t *problem = (const mstun_integrity_problem_t *)wmem_array_index(problems, i);

        if (pos && problem->pos.frame != pos->frame) {
            return;
        }
        if ((!pos || problem->pos.position == pos->position) && is_certain(problem)) {
            fn(problem, data);
        }
    }
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
    { MSTUN_HMAC_WRONG_LENGTH, "None: over a wrong Message Length" },
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
    proto_item *item = match->row ? proto_tree_add_uint(tree, hf_row, message, 0, 0, match->row)
                                  : proto_tree_add_uint(tree, hf_key_frame, message, 0, 0, match->frame);

    proto_item_set_generated(item);
    if (match->note[0] != '\0') {
        proto_item_append_text(item, " (%s)", match->note);
    } else if (!match->row) {
        proto_item_append_text(item, " (%s)", match->of_mras ? "MRAS" : "SDP");
    }
}

void mstun_integrity_show(tvbuff_t *message, proto_tree *tree, const mstun_facts_t *facts, const mstun_span_t *hmac,
                          const mstun_integrity_result_t *result)
{
    proto_item *item = proto_tree_add_uint(tree, hf_status, message, (int)mstun_hmac_attribute_offset(facts, hmac),
                                           STUN_TLV_HEADER_LEN + hmac->len, result->status);
    proto_tree *details = proto_item_add_subtree(item, ett_integrity);

    proto_item_set_generated(item);
    if (result->status == MSTUN_INTEGRITY_UNVERIFIED) {
        proto_item_append_text(item, ": %s", result->reason);
        return;
    }
    show_row(message, details, &result->match);
    if (result->match.variant) {
        proto_item_set_generated(proto_tree_add_uint(details, hf_mode, message, 0, 0, result->match.variant));
        proto_item_set_generated(proto_tree_add_uint(details, hf_key, message, 0, 0, result->match.key));
    }
}

/* Before a file is closed. */
static void clear_problems(void)
{
    problems = NULL;
}

void mstun_integrity_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_status,
          { "Integrity Status", "mstun.integrity.status", FT_UINT8, BASE_DEC, VALS(status_names), 0x0,
            "Whether MESSAGE-INTEGRITY fits the credentials in the preferences, or those of signalling", HFILL } },
        { &hf_mode,
          { "Mode", "mstun.integrity.mode", FT_UINT8, BASE_DEC, VALS(variant_names), 0x0,
            "The specification that defines what the HMAC is computed over", HFILL } },
        { &hf_key,
          { "Key", "mstun.integrity.key", FT_UINT8, BASE_DEC, VALS(key_names), 0x0, "How the HMAC's key is made",
            HFILL } },
        { &hf_row,
          { "Credentials Row", "mstun.integrity.row", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Which row of the credentials fits; if the status is bad, the first one that is for this name", HFILL } },
        { &hf_key_frame,
          { "Key from signalling in", "mstun.integrity.key_frame", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The SDP or MRAS response whose password fits, or, if the status is bad, is for this check", HFILL } },
    };
    static int *ett[] = { &ett_integrity };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    register_cleanup_routine(clear_problems);
}
