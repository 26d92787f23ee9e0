/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * signal/: candidates, SDP, MRAS, diagnostics. The texts are made here after the specifications' grammars. */
#include "unit.h"

#include <wsutil/inet_addr.h>

#include "signal/diagnostics.h"
#include "signal/mras.h"
#include "signal/sdp.h"

/* The text where readable memory ends at its end. */
static mstun_slice_t guarded(const char *text, size_t len)
{
    return (mstun_slice_t){ (const char *)unit_guarded((const uint8_t *)text, (uint32_t)len), len };
}

typedef struct {
    const char *line;
    mstun_candidate_type_t type;
    mstun_candidate_transport_t transport;
    uint32_t component, priority;
    const char *address, *base; /* NULL: none */
} candidate_row_t;

/* clang-format off */
static const candidate_row_t candidates[] = {
    /* RFC 8839, RFC 6544 */
    { "1 1 UDP 2130706431 192.0.2.10 50000 typ host", MSTUN_CANDIDATE_HOST, MSTUN_CANDIDATE_UDP, 1, 2130706431,
      "192.0.2.10 50000", NULL },
    { "f00/+ 2 udp 1694498815 198.51.100.7 45664 typ srflx raddr 192.0.2.10 rport 8998", MSTUN_CANDIDATE_SRFLX,
      MSTUN_CANDIDATE_UDP, 2, 1694498815, "198.51.100.7 45664", "192.0.2.10 8998" },
    { "1 1 tcp 2128609279 192.0.2.10 9 typ host tcptype active generation 0 ufrag abcd network-id 1",
      MSTUN_CANDIDATE_HOST, MSTUN_CANDIDATE_TCP_ACTIVE, 1, 2128609279, "192.0.2.10 9", NULL },
    { "1 1 TCP 1 2001:db8::1 5 typ prflx raddr 0.0.0.0 rport 0 tcptype so", MSTUN_CANDIDATE_PRFLX,
      MSTUN_CANDIDATE_TCP_SO, 1, 1, "2001:db8::1 5", "0.0.0.0 0" },
    { "1 1 tcp 1 192.0.2.10 5 typ host tcptype passive", MSTUN_CANDIDATE_HOST, MSTUN_CANDIDATE_TCP_PASSIVE, 1, 1,
      "192.0.2.10 5", NULL },
    { "1 1 udp 1 6f1f0b0a-0000-4000-8000-000000000000.local 5 typ host", MSTUN_CANDIDATE_HOST, MSTUN_CANDIDATE_UDP, 1,
      1, NULL, NULL },
    /* [MS-ICE2]: a blank at the end, TCP by its own names */
    { "3 1 TCP-PASS 6556159 198.51.100.7 50012 typ relay raddr 192.0.2.10 rport 50042 ", MSTUN_CANDIDATE_RELAY,
      MSTUN_CANDIDATE_TCP_PASSIVE, 1, 6556159, "198.51.100.7 50012", "192.0.2.10 50042" },
    { "4 2 TCP-ACT 7076863 198.51.100.7 50012 typ relay raddr 192.0.2.10 rport 50042 ", MSTUN_CANDIDATE_RELAY,
      MSTUN_CANDIDATE_TCP_ACTIVE, 2, 7076863, "198.51.100.7 50012", "192.0.2.10 50042" },
    /* [MS-ICE] */
    { "9Cge2Wd6Yl7pXkKjYyS4nUMS7FQkf1F9Qq5rX2rG9Ds 1 aTh3Jkpdhs6gF6c6Dqjpqg UDP 0.830 192.0.2.10 50006",
      MSTUN_CANDIDATE_UNKNOWN, MSTUN_CANDIDATE_UDP, 1, 830, "192.0.2.10 50006", NULL },
    { "user 2 password TCP 0.15 192.0.2.10 50006 ", MSTUN_CANDIDATE_UNKNOWN, MSTUN_CANDIDATE_TCP_EITHER, 2, 150,
      "192.0.2.10 50006", NULL },
};

static const char *const no_candidates[] = {
    "", " ", "1", "1 1 UDP 1 192.0.2.10 5", "1 1 UDP 1 192.0.2.10 5 typ", "1 1 UDP 1 192.0.2.10 5 typ wrong",
    "1 0 UDP 1 192.0.2.10 5 typ host", "1 257 UDP 1 192.0.2.10 5 typ host", "1 -1 UDP 1 192.0.2.10 5 typ host",
    "1 1 SCTP 1 192.0.2.10 5 typ host", "1 1 UDP 4294967296 192.0.2.10 5 typ host", "1 1 UDP x 192.0.2.10 5 typ host",
    "1 1 UDP 1 192.0.2.10 65536 typ host", "1 1 UDP 1 192.0.2.10 5 typ host raddr",
    "1 1 UDP 1 192.0.2.10 5 typ host rport x", "1 1 TCP 1 192.0.2.10 5 typ host tcptype wrong",
    "123456789012345678901234567890123 1 UDP 1 192.0.2.10 5 typ host",
    "user 1 password UDP 830 192.0.2.10 50006", "user 1 password UDP 0.8301 192.0.2.10 50006",
    "user 1 password UDP 0.830 192.0.2.10 50006 more",
};
/* clang-format on */

/* Without epan_init() there is no address_to_str(). */
static void check_endpoint(const mstun_endpoint_t *endpoint, const char *expected)
{
    char address[WS_INET6_ADDRSTRLEN] = "", *text;

    if (endpoint->family == MSTUN_FAMILY_IPV4) {
        ws_inet_ntop4(endpoint->ip, address, sizeof address);
    } else if (endpoint->family == MSTUN_FAMILY_IPV6) {
        ws_inet_ntop6(endpoint->ip, address, sizeof address);
    }
    text = endpoint->family ? g_strdup_printf("%s %u", address, endpoint->port) : NULL;
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_candidates(void)
{
    mstun_candidate_t candidate;

    for (unsigned i = 0; i < array_length(candidates); i++) {
        const candidate_row_t *row = &candidates[i];

        g_test_message("%s", row->line);
        g_assert_true(mstun_candidate_parse(guarded(row->line, strlen(row->line)), &candidate));
        g_assert_cmpint(candidate.type, ==, row->type);
        g_assert_cmpint(candidate.transport, ==, row->transport);
        g_assert_cmpuint(candidate.component, ==, row->component);
        g_assert_cmpuint(candidate.priority, ==, row->priority);
        check_endpoint(&candidate.address, row->address);
        check_endpoint(&candidate.base, row->base);
        g_assert_cmpint(candidate.ms_ice, ==, row->type == MSTUN_CANDIDATE_UNKNOWN);
    }
    for (unsigned i = 0; i < array_length(no_candidates); i++) {
        g_test_message("%s", no_candidates[i]);
        g_assert_false(mstun_candidate_parse(guarded(no_candidates[i], strlen(no_candidates[i])), &candidate));
    }
}

static const char offer[] = "v=0\r\n"
                            "o=alice 4711 2 IN IP4 192.0.2.10\r\n"
                            "s=-\r\n"
                            "a=ice-ufrag:sess\r\n"
                            "a=ice-pwd:sessionsessionsession22\r\n"
                            "a=group:BUNDLE 1 2\r\n"
                            "m=audio 50000 RTP/AVP 0\r\n"
                            "a=ice-ufrag:aaaa\r\n"
                            "a=ice-pwd:audioaudioaudioaudio22\r\n"
                            "a=mid:1\r\n"
                            "a=label:main-audio\r\n"
                            "a=candidate:1 1 UDP 1 192.0.2.10 50000 typ host \r\n"
                            "a=candidate:broken\r\n"
                            "a=x-candidate-ipv6:1 1 UDP 1 2001:db8::1 50000 typ host\r\n"
                            "a=remote-candidates:1 198.51.100.7 4\r\n"
                            "m=video 0 RTP/AVP 0\n"
                            "a=mid:2\n"
                            "a=bundle-only\n"
                            "m=text 0 RTP/AVP 0\n"
                            "m=applicationsharing 1/2 TCP/RTP/AVP 127\n"
                            "a=ice-mismatch\n"
                            "a=end-of-candidates";

static void test_sdp(void)
{
    mstun_sdp_t *sdp = mstun_sdp_parse(wmem_file_scope(), guarded(offer, strlen(offer)));

    g_assert_true(mstun_slice_is(sdp->origin, "alice 4711"));
    g_assert_cmpuint(sdp->media_count, ==, 4);
    g_assert_cmpuint(sdp->candidate_count, ==, 2);
    g_assert_cmpuint(sdp->problem_count, ==, 1);
    g_assert_cmpint(sdp->problems[0].kind, ==, MSTUN_SDP_BAD_CANDIDATE);
    g_assert_cmpuint(sdp->problems[0].offset, ==, strstr(offer, "a=candidate:broken") - offer);
    g_assert_cmpuint(sdp->problems[0].len, ==, strlen("a=candidate:broken"));
    g_assert_true(mstun_slice_is(sdp->media[0].ufrag, "aaaa") && mstun_slice_is(sdp->media[0].mid, "1"));
    g_assert_true(sdp->media[0].remote_candidates && !sdp->media[0].refused);
    g_assert_cmpstr(mstun_sdp_media_name(wmem_file_scope(), &sdp->media[0]), ==, "main-audio");
    g_assert_cmpuint(sdp->media[0].candidate_count, ==, 2);
    g_assert_true(mstun_slice_is(sdp->media[1].ufrag, "aaaa") && !sdp->media[1].refused); /* of the bundle's first */
    g_assert_true(sdp->media[2].refused && sdp->media[2].ufrag.len == 0);
    g_assert_true(mstun_slice_is(sdp->media[3].ufrag, "sess") && sdp->media[3].port == 1);
    g_assert_true(sdp->media[3].mismatch && sdp->media[3].end_of_candidates && !sdp->media[0].mismatch);
}

/* Wherever the body ends, and whatever is in it: nothing is read beyond it, and sections own what they say they do. */
static void check_sdp(mstun_slice_t body)
{
    mstun_sdp_t *sdp = mstun_sdp_parse(wmem_file_scope(), body);

    for (unsigned i = 0; i < sdp->media_count; i++) {
        g_assert_cmpuint(sdp->media[i].first_candidate + sdp->media[i].candidate_count, <=, sdp->candidate_count);
    }
    for (unsigned i = 0; i < sdp->problem_count; i++) {
        g_assert_cmpuint(sdp->problems[i].offset + sdp->problems[i].len, <=, body.len);
    }
}

static void test_sdp_anything(void)
{
    uint32_t state = 1;
    char text[sizeof offer];

    for (size_t len = 0; len < sizeof offer; len++) {
        check_sdp(guarded(offer, len));
    }
    for (unsigned run = 0; run < 300; run++) {
        memcpy(text, offer, sizeof offer);
        for (unsigned i = 0; i < 8; i++) {
            text[unit_random(&state) % (sizeof offer - 1)] = (char)(unit_random(&state) & 0xFF);
        }
        check_sdp(guarded(text, sizeof offer - 1));
    }
}

static void test_sdp_bounds(void)
{
    GString *body = g_string_new("v=0\n");

    for (unsigned i = 0; i < 2 * MSTUN_SDP_MEDIA_MAX; i++) {
        g_string_append_printf(body, "m=audio %u RTP/AVP 0\na=ice-ufrag:abc\na=ice-pwd:short\n", i + 1);
        for (unsigned n = 0; n < 20; n++) {
            g_string_append_printf(body, "a=candidate:1 1 UDP 1 192.0.2.10 %u typ host\n", n + 1);
        }
    }
    mstun_sdp_t *sdp = mstun_sdp_parse(wmem_file_scope(), (mstun_slice_t){ body->str, body->len });

    g_assert_cmpuint(sdp->media_count, ==, MSTUN_SDP_MEDIA_MAX);
    g_assert_cmpuint(sdp->candidate_count, ==, MSTUN_SDP_CANDIDATES_MAX);
    g_assert_cmpuint(sdp->problem_count, ==, MSTUN_SDP_PROBLEMS_MAX);
    g_assert_cmpint(sdp->problems[0].kind, ==, MSTUN_SDP_BAD_UFRAG);
    g_assert_cmpint(sdp->problems[1].kind, ==, MSTUN_SDP_BAD_PWD);
    g_string_free(body, TRUE);
}

static const char mras_response[] =
    "<?xml version=\"1.0\"?><response xmlns=\"http://schemas.microsoft.com/2006/09/sip/mrasp\" version='2.0' "
    "reasonPhrase=\"OK\"><credentialsResponse credentialsRequestID=\"1\"><credentials><username>dXNlcg==</username>"
    "<password> c2VjcmV0 </password><duration>480</duration><realm>rtcmedia</realm></credentials><mediaRelayList>"
    "<mediaRelay><location>internet</location><hostName>av.example.com</hostName><udpPort>3478</udpPort>"
    "<tcpPort>443</tcpPort></mediaRelay><m:mediaRelay><m:directIPAddress>192.0.2.9</m:directIPAddress></m:mediaRelay>"
    "</mediaRelayList></credentialsResponse></response>";

static void test_mras(void)
{
    static const char refused[] = "<response reasonPhrase='Not Found'/>", request[] = "<m:request version=\"2.0\">";
    static const char cut[] = "<response reasonPhrase=\"OK\"><credentials><username>dXNlcg==</username><passw";
    mstun_mras_t mras;

    g_assert_true(mstun_mras_parse(guarded(mras_response, strlen(mras_response)), &mras));
    g_assert_true(mras.is_response && !mras.is_request && !mras.malformed);
    g_assert_true(mstun_slice_is(mras.reason, "OK"));
    g_assert_cmpuint(mras.credentials_count, ==, 1);
    g_assert_true(mstun_slice_is(mras.credentials[0].username, "dXNlcg=="));
    g_assert_true(mstun_slice_is(mras.credentials[0].password, "c2VjcmV0"));
    g_assert_true(mstun_slice_is(mras.credentials[0].realm, "rtcmedia"));
    g_assert_cmpuint(mras.credentials[0].duration, ==, 480);
    g_assert_cmpuint(mras.relay_count, ==, 2);
    g_assert_true(mstun_slice_is(mras.relays[0].host, "av.example.com") && mras.relays[0].tcp_port == 443);
    g_assert_true(mstun_slice_is(mras.relays[1].host, "192.0.2.9") && mras.relays[1].tcp_port == 0);
    g_assert_true(mstun_mras_parse(guarded(refused, strlen(refused)), &mras));
    g_assert_true(mras.is_response && mras.credentials_count == 0 && mstun_slice_is(mras.reason, "Not Found"));
    g_assert_true(mstun_mras_parse(guarded(request, strlen(request)), &mras) && mras.is_request);
    g_assert_true(mstun_mras_parse(guarded(cut, strlen(cut)), &mras) && mras.malformed);
    g_assert_false(mstun_mras_parse(guarded("text", 4), &mras));
    for (size_t len = 0; len < sizeof mras_response; len++) {
        mstun_mras_parse(guarded(mras_response, len), &mras);
    }
}

static void test_diagnostics(void)
{
    static const char client[] =
        "24; reason=\"a; b=\\\"c\\\"\";CallerMediaDebug=\"audio:ICEWarn=0x320,LocalSite=192.0.2.1:5;video:"
        "ICEWarn=0x4000000\";component=\"x\"";
    static const char public[] = "21002;Reason=\"Not allowed\";Component=\"ASMCU\"";
    static const char *const none[] = { "", ";", "x", "-1", "24x;reason=\"a\"", "4294967296", "1.x" };
    mstun_diagnostics_t diagnostics;
    mstun_code_kind_t kind;

    g_assert_true(mstun_diagnostics_parse(guarded(client, strlen(client)), &diagnostics));
    g_assert_cmpuint(diagnostics.id, ==, 24);
    g_assert_true(mstun_slice_is(diagnostics.reason, "a; b=\\\"c\\\""));
    g_assert_true(mstun_slice_is(diagnostics.component, "x"));
    g_assert_cmphex(diagnostics.ice_warn, ==, 0x4000320);
    g_assert_true(mstun_diagnostics_parse(guarded(public, strlen(public)), &diagnostics));
    g_assert_true(mstun_slice_is(diagnostics.component, "ASMCU") && !diagnostics.has_ice_warn);
    g_assert_nonnull(mstun_diagnostics_words(&diagnostics, &kind));
    g_assert_cmpint(kind, ==, MSTUN_CODE_POLICY);
    g_assert_true(mstun_diagnostics_parse(guarded("410.301005", 10), &diagnostics));
    g_assert_true(diagnostics.has_sub_id && diagnostics.sub_id == 301005);
    g_assert_true(mstun_diagnostics_parse(guarded("51999;reason=\"What it is\"", 25), &diagnostics));
    g_assert_cmpstr(mstun_diagnostics_text(wmem_file_scope(), &diagnostics), ==,
                    "51999, of the client: \"What it is\"");
    for (unsigned i = 0; i < array_length(none); i++) {
        g_assert_false(mstun_diagnostics_parse(guarded(none[i], strlen(none[i])), &diagnostics));
    }
    for (size_t len = 0; len < sizeof client; len++) {
        mstun_diagnostics_parse(guarded(client, len), &diagnostics);
    }
    g_assert_cmpstr(mstun_ice_warn_text(wmem_file_scope(), 0x320, false), ==, "");
    g_assert_cmpstr(mstun_ice_warn_text(wmem_file_scope(), 0x420, false), ==,
                    "the MESSAGE-INTEGRITY of a check was wrong");
    g_assert_nonnull(strstr(mstun_ice_warn_text(wmem_file_scope(), 0x420, true), "the direct path failed; "));
}

void unit_add_signal(void)
{
    g_test_add_func("/signal/candidates", test_candidates);
    g_test_add_func("/signal/sdp", test_sdp);
    g_test_add_func("/signal/sdp_anything", test_sdp_anything);
    g_test_add_func("/signal/sdp_bounds", test_sdp_bounds);
    g_test_add_func("/signal/mras", test_mras);
    g_test_add_func("/signal/diagnostics", test_diagnostics);
}
