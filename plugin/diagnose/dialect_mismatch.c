/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/dialect_mismatch.h"

#include "conversation/response_state.h"
#include "wire/values.h"

#define AT_ONCE_MS 1000 /* a reset that comes later may be the client's, which has given up */

static expert_field ei_dialect_mismatch = EI_INIT;

struct mstun_first_request {
    const mstun_transaction_t *transaction;
    mstun_dialect_t answered_in; /* UNKNOWN: no response yet */
};

static bool is_ms_turn(mstun_dialect_t dialect)
{
    return dialect == MSTUN_DIALECT_MS_TURN;
}

void mstun_dialect_mismatch_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                                  const mstun_message_role_t *exchange)
{
    if (PINFO_FD_VISITED(pinfo) || !exchange->transaction || exchange->copy) {
        return;
    }
    if (!stream->first_request && facts->class == STUN_REQUEST) {
        mstun_first_request_t *first = wmem_new0(wmem_file_scope(), mstun_first_request_t);

        first->transaction = exchange->transaction;
        stream->first_request = first;
    } else if (stream->first_request && stream->first_request->transaction == exchange->transaction &&
               facts->class != STUN_REQUEST) {
        stream->first_request->answered_in = facts->dialect;
    }
}

bool mstun_dialect_mismatch_possible(const mstun_deferred_t *late)
{
    const mstun_first_request_t *first = late->stream->first_request;

    return late->class == STUN_REQUEST && !late->again && first && first->transaction == late->transaction;
}

/* Not one byte came from the server but its FIN, or a reset at once. */
static bool is_closed_without_a_word(const mstun_deferred_t *late, const nstime_t *end, wmem_allocator_t *scope)
{
    const mstun_stream_t *stream = late->stream;
    unsigned of_server = 1 - late->transaction->direction;
    const char *why;
    nstime_t last, waited;

    if (!stream->tcp || stream->flow[of_server].framing_changes ||
        mstun_response_state(late->transaction, stream, end, scope, &why) != MSTUN_RESPONSE_MISSING) {
        return false;
    }
    if (mstun_stream_was_reset(stream, &last)) {
        nstime_delta(&waited, &last, &late->transaction->request_time);
        return nstime_to_msec(&waited) < AT_ONCE_MS;
    }
    return mstun_stream_closed_first_by(stream, of_server);
}

static const char *closed_text(const mstun_deferred_t *late, wmem_allocator_t *scope)
{
    bool unframed = late->stream->flow[late->transaction->direction].framing == MSTUN_FRAMING_STUN;
    const char *text = /* Wireshark shows 240 bytes of it */
        !is_ms_turn(late->dialect)
            ? "The client speaks %s and the server closes without an answer, as an Edge does with messages that are not "
              "MS-TURN: check which kind of server the client is configured for (Edge or IETF TURN), or if the port wants "
              "TLS"
        : unframed
            ? "The client speaks %s without its framing on TCP (type 0x02) and the server closes without an answer, as an "
              "Edge does: the client is not configured for an Edge on TCP"
            : "The client speaks %s and the server closes without an answer: check which kind of server the client is "
              "configured for; this is no Edge (but IETF TURN or TLS), or one that refuses the message";

    return wmem_strdup_printf(scope, text, val_to_str_const(late->dialect, mstun_dialect_names, "another dialect"));
}

static const char *answer_text(const mstun_deferred_t *late, wmem_allocator_t *scope)
{
    const mstun_first_request_t *first = late->stream->first_request;

    return wmem_strdup_printf(scope,
                              "The client speaks %s and the server answers in %s (frame %u): it is %s. Check which "
                              "server the client is configured for",
                              val_to_str_const(late->dialect, mstun_dialect_names, "another dialect"),
                              val_to_str_const(first->answered_in, mstun_dialect_names, "another dialect"),
                              first->transaction->response_frame,
                              is_ms_turn(late->dialect) ? "an IETF TURN server and no Edge" : "an Edge");
}

void mstun_dialect_mismatch_evaluate(const mstun_deferred_t *late, const nstime_t *end, wmem_allocator_t *scope,
                                     mstun_found_fn found, void *context)
{
    if (!mstun_dialect_mismatch_possible(late)) {
        return;
    }
    mstun_dialect_t answered_in = late->stream->first_request->answered_in;
    bool to_server = is_ms_turn(late->dialect) || late->method == TURN_ALLOCATE; /* a peer may close as it likes */

    if (answered_in != MSTUN_DIALECT_UNKNOWN) {
        if (is_ms_turn(answered_in) != is_ms_turn(late->dialect)) {
            found(&ei_dialect_mismatch, PI_WARN, answer_text(late, scope), context);
        }
    } else if (to_server && is_closed_without_a_word(late, end, scope)) {
        found(&ei_dialect_mismatch, PI_WARN, closed_text(late, scope), context);
    }
}

void mstun_dialect_mismatch_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_dialect_mismatch,
          { "mstun.ms.dialect_mismatch", PI_PROTOCOL, PI_WARN,
            "Client and server speak different dialects: MS-TURN and IETF TURN", EXPFILL } },
    };

    MSTUN_REGISTER_EXPERTS(reg, ei);
}
