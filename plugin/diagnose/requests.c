/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Requests and responses of every method: RFC 8489 section 6. */
#include "diagnose/evaluators.h"

#include "attr/attr.h"
#include "conversation/response_state.h"

void mstun_evaluate_no_request(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    if (event->transaction && event->facts->class != STUN_REQUEST &&
        !mstun_transaction_has_request(event->transaction, event->pinfo)) {
        mstun_finding_add(sink, MSTUN_FINDING_NO_REQUEST);
    }
}

void mstun_evaluate_unknown_attributes(const mstun_event_t *event, const mstun_finding_sink_t *sink)
{
    const mstun_facts_t *facts = event->facts;
    wmem_strbuf_t *names = wmem_strbuf_new(sink->scope, "");

    for (unsigned i = 0; i + 1 < facts->unknown.len; i += 2) {
        uint16_t type = pntohu16(facts->unknown.bytes + i);

        wmem_strbuf_append_printf(names, "%s0x%04x %s", i ? ", " : "", type, mstun_attr_name(facts->dialect, type));
    }
    if (wmem_strbuf_get_len(names) == 0) {
        wmem_strbuf_append(names, "it does not say which");
    }
    const mstun_place_t places[] = { { "attributes", wmem_strbuf_get_str(names) }, { NULL, NULL } };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_UNKNOWN_ATTRIBUTES, 0, places);
}

void mstun_evaluate_response(const mstun_deferred_t *request, const nstime_t *end, const mstun_finding_sink_t *sink)
{
    const mstun_stream_t *stream = request->stream;
    const char *reason = "";
    nstime_t last;

    switch (mstun_response_state(request->transaction, stream, end, sink->scope, &reason)) {
    case MSTUN_RESPONSE_MISSING: {
        const mstun_place_t places[] = { { "reason", reason }, { NULL, NULL } };

        mstun_finding_add_sentence(sink, MSTUN_FINDING_UNANSWERED, 0, places);
        /* Between server and peer the server only passes on how the other leg ended. */
        if (!mstun_stream_is_server_peer_leg(stream) && mstun_stream_was_reset(stream, &last)) {
            mstun_finding_add(sink, MSTUN_FINDING_CONNECTION_RESET);
        }
        break;
    }
    case MSTUN_RESPONSE_PENDING:
        mstun_finding_add(sink, MSTUN_FINDING_PENDING);
        break;
    case MSTUN_RESPONSE_NOT_CAPTURED:
        mstun_finding_add(sink, MSTUN_FINDING_HALF_CAPTURED);
        break;
    case MSTUN_RESPONSE_ARRIVED:
        break;
    }
}
