/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Challenges, refused credentials and MESSAGE-INTEGRITY: RFC 8489 section 9. */
#include "diagnose/evaluators.h"

#include <epan/to_str.h>

#include "message/fingerprint.h"

bool mstun_is_auth_error(uint16_t code)
{
    return code == 401 || code == 431 || code == 436 || code == 438 || code == 441;
}

/* In one pass nothing is known of a request that comes behind its response in the capture. */
static bool request_had_integrity(const mstun_event_t *event)
{
    return event->transaction && event->transaction->with_integrity &&
           event->transaction->request_frame <= event->pinfo->num;
}

void mstun_evaluate_auth_error(const mstun_event_t *event, bool stale_again, const mstun_finding_sink_t *sink)
{
    uint16_t code = event->facts->error_code;

    if (code == 438) {
        if (!stale_again) {
            mstun_finding_add(sink, MSTUN_FINDING_STALE_NONCE);
        }
        return;
    }
    if (event->transaction && event->transaction->pair) { /* a check has other credentials: see ice.c */
        return;
    }
    if (code == 401 && !request_had_integrity(event)) {
        mstun_finding_add(sink, MSTUN_FINDING_CHALLENGE);
        return;
    }
    const mstun_place_t places[] = { { "code", wmem_strdup_printf(sink->scope, "%u", code) }, { NULL, NULL } };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_AUTH_REJECTED, code == 441 ? 1 : 0, places);
}

/* On which side to look. The password of a check is the receiver's, which signalling gave to the sender. */
static const char *where_to_look(const mstun_event_t *event, mstun_fingerprint_t fingerprint, wmem_allocator_t *scope)
{
    const mstun_facts_t *facts = event->facts;
    const char *sender = address_to_str(scope, &event->pinfo->src);

    if (fingerprint == MSTUN_FINGERPRINT_BAD) {
        return "look for what rewrites STUN in between (a NAT, firewall or proxy)";
    }
    if (facts->class != STUN_REQUEST) {
        return wmem_strdup_printf(scope, "look at the password that %s, which answers, has", sender);
    }
    if (facts->realm.bytes || facts->dialect == MSTUN_DIALECT_MS_TURN) {
        return wmem_strdup_printf(scope, "look at the password that the client %s has", sender);
    }
    return wmem_strdup_printf(scope, "look at what signalling gave %s as the receiver's password", sender);
}

static const char *why_integrity_is_bad(mstun_fingerprint_t fingerprint)
{
    if (fingerprint == MSTUN_FINGERPRINT_GOOD || fingerprint == MSTUN_FINGERPRINT_LEGACY) {
        return "the key differs (the message is as it was sent, its FINGERPRINT is good)";
    }
    return fingerprint == MSTUN_FINGERPRINT_BAD ? "the message was changed on the way (its FINGERPRINT is bad too)"
                                                : "the key differs, or the message was changed on the way";
}

/* Wireshark's labels end after 240 bytes. */
void mstun_evaluate_integrity(const mstun_event_t *event, tvbuff_t *message, const mstun_integrity_result_t *result,
                              const mstun_finding_sink_t *sink)
{
    mstun_fingerprint_t fingerprint = mstun_fingerprint_verify(message, event->facts);
    unsigned others = result->match.tried > 1 ? result->match.tried - 1 : 0;
    const mstun_place_t places[] = {
        { "row", wmem_strdup_printf(sink->scope, "%u", result->match.row) },
        { "more", others ? wmem_strdup_printf(sink->scope, " and %u more", others) : "" },
        { "reason", why_integrity_is_bad(fingerprint) },
        { "where", where_to_look(event, fingerprint, sink->scope) },
        { NULL, NULL },
    };

    mstun_finding_add_sentence(sink, MSTUN_FINDING_INTEGRITY_BAD, 0, places);
}
