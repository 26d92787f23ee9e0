/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ice/: the state of candidate pairs, by scenarios of checks and responses. */
#include "connection.h"

#include "wire/header.h"

typedef struct {
    const char *what;
    const char *steps; /* see unit_play_checks() */
    int64_t end_ms;    /* the last frame of the capture, or of the connection if it was closed */
    bool closed;
    mstun_pair_state_t state;
    unsigned broken;
} scenario_t;

static const scenario_t scenarios[] = {
    { "nominated at once", "0>n1 20<s1 30<c2 50>s2", 9000, false, MSTUN_PAIR_NOMINATED, 0 },
    { "nominated later", "0>c1 20<s1 30<c2 50>s2 60>n3 80<s3", 9000, true, MSTUN_PAIR_NOMINATED, 0 },
    { "answered both ways, and the capture ends", "0>c1 20<s1 30<c2 50>s2", 9000, false, MSTUN_PAIR_WORKS, 0 },
    { "media without a nomination", "0>c1 20<s1 30<c2 50>s2 60>m 70<m", 9000, true, MSTUN_PAIR_WORKS, 0 },
    { "Google's ICE has no nomination", "0>g1 20<s1 30<g2 50>s2", 9000, true, MSTUN_PAIR_WORKS, 0 },
    { "never nominated", "0>c1 20<s1 30<c2 50>s2", 9000, true, MSTUN_PAIR_NOT_NOMINATED, 0 },
    { "the nomination is not answered", "0>c1 20<s1 30<c2 50>s2 60>n3", 9000, true, MSTUN_PAIR_NOT_NOMINATED, 0 },
    { "closed right after it worked", "0>c1 20<s1 30<c2 50>s2", 1000, true, MSTUN_PAIR_WORKS, 0 },
    { "the capture ends too soon", "0>c1", 4000, false, MSTUN_PAIR_PENDING, 0 },
    { "one answered, the other one pending", "0>c1 20<s1 30<c2", 4000, false, MSTUN_PAIR_PENDING, 0 },
    { "closed under its first check", "0>c1", 400, true, MSTUN_PAIR_CUT_OFF, 0 },
    { "no answer", "0>c1 500>r1", 6000, false, MSTUN_PAIR_NO_ANSWER, 0 },
    { "no answer, closed", "0>c1", 6000, true, MSTUN_PAIR_NO_ANSWER, 0 },
    { "the other side gets no answer", "0>c1 20<s1 30<c2", 6000, false, MSTUN_PAIR_ONE_WAY, MSTUN_REVERSE },
    { "the first side gets no answer", "0>c1 30<c2 50>s2", 6000, false, MSTUN_PAIR_ONE_WAY, MSTUN_FORWARD },
    { "the other side sends no checks", "0>c1 20<s1", 6000, false, MSTUN_PAIR_ONE_WAY, MSTUN_REVERSE },
    { "it sends media instead", "0>n1 20<s1 30<m", 6000, false, MSTUN_PAIR_NOMINATED, 0 },
    { "rejected", "0>c1 20<e401.1 30<c2 50>s2", 6000, false, MSTUN_PAIR_REJECTED, MSTUN_FORWARD },
    { "rejected the other way", "0>n1 20<s1 30<c2 50>e401.2", 6000, false, MSTUN_PAIR_REJECTED, MSTUN_REVERSE },
    { "rejected, and the capture ends", "0>c1 20<e401.1", 4000, false, MSTUN_PAIR_PENDING, 0 },
    { "role conflict, resolved", "0>c1 20<e487.1 30>n2 50<s2 60<c3 80>s3", 6000, false, MSTUN_PAIR_NOMINATED, 0 },
    { "role conflict", "0>c1 20<e487.1 30>c2 50<e487.2", 6000, false, MSTUN_PAIR_ROLE_CONFLICT, MSTUN_FORWARD },
    { "a role conflict that nobody detects", "0>c1 20<k2 5000>c3", 20000, false, MSTUN_PAIR_ROLE_CONFLICT,
      MSTUN_FORWARD },
    { "the other agent is lite", "0>n1 20<s1 5000>c2 5020<s2", 9000, false, MSTUN_PAIR_NOMINATED, 0 },
    { "consent lost", "0>n1 20<s1 30<c2 50>s2 5000>c3 10000>c4 15000>c5", 25000, false, MSTUN_PAIR_CONSENT_LOST,
      MSTUN_FORWARD },
    { "two checks are too few for that", "0>n1 20<s1 30<c2 50>s2 5000>c3 10000>c4", 25000, false, MSTUN_PAIR_NOMINATED,
      0 },
    { "but not after 30 s", "0>n1 20<s1 30<c2 50>s2 5000>c3 10000>c4", 31000, false, MSTUN_PAIR_CONSENT_LOST,
      MSTUN_FORWARD },
    { "only one side's packets", "0>c1 50>s2 60>c3 80>s4", 9000, false, MSTUN_PAIR_HALF_CAPTURED, 0 },
};

static void test_states(void)
{
    for (unsigned i = 0; i < array_length(scenarios); i++) {
        const scenario_t *scenario = &scenarios[i];
        static unit_connection_t connection;

        g_test_message("%s: %s", scenario->what, scenario->steps);
        unit_new_file();
        unit_connection_open(&connection, 7);
        unit_play_checks(&connection, scenario->steps);
        if (scenario->closed) {
            unit_connection_close(&connection, scenario->end_ms);
        }
        /* A closed connection is judged by its own end, however long the capture goes on. */
        const mstun_pair_view_t *view =
            unit_pair_view(&connection, 1, scenario->end_ms + (scenario->closed ? 60000 : 0));

        g_assert_cmpstr(val_to_str_const(view->state, mstun_pair_state_names, "?"), ==,
                        val_to_str_const(scenario->state, mstun_pair_state_names, "?"));
        g_assert_cmpuint(mstun_pair_broken_direction(view), ==, scenario->broken);
        g_assert_nonnull(mstun_pair_state_text(wmem_file_scope(), view));
    }
}

static void test_counts(void)
{
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    unit_play_checks(&connection,
                     "0>c1 20<e487.1 30>n2 130<s2 140<c3 500<r3 640>s3 700>m 710<m 720<m 5000>c4 10000>c5");
    const mstun_pair_view_t *view = unit_pair_view(&connection, 1, 12000);
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];

    g_assert_true(view->tcp && !view->relayed && !view->half_captured);
    g_assert_cmpuint(view->stream, ==, 7);
    g_assert_cmpuint(forward->requests, ==, 4);
    g_assert_cmpuint(forward->successes, ==, 1);
    g_assert_cmpuint(forward->errors, ==, 1);
    g_assert_cmpuint(forward->conflicts, ==, 1);
    g_assert_cmpuint(forward->error_code, ==, ICE_ROLE_CONFLICT);
    g_assert_false(forward->error_open || forward->conflict_open);
    g_assert_cmpuint(forward->unanswered, ==, 1);
    g_assert_cmpuint(forward->first_unanswered->request_frame, ==, 11);
    g_assert_cmpuint(forward->pending, ==, 1);
    g_assert_cmpuint(forward->consent, ==, 2);
    g_assert_cmpuint(forward->media, ==, 1);
    g_assert_cmpuint(forward->nominating_frame, ==, 3);
    g_assert_cmpuint(forward->nominated_frame, ==, 4);
    g_assert_cmpuint(forward->timed, ==, 2);
    g_assert_cmpuint(forward->shortest_ns, ==, 20 * 1000000);
    g_assert_cmpuint(forward->longest_ns, ==, 100 * 1000000);
    g_assert_cmpuint(forward->total_ns, ==, 120 * 1000000);
    g_assert_cmpuint(reverse->requests, ==, 1);
    g_assert_cmpuint(reverse->retransmissions, ==, 1);
    g_assert_cmpuint(reverse->media, ==, 2);
    g_assert_cmpuint(view->works_frame, ==, 7);
    g_assert_cmpuint(view->first_frame, ==, 1);
    g_assert_cmpuint(view->last_frame, ==, 12);
    g_assert_cmpstr(view->side[0].ufrag, ==, "LLLL");
    g_assert_cmpstr(view->side[1].ufrag, ==, "RRRR");
    g_assert_cmpint(view->side[0].role, ==, MSTUN_ROLE_CONTROLLING);
    g_assert_cmpint(view->side[1].role, ==, MSTUN_ROLE_CONTROLLED);
    g_assert_cmphex(view->side[0].priority, ==, 0x6E0000FF);
}

/* In a first pass all open checks are pending; the same pair is evaluated anew when the end is known. */
static void test_provisional(void)
{
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    unit_play_checks(&connection, "0>c1 1000>c2 2000>c3");
    const mstun_pair_t *pair = mstun_pair_of(&connection.transactions[1]);
    const mstun_pair_view_t *view = mstun_pair_view(pair, NULL);

    g_assert_cmpint(view->state, ==, MSTUN_PAIR_PENDING);
    g_assert_cmpuint(view->dir[0].pending, ==, 3);
    view = unit_pair_view(&connection, 1, 6500);
    g_assert_cmpint(view->state, ==, MSTUN_PAIR_NO_ANSWER);
    g_assert_cmpuint(view->dir[0].pending, ==, 1);
    g_assert_cmpuint(view->dir[0].unanswered, ==, 2);
    g_assert_cmpuint(view->dir[0].first_unanswered->request_frame, ==, 1);
    unit_play_checks(&connection, "6600<s3");
    view = unit_pair_view(&connection, 1, 8000);
    g_assert_cmpuint(view->dir[0].pending, ==, 0);
    g_assert_cmpuint(view->dir[0].successes, ==, 1);
}

/* A capture that begins in the middle: the first message of the pair is a response, whose check went the other way. */
static void test_begins_with_response(void)
{
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    unit_play_checks(&connection, "0>s1 10>c2 30<s2");
    const mstun_pair_view_t *view = unit_pair_view(&connection, 1, 9000);

    g_assert_true(mstun_pair_of(&connection.transactions[1]) == mstun_pair_of(&connection.transactions[2]));
    g_assert_cmpuint(view->dir[MSTUN_FORWARD].successes, ==, 1);
    g_assert_cmpuint(view->dir[MSTUN_FORWARD].requests, ==, 0);
    g_assert_cmpuint(view->dir[MSTUN_FORWARD].timed, ==, 0);
    g_assert_cmpuint(view->dir[MSTUN_REVERSE].requests, ==, 1);
    g_assert_cmpuint(view->side[0].address.port, ==, 3478); /* unit_packet()'s destination */
}

/* Two pairs of the same agents and component: only one of them is to be nominated. */
static void test_other_pair(void)
{
    static unit_connection_t connections[2];

    unit_new_file();
    for (unsigned i = 0; i < array_length(connections); i++) {
        unit_connection_open(&connections[i], i);
    }
    unit_play_checks(&connections[0], "0>c1 20<s1 30<c2 50>s2");
    unit_connection_close(&connections[0], 9000);
    g_assert_cmpint(unit_pair_view(&connections[0], 1, 9000)->state, ==, MSTUN_PAIR_NOT_NOMINATED);
    unit_play_checks(&connections[1], "100>n1 120<s1 130<c2 150>s2");
    const mstun_pair_view_t *view = unit_pair_view(&connections[0], 1, 9000);

    g_assert_cmpint(view->state, ==, MSTUN_PAIR_WORKS);
    g_assert_true(view->other_pair_nominated);
    g_assert_cmpstr(mstun_pair_state_text(wmem_file_scope(), view), ==, "works, but another pair was nominated");
    view = unit_pair_view(&connections[1], 1, 9000);
    g_assert_cmpint(view->state, ==, MSTUN_PAIR_NOMINATED);
    g_assert_cmpuint(view->id, ==, 1);
}

/* Bytes that are missing behind a check may have held its response. */
static void test_gap(void)
{
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    unit_play_checks(&connection, "0>c1 10<c2");
    connection.stream.flow[1].coverage.gap_frame = 2;
    const mstun_pair_view_t *view = unit_pair_view(&connection, 1, 9000);

    g_assert_cmpint(view->state, ==, MSTUN_PAIR_NO_ANSWER); /* the other direction is whole */
    g_assert_cmpuint(mstun_pair_broken_direction(view), ==, MSTUN_REVERSE);
    g_assert_cmpuint(view->gap_frame, ==, 2);
    g_assert_cmpuint(view->dir[0].inconclusive, ==, 1);
    g_assert_null(view->dir[0].first_unanswered);
    g_assert_cmpuint(view->dir[1].inconclusive, ==, 0);
}

/* A Binding request to a server is no check, and neither is its response. */
static void test_no_check(void)
{
    mstun_facts_t facts = { .method = STUN_BINDING, .class = STUN_REQUEST };
    packet_info pinfo = unit_packet(0);
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    mstun_event_t event = { .pinfo = &pinfo, .first_visit = true, .stream = &connection.stream, .facts = &facts };

    mstun_pair_learn(&event);
    event.transaction = &connection.transactions[1];
    event.transaction->request_frame = 1;
    mstun_pair_learn(&event);
    facts.class = STUN_SUCCESS;
    mstun_pair_learn(&event);
    mstun_pair_count_media(&event);
    g_assert_null(mstun_pair_of(event.transaction));
    g_assert_null(mstun_pair_of(NULL));
}

static void test_relayed(void)
{
    mstun_facts_t facts = { .method = STUN_BINDING, .class = STUN_REQUEST };
    packet_info pinfo = unit_packet(0);
    static unit_connection_t connection;

    unit_new_file();
    unit_connection_open(&connection, 7);
    unit_describe_check(&facts, 0, 'c');
    mstun_event_t event = { .pinfo = &pinfo,
                            .first_visit = true,
                            .stream = &connection.stream,
                            .peer = { .port = 0x4001 },
                            .from_peer = true,
                            .facts = &facts,
                            .transaction = &connection.transactions[1] };

    mstun_pair_learn(&event);
    const mstun_pair_view_t *view = unit_pair_view(&connection, 1, 9000);

    g_assert_true(view->relayed);
    g_assert_cmpuint(view->peer, ==, 0);
    g_assert_cmpstr(mstun_pair_side_text(wmem_file_scope(), &view->side[0]), ==, "the peer of channel 0x4001");
    event.peer.port = 0x4002; /* another peer, another pair */
    event.transaction = &connection.transactions[2];
    mstun_pair_learn(&event);
    g_assert_true(mstun_pair_of(&connection.transactions[1]) != mstun_pair_of(&connection.transactions[2]));
}

void unit_add_ice(void)
{
    g_test_add_func("/ice/states", test_states);
    g_test_add_func("/ice/counts", test_counts);
    g_test_add_func("/ice/provisional", test_provisional);
    g_test_add_func("/ice/begins_with_response", test_begins_with_response);
    g_test_add_func("/ice/other_pair", test_other_pair);
    g_test_add_func("/ice/gap", test_gap);
    g_test_add_func("/ice/no_check", test_no_check);
    g_test_add_func("/ice/relayed", test_relayed);
}
