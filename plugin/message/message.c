/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message/message.h"

#include "attr/decode.h"
#include "attr/walk.h"
#include "wire/values.h"

static int proto_mstun = -1;

static int hf_type = -1;
static int hf_type_ms_turn = -1;
static int hf_type_class = -1;
static int hf_type_method = -1;
static int hf_type_method_ms_turn = -1;
static int hf_type_method_assignment = -1;
static int hf_length = -1;
static int hf_cookie = -1;
static int hf_id = -1;
static int hf_dialect = -1;

static int ett_message = -1;
static int ett_type = -1;

static expert_field ei_wrong_msglen = EI_INIT;
static expert_field ei_unpadded = EI_INIT;
static expert_field ei_short_packet = EI_INIT;
static expert_field ei_frame_trailing = EI_INIT;
static expert_field ei_type_unknown = EI_INIT;

static uint32_t message_end(const mstun_facts_t *facts)
{
    return STUN_HEADER_LEN + (uint32_t)facts->length;
}

static bool attributes_fill_message(const uint8_t *message, uint32_t captured, uint32_t end, bool padded)
{
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;

    mstun_tlv_walk_start(&walk, message, captured, end, padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        if (tlv.state == MSTUN_TLV_LENGTH_BEYOND_MESSAGE || tlv.state == MSTUN_TLV_TRAILING_BYTES) {
            return false;
        }
    }
    return true;
}

/* Messages with a cookie have padding, except those of drafts between RFC 3489 and RFC 5389. Tries without padding if
 * the padded attributes do not end with the message, or the length is not a multiple of 4. */
static void learn_attributes(const uint8_t *message, uint32_t captured, uint32_t reported, mstun_facts_t *facts)
{
    uint32_t end = message_end(facts);
    const mstun_facts_t header = *facts;

    facts->padded = mstun_dialect_pads(facts->dialect);
    if (mstun_attr_learn_all(message, captured, MIN(end, reported), facts) && (facts->length & 3) == 0) {
        return;
    }
    if (facts->padded && (captured >= end || facts->length & 3) &&
        attributes_fill_message(message, captured, end, false)) {
        *facts = header;
        facts->padded = false;
        mstun_attr_learn_all(message, captured, MIN(end, reported), facts);
    }
}

bool mstun_message_parse(tvbuff_t *tvb, mstun_dialect_t dialect, mstun_facts_t *facts)
{
    uint32_t captured = tvb_captured_length(tvb);

    if (captured < STUN_HEADER_LEN) {
        return false;
    }
    const uint8_t *message = tvb_get_ptr(tvb, 0, (int)captured);

    *facts =
        (mstun_facts_t){ .type = pntohu16(message), .length = pntohu16(message + 2), .id = message + STUN_ID_OFFSET };
    facts->class = stun_type_class(facts->type);
    facts->method = stun_type_method(facts->type);
    facts->dialect = dialect != MSTUN_DIALECT_UNKNOWN ? dialect : mstun_dialect_of_bytes(message, captured);
    if (facts->dialect == MSTUN_DIALECT_MS_TURN && facts->type == MS_TURN_DATA_INDICATION) {
        facts->class = STUN_INDICATION; /* its bits say error response: [MS-TURN] 2.2.1 */
    }
    learn_attributes(message, captured, (uint32_t)tvb_reported_length(tvb), facts);
    if (dialect == MSTUN_DIALECT_UNKNOWN && facts->dialect == MSTUN_DIALECT_RFC5389 &&
        facts->has & MSTUN_HAS_MS_ATTRIBUTE) {
        facts->dialect = MSTUN_DIALECT_MS_ICE2;
    }
    return true;
}

/* MS-TURN's Data Indication has the bits of an error response ([MS-TURN] 2.2.1), which a filter must not match. */
static void show_class(tvbuff_t *tvb, proto_tree *bits, const mstun_facts_t *facts)
{
    if (facts->class == stun_type_class(facts->type)) {
        proto_tree_add_uint(bits, hf_type_class, tvb, 0, 2, facts->type);
    } else {
        proto_tree_add_uint_format(bits, hf_type_class, tvb, 0, 2, STUN_TYPE_INDICATION_BITS,
                                   "Message Class: Indication in MS-TURN, whatever its bits say");
    }
}

static void show_type(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts)
{
    /* Other types in that dialect, which are Google's, have their names in the common list. */
    bool is_ms_turn_type =
        facts->dialect == MSTUN_DIALECT_MS_TURN && try_val_to_str(facts->type, mstun_ms_turn_type_names) != NULL;
    proto_item *item = proto_tree_add_uint(tree, is_ms_turn_type ? hf_type_ms_turn : hf_type, tvb, 0, 2, facts->type);
    proto_tree *bits = proto_item_add_subtree(item, ett_type);

    show_class(tvb, bits, facts);
    proto_tree_add_uint(bits, facts->dialect == MSTUN_DIALECT_MS_TURN ? hf_type_method_ms_turn : hf_type_method, tvb, 0,
                        2, facts->type);
    mstun_add_hidden_bits_if_referenced(bits, hf_type_method_assignment, tvb, 0, facts->type);
    if (!stun_type_known(facts->type)) {
        expert_add_info_format(pinfo, item, &ei_type_unknown, "Message type 0x%04x is in no specification",
                               facts->type);
    }
}

static void show_length(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts)
{
    proto_item *item = proto_tree_add_uint(tree, hf_length, tvb, 2, 2, facts->length);
    uint32_t reported = tvb_reported_length(tvb);

    if (mstun_dialect_pads(facts->dialect) && facts->length & 3 && !(facts->has & MSTUN_HAS_TRUNCATION)) {
        /* libnice's errors are like that, and are read all the same. */
        bool is_harmless = !facts->padded && facts->has & MSTUN_HAS_ERROR;

        expert_add_info_format(pinfo, item, is_harmless ? &ei_unpadded : &ei_wrong_msglen,
                               "Message length %u is not a multiple of 4, as padded attributes would make it",
                               facts->length);
    }
    if (message_end(facts) > reported) {
        expert_add_info_format(pinfo, item, &ei_short_packet,
                               "The message should have %u bytes, but what carries it has %u", message_end(facts),
                               reported);
    } else if (message_end(facts) < reported) {
        expert_add_info_format(pinfo, item, &ei_frame_trailing, "%u bytes follow the message in what carries it",
                               reported - message_end(facts));
    }
}

/* Dialects without a cookie have an id of 16 bytes instead of 12 (RFC 3489, [MS-TURN] 2.2.1). Most filters ask for
 * neither, and an item that is thrown away costs ten times the question. */
static void show_id(tvbuff_t *tvb, proto_tree *tree, const mstun_facts_t *facts)
{
    if (!proto_field_is_referenced(tree, hf_id) && !proto_field_is_referenced(tree, hf_cookie)) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN || facts->dialect == MSTUN_DIALECT_RFC3489) {
        proto_tree_add_item(tree, hf_id, tvb, STUN_ID_OFFSET, STUN_ID_LEN, ENC_NA);
    } else {
        proto_tree_add_item(tree, hf_cookie, tvb, STUN_ID_OFFSET, 4, ENC_NA);
        proto_tree_add_item(tree, hf_id, tvb, STUN_ID_OFFSET + 4, STUN_ID_LEN - 4, ENC_NA);
    }
}

proto_tree *mstun_message_show(tvbuff_t *tvb, proto_tree *tree, const mstun_facts_t *facts, const char *summary)
{
    int len = (int)MIN(message_end(facts), (uint32_t)tvb_captured_length(tvb));
    proto_item *item = proto_tree_add_item(tree, proto_mstun, tvb, 0, len, ENC_NA);

    if (mstun_tree_is_visible(tree)) {
        proto_item_set_text(item, "MSTUN, %s", summary);
    }
    return proto_item_add_subtree(item, ett_message);
}

void mstun_message_show_header(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts)
{
    show_type(tvb, pinfo, tree, facts);
    show_length(tvb, pinfo, tree, facts);
    show_id(tvb, tree, facts);
    proto_item_set_generated(proto_tree_add_uint(tree, hf_dialect, tvb, 0, 0, facts->dialect));
}

void mstun_message_show_attributes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_facts_t *facts)
{
    uint32_t end = MIN(message_end(facts), (uint32_t)tvb_reported_length(tvb));

    if (end <= STUN_HEADER_LEN) {
        return;
    }
    mstun_attr_show_all(tvb, pinfo, tree, end, facts);
}

static const value_string method_assignment_names[] = {
    { 0, "IETF Review" },
    { 1, "Designated Expert" },
    { 0, NULL },
};

void mstun_message_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_type,
          { "Message Type", "mstun.type", FT_UINT16, BASE_HEX, VALS(mstun_type_names), 0x0, "RFC 8489 section 5",
            HFILL } },
        { &hf_type_ms_turn,
          { "Message Type", "mstun.type", FT_UINT16, BASE_HEX, VALS(mstun_ms_turn_type_names), 0x0, "[MS-TURN] 2.2.1",
            HFILL } },
        { &hf_type_class,
          { "Message Class", "mstun.type.class", FT_UINT16, BASE_HEX, VALS(mstun_class_names), STUN_TYPE_CLASS_MASK,
            "RFC 8489 section 5", HFILL } },
        { &hf_type_method,
          { "Message Method", "mstun.type.method", FT_UINT16, BASE_HEX, VALS(mstun_method_names), STUN_TYPE_METHOD_MASK,
            "RFC 8489 section 5", HFILL } },
        { &hf_type_method_ms_turn,
          { "Message Method", "mstun.type.method", FT_UINT16, BASE_HEX, VALS(mstun_ms_turn_method_names),
            STUN_TYPE_METHOD_MASK, "[MS-TURN] 2.2.1", HFILL } },
        { &hf_type_method_assignment,
          { "Message Method Assignment", "mstun.type.method_assignment", FT_UINT16, BASE_HEX,
            VALS(method_assignment_names), 0x2000, "IANA registration policy, RFC 8489 section 18.2", HFILL } },
        { &hf_length,
          { "Message Length", "mstun.length", FT_UINT16, BASE_DEC, NULL, 0x0,
            "Bytes after the 20 of the header, RFC 8489 section 5", HFILL } },
        { &hf_cookie,
          { "Message Cookie", "mstun.cookie", FT_BYTES, BASE_NONE, NULL, 0x0, "0x2112A442, RFC 8489 section 5",
            HFILL } },
        { &hf_id,
          { "Message Transaction ID", "mstun.id", FT_BYTES, BASE_NONE, NULL, 0x0,
            "12 bytes; 16 in RFC 3489 and MS-TURN, which have no cookie before them", HFILL } },
        { &hf_dialect,
          { "Dialect", "mstun.dialect", FT_UINT8, BASE_DEC, VALS(mstun_dialect_names), 0x0,
            "Which family of specifications the message follows", HFILL } },
    };
    static int *ett[] = { &ett_message, &ett_type };
    static ei_register_info ei[] = {
        { &ei_wrong_msglen,
          { "mstun.wrong_msglen", PI_PROTOCOL, PI_WARN, "Message length is not a multiple of 4 bytes", EXPFILL } },
        { &ei_unpadded,
          { "mstun.wrong_msglen.unpadded", PI_PROTOCOL, PI_NOTE,
            "The attributes of an error response are not padded, and its length fits that", EXPFILL } },
        { &ei_short_packet,
          { "mstun.short_packet", PI_PROTOCOL, PI_ERROR, "The message is longer than what carries it", EXPFILL } },
        { &ei_frame_trailing,
          { "mstun.frame.trailing_bytes", PI_PROTOCOL, PI_WARN, "Bytes follow the message in what carries it",
            EXPFILL } },
        { &ei_type_unknown,
          { "mstun.type.unknown", PI_UNDECODED, PI_NOTE, "Message type is in no specification", EXPFILL } },
    };

    proto_mstun = reg->proto;
    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
