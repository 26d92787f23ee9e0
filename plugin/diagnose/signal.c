/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What signalling says went wrong, and what it lacks. Only what the capture shows to have failed is a warning: that
 * checks are missing may be because they were not captured. */
#include "diagnose/evaluators.h"

#include "attr/address.h"
#include "signal/relay_auth.h"
#include "signal/uses.h"

#define SIP_TIMER_F_S 32 /* RFC 3261 section 17.1.2.2: a request that is not INVITE is given up then */
#define ERROR_RESPONSES 300

static mstun_subject_t subject_at(uint32_t frame, const nstime_t *time, const mstun_call_t *call, const char *user)
{
    return (mstun_subject_t){ .pos = { frame, 0 }, .abs_ts = *time, .call = call, .user = user };
}

static const char *user_of(const mstun_generation_t *generation)
{
    const mstun_call_t *call = generation->stream->call;

    return generation->side == MSTUN_CALLER ? call->from : call->to;
}

/* ---- the relay's authentication service ---- */

/* A code of its own dialog that refuses the request; NULL: none. */
static const mstun_call_code_t *refusal_of(const mstun_relay_auth_t *auth)
{
    const mstun_call_t *call = mstun_call_find(auth->call_id);
    const mstun_call_code_t *code = call ? call->codes : NULL;

    while (code && code->response_code < ERROR_RESPONSES) {
        code = code->next;
    }
    return code;
}

/* The user's first call behind it: that one lacks the relay. */
static const mstun_call_t *next_call_of(const mstun_relay_auth_t *auth)
{
    const mstun_call_t *call = mstun_call_first();

    while (call && !(call->streams && nstime_cmp(&call->abs_ts, &auth->request_time) >= 0 &&
                     (call->from == auth->user || call->to == auth->user))) {
        call = call->next;
    }
    return call;
}

static void evaluate_relay_auth(mstun_evaluation_t *evaluation, const mstun_relay_auth_t *auth)
{
    const mstun_call_code_t *code = refusal_of(auth);
    uint32_t frame = auth->response_frame ? auth->response_frame : code ? code->frame : auth->request_frame;
    const mstun_subject_t subject = subject_at(frame, &auth->request_time, next_call_of(auth), auth->user);
    double waited = mstun_ms_between(&auth->request_time, evaluation->end) / 1000;
    const mstun_place_t places[] = {
        { "user", auth->user },
        { "reason", auth->reason },
        { "code", code ? mstun_diagnostics_text(evaluation->scope, &code->is) : "" },
        { "seconds", wmem_strdup_printf(evaluation->scope, "%.0f", waited) },
        { NULL, NULL },
    };

    if (auth->granted) {
        return;
    }
    if (auth->response_frame || code) {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_MRAS_REFUSED, auth->response_frame ? 0 : 1, places,
                                   &subject);
    } else if (waited >= SIP_TIMER_F_S) {
        mstun_finding_add_sentence(evaluation, MSTUN_FINDING_MRAS_UNANSWERED, 0, places, &subject);
    }
}

/* ---- codes ---- */

static const char *component_text(wmem_allocator_t *scope, const mstun_diagnostics_t *diagnostics)
{
    return diagnostics->component.len > 0
               ? wmem_strdup_printf(scope, " (says %s)", mstun_slice_dup(scope, diagnostics->component))
               : "";
}

static const char *warnings_text(wmem_allocator_t *scope, const mstun_diagnostics_t *diagnostics)
{
    const char *words = mstun_ice_warn_text(scope, diagnostics->ice_warn, false);

    if (!words[0]) { /* none that is a fault by itself */
        words = mstun_ice_warn_text(scope, diagnostics->ice_warn, true);
    }
    return words[0] ? wmem_strdup_printf(scope, ". Its client says (ICEWarn 0x%x): %s", diagnostics->ice_warn, words)
                    : "";
}

/* Whether the message with the code ends something; others only inform. */
static bool ends_call(const mstun_call_code_t *code)
{
    return code->response_code >= ERROR_RESPONSES ||
           (code->method && (strcmp(code->method, "BYE") == 0 || strcmp(code->method, "CANCEL") == 0));
}

static bool any_stream_works(const mstun_call_t *call, const mstun_uses_t *uses)
{
    for (const mstun_call_stream_t *stream = call->streams; stream; stream = stream->next) {
        if (mstun_use_of_stream(uses, stream).works) {
            return true;
        }
    }
    return false;
}

static void evaluate_code(mstun_evaluation_t *evaluation, const mstun_call_t *call, const mstun_call_code_t *code)
{
    wmem_allocator_t *scope = evaluation->scope;
    const mstun_subject_t subject = subject_at(code->frame, &code->abs_ts, call, NULL);
    mstun_code_kind_t kind;
    const mstun_place_t places[] = {
        { "code", mstun_diagnostics_text(scope, &code->is) },
        { "component", component_text(scope, &code->is) },
        { "warnings", warnings_text(scope, &code->is) },
        { NULL, NULL },
    };
    static const mstun_finding_id_t ids[] = { [MSTUN_CODE_FAULT] = MSTUN_FINDING_CALL_FAILED,
                                              [MSTUN_CODE_MEDIA] = MSTUN_FINDING_CALL_MEDIA_FAILED,
                                              [MSTUN_CODE_POLICY] = MSTUN_FINDING_CALL_POLICY,
                                              [MSTUN_CODE_UNKNOWN] = MSTUN_FINDING_CALL_FAILED };

    mstun_diagnostics_words(&code->is, &kind);
    if (kind == MSTUN_CODE_NORMAL || !ends_call(code)) {
        return;
    }
    mstun_finding_t *finding = mstun_finding_add_sentence(evaluation, ids[kind], 0, places, &subject);

    finding->detail = code->is.id;
    if (kind == MSTUN_CODE_UNKNOWN && !code->response_code) { /* a user hangs up with codes, too */
        finding->severity = PI_NOTE;
    }
}

/* ---- streams ---- */

static bool has_ice(const mstun_generation_t *generation)
{
    return generation && (generation->ufrag || wmem_array_get_count(generation->candidates) > 0);
}

static bool has_relay(const mstun_generation_t *generation)
{
    for (unsigned i = 0; i < wmem_array_get_count(generation->candidates); i++) {
        const mstun_candidate_t *candidate =
            &((const mstun_call_candidate_t *)wmem_array_index(generation->candidates, i))->is;

        if (candidate->type == MSTUN_CANDIDATE_RELAY || candidate->type == MSTUN_CANDIDATE_UNKNOWN) {
            return true;
        }
    }
    return false;
}

/* The call, or the media in it, is known to have failed: a code says so, or checks were made in vain. */
static bool has_failed(const mstun_call_t *call, const mstun_use_t *use, const mstun_uses_t *uses)
{
    mstun_code_kind_t kind;

    if (any_stream_works(call, uses)) {
        return false;
    }
    for (const mstun_call_code_t *code = call->codes; code; code = code->next) {
        mstun_diagnostics_words(&code->is, &kind);
        if (kind == MSTUN_CODE_MEDIA && ends_call(code)) {
            return true;
        }
    }
    return use->first_frame && !use->successes;
}

static void add_about(mstun_evaluation_t *evaluation, mstun_finding_id_t id, const mstun_generation_t *generation,
                      uint32_t frame, int severity)
{
    const mstun_place_t places[] = {
        { "user", user_of(generation) },
        { "media", generation->stream->name },
        { "frame", mstun_place_number(evaluation->scope, frame) },
        { NULL, NULL },
    };
    const mstun_subject_t subject =
        subject_at(frame, &generation->abs_ts, generation->stream->call, user_of(generation));
    mstun_finding_t *finding = mstun_finding_add_sentence(evaluation, id, 0, places, &subject);

    finding->severity = severity;
    finding->detail = generation->stream->line;
}

/* An answerer that takes some of the streams and not all is normal. */
static bool are_all_refused(const mstun_call_t *call)
{
    for (const mstun_call_stream_t *stream = call->streams; stream; stream = stream->next) {
        const mstun_generation_t *caller = stream->newest[MSTUN_CALLER], *callee = stream->newest[MSTUN_CALLEE];

        if (!(caller && caller->refused) && !(callee && callee->refused)) {
            return false;
        }
    }
    return true;
}

static void evaluate_side(mstun_evaluation_t *evaluation, const mstun_uses_t *uses, const mstun_generation_t *own)
{
    const mstun_call_t *call = own->stream->call;
    const mstun_generation_t *peer = own->stream->newest[1 - own->side];
    mstun_use_t use = mstun_use_of_stream(uses, own->stream);

    if (own->refused && has_ice(peer)) {
        add_about(evaluation, MSTUN_FINDING_CALL_STREAM_REFUSED, own, own->last_frame,
                  are_all_refused(call) ? PI_WARN : PI_NOTE);
    }
    if (own->mismatch) {
        add_about(evaluation, MSTUN_FINDING_CALL_ICE_MISMATCH, own, own->last_frame, PI_WARN);
    }
    if (has_ice(own) && has_ice(peer) && !own->bundled && !has_relay(own) && has_failed(call, &use, uses)) {
        add_about(evaluation, MSTUN_FINDING_CALL_NO_RELAY, own, own->frame, PI_WARN);
    }
}

/* The candidates of a side that were never checked, in a stream of which others were, in vain. */
static void evaluate_never_checked(mstun_evaluation_t *evaluation, const mstun_uses_t *uses,
                                   const mstun_generation_t *own)
{
    const mstun_call_candidate_t *first = NULL;
    unsigned count = 0;

    for (unsigned i = 0; i < wmem_array_get_count(own->candidates); i++) {
        const mstun_call_candidate_t *candidate = (const mstun_call_candidate_t *)wmem_array_index(own->candidates, i);

        if (!mstun_use_of_candidate(uses, candidate).first_frame) {
            first = first ? first : candidate;
            count++;
        }
    }
    if (!first) {
        return;
    }
    const mstun_place_t places[] = {
        { "media", own->stream->name },
        { "user", user_of(own) },
        { "count", count == 1 ? "a candidate" : wmem_strdup_printf(evaluation->scope, "%u candidates", count) },
        { "first", first->is.address.family ? mstun_endpoint_text(evaluation->scope, &first->is.address)
                                            : mstun_slice_dup(evaluation->scope, first->is.name) },
        { "because", mstun_use_because(uses, own, first) },
        { NULL, NULL },
    };
    const mstun_subject_t subject = subject_at(first->frame, &own->abs_ts, own->stream->call, user_of(own));

    mstun_finding_add_sentence(evaluation, MSTUN_FINDING_CALL_NEVER_CHECKED, 0, places, &subject)->detail =
        own->stream->line * 2 + own->side;
}

/* Both have described the stream, nobody has concluded, and nothing works: Microsoft's clients would say it. */
static void evaluate_conclusion(mstun_evaluation_t *evaluation, const mstun_uses_t *uses,
                                const mstun_call_stream_t *stream)
{
    const mstun_generation_t *caller = stream->newest[MSTUN_CALLER], *callee = stream->newest[MSTUN_CALLEE];
    mstun_use_t use = mstun_use_of_stream(uses, stream);

    if (has_ice(caller) && has_ice(callee) && !caller->remote_candidates_frame && !callee->remote_candidates_frame &&
        (caller->microsoft || callee->microsoft) && has_failed(stream->call, &use, uses)) {
        const mstun_generation_t *answer = callee->frame > caller->frame ? callee : caller;

        add_about(evaluation, MSTUN_FINDING_CALL_NOT_CONCLUDED, answer, answer->frame, PI_NOTE);
    }
}

static void evaluate_stream(mstun_evaluation_t *evaluation, const mstun_uses_t *uses, const mstun_call_stream_t *stream)
{
    mstun_use_t use = mstun_use_of_stream(uses, stream);

    for (unsigned side = 0; side < 2; side++) {
        const mstun_generation_t *own = stream->newest[side];

        if (own) {
            evaluate_side(evaluation, uses, own);
        }
        if (own && !own->bundled && use.first_frame && has_failed(stream->call, &use, uses)) {
            evaluate_never_checked(evaluation, uses, own);
        }
    }
    evaluate_conclusion(evaluation, uses, stream);
}

void mstun_evaluate_signalling(mstun_evaluation_t *evaluation)
{
    const mstun_uses_t *uses = mstun_call_any() ? mstun_uses_new(evaluation->scope, evaluation->end) : NULL;

    for (const mstun_relay_auth_t *auth = mstun_relay_auth_first(); auth; auth = auth->next) {
        evaluate_relay_auth(evaluation, auth);
    }
    for (const mstun_call_t *call = mstun_call_first(); call; call = call->next) {
        for (const mstun_call_code_t *code = call->codes; code && call->streams; code = code->next) {
            evaluate_code(evaluation, call, code);
        }
        for (const mstun_call_stream_t *stream = call->streams; stream; stream = stream->next) {
            evaluate_stream(evaluation, uses, stream);
        }
    }
}

#define BEFORE_CALL_MS 60000 /* a client gathers at most so long in front of its first description */

/* A host that fails to reach its TURN server sends no check: it is known by its address alone. */
static const mstun_call_t *call_of_host(const mstun_subject_t *subject)
{
    const mstun_endpoint_t *client = subject->stream ? &subject->stream->ends[subject->direction] : NULL;

    for (const mstun_call_t *call = mstun_call_first(); client && client->family && call; call = call->next) {
        for (unsigned side = 0; side < 2; side++) {
            if (call->streams && call->ends[side].family == client->family &&
                memcmp(call->ends[side].ip, client->ip, sizeof client->ip) == 0 &&
                mstun_ms_between(&subject->abs_ts, &call->abs_ts) < BEFORE_CALL_MS) {
                return call;
            }
        }
    }
    return NULL;
}

/* What keeps a client from its relay before any check is made. */
static bool is_about_relay(mstun_finding_id_t id)
{
    return id == MSTUN_FINDING_TLS_INTERCEPTED || id == MSTUN_FINDING_PSEUDO_TLS_FAILED ||
           id == MSTUN_FINDING_AUTH_REJECTED || id == MSTUN_FINDING_CLOSED_WITHOUT_RESPONSE;
}

void mstun_evaluate_calls_of(mstun_evaluation_t *evaluation)
{
    for (unsigned i = 0; mstun_call_any() && i < wmem_array_get_count(evaluation->findings); i++) {
        mstun_finding_t *finding = (mstun_finding_t *)wmem_array_index(evaluation->findings, i);
        mstun_subject_t *subject = &finding->subject;
        const mstun_call_stream_t *stream = NULL;

        if (subject->call) {
            continue;
        }
        if (subject->pair) {
            stream = mstun_call_of_pair(mstun_pair_view(subject->pair, evaluation->end)).stream;
        }
        stream = stream ? stream : mstun_call_of_allocation(subject->allocation);
        subject->call = stream ? stream->call : is_about_relay(finding->id) ? call_of_host(subject) : NULL;
    }
}
