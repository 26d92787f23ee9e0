/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diagnose/: what is found in short captures by hand. Their messages go through message/, conversation/, turn/ and ice/
 * as those of a file do. */
#include "unit.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/foreign_bytes.h"
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
#define OTHER_USER "0006 0003 'bob' 00 0014 0007 'example' 00 0015 0004 'once' "
#define EXPIRED_USER "0006 000c '100000000:al' 0014 0007 'example' 00 0015 0004 'once' "
#define CHALLENGE "0014 0007 'example' 00 0015 0004 'once' "
#define RENEWED "0006 0003 'lab' 00 0014 0007 'example' 00 0015 0004 'more' "
#define NEW_NONCE "0014 0007 'example' 00 0015 0004 'more' "
#define INTEGRITY "0008 0014 0000000000000000000000000000000000000000 "
#define SIGNED CREDENTIALS INTEGRITY
#define SIGNED_ANEW "0006 0003 'lab' 00 0014 0007 'example' 00 0015 0004 'more' " INTEGRITY
#define PEER "0012 0008 0001 329a e721c056 "       /* 198.51.100.20:5000 */
#define OTHER_PEER "0012 0008 0001 329b e721c056 " /* 198.51.100.20:5001 */
#define IPV6_PEER "0012 0014 0002 329a 0113a9fa 00000000 00000000 00000001 "
#define RELAYED "0016 0008 0001 e242 e112a643 " /* 192.0.2.1:50000 */
#define CHANNEL "000c 0004 40010000 "
#define OTHER_CHANNEL "000c 0004 40020000 "
#define LIFETIME "000d 0004 00000258 " /* 600 s */
#define NO_LIFETIME "000d 0004 00000000 "
#define CONNECTION_ID "002a 0004 00000007 "
#define ERROR(code) "0009 0004 0000 " code " "

/* ---- a capture ---- */

/* Types of what is no message: the end of the connection, and bytes of a kind, of which id came. */
#define ANNOUNCED 100 /* bytes of ChannelData, where it is not whole */
#define END_FIN 0xFFFF
#define END_RST 0xFFFE
#define BYTES(kind) (0x8000 | (kind))

typedef struct {
    int64_t ms;
    char from; /* 'c' client, 's' server */
    uint16_t type;
    uint8_t id;
    const char *attributes; /* of MS-TURN, which has no cookie in its header: the whole message, with type 0 */
} message_t;

#define MESSAGES_MAX 10

#define CLIENT_SYN 0x02 /* in static_flags, as conversation/tcp_state.c has it */

static struct tcp_analysis tcp;
static mstun_stream_t *stream;

static void open_file(void)
{
    unit_new_file();
    memset(&tcp, 0, sizeof tcp);
    tcp.conversation_completeness = TCP_SYN_SEEN | TCP_DATA_SEEN;
    tcp.flow2.static_flags = CLIENT_SYN;
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

/* TCP notes who sends the first FIN, flow2 being direction 0. An RST has no window, other segments have one. */
static void play_end(const message_t *message)
{
    tcp_flow_t *flow = message->from == 'c' ? &tcp.flow2 : &tcp.flow1;

    if (message->type == END_FIN) {
        tcp.conversation_completeness |= TCP_FIN_SEEN;
        flow->closing_initiator = 1;
    } else {
        tcp.conversation_completeness |= TCP_RESET_SEEN;
        (message->from == 'c' ? &tcp.flow1 : &tcp.flow2)->window = 1000;
    }
}

static void play_bytes(const message_t *message, const mstun_event_t *event)
{
    mstun_bytes_kind_t kind = (mstun_bytes_kind_t)(message->type & ~0x8000);

    if (kind == MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA) {
        mstun_channel_data_wait(event, message->id, ANNOUNCED);
    } else {
        g_assert_true(mstun_foreign_bytes_learn(event, kind, message->id, ANNOUNCED, message->attributes));
    }
    mstun_findings_invalidate();
}

static unit_bytes_t bytes_of(const message_t *message)
{
    char *text = message->type ? g_strdup_printf("%04x 0000 2112a442 0000000000000000000000%02x %s", message->type,
                                                 message->id, message->attributes)
                               : g_strdup(message->attributes);
    unit_bytes_t bytes = unit_hex(text);

    bytes.bytes[2] = (uint8_t)((bytes.len - STUN_HEADER_LEN) >> 8);
    bytes.bytes[3] = (uint8_t)(bytes.len - STUN_HEADER_LEN);
    g_free(text);
    return bytes;
}

static void play_message(const message_t *message)
{
    packet_info pinfo = unit_packet(message->ms);
    mstun_facts_t facts;

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
    stream->tcp = &tcp;
    mstun_event_t event = { .pinfo = &pinfo,
                            .first_visit = true,
                            .stream = stream,
                            .direction = mstun_stream_direction(stream, &pinfo),
                            .position = pinfo.num * 1000,
                            .framing = MSTUN_FRAMING_STUN,
                            .facts = &facts };

    if (message->type == END_FIN || message->type == END_RST) {
        play_end(message);
        return;
    }
    if (message->type & 0x8000) {
        play_bytes(message, &event);
        return;
    }
    unit_bytes_t bytes = bytes_of(message);
    tvbuff_t *tvb = unit_tvb(bytes.bytes, bytes.len, bytes.len);

    g_assert_true(mstun_message_parse(tvb, MSTUN_DIALECT_UNKNOWN, &facts));
    g_assert_false(facts.has & MSTUN_HAS_UNREADABLE_ATTRIBUTE);
    learn(&event);
    tvb_free(tvb);
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
    { "the server closes without a byte",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 300, 's', END_FIN, 0, NULL } },
      9000,
      "1:unanswered! 1:closed_without_response!",
      "closed the connection 0.300 s" },
    { "the server resets",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 300, 's', END_RST, 0, NULL } },
      9000,
      "1:unanswered! 1:connection.reset! 1:closed_without_response!",
      "reset the connection 0.300 s" },
    { "the server resets after the time of a response",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 60000, 's', END_RST, 0, NULL } },
      60000,
      "1:unanswered! 1:closed_without_response!",
      NULL },
    { "the client hangs up",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 300, 'c', END_FIN, 0, NULL } },
      9000,
      "1:abandoned",
      NULL },
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
      "just issued" },
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
      "last Refresh" },
};

#define STOPS_AT_438                                                                                                   \
    { 20, 'c', 0x0003, 2, TRANSPORT_TCP SIGNED },                                                                      \
    {                                                                                                                  \
        30, 's', 0x0113, 2, ERROR("0426") NEW_NONCE                                                                    \
    }

static const capture_t nonces[] = {
    { "a nonce that the server gave",
      { CHALLENGED, STOPS_AT_438 },
      90000,
      "2:auth.challenge 4:auth.stale_nonce 4:auth.not_repeated!",
      "with the one it received" },
    { "a nonce that it never gave",
      { STOPS_AT_438 },
      90000,
      "2:auth.stale_nonce 2:auth.not_repeated!",
      "never gave to this client" },
    { "the new nonce is taken",
      { STOPS_AT_438,
        { 40, 'c', 0x0003, 3, TRANSPORT_TCP RENEWED INTEGRITY },
        { 50, 's', 0x0103, 3, RELAYED LIFETIME } },
      90000,
      "2:auth.stale_nonce",
      NULL },
    { "the new nonce is refused as well",
      { STOPS_AT_438,
        { 40, 'c', 0x0003, 3, TRANSPORT_TCP RENEWED INTEGRITY },
        { 50, 's', 0x0113, 3, ERROR("0426") CHALLENGE } },
      90000,
      "2:auth.stale_nonce 4:auth.stale_nonce_again! 4:auth.not_repeated!",
      "that it has just issued" },
};

static void test_nonces(void)
{
    check_captures(nonces, array_length(nonces));
}

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
    { "the same peer with another channel makes up for it",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0009, 2, CHANNEL PEER SIGNED },
        { 30, 's', 0x0119, 2, ERROR("0400") },
        { 40, 'c', 0x0009, 3, OTHER_CHANNEL PEER SIGNED },
        { 50, 's', 0x0109, 3, "" } },
      9000,
      "4:refused",
      NULL },
    { "but another peer with the same channel does not",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0009, 2, CHANNEL PEER SIGNED },
        { 30, 's', 0x0119, 2, ERROR("0400") },
        { 40, 'c', 0x0009, 3, CHANNEL OTHER_PEER SIGNED },
        { 50, 's', 0x0109, 3, "" } },
      9000,
      "4:refused!",
      NULL },
    { "Connect is repeated, which is refused, and then has success",
      { ALLOCATED,
        { 40, 'c', 0x000A, 3, PEER SIGNED },
        { 240, 'c', 0x000A, 3, PEER SIGNED },
        { 250, 's', 0x011A, 3, ERROR("042e") },
        { 900, 's', 0x010A, 3, CONNECTION_ID } },
      9000,
      "2:auth.challenge 7:turn.connection_exists",
      NULL },
    { "447 at once, and after the server's time",
      { ALLOCATED,
        { 40, 'c', 0x000A, 3, PEER SIGNED },
        { 50, 's', 0x011A, 3, ERROR("042f") },
        { 60, 'c', 0x000A, 4, OTHER_PEER SIGNED },
        { 30060, 's', 0x011A, 4, ERROR("042f") } },
      90000,
      "2:auth.challenge 6:turn.peer_refused! 8:turn.peer_timeout!",
      NULL },
    { "441: another user's request",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0004, 2, LIFETIME OTHER_USER INTEGRITY },
        { 30, 's', 0x0114, 2, ERROR("0429") } },
      9000,
      "4:auth.rejected!",
      "made by lab, realm example, the request by bob, realm example" },
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
    { "a bind that comes late and is granted",
      { ALLOCATED,
        { 40, 'c', 0x000A, 3, PEER SIGNED },
        { 50, 's', 0x010A, 3, CONNECTION_ID },
        { 40050, 'c', 0x000B, 4, CONNECTION_ID SIGNED },
        { 40060, 's', 0x010B, 4, "" } },
      41000,
      "2:auth.challenge",
      NULL },
    { "a bind that comes late and is refused",
      { ALLOCATED,
        { 40, 'c', 0x000A, 3, PEER SIGNED },
        { 50, 's', 0x010A, 3, CONNECTION_ID },
        { 40050, 'c', 0x000B, 4, CONNECTION_ID SIGNED },
        { 40060, 's', 0x011B, 4, ERROR("0400") } },
      41000,
      "2:auth.challenge 7:turn.bind_late! 8:turn.bind_rejected!",
      "40 s" },
    { "Connect on a UDP allocation that is granted all the same",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x000A, 2, PEER SIGNED },
        { 30, 's', 0x010A, 2, CONNECTION_ID } },
      9000,
      "",
      NULL },
    { "a permission that comes a little too late",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0016, 2, PEER "0013 0004 00000000" },
        { 2000, 'c', 0x0008, 3, PEER SIGNED },
        { 2010, 's', 0x0108, 3, "" } },
      9000,
      "",
      NULL },
    { "a permission that comes much too late",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0016, 2, PEER "0013 0004 00000000" },
        { 9000, 'c', 0x0008, 3, PEER SIGNED },
        { 9010, 's', 0x0108, 3, "" } },
      20000,
      "3:turn.permission_missing!",
      "No CreatePermission" },
    { "a permission that was refused",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP SIGNED },
        { 10, 's', 0x0103, 1, RELAYED LIFETIME },
        { 20, 'c', 0x0008, 2, PEER SIGNED },
        { 30, 's', 0x0118, 2, ERROR("0403") },
        { 40, 'c', 0x0016, 3, PEER "0013 0004 00000000" } },
      9000,
      "4:turn.forbidden! 5:turn.permission_missing!",
      "refused in frame 4" },
    { "the server closes the control connection of a living allocation",
      { ALLOCATED, { 40, 's', END_FIN, 0, NULL } },
      9000,
      "2:auth.challenge 4:turn.control_closed!",
      "closed the control connection" },
    { "the client does, which is no fault",
      { ALLOCATED, { 40, 'c', END_FIN, 0, NULL } },
      9000,
      "2:auth.challenge",
      NULL },
    { "another family than the one asked for",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP "0017 0004 02000000 " SIGNED }, { 10, 's', 0x0103, 1, RELAYED LIFETIME } },
      9000,
      "2:turn.address_family!",
      "asks for an IPv6 relay" },
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

/* ---- bytes.c ---- */

static const capture_t bytes[] = {
    { "no message",
      { { 0, 'c', BYTES(MSTUN_BYTES_NOT_A_MESSAGE), 12, "'hello'" } },
      9000,
      "1:not_a_message!",
      "12 bytes" },
    { "HTTP", { { 0, 's', BYTES(MSTUN_BYTES_HTTP), 80, "HTTP/1.1 400" } }, 9000, "1:other_protocol!", "with HTTP" },
    { "TLS", { { 0, 's', BYTES(MSTUN_BYTES_TLS), 7, NULL } }, 9000, "1:other_protocol!", "with TLS" },
    { "one row for all of one side's",
      { { 0, 'c', BYTES(MSTUN_BYTES_UNPADDED_CHANNEL_DATA), 1, NULL },
        { 10, 'c', BYTES(MSTUN_BYTES_UNPADDED_CHANNEL_DATA), 1, NULL },
        { 20, 's', BYTES(MSTUN_BYTES_UNPADDED_CHANNEL_DATA), 1, NULL } },
      9000,
      "1:channel.unpadded! 3:channel.unpadded!",
      "(2 of them)" },
    { "too short",
      { { 0, 'c', BYTES(MSTUN_BYTES_SHORT_CHANNEL_DATA), 40, NULL } },
      9000,
      "1:channel.short!",
      "announces 100 bytes of ChannelData and sends 40" },
    { "never whole",
      { { 0, 'c', BYTES(MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA), 40, NULL } },
      9000,
      "1:channel.incomplete!",
      "announces 100 bytes of ChannelData, of which 40 came" },
    { "it may still come", { { 0, 'c', BYTES(MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA), 40, NULL } }, 4000, "", NULL },
    { "it cannot come any more",
      { { 0, 'c', BYTES(MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA), 40, NULL }, { 10, 'c', END_FIN, 0, NULL } },
      4000,
      "1:channel.incomplete!",
      NULL },
    { "a hello that is not answered",
      { { 0, 'c', BYTES(MSTUN_BYTES_PSEUDO_TLS_HELLO), 50, NULL } },
      9000,
      "1:ms.pseudo_tls_failed!",
      "no answer in 9 s" },
    { "a hello at the capture's end", { { 0, 'c', BYTES(MSTUN_BYTES_PSEUDO_TLS_HELLO), 50, NULL } }, 4000, "", NULL },
    { "a hello that is answered with RST",
      { { 0, 'c', BYTES(MSTUN_BYTES_PSEUDO_TLS_HELLO), 50, NULL }, { 10, 's', END_RST, 0, NULL } },
      4000,
      "1:ms.pseudo_tls_failed!",
      "with a RST" },
    { "the client resets behind its hello",
      { { 0, 'c', BYTES(MSTUN_BYTES_PSEUDO_TLS_HELLO), 50, NULL }, { 10, 'c', END_RST, 0, NULL } },
      4000,
      "",
      NULL },
};

static void test_bytes(void)
{
    check_captures(bytes, array_length(bytes));
}

/* ---- microsoft.c ---- */

#define MS(type) type " 0000 2112a442 000000000000000000000001 000f 0004 72c64bc6 "
#define MS_ERROR "0009 0004 0000 0401 "

static const capture_t microsoft[] = {
    { "MS-TURN on both sides",
      { { 0, 'c', 0, 1, MS("0003") }, { 10, 's', 0, 1, MS("0113") MS_ERROR } },
      1000,
      "2:auth.challenge",
      NULL },
    { "an IETF server answers MS-TURN",
      { { 0, 'c', 0, 1, MS("0003") }, { 10, 's', 0x0113, 1, ERROR("0401") CHALLENGE } },
      1000,
      "1:ms.dialect_mismatch! 2:auth.challenge",
      "an IETF TURN server" },
    { "an Edge answers TURN",
      { { 0, 'c', 0x0003, 1, TRANSPORT_UDP }, { 10, 's', 0, 1, MS("0113") MS_ERROR } },
      1000,
      "1:ms.dialect_mismatch! 2:auth.challenge",
      "an Edge" },
    { "closed without an answer",
      { { 0, 'c', 0, 1, MS("0003") }, { 300, 's', END_FIN, 0, NULL } },
      1000,
      "1:unanswered! 1:closed_without_response! 1:ms.dialect_mismatch!",
      "closes without an answer" },
    { "reset at once",
      { { 0, 'c', 0, 1, MS("0003") }, { 300, 's', END_RST, 0, NULL } },
      1000,
      "1:unanswered! 1:connection.reset! 1:closed_without_response! 1:ms.dialect_mismatch!",
      NULL },
    { "reset later",
      { { 0, 'c', 0, 1, MS("0003") }, { 3000, 's', END_RST, 0, NULL } },
      3000,
      "1:unanswered! 1:connection.reset! 1:closed_without_response!",
      NULL },
};

static void test_microsoft(void)
{
    check_captures(microsoft, array_length(microsoft));
}

/* ---- ice.c ---- */

#define FROM_CLIENT "0006 0009 'RRRR:LLLL' 000000 "
#define FROM_SERVER "0006 0009 'LLLL:RRRR' 000000 "
#define PRIORITY "0024 0004 6e0000ff "
#define CONTROLLING PRIORITY "802a 0008 0000000000000001 "
#define CONTROLLED PRIORITY "8029 0008 0000000000000001 "
#define CHECK FROM_CLIENT CONTROLLING INTEGRITY

static const capture_t ice[] = {
    { "a check without MESSAGE-INTEGRITY",
      { { 0, 'c', 0x0001, 1, FROM_CLIENT CONTROLLING }, { 10, 's', 0x0111, 1, ERROR("0400") } },
      9000,
      "2:pair.rejected!",
      "the last one has no MESSAGE-INTEGRITY" },
    { "a check without USERNAME",
      { { 0, 'c', 0x0001, 1, CONTROLLING INTEGRITY }, { 10, 's', 0x0111, 1, ERROR("0400") } },
      9000,
      "2:pair.rejected!",
      "the last one has no USERNAME" },
    { "a check that lacks nothing",
      { { 0, 'c', 0x0001, 1, CHECK }, { 10, 's', 0x0111, 1, ERROR("0401") } },
      9000,
      "2:pair.rejected!",
      "compare the ice-pwd" },
    { "a role conflict that stays",
      { { 0, 'c', 0x0001, 1, CHECK },
        { 10, 's', 0x0111, 1, ERROR("0457") },
        { 20, 'c', 0x0001, 2, CHECK },
        { 30, 's', 0x0111, 2, ERROR("0457") } },
      9000,
      "4:role_conflict!",
      NULL },
    { "a role conflict that is resolved",
      { { 0, 'c', 0x0001, 1, CHECK },
        { 10, 's', 0x0111, 1, ERROR("0457") },
        { 20, 'c', 0x0001, 2, FROM_CLIENT CONTROLLED INTEGRITY },
        { 30, 's', 0x0101, 2, "" },
        { 40, 's', 0x0001, 3, FROM_SERVER CONTROLLING "0025 0000 " INTEGRITY },
        { 50, 'c', 0x0101, 3, "" } },
      9000,
      "2:role_conflict.resolved",
      NULL },
};

static void test_ice(void)
{
    check_captures(ice, array_length(ice));
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
    g_test_add_func("/diagnose/nonces", test_nonces);
    g_test_add_func("/diagnose/errors", test_errors);
    g_test_add_func("/diagnose/turn", test_turn);
    g_test_add_func("/diagnose/bytes", test_bytes);
    g_test_add_func("/diagnose/microsoft", test_microsoft);
    g_test_add_func("/diagnose/ice", test_ice);
    g_test_add_func("/diagnose/invalidation", test_invalidation);
}
