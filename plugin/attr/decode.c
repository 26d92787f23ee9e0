/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Shared decoders of single values: numbers, text, bytes, flags, address families. */
#include "attr/decode.h"

#include "attr/address.h"
#include "attr/auth.h"
#include "attr/error.h"

#include <inttypes.h>

static int hf_att_reserved = -1;
static int hf_att_family = -1;
static int hf_value = -1;

const unit_name_string mstun_units_kbit_s = { " kbit/s", NULL };

void mstun_attr_summary_from_bytes(const mstun_attr_ctx_t *show, int offset, int len)
{
    MSTUN_ATTR_SET_SUMMARY(show, "%s", tvb_format_text(show->pinfo->pool, show->tvb, offset, len));
}

void mstun_add_hidden_bits_if_referenced(proto_tree *tree, int hf, tvbuff_t *tvb, int offset, uint16_t type)
{
    if (proto_registrar_get_nth((unsigned)hf)->ref_type != HF_REF_TYPE_NONE) {
        proto_item_set_hidden(proto_tree_add_uint(tree, hf, tvb, offset, 2, type));
    }
}

int mstun_text_len(const uint8_t *text, int len)
{
    while (len > 0 && text[len - 1] == '\0') {
        len--;
    }
    return len;
}

bool mstun_is_text(const uint8_t *text, int len)
{
    for (int i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] == 0x7F) {
            return false;
        }
    }
    return len == 0 || g_utf8_validate((const char *)text, len, NULL);
}

/* What the field has for this value: "TCP" of its value_string, or NULL. */
static const char *name_of(const header_field_info *info, uint64_t value)
{
    bool has_names = info->strings &&
                     !(info->display & (BASE_UNIT_STRING | BASE_RANGE_STRING | BASE_EXT_STRING | BASE_VAL64_STRING));

    return has_names ? try_val_to_str((uint32_t)value, (const value_string *)info->strings) : NULL;
}

/* "600 s", "TCP (6)", "0x7d3a91c4": as the field itself is displayed. */
static void say_uint(const mstun_attr_ctx_t *show, int hf, uint64_t value)
{
    const header_field_info *info = proto_registrar_get_nth((unsigned)hf);
    const char *name = name_of(info, value), *unit = "";

    if (info->display & BASE_UNIT_STRING) {
        unit = unit_name_string_get_value64(value, (const unit_name_string *)info->strings);
    }
    if (name) {
        MSTUN_ATTR_SET_SUMMARY(show, "%s (%" PRIu64 ")", name, value);
    } else if (FIELD_DISPLAY(info->display) == BASE_HEX) {
        MSTUN_ATTR_SET_SUMMARY(show, "0x%" PRIx64, value);
    } else {
        MSTUN_ATTR_SET_SUMMARY(show, "%" PRIu64 "%s", value, unit);
    }
}

static uint64_t uint_at(tvbuff_t *tvb, int offset, int len)
{
    uint64_t value = 0;

    for (int i = 0; i < len; i++) {
        value = value << 8 | tvb_get_uint8(tvb, offset + i);
    }
    return value;
}

void mstun_attr_show_uint(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_item(show->tree, *row->hf, show->tvb, offset, len, ENC_BIG_ENDIAN);
    if (mstun_attr_wants_summary(show)) {
        say_uint(show, *row->hf, uint_at(show->tvb, offset, len));
    }
}

void mstun_attr_show_text(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len)
{
    len = mstun_text_len(tvb_get_ptr(show->tvb, offset, len), len);
    proto_tree_add_item(show->tree, *row->hf, show->tvb, offset, len, ENC_UTF_8);
    mstun_attr_summary_from_bytes(show, offset, len);
}

void mstun_attr_show_bytes(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_item(show->tree, *row->hf, show->tvb, offset, len, ENC_NA);
}

void mstun_attr_show_flag(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_boolean(show->tree, *row->hf, show->tvb, offset, len, true);
}

void mstun_attr_show_opaque(const mstun_attr_ctx_t *show, const mstun_attr_t *row _U_, int offset, int len)
{
    mstun_attr_add_value(show->tree, show->tvb, offset, len);
}

proto_item *mstun_attr_add_value(proto_tree *tree, tvbuff_t *tvb, int offset, int len)
{
    return proto_tree_add_item(tree, hf_value, tvb, offset, len, ENC_NA);
}

void mstun_attr_show_family(const mstun_attr_ctx_t *show, const mstun_attr_t *row _U_, int offset, int len)
{
    mstun_attr_add_family(show, offset);
    mstun_attr_add_reserved(show, offset + 1, len - 1);
    if (mstun_attr_wants_summary(show)) {
        say_uint(show, hf_att_family, tvb_get_uint8(show->tvb, offset));
    }
}

void mstun_attr_add_reserved(const mstun_attr_ctx_t *show, int offset, int len)
{
    proto_tree_add_item(show->tree, hf_att_reserved, show->tvb, offset, len, ENC_NA);
}

void mstun_attr_add_family(const mstun_attr_ctx_t *show, int offset)
{
    proto_tree_add_item(show->tree, hf_att_family, show->tvb, offset, 1, ENC_BIG_ENDIAN);
}

static const value_string family_names[] = {
    { 1, "IPv4" },
    { 2, "IPv6" },
    { 0, NULL },
};

void mstun_attr_decode_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_reserved,
          { "Reserved", "mstun.att.reserved", FT_BYTES, BASE_NONE, NULL, 0x0,
            "Senders set it to zero, receivers ignore it", HFILL } },
        { &hf_att_family,
          { "Protocol Family", "mstun.att.family", FT_UINT8, BASE_HEX, VALS(family_names), 0x0, "RFC 8489 section 14.1",
            HFILL } },
        { &hf_value,
          { "Value", "mstun.value", FT_BYTES, BASE_NONE, NULL, 0x0,
            "A value that could not be decoded, or has no published layout", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    mstun_attr_address_register(reg);
    mstun_attr_error_register(reg);
    mstun_attr_credential_register(reg);
}
