/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connection.h"

#include "conversation/tcp_state.h"
#include "wire/header.h"

void unit_connection_open(unit_connection_t *connection, uint32_t number)
{
    memset(connection, 0, sizeof *connection);
    connection->stream.tcp = &connection->tcp;
    connection->tcp.flow1.static_flags = 0x02; /* packet-tcp.c's bit for a SYN: the capture has the beginning */
    connection->stream.tcp_stream = connection->stream.number = number;
    connection->stream.ends[0] =
        (mstun_endpoint_t){ .family = MSTUN_FAMILY_IPV4, .port = 5000, .ip = { 192, 0, 2, 1 } };
    connection->stream.ends[1] =
        (mstun_endpoint_t){ .family = MSTUN_FAMILY_IPV4, .port = 3478, .ip = { 198, 51, 100, 2 } };
}

/* TCP notes who sends the first FIN, flow2 being direction 0, and nothing of an RST. */
static void end(unit_connection_t *connection, int64_t ms, uint8_t seen)
{
    connection->tcp.conversation_completeness = seen;
    connection->tcp.flow2.closing_initiator = seen == TCP_FIN_SEEN;
    connection->tcp.ts_prev = unit_time(ms);
}

void unit_connection_close(unit_connection_t *connection, int64_t ms)
{
    end(connection, ms, TCP_FIN_SEEN);
}

void unit_connection_reset(unit_connection_t *connection, int64_t ms)
{
    end(connection, ms, TCP_RESET_SEEN);
}

void unit_describe_check(mstun_facts_t *facts, unsigned direction, char kind)
{
    static const char *const names[] = { "RRRR:LLLL", "LLLL:RRRR" };

    facts->username = (mstun_span_t){ .bytes = (const uint8_t *)names[direction], .len = 9 };
    facts->has = MSTUN_HAS_PRIORITY | MSTUN_HAS_INTEGRITY;
    facts->priority = 0x6E0000FF;
    if (kind != 'g') {
        facts->has |= direction == 0 || kind == 'k' ? MSTUN_HAS_CONTROLLING : MSTUN_HAS_CONTROLLED;
    }
    if (kind == 'n') {
        facts->has |= MSTUN_HAS_USE_CANDIDATE;
    }
}

/* As mstun_transaction_learn() does, as far as ice/ looks at it. */
static void enter(mstun_transaction_t *transaction, const mstun_event_t *event)
{
    if (event->facts->class != STUN_REQUEST) {
        transaction->response_frame = event->pinfo->num;
        transaction->direction = event->direction == 0;
    } else if (!event->repeat) {
        transaction->type = STUN_BINDING;
        transaction->awaits_response = true;
        transaction->request_frame = event->pinfo->num;
        transaction->request_position = event->position;
        transaction->request_time = event->pinfo->abs_ts;
        transaction->direction = event->direction != 0;
    }
}

static void learn(unit_connection_t *connection, int64_t ms, unsigned direction, char kind, uint16_t code, unsigned id)
{
    static const mstun_repeat_t again = { .of_request = true };
    packet_info pinfo = unit_packet(ms);
    mstun_facts_t facts = { .method = STUN_BINDING, .dialect = MSTUN_DIALECT_RFC5389, .error_code = code };
    mstun_event_t event = { .pinfo = &pinfo,
                            .first_visit = true,
                            .stream = &connection->stream,
                            .direction = direction,
                            .position = id,
                            .facts = &facts,
                            .transaction = &connection->transactions[id],
                            .repeat = kind == 'r' ? &again : NULL };

    g_assert_cmpuint(pinfo.num, <, UNIT_FRAMES_MAX);
    g_assert_cmpuint(id, <, UNIT_IDS_MAX);
    connection->position_of_frame[pinfo.num] = id;
    if (kind == 'm') {
        event.facts = NULL;
        event.transaction = NULL;
        mstun_pair_count_media(&event);
        return;
    }
    if (kind == 's' || kind == 'e') {
        facts.class = kind == 's' ? STUN_SUCCESS : STUN_ERROR;
        facts.has = MSTUN_HAS_INTEGRITY;
    } else {
        unit_describe_check(&facts, direction, kind);
    }
    enter(event.transaction, &event);
    mstun_pair_learn(&event);
}

/* "520<e487.1" */
static void play_step(unit_connection_t *connection, const char *step)
{
    char *rest;
    int64_t ms = g_ascii_strtoll(step, &rest, 10);
    unsigned direction = *rest++ == '>' ? 0 : 1;
    char kind = *rest++;
    uint64_t number = g_ascii_strtoull(rest, &rest, 10);
    uint16_t code = *rest == '.' ? (uint16_t)number : 0;

    learn(connection, ms, direction, kind, code, (unsigned)(code ? g_ascii_strtoull(rest + 1, NULL, 10) : number));
}

void unit_play_checks(unit_connection_t *connection, const char *steps)
{
    char **list = g_strsplit(steps, " ", -1);

    for (char **step = list; *step; step++) {
        play_step(connection, *step);
    }
    g_strfreev(list);
}

const mstun_pair_view_t *unit_pair_view(const unit_connection_t *connection, unsigned id, int64_t end_ms)
{
    const mstun_pair_t *pair = mstun_pair_of(&connection->transactions[id]);
    const nstime_t capture_end = unit_time(end_ms);

    g_assert_nonnull(pair);
    return mstun_pair_view(pair, &capture_end);
}
