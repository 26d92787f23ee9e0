/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * message/ and attr/: the facts of whole, cut and broken messages. */
#include "unit.h"

#include "message/fingerprint.h"
#include "message/message.h"
#include "wire/header.h"

static const char *const published[] = { "rfc5769-request", "rfc5769-ipv4-response", "rfc5769-ipv6-response",
                                         "rfc5769-long-term-request", "rfc8489-sha256-request" };

static void assert_text(const mstun_span_t *span, const char *text)
{
    g_assert_nonnull(span->bytes);
    g_assert_cmpmem(span->bytes, span->len, text, (int)strlen(text));
}

static void assert_endpoint(const mstun_endpoint_t *endpoint, uint16_t family, const char *ip_hex, uint16_t port)
{
    unit_bytes_t ip = unit_hex(ip_hex);

    g_assert_cmpuint(endpoint->family, ==, family);
    g_assert_cmpuint(endpoint->port, ==, port);
    g_assert_cmpmem(endpoint->ip, (int)ip.len, ip.bytes, (int)ip.len);
}

/* The facts of a message, and the tvb that they point into. */
static tvbuff_t *parse(const unit_bytes_t *message, mstun_facts_t *facts)
{
    tvbuff_t *tvb = unit_tvb(message->bytes, message->len, message->len);

    g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, facts));
    return tvb;
}

static void test_request(void)
{
    unit_bytes_t message = unit_vector("rfc5769-request", 0);
    mstun_facts_t facts;
    tvbuff_t *tvb = parse(&message, &facts);

    g_assert_cmphex(facts.type, ==, 0x0001);
    g_assert_cmpuint(facts.length, ==, message.len - STUN_HEADER_LEN);
    g_assert_cmpint(facts.class, ==, STUN_REQUEST);
    g_assert_cmphex(facts.method, ==, STUN_BINDING);
    g_assert_cmpint(facts.dialect, ==, MSTUN_DIALECT_RFC5389);
    g_assert_true(facts.padded);
    g_assert_cmphex(facts.has, ==,
                    MSTUN_HAS_USERNAME | MSTUN_HAS_PRIORITY | MSTUN_HAS_CONTROLLED | MSTUN_HAS_INTEGRITY);
    g_assert_cmphex(facts.priority, ==, 0x6E0001FF);
    assert_text(&facts.username, "evtj:h6vY");
    g_assert_cmpuint(facts.integrity.len, ==, 20);
    g_assert_cmphex(facts.fingerprint, ==, 0xE57A3BCF);
    g_assert_cmpuint(facts.fingerprint_offset, ==, 100);
    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_GOOD);
    tvb_free(tvb);
}

static void test_responses(void)
{
    mstun_facts_t facts;
    unit_bytes_t ipv4 = unit_vector("rfc5769-ipv4-response", 0);
    tvbuff_t *tvb = parse(&ipv4, &facts);

    g_assert_cmpint(facts.class, ==, STUN_SUCCESS);
    assert_endpoint(&facts.mapped, MSTUN_FAMILY_IPV4, "C0000201", 32853);
    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_GOOD);
    tvb_free(tvb);

    unit_bytes_t ipv6 = unit_vector("rfc5769-ipv6-response", 0);

    tvb = parse(&ipv6, &facts);
    assert_endpoint(&facts.mapped, MSTUN_FAMILY_IPV6, "20010DB8 12345678 00112233 44556677", 32853);
    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_GOOD);
    tvb_free(tvb);
}

static void test_credentials(void)
{
    mstun_facts_t facts;
    unit_bytes_t message = unit_vector("rfc5769-long-term-request", 0);
    tvbuff_t *tvb = parse(&message, &facts);

    assert_text(&facts.username, "\xE3\x83\x9E\xE3\x83\x88\xE3\x83\xAA\xE3\x83\x83\xE3\x82\xAF\xE3\x82\xB9");
    assert_text(&facts.realm, "example.org");
    assert_text(&facts.nonce, "f//499k954d6OL34oL9FSTvy64sA");
    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_ABSENT);
    tvb_free(tvb);

    message = unit_vector("rfc8489-sha256-request", 0);
    tvb = parse(&message, &facts);
    g_assert_null(facts.username.bytes);
    g_assert_cmpuint(facts.userhash.len, ==, 32);
    g_assert_cmpuint(facts.integrity_sha256.len, ==, 32);
    g_assert_cmpuint(facts.password_algorithm, ==, 2);
    tvb_free(tvb);
}

static void test_fingerprint(void)
{
    mstun_facts_t facts;
    unit_bytes_t message = unit_vector("rfc5769-request", 0);

    message.bytes[56] ^= 1; /* in the value of ICE-CONTROLLED */
    tvbuff_t *tvb = parse(&message, &facts);

    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_BAD);
    tvb_free(tvb);
    message = unit_vector("legacy-fingerprint", 0);
    tvb = parse(&message, &facts);
    g_assert_cmpint(mstun_fingerprint_verify(tvb, &facts), ==, MSTUN_FINGERPRINT_LEGACY);
    tvb_free(tvb);
}

typedef struct {
    const char *what;
    const char *message; /* its length is filled in */
    uint32_t has;        /* without MSTUN_HAS_UNREADABLE_ATTRIBUTE */
    bool readable;
    bool padded;
} row_t;

#define COOKIE "2112A442 000102030405060708090A0B "

static const row_t rows[] = {
    { "no attribute", "0001 0000 " COOKIE, 0, true, true },
    { "USE-CANDIDATE", "0001 0000 " COOKIE "0025 0000", MSTUN_HAS_USE_CANDIDATE, true, true },
    { "a flag with a value", "0001 0000 " COOKIE "0025 0004 00000000", 0, false, true },
    { "PRIORITY of three bytes", "0001 0000 " COOKIE "0024 0003 000000 00", 0, false, true },
    { "PRIORITY of eight", "0001 0000 " COOKIE "0024 0008 0000000000000000", 0, false, true },
    { "longer than the message", "0001 0000 " COOKIE "0024 0004 0000", 0, false, true },
    { "a rest of three bytes", "0001 0000 " COOKIE "0025 0000 002500", MSTUN_HAS_USE_CANDIDATE, false, true },
    { "unknown, to be understood", "0001 0000 " COOKIE "7FFF 0000 0025 0000", MSTUN_HAS_USE_CANDIDATE, true, true },
    /* RFC 8489 sections 14.5 and 14.7: what follows these is ignored */
    { "behind MESSAGE-INTEGRITY", "0001 0000 " COOKIE "0008 0014 0000000000000000000000000000000000000000 0025 0000",
      MSTUN_HAS_INTEGRITY, false, true },
    { "behind FINGERPRINT", "0001 0000 " COOKIE "8028 0004 00000000 0025 0000", 0, false, true },
    { "both HMACs",
      "0001 0000 " COOKIE "0008 0014 0000000000000000000000000000000000000000"
      "001C 0010 00000000000000000000000000000000",
      MSTUN_HAS_INTEGRITY | MSTUN_HAS_INTEGRITY_SHA256, true, true },
    { "a SHA-256 too short", "0001 0000 " COOKIE "001C 000C 000000000000000000000000", 0, false, true },
    { "an error without its number", "0111 0000 " COOKIE "0009 0003 000004 00", 0, false, true },
    { "of a TURN client",
      "0003 0000 " COOKIE "0019 0004 11000000 0017 0004 02000000 0018 0001 80000000 001A 0000 8030 0000",
      MSTUN_HAS_TRANSPORT | MSTUN_HAS_REQUESTED_FAMILY | MSTUN_HAS_EVEN_PORT | MSTUN_HAS_DONT_FRAGMENT |
          MSTUN_HAS_MOBILITY_TICKET,
      true, true },
    /* two meanings of one number: coturn's in TURN, Microsoft's elsewhere */
    { "coturn's address family", "0003 0000 " COOKIE "8032 0004 02000000", MSTUN_HAS_ADDITIONAL_FAMILY, true, true },
    { "Microsoft's host name", "0001 0000 " COOKIE "8032 0004 'edge'", MSTUN_HAS_MS_ATTRIBUTE, true, true },
    { "an error", "0111 0000 " COOKIE "0009 0004 00000457", MSTUN_HAS_ERROR, true, true },
    /* the drafts between RFC 3489 and RFC 5389: a cookie and no padding */
    { "cookie, no padding", "0001 0000 " COOKIE "0006 0003 'a:b' 0024 0004 00000001",
      MSTUN_HAS_USERNAME | MSTUN_HAS_PRIORITY, true, false },
};

/* RFC 8656 section 7.2: one address for each family; coturn sends 0.0.0.0:0 for one that it could not allocate. */
static void test_two_relays(void)
{
    static const char *const relays[] = { "0016 0008 0001 2112 2112A442", "0016 0008 0001 E242 E112A643",
                                          "0016 0008 0001 E243 E112A643" };

    for (unsigned i = 0; i < 2; i++) {
        char *text = g_strdup_printf("0103 0024 " COOKIE "%s %s %s", relays[i ? 1 : 0], relays[i ? 0 : 1], relays[2]);
        unit_bytes_t message = unit_hex(text);
        mstun_facts_t facts;
        tvbuff_t *tvb = parse(&message, &facts);

        g_assert_cmpuint(facts.relayed.port, ==, 50000);
        g_assert_cmpuint(facts.relayed2.port, ==, 50001);
        tvb_free(tvb);
        g_free(text);
    }
}

static void test_broken(void)
{
    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t message = unit_hex(rows[i].message);
        mstun_facts_t facts;

        g_test_message("%s", rows[i].what);
        message.bytes[3] = (uint8_t)(message.len - STUN_HEADER_LEN);
        tvbuff_t *tvb = parse(&message, &facts);

        g_assert_cmphex(facts.has & ~(MSTUN_HAS_UNREADABLE_ATTRIBUTE | MSTUN_HAS_TRUNCATION), ==, rows[i].has);
        g_assert_cmpint(!(facts.has & MSTUN_HAS_UNREADABLE_ATTRIBUTE), ==, rows[i].readable);
        g_assert_cmpint(facts.padded, ==, rows[i].padded);
        tvb_free(tvb);
    }
}

/* What a cut message says, the whole one says too. */
static void assert_part_of(const mstun_facts_t *part, const mstun_facts_t *whole)
{
    g_assert_cmphex(part->has & ~whole->has & ~(MSTUN_HAS_UNREADABLE_ATTRIBUTE | MSTUN_HAS_TRUNCATION), ==, 0);
    g_assert_true(part->username.len == 0 || part->username.len == whole->username.len);
    g_assert_true(part->mapped.family == 0 || memcmp(&part->mapped, &whole->mapped, sizeof part->mapped) == 0);
    g_assert_true(part->priority == 0 || part->priority == whole->priority);
    g_assert_true(part->fingerprint_offset == 0 || part->fingerprint == whole->fingerprint);
}

/* By the capture: the rest is on the wire. By the sender: there is no more. */
static void check_cut(const unit_bytes_t *message, const mstun_facts_t *whole, uint32_t len, bool by_capture)
{
    tvbuff_t *tvb = unit_tvb(message->bytes, len, by_capture ? message->len : len);
    mstun_facts_t facts = { 0 };

    if (len < STUN_HEADER_LEN) {
        g_assert_false(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &facts));
        g_assert_null(facts.id);
    } else {
        bool shorter_than_it_says = STUN_HEADER_LEN + (uint32_t)whole->length > tvb_reported_length(tvb);

        g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &facts));
        g_assert_cmpuint(facts.length, ==, whole->length);
        g_assert_true((facts.has & MSTUN_HAS_UNREADABLE_ATTRIBUTE) || shorter_than_it_says || len == message->len);
        assert_part_of(&facts, whole);
        mstun_fingerprint_verify(tvb, &facts);
        g_assert_nonnull(mstun_message_summary(wmem_file_scope(), &facts));
    }
    tvb_free(tvb);
}

static void check_cuts(const unit_bytes_t *message)
{
    tvbuff_t *tvb = tvb_new_real_data(message->bytes, message->len, (int)message->len);
    mstun_facts_t whole;

    g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &whole));
    for (uint32_t len = 0; len <= message->len; len++) {
        check_cut(message, &whole, len, true);
        check_cut(message, &whole, len, false);
    }
    tvb_free(tvb);
}

static void test_cut(void)
{
    for (unsigned i = 0; i < array_length(published); i++) {
        unit_bytes_t message = unit_vector(published[i], 0);

        g_test_message("%s", published[i]);
        check_cuts(&message);
    }
    unit_bytes_t ms_turn = unit_vector("ms-turn-sha256", 0);

    check_cuts(&ms_turn);
}

/* Each byte of a message, with each of its bits: nothing is read that is not there. */
static void test_flipped(void)
{
    for (unsigned i = 0; i < array_length(published); i++) {
        unit_bytes_t message = unit_vector(published[i], 0);

        for (unsigned bit = 0; bit < message.len * 8; bit++) {
            tvbuff_t *tvb;
            mstun_facts_t facts;

            message.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            tvb = parse(&message, &facts);
            mstun_fingerprint_verify(tvb, &facts);
            g_assert_nonnull(mstun_message_summary(wmem_file_scope(), &facts));
            tvb_free(tvb);
            message.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

/* [MS-TURN] 2.2: no padding, other names for some types, and a Data Indication with the bits of an error. */
static void test_ms_turn(void)
{
    unit_bytes_t message = unit_hex("0115 0000 00010203 0405060708090A0B0C0D0E0F 000F0004 72C64BC6"
                                    "0012 0008 0001 C37C C6336463 0013 0003 'abc'");
    mstun_facts_t facts;

    message.bytes[3] = (uint8_t)(message.len - STUN_HEADER_LEN);
    tvbuff_t *tvb = parse(&message, &facts);

    g_assert_cmpint(facts.dialect, ==, MSTUN_DIALECT_MS_TURN);
    g_assert_cmpint(facts.class, ==, STUN_INDICATION);
    g_assert_false(facts.padded);
    assert_endpoint(&facts.peer, MSTUN_FAMILY_IPV4, "C6336463", 50044); /* not XORed */
    assert_text(&facts.data, "abc");
    g_assert_true(facts.has & MSTUN_HAS_MS_ATTRIBUTE);
    tvb_free(tvb);
}

static void test_summary(void)
{
    unit_bytes_t message = unit_hex("0113 0000 " COOKIE "0009 0010 00000401 'Unauthorized' 0014 0003 'org' 00");
    mstun_facts_t facts;

    message.bytes[3] = (uint8_t)(message.len - STUN_HEADER_LEN);
    tvbuff_t *tvb = parse(&message, &facts);

    g_assert_cmpuint(facts.error_code, ==, 401);
    g_assert_cmpstr(mstun_message_summary(wmem_file_scope(), &facts), ==,
                    "Allocate Error Response 401 Unauthorized realm: org");
    tvb_free(tvb);
}

void unit_add_message(void)
{
    g_test_add_func("/message/request", test_request);
    g_test_add_func("/message/responses", test_responses);
    g_test_add_func("/message/credentials", test_credentials);
    g_test_add_func("/message/fingerprint", test_fingerprint);
    g_test_add_func("/message/ms_turn", test_ms_turn);
    g_test_add_func("/message/broken", test_broken);
    g_test_add_func("/message/two_relays", test_two_relays);
    g_test_add_func("/message/cut", test_cut);
    g_test_add_func("/message/flipped", test_flipped);
    g_test_add_func("/message/summary", test_summary);
}
