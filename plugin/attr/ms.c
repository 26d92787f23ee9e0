/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of Microsoft's TURN and ICE: [MS-TURN] 2.2.2, [MS-ICE2] 2.2.2, and undocumented types of its products. */
#include <epan/to_str.h>
#include <wsutil/nstime.h>

#include "attr/address.h"
#include "attr/auth.h"
#include "attr/decode.h"

static int hf_att_magic_cookie = -1;
static int hf_att_unknown8006 = -1;
static int hf_att_ms_version = -1;
static int hf_att_ms_version_ice = -1;
static int hf_att_ms_alternate_host_name = -1;
static int hf_att_ms_unknown8033 = -1;
static int hf_att_ms_unknown8036 = -1;
static int hf_att_ms_app_id = -1;
static int hf_att_ms_secure_tag = -1;
static int hf_att_ms_connection_id = -1;
static int hf_att_ms_sequence_number = -1;
static int hf_att_ms_foundation = -1;
static int hf_att_ms_stream_type = -1;
static int hf_att_ms_service_quality = -1;
static int hf_att_ms_multiplexed_turn_session_id = -1;
static int hf_att_ms_token_version = -1;
static int hf_att_ms_token_length = -1;
static int hf_att_ms_token_expiry = -1;
static int hf_att_ms_token_id = -1;
static int hf_att_ms_token_hash = -1;

static expert_field ei_att_ms_sequence_length = EI_INIT;
static expert_field ei_credentials_expired = EI_INIT;

#define SEQUENCE_SHORT_LEN 4 /* the number alone */
#define SEQUENCE_LONG_LEN 24 /* with a connection id before it */
#define CONNECTION_ID_LEN 20

static void learn_magic_cookie(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    if (pntohu32(value) == MS_TURN_COOKIE) {
        facts->has |= MSTUN_HAS_MS_ATTRIBUTE;
    }
}

static void learn_sequence(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_MS_ATTRIBUTE;
    if (len == SEQUENCE_SHORT_LEN || len == SEQUENCE_LONG_LEN) {
        facts->has |= MSTUN_HAS_MS_SEQUENCE;
        facts->ms_sequence = pntohu32(value + len - 4);
    }
}

static void learn_session(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_MS_ATTRIBUTE | MSTUN_HAS_MS_SESSION;
    facts->ms_session = pntohu64(value);
}

/* In MS-TURN, MAPPED-ADDRESS is the relayed address ([MS-TURN] 2.2.2.1). */
static void learn_relayed(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    mstun_endpoint_read(value, len, NULL, &facts->relayed);
}

static void learn_peer(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    if (!facts->peer.family) {
        mstun_endpoint_read(value, len, NULL, &facts->peer);
    }
}

/* The user name that an Edge server's authentication service (MRAS) issues is a binary token:
 *
 *  |     Version 0x0200            |   Length of the token, 36     |
 *  |     Expiry, FILETIME, low half before high half               |
 *  |     20 bytes                                                  |
 *  |     4 bytes, zero             |   hash of the token, 20 bytes |
 */
#define TOKEN_VERSION 0x0200
#define TOKEN_LEN 36
#define TOKEN_HASH_LEN 20

static bool is_token(const uint8_t *name, int len)
{
    return len == TOKEN_LEN + TOKEN_HASH_LEN && pntohu16(name) == TOKEN_VERSION && pntohu16(name + 2) == TOKEN_LEN;
}

/* False for a time that Wireshark cannot express. */
static bool read_expiry(const uint8_t *name, nstime_t *expiry)
{
    return filetime_to_nstime(expiry, (uint64_t)pntohu32(name + 8) << 32 | pntohu32(name + 4));
}

static void learn_username(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    mstun_attr_learn_username(value, len, facts);
    if (is_token(value, len) && !read_expiry(value, &facts->ms_expiry)) {
        nstime_set_zero(&facts->ms_expiry);
    }
}

/* Compares with the capturing machine's clock, which may differ from the server's. */
static void check_expiry(const mstun_attr_ctx_t *ctx, proto_item *item, const nstime_t *expiry)
{
    nstime_t since;

    nstime_delta(&since, &ctx->pinfo->abs_ts, expiry);
    if (since.secs > 0) {
        expert_add_info_format(
            ctx->pinfo, item, &ei_credentials_expired,
            "The credentials expired %s before this message: the client must get new ones from the Edge server's "
            "authentication service (MRAS), or a clock is wrong",
            signed_time_secs_to_str(ctx->pinfo->pool, (int32_t)MIN(since.secs, INT32_MAX)));
    }
}

static void add_token(const mstun_attr_ctx_t *ctx, int offset)
{
    tvbuff_t *tvb = ctx->tvb;
    nstime_t expiry = NSTIME_INIT_ZERO;

    proto_tree_add_item(ctx->tree, hf_att_ms_token_version, tvb, offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_ms_token_length, tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    if (read_expiry(tvb_get_ptr(tvb, offset, TOKEN_LEN), &expiry)) {
        check_expiry(ctx, proto_tree_add_time(ctx->tree, hf_att_ms_token_expiry, tvb, offset + 4, 8, &expiry), &expiry);
    }
    proto_tree_add_item(ctx->tree, hf_att_ms_token_id, tvb, offset + 12, 20, ENC_NA);
    mstun_attr_add_reserved(ctx, offset + 32, 4);
    proto_tree_add_item(ctx->tree, hf_att_ms_token_hash, tvb, offset + TOKEN_LEN, TOKEN_HASH_LEN, ENC_NA);
}

static void show_username(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    mstun_attr_show_username(ctx, row, offset, len);
    if (is_token(tvb_get_ptr(ctx->tvb, offset, len), len)) {
        add_token(ctx, offset);
    }
}

/* [MS-TURN] 2.2.2.21: the allocation's connection id of 20 bytes and a number. Teams omits the id when it refreshes. */
static void show_sequence(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    int number = offset + len - 4;

    if (len != SEQUENCE_SHORT_LEN && len != SEQUENCE_LONG_LEN) {
        mstun_attr_show_opaque(ctx, row, offset, len);
        expert_add_info_format(ctx->pinfo, ctx->item, &ei_att_ms_sequence_length,
                               "%s has %d bytes; it has 24 (connection id and number) or 4 (number)", row->name, len);
        return;
    }
    if (len == SEQUENCE_LONG_LEN) {
        proto_tree_add_item(ctx->tree, hf_att_ms_connection_id, ctx->tvb, offset, CONNECTION_ID_LEN, ENC_NA);
    }
    proto_tree_add_item(ctx->tree, hf_att_ms_sequence_number, ctx->tvb, number, 4, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%u", tvb_get_ntohl(ctx->tvb, number));
}

static const value_string stream_type_names[] = {
    { 1, "Audio" }, { 2, "Video" }, { 3, "Supplemental Video" }, { 4, "Data" }, { 0, NULL },
};

static const value_string service_quality_names[] = {
    { 0, "Best effort delivery" },
    { 1, "Reliable delivery" },
    { 0, NULL },
};

static void show_service_quality(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_ms_stream_type, ctx->tvb, offset, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_ms_service_quality, ctx->tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(
        ctx, "%s, %s", val_to_str_const(tvb_get_ntohs(ctx->tvb, offset), stream_type_names, "Unknown"),
        val_to_str_const(tvb_get_ntohs(ctx->tvb, offset + 2), service_quality_names, "unknown quality"));
}

/* type, min_len, max_len, length_multiple, name, hf, show, learn */
static const mstun_attr_t rows[] = {
    MSTUN_ATTR_ADDRESS_ROW(0x000E, "MS-ALTERNATE-SERVER", mstun_attr_show_address, mstun_attr_learn_alternate),
    { 0x000F, 4, 4, 0, "MAGIC-COOKIE", &hf_att_magic_cookie, mstun_attr_show_uint, learn_magic_cookie },
    MSTUN_ATTR_ADDRESS_ROW(0x0011, "DESTINATION-ADDRESS", mstun_attr_show_address, learn_peer),
    { 0x8006, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-8006", &hf_att_unknown8006, mstun_attr_show_bytes,
      mstun_attr_learn_microsoft },
    { 0x8008, 4, 4, 0, "MS-VERSION", &hf_att_ms_version, mstun_attr_show_uint, mstun_attr_learn_microsoft },
    { 0x8032, 0, MSTUN_ANY_LEN, 0, "MS-ALTERNATE-HOST-NAME", &hf_att_ms_alternate_host_name, mstun_attr_show_text,
      mstun_attr_learn_microsoft },
    { 0x8033, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-8033", &hf_att_ms_unknown8033, mstun_attr_show_bytes,
      mstun_attr_learn_microsoft },
    { 0x8036, 0, MSTUN_ANY_LEN, 0, "UNDOCUMENTED-8036", &hf_att_ms_unknown8036, mstun_attr_show_bytes,
      mstun_attr_learn_microsoft },
    { 0x8037, 0, MSTUN_ANY_LEN, 0, "MS-APP-ID", &hf_att_ms_app_id, mstun_attr_show_uint32_or_opaque,
      mstun_attr_learn_microsoft },
    { 0x8039, 0, MSTUN_ANY_LEN, 0, "MS-SECURE-TAG", &hf_att_ms_secure_tag, mstun_attr_show_bytes,
      mstun_attr_learn_microsoft },
    { 0x8050, 4, 24, 0, "MS-SEQUENCE-NUMBER", NULL, show_sequence, learn_sequence },
    { 0x8054, 0, MSTUN_ANY_LEN, 0, "CANDIDATE-IDENTIFIER", &hf_att_ms_foundation, mstun_attr_show_text,
      mstun_attr_learn_microsoft },
    { 0x8055, 4, 4, 0, "MS-SERVICE-QUALITY", NULL, show_service_quality, mstun_attr_learn_microsoft },
    { 0x8070, 4, 4, 0, "IMPLEMENTATION-VERSION", &hf_att_ms_version_ice, mstun_attr_show_uint,
      mstun_attr_learn_microsoft },
    { 0x8090, 20, 20, 0, "MS-ALTERNATE-MAPPED-ADDRESS", NULL, mstun_attr_show_address, mstun_attr_learn_microsoft },
    { 0x8095, 8, 8, 0, "MS-MULTIPLEXED-TURN-SESSION-ID", &hf_att_ms_multiplexed_turn_session_id, mstun_attr_show_uint,
      learn_session },
};

static bool is_ms_turn(const mstun_facts_t *facts, uint32_t len _U_)
{
    return facts->dialect == MSTUN_DIALECT_MS_TURN;
}

/* What MS-TURN uses in another sense, or with other lengths, than the RFCs. */
static const mstun_attr_t ms_turn_rows[] = {
    MSTUN_ATTR_ADDRESS_ROW(0x0001, "MAPPED-ADDRESS", mstun_attr_show_address, learn_relayed),
    { 0x0006, 0, MSTUN_ANY_LEN, 0, "USERNAME", NULL, show_username, learn_username },
    { 0x0008, 20, 32, 4, "MESSAGE-INTEGRITY", NULL, mstun_attr_show_integrity, mstun_attr_learn_integrity },
    MSTUN_ATTR_ADDRESS_ROW(0x0012, "REMOTE-ADDRESS", mstun_attr_show_address, learn_peer),
    { 0x0014, 0, 128, 0, "NONCE", NULL, mstun_attr_show_nonce, mstun_attr_learn_nonce },
    { 0x0015, 0, 128, 0, "REALM", NULL, mstun_attr_show_realm, mstun_attr_learn_realm },
    MSTUN_ATTR_ADDRESS_ROW(0x8020, "MS-XOR-MAPPED-ADDRESS", mstun_attr_show_xor_address, mstun_attr_learn_xor_mapped),
};

/* [MS-TURN] 2.2.2.17. Each version includes those before it. */
static const value_string version_names[] = {
    { 1, "ICE" },
    { 2, "MS-ICE2" },
    { 3, "MS-ICE2 with SHA256" },
    { 4, "MS-ICE2 with SHA256 and IPv6" },
    { 5, "MULTIPLEXED TURN over UDP only" },
    { 6, "MULTIPLEXED TURN over UDP and TCP" },
    { 0, NULL },
};

static const range_string version_ice_ranges[] = {
    { 0, 2, "Supports only RFC3489bis-02 message formats" },
    { 3, 0xFFFFFFFF, "Supports RFC5389 message formats" },
    { 0, 0, NULL },
};

void mstun_attr_ms_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_magic_cookie,
          { "Magic Cookie", "mstun.att.magic_cookie", FT_UINT32, BASE_HEX, NULL, 0x0, "0x72C64BC6, [MS-TURN] 2.2.2.8",
            HFILL } },
        { &hf_att_unknown8006,
          { "Unknown8006", "mstun.att.unknown8006", FT_BYTES, BASE_NONE, NULL, 0x0, "MS-TURN attribute 0x8006",
            HFILL } },
        { &hf_att_ms_version,
          { "MS Version", "mstun.att.ms.version", FT_UINT32, BASE_DEC, VALS(version_names), 0x0, "[MS-TURN] 2.2.2.17",
            HFILL } },
        { &hf_att_ms_version_ice,
          { "MS ICE Version", "mstun.att.ms.version.ice", FT_UINT32, BASE_DEC | BASE_RANGE_STRING,
            RVALS(version_ice_ranges), 0x0, "[MS-ICE2] 2.2.2", HFILL } },
        { &hf_att_ms_alternate_host_name,
          { "Alternate Host Name", "mstun.att.ms.alternate_host_name", FT_STRING, BASE_NONE, NULL, 0x0,
            "Name of the alternate server, [MS-TURN] 2.2.2", HFILL } },
        { &hf_att_ms_unknown8033,
          { "Unknown8033", "mstun.att.ms.unknown8033", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Seen in checks after the nomination", HFILL } },
        { &hf_att_ms_unknown8036,
          { "Unknown8036", "mstun.att.ms.unknown8036", FT_BYTES, BASE_NONE, NULL, 0x0, "Seen in ICE checks", HFILL } },
        { &hf_att_ms_app_id,
          { "MS App ID", "mstun.att.ms.app_id", FT_UINT32, BASE_DEC, NULL, 0x0,
            "2 was seen from Teams, 1 from Skype for Business", HFILL } },
        { &hf_att_ms_secure_tag,
          { "MS Secure Tag", "mstun.att.ms.secure_tag", FT_BYTES, BASE_NONE, NULL, 0x0, "[MS-TURN] 2.2.2", HFILL } },
        { &hf_att_ms_connection_id,
          { "Connection ID", "mstun.att.ms.connection_id", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Of the allocation, [MS-TURN] 2.2.2.21", HFILL } },
        { &hf_att_ms_sequence_number,
          { "Sequence Number", "mstun.att.ms.sequence_number", FT_UINT32, BASE_DEC, NULL, 0x0, "[MS-TURN] 2.2.2.21",
            HFILL } },
        { &hf_att_ms_foundation,
          { "Foundation", "mstun.att.ms.foundation", FT_STRING, BASE_NONE, NULL, 0x0,
            "Of the sender's candidate, [MS-ICE2] 2.2.2", HFILL } },
        { &hf_att_ms_stream_type,
          { "Stream Type", "mstun.att.ms.stream_type", FT_UINT16, BASE_DEC, VALS(stream_type_names), 0x0,
            "[MS-TURN] 2.2.2.22", HFILL } },
        { &hf_att_ms_service_quality,
          { "Service Quality", "mstun.att.ms.service_quality", FT_UINT16, BASE_DEC, VALS(service_quality_names), 0x0,
            "[MS-TURN] 2.2.2.22", HFILL } },
        { &hf_att_ms_multiplexed_turn_session_id,
          { "MS Multiplexed TURN Session Id", "mstun.att.ms.multiplexed_turn_session_id", FT_UINT64, BASE_HEX, NULL,
            0x0, "[MS-TURN] 2.2.2.24", HFILL } },
        { &hf_att_ms_token_version,
          { "Token Version", "mstun.att.ms.token.version", FT_UINT16, BASE_HEX, NULL, 0x0,
            "Of the name that the Edge server gave out", HFILL } },
        { &hf_att_ms_token_length,
          { "Token Length", "mstun.att.ms.token.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of the token before its hash", HFILL } },
        { &hf_att_ms_token_expiry,
          { "Token Expiry", "mstun.att.ms.token.expiry", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL, 0x0,
            "When the user name expires", HFILL } },
        { &hf_att_ms_token_id,
          { "Token ID", "mstun.att.ms.token.id", FT_BYTES, BASE_NONE, NULL, 0x0, "Bytes without a published meaning",
            HFILL } },
        { &hf_att_ms_token_hash,
          { "Token Hash", "mstun.att.ms.token.hash", FT_BYTES, BASE_NONE, NULL, 0x0,
            "HMAC-SHA1 of the token, with a key of the server", HFILL } },
    };

    static ei_register_info ei[] = {
        { &ei_credentials_expired,
          { "mstun.ms.credentials_expired", PI_SECURITY, PI_WARN,
            "The name that the Edge server gave out had expired when this message was sent", EXPFILL } },
        { &ei_att_ms_sequence_length,
          { "mstun.att.ms.sequence_length", PI_PROTOCOL, PI_WARN,
            "The sequence number has neither of its two possible "
            "lengths",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
    mstun_attr_add_rows(rows, array_length(rows));
    mstun_attr_add_variants(is_ms_turn, ms_turn_rows, array_length(ms_turn_rows));
}
