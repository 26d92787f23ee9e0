/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message/fingerprint.h"

#include <epan/crc32-tvb.h>
#include <wsutil/crc32.h>

#include "attr/decode.h"
#include "wire/header.h"

#define FINGERPRINT_XOR 0x5354554Eu /* "STUN" */
#define FINGERPRINT_LEN 4

static int hf_crc32 = -1;
static int hf_crc32_status = -1;
static int hf_crc32_computed = -1;

static expert_field ei_crc32_bad = EI_INIT;
static expert_field ei_crc32_legacy = EI_INIT;

/* [MS-ICE2] 3.1.4.8.2: some implementations have a CRC table with one wrong entry. libnice shows which. */
static uint32_t legacy_table_entry(uint8_t byte)
{
    return byte == 0x5A ? 0x08BBE8EAu : crc32_ccitt_table_lookup(byte);
}

static uint32_t legacy_crc32(const uint8_t *bytes, uint32_t len)
{
    uint32_t crc = 0xFFFFFFFFu;

    for (uint32_t i = 0; i < len; i++) {
        crc = legacy_table_entry((uint8_t)(crc ^ bytes[i])) ^ (crc >> 8);
    }
    return crc ^ 0xFFFFFFFFu;
}

static uint32_t expected_fingerprint(tvbuff_t *tvb, const mstun_facts_t *facts)
{
    return crc32_ccitt_tvb_offset(tvb, 0, facts->fingerprint_offset) ^ FINGERPRINT_XOR;
}

/* Whether it fits a message that ends with it: a sender may add attributes afterwards. */
static bool fits_shorter_message(const uint8_t *message, const mstun_facts_t *facts)
{
    uint32_t end = facts->fingerprint_offset + STUN_TLV_HEADER_LEN + FINGERPRINT_LEN, length = end - STUN_HEADER_LEN;
    const uint8_t header[] = { message[0], message[1], (uint8_t)(length >> 8), (uint8_t)length };
    const uint32_t header_len = sizeof header;

    if (end >= STUN_HEADER_LEN + (uint32_t)facts->length) {
        return false;
    }
    uint32_t seed = ~crc32_ccitt(header, header_len);

    return (crc32_ccitt_seed(message + header_len, facts->fingerprint_offset - header_len, seed) ^ FINGERPRINT_XOR) ==
           facts->fingerprint;
}

mstun_fingerprint_t mstun_fingerprint_verify_facts(const mstun_facts_t *facts)
{
    const uint8_t *message = facts->id - STUN_ID_OFFSET;
    uint32_t len = facts->fingerprint_offset;

    if (len == 0) {
        return MSTUN_FINGERPRINT_ABSENT;
    }
    if ((crc32_ccitt(message, len) ^ FINGERPRINT_XOR) == facts->fingerprint) {
        return MSTUN_FINGERPRINT_GOOD;
    }
    if ((legacy_crc32(message, len) ^ FINGERPRINT_XOR) == facts->fingerprint) {
        return MSTUN_FINGERPRINT_LEGACY;
    }
    return fits_shorter_message(message, facts) ? MSTUN_FINGERPRINT_NOT_LAST : MSTUN_FINGERPRINT_BAD;
}

mstun_fingerprint_t mstun_fingerprint_verify(tvbuff_t *tvb, const mstun_facts_t *facts)
{
    return tvb_captured_length(tvb) < facts->fingerprint_offset ? MSTUN_FINGERPRINT_UNVERIFIED
                                                                : mstun_fingerprint_verify_facts(facts);
}

static const value_string status_names[] = {
    { MSTUN_FINGERPRINT_BAD, "Bad" },
    { MSTUN_FINGERPRINT_GOOD, "Good" },
    { MSTUN_FINGERPRINT_LEGACY, "Good (legacy MS CRC table)" },
    { MSTUN_FINGERPRINT_UNVERIFIED, "Unverified" },
    { MSTUN_FINGERPRINT_NOT_LAST, "Good for the message without what follows it" },
    { 0, NULL },
};

static void learn_fingerprint(const uint8_t *value, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->fingerprint = pntohu32(value);
}

/* Not proto_tree_add_checksum(), which has no status for the legacy table. */
static void show_fingerprint(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    proto_item *item = proto_tree_add_item(ctx->tree, hf_crc32, ctx->tvb, offset, len, ENC_BIG_ENDIAN);
    /* The facts are about the first FINGERPRINT; another one is out of place. */
    bool is_first = ctx->facts->fingerprint_offset + STUN_TLV_HEADER_LEN == (uint32_t)offset;
    mstun_fingerprint_t status =
        is_first ? mstun_fingerprint_verify(ctx->tvb, ctx->facts) : MSTUN_FINGERPRINT_UNVERIFIED;

    proto_item_set_generated(proto_tree_add_uint(ctx->tree, hf_crc32_status, ctx->tvb, offset, 0, status));
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s", val_to_str_const(status, status_names, ""));
    if (status == MSTUN_FINGERPRINT_BAD) {
        uint32_t expected = expected_fingerprint(ctx->tvb, ctx->facts);

        proto_item_set_generated(proto_tree_add_uint(ctx->tree, hf_crc32_computed, ctx->tvb, offset, len, expected));
        expert_add_info_format(ctx->pinfo, item, &ei_crc32_bad,
                               "Bad FINGERPRINT (should be 0x%08x): the message was changed on the way, or its sender "
                               "computes it wrongly; receivers may take it for something other than STUN",
                               expected);
    } else if (status == MSTUN_FINGERPRINT_LEGACY) {
        expert_add_info(ctx->pinfo, item, &ei_crc32_legacy);
    }
}

static const mstun_attr_t rows[] = {
    { 0x8028, 4, 4, 0, "FINGERPRINT", NULL, show_fingerprint, learn_fingerprint },
};

void mstun_fingerprint_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_crc32, { "CRC-32", "mstun.att.crc32", FT_UINT32, BASE_HEX, NULL, 0x0, "RFC 8489 section 14.7", HFILL } },
        { &hf_crc32_status,
          { "CRC-32 Status", "mstun.att.crc32.status", FT_UINT8, BASE_DEC, VALS(status_names), 0x0,
            "Whether the FINGERPRINT fits the message", HFILL } },
        { &hf_crc32_computed,
          { "CRC-32 should be", "mstun.att.crc32.computed", FT_UINT32, BASE_HEX, NULL, 0x0,
            "What a good FINGERPRINT would be", HFILL } },
    };
    static ei_register_info ei[] = {
        { &ei_crc32_bad, { "mstun.att.crc32.bad", PI_CHECKSUM, PI_WARN, "Bad FINGERPRINT", EXPFILL } },
        { &ei_crc32_legacy,
          { "mstun.att.crc32.legacy", PI_CHECKSUM, PI_NOTE,
            "FINGERPRINT of the altered CRC table that old Microsoft clients use ([MS-ICE2] 3.1.4.8.2); other "
            "receivers may not accept it",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
    mstun_attr_add_rows(rows, array_length(rows));
}
