/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attr/walk.h"

#include "attr/decode.h"

static int hf_attributes = -1;
static int hf_attribute = -1;
static int hf_att_type = -1;
static int hf_att_type_comprehension = -1;
static int hf_att_type_assignment = -1;
static int hf_att_length = -1;
static int hf_att_padding = -1;

static int ett_attributes = -1;
static int ett_attribute = -1;
static int ett_att_type = -1;

static expert_field ei_length_unexpected = EI_INIT;
static expert_field ei_length_beyond_message = EI_INIT;
static expert_field ei_trailing_bytes = EI_INIT;
static expert_field ei_unknown_required = EI_INIT;
static expert_field ei_unknown_optional = EI_INIT;
static expert_field ei_after_integrity = EI_INIT;
static expert_field ei_after_fingerprint = EI_INIT;

enum {
    MESSAGE_INTEGRITY = 0x0008,
    MESSAGE_INTEGRITY_SHA256 = 0x001C,
    FINGERPRINT = 0x8028,
    GOOG_MESSAGE_INTEGRITY_32 = 0xC060,
    COMPREHENSION_OPTIONAL = 0x8000,
};

/* Attributes that limit what may follow them (RFC 8489 sections 14.5 to 14.7). */
typedef struct {
    bool integrity;
    bool fingerprint;
} seen_t;

static void update_seen(seen_t *seen, uint16_t type)
{
    seen->integrity = seen->integrity || type == MESSAGE_INTEGRITY || type == MESSAGE_INTEGRITY_SHA256;
    seen->fingerprint = seen->fingerprint || type == FINGERPRINT;
}

static bool is_out_of_place(const seen_t *seen, uint16_t type)
{
    if (seen->fingerprint) {
        return true;
    }
    return seen->integrity && type != MESSAGE_INTEGRITY_SHA256 && type != FINGERPRINT &&
           type != GOOG_MESSAGE_INTEGRITY_32;
}

bool mstun_attr_learn_all(const uint8_t *message, uint32_t captured, uint32_t end, mstun_facts_t *facts)
{
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    seen_t seen = { false, false };
    bool fills_message = true;

    mstun_tlv_walk_start(&walk, message, captured, end, facts->padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        const mstun_attr_t *row = tlv.state == MSTUN_TLV_OK ? mstun_attr_find(facts, tlv.type, tlv.length) : NULL;

        fills_message = fills_message && tlv.state == MSTUN_TLV_OK;
        if (tlv.state == MSTUN_TLV_TRUNCATED_BY_CAPTURE) {
            facts->has |= MSTUN_HAS_TRUNCATION;
        }
        if (!row && tlv.state == MSTUN_TLV_OK && !is_out_of_place(&seen, tlv.type)) {
            continue;
        }
        if (!row || !mstun_attr_length_ok(row, tlv.length) || is_out_of_place(&seen, tlv.type)) {
            facts->has |= MSTUN_HAS_UNREADABLE_ATTRIBUTE;
            continue; /* RFC 8489 section 14.5: a receiver ignores an attribute that is out of place */
        }
        update_seen(&seen, tlv.type);
        if (tlv.type == FINGERPRINT) {
            facts->fingerprint_offset = tlv.offset;
        }
        if (row->learn) {
            row->learn(message + tlv.offset + STUN_TLV_HEADER_LEN, tlv.length, facts);
        }
    }
    return fills_message;
}

/* The field has the names of common rows. row: NULL if the type is unknown. */
static proto_item *add_type(tvbuff_t *tvb, proto_tree *tree, int offset, const mstun_attr_t *row, uint16_t type)
{
    if (row != mstun_attr_find_common(type)) {
        return proto_tree_add_uint_format_value(tree, hf_att_type, tvb, offset, 2, type, "%s (0x%04x)", row->name,
                                                type);
    }
    return proto_tree_add_uint(tree, hf_att_type, tvb, offset, 2, type);
}

static void show_type(tvbuff_t *tvb, proto_tree *tree, int offset, const mstun_attr_t *row, uint16_t type)
{
    proto_tree *bits = proto_item_add_subtree(add_type(tvb, tree, offset, row, type), ett_att_type);

    mstun_add_hidden_bits_if_referenced(bits, hf_att_type_comprehension, tvb, offset, type);
    mstun_add_hidden_bits_if_referenced(bits, hf_att_type_assignment, tvb, offset, type);
}

static void add_length_expert(packet_info *pinfo, proto_item *item, const mstun_attr_t *row, uint32_t len)
{
    const char *multiples =
        row->length_multiple > 1 ? wmem_strdup_printf(pinfo->pool, ", in multiples of %u", row->length_multiple) : "";

    if (row->min_len == row->max_len) {
        expert_add_info_format(pinfo, item, &ei_length_unexpected,
                               "%s has a value of %u bytes; it must have "
                               "%u",
                               row->name, len, row->min_len);
    } else if (row->max_len == MSTUN_ANY_LEN) {
        expert_add_info_format(pinfo, item, &ei_length_unexpected,
                               "%s has a value of %u bytes; it must have %u or "
                               "more%s",
                               row->name, len, row->min_len, multiples);
    } else {
        expert_add_info_format(pinfo, item, &ei_length_unexpected,
                               "%s has a value of %u bytes; it must have %u to "
                               "%u%s",
                               row->name, len, row->min_len, row->max_len, multiples);
    }
}

static void add_unknown_expert(packet_info *pinfo, proto_item *item, uint16_t type)
{
    if (type & COMPREHENSION_OPTIONAL) {
        expert_add_info_format(pinfo, item, &ei_unknown_optional, "Unknown attribute 0x%04x; a receiver may ignore it",
                               type);
    } else {
        expert_add_info_format(pinfo, item, &ei_unknown_required,
                               "Unknown attribute 0x%04x; a receiver that does not know it either must refuse the "
                               "message (420 Unknown Attribute)",
                               type);
    }
}

static void add_place_expert(packet_info *pinfo, proto_item *item, const seen_t *seen)
{
    if (seen->fingerprint) {
        expert_add_info(pinfo, item, &ei_after_fingerprint);
    } else {
        expert_add_info(pinfo, item, &ei_after_integrity);
    }
}

static void show_value(const mstun_attr_ctx_t *ctx, const mstun_tlv_t *tlv, const mstun_attr_t *row)
{
    int value = (int)tlv->offset + STUN_TLV_HEADER_LEN;

    if (tlv->state == MSTUN_TLV_LENGTH_BEYOND_MESSAGE) {
        expert_add_info_format(ctx->pinfo, ctx->item, &ei_length_beyond_message,
                               "%s: its length of %u bytes runs past the end of the message, which has %u left",
                               mstun_attr_name_of(row), tlv->length, tlv->value_len);
    } else if (!row) {
        add_unknown_expert(ctx->pinfo, ctx->item, tlv->type);
    } else if (!mstun_attr_length_ok(row, tlv->length)) {
        add_length_expert(ctx->pinfo, ctx->item, row, tlv->length);
    } else {
        row->show(ctx, row, value, (int)tlv->value_len);
        return;
    }
    if (tlv->value_len > 0) {
        mstun_attr_add_value(ctx->tree, ctx->tvb, value, (int)tlv->value_len);
    }
}

static void show_attribute(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_tlv_t *tlv,
                           const mstun_facts_t *facts, const seen_t *seen)
{
    const mstun_attr_t *row = mstun_attr_find(facts, tlv->type, tlv->length);
    int offset = (int)tlv->offset;
    int len = (int)(STUN_TLV_HEADER_LEN + tlv->value_len + tlv->padding);

    tvb_ensure_bytes_exist(tvb, offset, STUN_TLV_HEADER_LEN + (int)tlv->value_len);
    proto_item *item = proto_tree_add_uint(tree, hf_attribute, tvb, offset, len, tlv->type);
    proto_tree *attribute_tree = proto_item_add_subtree(item, ett_attribute);
    bool has_summary = false;
    const mstun_attr_ctx_t ctx = { .pinfo = pinfo,
                                   .tvb = tvb,
                                   .tree = attribute_tree,
                                   .item = item,
                                   .has_summary = &has_summary,
                                   .name = mstun_attr_name_of(row),
                                   .facts = facts };

    show_type(tvb, attribute_tree, offset, row, tlv->type);
    proto_tree_add_uint(attribute_tree, hf_att_length, tvb, offset + 2, 2, tlv->length);
    show_value(&ctx, tlv, row);
    if (mstun_attr_wants_summary(&ctx) && !has_summary) {
        proto_item_set_text(item, "%s", ctx.name);
    }
    if (tlv->padding > 0) {
        int end = offset + STUN_TLV_HEADER_LEN + (int)tlv->value_len;

        proto_tree_add_uint(attribute_tree, hf_att_padding, tvb, end, (int)tlv->padding, tlv->padding);
    }
    if (is_out_of_place(seen, tlv->type)) {
        add_place_expert(pinfo, item, seen);
    }
}

void mstun_attr_show_all(tvbuff_t *tvb, packet_info *pinfo, proto_tree *parent, uint32_t end,
                         const mstun_facts_t *facts)
{
    uint32_t captured = MIN((uint32_t)tvb_captured_length(tvb), end);
    proto_item *head =
        proto_tree_add_item(parent, hf_attributes, tvb, STUN_HEADER_LEN, (int)captured - STUN_HEADER_LEN, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(head, ett_attributes);
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    seen_t seen = { false, false };

    mstun_tlv_walk_start(&walk, tvb_get_ptr(tvb, 0, (int)captured), captured, end, facts->padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        if (tlv.state == MSTUN_TLV_TRAILING_BYTES) {
            proto_item *item = mstun_attr_add_value(tree, tvb, (int)tlv.offset, (int)tlv.value_len);

            expert_add_info(pinfo, item, &ei_trailing_bytes);
            continue;
        }
        if (tlv.state == MSTUN_TLV_TRUNCATED_BY_CAPTURE) {
            /* Throws if type or length are missing; show_attribute() throws if the value is. */
            tvb_ensure_bytes_exist(tvb, (int)tlv.offset, STUN_TLV_HEADER_LEN);
        }
        show_attribute(tvb, pinfo, tree, &tlv, facts, &seen);
        update_seen(&seen, tlv.type);
    }
}

static const value_string comprehension_names[] = { { 0, "Required" }, { 1, "Optional" }, { 0, NULL } };
static const value_string assignment_names[] = { { 0, "IETF Review" }, { 1, "Designated Expert" }, { 0, NULL } };

void mstun_attr_walk_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_attributes,
          { "Attributes", "mstun.attributes", FT_NONE, BASE_NONE, NULL, 0x0, "RFC 8489 section 14", HFILL } },
        { &hf_attribute,
          { "Attribute", "mstun.attribute", FT_UINT16, BASE_HEX | BASE_EXT_STRING, &mstun_attr_names_ext, 0x0,
            "RFC 8489 section 14", HFILL } },
        { &hf_att_type,
          { "Attribute Type", "mstun.att.type", FT_UINT16, BASE_HEX | BASE_EXT_STRING, &mstun_attr_names_ext, 0x0,
            "RFC 8489 section 14", HFILL } },
        { &hf_att_type_comprehension,
          { "Attribute Type Comprehension", "mstun.att.type.comprehension", FT_UINT16, BASE_HEX,
            VALS(comprehension_names), 0x8000, "Whether a receiver must know it, RFC 8489 section 14", HFILL } },
        { &hf_att_type_assignment,
          { "Attribute Type Assignment", "mstun.att.type.assignment", FT_UINT16, BASE_HEX, VALS(assignment_names),
            0x4000, "IANA registration policy, RFC 8489 section 18.3", HFILL } },
        { &hf_att_length,
          { "Attribute Length", "mstun.att.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes of value, without padding, RFC 8489 section 14", HFILL } },
        { &hf_att_padding,
          { "Padding", "mstun.att.padding", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes after the value, up to a multiple of 4, RFC 8489 section 14", HFILL } },
    };
    static int *ett[] = { &ett_attributes, &ett_attribute, &ett_att_type };
    static ei_register_info ei[] = {
        { &ei_length_unexpected,
          { "mstun.att.length_unexpected", PI_PROTOCOL, PI_WARN, "Attribute of an unexpected length", EXPFILL } },
        { &ei_length_beyond_message,
          { "mstun.att.length_beyond_message", PI_PROTOCOL, PI_ERROR, "Attribute runs past the end of the message",
            EXPFILL } },
        { &ei_trailing_bytes,
          { "mstun.att.trailing_bytes", PI_PROTOCOL, PI_ERROR,
            "The message ends in bytes that are too few to be an attribute", EXPFILL } },
        { &ei_unknown_required,
          { "mstun.unknown_attribute", PI_UNDECODED, PI_NOTE, "Unknown comprehension-required attribute", EXPFILL } },
        { &ei_unknown_optional,
          { "mstun.unknown_attribute.optional", PI_UNDECODED, PI_CHAT, "Unknown comprehension-optional attribute",
            EXPFILL } },
        { &ei_after_integrity,
          { "mstun.att.after_integrity", PI_PROTOCOL, PI_WARN,
            "Attribute after MESSAGE-INTEGRITY: not protected, and a receiver must ignore it (RFC 8489 section 14.5)",
            EXPFILL } },
        { &ei_after_fingerprint,
          { "mstun.att.after_fingerprint", PI_PROTOCOL, PI_WARN,
            "Attribute after FINGERPRINT, which must be the last one: a receiver ignores it (RFC 8489 section 14.7)",
            EXPFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
