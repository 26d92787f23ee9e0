/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attr/decode.h"

#include <inttypes.h>

#include "wire/text.h"

static int hf_att_reserved = -1;
static int hf_att_family = -1;
static int hf_value = -1;

const unit_name_string mstun_units_kbit_s = { " kbit/s", NULL };

void mstun_add_hidden_bits_if_referenced(proto_tree *tree, int hf, tvbuff_t *tvb, int offset, uint16_t type)
{
    /* Not proto_field_is_referenced(), which is true for all fields of a visible tree. */
    if (proto_registrar_get_nth((unsigned)hf)->ref_type != HF_REF_TYPE_NONE) {
        proto_item_set_hidden(proto_tree_add_uint(tree, hf, tvb, offset, 2, type));
    }
}

/* The name in the field's value_string; NULL if there is none. */
static const char *value_name(const header_field_info *field, uint64_t value)
{
    const int other_strings = BASE_UNIT_STRING | BASE_RANGE_STRING | BASE_EXT_STRING | BASE_VAL64_STRING;

    return field->strings && !(field->display & other_strings)
               ? try_val_to_str((uint32_t)value, (const value_string *)field->strings)
               : NULL;
}

/* "TCP (6)", "0x7d3a91c4", "600 seconds". proto_tree_add_item_ret_display_string() takes only strings and bytes. */
static void set_summary_from_uint(const mstun_attr_ctx_t *ctx, int hf, uint64_t value)
{
    const header_field_info *field = proto_registrar_get_nth((unsigned)hf);
    const char *name = value_name(field, value), *unit = "";

    if (field->display & BASE_UNIT_STRING) {
        unit = unit_name_string_get_value64(value, (const unit_name_string *)field->strings);
    }
    if (name) {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s (%" PRIu64 ")", name, value);
    } else if (FIELD_DISPLAY(field->display) == BASE_HEX) {
        MSTUN_ATTR_SET_SUMMARY(ctx, "0x%" PRIx64, value);
    } else {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%" PRIu64 "%s", value, unit);
    }
}

static uint64_t read_uint(tvbuff_t *tvb, int offset, int len)
{
    uint64_t value = 0;

    for (int i = 0; i < len; i++) {
        value = value << 8 | tvb_get_uint8(tvb, offset + i);
    }
    return value;
}

void mstun_attr_show_uint(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_item(ctx->tree, *row->hf, ctx->tvb, offset, len, ENC_BIG_ENDIAN);
    if (mstun_attr_wants_summary(ctx)) {
        set_summary_from_uint(ctx, *row->hf, read_uint(ctx->tvb, offset, len));
    }
}

proto_item *mstun_attr_add_text(const mstun_attr_ctx_t *ctx, int hf, int offset, int len)
{
    /* Not proto_tree_add_item_ret_display_string(): its text ends at a NUL, and it formats even if nobody reads it. */
    proto_item *item = proto_tree_add_item(ctx->tree, hf, ctx->tvb, offset,
                                           mstun_text_len(tvb_get_ptr(ctx->tvb, offset, len), len), ENC_UTF_8);

    MSTUN_ATTR_SET_SUMMARY(ctx, "%s", tvb_format_text(ctx->pinfo->pool, ctx->tvb, offset, len));
    return item;
}

void mstun_attr_show_text(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    mstun_attr_add_text(ctx, *row->hf, offset, len);
}

void mstun_attr_show_bytes(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_item(ctx->tree, *row->hf, ctx->tvb, offset, len, ENC_NA);
}

void mstun_attr_show_flag(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    proto_tree_add_boolean(ctx->tree, *row->hf, ctx->tvb, offset, len, true);
}

void mstun_attr_show_opaque(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    mstun_attr_add_value(ctx->tree, ctx->tvb, offset, len);
}

void mstun_attr_show_uint32_or_opaque(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    if (len == 4) {
        mstun_attr_show_uint(ctx, row, offset, len);
    } else {
        mstun_attr_show_opaque(ctx, row, offset, len);
    }
}

void mstun_attr_show_family(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len)
{
    mstun_attr_add_family(ctx, offset);
    mstun_attr_add_reserved(ctx, offset + 1, len - 1);
    if (mstun_attr_wants_summary(ctx)) {
        set_summary_from_uint(ctx, hf_att_family, tvb_get_uint8(ctx->tvb, offset));
    }
}

void mstun_attr_learn_microsoft(const uint8_t *value _U_, uint16_t len _U_, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_MS_ATTRIBUTE;
}

proto_item *mstun_attr_add_value(proto_tree *tree, tvbuff_t *tvb, int offset, int len)
{
    return proto_tree_add_item(tree, hf_value, tvb, offset, len, ENC_NA);
}

void mstun_attr_add_reserved(const mstun_attr_ctx_t *ctx, int offset, int len)
{
    proto_tree_add_item(ctx->tree, hf_att_reserved, ctx->tvb, offset, len, ENC_NA);
}

void mstun_attr_add_family(const mstun_attr_ctx_t *ctx, int offset)
{
    proto_tree_add_item(ctx->tree, hf_att_family, ctx->tvb, offset, 1, ENC_BIG_ENDIAN);
}

static const value_string family_names[] = {
    { MSTUN_FAMILY_IPV4, "IPv4" },
    { MSTUN_FAMILY_IPV6, "IPv6" },
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
}
