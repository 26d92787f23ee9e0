/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * USERNAME, REALM, NONCE, PASSWORD-ALGORITHM(S), MESSAGE-INTEGRITY (RFC 8489 sections 9.2 and 14.3 to 14.12),
 * ACCESS-TOKEN (RFC 7635 section 6.2), and the binary user names of MS-TURN ([MS-TURN] 2.2.2). Nothing is verified
 * here: see auth/integrity.h. */
#include "attr/auth.h"

#include <string.h>

#include "attr/decode.h"
#include "wire/text.h"

#define SHA1_LEN 20
#define SHA256_LEN 32

/* RFC 8489 section 9.2: a nonce with this prefix continues with 24 feature bits in four base64 characters. */
#define NONCE_COOKIE "obMatJos2"
#define NONCE_COOKIE_LEN 9
#define NONCE_FEATURES_LEN 4
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static int hf_att_username = -1;
static int hf_att_username_opaque = -1;
static int hf_ice_ufrag_remote = -1;
static int hf_ice_ufrag_local = -1;
static int hf_att_realm = -1;
static int hf_att_nonce = -1;
static int hf_att_nonce_opaque = -1;
static int hf_att_nonce_features = -1;
static int hf_att_nonce_features_password_algorithms = -1;
static int hf_att_nonce_features_username_anonymity = -1;
static int hf_att_pw_alg = -1;
static int hf_att_pw_alg_len = -1;
static int hf_att_pw_alg_data = -1;
static int hf_att_hmac = -1;
static int hf_att_access_token_nonce_length = -1;
static int hf_att_access_token_nonce = -1;
static int hf_att_access_token_encrypted = -1;

static expert_field ei_att_username_not_text = EI_INIT;
static expert_field ei_att_realm_nuls = EI_INIT;
static expert_field ei_att_nonce_nuls = EI_INIT;
static expert_field ei_att_pw_alg_length = EI_INIT;
static expert_field ei_att_access_token_length = EI_INIT;
static expert_field ei_att_integrity_length = EI_INIT;

static mstun_span_t span(const uint8_t *value, uint16_t len)
{
    return (mstun_span_t){ .bytes = value, .len = len };
}

void mstun_attr_learn_username(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    /* MS-TURN's are binary, and a NUL at their end may be part of the name. */
    if (facts->dialect != MSTUN_DIALECT_MS_TURN) {
        len = (uint16_t)mstun_text_len(value, len);
    }
    facts->has |= MSTUN_HAS_USERNAME;
    facts->username = span(value, len);
}

void mstun_attr_learn_realm(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_REALM;
    facts->realm = span(value, len);
}

void mstun_attr_learn_nonce(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_NONCE;
    facts->nonce = span(value, len);
}

void mstun_attr_learn_integrity(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_INTEGRITY;
    facts->integrity = span(value, len);
}

/* RFC 8445 section 7.2.2: a check has "receiver's ufrag:sender's ufrag", and its response has the same. Such a name is
 * text: RFC 8839 section 5.4 allows only letters, digits, + and /. */
static void add_ufrags(const mstun_attr_ctx_t *ctx, const uint8_t *name, int offset, int len)
{
    const uint8_t *colon = len > 0 ? (const uint8_t *)memchr(name, ':', (size_t)len) : NULL;

    if (!colon) {
        return;
    }
    int remote_len = (int)(colon - name), local_len = len - remote_len - 1;
    wmem_allocator_t *pool = ctx->pinfo->pool;

    proto_tree_add_string(ctx->tree, hf_ice_ufrag_remote, ctx->tvb, offset, remote_len,
                          wmem_strndup(pool, (const char *)name, (size_t)remote_len));
    proto_tree_add_string(ctx->tree, hf_ice_ufrag_local, ctx->tvb, offset + remote_len + 1, local_len,
                          wmem_strndup(pool, (const char *)colon + 1, (size_t)local_len));
}

void mstun_attr_show_username(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    const uint8_t *name = tvb_get_ptr(ctx->tvb, offset, len);
    int text_len = mstun_text_len(name, len);
    bool is_text = mstun_is_text(name, text_len);
    bool is_opaque = ctx->facts->dialect == MSTUN_DIALECT_RFC3489 || ctx->facts->dialect == MSTUN_DIALECT_MS_TURN;

    /* RFC 3489 and MS-TURN do not require text, and user names of MS-ICE and MS-TURN are rarely text. */
    if (is_opaque) {
        proto_tree_add_item(ctx->tree, hf_att_username_opaque, ctx->tvb, offset, len, ENC_NA);
    }
    if (!is_opaque || is_text) {
        mstun_attr_add_text(ctx, hf_att_username, offset, text_len);
    }
    if (is_text && ctx->facts->method == STUN_BINDING) {
        add_ufrags(ctx, name, offset, text_len);
    } else if (!is_text && !is_opaque) {
        expert_add_info(ctx->pinfo, ctx->item, &ei_att_username_not_text);
    }
}

void mstun_attr_show_realm(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    int nuls = len - mstun_text_len(tvb_get_ptr(ctx->tvb, offset, len), len);
    proto_item *item = mstun_attr_add_text(ctx, hf_att_realm, offset, len);

    if (nuls > 0) {
        expert_add_info_format(ctx->pinfo, item, &ei_att_realm_nuls,
                               "REALM ends with %d NUL bytes, which are part of it: the key is computed over all %d "
                               "bytes",
                               nuls, len);
    }
}

/* Decodes the 24 bits behind the nonce cookie; false if there are none. */
static bool read_nonce_features(const uint8_t *nonce, int len, uint32_t *features)
{
    *features = 0;
    if (len < NONCE_COOKIE_LEN + NONCE_FEATURES_LEN || memcmp(nonce, NONCE_COOKIE, NONCE_COOKIE_LEN) != 0) {
        return false;
    }
    for (int i = 0; i < NONCE_FEATURES_LEN; i++) {
        const char *digit = (const char *)memchr(BASE64, nonce[NONCE_COOKIE_LEN + i], sizeof BASE64 - 1);

        if (!digit) {
            return false;
        }
        *features = *features << 6 | (uint32_t)(digit - BASE64);
    }
    return true;
}

static void add_nonce_features(const mstun_attr_ctx_t *ctx, int offset, uint32_t features)
{
    static int *const flags[] = { &hf_att_nonce_features_password_algorithms, &hf_att_nonce_features_username_anonymity,
                                  NULL };

    offset += NONCE_COOKIE_LEN;
    proto_tree_add_uint(ctx->tree, hf_att_nonce_features, ctx->tvb, offset, NONCE_FEATURES_LEN, features);
    proto_tree_add_bitmask_list_value(ctx->tree, ctx->tvb, offset, NONCE_FEATURES_LEN, flags, features);
}

/* MS-TURN servers send random bytes. A hidden mstun.att.nonce makes them filterable like other nonces. */
static void add_nonce_bytes(const mstun_attr_ctx_t *ctx, int offset, int len)
{
    proto_item *text = proto_tree_add_string(ctx->tree, hf_att_nonce, ctx->tvb, offset, len,
                                             tvb_format_text(ctx->pinfo->pool, ctx->tvb, offset, len));

    proto_item_set_hidden(text);
    proto_tree_add_item(ctx->tree, hf_att_nonce_opaque, ctx->tvb, offset, len, ENC_NA);
}

void mstun_attr_show_nonce(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    const uint8_t *nonce = tvb_get_ptr(ctx->tvb, offset, len);
    uint32_t features;

    if (ctx->facts->dialect == MSTUN_DIALECT_MS_TURN && !mstun_is_text(nonce, len)) {
        add_nonce_bytes(ctx, offset, len);
        return;
    }
    int nuls = len - mstun_text_len(nonce, len);
    proto_item *item = mstun_attr_add_text(ctx, hf_att_nonce, offset, len);

    if (nuls > 0) {
        expert_add_info_format(ctx->pinfo, item, &ei_att_nonce_nuls,
                               "NONCE ends with %d NUL bytes, which are part of it: a client has to send all %d bytes",
                               nuls, len);
    }
    if (read_nonce_features(nonce, len, &features)) {
        add_nonce_features(ctx, offset, features);
    }
}

/* PASSWORD-ALGORITHM has one, PASSWORD-ALGORITHMS several, each padded to a multiple of 4:
 *
 *  |          Algorithm            |  Algorithm Parameters Length  |  Parameters (variable) ....
 */
void mstun_attr_show_password_algorithms(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    while (len >= 4) {
        int parameters_len = tvb_get_ntohs(ctx->tvb, offset + 2);

        proto_tree_add_item(ctx->tree, hf_att_pw_alg, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
        proto_tree_add_item(ctx->tree, hf_att_pw_alg_len, ctx->tvb, offset + 2, 2, ENC_BIG_ENDIAN);
        offset += 4;
        len -= 4;
        if (parameters_len > len) {
            expert_add_info_format(ctx->pinfo, ctx->item, &ei_att_pw_alg_length,
                                   "%s has an algorithm with %d bytes of parameters, but %d are left", row->name,
                                   parameters_len, len);
            return;
        }
        if (parameters_len > 0) {
            proto_tree_add_item(ctx->tree, hf_att_pw_alg_data, ctx->tvb, offset, parameters_len, ENC_NA);
        }
        parameters_len = MIN((parameters_len + 3) & ~3, len);
        offset += parameters_len;
        len -= parameters_len;
    }
    if (len > 0) {
        expert_add_info_format(ctx->pinfo, ctx->item, &ei_att_pw_alg_length,
                               "%s ends with %d bytes; an algorithm begins with 4", row->name, len);
    }
}

/* A nonce, and what only the server can decrypt. */
void mstun_attr_show_access_token(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    int nonce_len = tvb_get_ntohs(ctx->tvb, offset);

    proto_tree_add_item(ctx->tree, hf_att_access_token_nonce_length, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
    offset += 2;
    len -= 2;
    if (nonce_len > len) {
        expert_add_info_format(ctx->pinfo, ctx->item, &ei_att_access_token_length,
                               "%s says that its nonce has %d bytes, but %d are left", row->name, nonce_len, len);
        return;
    }
    proto_tree_add_item(ctx->tree, hf_att_access_token_nonce, ctx->tvb, offset, nonce_len, ENC_NA);
    proto_tree_add_item(ctx->tree, hf_att_access_token_encrypted, ctx->tvb, offset + nonce_len, len - nonce_len,
                        ENC_NA);
}

void mstun_attr_show_integrity(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    proto_item *item = proto_tree_add_item(ctx->tree, hf_att_hmac, ctx->tvb, offset, len, ENC_NA);

    /* MS-TURN's row allows both hashes and thereby all lengths between; MESSAGE-INTEGRITY-SHA256 may be truncated. */
    if (row->max_len > row->min_len && row->type == 0x0008 && len != SHA1_LEN && len != SHA256_LEN) {
        expert_add_info_format(ctx->pinfo, item, &ei_att_integrity_length,
                               "%s has %d bytes; it has 20 (SHA-1) or 32 (SHA-256)", row->name, len);
    }
}

static const value_string pw_alg_names[] = {
    { 0, "Reserved" },
    { 1, "MD5" },
    { 2, "SHA-256" },
    { 0, NULL },
};

void mstun_attr_auth_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_username,
          { "Username", "mstun.att.username", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.3", HFILL } },
        { &hf_att_username_opaque,
          { "Username", "mstun.att.username.opaque", FT_BYTES, BASE_NONE, NULL, 0x0,
            "The name's bytes, in dialects that do not say it is text", HFILL } },
        { &hf_ice_ufrag_remote,
          { "Receiver's ufrag", "mstun.ice.ufrag.remote", FT_STRING, BASE_NONE, NULL, 0x0,
            "The name's first half: for the sender of the request the remote side's", HFILL } },
        { &hf_ice_ufrag_local,
          { "Sender's ufrag", "mstun.ice.ufrag.local", FT_STRING, BASE_NONE, NULL, 0x0,
            "The name's second half: of the sender of the request", HFILL } },
        { &hf_att_realm,
          { "Realm", "mstun.att.realm", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.9", HFILL } },
        { &hf_att_nonce,
          { "Nonce", "mstun.att.nonce", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.10", HFILL } },
        { &hf_att_nonce_opaque,
          { "Nonce", "mstun.att.nonce.opaque", FT_BYTES, BASE_NONE, NULL, 0x0, "A nonce that is not text", HFILL } },
        { &hf_att_nonce_features,
          { "Security Features", "mstun.att.nonce.features", FT_UINT24, BASE_HEX, NULL, 0x0,
            "24 bits after the nonce cookie obMatJos2, the first bit to the left", HFILL } },
        { &hf_att_nonce_features_password_algorithms,
          { "Password algorithms", "mstun.att.nonce.features.password_algorithms", FT_BOOLEAN, 24, NULL, 0x800000,
            "The sender knows PASSWORD-ALGORITHMS, RFC 8489 section 9.2", HFILL } },
        { &hf_att_nonce_features_username_anonymity,
          { "Username anonymity", "mstun.att.nonce.features.username_anonymity", FT_BOOLEAN, 24, NULL, 0x400000,
            "The sender knows USERHASH, RFC 8489 section 9.2", HFILL } },
        { &hf_att_pw_alg,
          { "Password Algorithm", "mstun.att.pw_alg", FT_UINT16, BASE_DEC, VALS(pw_alg_names), 0x0,
            "RFC 8489 sections 14.11 and 14.12", HFILL } },
        { &hf_att_pw_alg_len,
          { "Password Algorithm Length", "mstun.att.pw_alg_len", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of parameters, RFC 8489 sections 14.11 and 14.12", HFILL } },
        { &hf_att_pw_alg_data,
          { "Password Algorithm Data", "mstun.att.pw_alg_data", FT_BYTES, BASE_NONE, NULL, 0x0,
            "RFC 8489 sections 14.11 and 14.12", HFILL } },
        { &hf_att_hmac,
          { "HMAC", "mstun.att.hmac", FT_BYTES, BASE_NONE, NULL, 0x0,
            "RFC 8489 sections 14.5 and 14.6; see mstun.integrity.status", HFILL } },
        { &hf_att_access_token_nonce_length,
          { "Nonce Length", "mstun.att.access_token.nonce_length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "RFC 7635 section 6.2", HFILL } },
        { &hf_att_access_token_nonce,
          { "Nonce", "mstun.att.access_token.nonce", FT_BYTES, BASE_NONE, NULL, 0x0, "RFC 7635 section 6.2", HFILL } },
        { &hf_att_access_token_encrypted,
          { "Encrypted Block", "mstun.att.access_token.encrypted", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Key, timestamp and lifetime, for the server only", HFILL } },
    };
    static ei_register_info ei[] = {
        { &ei_att_username_not_text,
          { "mstun.att.username_not_text", PI_PROTOCOL, PI_WARN,
            "The name is not valid UTF-8 or has control characters, which RFC 8489 section 14.3 does not "
            "allow",
            EXPFILL } },
        { &ei_att_realm_nuls,
          { "mstun.att.realm_nuls", PI_PROTOCOL, PI_NOTE, "The realm ends with NUL bytes, which the key includes",
            EXPFILL } },
        { &ei_att_nonce_nuls,
          { "mstun.att.nonce_nuls", PI_PROTOCOL, PI_NOTE, "The nonce ends with NUL bytes", EXPFILL } },
        { &ei_att_pw_alg_length,
          { "mstun.att.pw_alg_length", PI_PROTOCOL, PI_WARN, "A password algorithm runs past its attribute",
            EXPFILL } },
        { &ei_att_access_token_length,
          { "mstun.att.access_token_length", PI_PROTOCOL, PI_WARN, "The token's nonce runs past its attribute",
            EXPFILL } },
        { &ei_att_integrity_length,
          { "mstun.att.integrity_length", PI_PROTOCOL, PI_WARN,
            "The HMAC's length is not that of any known "
            "hash",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
