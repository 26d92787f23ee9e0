/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/error_case.h"

#include "attr/attr.h"
#include "base/map_key.h"
#include "conversation/response_state.h"
#include "conversation/tcp_flow.h"
#include "wire/text.h"

#define CHALLENGES_COMPARED 64 /* the last ones */

/* Without padding that is not zeroed: compared as bytes. The channel's number is no purpose: the client chooses it, and
 * another one does as well (RFC 8656 section 12.1). */
typedef struct {
    mstun_endpoint_t client; /* without port: a client may try again from another one */
    mstun_endpoint_t server;
    mstun_endpoint_t peer; /* without port of CreatePermission */
    uint32_t connection_id;
    uint16_t method;
    uint8_t transport, family; /* of Allocate: a fallback to another transport does not make up for this one */
} purpose_key_t;

struct mstun_purpose {
    purpose_key_t key;
    uint32_t last_success;            /* frame; 0: none */
    const mstun_stream_t *success_on; /* its connection */
    uint32_t success_position;        /* the last success's on that connection, in the order of sending */
};

typedef struct {
    mstun_endpoint_t client; /* without port */
    mstun_endpoint_t server;
} login_key_t;

struct mstun_login {
    login_key_t key;
    uint32_t requests;
    uint32_t last_signed_frame;    /* of a request with MESSAGE-INTEGRITY; 0: none */
    uint32_t first_accepted_frame; /* the first success to one; 0: none */
    wmem_array_t *cases;           /* of unsigned: indices of its error responses */
};

static wmem_array_t *cases;  /* of mstun_error_case_t */
static wmem_map_t *purposes; /* purpose_key_t -> mstun_purpose_t */
static wmem_map_t *logins;   /* login_key_t -> mstun_login_t */
static wmem_map_t *nonces;   /* first visit: mstun_stream_t -> mstun_nonce_hash of the nonce that was accepted last */

MSTUN_KEY_AS_BYTES(purpose_key_t, hash_purpose, equal_purposes);

MSTUN_KEY_AS_BYTES(login_key_t, hash_login, equal_logins);

/* The requester, without port, and whom it asks. */
static void find_ends(const mstun_event_t *event, mstun_endpoint_t *client, mstun_endpoint_t *server)
{
    bool is_request = event->facts->class == STUN_REQUEST;

    mstun_packet_source(event->pinfo, is_request ? client : server);
    mstun_packet_destination(event->pinfo, is_request ? server : client);
    client->port = 0;
}

static mstun_purpose_t *purpose_of(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    purpose_key_t key;

    memset(&key, 0, sizeof key);
    find_ends(event, &key.client, &key.server);
    key.method = event->facts->method;
    if (request) {
        key.transport = request->transport;
        key.family = request->family;
        key.connection_id = request->connection_id;
        if (request->peer_count > 0) {
            key.peer = request->peers[0];
            key.peer.port = key.method == TURN_CREATE_PERMISSION ? 0 : key.peer.port;
        }
    }
    mstun_purpose_t *purpose = (mstun_purpose_t *)wmem_map_lookup(purposes, &key);

    if (!purpose) {
        purpose = wmem_new0(wmem_file_scope(), mstun_purpose_t);
        purpose->key = key;
        wmem_map_insert(purposes, &purpose->key, purpose);
    }
    return purpose;
}

static mstun_login_t *login_of(const mstun_event_t *event)
{
    login_key_t key;

    memset(&key, 0, sizeof key);
    find_ends(event, &key.client, &key.server);
    mstun_login_t *login = (mstun_login_t *)wmem_map_lookup(logins, &key);

    if (!login) {
        login = wmem_new0(wmem_file_scope(), mstun_login_t);
        login->key = key;
        login->cases = wmem_array_new(wmem_file_scope(), sizeof(unsigned));
        wmem_map_insert(logins, &login->key, login);
    }
    return login;
}

static const char *text_of(const mstun_span_t *span)
{
    return span->bytes && span->len > 0 && mstun_is_text(span->bytes, span->len)
               ? wmem_strndup(wmem_file_scope(), (const char *)span->bytes, span->len)
               : NULL;
}

static const char *list_attributes(const mstun_facts_t *facts)
{
    wmem_strbuf_t *names = NULL;

    for (unsigned i = 0; i + 1 < facts->unknown.len; i += 2) {
        uint16_t type = pntohu16(facts->unknown.bytes + i);

        names = names ? names : wmem_strbuf_new(wmem_file_scope(), "");
        wmem_strbuf_append_printf(names, "%s0x%04x %s", i ? ", " : "", type,
                                  mstun_attr_name(facts->dialect, facts->method, type));
    }
    return names ? wmem_strbuf_get_str(names) : NULL;
}

static bool was_repeated(const mstun_transaction_t *transaction)
{
    return transaction->ext && transaction->ext->repeats && wmem_array_get_count(transaction->ext->repeats) > 0;
}

static void learn_nonce(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);

    if (request && request->nonce) {
        wmem_map_insert(nonces, event->stream, GUINT_TO_POINTER(request->nonce));
    }
}

static bool nonce_was_accepted(const mstun_event_t *event, const mstun_turn_request_t *request)
{
    return request && request->nonce && GPOINTER_TO_UINT(wmem_map_lookup(nonces, event->stream)) == request->nonce;
}

static void add_case(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);
    unsigned idx = wmem_array_get_count(cases);
    mstun_error_case_t error = {
        .subject = { .pos = { event->pinfo->num, event->position },
                     .abs_ts = event->pinfo->abs_ts,
                     .stream = event->stream,
                     .direction = 1 - event->direction,
                     .transaction = event->transaction,
                     .allocation = mstun_allocation_in_force(event) },
        .dialect = facts->dialect,
        .request_type =
            event->transaction->request_frame ? event->transaction->type : facts->type & ~STUN_TYPE_CLASS_MASK,
        .method = facts->method,
        .code = facts->has & MSTUN_HAS_ERROR ? facts->error_code : 0,
        .phrase = text_of(&facts->reason),
        .attributes = list_attributes(facts),
        .alternate = facts->alternate,
        .realm = text_of(&facts->realm),
        .nonce = mstun_nonce_hash(&facts->nonce),
        .algorithms = mstun_nonce_hash(&facts->password_algorithms),
        .request = request,
        .nonce_was_accepted = nonce_was_accepted(event, request),
        .with_integrity =
            event->transaction->with_integrity && mstun_transaction_has_request(event->transaction, event->pinfo),
        .repeats_success = event->repeat && event->transaction->succeeded,
        .request_repeated = was_repeated(event->transaction),
        .purpose = purpose_of(event, request),
        .login = login_of(event),
    };

    if (request && request->peer_count > 0) {
        error.subject.peer = request->peers[0];
    }
    wmem_array_append_one(error.login->cases, idx);
    wmem_array_append_one(cases, error);
}

static void learn_request(const mstun_event_t *event)
{
    mstun_login_t *login = login_of(event);

    login->requests += event->repeat ? 0 : 1;
    if (mstun_facts_have_integrity(event->facts) || event->facts->has & MSTUN_HAS_TRUNCATION) {
        login->last_signed_frame = event->pinfo->num;
    }
}

static void note_success(const mstun_event_t *event, mstun_purpose_t *purpose)
{
    purpose->last_success = event->pinfo->num;
    if (purpose->success_on != event->stream || mstun_seq_distance(event->position, purpose->success_position) > 0) {
        purpose->success_position = event->position;
    }
    purpose->success_on = event->stream;
}

static void learn_success(const mstun_event_t *event)
{
    mstun_login_t *login = login_of(event);

    learn_nonce(event);
    note_success(event, purpose_of(event, mstun_turn_request_of(event->transaction)));
    if (event->transaction->with_integrity && !login->first_accepted_frame) {
        login->first_accepted_frame = event->pinfo->num;
    }
}

/* The capture lacks its ERROR-CODE: it may be a challenge, which is no fault. */
static bool is_unknown_error(const mstun_facts_t *facts)
{
    return !(facts->has & MSTUN_HAS_ERROR) && facts->has & MSTUN_HAS_TRUNCATION;
}

/* Checks are evaluated with their pair. A Binding response whose request the capture lacks may be to a check. */
static bool may_be_of_check(const mstun_event_t *event)
{
    return event->transaction->pair || (event->facts->method == STUN_BINDING && event->transaction->request_frame == 0);
}

void mstun_error_case_learn(const mstun_event_t *event)
{
    const mstun_transaction_t *transaction = event->transaction;

    if (!transaction || may_be_of_check(event)) {
        return;
    }
    switch (event->facts->class) {
    case STUN_ERROR:
        /* An error that is repeated is one error; an error where there was a success is another answer. */
        if ((!event->repeat || transaction->succeeded) && !is_unknown_error(event->facts)) {
            add_case(event);
        }
        break;
    case STUN_REQUEST:
        learn_request(event);
        break;
    case STUN_SUCCESS:
        if (!mstun_event_says_nothing_new(event)) {
            learn_success(event);
        }
        break;
    case STUN_INDICATION:
        break;
    }
}

wmem_array_t *mstun_error_cases(void)
{
    return cases;
}

bool mstun_error_is_repaired(const mstun_error_case_t *error)
{
    const mstun_purpose_t *purpose = error->purpose;
    const mstun_stream_t *stream = error->subject.stream;

    if (purpose->last_success > error->subject.pos.frame) {
        return true;
    }
    /* Sent later, on the same connection, and captured before: the error's segment was lost or overtaken. */
    return purpose->success_on == stream && stream->flow[1 - error->subject.direction].has_seq &&
           mstun_seq_distance(purpose->success_position, error->subject.pos.position) > 0;
}

bool mstun_transaction_is_repaired(const mstun_transaction_t *transaction)
{
    unsigned count = wmem_array_get_count(cases);

    for (unsigned i = mstun_frame_index_lower_bound(cases, transaction->response_frame); i < count; i++) {
        const mstun_error_case_t *error = (const mstun_error_case_t *)wmem_array_index(cases, i);

        if (error->subject.pos.frame != transaction->response_frame) {
            break;
        }
        if (error->subject.transaction == transaction) {
            return mstun_error_is_repaired(error);
        }
    }
    return false;
}

bool mstun_error_was_followed(const mstun_error_case_t *error)
{
    return error->login->last_signed_frame > error->subject.pos.frame;
}

bool mstun_error_client_never_signed(const mstun_error_case_t *error)
{
    return error->login->requests > 0 && error->login->last_signed_frame == 0;
}

bool mstun_error_client_was_accepted(const mstun_error_case_t *error)
{
    return error->login->first_accepted_frame && error->login->first_accepted_frame < error->subject.pos.frame;
}

bool mstun_error_of_farewell(const mstun_error_case_t *error)
{
    const mstun_turn_request_t *request = error->request;

    return request && request->method == TURN_REFRESH && (request->has & MSTUN_HAS_LIFETIME) && request->lifetime == 0;
}

unsigned mstun_error_verified_row(const mstun_error_case_t *error)
{
    const mstun_transaction_t *transaction = error->subject.transaction;

    return transaction->ext ? transaction->ext->verified_row : 0;
}

uint32_t mstun_error_requests(const mstun_error_case_t *error)
{
    return error->login->requests;
}

/* The client's error responses from this server before this one, the last first; NULL: no more. *steps begins as 0. */
static const mstun_error_case_t *previous_case(const mstun_error_case_t *error, unsigned *steps)
{
    wmem_array_t *indices = error->login->cases;

    while (*steps < wmem_array_get_count(indices)) {
        unsigned place = wmem_array_get_count(indices) - ++*steps;
        const mstun_error_case_t *other =
            (const mstun_error_case_t *)wmem_array_index(cases, *(unsigned *)wmem_array_index(indices, place));

        if (other->subject.pos.frame < error->subject.pos.frame) {
            return other;
        }
    }
    return NULL;
}

bool mstun_error_nonce_was_given(const mstun_error_case_t *error)
{
    const mstun_stream_t *stream = error->subject.stream;
    const mstun_error_case_t *other;
    unsigned steps = 0, compared = 0;

    if (!error->request || !error->request->nonce || !mstun_stream_captured_from_start(stream) ||
        mstun_stream_gap_frame(stream, 0) || mstun_stream_gap_frame(stream, 1)) {
        return true;
    }
    while (compared++ < CHALLENGES_COMPARED && (other = previous_case(error, &steps))) {
        if (other->nonce == error->request->nonce) {
            return true;
        }
    }
    return other != NULL;
}

const mstun_error_case_t *mstun_error_last_challenge(const mstun_error_case_t *error)
{
    const mstun_error_case_t *other;
    unsigned steps = 0;

    while ((other = previous_case(error, &steps))) {
        if (other->nonce && other->subject.stream == error->subject.stream) {
            return other;
        }
    }
    return NULL;
}

static void make_cases(void)
{
    cases = wmem_array_new(wmem_file_scope(), sizeof(mstun_error_case_t));
}

void mstun_error_case_register(const mstun_registrar_t *reg _U_)
{
    register_init_routine(make_cases); /* at every opening of a file */
    purposes = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_purpose, equal_purposes);
    nonces = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    logins = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_login, equal_logins);
}
