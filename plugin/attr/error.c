/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ERROR-CODE and UNKNOWN-ATTRIBUTES (RFC 8489 sections 14.8 and 14.13), ADDRESS-ERROR-CODE (RFC 8656 section 18.12).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Reserved, Family in ADDRESS-ERROR-CODE |Class|     Number    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      Reason Phrase (variable)                                ..
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#include "attr/error.h"

#include "attr/decode.h"
#include "wire/text.h"
#include "wire/values.h"

#define REASON_OFFSET 4

static int hf_att_error_class = -1;
static int hf_att_error = -1;
static int hf_att_error_reason = -1;
static int hf_att_unknown = -1;
static int hf_att_options = -1;
static int hf_error_code = -1;
static int hf_error_reason = -1;

static expert_field ei_att_error_code_range = EI_INIT;
static expert_field ei_att_unknown_attributes_odd = EI_INIT;

/* 100 times the class plus the number. value: the four bytes before the reason. */
static uint16_t error_code(const uint8_t *value)
{
    return (uint16_t)((value[2] & 0x07) * 100 + value[3]);
}

void mstun_attr_learn_unknown_attributes(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->unknown = (mstun_span_t){ .bytes = value, .len = len };
}

void mstun_attr_learn_error_code(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    facts->has |= MSTUN_HAS_ERROR;
    facts->error_code = error_code(value);
    facts->reason = (mstun_span_t){
        .bytes = value + REASON_OFFSET,
        .len = (uint16_t)mstun_text_len(value + REASON_OFFSET, len - REASON_OFFSET),
    };
}

/* Before RFC 8656 used this type, libjingle sent a number of four bytes in it. */
static bool is_address_error_code(uint8_t family, int len)
{
    return len != 4 || family == MSTUN_FAMILY_IPV4 || family == MSTUN_FAMILY_IPV6;
}

void mstun_attr_learn_address_error_code(const uint8_t *value, uint16_t len, mstun_facts_t *facts)
{
    if (is_address_error_code(value[0], len)) {
        facts->address_error_family = value[0];
        facts->address_error_code = error_code(value);
    }
}

static void check_code(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, proto_item *item, const uint8_t *value)
{
    unsigned class = value[2] & 0x07;
    unsigned number = value[3];

    /* [MS-ICE2BWM] has codes of class 2: a code with a name is never wrong. */
    if (number > 99 || ((class < 3 || class > 6) && !mstun_error_name(error_code(value)))) {
        expert_add_info_format(ctx->pinfo, item, &ei_att_error_code_range,
                               "%s has class %u and number %u; a class is 3 to 6 and a number 0 to 99", row->name,
                               class, number);
    }
}

/* family: to put before the summary, NULL: nothing */
static void add_reason(const mstun_attr_ctx_t *ctx, int offset, int len, uint16_t code, const char *family)
{
    int text_len = mstun_text_len(tvb_get_ptr(ctx->tvb, offset, len), len);
    proto_item *item;

    proto_tree_add_item(ctx->tree, hf_att_error_reason, ctx->tvb, offset, text_len, ENC_UTF_8);
    item = proto_tree_add_item(ctx->tree, hf_error_reason, ctx->tvb, offset, text_len, ENC_UTF_8);
    proto_item_set_hidden(item);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s%s%u %s", family ? family : "", family ? ": " : "", code,
                           tvb_format_text(ctx->pinfo->pool, ctx->tvb, offset, text_len));
}

/* Adds class, number, both as one, and the reason. offset: of the value. */
static void add_error(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len, const char *family)
{
    const uint8_t *value = tvb_get_ptr(ctx->tvb, offset, len);
    proto_item *item;

    proto_tree_add_item(ctx->tree, hf_att_error_class, ctx->tvb, offset + 2, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_error, ctx->tvb, offset + 3, 1, ENC_BIG_ENDIAN);
    item = proto_tree_add_uint(ctx->tree, hf_error_code, ctx->tvb, offset + 2, 2, error_code(value));
    proto_item_set_generated(item);
    check_code(ctx, row, item, value);
    add_reason(ctx, offset + REASON_OFFSET, len - REASON_OFFSET, error_code(value), family);
}

void mstun_attr_show_error_code(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    mstun_attr_add_reserved(ctx, offset, 2);
    add_error(ctx, row, offset, len, NULL);
}

void mstun_attr_show_address_error_code(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    uint8_t family = tvb_get_uint8(ctx->tvb, offset);

    if (!is_address_error_code(family, len)) {
        proto_tree_add_item(ctx->tree, hf_att_options, ctx->tvb, offset, len, ENC_BIG_ENDIAN);
        return;
    }
    mstun_attr_add_family(ctx, offset);
    mstun_attr_add_reserved(ctx, offset + 1, 1);
    add_error(ctx, row, offset, len,
              family == MSTUN_FAMILY_IPV4   ? "IPv4"
              : family == MSTUN_FAMILY_IPV6 ? "IPv6"
                                            : NULL);
}

void mstun_attr_show_unknown_attributes(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    wmem_strbuf_t *names = wmem_strbuf_new(ctx->pinfo->pool, NULL);
    int end = offset + len;

    for (; end - offset >= 2; offset += 2) {
        uint16_t type = tvb_get_ntohs(ctx->tvb, offset);
        const char *name = mstun_attr_name(ctx->facts->dialect, ctx->facts->method, type);

        proto_tree_add_uint_format_value(ctx->tree, hf_att_unknown, ctx->tvb, offset, 2, type, "%s (0x%04x)", name,
                                         type);
        if (wmem_strbuf_get_len(names) < ITEM_LABEL_LENGTH) {
            wmem_strbuf_append_printf(names, "%s%s (0x%04x)", wmem_strbuf_get_len(names) ? ", " : "", name, type);
        }
    }
    if (wmem_strbuf_get_len(names)) {
        MSTUN_ATTR_SET_SUMMARY(ctx, "%s", wmem_strbuf_get_str(names));
    }
    if (offset < end) {
        expert_add_info_format(
            ctx->pinfo, ctx->item, &ei_att_unknown_attributes_odd,
            "%s has %d bytes; it is a list of types of 2 bytes each, so one byte is too many or missing", row->name,
            len);
    }
}

void mstun_attr_error_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_error_class,
          { "Error Class", "mstun.att.error.class", FT_UINT8, BASE_DEC, NULL, 0x07,
            "The code's first digit, RFC 8489 section 14.8", HFILL } },
        { &hf_att_error,
          { "Error Code", "mstun.att.error", FT_UINT8, BASE_DEC, NULL, 0x0,
            "The code's last two digits; mstun.error.code has all three", HFILL } },
        { &hf_att_error_reason,
          { "Error Reason Phrase", "mstun.att.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.8",
            HFILL } },
        { &hf_att_unknown,
          { "Unknown Attribute", "mstun.att.unknown", FT_UINT16, BASE_HEX, NULL, 0x0,
            "A type that the sender does not know, RFC 8489 section 14.13", HFILL } },
        { &hf_att_options,
          { "Options", "mstun.att.options", FT_UINT32, BASE_HEX, NULL, 0x0, "libjingle's use of type 0x8001", HFILL } },
        { &hf_error_code,
          { "Error", "mstun.error.code", FT_UINT16, BASE_DEC, VALS(mstun_error_names), 0x0,
            "Class and number as one: 401, 438, 447", HFILL } },
        { &hf_error_reason,
          { "Error Reason Phrase", "mstun.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, "RFC 8489 section 14.8",
            HFILL } },
    };
    static ei_register_info ei[] = {
        { &ei_att_error_code_range,
          { "mstun.att.error_code_range", PI_PROTOCOL, PI_WARN, "The error's class or number does not exist",
            EXPFILL } },
        { &ei_att_unknown_attributes_odd,
          { "mstun.att.unknown_attributes_odd", PI_PROTOCOL, PI_WARN,
            "A list of two-byte attribute types has an odd length", EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
