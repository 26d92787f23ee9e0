/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diagnose/: what is found in short captures by hand. Their messages go through message/, conversation/, turn/ and ice/
 * as those of a file do. */
#include "unit.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/tcp_state.h"
#include "diagnose/capture.h"
#include "diagnose/diagnose.h"
#include "ice/pair.h"
#include "message/message.h"
#include "turn/channel.h"
#include "wire/header.h"

/* ---- attributes ---- */

#define TRANSPORT_TCP "0019 0004 06000000 "
#define TRANSPORT_UDP "0019 0004 11000000 "
#define CREDENTIALS "0006 0003 'lab' 00 0014 0007 'example' 00 0015 0004 'once' "
#define OTHER_REALM "0006 0003 'lab' 00 0014 0005 'other' 000000 0015 0004 'once' "
#define EXPIRED_USER "0006 000c '100000000:al' 0014 0007 'example' 00 0015 0004 'once' "
#define CHALLENGE "0014 0007 'example' 00 0015 0004 'once' "
#define NEW_NONCE "0014 0007 'example' 00 0015 0004 'more' "
#define INTEGRITY "0008 0014 0000000000000000000000000000000000000000 "
#define SIGNED CREDENTIALS INTEGRITY
#define SIGNED_ANEW "0006 0003 'lab' 00 0014 0007 'example' 00 0015 0004 'more' " INTEGRITY
#define PEER "0012 0008 0001 329a e721c056 "       /* 198.51.100.20:5000 */
#define OTHER_PEER "0012 0008 0001 329b e721c056 " /* 198.51.100.20:5001 */
#define IPV6_PEER "0012 0014 0002 329a 0113a9fa 00000000 00000000 00000001 "
#define RELAYED "0016 0008 0001 e242 e112a643 " /* 192.0.2.1:50000 */
#define CHANNEL "000c 0004 40010000 "
#define LIFETIME "000d 0004 00000258 " /* 600 s */
#define NO_LIFETIME "000d 0004 00000000 "
#define CONNECTION_ID "002a 0004 00000007 "
#define ERROR(code) "0009 0004 0000 " code " "

/* ---- a capture ---- */

typedef struct {
    int64_t ms;
    char from; /* 'c' client, 's' server */
    uint16_t type;
    uint8_t id;
    const char *attributes;
} message_t;

#define MESSAGES_MAX 10

static struct tcp_analysis tcp;
static mstun_stream_t *stream;

static void open_file(void)
{
    unit_new_file();
    memset(&tcp, 0, sizeof tcp);
    tcp.conversation_completeness = TCP_SYN_SEEN | TCP_DATA_SEEN;
    unit_set_tcp(&tcp);
    stream = NULL;
}

/* As dissect/ does on the first visit. */
static void learn(mstun_event_t *event)
{
    stream->any_message = true;
    mstun_transaction_learn(event);
    mstun_allocation_learn(event);
    mstun_channel_learn(event);
    mstun_diagnose_learn(event);
    mstun_pair_learn(event);
}

static void play_message(const message_t *message)
{
    char *text = g_strdup_printf("%04x 0000 2112a442 0000000000000000000000%02x %s", message->type, message->id,
                                 message->attributes);
    unit_bytes_t bytes = unit_hex(text);
    packet_info pinfo = unit_packet(message->ms);
    mstun_facts_t facts;

    bytes.bytes[2] = (uint8_t)((bytes.len - STUN_HEADER_LEN) >> 8);
    bytes.bytes[3] = (uint8_t)(bytes.len - STUN_HEADER_LEN);
    if (message->from == 's') {
        address source = pinfo.src;
        uint32_t port = pinfo.srcport;

        pinfo.src = pinfo.dst;
        pinfo.dst = source;
        pinfo.srcport = pinfo.destport;
        pinfo.destport = port;
    }
    tcp.ts_prev = pinfo.abs_ts;
    stream = stream ? stream : mstun_stream_claim(&pinfo);
    tvbuff_t *tvb = unit_tvb(bytes.bytes, bytes.len, bytes.len);
    mstun_event_t event = { .pinfo = &pinfo,
                            .first_visit = true,
                            .stream = stream,
                            .direction = mstun_stream_direction(stream, &pinfo),
                            .position = pinfo.num * 1000,
                            .framing = MSTUN_FRAMING_STUN,
                            .facts = &facts };

    g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &facts));
    g_assert_false(facts.has & MSTUN_HAS_UNREADABLE_ATTRIBUTE);
    learn(&event);
    tvb_free(tvb);
    g_free(text);
}

/* "2:mstun.auth.challenge 4:mstun.auth.rejected!", with frames, and "!" where it is a warning. */
static char *found_by(int64_t end_ms)
{
    const nstime_t end = unit_time(end_ms);
    wmem_array_t *findings = mstun_findings_of_capture(&end);
    GString *found = g_string_new("");

    for (unsigned i = 0; i < wmem_array_get_count(findings); i++) {
        const mstun_finding_t *finding = (const mstun_finding_t *)wmem_array_index(findings, i);

        g_assert_null(strchr(finding->text, '{')); /* every place is filled */
        g_string_append_printf(found, "%s%u:%s%s", found->len ? " " : "", finding->subject.pos.frame,
                               mstun_finding_row(finding->id)->name + strlen("mstun."),
                               finding->severity >= PI_WARN ? "!" : "");
    }
    return g_string_free(found, FALSE);
}

/* Whether the text of any finding contains this. */
static bool is_said(int64_t end_ms, const char *words)
{
    const nstime_t end = unit_time(end_ms);
    wmem_array_t *findings = mstun_findings_of_capture(&end);
    bool said = false;

    for (unsigned i = 0; i < wmem_array_get_count(findings); i++) {
        said = said || strstr(((const mstun_finding_t *)wmem_array_index(findings, i))->text, words);
    }
    return said;
}

typedef struct {
    const char *what;
    message_t messages[MESSAGES_MAX];
    int64_t end_ms;
    const char *found; /* as found_by() */
    const char *words; /* in one of the texts; NULL: any */
} capture_t;

static void check_captures(const capture_t *captures, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const capture_t *capture = &captures[i];

        g_test_message("%s", capture->what);
        open_file();
        for (unsigned k = 0; k < MESSAGES_MAX && capture->messages[k].from; k++) {
            play_message(&capture->messages[k]);
        }
        char *found = found_by(capture->end_ms);

        g_assert_cmpstr(found, ==, capture->found);
        g_assert_true(!capture->words || is_said(capture->end_ms, capture->words));
        g_free(found);
    }
}

#define CHALLENGED                                                                                                     \
    { 0, 'c', 0x0003, 1, TRANSPORT_TCP },                                                                              \
    {                                                                                                                  \
        10, 's', 0x0113, 1, ERROR("0401") CHALLENGE                                                                    \
    }
#define ALLOCATED                                                                                                      \
    CHALLENGED, { 20, 'c', 0x0003, 2, TRANSPORT_TCP SIGNED },                                                          \
    {                                                                                                                  \
        30, 's', 0x0103, 2, RELAYED LIFETIME                                                                           \
    }

/* ---- requests.c ---- */

static const capture_t requests[] = {
    { "answered", { { 0, 'c', 0x0001, 1, "" }, { 10, 's', 0x0101, 1, "" } }, 90000, "", NULL },
    { "not answered", { { 0, 'c', 0x0001, 1, "" } }, 9000, "1:unanswered!", NULL },
    { "the capture ends too soon", { { 0, 'c', 0x0001, 1, "" } }, 4000, "1:pending", NULL },
    /* RFC 6062 section 5.2: the server waits for the peer */
    { "Connect", { ALLOCATED, { 40, 'c', 0x000A, 3, PEER SIGNED } }, 9000, "2:auth.challenge 5:pending", NULL },
    { "an unknown method", { { 0, 'c', 0x0801, 1, "" } }, 90000, "", NULL },
};

static void test_requests(void)
{
    check_captures(requests, array_length(requests));
}

/* ---- authentication.c ---- */

static const capture_t authentication[] = {
    { "challenge and credentials", { ALLOCATED }, 90000, "2:auth.challenge", NULL },
    { "challenge, and nothing follows", { CHALLENGED }, 90000, "2:auth.challenge 2:auth.no_credentials!", NULL },
    { "wrong password",
      { CHALLENGED, { 20, 'c', 0x0003, 2, TRANSPORT_TCP SIGNED }, { 30, 's', 0x0113, 2, ERROR("0401") CHALLENGE } },
      90000,
      "2:auth.challenge 4:auth.rejected!",
      NULL },
    { "another realm than the challenge's",
      { CHALLENGED,
        { 20, 'c', 0x0003, 2, TRANSPORT_TCP OTHER_REALM INTEGRITY },
        { 30, 's', 0x0113, 2, ERROR("0401") CHALLENGE } },
      90000,
      "2:auth.challenge 4:auth.rejected!",
      "other" },
    { "a user name whose time has passed",
      { CHALLENGED,
        { 200000000000, 'c', 0x0003, 2, TRANSPORT_TCP EXPIRED_USER INTEGRITY },
        { 200000000010, 's', 0x0113, 2, ERROR("0401") CHALLENGE } },
      200000090000,
      "2:auth.challenge 4:auth.rejected!",
      "1973" },
    { "a stale nonce, renewed",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, LIFETIME SIGNED },
        { 50, 's', 0x0114, 3, ERROR("0426") NEW_NONCE },
        { 60, 'c', 0x0004, 4, LIFETIME SIGNED },
        { 70, 's', 0x0104, 4, LIFETIME } },
      90000,
      "2:auth.challenge 4:turn.no_permission 6:auth.stale_nonce",
      NULL },
    { "the new nonce is refused",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, LIFETIME SIGNED },
        { 50, 's', 0x0114, 3, ERROR("0426") NEW_NONCE },
        { 60, 'c', 0x0004, 4, LIFETIME SIGNED_ANEW },
        { 70, 's', 0x0114, 4, ERROR("0426") CHALLENGE } },
      1000,
      "2:auth.challenge 6:auth.stale_nonce 8:auth.stale_nonce_again!",
      "just given" },
    { "the new nonce is accepted, and then too old",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, LIFETIME SIGNED },
        { 50, 's', 0x0114, 3, ERROR("0426") NEW_NONCE },
        { 60, 'c', 0x0004, 4, LIFETIME SIGNED_ANEW },
        { 70, 's', 0x0104, 4, LIFETIME },
        { 80, 'c', 0x0004, 5, LIFETIME SIGNED_ANEW },
        { 90, 's', 0x0114, 5, ERROR("0426") CHALLENGE } },
      1000,
      "2:auth.challenge 6:auth.stale_nonce 10:auth.stale_nonce",
      NULL },
    { "a stale nonce at the end",
      { ALLOCATED, { 40, 'c', 0x0004, 3, NO_LIFETIME SIGNED }, { 50, 's', 0x0114, 3, ERROR("0426") NEW_NONCE } },
      9000,
      "2:auth.challenge 6:auth.stale_nonce",
      "says goodbye" },
};

static void test_authentication(void)
{
    check_captures(authentication, array_length(authentication));
}

/* ---- errors.c ---- */

#define REFUSED(request, attributes, code)                                                                             \
    {                                                                                                                  \
        ALLOCATED, { 40, 'c', request, 3, attributes SIGNED },                                                         \
        {                                                                                                              \
            50, 's', (request) | 0x0110, 3, ERROR(code)                                                                \
        }                                                                                                              \
    }

static const capture_t errors[] = {
    { "CreatePermission without a peer", REFUSED(0x0008, "", "0400"), 90000, "2:auth.challenge 6:refused!",
      "no XOR-PEER-ADDRESS" },
    { "an unknown code", REFUSED(0x0008, PEER, "0463"), 90000, "2:auth.challenge 6:refused!", "499" },
    { "403 to a peer", REFUSED(0x000A, PEER, "0403"), 90000, "2:auth.challenge 6:turn.forbidden!", NULL },
    { "an IPv6 peer of an IPv4 relay", REFUSED(0x000A, IPV6_PEER, "042b"), 90000,
      "2:auth.challenge 6:turn.address_family!", "REQUESTED-ADDRESS-FAMILY IPv6" },
    { "486", REFUSED(0x0003, TRANSPORT_TCP, "0456"), 90000, "2:auth.challenge 6:turn.quota!", NULL },
    { "442 to TCP",
      { { 0, 'c', 0x0003, 1, TRANSPORT_TCP }, { 10, 's', 0x0113, 1, ERROR("042a") } },
      90000,
      "2:turn.no_tcp_relay!",
      NULL },
    { "442 to UDP",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 10, 's', 0x0113, 1, ERROR("042a") } },
      90000,
      "2:turn.no_udp_relay!",
      NULL },
    { "437 within the lifetime",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, LIFETIME SIGNED },
        { 50, 's', 0x0114, 3, ERROR("0425") },
        { 900000, 'c', 0x000A, 4, PEER SIGNED },
        { 900010, 's', 0x011A, 4, ERROR("0425") } },
      990000,
      "2:auth.challenge 6:turn.allocation_lost! 8:turn.allocation_mismatch!",
      "while 600 s of the lifetime granted in frame 4 were left" },
    { "437 after the lifetime",
      { ALLOCATED, { 700000, 'c', 0x0004, 3, LIFETIME SIGNED }, { 700010, 's', 0x0114, 3, ERROR("0425") } },
      790000,
      "2:auth.challenge 5:turn.allocation_expired! 6:turn.allocation_mismatch!",
      "had expired" },
    { "437 to a client that has deleted it",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, NO_LIFETIME SIGNED },
        { 50, 's', 0x0104, 3, NO_LIFETIME },
        { 60, 'c', 0x0004, 4, NO_LIFETIME SIGNED },
        { 70, 's', 0x0114, 4, ERROR("0425") } },
      9000,
      "2:auth.challenge 8:turn.allocation_mismatch",
      "deleted the allocation in frame 6" },
    { "437, and a success after it",
      { ALLOCATED,
        { 40, 'c', 0x0004, 3, LIFETIME SIGNED },
        { 50, 's', 0x0114, 3, ERROR("0425") },
        { 60, 'c', 0x0004, 4, LIFETIME SIGNED },
        { 70, 's', 0x0104, 4, LIFETIME } },
      9000,
      "2:auth.challenge 6:turn.allocation_mismatch",
      "another one may have answered" },
    { "437 to another user",
      { ALLOCATED, { 40, 'c', 0x0004, 3, LIFETIME OTHER_REALM INTEGRITY }, { 50, 's', 0x0114, 3, ERROR("0425") } },
      9000,
      "2:auth.challenge 6:turn.allocation_mismatch!",
      NULL },
    { "a success makes up for an error",
      { ALLOCATED,
        { 40, 'c', 0x0008, 3, PEER SIGNED },
        { 50, 's', 0x0118, 3, ERROR("0500") },
        { 60, 'c', 0x0008, 4, PEER SIGNED },
        { 70, 's', 0x0108, 4, "" } },
      9000,
      "2:auth.challenge 6:refused",
      NULL },
    { "a channel that has another peer",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0009, 2, CHANNEL PEER SIGNED },
        { 30, 's', 0x0109, 2, "" },
        { 40, 'c', 0x0009, 3, CHANNEL OTHER_PEER SIGNED },
        { 50, 's', 0x0119, 3, ERROR("0400") } },
      9000,
      "6:refused!",
      "since frame 4" },
};

static void test_errors(void)
{
    check_captures(errors, array_length(errors));
}

/* ---- turn.c ---- */

static const capture_t turn[] = {
    { "Send with a permission",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0008, 2, PEER SIGNED },
        { 30, 's', 0x0108, 2, "" },
        { 40, 'c', 0x0016, 3, PEER "0013 0004 00000000" } },
      9000,
      "",
      NULL },
    { "Send without one",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 40, 'c', 0x0016, 3, PEER "0013 0004 00000000" } },
      9000,
      "3:turn.permission_missing!",
      NULL },
    { "Send right behind CreatePermission, which had not been answered",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0008, 2, PEER SIGNED },
        { 21, 'c', 0x0016, 3, PEER "0013 0004 00000000" },
        { 30, 's', 0x0108, 2, "" } },
      9000,
      "",
      NULL },
    { "a connection that is not bound",
      { ALLOCATED, { 40, 'c', 0x000A, 3, PEER SIGNED }, { 50, 's', 0x010A, 3, CONNECTION_ID } },
      60000,
      "2:auth.challenge 6:turn.bind_missing!",
      NULL },
    /* RFC 6062 section 4.1: each kind of allocation has its own methods */
    { "ChannelBind on a TCP allocation",
      { ALLOCATED, { 40, 'c', 0x0009, 3, CHANNEL PEER SIGNED }, { 50, 's', 0x0119, 3, ERROR("0403") } },
      9000,
      "2:auth.challenge 5:turn.wrong_transport! 6:turn.forbidden!",
      NULL },
    { "Refresh to an end",
      { ALLOCATED, { 40, 'c', 0x0004, 3, NO_LIFETIME SIGNED }, { 50, 's', 0x0104, 3, NO_LIFETIME } },
      90000,
      "2:auth.challenge",
      NULL },
};

static void test_turn(void)
{
    check_captures(turn, array_length(turn));
}

/* Nothing is said that a later frame may disprove: the same finding comes and goes with the frames. */
static void test_invalidation(void)
{
    open_file();
    play_message(&(message_t){ 0, 'c', 0x0001, 1, "" });
    char *before = found_by(9000);

    play_message(&(message_t){ 10, 's', 0x0101, 1, "" });
    char *after = found_by(9000);

    g_assert_cmpstr(before, ==, "1:unanswered!");
    g_assert_cmpstr(after, ==, "");
    g_free(before);
    g_free(after);
}

void unit_add_diagnose(void)
{
    g_test_add_func("/diagnose/requests", test_requests);
    g_test_add_func("/diagnose/authentication", test_authentication);
    g_test_add_func("/diagnose/errors", test_errors);
    g_test_add_func("/diagnose/turn", test_turn);
    g_test_add_func("/diagnose/invalidation", test_invalidation);
}
