/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8489 section 6.2, RFC 8656 sections 7 and 9, RFC 6062 section 5. */
#include "diagnose/deferred.h"

#include "diagnose/dialect_mismatch.h"
#include "conversation/response_state.h"

#define PROTOCOL_TCP 6

expert_field mstun_ei_allocation_expired = EI_INIT;

static expert_field ei_unanswered = EI_INIT;
static expert_field ei_connection_reset = EI_INIT;
static expert_field ei_pending = EI_INIT;
static expert_field ei_half_captured = EI_INIT;
static expert_field ei_bind_missing = EI_INIT;
static expert_field ei_nothing_relayed = EI_INIT;
static expert_field ei_no_permission = EI_INIT;

/* A message, the end of the capture, and who wants to hear of it. */
typedef struct {
    const mstun_deferred_t *late;
    const nstime_t *end;
    wmem_allocator_t *scope;
    mstun_found_fn found;
    void *context;
} judge_t;

void mstun_deferred_init(mstun_deferred_t *late, const mstun_stream_t *stream, const packet_info *pinfo,
                         uint32_t position, const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    *late = (mstun_deferred_t){ .stream = stream,
                                .transaction = exchange->transaction,
                                .allocation = mstun_allocation_in_force(stream, pinfo->num, position),
                                .connection = mstun_peer_connection_of(stream, pinfo, position, facts, exchange),
                                .frame = pinfo->num,
                                .lifetime = facts->lifetime,
                                .time = pinfo->abs_ts,
                                .dialect = facts->dialect,
                                .class = facts->class,
                                .method = facts->method,
                                .again = exchange->copy != NULL };
}

static void tell(const judge_t *j, expert_field *ei, int severity, const char *text)
{
    j->found(ei, severity, text, j->context);
}

static void judge_request(const judge_t *j)
{
    const mstun_stream_t *stream = j->late->stream;
    const char *why = "";
    nstime_t last;

    switch (mstun_response_state(j->late->transaction, stream, j->end, j->scope, &why)) {
    case MSTUN_RESPONSE_MISSING:
        tell(j, &ei_unanswered, PI_WARN, wmem_strdup_printf(j->scope, "This request was not answered: %s", why));
        if (!stream->beyond_server && mstun_stream_was_reset(stream, &last)) {
            tell(j, &ei_connection_reset, PI_WARN, NULL); /* there the server only passes an end on */
        }
        break;
    case MSTUN_RESPONSE_PENDING:
        tell(j, &ei_pending, PI_NOTE, NULL);
        break;
    case MSTUN_RESPONSE_NOT_CAPTURED:
        tell(j, &ei_half_captured, PI_NOTE, NULL);
        break;
    case MSTUN_RESPONSE_ARRIVED:
        break;
    }
}

/* Announced, and the capture goes on for longer than the server waits. */
static void judge_announcement(const judge_t *j)
{
    const mstun_peer_connection_t *connection = j->late->connection;
    nstime_t waited;

    nstime_delta(&waited, j->end, &connection->announced);
    if (!connection->bind_frame && nstime_to_sec(&waited) >= TURN_BIND_TIME_S) {
        tell(j, &ei_bind_missing, PI_WARN,
             wmem_strdup_printf(j->scope,
                                "No ConnectionBind with id 0x%08x followed in 30 s: the client did not open a second "
                                "connection to the server, or a firewall or load balancer kept it away",
                                connection->id));
    }
}

/* The data connection stood, and stayed silent until it or the capture ended. */
static void judge_bound(const judge_t *j)
{
    const mstun_peer_connection_t *connection = j->late->connection;

    if (connection->bound_frame == j->late->frame && connection->bytes[0] + connection->bytes[1] == 0 &&
        mstun_stream_idle_or_closed(j->late->stream, &connection->bound, j->end)) {
        tell(j, &ei_nothing_relayed, PI_WARN, NULL);
    }
}

/* A TCP allocation to which no peer was ever admitted, and that connects to none itself. */
static void judge_permissions(const judge_t *j)
{
    const mstun_allocation_t *allocation = j->late->allocation;

    if (allocation && allocation->frame == j->late->frame && allocation->transport == PROTOCOL_TCP &&
        !allocation->any_permission && allocation->refreshed &&
        mstun_stream_idle_or_closed(j->late->stream, &j->late->time, j->end)) {
        tell(j, &ei_no_permission, PI_NOTE, NULL);
    }
}

/* The server resets the control connection when the lifetime is over, as coturn does. */
static void judge_expiry(const judge_t *j)
{
    const mstun_allocation_t *allocation = j->late->allocation;
    nstime_t last, over;

    if (!allocation || j->late->lifetime == 0 || allocation->renewed_frame != j->late->frame ||
        !mstun_stream_was_reset(j->late->stream, &last)) {
        return;
    }
    nstime_delta(&over, &last, &allocation->expires);
    if (nstime_to_msec(&over) > -1000 && nstime_to_msec(&over) < 2000) {
        tell(j, &mstun_ei_allocation_expired, PI_WARN,
             wmem_strdup_printf(j->scope,
                                "No Refresh followed in the lifetime of %u s, and the server reset the connection when "
                                "it was over",
                                j->late->lifetime));
    }
}

static bool is_announcement(const mstun_deferred_t *late)
{
    return late->method == TURN_CONNECTION_ATTEMPT || (late->method == TURN_CONNECT && late->class == STUN_SUCCESS);
}

bool mstun_deferred_may_apply(const mstun_deferred_t *late)
{
    if (late->class == STUN_REQUEST) {
        return late->transaction && !late->again &&
               (!late->transaction->response_frame || mstun_dialect_mismatch_possible(late));
    }
    return late->dialect != MSTUN_DIALECT_MS_TURN && late->method >= TURN_ALLOCATE && late->class != STUN_ERROR &&
           late->method != TURN_SEND && late->method != TURN_DATA;
}

void mstun_deferred_evaluate(const mstun_deferred_t *late, const nstime_t *end, wmem_allocator_t *scope,
                             mstun_found_fn found, void *context)
{
    judge_t j = { late, end, scope, found, context };

    if (!mstun_deferred_may_apply(late)) {
        return;
    }
    if (late->class == STUN_REQUEST) {
        judge_request(&j);
        mstun_dialect_mismatch_evaluate(late, end, scope, found, context);
    } else if (late->connection && is_announcement(late)) {
        judge_announcement(&j);
    } else if (late->connection && late->method == TURN_CONNECTION_BIND) {
        judge_bound(&j);
    } else if (late->class == STUN_SUCCESS && (late->method == TURN_ALLOCATE || late->method == TURN_REFRESH)) {
        if (late->method == TURN_ALLOCATE) {
            judge_permissions(&j);
        }
        judge_expiry(&j);
    }
}

typedef struct {
    packet_info *pinfo;
    proto_item *item;
} shown_t;

static void show_found(expert_field *ei, int severity _U_, const char *text, void *context)
{
    const shown_t *shown = (const shown_t *)context;

    if (text) {
        expert_add_info_format(shown->pinfo, shown->item, ei, "%s", text);
    } else {
        expert_add_info(shown->pinfo, shown->item, ei);
    }
}

void mstun_deferred_add_experts(packet_info *pinfo, proto_item *item, const mstun_deferred_t *late)
{
    shown_t shown = { pinfo, item };
    nstime_t end;

    if (mstun_deferred_may_apply(late) && mstun_capture_end(pinfo, &end)) {
        mstun_deferred_evaluate(late, &end, pinfo->pool, show_found, &shown);
    }
}

void mstun_deferred_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_unanswered, { "mstun.unanswered", PI_SEQUENCE, PI_WARN, "Request without response", EXPFILL } },
        { &ei_connection_reset,
          { "mstun.connection.reset", PI_SEQUENCE, PI_WARN,
            "The connection was reset while this request was open: the side that sent the RST refuses what it got, or "
            "a firewall between them does",
            EXPFILL } },
        { &ei_pending,
          { "mstun.pending", PI_SEQUENCE, PI_NOTE,
            "No response in the capture, which ends too soon after this request to tell", EXPFILL } },
        { &ei_half_captured,
          { "mstun.half_captured", PI_SEQUENCE, PI_NOTE,
            "No response in the capture, which holds no packet of the other direction at all: capture both directions",
            EXPFILL } },
        { &ei_bind_missing,
          { "mstun.turn.bind_missing", PI_SEQUENCE, PI_WARN, "Announced connection without ConnectionBind", EXPFILL } },
        { &ei_nothing_relayed,
          { "mstun.turn.nothing_relayed", PI_SEQUENCE, PI_WARN,
            "The data connection was bound and nothing ever came through, either way: look at both ends of the leg "
            "between server and peer",
            EXPFILL } },
        { &ei_no_permission,
          { "mstun.turn.no_permission", PI_SEQUENCE, PI_NOTE,
            "No permission was ever created on this allocation: every peer that connects to it is sent away at once",
            EXPFILL } },
        { &mstun_ei_allocation_expired,
          { "mstun.turn.allocation_expired", PI_SEQUENCE, PI_WARN, "The allocation's lifetime is over", EXPFILL } },
    };

    MSTUN_REGISTER_EXPERTS(reg, ei);
}
