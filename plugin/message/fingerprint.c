/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message/fingerprint.h"

#include <epan/crc32-tvb.h>
#include <wsutil/crc32.h>

#include "attr/decode.h"

#define FINGERPRINT_XOR 0x5354554Eu /* "STUN" */

static int hf_crc32 = -1;
static int hf_crc32_status = -1;
static int hf_crc32_computed = -1;

static expert_field ei_crc32_bad = EI_INIT;
static expert_field ei_crc32_legacy = EI_INIT;

/* [MS-ICE2] 3.1.4.8.2: implementations exist whose CRC table has one entry wrong. Which one is known from libnice. */
static uint32_t legacy_table_entry(uint8_t index)
{
    return index == 0x5A ? 0x08BBE8EAu : crc32_ccitt_table_lookup(index);
}

static uint32_t legacy_crc32(const uint8_t *bytes, uint32_t len)
{
    uint32_t crc = 0xFFFFFFFFu;

    for (uint32_t i = 0; i < len; i++) {
        crc = legacy_table_entry((uint8_t)(crc ^ bytes[i])) ^ (crc >> 8);
    }
    return crc ^ 0xFFFFFFFFu;
}

mstun_fingerprint_t mstun_fingerprint_verify(tvbuff_t *tvb, const mstun_facts_t *facts)
{
    uint32_t len = facts->fingerprint_offset;

    if (len == 0) {
        return MSTUN_FINGERPRINT_ABSENT;
    }
    if (tvb_captured_length(tvb) < len) {
        return MSTUN_FINGERPRINT_UNVERIFIED;
    }
    if ((crc32_ccitt_tvb_offset(tvb, 0, len) ^ FINGERPRINT_XOR) == facts->fingerprint) {
        return MSTUN_FINGERPRINT_GOOD;
    }
    if ((legacy_crc32(tvb_get_ptr(tvb, 0, (int)len), len) ^ FINGERPRINT_XOR) == facts->fingerprint) {
        return MSTUN_FINGERPRINT_LEGACY;
    }
    return MSTUN_FINGERPRINT_BAD;
}

static const value_string status_names[] = {
    { MSTUN_FINGERPRINT_BAD, "Bad" },
    { MSTUN_FINGERPRINT_GOOD, "Good" },
    { MSTUN_FINGERPRINT_LEGACY, "Good (legacy MS CRC table)" },
    { MSTUN_FINGERPRINT_UNVERIFIED, "Unverified" },
    { 0, NULL },
};

void mstun_attr_show_fingerprint(const mstun_attr_ctx_t *show, const mstun_attr_t *row _U_, int offset, int len)
{
    proto_item *item =
        proto_tree_add_uint(show->tree, hf_crc32, show->tvb, offset, len, tvb_get_ntohl(show->tvb, offset));
    /* A second FINGERPRINT is out of place: facts speak of the first. */
    bool first = show->facts->fingerprint_offset + STUN_TLV_HEADER_LEN == (uint32_t)offset;
    mstun_fingerprint_t status =
        first ? mstun_fingerprint_verify(show->tvb, show->facts) : MSTUN_FINGERPRINT_UNVERIFIED;
    proto_item *generated = proto_tree_add_uint(show->tree, hf_crc32_status, show->tvb, offset, 0, status);

    proto_item_set_generated(generated);
    MSTUN_ATTR_SET_SUMMARY(show, "%s", val_to_str_const(status, status_names, ""));
    if (status == MSTUN_FINGERPRINT_BAD) {
        uint32_t computed = crc32_ccitt_tvb_offset(show->tvb, 0, show->facts->fingerprint_offset) ^ FINGERPRINT_XOR;

        proto_item_set_generated(proto_tree_add_uint(show->tree, hf_crc32_computed, show->tvb, offset, len, computed));
        expert_add_info_format(show->pinfo, item, &ei_crc32_bad,
                               "Bad FINGERPRINT (should be 0x%08x): the message was changed on its way, or is no STUN; "
                               "a receiver drops it without an answer",
                               computed);
    } else if (status == MSTUN_FINGERPRINT_LEGACY) {
        expert_add_info(show->pinfo, item, &ei_crc32_legacy);
    }
}

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
            "receivers drop the message",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
