/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of STUN: RFC 8489 section 14, RFC 5780 section 7, RFC 7635, RFC 7982, and those of RFC 3489 section 11.2
 * that RFC 8489 dropped. */
#include "attr/address.h"
#include "attr/auth.h"
#include "attr/decode.h"
#include "attr/error.h"

static int hf_att_change_ip = -1;
static int hf_att_change_port = -1;
static int hf_att_password = -1;
static int hf_att_userhash = -1;
static int hf_att_filler = -1;
static int hf_att_domain = -1;
static int hf_att_software = -1;
static int hf_att_transmit_counter_request = -1;
static int hf_att_transmit_counter_response = -1;
static int hf_att_cache_timeout = -1;
static int hf_att_authorization_server = -1;
static int hf_att_origin = -1;

/* XOR-MAPPED-ADDRESS takes precedence: NATs that rewrite addresses in packets change the plain one. */
static void learn_mapped(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    if (!facts->mapped.family) {
        mstun_endpoint_read(value, len, NULL, &facts->mapped);
    }
}

static void learn_integrity_sha256(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_INTEGRITY_SHA256;
    facts->integrity_sha256 = (mstun_span_t){ .bytes = value, .len = len };
}

static void learn_userhash(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_USERNAME; /* RFC 8489 section 9.2.3: instead of it */
    facts->userhash = (mstun_span_t){ .bytes = value, .len = len };
}

static void learn_access_token(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_ACCESS_TOKEN;
}

static void learn_password_algorithms(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_PASSWORD_ALGORITHMS;
    facts->password_algorithms = (mstun_span_t){ .bytes = value, .len = len };
}

static void learn_password_algorithm(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->password_algorithm = pntohu16(value);
}

/* With the NULs that some senders pad it with. */
static void show_software(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    mstun_attr_add_text(ctx, hf_att_software, offset, len);
}

/* RFC 5780 section 7.2: two flags at the end of four bytes. */
static void show_change_request(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    static int *const flags[] = { &hf_att_change_ip, &hf_att_change_port, NULL };

    mstun_attr_add_reserved(ctx, offset, 2);
    proto_tree_add_bitmask_list(ctx->tree, ctx->tvb, offset + 2, 2, flags, ENC_BIG_ENDIAN);
}

/* RFC 5780 section 7.5: a port and padding. An older draft used this type for an XORed address. */
static void show_response_port(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    if (len > 4) {
        mstun_attr_show_xor_address(ctx, row, offset, len);
        return;
    }
    mstun_attr_add_port(ctx, offset);
    mstun_attr_add_reserved(ctx, offset + 2, 2);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%u", tvb_get_ntohs(ctx->tvb, offset));
}

/* RFC 7982 section 3.1 */
static void show_transmit_counter(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    mstun_attr_add_reserved(ctx, offset, 2);
    proto_tree_add_item(ctx->tree, hf_att_transmit_counter_request, ctx->tvb, offset + 2, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_transmit_counter_response, ctx->tvb, offset + 3, 1, ENC_BIG_ENDIAN);
}

/* type, min_len, max_len, length_multiple, name, hf, show, learn */
static const mstun_attr_t rows[] = {
    /* FINGERPRINT is in message/fingerprint.c */
    MSTUN_ATTR_ADDRESS_ROW(0x0001, "MAPPED-ADDRESS", mstun_attr_show_address, learn_mapped),
    MSTUN_ATTR_ADDRESS_ROW(0x0002, "RESPONSE-ADDRESS", mstun_attr_show_address, NULL),
    { 0x0003, 4, 4, 0, "CHANGE-REQUEST", NULL, show_change_request, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x0004, "SOURCE-ADDRESS", mstun_attr_show_address, NULL),
    MSTUN_ATTR_ADDRESS_ROW(0x0005, "CHANGED-ADDRESS", mstun_attr_show_address, NULL),
    { 0x0006, 0, 513, 0, "USERNAME", NULL, mstun_attr_show_username, mstun_attr_learn_username },
    { 0x0007, 0, MSTUN_ANY_LEN, 0, "PASSWORD", &hf_att_password, mstun_attr_show_bytes, NULL },
    { 0x0008, 20, 20, 0, "MESSAGE-INTEGRITY", NULL, mstun_attr_show_integrity, mstun_attr_learn_integrity },
    { 0x0009, 4, MSTUN_ANY_LEN, 0, "ERROR-CODE", NULL, mstun_attr_show_error_code, mstun_attr_learn_error_code },
    { 0x000A, 0, MSTUN_ANY_LEN, 0, "UNKNOWN-ATTRIBUTES", NULL, mstun_attr_show_unknown_attributes,
      mstun_attr_learn_unknown_attributes },
    MSTUN_ATTR_ADDRESS_ROW(0x000B, "REFLECTED-FROM", mstun_attr_show_address, NULL),
    { 0x0014, 0, 763, 0, "REALM", NULL, mstun_attr_show_realm, mstun_attr_learn_realm },
    { 0x0015, 0, 763, 0, "NONCE", NULL, mstun_attr_show_nonce, mstun_attr_learn_nonce },
    { 0x001B, 2, MSTUN_ANY_LEN, 0, "ACCESS-TOKEN", NULL, mstun_attr_show_access_token, learn_access_token },
    { 0x001C, 16, 32, 4, "MESSAGE-INTEGRITY-SHA256", NULL, mstun_attr_show_integrity, learn_integrity_sha256 },
    { 0x001D, 4, MSTUN_ANY_LEN, 0, "PASSWORD-ALGORITHM", NULL, mstun_attr_show_password_algorithms,
      learn_password_algorithm },
    { 0x001E, 32, 32, 0, "USERHASH", &hf_att_userhash, mstun_attr_show_bytes, learn_userhash },
    MSTUN_ATTR_ADDRESS_ROW(0x0020, "XOR-MAPPED-ADDRESS", mstun_attr_show_xor_address, mstun_attr_learn_xor_mapped),
    { 0x0026, 0, MSTUN_ANY_LEN, 0, "PADDING", &hf_att_filler, mstun_attr_show_bytes, NULL },
    { 0x0027, 4, 20, 4, "RESPONSE-PORT", NULL, show_response_port, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x0028, "XOR-REFLECTED-FROM", mstun_attr_show_xor_address, NULL),
    { 0x8002, 0, MSTUN_ANY_LEN, 0, "PASSWORD-ALGORITHMS", NULL, mstun_attr_show_password_algorithms,
      learn_password_algorithms },
    { 0x8003, 0, MSTUN_ANY_LEN, 0, "ALTERNATE-DOMAIN", &hf_att_domain, mstun_attr_show_text, NULL },
    { 0x8022, 0, 763, 0, "SOFTWARE", NULL, show_software, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x8023, "ALTERNATE-SERVER", mstun_attr_show_address, mstun_attr_learn_alternate),
    { 0x8025, 4, 4, 0, "TRANSACTION_TRANSMIT_COUNTER", NULL, show_transmit_counter, NULL },
    { 0x8027, 4, 4, 0, "CACHE-TIMEOUT", &hf_att_cache_timeout, mstun_attr_show_uint, NULL },
    MSTUN_ATTR_ADDRESS_ROW(0x802B, "RESPONSE-ORIGIN", mstun_attr_show_address, NULL),
    MSTUN_ATTR_ADDRESS_ROW(0x802C, "OTHER-ADDRESS", mstun_attr_show_address, NULL),
    { 0x802E, 0, MSTUN_ANY_LEN, 0, "THIRD-PARTY-AUTHORIZATION", &hf_att_authorization_server, mstun_attr_show_text,
      NULL },
    { 0x802F, 0, MSTUN_ANY_LEN, 0, "ORIGIN", &hf_att_origin, mstun_attr_show_text, NULL },
};

void mstun_attr_stun_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_change_ip,
          { "Change IP", "mstun.att.change_ip", FT_BOOLEAN, 16, TFS(&mstun_set_not_set), 0x0004,
            "Answer from another address, RFC 5780 section 7.2", HFILL } },
        { &hf_att_change_port,
          { "Change Port", "mstun.att.change_port", FT_BOOLEAN, 16, TFS(&mstun_set_not_set), 0x0002,
            "Answer from another port, RFC 5780 section 7.2", HFILL } },
        { &hf_att_password,
          { "Password", "mstun.att.password", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Of a shared secret, RFC 3489 section 11.2", HFILL } },
        { &hf_att_userhash,
          { "User Hash", "mstun.att.userhash", FT_BYTES, BASE_NONE, NULL, 0x0, "SHA-256 of username:realm", HFILL } },
        { &hf_att_filler,
          { "Filler", "mstun.att.filler", FT_BYTES, BASE_NONE, NULL, 0x0, "Bytes that only make the message long",
            HFILL } },
        { &hf_att_domain,
          { "Domain", "mstun.att.domain", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.16", HFILL } },
        { &hf_att_software,
          { "Software", "mstun.att.software", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.14", HFILL } },
        { &hf_att_transmit_counter_request,
          { "Requests Sent", "mstun.att.transmit_counter.request", FT_UINT8, BASE_DEC, NULL, 0x0,
            "How often the request was sent, RFC 7982 section 3", HFILL } },
        { &hf_att_transmit_counter_response,
          { "Responses Sent", "mstun.att.transmit_counter.response", FT_UINT8, BASE_DEC, NULL, 0x0,
            "How often the response was sent, RFC 7982 section 3", HFILL } },
        { &hf_att_cache_timeout,
          { "Cache timeout", "mstun.att.cache_timeout", FT_UINT32, BASE_DEC | BASE_UNIT_STRING, &mstun_unit_seconds,
            0x0, "How long the server remembers, RFC 5780 section 7", HFILL } },
        { &hf_att_authorization_server,
          { "Authorization Server", "mstun.att.authorization_server", FT_STRING, BASE_NONE, NULL, 0x0,
            "RFC 7635 section 6.1", HFILL } },
        { &hf_att_origin,
          { "Origin", "mstun.att.origin", FT_STRING, BASE_NONE, NULL, 0x0,
            "Of the web page that makes the call; of a draft", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    mstun_attr_add_rows(rows, array_length(rows));
}
