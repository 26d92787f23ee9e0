/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8489 section 9.2 (authentication), RFC 8656 sections 7, 9, 10 and 12, RFC 6062 sections 4 and 5. */
#include "diagnose/turn_experts.h"

#include "attr/attr.h"
#include "diagnose/deferred.h"

/* A server that is refused answers at once; one that gets no answer waits for 30 s and more (RFC 6062 section 5.2). */
#define PEER_TIMEOUT_S 10

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

static expert_field ei_challenge = EI_INIT;
static expert_field ei_rejected = EI_INIT;
static expert_field ei_stale_nonce = EI_INIT;
static expert_field ei_stale_nonce_again = EI_INIT;
static expert_field ei_no_tcp_relay = EI_INIT;
static expert_field ei_forbidden = EI_INIT;
static expert_field ei_quota = EI_INIT;
static expert_field ei_no_capacity = EI_INIT;
static expert_field ei_allocation_mismatch = EI_INIT;
static expert_field ei_peer_refused = EI_INIT;
static expert_field ei_peer_timeout = EI_INIT;
static expert_field ei_connection_exists = EI_INIT;
static expert_field ei_bind_late = EI_INIT;
static expert_field ei_bind_again = EI_INIT;
static expert_field ei_bind_rejected = EI_INIT;
static expert_field ei_bind_unknown_id = EI_INIT;
static expert_field ei_permission_expired = EI_INIT;
static expert_field ei_permission_missing = EI_INIT;
static expert_field ei_alternate_server = EI_INIT;
static expert_field ei_wrong_transport = EI_INIT;
static expert_field ei_unknown_attributes = EI_INIT;
static expert_field ei_ms_sequence_gap = EI_INIT;

/* What stands in hand; the functions below differ only in what of it they look at. */
typedef struct {
    packet_info *pinfo;
    proto_item *item;
    const mstun_stream_t *stream;
    uint32_t position;
    const mstun_facts_t *facts;
    const mstun_transaction_t *transaction;
    bool again; /* a note says that it happens again */
} verdict_t;

static void add(const verdict_t *v, expert_field *ei)
{
    expert_add_info(v->pinfo, v->item, ei);
}

/* Error codes that mean one thing whatever the method. */
static const struct {
    uint16_t code;
    expert_field *ei;
} meanings[] = {
    { 300, &ei_alternate_server }, { 442, &ei_no_tcp_relay }, { 446, &ei_connection_exists }, { 486, &ei_quota },
    { 508, &ei_no_capacity },
};

/* A request that the capture has behind its response is none that one pass knows of. */
static bool had_integrity(const verdict_t *v)
{
    return v->transaction && v->transaction->with_integrity && v->transaction->request_frame <= v->pinfo->num;
}

static void show_authentication(const verdict_t *v)
{
    if (v->facts->error_code == 401 && !had_integrity(v)) {
        add(v, &ei_challenge);
    } else {
        expert_add_info_format(v->pinfo, v->item, &ei_rejected,
                               "The server refuses the credentials (%u): check user name, password and realm of the "
                               "TURN client%s",
                               v->facts->error_code,
                               v->facts->error_code == 441 ? ", which must be those that made the allocation" : "");
    }
}

static void show_connect_failure(const verdict_t *v)
{
    nstime_t taken = NSTIME_INIT_ZERO;

    if (v->transaction) {
        nstime_delta(&taken, &v->pinfo->abs_ts, &v->transaction->request_time);
    }
    bool timed_out = nstime_to_sec(&taken) >= PEER_TIMEOUT_S;

    expert_add_info_format(v->pinfo, v->item, timed_out ? &ei_peer_timeout : &ei_peer_refused,
                           timed_out
                               ? "The server got no answer from the peer in %.1f s: a firewall between relay and "
                                 "peer drops the connection, or the peer's address is wrong"
                               : "The server was refused by the peer after %.3f s: the peer's port is closed, its "
                                 "candidate already released, or its address is wrong",
                           nstime_to_sec(&taken));
}

static void show_unknown_attributes(const verdict_t *v)
{
    wmem_strbuf_t *names = wmem_strbuf_new(v->pinfo->pool, "");

    for (unsigned i = 0; i + 1 < v->facts->unknown.len; i += 2) {
        uint16_t type = pntohu16(v->facts->unknown.bytes + i);

        wmem_strbuf_append_printf(names, "%s0x%04x %s", i ? ", " : "", type, mstun_attr_name(v->facts->dialect, type));
    }
    expert_add_info_format(v->pinfo, v->item, &ei_unknown_attributes,
                           "The receiver does not know these attributes and refused the message: %s",
                           wmem_strbuf_get_len(names) ? wmem_strbuf_get_str(names) : "it does not say which");
}

/* Some servers say 403 where RFC 8656 asks for 437. */
static void show_forbidden(const verdict_t *v)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(v->stream, v->pinfo->num, v->position);
    bool wrong_kind = allocation && ((v->facts->method == TURN_CONNECT && allocation->transport == PROTOCOL_UDP) ||
                                     (v->facts->method == TURN_CHANNEL_BIND && allocation->transport == PROTOCOL_TCP));
    const char *meaning = !allocation  ? "There is no allocation on this control connection"
                          : wrong_kind ? "The allocation is of the other kind: Connect is for TCP, channels are for UDP"
                                       : "The server's policy bars this peer address";

    expert_add_info_format(v->pinfo, v->item, &ei_forbidden, "%s", meaning);
}

static void show_mismatch(const verdict_t *v)
{
    expert_add_info_format(v->pinfo, v->item, &ei_allocation_mismatch,
                           v->facts->method == TURN_ALLOCATE
                               ? "This control connection has an allocation already: the client asks for a second one"
                               : "No allocation on this control connection: it expired, was deleted, or the connection "
                                 "was made anew");
}

static void show_stale_nonce(const verdict_t *v)
{
    if (!v->again) {
        add(v, &ei_stale_nonce);
    }
}

static void show_error(const verdict_t *v)
{
    uint16_t code = v->facts->error_code;

    if (code == 401 || code == 431 || code == 436 || code == 441) {
        if (!v->transaction || !v->transaction->pair) { /* a check has other credentials: see pair_show.c */
            show_authentication(v);
        }
        return;
    }
    if (code == 447) {
        show_connect_failure(v);
        return;
    }
    switch (code) {
    case 403:
        show_forbidden(v);
        return;
    case 420:
        show_unknown_attributes(v);
        return;
    case 437:
        show_mismatch(v);
        return;
    case 438:
        show_stale_nonce(v);
        return;
    default:
        break;
    }
    if (v->facts->method == TURN_CONNECTION_BIND) {
        add(v, &ei_bind_rejected);
        return;
    }
    for (size_t i = 0; i < array_length(meanings); i++) {
        if (meanings[i].code == code) {
            add(v, meanings[i].ei);
        }
    }
}

/* RFC 6062 section 4.1: Send, channels and Connect each belong to one kind of allocation. */
static void show_wrong_transport(const verdict_t *v)
{
    const mstun_allocation_t *allocation = mstun_allocation_in_force(v->stream, v->pinfo->num, v->position);
    uint8_t transport = allocation ? allocation->transport : 0;
    bool for_udp = v->facts->method == TURN_CHANNEL_BIND || v->facts->method == TURN_SEND;

    if (for_udp && transport == PROTOCOL_TCP) {
        expert_add_info_format(v->pinfo, v->item, &ei_wrong_transport,
                               "The allocation relays TCP, where Send and channels do not exist: Connect and "
                               "ConnectionBind carry data there");
    } else if (v->facts->method == TURN_CONNECT && transport == PROTOCOL_UDP) {
        expert_add_info_format(v->pinfo, v->item, &ei_wrong_transport,
                               "The allocation relays UDP, where Connect does not exist: allocate with "
                               "REQUESTED-TRANSPORT TCP");
    }
}

static void show_note(verdict_t *v, const mstun_pending_expert_t *note)
{
    switch (note->kind) {
    case MSTUN_NOTE_ALLOCATION_EXPIRED:
        expert_add_info_format(v->pinfo, v->item, &mstun_ei_allocation_expired,
                               "The allocation's lifetime was over %u s ago and no Refresh had renewed it",
                               note->number);
        break;
    case MSTUN_NOTE_PERMISSION_EXPIRED:
        expert_add_info_format(v->pinfo, v->item, &ei_permission_expired,
                               "The permission for this peer was over %u s ago (it lasts for 300 s): the server drops "
                               "what is sent, and a new CreatePermission is due",
                               note->number);
        break;
    case MSTUN_NOTE_PERMISSION_MISSING:
        expert_add_info_format(v->pinfo, v->item, &ei_permission_missing,
                               "No CreatePermission for this peer: the server drops what is sent to it");
        break;
    case MSTUN_NOTE_BIND_LATE:
        expert_add_info_format(v->pinfo, v->item, &ei_bind_late,
                               "ConnectionBind comes %u s after the connection was announced; the server closes it "
                               "after 30 s",
                               note->number);
        break;
    case MSTUN_NOTE_BIND_UNKNOWN_ID:
        add(v, &ei_bind_unknown_id);
        break;
    case MSTUN_NOTE_BIND_AGAIN:
        expert_add_info_format(v->pinfo, v->item, &ei_bind_again,
                               "The connection with this id was bound already in frame %u: an id is good for one "
                               "ConnectionBind",
                               note->number);
        break;
    case MSTUN_NOTE_STALE_NONCE_AGAIN:
        add(v, &ei_stale_nonce_again);
        v->again = true;
        break;
    case MSTUN_NOTE_MS_SEQUENCE_SKIPPED:
        expert_add_info_format(v->pinfo, v->item, &ei_ms_sequence_gap,
                               "%u sequence number(s) before this one are not in the capture: requests were lost, or "
                               "went another way",
                               note->number);
        break;
    case MSTUN_NOTE_MS_SEQUENCE_REPEATED:
        expert_add_info_format(v->pinfo, v->item, &ei_ms_sequence_gap,
                               "The sequence number is not above %u, which was there already: reordered or replayed, "
                               "and the server may drop it without an answer",
                               note->number);
        break;
    }
}

static void show_notes(verdict_t *v)
{
    const mstun_frame_pos_t place = { v->pinfo->num, v->position };
    unsigned index = frame_index_lower_bound(v->stream->notes, place.frame);
    const mstun_pending_expert_t *note;

    while ((note = (const mstun_pending_expert_t *)frame_index_next(v->stream->notes, &index, &place))) {
        show_note(v, note);
    }
}

void mstun_turn_experts_add(packet_info *pinfo, proto_item *item, const mstun_stream_t *stream, uint32_t position,
                            const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    verdict_t v = { pinfo, item, stream, position, facts, exchange->transaction, false };

    show_notes(&v);
    if (facts->has & MSTUN_HAS_ERROR && facts->class == STUN_ERROR) {
        show_error(&v);
    }
    if (facts->dialect !=
            MSTUN_DIALECT_MS_TURN && /* where 0x0009 and 0x000A do not exist, and 0x0006 is another method */
        (facts->class == STUN_REQUEST || facts->class == STUN_INDICATION)) {
        show_wrong_transport(&v);
    }
}

static void register_responses(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_challenge,
          { "mstun.auth.challenge", PI_RESPONSE_CODE, PI_CHAT,
            "The server asks for credentials: the normal answer to a first request without them", EXPFILL } },
        { &ei_rejected,
          { "mstun.auth.rejected", PI_RESPONSE_CODE, PI_WARN, "The server refuses the credentials", EXPFILL } },
        { &ei_stale_nonce,
          { "mstun.auth.stale_nonce", PI_RESPONSE_CODE, PI_NOTE,
            "The nonce is too old: the client repeats its request with the new one", EXPFILL } },
        { &ei_stale_nonce_again,
          { "mstun.auth.stale_nonce_again", PI_RESPONSE_CODE, PI_WARN,
            "Stale nonce again: the client does not take the new nonce, or requests go to servers that do not share them",
            EXPFILL } },
        { &ei_no_tcp_relay,
          { "mstun.turn.no_tcp_relay", PI_RESPONSE_CODE, PI_WARN,
            "The server does not offer this transport for its relay: TCP TURN is switched off there, or its release is "
            "too old (Expressway before X8.9)",
            EXPFILL } },
        { &ei_forbidden,
          { "mstun.turn.forbidden", PI_RESPONSE_CODE, PI_WARN,
            "The server's policy bars this peer address, or the allocation is of the wrong kind for this request",
            EXPFILL } },
        { &ei_quota,
          { "mstun.turn.quota", PI_RESPONSE_CODE, PI_WARN,
            "This user has as many allocations as the server allows: old ones were not deleted, or the quota is too small",
            EXPFILL } },
        { &ei_no_capacity,
          { "mstun.turn.no_capacity", PI_RESPONSE_CODE, PI_WARN,
            "The server has no relay port left: enlarge its port range", EXPFILL } },
        { &ei_allocation_mismatch,
          { "mstun.turn.allocation_mismatch", PI_RESPONSE_CODE, PI_WARN,
            "No allocation on this control connection (expired, or the connection was made anew), or one already where "
            "a new one is asked for",
            EXPFILL } },
        { &ei_peer_refused,
          { "mstun.turn.peer_refused", PI_RESPONSE_CODE, PI_WARN, "The peer refused the server's connection",
            EXPFILL } },
        { &ei_peer_timeout,
          { "mstun.turn.peer_timeout", PI_RESPONSE_CODE, PI_WARN, "The peer did not answer the server's connection",
            EXPFILL } },
        { &ei_connection_exists,
          { "mstun.turn.connection_exists", PI_RESPONSE_CODE, PI_WARN,
            "There is a connection to this peer already: the client asked for it twice", EXPFILL } },
        { &ei_bind_rejected,
          { "mstun.turn.bind_rejected", PI_RESPONSE_CODE, PI_WARN,
            "The server refuses the ConnectionBind: it does not know the id (30 s passed, the peer has gone), or this "
            "is not the server that gave it (a load balancer)",
            EXPFILL } },
        { &ei_alternate_server,
          { "mstun.turn.alternate_server", PI_RESPONSE_CODE, PI_NOTE,
            "The server sends the client to another one, which must be reachable too", EXPFILL } },
        { &ei_unknown_attributes,
          { "mstun.unknown_attributes", PI_RESPONSE_CODE, PI_WARN, "The receiver does not know attributes", EXPFILL } },
    };

    MSTUN_REGISTER_EXPERTS(reg, ei);
}

static void register_procedures(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_bind_late, { "mstun.turn.bind_late", PI_SEQUENCE, PI_WARN, "ConnectionBind comes too late", EXPFILL } },
        { &ei_bind_again,
          { "mstun.turn.bind_again", PI_SEQUENCE, PI_WARN, "ConnectionBind with an id that is bound already",
            EXPFILL } },
        { &ei_bind_unknown_id,
          { "mstun.turn.bind_unknown_id", PI_SEQUENCE, PI_WARN,
            "ConnectionBind with an id that this server never announced to this client", EXPFILL } },
        { &ei_permission_expired,
          { "mstun.turn.permission_expired", PI_SEQUENCE, PI_WARN, "The permission for the peer is over", EXPFILL } },
        { &ei_permission_missing,
          { "mstun.turn.permission_missing", PI_SEQUENCE, PI_WARN, "No permission for the peer", EXPFILL } },
        { &ei_wrong_transport,
          { "mstun.turn.wrong_transport", PI_PROTOCOL, PI_WARN, "Request for the other kind of allocation", EXPFILL } },
        { &ei_ms_sequence_gap,
          { "mstun.ms.sequence_gap", PI_SEQUENCE, PI_NOTE,
            "The sequence number does not follow the one before, [MS-TURN] 2.2.2.21", EXPFILL } },
    };

    MSTUN_REGISTER_EXPERTS(reg, ei);
}

void mstun_turn_experts_register(const mstun_registrar_t *reg)
{
    register_responses(reg);
    register_procedures(reg);
}
