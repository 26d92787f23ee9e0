/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/mismatch.h"

#include "track/outcome.h"
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

void mstun_mismatch_learn(mstun_stream_t *stream, packet_info *pinfo, const mstun_facts_t *facts,
                          const mstun_exchange_t *exchange)
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

/* Not one byte came from the server but its FIN, or a reset at once. */
static bool is_closed_without_a_word(packet_info *pinfo, const mstun_stream_t *stream,
                                     const mstun_transaction_t *transaction)
{
    const char *why;
    nstime_t end, waited;

    if (pinfo->ptype != PT_TCP || stream->flow[1 - transaction->direction].marks ||
        mstun_outcome_of(transaction, stream, pinfo, &why) != MSTUN_OUTCOME_UNANSWERED) {
        return false;
    }
    if (mstun_connection_was_reset(pinfo, &end)) {
        nstime_delta(&waited, &end, &transaction->request_time);
        return nstime_to_msec(&waited) < AT_ONCE_MS;
    }
    return mstun_connection_closed_by(pinfo) == MSTUN_CLOSED_BY_RECEIVER;
}

static void show_closed(packet_info *pinfo, proto_item *item, const mstun_stream_t *stream, const mstun_facts_t *facts,
                        const mstun_transaction_t *transaction)
{
    bool unframed = stream->flow[transaction->direction].framing == MSTUN_FRAMING_STUN;
    const char *text = /* Wireshark shows 240 bytes of it */
        !is_ms_turn(facts->dialect)
            ? "The client speaks %s and the server closes without an answer, as an Edge does with messages that are not "
              "MS-TURN: check which kind of server the client is configured for (Edge or IETF TURN), or if the port wants "
              "TLS"
        : unframed
            ? "The client speaks %s without its framing on TCP (type 0x02) and the server closes without an answer, as an "
              "Edge does: the client is not configured for an Edge on TCP"
            : "The client speaks %s and the server closes without an answer: check which kind of server the client is "
              "configured for; this is no Edge (but IETF TURN or TLS), or one that refuses the message";

    expert_add_info_format(pinfo, item, &ei_dialect_mismatch, text,
                           val_to_str_const(facts->dialect, mstun_dialect_names, "another dialect"));
}

static void show_answer(packet_info *pinfo, proto_item *item, const mstun_facts_t *facts,
                        const mstun_first_request_t *first)
{
    expert_add_info_format(pinfo, item, &ei_dialect_mismatch,
                           "The client speaks %s and the server answers in %s (frame %u): it is %s. Check which server "
                           "the client is configured for",
                           val_to_str_const(facts->dialect, mstun_dialect_names, "another dialect"),
                           val_to_str_const(first->answered_in, mstun_dialect_names, "another dialect"),
                           first->transaction->response_frame,
                           is_ms_turn(facts->dialect) ? "an IETF TURN server and no Edge" : "an Edge");
}

void mstun_mismatch_show(packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream, const mstun_facts_t *facts,
                         const mstun_exchange_t *exchange)
{
    const mstun_first_request_t *first = stream->first_request;

    if (!PINFO_FD_VISITED(pinfo) || facts->class != STUN_REQUEST || !first ||
        first->transaction != exchange->transaction || exchange->copy) {
        return;
    }
    proto_item *item = proto_tree_get_parent(tree);
    bool to_server = is_ms_turn(facts->dialect) || facts->method == TURN_ALLOCATE; /* a peer may close as it likes */

    if (first->answered_in != MSTUN_DIALECT_UNKNOWN) {
        if (is_ms_turn(first->answered_in) != is_ms_turn(facts->dialect)) {
            show_answer(pinfo, item, facts, first);
        }
    } else if (to_server && is_closed_without_a_word(pinfo, stream, first->transaction)) {
        show_closed(pinfo, item, stream, facts, first->transaction);
    }
}

void mstun_mismatch_register(const mstun_registrar_t *reg)
{
    static ei_register_info ei[] = {
        { &ei_dialect_mismatch,
          { "mstun.ms.dialect_mismatch", PI_PROTOCOL, PI_WARN,
            "Client and server speak different dialects: MS-TURN and IETF TURN", EXPFILL } },
    };

    MSTUN_REGISTER_EXPERTS(reg, ei);
}
