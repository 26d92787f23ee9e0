/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * framing/: where units begin and end, what bytes prove and what they do not; each also cut at every byte. */
#include "unit.h"

#include "framing/dtls.h"
#include "framing/framing.h"
#include "framing/prefilter.h"
#include "framing/rfc3489.h"
#include "wire/header.h"

#define COOKIE "2112A442"
#define ID "000102030405060708090A0B"
#define INDICATION "0011 0000" COOKIE ID        /* the shortest message */
#define CHECK "0001 0004" COOKIE ID "0025 0000" /* with USE-CANDIDATE */
#define MS_MESSAGE "0003 0008" COOKIE ID "000F0004 72C64BC6"
#define GOOGLE "0001 0008 00112233" ID "000F0004 72C64BC6" /* its relay: MS-TURN's cookie alone */
#define RFC3489 "0101 000C 00112233" ID "0001 0008 0001 1388 C0000201"
#define RTP "80 7F 0001 00000002 00000003 'data'"
#define RTCP "80 C9 0001 0A0B0C0D"
#define DTLS "16 FEFD 0000"
#define RECORD "17 FEFD 0001 000000000001 0002 'ok'"
#define GARBAGE "B5 3A 00 01 C7 99 5E"

#define STUN MSTUN_FRAMING_STUN
#define FRAMED MSTUN_FRAMING_RFC4571
#define MS MSTUN_FRAMING_MS_TURN
#define OLD MSTUN_FRAMING_RFC3489
#define UNKNOWN MSTUN_FRAMING_UNKNOWN

typedef struct {
    mstun_framing_t framing;
    const char *hex;
    mstun_unit_result_t result;
    mstun_unit_t unit; /* if FOUND */
} unit_row_t;

static const unit_row_t unit_rows[] = {
    { STUN, INDICATION, MSTUN_UNIT_FOUND, { MSTUN_UNIT_STUN, 0, 20, 0 } },
    { STUN, CHECK, MSTUN_UNIT_FOUND, { MSTUN_UNIT_STUN, 0, 24, 0 } },
    { STUN, GOOGLE, MSTUN_UNIT_FOUND, { MSTUN_UNIT_STUN, 0, 28, 0 } },
    { STUN, RFC3489, MSTUN_UNIT_LOST, { 0 } },
    { OLD, RFC3489, MSTUN_UNIT_FOUND, { MSTUN_UNIT_STUN, 0, 32, 0 } },
    { STUN, "4001 0005 'hello' 000000", MSTUN_UNIT_FOUND, { MSTUN_UNIT_CHANNEL_DATA, 4, 5, 3 } },
    { STUN, "4001 0004 'four'", MSTUN_UNIT_FOUND, { MSTUN_UNIT_CHANNEL_DATA, 4, 4, 0 } },
    { STUN, "7FFF 0000", MSTUN_UNIT_FOUND, { MSTUN_UNIT_CHANNEL_DATA, 4, 0, 0 } },
    { STUN, "8001 0000", MSTUN_UNIT_LOST, { 0 } },
    { STUN, "0011 0000 2112A443" ID, MSTUN_UNIT_LOST, { 0 } },
    { STUN, "", MSTUN_UNIT_MORE, { 0 } },
    { FRAMED, "0000", MSTUN_UNIT_FOUND, { MSTUN_UNIT_PACKET, 2, 0, 0 } },
    { FRAMED, "FFFF 00", MSTUN_UNIT_FOUND, { MSTUN_UNIT_PACKET, 2, 65535, 0 } },
    { FRAMED, "00", MSTUN_UNIT_MORE, { 0 } },
    { MS, "02 00 001C" MS_MESSAGE, MSTUN_UNIT_FOUND, { MSTUN_UNIT_MS_CONTROL, 4, 28, 0 } },
    { MS, "03 00 0003 'abc'", MSTUN_UNIT_FOUND, { MSTUN_UNIT_MS_DATA, 4, 3, 0 } },
    { MS, "03 01 0003 'abc'", MSTUN_UNIT_LOST, { 0 } },
    { MS, "04 00 0003 'abc'", MSTUN_UNIT_LOST, { 0 } },
    { MS, "FF10 0010 DEAA2967 08F708FC" RTCP, MSTUN_UNIT_FOUND, { MSTUN_UNIT_MULTIPLEXED, 12, 8, 0 } },
    { MS, "FF10 0007", MSTUN_UNIT_LOST, { 0 } }, /* shorter than its own header */
    { MS, "FF11 0010", MSTUN_UNIT_LOST, { 0 } },
    { UNKNOWN, CHECK, MSTUN_UNIT_LOST, { 0 } },
    { MSTUN_FRAMING_RELAYED, CHECK, MSTUN_UNIT_LOST, { 0 } },
};

static void test_unit(void)
{
    for (unsigned i = 0; i < array_length(unit_rows); i++) {
        const unit_row_t *row = &unit_rows[i];
        unit_bytes_t bytes = unit_hex(row->hex);
        mstun_unit_t unit;

        g_test_message("framing %u: %s", row->framing, row->hex);
        g_assert_cmpint(mstun_unit_at(row->framing, unit_guarded(bytes.bytes, bytes.len), bytes.len, &unit), ==,
                        row->result);
        if (row->result == MSTUN_UNIT_FOUND) {
            g_assert_cmpint(unit.kind, ==, row->unit.kind);
            g_assert_cmpuint(unit.header_len, ==, row->unit.header_len);
            g_assert_cmpuint(unit.payload_len, ==, row->unit.payload_len);
            g_assert_cmpuint(unit.padding, ==, row->unit.padding);
        }
    }
}

/* The first bytes of a unit give the same length as all of it, or none yet; they are never none. */
static void test_unit_cut(void)
{
    for (unsigned i = 0; i < array_length(unit_rows); i++) {
        const unit_row_t *row = &unit_rows[i];
        unit_bytes_t bytes = unit_hex(row->hex);

        for (uint32_t len = 0; row->result == MSTUN_UNIT_FOUND && len < bytes.len; len++) {
            mstun_unit_t unit;
            mstun_unit_result_t result = mstun_unit_at(row->framing, unit_guarded(bytes.bytes, len), len, &unit);

            g_assert_true(result == MSTUN_UNIT_MORE || result == MSTUN_UNIT_FOUND);
            g_assert_true(result == MSTUN_UNIT_MORE || mstun_unit_len(&unit) == mstun_unit_len(&row->unit));
        }
    }
}

static void test_dtls_counted_padding(void)
{
    static const struct {
        const char *hex;
        uint32_t padding;
    } rows[] = {
        { RECORD, 0 },
        { RECORD "00", 1 },
        { RECORD "000000", 3 },
        { RECORD RECORD "0000", 2 },
        { RECORD "00000000", 0 },                         /* never so many */
        { RECORD "000001", 0 },                           /* something else */
        { "17 FEFD 0001 000000000001 0005 01020304", 0 }, /* a record that is not whole */
        { "000000", 3 },
        { "", 0 },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t packet = unit_hex(rows[i].hex);

        g_test_message("%s", rows[i].hex);
        g_assert_cmpuint(mstun_dtls_counted_padding(unit_guarded(packet.bytes, packet.len), packet.len, packet.len), ==,
                         rows[i].padding);
        g_assert_cmpuint(mstun_dtls_counted_padding(packet.bytes, packet.len, packet.len + 1), ==, 0); /* cut */
    }
}

static void test_packet_class(void)
{
    static const struct {
        const char *hex;
        mstun_packet_t class;
    } rows[] = {
        { CHECK, MSTUN_PACKET_STUN },
        { GOOGLE, MSTUN_PACKET_STUN },
        { RFC3489, MSTUN_PACKET_STUN },
        { "0001 0000 00112233" ID, MSTUN_PACKET_UNKNOWN }, /* nothing speaks for it */
        { RTP, MSTUN_PACKET_RTP },
        { RTCP, MSTUN_PACKET_RTCP },
        { RTCP RTCP, MSTUN_PACKET_RTCP },
        { "80 C9 0001 0A0B0C0D 80000001 00112233", MSTUN_PACKET_SRTCP },
        { "80 C9 0007 0A0B0C0D", MSTUN_PACKET_UNKNOWN }, /* longer than it is */
        { "80 C9", MSTUN_PACKET_UNKNOWN },
        { "80 7F 0001", MSTUN_PACKET_UNKNOWN },
        { DTLS, MSTUN_PACKET_DTLS },
        { "16 0301 0000", MSTUN_PACKET_UNKNOWN }, /* TLS is no datagram's */
        { "4001 0003 'abc'", MSTUN_PACKET_CHANNEL_DATA },
        { "4001 0003 'abc' 00", MSTUN_PACKET_CHANNEL_DATA },
        { "4001 0003 'ab'", MSTUN_PACKET_UNKNOWN },
        { "4001 0003 'abc' 0000000000", MSTUN_PACKET_UNKNOWN },
        { "FF10 0010 DEAA2967 08F708FC" RTCP, MSTUN_PACKET_MULTIPLEXED },
        { "FF10 0011 DEAA2967 08F708FC" RTCP, MSTUN_PACKET_UNKNOWN },
        { "F0 00 00 00", MSTUN_PACKET_UNKNOWN },
        { "", MSTUN_PACKET_UNKNOWN },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t packet = unit_hex(rows[i].hex);

        g_test_message("%s", rows[i].hex);
        g_assert_cmpint(mstun_packet_class(unit_guarded(packet.bytes, packet.len), packet.len, packet.len), ==,
                        rows[i].class);
        for (uint32_t captured = 0; captured < packet.len; captured++) {
            mstun_packet_class(unit_guarded(packet.bytes, captured), captured, packet.len);
        }
    }
}

/* [MS-TURN] 2.1.1 and 2.1.2: what may vary is written as 00 here. */
#define CLIENT_HELLO                                                                                                   \
    "16 0301 002D 01 000029 0301"                                                                                      \
    "00000000 00000000000000000000000000000000000000000000000000000000 00 0002 0018 01 00"
#define SERVER_HELLO                                                                                                   \
    "16 0301 004E 02 000046 0301"                                                                                      \
    "00000000 00000000000000000000000000000000000000000000000000000000"                                                \
    "20 0000000000000000000000000000000000000000000000000000000000000000 0018 00 0E 000000"

static void test_pseudo_tls(void)
{
    static const struct {
        const char *hex;
        mstun_pseudo_tls_kind_t kind;
        uint32_t fixed_from_end; /* bytes at the end that must be as they are */
    } rows[] = { { CLIENT_HELLO, MSTUN_HELLO_CLIENT, 7 }, { SERVER_HELLO, MSTUN_HELLO_SERVER, 7 } };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t hello = unit_hex(rows[i].hex);

        g_assert_cmpuint(mstun_pseudo_tls_len(rows[i].kind), ==, hello.len);
        g_assert_nonnull(mstun_pseudo_tls_name(rows[i].kind));
        for (uint32_t len = 0; len <= hello.len; len++) { /* 16 03 01 00 and the length tell the two apart */
            mstun_pseudo_tls_kind_t kind = mstun_pseudo_tls_hello(unit_guarded(hello.bytes, len), len);

            g_assert_cmpint(kind, ==, len < 5 ? MSTUN_HELLO_NONE : rows[i].kind);
        }
        for (uint32_t at = 0; at < hello.len; at++) {
            bool fixed = at < 11 || at >= hello.len - rows[i].fixed_from_end;

            hello.bytes[at] ^= 0x40;
            g_assert_cmpint(mstun_pseudo_tls_hello(hello.bytes, hello.len), ==,
                            fixed ? MSTUN_HELLO_NONE : rows[i].kind);
            hello.bytes[at] ^= 0x40;
        }
        g_assert_false(mstun_is_tls_record(hello.bytes, hello.len));
    }
    unit_bytes_t alert = unit_hex("15 0303 0002 0228");

    g_assert_true(mstun_is_tls_record(alert.bytes, alert.len));
    g_assert_null(mstun_pseudo_tls_name(MSTUN_HELLO_NONE));
    g_assert_cmpuint(mstun_pseudo_tls_len(MSTUN_HELLO_NONE), ==, 0);
}

static void test_rfc3489(void)
{
    static const struct {
        const char *hex;
        bool fits, is_message;
    } rows[] = {
        { RFC3489, true, true },
        { "0001 0008 00112233" ID "0003 0004 00000006", true, true },            /* CHANGE-REQUEST */
        { "0001 0000 00112233" ID, true, false },                                /* nothing but its header */
        { "0001 0008 00112233" ID "0003 0005 00000006", true, false },           /* an attribute beyond the message */
        { "0001 0008 00112233" ID "7003 0004 00000006", true, false },           /* that nobody knows */
        { "0001 0008 00112233" ID "8022 0004 'name'", true, false },             /* that RFC 3489 does not know */
        { "0101 000C 00112233" ID "0001 0008 0003 1388 C0000201", true, false }, /* a family that there is not */
        { "0001 0004 00112233" ID, false, false },
        { CHECK, false, false }, /* has a cookie */
        { "0011 0008 00112233" ID "0003 0004 00000006", false, false },
        { "000A 0008 00112233" ID "0003 0004 00000006", false, false },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t message = unit_hex(rows[i].hex);
        uint32_t len = message.len;

        g_test_message("%s", rows[i].hex);
        g_assert_cmpint(mstun_rfc3489_fits(unit_guarded(message.bytes, len), len, len), ==, rows[i].fits);
        g_assert_cmpint(mstun_rfc3489_is_message(unit_guarded(message.bytes, len), len, len), ==, rows[i].is_message);
        for (uint32_t cut = 0; cut < len; cut++) {
            const uint8_t *bytes = unit_guarded(message.bytes, cut);

            g_assert_false(mstun_rfc3489_is_message(bytes, cut, len) || mstun_rfc3489_is_message(bytes, cut, cut));
            g_assert_false(mstun_rfc3489_fits(bytes, cut, cut));
        }
    }
}

typedef struct {
    const char *what;
    const char *hex;
    mstun_framing_t framing;    /* where a connection may be claimed at once */
    mstun_framing_t with_owner; /* where it has another owner: MSTUN_CONFIDENCE_FULL */
} detect_row_t;

static const detect_row_t detect_rows[] = {
    { "a check", CHECK, STUN, STUN },
    { "a message without attributes", INDICATION, STUN, UNKNOWN },
    { "an unknown type", "0ABC 0000" COOKIE ID, STUN, UNKNOWN },
    { "a check, and the beginning of another", CHECK "0001 0004", STUN, STUN },
    { "longer than the segment", "0001 0010" COOKIE ID "0025 0000 0024", STUN, UNKNOWN },
    { "longer, and no multiple of 4", "0001 0011" COOKIE ID "0025 0000 0024", UNKNOWN, UNKNOWN },
    { "longer, of an unknown type", "0ABC 0010" COOKIE ID "0025 0000 0024", UNKNOWN, UNKNOWN },
    { "Google's relay", GOOGLE, STUN, STUN },
    { "ChannelData with a check", "4001 0018" CHECK, STUN, STUN },
    { "ChannelData with anything else", "4001 0018 'GET / HTTP/1.1 GET / HTT'", UNKNOWN, UNKNOWN },
    { "a check in a frame", "0018" CHECK, FRAMED, FRAMED },
    { "in a frame of another length", "0019" CHECK, FRAMED, UNKNOWN },
    { "media, then a check", "0010" RTP "0018" CHECK, FRAMED, FRAMED },
    { "nothing but media", "0010" RTP "0010" RTP, UNKNOWN, UNKNOWN },
    { "MS-TURN", "02 00 001C" MS_MESSAGE, MS, MS },
    { "MS-TURN with another length", "02 00 001D" MS_MESSAGE, UNKNOWN, UNKNOWN },
    { "MS-TURN's data with a check", "03 00 0018" CHECK, MS, MS },
    { "MS-TURN's data with a check in a frame", "03 00 001A 0018" CHECK, MS, MS },
    { "pseudo-TLS", CLIENT_HELLO, MS, MS },
    { "RFC 3489", RFC3489, OLD, OLD },
    { "HTTP", "'GET / HTTP/1.1' 0D0A 'Host: example.org' 0D0A", UNKNOWN, UNKNOWN },
    { "TLS", "16 0301 0200 01 0001FC 0303 00000000 00000000 00000000 00000000", UNKNOWN, UNKNOWN },
    { "zeros", "00000000 00000000 00000000 00000000 00000000 00000000", UNKNOWN, UNKNOWN },
};

static bool detect_possible(const unit_bytes_t *segment)
{
    return mstun_detect_possible(pntohu64(segment->bytes));
}

static void test_detect(void)
{
    for (unsigned i = 0; i < array_length(detect_rows); i++) {
        const detect_row_t *row = &detect_rows[i];
        unit_bytes_t segment = unit_hex(row->hex);
        const uint8_t *bytes = unit_guarded(segment.bytes, segment.len);

        g_test_message("%s: %s", row->what, row->hex);
        g_assert_cmpint(mstun_detect(bytes, segment.len, segment.len, MSTUN_CONFIDENCE_HEADER), ==, row->framing);
        g_assert_cmpint(mstun_detect(bytes, segment.len, segment.len, MSTUN_CONFIDENCE_FULL), ==, row->with_owner);
        g_assert_true(row->framing == UNKNOWN || detect_possible(&segment));
    }
}

/* Fewer bytes prove the same framing or none: by the capture, and by the sender. */
static void test_detect_cut(void)
{
    for (unsigned i = 0; i < array_length(detect_rows); i++) {
        const detect_row_t *row = &detect_rows[i];
        unit_bytes_t segment = unit_hex(row->hex);

        g_test_message("%s: %s", row->what, row->hex);
        for (uint32_t len = 0; len < segment.len && row->framing != UNKNOWN; len++) {
            const uint8_t *bytes = unit_guarded(segment.bytes, len);

            for (mstun_confidence_t confidence = MSTUN_CONFIDENCE_HEADER; confidence <= MSTUN_CONFIDENCE_FULL;
                 confidence++) {
                mstun_framing_t cut_off = mstun_detect(bytes, len, segment.len, confidence);
                mstun_framing_t sent = mstun_detect(bytes, len, len, confidence);

                g_assert_true(cut_off == UNKNOWN || cut_off == row->framing);
                g_assert_true(sent == UNKNOWN || sent == row->framing);
            }
        }
    }
}

/* What the quick look at a segment refuses, nothing behind it would take. */
static void test_detect_possible(void)
{
    uint32_t state = 2;

    for (unsigned run = 0; run < 200000; run++) {
        unit_bytes_t segment = unit_hex(detect_rows[unit_random(&state) % array_length(detect_rows)].hex);

        for (unsigned changes = unit_random(&state) % 4; changes > 0; changes--) {
            segment.bytes[unit_random(&state) % MIN(segment.len, 12)] = (uint8_t)unit_random(&state);
        }
        if (segment.len >= STUN_HEADER_LEN && !detect_possible(&segment)) {
            g_assert_cmpint(mstun_detect(segment.bytes, segment.len, segment.len, MSTUN_CONFIDENCE_HEADER), ==,
                            UNKNOWN);
            g_assert_cmpint(mstun_pseudo_tls_hello(segment.bytes, segment.len), ==, MSTUN_HELLO_NONE);
        }
    }
}

static void test_detect_prefix(void)
{
    /* Two are the beginning of libnice's 487, whose length is no multiple of 4. */
    static const char *const ours[] = { CHECK, INDICATION, "0111 0035 2112a442 3b383c0b304c4472bc656c42",
                                        "0049 0111 0035 2112a442 3b383c0b304c4472bc656c42", "0018" CHECK };
    static const char *const others[] = { "'GET / HTTP'",  "16 0301 0200",   "'SSH-2.0'",           "80 46 01",
                                          "0001 0003",     "0101 0035 2112", "0048 0101 0035 2112", "0001 0004 2113",
                                          "0048 0001 0035" };

    for (unsigned i = 0; i < array_length(ours); i++) {
        unit_bytes_t bytes = unit_hex(ours[i]);
        uint32_t header = i < 3 ? STUN_HEADER_LEN : STUN_HEADER_LEN + RFC4571_HEADER_LEN;

        for (uint32_t len = 1; len < header; len++) {
            g_assert_true(mstun_detect_prefix(unit_guarded(bytes.bytes, len), len));
        }
        g_assert_false(mstun_detect_prefix(bytes.bytes, 0));
        g_assert_false(mstun_detect_prefix(bytes.bytes, 22));
    }
    for (unsigned i = 0; i < array_length(others); i++) {
        unit_bytes_t bytes = unit_hex(others[i]);

        g_test_message("%s", others[i]);
        g_assert_false(mstun_detect_prefix(unit_guarded(bytes.bytes, bytes.len), bytes.len));
    }
}

static void test_detect_relayed(void)
{
    static const struct {
        const char *hex;
        mstun_framing_t framing, at_beginning;
    } rows[] = {
        { "0018" CHECK, FRAMED, FRAMED },
        { CHECK, STUN, STUN },
        { "0010" RTP "0008" RTCP, FRAMED, FRAMED },    /* media to the end */
        { "0020" RTP, MSTUN_FRAMING_RELAYED, FRAMED }, /* the frame goes on in the next segment */
        { "0004 'abcd'", MSTUN_FRAMING_RELAYED, MSTUN_FRAMING_RELAYED },
        { "'GET / HTTP/1.1 '", MSTUN_FRAMING_RELAYED, MSTUN_FRAMING_RELAYED },
        { "00", MSTUN_FRAMING_RELAYED, MSTUN_FRAMING_RELAYED },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t bytes = unit_hex(rows[i].hex);
        const uint8_t *guarded = unit_guarded(bytes.bytes, bytes.len);

        g_test_message("%s", rows[i].hex);
        g_assert_cmpint(mstun_detect_relayed(guarded, bytes.len, bytes.len, false), ==, rows[i].framing);
        g_assert_cmpint(mstun_detect_relayed(guarded, bytes.len, bytes.len, true), ==, rows[i].at_beginning);
    }
}

typedef struct {
    mstun_framing_t framing;
    const char *unit; /* one that is certain wherever it lies */
} resync_row_t;

static const resync_row_t resync_rows[] = {
    { STUN, CHECK },  { STUN, "4001 0018" CHECK }, { FRAMED, "0018" CHECK }, { MS, "02 00 001C" MS_MESSAGE },
    { OLD, RFC3489 },
};

/* Garbage of every length, then a unit: found, and nothing before it. */
static void test_resync(void)
{
    for (unsigned i = 0; i < array_length(resync_rows); i++) {
        unit_bytes_t unit = unit_hex(resync_rows[i].unit);
        uint32_t state = 3;

        g_test_message("framing %u: %s", resync_rows[i].framing, resync_rows[i].unit);
        for (uint32_t garbage_len = 0; garbage_len < 70; garbage_len++) {
            unit_bytes_t garbage = { .len = garbage_len };

            for (uint32_t at = 0; at < garbage_len; at++) {
                garbage.bytes[at] = (uint8_t)(0x80 | unit_random(&state)); /* no framing's header */
            }
            unit_bytes_t bytes = unit_join(&garbage, &unit);
            const uint8_t *guarded = unit_guarded(bytes.bytes, bytes.len);

            g_assert_cmpuint(mstun_resync(resync_rows[i].framing, guarded, bytes.len, bytes.len, 0), ==, garbage_len);
            g_assert_cmpuint(mstun_resync(resync_rows[i].framing, guarded, bytes.len, bytes.len, garbage_len + 1), >,
                             garbage_len);
        }
    }
}

/* The segment ends in the unit's header: the next one is needed to tell, and what must be kept begins with the unit. */
static void test_resync_tail(void)
{
    for (unsigned i = 0; i + 1 < array_length(resync_rows); i++) { /* RFC 3489 has no header to know it by */
        unit_bytes_t garbage = unit_hex("B5 9A 8C 81 C7 99 DE"), unit = unit_hex(resync_rows[i].unit);
        unit_bytes_t bytes = unit_join(&garbage, &unit);

        if (resync_rows[i].framing == STUN && unit.bytes[0] == 0x40) {
            continue; /* ChannelData is certain by what is in it */
        }
        g_test_message("framing %u: %s", resync_rows[i].framing, resync_rows[i].unit);
        for (uint32_t len = garbage.len + 1; len < garbage.len + STUN_HEADER_LEN; len++) {
            g_assert_cmpuint(mstun_resync_tail(resync_rows[i].framing, unit_guarded(bytes.bytes, len), len, 0), ==,
                             garbage.len);
        }
        g_assert_cmpuint(mstun_resync_tail(resync_rows[i].framing, garbage.bytes, garbage.len, 0), ==,
                         MSTUN_OFFSET_NONE);
    }
    g_assert_cmpuint(mstun_resync_tail(UNKNOWN, unit_hex(CHECK).bytes, 10, 0), ==, MSTUN_OFFSET_NONE);
}

/* Any bytes, any framing: found or not, an offset lies in the bytes, and nothing is read that is not there. */
static void test_anything(void)
{
    uint32_t state = 4;

    for (unsigned run = 0; run < 20000; run++) {
        const detect_row_t *first = &detect_rows[unit_random(&state) % array_length(detect_rows)];
        const detect_row_t *second = &detect_rows[unit_random(&state) % array_length(detect_rows)];
        unit_bytes_t one = unit_hex(first->hex), other = unit_hex(second->hex), bytes = unit_join(&one, &other);
        mstun_framing_t framing = (mstun_framing_t)(unit_random(&state) % (MSTUN_FRAMING_RFC3489 + 1));
        uint32_t captured = unit_random(&state) % (bytes.len + 1), from = captured ? unit_random(&state) % captured : 0;

        bytes.bytes[unit_random(&state) % bytes.len] = (uint8_t)unit_random(&state);
        const uint8_t *guarded = unit_guarded(bytes.bytes, captured);
        uint32_t found = mstun_resync(framing, guarded, captured, bytes.len, from);
        uint32_t tail = mstun_resync_tail(framing, guarded, captured, from);
        mstun_unit_t unit;

        g_assert_true(found == MSTUN_OFFSET_NONE || (found >= from && found < captured));
        g_assert_true(tail == MSTUN_OFFSET_NONE || (tail >= from && tail < captured && captured - tail < 32));
        mstun_detect(guarded, captured, bytes.len, MSTUN_CONFIDENCE_HEADER);
        mstun_detect_inside(guarded, captured, bytes.len);
        mstun_looks_like_ms_turn(guarded, captured, bytes.len);
        if (mstun_unit_at(framing, guarded, captured, &unit) == MSTUN_UNIT_FOUND) {
            mstun_unit_is_unconfirmed(&unit, guarded, captured, bytes.len);
            mstun_unit_contains_other_start(framing, &unit, guarded, captured, bytes.len);
        }
    }
}

/* A capture that joins a connection in the middle. */
static void test_detect_inside(void)
{
    static const struct {
        const char *hex;
        mstun_framing_t framing;
    } rows[] = {
        { GARBAGE CHECK, STUN },
        { GARBAGE "0018" CHECK, FRAMED },
        { GARBAGE "0018" CHECK "0018" CHECK "0010" RTP, FRAMED },
        { GARBAGE "02 00 001C" MS_MESSAGE, MS },
        { GARBAGE CHECK GARBAGE, UNKNOWN }, /* what follows it is no unit */
        { GARBAGE RFC3489, UNKNOWN },
        { GARBAGE GARBAGE, UNKNOWN },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t bytes = unit_hex(rows[i].hex);

        g_test_message("%s", rows[i].hex);
        g_assert_cmpint(mstun_detect_inside(unit_guarded(bytes.bytes, bytes.len), bytes.len, bytes.len), ==,
                        rows[i].framing);
    }
}

static void test_unconfirmed(void)
{
    static const struct {
        mstun_framing_t framing;
        const char *hex;
        bool unconfirmed, contains_other;
    } rows[] = {
        { STUN, CHECK, false, false },
        { FRAMED, "0018" CHECK, false, false },
        { FRAMED, "0010" RTP, false, false },
        { FRAMED, "0004 'abcd'", true, false },
        { FRAMED, "001C F0F1 0018" CHECK, true, true }, /* a frame of garbage over a frame */
        { STUN, "4001 0004 'abcd'", true, false },
        { STUN, "4001 0010" RTP, false, false },
        { STUN, "4001 001C 'abcd'" CHECK, true, true },
        { MS, "03 00 0003 'abc'", false, false },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        unit_bytes_t bytes = unit_hex(rows[i].hex);
        const uint8_t *guarded = unit_guarded(bytes.bytes, bytes.len);
        mstun_unit_t unit;

        g_test_message("framing %u: %s", rows[i].framing, rows[i].hex);
        g_assert_cmpint(mstun_unit_at(rows[i].framing, guarded, bytes.len, &unit), ==, MSTUN_UNIT_FOUND);
        g_assert_cmpint(mstun_unit_is_unconfirmed(&unit, guarded, bytes.len, bytes.len), ==, rows[i].unconfirmed);
        g_assert_cmpint(mstun_unit_contains_other_start(rows[i].framing, &unit, guarded, bytes.len, bytes.len), ==,
                        rows[i].contains_other);
    }
}

void unit_add_framing(void)
{
    g_test_add_func("/framing/unit", test_unit);
    g_test_add_func("/framing/unit_cut", test_unit_cut);
    g_test_add_func("/framing/dtls_counted_padding", test_dtls_counted_padding);
    g_test_add_func("/framing/packet_class", test_packet_class);
    g_test_add_func("/framing/pseudo_tls", test_pseudo_tls);
    g_test_add_func("/framing/rfc3489", test_rfc3489);
    g_test_add_func("/framing/detect", test_detect);
    g_test_add_func("/framing/detect_cut", test_detect_cut);
    g_test_add_func("/framing/detect_possible", test_detect_possible);
    g_test_add_func("/framing/detect_prefix", test_detect_prefix);
    g_test_add_func("/framing/detect_relayed", test_detect_relayed);
    g_test_add_func("/framing/detect_inside", test_detect_inside);
    g_test_add_func("/framing/resync", test_resync);
    g_test_add_func("/framing/resync_tail", test_resync_tail);
    g_test_add_func("/framing/unconfirmed", test_unconfirmed);
    g_test_add_func("/framing/anything", test_anything);
}
