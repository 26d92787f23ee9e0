/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diagnose/: the evaluators on events by hand. */
#include "connection.h"

#include <epan/ipproto.h>

#include "conversation/response_state.h"
#include "diagnose/evaluators.h"
#include "turn/observation.h"
#include "wire/header.h"

/* What an evaluator finds, as "mstun.one_way#0", with the number of the sentence if there is one. */

typedef struct {
    GString *found;
    uint32_t frame; /* 0: not shown */
} found_t;

/* "{peer} answers" as a pattern: "* answers". */
static char *pattern_of(const char *sentence)
{
    GString *pattern = g_string_new("");

    for (const char *at = sentence; *at; at++) {
        bool is_place = *at == '{';

        g_string_append_c(pattern, is_place ? '*' : *at);
        at = is_place ? strchr(at, '}') : at;
    }
    return g_string_free(pattern, FALSE);
}

/* Of several that fit, the one that leaves the least to its places. */
static int sentence_of(const mstun_finding_t *finding, const char *text)
{
    size_t longest = 0;
    int found = -1;

    for (int i = 0; i < MSTUN_SENTENCES_MAX && finding->sentences[i]; i++) {
        char *pattern = pattern_of(finding->sentences[i]);

        if (g_pattern_match_simple(pattern, text) && strlen(pattern) > longest) {
            longest = strlen(pattern);
            found = i;
        }
        g_free(pattern);
    }
    return found;
}

static void add_found(const mstun_finding_sink_t *sink, mstun_finding_id_t id, const char *text)
{
    const mstun_finding_t *finding = mstun_finding_of(id);
    found_t *found = (found_t *)sink->context;

    g_string_append(found->found, found->found->len ? " " : "");
    if (found->frame) {
        g_string_append_printf(found->found, "%u:", found->frame);
    }
    g_string_append(found->found, finding->name);
    if (text) {
        g_assert_null(strchr(text, '{')); /* every place is filled */
        g_assert_cmpint(sentence_of(finding, text), >=, 0);
        g_string_append_printf(found->found, "#%d", sentence_of(finding, text));
    }
}

static mstun_finding_sink_t new_sink(found_t *found)
{
    *found = (found_t){ .found = g_string_new("") };
    return (mstun_finding_sink_t){ .scope = wmem_file_scope(), .add = add_found, .context = found };
}

static void assert_found(found_t *found, const char *expected)
{
    g_assert_cmpstr(found->found->str, ==, expected);
    g_string_free(found->found, TRUE);
}

static unit_connection_t connection;

static void open_file(void)
{
    unit_new_file();
    unit_connection_open(&connection, 7);
}

/* ---- ICE ---- */

static const struct {
    const char *steps; /* see unit_play_checks() */
    bool closed;
    const char *found; /* with the number of the frame */
} pair_rows[] = {
    { "0>n1 20<s1 30<c2 50>s2", false, "" },
    { "0>c1 20<s1 30<c2 40<c3", false, "3:mstun.one_way#0" },
    { "0>c1 20<s1", false, "1:mstun.one_way#1" },
    { "0>c1 10>c2", false, "" }, /* no answer at all: each check says so itself */
    { "0>c1 20<e401.1 30>c2 50<e401.2", false, "4:mstun.pair.rejected#0" },
    { "0>c1 20<e487.1 30>c2 50<e487.2", false, "4:mstun.role_conflict#0" },
    { "0>c1 20<e487.1 30>n2 50<s2 60<c3 80>s3", false, "2:mstun.role_conflict.resolved" },
    { "0>c1 20<s1 30<c2 50>s2", true, "4:mstun.pair.not_nominated" },
    { "0>c1 20<s1 30<c2 50>s2 60>n3", true, "4:mstun.pair.not_nominated#0" },
    { "0>n1 20<s1 30<c2 50>s2 5000>c3 10000>c4 15000>c5", false, "5:mstun.pair.consent_lost#0" },
};

static void test_pair(void)
{
    for (unsigned i = 0; i < array_length(pair_rows); i++) {
        found_t found;
        mstun_finding_sink_t sink = new_sink(&found);

        g_test_message("%s", pair_rows[i].steps);
        open_file();
        unit_play_checks(&connection, pair_rows[i].steps);
        if (pair_rows[i].closed) {
            unit_connection_close(&connection, 30000);
        }
        const mstun_pair_view_t *view = unit_pair_view(&connection, 1, 30000);
        packet_info pinfo = unit_packet(30000);

        for (uint32_t frame = 1; frame <= view->last_frame; frame++) {
            mstun_event_t event = { .pinfo = &pinfo, .position = connection.position_of_frame[frame] };

            pinfo.num = found.frame = frame;
            mstun_evaluate_pair(&event, view, &sink);
        }
        assert_found(&found, pair_rows[i].found);
    }
}

/* ---- requests ---- */

static const struct {
    const char *what;
    uint16_t type;
    int64_t end_ms;
    char ended; /* 'f' with a FIN, 'r' with a RST */
    bool answered, repeated;
    const char *found;
} response_rows[] = {
    { "answered", 0x0001, 90000, 0, true, false, "" },
    { "not answered", 0x0001, 6000, 0, false, false, "mstun.unanswered#0" },
    { "a retransmission of it", 0x0001, 6000, 0, false, true, "" },
    { "the capture ends too soon", 0x0001, 4000, 0, false, false, "mstun.pending" },
    { "closed", 0x0001, 100, 'f', false, false, "mstun.unanswered#0" },
    { "reset", 0x0001, 100, 'r', false, false, "mstun.unanswered#0 mstun.connection.reset" },
    /* RFC 6062 section 5.2: the server waits for the peer */
    { "Connect", 0x000A, 39000, 0, false, false, "mstun.pending" },
    { "Connect, not answered", 0x000A, 40000, 0, false, false, "mstun.unanswered#0" },
};

static void test_response(void)
{
    for (unsigned i = 0; i < array_length(response_rows); i++) {
        mstun_transaction_t *transaction = &connection.transactions[1];
        const nstime_t end = unit_time(response_rows[i].end_ms);
        found_t found;
        mstun_finding_sink_t sink = new_sink(&found);

        g_test_message("%s", response_rows[i].what);
        open_file();
        *transaction = (mstun_transaction_t){ .type = response_rows[i].type,
                                              .awaits_response = true,
                                              .request_frame = 1,
                                              .response_frame = response_rows[i].answered ? 2 : 0 };
        if (response_rows[i].ended == 'r') {
            unit_connection_reset(&connection, response_rows[i].end_ms);
        } else if (response_rows[i].ended) {
            unit_connection_close(&connection, response_rows[i].end_ms);
        }
        mstun_deferred_t deferred = { .stream = &connection.stream,
                                      .transaction = transaction,
                                      .frame = 1,
                                      .dialect = MSTUN_DIALECT_RFC5389,
                                      .class = STUN_REQUEST,
                                      .method = stun_type_method(response_rows[i].type),
                                      .repeated = response_rows[i].repeated };

        mstun_deferred_evaluate(&deferred, &end, &sink);
        assert_found(&found, response_rows[i].found);
    }
}

static void test_half_captured(void)
{
    tcp_analyze_seq_flow_info_t nothing = { 0 };
    const nstime_t end = unit_time(60000);
    found_t found;
    mstun_finding_sink_t sink = new_sink(&found);

    open_file();
    connection.tcp.flow1.tcp_analyze_seq_info = &nothing; /* of direction 1 */
    connection.transactions[1] = (mstun_transaction_t){ .type = 0x0001, .awaits_response = true, .request_frame = 1 };
    mstun_deferred_t deferred = { .stream = &connection.stream,
                                  .transaction = &connection.transactions[1],
                                  .frame = 1,
                                  .dialect = MSTUN_DIALECT_RFC5389,
                                  .class = STUN_REQUEST,
                                  .method = STUN_BINDING };

    mstun_deferred_evaluate(&deferred, &end, &sink);
    assert_found(&found, "mstun.half_captured");
}

/* ---- errors ---- */

typedef struct {
    uint16_t code, method;
    bool with_integrity, in_pair;
    uint8_t transport; /* of the allocation; 0: none */
    int64_t ms;        /* after the request */
    const char *found;
} error_row_t;

static const error_row_t error_rows[] = {
    { 401, TURN_ALLOCATE, false, false, 0, 1, "mstun.auth.challenge" },
    { 401, TURN_ALLOCATE, true, false, 0, 1, "mstun.auth.rejected#0" },
    { 401, STUN_BINDING, true, true, 0, 1, "" }, /* a check: the pair says it */
    { 431, TURN_REFRESH, true, false, 0, 1, "mstun.auth.rejected#0" },
    { 441, TURN_REFRESH, true, false, 0, 1, "mstun.auth.rejected#1" },
    { 438, TURN_REFRESH, true, false, 0, 1, "mstun.auth.stale_nonce" },
    { 420, STUN_BINDING, false, false, 0, 1, "mstun.unknown_attributes#0" },
    { 403, TURN_CONNECT, true, false, 0, 1, "mstun.turn.forbidden#0" },
    { 403, TURN_CONNECT, true, false, IP_PROTO_UDP, 1, "mstun.turn.forbidden#1" },
    { 403, TURN_CONNECT, true, false, IP_PROTO_TCP, 1, "mstun.turn.forbidden#2" },
    { 403, TURN_CHANNEL_BIND, true, false, IP_PROTO_TCP, 1, "mstun.turn.forbidden#1" },
    { 437, TURN_ALLOCATE, true, false, 0, 1, "mstun.turn.allocation_mismatch#0" },
    { 437, TURN_REFRESH, true, false, 0, 1, "mstun.turn.allocation_mismatch#1" },
    { 442, TURN_ALLOCATE, true, false, 0, 1, "mstun.turn.no_tcp_relay" },
    { 446, TURN_CONNECT, true, false, 0, 1, "mstun.turn.connection_exists" },
    { 447, TURN_CONNECT, true, false, 0, 20, "mstun.turn.peer_refused#0" },
    { 447, TURN_CONNECT, true, false, 0, 10000, "mstun.turn.peer_timeout#0" },
    { 486, TURN_ALLOCATE, true, false, 0, 1, "mstun.turn.quota" },
    { 508, TURN_ALLOCATE, true, false, 0, 1, "mstun.turn.no_capacity" },
    { 300, TURN_ALLOCATE, true, false, 0, 1, "mstun.turn.alternate_server" },
    { 400, TURN_CONNECTION_BIND, true, false, 0, 1, "mstun.turn.bind_rejected" },
    { 400, TURN_ALLOCATE, true, false, 0, 1, "" },
};

/* An Allocate and its success, in the way that turn/ learns of them. */
static void allocate(uint8_t transport)
{
    static const uint8_t id[STUN_ID_LEN] = { 0 };
    packet_info pinfo = unit_packet(0);
    mstun_facts_t facts = { .method = TURN_ALLOCATE,
                            .class = STUN_REQUEST,
                            .dialect = MSTUN_DIALECT_RFC5389,
                            .id = id, /* and no bytes behind it to read peers from */
                            .has = MSTUN_HAS_TRANSPORT | MSTUN_HAS_UNREADABLE_ATTRIBUTE,
                            .transport = transport };
    mstun_event_t event = { .pinfo = &pinfo,
                            .first_visit = true,
                            .stream = &connection.stream,
                            .facts = &facts,
                            .transaction = &connection.transactions[UNIT_IDS_MAX - 1] };

    mstun_allocation_learn(&event);
    pinfo.num++;
    event.direction = 1;
    facts = (mstun_facts_t){ .method = TURN_ALLOCATE,
                             .class = STUN_SUCCESS,
                             .dialect = MSTUN_DIALECT_RFC5389,
                             .has = MSTUN_HAS_LIFETIME,
                             .lifetime = 600,
                             .relayed = { .family = MSTUN_FAMILY_IPV4, .port = 50000 } };
    mstun_allocation_learn(&event);
    unit_packet(0); /* the number is taken */
}

static void check_error(const error_row_t *row)
{
    found_t found;
    mstun_finding_sink_t sink = new_sink(&found);

    open_file();
    if (row->transport) {
        allocate(row->transport);
    }
    if (row->in_pair) {
        unit_play_checks(&connection, "0>c1");
    }
    packet_info request = unit_packet(0), pinfo = unit_packet(row->ms);
    mstun_transaction_t *transaction = &connection.transactions[1];
    mstun_facts_t facts = { .method = row->method,
                            .class = STUN_ERROR,
                            .dialect = MSTUN_DIALECT_RFC5389,
                            .has = MSTUN_HAS_ERROR,
                            .error_code = row->code };
    mstun_event_t event = {
        .pinfo = &pinfo, .stream = &connection.stream, .facts = &facts, .transaction = transaction
    };

    transaction->request_frame = request.num;
    transaction->request_time = request.abs_ts;
    transaction->with_integrity = row->with_integrity;
    mstun_evaluate_turn(&event, &sink);
    assert_found(&found, row->found);
}

static void test_errors(void)
{
    for (unsigned i = 0; i < array_length(error_rows); i++) {
        g_test_message("%u to method 0x%03x: %s", error_rows[i].code, error_rows[i].method, error_rows[i].found);
        check_error(&error_rows[i]);
    }
}

/* ---- TURN ---- */

/* RFC 6062 section 4.1: each kind of allocation has its own methods. */
static void test_transport(void)
{
    static const struct {
        uint16_t method;
        uint8_t transport;
        const char *found;
    } rows[] = {
        { TURN_CONNECT, IP_PROTO_TCP, "" },
        { TURN_CONNECT, IP_PROTO_UDP, "mstun.turn.wrong_transport#1" },
        { TURN_CHANNEL_BIND, IP_PROTO_TCP, "mstun.turn.wrong_transport#0" },
        { TURN_SEND, IP_PROTO_TCP, "mstun.turn.wrong_transport#0" },
        { TURN_SEND, IP_PROTO_UDP, "" },
        { TURN_REFRESH, IP_PROTO_TCP, "" },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        found_t found;
        mstun_finding_sink_t sink = new_sink(&found);

        g_test_message("method 0x%03x, protocol %u", rows[i].method, rows[i].transport);
        open_file();
        allocate(rows[i].transport);
        packet_info pinfo = unit_packet(100);
        mstun_facts_t facts = { .method = rows[i].method, .dialect = MSTUN_DIALECT_RFC5389 };
        mstun_event_t event = { .pinfo = &pinfo, .stream = &connection.stream, .facts = &facts };

        mstun_evaluate_turn(&event, &sink);
        assert_found(&found, rows[i].found);
    }
}

/* What turn/ has observed of a message is found at its place alone. */
static void test_observations(void)
{
    static const char *const expected[] = {
        [MSTUN_OBSERVED_ALLOCATION_EXPIRED] = "mstun.turn.allocation_expired#0",
        [MSTUN_OBSERVED_PERMISSION_EXPIRED] = "mstun.turn.permission_expired#0",
        [MSTUN_OBSERVED_PERMISSION_MISSING] = "mstun.turn.permission_missing#0",
        [MSTUN_OBSERVED_BIND_LATE] = "mstun.turn.bind_late#0",
        [MSTUN_OBSERVED_BIND_UNKNOWN_ID] = "mstun.turn.bind_unknown_id",
        [MSTUN_OBSERVED_BIND_AGAIN] = "mstun.turn.bind_again#0",
        [MSTUN_OBSERVED_STALE_NONCE_AGAIN] = "mstun.auth.stale_nonce_again",
        [MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED] = "mstun.ms.sequence_gap#0",
        [MSTUN_OBSERVED_MS_SEQUENCE_REPEATED] = "mstun.ms.sequence_gap#1",
    };

    for (unsigned kind = 0; kind < array_length(expected); kind++) {
        found_t found, elsewhere;
        mstun_finding_sink_t sink = new_sink(&found), other = new_sink(&elsewhere);

        open_file();
        packet_info pinfo = unit_packet(100);
        mstun_facts_t facts = { .method = STUN_BINDING, .class = STUN_SUCCESS };
        mstun_event_t event = { .pinfo = &pinfo, .stream = &connection.stream, .position = 5, .facts = &facts };

        mstun_turn_observe(&event, (mstun_turn_observation_kind_t)kind, 31.5);
        mstun_evaluate_turn(&event, &sink);
        assert_found(&found, expected[kind]);
        event.position = 6;
        mstun_evaluate_turn(&event, &other);
        assert_found(&elsewhere, "");
    }
}

static mstun_peer_connection_t peer_connection;

/* A Connect success at 0 ms, in a capture that ends at end_ms. */
static const char *announcement_found(int64_t end_ms, uint32_t bind_frame)
{
    mstun_deferred_t deferred = { .stream = &connection.stream,
                                  .connection = &peer_connection,
                                  .frame = 1,
                                  .dialect = MSTUN_DIALECT_RFC5389,
                                  .class = STUN_SUCCESS,
                                  .method = TURN_CONNECT };
    const nstime_t end = unit_time(end_ms);
    found_t found;
    mstun_finding_sink_t sink = new_sink(&found);

    peer_connection = (mstun_peer_connection_t){ .id = 1, .announced_frame = 1, .bind_frame = bind_frame };
    mstun_deferred_evaluate(&deferred, &end, &sink);
    return wmem_strdup(wmem_file_scope(), g_string_free(found.found, FALSE));
}

static const char *bound_found(int64_t end_ms, uint64_t bytes, uint32_t frame)
{
    mstun_deferred_t deferred = { .stream = &connection.stream,
                                  .connection = &peer_connection,
                                  .frame = frame,
                                  .dialect = MSTUN_DIALECT_RFC5389,
                                  .class = STUN_SUCCESS,
                                  .method = TURN_CONNECTION_BIND };
    const nstime_t end = unit_time(end_ms);
    found_t found;
    mstun_finding_sink_t sink = new_sink(&found);

    peer_connection = (mstun_peer_connection_t){ .id = 1, .bind_frame = 1, .bound_frame = 2, .bytes = { 0, bytes } };
    mstun_deferred_evaluate(&deferred, &end, &sink);
    return wmem_strdup(wmem_file_scope(), g_string_free(found.found, FALSE));
}

static void test_peer_connection(void)
{
    open_file();
    g_assert_cmpstr(announcement_found(29000, 0), ==, "");
    g_assert_cmpstr(announcement_found(30000, 0), ==, "mstun.turn.bind_missing#0");
    g_assert_cmpstr(announcement_found(60000, 2), ==, "");
    g_assert_cmpstr(bound_found(39000, 0, 2), ==, "");
    g_assert_cmpstr(bound_found(40000, 0, 2), ==, "mstun.turn.nothing_relayed");
    g_assert_cmpstr(bound_found(40000, 0, 3), ==, ""); /* another success to the same request */
    g_assert_cmpstr(bound_found(40000, 1, 2), ==, "");
    unit_connection_close(&connection, 100);
    g_assert_cmpstr(bound_found(1000, 0, 2), ==, "mstun.turn.nothing_relayed");
}

static const struct {
    const char *what;
    uint8_t transport;
    bool any_permission, refreshed;
    int64_t reset_ms; /* 0: it was not */
    const char *found;
} allocation_rows[] = {
    { "UDP", IP_PROTO_UDP, false, true, 0, "" },
    { "TCP, never refreshed", IP_PROTO_TCP, false, false, 0, "" },
    { "TCP, kept for nothing", IP_PROTO_TCP, false, true, 0, "mstun.turn.no_permission" },
    { "TCP, with a permission", IP_PROTO_TCP, true, true, 0, "" },
    { "reset long before it expires", IP_PROTO_UDP, true, true, 300000, "" },
    { "reset when it expires", IP_PROTO_UDP, true, true, 600500, "mstun.turn.allocation_expired#1" },
};

static void test_allocation(void)
{
    for (unsigned i = 0; i < array_length(allocation_rows); i++) {
        mstun_allocation_t allocation = { .made = { .frame = 2 },
                                          .renewed_frame = 2,
                                          .expires = unit_time(600000),
                                          .transport = allocation_rows[i].transport,
                                          .any_permission = allocation_rows[i].any_permission,
                                          .refreshed = allocation_rows[i].refreshed };
        mstun_deferred_t deferred = { .stream = &connection.stream,
                                      .allocation = &allocation,
                                      .frame = 2,
                                      .lifetime = 600,
                                      .dialect = MSTUN_DIALECT_RFC5389,
                                      .class = STUN_SUCCESS,
                                      .method = TURN_ALLOCATE };
        const nstime_t end = unit_time(900000);
        found_t found;
        mstun_finding_sink_t sink = new_sink(&found);

        g_test_message("%s", allocation_rows[i].what);
        open_file();
        if (allocation_rows[i].reset_ms) {
            unit_connection_reset(&connection, allocation_rows[i].reset_ms);
        }
        mstun_deferred_evaluate(&deferred, &end, &sink);
        assert_found(&found, allocation_rows[i].found);
    }
}

/* ---- Microsoft's dialects ---- */

static const struct {
    const char *what;
    mstun_dialect_t request, response; /* UNKNOWN: none */
    bool reset;
    const char *found;
} dialect_rows[] = {
    { "TURN at a TURN server", MSTUN_DIALECT_RFC5389, MSTUN_DIALECT_RFC5389, false, "" },
    { "MS-TURN at an Edge", MSTUN_DIALECT_MS_TURN, MSTUN_DIALECT_MS_TURN, false, "" },
    { "MS-TURN at a TURN server", MSTUN_DIALECT_MS_TURN, MSTUN_DIALECT_RFC5389, false, "mstun.ms.dialect_mismatch#0" },
    { "TURN at an Edge", MSTUN_DIALECT_RFC5389, MSTUN_DIALECT_MS_TURN, false, "mstun.ms.dialect_mismatch#0" },
    { "TURN at an Edge that resets", MSTUN_DIALECT_RFC5389, MSTUN_DIALECT_UNKNOWN, true,
      "mstun.unanswered#0 mstun.connection.reset mstun.ms.dialect_mismatch#1" },
};

static void test_dialects(void)
{
    for (unsigned i = 0; i < array_length(dialect_rows); i++) {
        const nstime_t end = unit_time(9000);
        mstun_transaction_t *transaction = &connection.transactions[1];
        found_t found;
        mstun_finding_sink_t sink = new_sink(&found);

        g_test_message("%s", dialect_rows[i].what);
        open_file();
        packet_info pinfo = unit_packet(0);
        mstun_facts_t facts = { .method = TURN_ALLOCATE, .dialect = dialect_rows[i].request };
        mstun_event_t event = { .pinfo = &pinfo, .stream = &connection.stream, .facts = &facts };
        mstun_deferred_t deferred;

        event.transaction = transaction;
        *transaction = (mstun_transaction_t){ .type = 0x0003, .awaits_response = true, .request_frame = 1 };
        mstun_dialect_mismatch_learn(&event);
        mstun_deferred_init(&deferred, &event);
        if (dialect_rows[i].response != MSTUN_DIALECT_UNKNOWN) {
            facts.class = STUN_SUCCESS;
            facts.dialect = dialect_rows[i].response;
            transaction->response_frame = 2;
            mstun_dialect_mismatch_learn(&event);
        }
        if (dialect_rows[i].reset) {
            unit_connection_reset(&connection, 20);
        }
        mstun_deferred_evaluate(&deferred, &end, &sink);
        assert_found(&found, dialect_rows[i].found);
    }
}

void unit_add_diagnose(void)
{
    g_test_add_func("/diagnose/pair", test_pair);
    g_test_add_func("/diagnose/response", test_response);
    g_test_add_func("/diagnose/half_captured", test_half_captured);
    g_test_add_func("/diagnose/errors", test_errors);
    g_test_add_func("/diagnose/transport", test_transport);
    g_test_add_func("/diagnose/observations", test_observations);
    g_test_add_func("/diagnose/peer_connection", test_peer_connection);
    g_test_add_func("/diagnose/allocation", test_allocation);
    g_test_add_func("/diagnose/dialects", test_dialects);
}
