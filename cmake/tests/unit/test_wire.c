/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire/: header bits, dialects, the walk over attributes, text, names. */
#include "unit.h"

#include "wire/dialect.h"
#include "wire/text.h"
#include "wire/tlv.h"
#include "wire/values.h"

/* RFC 8489 figure 3: M11-M7 C1 M6-M4 C0 M3-M0 */
static uint16_t type_of(unsigned method, stun_class_t class)
{
    unsigned type = (method & 0xF) | ((unsigned)class & 1) << 4 | (method >> 4 & 7) << 5;

    return (uint16_t)(type | ((unsigned)class >> 1) << 8 | (method >> 7) << 9);
}

static void test_type_bits(void)
{
    for (unsigned method = 0; method < 0x1000; method++) {
        for (stun_class_t class = STUN_REQUEST; class <= STUN_ERROR; class ++) {
            uint16_t type = type_of(method, class);

            g_assert_cmpint(stun_type_class(type), ==, class);
            g_assert_cmphex(stun_type_method(type), ==, method);
            g_assert_true(stun_type_possible(type));
        }
    }
    g_assert_false(stun_type_possible(0x4001));
    g_assert_false(stun_type_possible(0x8001));
}

static void test_type_known(void)
{
    static const struct {
        uint16_t type;
        bool known;
    } rows[] = {
        { 0x0000, false }, { 0x0001, true },  { 0x0011, true },  { 0x0101, true },  { 0x0111, true },
        { 0x0002, true },  { 0x0012, false }, /* a shared secret is asked for, not announced */
        { 0x0003, true },  { 0x0013, false }, { 0x0004, true },  { 0x0005, false }, { 0x0115, true },
        { 0x0006, true },  { 0x0016, true },  { 0x0007, false }, { 0x0017, true },  { 0x0107, false },
        { 0x0008, true },  { 0x0009, true },  { 0x000A, true },  { 0x000B, true },  { 0x000C, false },
        { 0x001C, true },  { 0x000D, false }, { 0x0080, false }, { 0x0200, true },  { 0x0300, true },
        { 0x0310, true },  { 0x0210, false }, { 0x4001, false }, { 0xC001, false }, { 0x3FFF, false },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        g_test_message("0x%04x", rows[i].type);
        g_assert_cmpint(stun_type_known(rows[i].type), ==, rows[i].known);
    }
    for (const value_string *name = mstun_type_names; name->strptr; name++) {
        g_test_message("0x%04x %s", name->value, name->strptr);
        g_assert_cmpint(stun_type_known((uint16_t)name->value), ==, name->value <= STUN_KNOWN_TYPE_MAX);
    }
}

static void test_dialect(void)
{
    static const struct {
        const char *hex;
        mstun_dialect_t dialect;
    } rows[] = {
        { "0001 0000 2112A442 000102030405060708090A0B", MSTUN_DIALECT_RFC5389 },
        { "0001 0000 2112A443 000102030405060708090A0B", MSTUN_DIALECT_RFC3489 },
        { "0003 0008 00010203 0405060708090A0B0C0D0E0F 000F0004 72C64BC6", MSTUN_DIALECT_MS_TURN },
        /* real clients have both cookies */
        { "0003 0008 2112A442 0405060708090A0B0C0D0E0F 000F0004 72C64BC6", MSTUN_DIALECT_MS_TURN },
        /* it must be the first attribute, of four bytes */
        { "0003 0010 00010203 0405060708090A0B0C0D0E0F 80080004 00000006 000F0004 72C64BC6", MSTUN_DIALECT_RFC3489 },
        { "0003 0009 00010203 0405060708090A0B0C0D0E0F 000F0005 72C64BC600", MSTUN_DIALECT_RFC3489 },
        { "0003 0008 00010203 0405060708090A0B0C0D0E0F 000F0004 72C64BC7", MSTUN_DIALECT_RFC3489 },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t message = unit_hex(rows[i].hex);

        g_test_message("%s", rows[i].hex);
        for (uint32_t len = STUN_HEADER_LEN; len <= message.len; len++) {
            bool with_cookie = pntohu32(message.bytes + STUN_ID_OFFSET) == STUN_COOKIE;
            mstun_dialect_t expected = len >= STUN_HEADER_LEN + 8 ? rows[i].dialect
                                       : with_cookie              ? MSTUN_DIALECT_RFC5389
                                                                  : MSTUN_DIALECT_RFC3489;

            g_assert_cmpint(mstun_dialect_of_bytes(unit_guarded(message.bytes, len), len), ==, expected);
        }
    }
    g_assert_true(mstun_dialect_pads(MSTUN_DIALECT_RFC5389) && mstun_dialect_pads(MSTUN_DIALECT_MS_ICE2));
    g_assert_false(mstun_dialect_pads(MSTUN_DIALECT_RFC3489) || mstun_dialect_pads(MSTUN_DIALECT_MS_TURN));
}

#define HEADER "0001 0000 2112A442 000102030405060708090A0B"
#define ATTRIBUTES_MAX 4

typedef struct {
    const char *attributes; /* behind the header */
    bool padded;
    uint32_t not_captured; /* bytes at the end */
    struct {
        mstun_tlv_state_t state;
        uint16_t type, length;
        uint32_t offset, value_len, padding;
    } expected[ATTRIBUTES_MAX]; /* the rest has offset 0 */
} walk_row_t;

static const walk_row_t walk_rows[] = {
    { "", true, 0, { { 0 } } },
    { "8022 0004 'abcd'", true, 0, { { MSTUN_TLV_OK, 0x8022, 4, 20, 4, 0 } } },
    { "0025 0000 8022 0003 'abc' 20",
      true,
      0,
      { { MSTUN_TLV_OK, 0x0025, 0, 20, 0, 0 }, { MSTUN_TLV_OK, 0x8022, 3, 24, 3, 1 } } },
    { "8022 0001 'a' 00000A 0025 0000",
      true,
      0,
      { { MSTUN_TLV_OK, 0x8022, 1, 20, 1, 3 }, { MSTUN_TLV_OK, 0x0025, 0, 28, 0, 0 } } },
    /* the same bytes without padding: an attribute of type 0, and a rest */
    { "8022 0001 'a' 0000 000A 0025 0000",
      false,
      0,
      { { MSTUN_TLV_OK, 0x8022, 1, 20, 1, 0 }, { MSTUN_TLV_LENGTH_BEYOND_MESSAGE, 0x0000, 10, 25, 4, 0 } } },
    { "8022 0003 'abc' 8022 0001 'd'",
      false,
      0,
      { { MSTUN_TLV_OK, 0x8022, 3, 20, 3, 0 }, { MSTUN_TLV_OK, 0x8022, 1, 27, 1, 0 } } },
    /* the padding of the last one is not there */
    { "8022 0003 'abc'", true, 0, { { MSTUN_TLV_OK, 0x8022, 3, 20, 3, 0 } } },
    { "8022 0005 'abcde' 00", true, 0, { { MSTUN_TLV_OK, 0x8022, 5, 20, 5, 1 } } },
    { "8022 0005 'abcd'", true, 0, { { MSTUN_TLV_LENGTH_BEYOND_MESSAGE, 0x8022, 5, 20, 4, 0 } } },
    { "8022 FFFF", true, 0, { { MSTUN_TLV_LENGTH_BEYOND_MESSAGE, 0x8022, 0xFFFF, 20, 0, 0 } } },
    { "0025 0000 802200",
      true,
      0,
      { { MSTUN_TLV_OK, 0x0025, 0, 20, 0, 0 }, { MSTUN_TLV_TRAILING_BYTES, 0, 0, 24, 3, 0 } } },
    { "80", false, 0, { { MSTUN_TLV_TRAILING_BYTES, 0, 0, 20, 1, 0 } } },
    /* the capture ends in the padding, in the value, in the attribute's header */
    { "8022 0003 'abc' 20", true, 1, { { MSTUN_TLV_OK, 0x8022, 3, 20, 3, 1 } } },
    { "8022 0003 'abc' 20", true, 2, { { MSTUN_TLV_TRUNCATED_BY_CAPTURE, 0x8022, 3, 20, 3, 1 } } },
    { "0025 0000 8022 0003 'abc' 20",
      true,
      5,
      { { MSTUN_TLV_OK, 0x0025, 0, 20, 0, 0 }, { MSTUN_TLV_TRUNCATED_BY_CAPTURE, 0, 0, 24, 0, 0 } } },
    { "8022 0009 'abcd'", true, 3, { { MSTUN_TLV_LENGTH_BEYOND_MESSAGE, 0x8022, 9, 20, 4, 0 } } },
};

static void test_walk(void)
{
    for (unsigned i = 0; i < array_length(walk_rows); i++) {
        const walk_row_t *row = &walk_rows[i];
        unit_bytes_t header = unit_hex(HEADER), attributes = unit_hex(row->attributes);
        unit_bytes_t message = unit_join(&header, &attributes);
        uint32_t captured = message.len - row->not_captured;
        mstun_tlv_walk_t walk;
        mstun_tlv_t tlv;

        g_test_message("%s, %s, %u not captured", row->attributes, row->padded ? "padded" : "unpadded",
                       row->not_captured);
        mstun_tlv_walk_start(&walk, unit_guarded(message.bytes, captured), captured, message.len, row->padded);
        for (unsigned n = 0; n < ATTRIBUTES_MAX && row->expected[n].offset; n++) {
            g_assert_true(mstun_tlv_walk_next(&walk, &tlv));
            g_assert_cmpint(tlv.state, ==, row->expected[n].state);
            g_assert_cmphex(tlv.type, ==, row->expected[n].type);
            g_assert_cmpuint(tlv.length, ==, row->expected[n].length);
            g_assert_cmpuint(tlv.offset, ==, row->expected[n].offset);
            g_assert_cmpuint(tlv.value_len, ==, row->expected[n].value_len);
            g_assert_cmpuint(tlv.padding, ==, row->expected[n].padding);
        }
        g_assert_false(mstun_tlv_walk_next(&walk, &tlv));
    }
}

/* Attributes lie one after the other up to the end, and the capture's end changes nothing but the state. */
static void check_walk(const uint8_t *message, uint32_t captured, uint32_t end, bool padded)
{
    mstun_tlv_walk_t walk, whole;
    mstun_tlv_t tlv, other;
    uint32_t offset = STUN_HEADER_LEN;
    static uint8_t copy[512];

    memcpy(copy, message, end);
    mstun_tlv_walk_start(&walk, unit_guarded(message, captured), captured, end, padded);
    mstun_tlv_walk_start(&whole, copy, end, end, padded);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        g_assert_true(mstun_tlv_walk_next(&whole, &other));
        g_assert_cmpuint(tlv.offset, ==, offset);
        if (tlv.state == MSTUN_TLV_TRUNCATED_BY_CAPTURE) {
            g_assert_cmpuint(captured, <, end);
            g_assert_false(mstun_tlv_walk_next(&walk, &tlv));
            return;
        }
        g_assert_cmpint(tlv.state, ==, other.state);
        g_assert_cmpuint(tlv.value_len, ==, other.value_len);
        offset += (tlv.state == MSTUN_TLV_TRAILING_BYTES ? 0 : STUN_TLV_HEADER_LEN) + tlv.value_len + tlv.padding;
        g_assert_cmpuint(offset, <=, end);
    }
    g_assert_cmpuint(offset, ==, end);
}

static void test_walk_anything(void)
{
    uint32_t state = 1;

    for (unsigned run = 0; run < 300; run++) {
        uint8_t message[STUN_HEADER_LEN + 40];
        uint32_t end = STUN_HEADER_LEN + unit_random(&state) % 40;

        for (unsigned i = 0; i < sizeof message; i++) { /* small numbers are lengths that fit */
            message[i] = (uint8_t)(unit_random(&state) % 4 ? unit_random(&state) % 8 : unit_random(&state));
        }
        for (uint32_t captured = STUN_HEADER_LEN; captured <= end; captured++) {
            check_walk(message, captured, end, true);
            check_walk(message, captured, end, false);
        }
    }
}

static void test_text(void)
{
    static const struct {
        const char *text;
        int len;
        bool is_text;
        int without_fill;
    } rows[] = {
        { "", 0, true, 0 },
        { "abc", 3, true, 3 },
        { "abc\0\0", 5, false, 3 },
        { "\0\0", 2, false, 0 },
        { "a\0b", 3, false, 3 },
        { "a\tb", 3, false, 3 },
        { "na\xC3\xAFve", 6, true, 6 },
        { "na\xC3", 3, false, 3 },
        { "\xFF\xFE", 2, false, 2 },
        { "\xC0\x80", 2, false, 2 },
        { "\xED\xA0\x80", 3, false, 3 }, /* overlong NUL, half of a surrogate pair */
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        const uint8_t *text = unit_guarded((const uint8_t *)rows[i].text, (uint32_t)rows[i].len);

        g_assert_cmpint(mstun_is_text(text, rows[i].len), ==, rows[i].is_text);
        g_assert_cmpint(mstun_text_len(text, rows[i].len), ==, rows[i].without_fill);
    }
    static const char mixed[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";

    for (int max = 0; max <= (int)sizeof mixed; max++) {
        int len = (int)sizeof mixed - 1;
        int cut = mstun_text_truncated_len(unit_guarded((const uint8_t *)mixed, (uint32_t)len), len, max);

        g_assert_cmpint(cut, <=, MIN(max, len));
        g_assert_cmpint(cut, >, MIN(max, len) - 4);
        g_assert_true(g_utf8_validate(mixed, cut, NULL));
    }
}

static void test_names(void)
{
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_RFC5389, 0x0001), ==, "Binding Request");
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_RFC5389, 0x0113), ==, "Allocate Error Response");
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_RFC5389, 0x001C), ==, "ConnectionAttempt Indication");
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_RFC5389, 0x0004), ==, "Refresh Request");
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_MS_TURN, 0x0004), ==, "Send Request");
    g_assert_cmpstr(mstun_type_name(MSTUN_DIALECT_MS_TURN, 0x0115), ==, "Data Indication");
    for (uint32_t type = 0; type <= 0x3FFF; type++) {
        g_assert_nonnull(mstun_type_name(MSTUN_DIALECT_RFC5389, (uint16_t)type));
        g_assert_nonnull(mstun_type_name(MSTUN_DIALECT_MS_TURN, (uint16_t)type));
    }
    g_assert_cmpstr(mstun_error_name(401), ==, "Unauthorized");
    g_assert_cmpstr(mstun_error_name(447), ==, "Connection Timeout or Failure");
    g_assert_cmpstr(mstun_error_name(487), ==, "Role Conflict");
    g_assert_null(mstun_error_name(0));
    g_assert_null(mstun_error_name(699));
}

void unit_add_wire(void)
{
    g_test_add_func("/wire/type_bits", test_type_bits);
    g_test_add_func("/wire/type_known", test_type_known);
    g_test_add_func("/wire/dialect", test_dialect);
    g_test_add_func("/wire/walk_rows", test_walk);
    g_test_add_func("/wire/walk_anything", test_walk_anything);
    g_test_add_func("/wire/text", test_text);
    g_test_add_func("/wire/names", test_names);
}
