/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/call.h"

#include "conversation/stream.h"
#include "signal/keys.h"

#define CANDIDATES_MAX 256u /* of a generation: more are not kept */
#define CODES_MAX 64        /* of a call */
#define GENERATIONS_MAX 16  /* of a stream and side: a call with more restarts is none */
#define SAME_UFRAG_MAX 64   /* that are compared */

static mstun_call_t *first_call, *last_call;
static wmem_map_t *by_id;    /* Call-ID -> mstun_call_t */
static wmem_map_t *by_ufrag; /* -> mstun_generation_t, the first one */
static wmem_map_t *users;    /* name -> the same */
static wmem_map_t *by_relay; /* mstun_endpoint_t -> mstun_generation_t, the last one */

static mstun_slice_t keep(mstun_slice_t slice)
{
    if (slice.len == 0) {
        return (mstun_slice_t){ NULL, 0 };
    }
    return (mstun_slice_t){ (const char *)wmem_memdup(wmem_file_scope(), slice.at, slice.len), slice.len };
}

static void make_maps(void)
{
    if (!by_id) {
        by_id = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
        by_ufrag = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
        by_relay = wmem_map_new(wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    }
}

const char *mstun_call_user(const char *name)
{
    const char *known;

    if (!users) {
        users = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
    }
    known = (const char *)wmem_map_lookup(users, name);
    if (!known) {
        char *copy = wmem_strdup(wmem_file_scope(), name);

        wmem_map_insert(users, copy, copy);
        known = copy;
    }
    return known;
}

bool mstun_call_any(void)
{
    return first_call != NULL;
}

const mstun_call_t *mstun_call_first(void)
{
    return first_call;
}

const mstun_call_t *mstun_call_find(const char *id)
{
    return by_id ? (const mstun_call_t *)wmem_map_lookup(by_id, id) : NULL;
}

static mstun_call_t *find_or_add_call(const mstun_signal_t *signal)
{
    make_maps();
    mstun_call_t *call = (mstun_call_t *)wmem_map_lookup(by_id, signal->call_id);

    if (call) {
        return call;
    }
    call = wmem_new0(wmem_file_scope(), mstun_call_t);
    call->number = last_call ? last_call->number + 1 : 0;
    call->id = wmem_strdup(wmem_file_scope(), signal->call_id);
    call->from = mstun_call_user(signal->from);
    call->to = mstun_call_user(signal->to);
    call->first_frame = signal->pinfo->num;
    call->abs_ts = signal->pinfo->abs_ts;
    if (last_call) {
        last_call->next = call;
    } else {
        first_call = call;
    }
    last_call = call;
    wmem_map_insert(by_id, call->id, call);
    return call;
}

/* From and To change places in a request that the callee sends, and not in a response. Where they are the same, the
 * description says who made it. */
static unsigned side_of(mstun_call_t *call, const mstun_signal_t *signal, const mstun_sdp_t *sdp)
{
    bool same_names = strcmp(call->from, call->to) == 0;
    bool from_caller = strcmp(call->from, signal->from) == 0;

    if (!same_names) {
        return from_caller == (signal->method != NULL) ? MSTUN_CALLER : MSTUN_CALLEE;
    }
    if (!call->origin) {
        call->origin = mstun_slice_dup(wmem_file_scope(), sdp->origin);
    }
    return mstun_slice_equal(mstun_slice_of(call->origin), sdp->origin) ? MSTUN_CALLER : MSTUN_CALLEE;
}

static mstun_call_stream_t *stream_at(mstun_call_t *call, unsigned line, const mstun_sdp_media_t *media)
{
    mstun_call_stream_t *stream = call->streams;

    while (stream && stream->line < line) {
        stream = stream->next;
    }
    if (stream) {
        return stream;
    }
    stream = wmem_new0(wmem_file_scope(), mstun_call_stream_t);
    stream->call = call;
    stream->line = line;
    stream->name = mstun_sdp_media_name(wmem_file_scope(), media);
    if (call->last_stream) {
        call->last_stream->next = stream;
    } else {
        call->streams = stream;
    }
    call->last_stream = stream;
    return stream;
}

static void index_ufrag(mstun_generation_t *generation)
{
    mstun_generation_t *other = (mstun_generation_t *)wmem_map_lookup(by_ufrag, generation->ufrag);

    if (!other) {
        generation->last_same = generation;
        wmem_map_insert(by_ufrag, generation->ufrag, generation);
        return;
    }
    other->last_same->same_ufrag = generation;
    other->last_same = generation;
}

static bool is_generation(const mstun_generation_t *generation, mstun_slice_t ufrag, bool ms_ice)
{
    return generation->ms_ice == ms_ice && mstun_slice_equal(mstun_slice_of(generation->ufrag), ufrag);
}

/* NULL: there are too many of them. */
static mstun_generation_t *find_or_add_generation(mstun_call_stream_t *stream, unsigned side, mstun_slice_t ufrag,
                                                  bool ms_ice, const packet_info *pinfo)
{
    unsigned count = 0;

    for (mstun_generation_t *old = stream->newest[side]; old; old = old->older, count++) {
        if (is_generation(old, ufrag, ms_ice)) {
            return old;
        }
    }
    if (count >= GENERATIONS_MAX) {
        return NULL;
    }
    mstun_generation_t *generation = wmem_new0(wmem_file_scope(), mstun_generation_t);

    generation->stream = stream;
    generation->side = side;
    generation->ms_ice = ms_ice;
    generation->ufrag = ufrag.len > 0 ? mstun_slice_dup(wmem_file_scope(), ufrag) : NULL;
    generation->frame = pinfo->num;
    generation->abs_ts = pinfo->abs_ts;
    generation->candidates = wmem_array_new(wmem_file_scope(), sizeof(mstun_call_candidate_t));
    generation->older = stream->newest[side];
    stream->newest[side] = generation;
    return generation;
}

static bool is_same_candidate(const mstun_candidate_t *a, const mstun_candidate_t *b)
{
    return a->component == b->component && a->transport == b->transport && a->type == b->type &&
           mstun_endpoint_equal(&a->address, &b->address) && mstun_slice_equal(a->name, b->name);
}

static void add_candidate(mstun_generation_t *generation, const mstun_candidate_t *candidate, uint32_t frame)
{
    unsigned count = wmem_array_get_count(generation->candidates);
    mstun_call_candidate_t kept = { .is = *candidate, .frame = frame };

    for (unsigned i = 0; i < count; i++) {
        if (is_same_candidate(&((mstun_call_candidate_t *)wmem_array_index(generation->candidates, i))->is,
                              candidate)) {
            return;
        }
    }
    if (count >= CANDIDATES_MAX) {
        return;
    }
    kept.is.name = keep(candidate->name);
    kept.is.ufrag = keep(candidate->ufrag);
    kept.is.pwd = (mstun_slice_t){ NULL, 0 }; /* secrets are auth/'s */
    wmem_array_append_one(generation->candidates, kept);
    if (candidate->type == MSTUN_CANDIDATE_RELAY && candidate->address.family) {
        wmem_map_insert(by_relay, wmem_memdup(wmem_file_scope(), &candidate->address, sizeof candidate->address),
                        generation);
    }
}

static bool are_of_ms_ice(const mstun_sdp_t *sdp, const mstun_sdp_media_t *media)
{
    return media->candidate_count > 0 && sdp->candidates[media->first_candidate].ms_ice;
}

/* Whether a section in front has the same ufrag: RFC 8843's bundle, whose checks are the first one's. */
static bool is_bundled(const mstun_sdp_t *sdp, unsigned line)
{
    for (unsigned i = 0; i < line; i++) {
        if (mstun_slice_equal(sdp->media[i].ufrag, sdp->media[line].ufrag)) {
            return true;
        }
    }
    return false;
}

static void learn_media(mstun_call_t *call, unsigned side, const mstun_sdp_t *sdp, unsigned line,
                        const packet_info *pinfo)
{
    const mstun_sdp_media_t *media = &sdp->media[line];
    mstun_call_stream_t *stream = stream_at(call, line, media);
    mstun_generation_t *old = stream->newest[side];

    /* A refusal, or an update without any word of ICE, is about the generation that there is. */
    bool silent = media->ufrag.len == 0 && media->candidate_count == 0;
    mstun_generation_t *generation =
        silent && old ? old : find_or_add_generation(stream, side, media->ufrag, are_of_ms_ice(sdp, media), pinfo);

    if (!generation) {
        return;
    }
    call->has_ice = call->has_ice || !silent;
    generation->last_frame = pinfo->num;
    generation->refused = media->refused;
    generation->mismatch = media->mismatch;
    generation->microsoft = generation->microsoft || sdp->microsoft;
    if (media->remote_candidates && !generation->remote_candidates_frame) {
        generation->remote_candidates_frame = pinfo->num;
    }
    for (unsigned i = 0; i < media->candidate_count; i++) {
        add_candidate(generation, &sdp->candidates[media->first_candidate + i], pinfo->num);
    }
    if (generation != old && generation->frame == pinfo->num && generation->ufrag) {
        generation->bundled = is_bundled(sdp, line);
        if (!generation->bundled) {
            index_ufrag(generation);
        }
    }
}

void mstun_call_learn(const mstun_signal_t *signal, const mstun_sdp_t *sdp)
{
    if (sdp->media_count == 0) {
        return;
    }
    mstun_call_t *call = find_or_add_call(signal);
    unsigned side = side_of(call, signal, sdp);

    if (!call->ends[side].family) {
        call->ends[side] = signal->source;
    }
    for (unsigned i = 0; i < sdp->media_count; i++) {
        learn_media(call, side, sdp, i, signal->pinfo);
    }
    mstun_keys_learn_sdp(signal->pinfo->num, call->number, side, sdp);
}

void mstun_call_learn_code(const mstun_signal_t *signal, const char *header, const mstun_diagnostics_t *diagnostics)
{
    mstun_call_t *call = find_or_add_call(signal);
    mstun_call_code_t *code = wmem_new0(wmem_file_scope(), mstun_call_code_t);
    unsigned count = 0;

    for (const mstun_call_code_t *old = call->codes; old; old = old->next, count++) {
        if (old->frame == signal->pinfo->num && old->header == header) {
            return;
        }
    }
    if (count >= CODES_MAX) {
        return;
    }
    code->frame = signal->pinfo->num;
    code->abs_ts = signal->pinfo->abs_ts;
    code->header = header;
    code->method = signal->method ? wmem_strdup(wmem_file_scope(), signal->method) : NULL;
    code->response_code = signal->code;
    code->is = *diagnostics;
    code->is.reason = keep(diagnostics->reason);
    code->is.component = keep(diagnostics->component);
    code->is.source = keep(diagnostics->source);
    if (call->last_code) {
        call->last_code->next = code;
    } else {
        call->codes = code;
    }
    call->last_code = code;
}

static mstun_generation_t *first_of_ufrag(const char *ufrag)
{
    return by_ufrag && ufrag ? (mstun_generation_t *)wmem_map_lookup(by_ufrag, ufrag) : NULL;
}

/* The only generation with this ufrag, of whatever call; NULL: there are none, or several. */
static mstun_generation_t *only_of_ufrag(const char *ufrag)
{
    mstun_generation_t *generation = first_of_ufrag(ufrag);

    return generation && !generation->same_ufrag ? generation : NULL;
}

mstun_call_leg_t mstun_call_leg(const char *receiver, const char *sender)
{
    unsigned compared = 0;

    for (mstun_generation_t *r = first_of_ufrag(receiver); r; r = r->same_ufrag) {
        for (mstun_generation_t *s = first_of_ufrag(sender); s && compared < SAME_UFRAG_MAX;
             s = s->same_ufrag, compared++) {
            if (r->stream == s->stream && r->side != s->side) {
                return (mstun_call_leg_t){ r->stream, r, s };
            }
        }
    }
    /* An ufrag has four characters or more, which several calls of a capture may share: one alone names a call only if
     * no other has it, and if the call's other side is not described, which would have the other ufrag. */
    mstun_generation_t *one = only_of_ufrag(receiver), *other = only_of_ufrag(sender);

    one = one && one->stream->newest[1 - one->side] ? NULL : one;
    other = other && other->stream->newest[1 - other->side] ? NULL : other;
    if (one && other) { /* of two calls: what passes them on makes it look as if they were one */
        return (mstun_call_leg_t){ NULL, NULL, NULL };
    }
    return (mstun_call_leg_t){ one ? one->stream : other ? other->stream : NULL, one, other };
}

const mstun_generation_t *mstun_call_of_relay(const mstun_endpoint_t *relayed)
{
    return by_relay ? (const mstun_generation_t *)wmem_map_lookup(by_relay, relayed) : NULL;
}

bool mstun_generation_is_used(const mstun_generation_t *generation)
{
    const mstun_generation_t *own = generation->stream->newest[generation->side];
    const mstun_generation_t *peer = generation->stream->newest[1 - generation->side];
    bool peer_is_old = peer && peer->ms_ice;

    for (; own; own = own->older) {
        if (own != generation && own->frame == generation->frame && own->ms_ice != generation->ms_ice) {
            return generation->ms_ice == peer_is_old;
        }
    }
    return true;
}

static bool has_ip(const mstun_call_candidate_t *candidate, const mstun_endpoint_t *address, bool tcp)
{
    return mstun_candidate_is_tcp(&candidate->is) == tcp && candidate->is.address.family == address->family &&
           memcmp(candidate->is.address.ip, address->ip, sizeof address->ip) == 0;
}

const mstun_call_candidate_t *mstun_generation_find(const mstun_generation_t *generation,
                                                    const mstun_endpoint_t *address, bool tcp)
{
    const mstun_call_candidate_t *active = NULL;

    for (unsigned i = 0; generation && i < wmem_array_get_count(generation->candidates); i++) {
        const mstun_call_candidate_t *candidate =
            (const mstun_call_candidate_t *)wmem_array_index(generation->candidates, i);

        if (!has_ip(candidate, address, tcp)) {
            continue;
        }
        if (candidate->is.address.port == address->port && candidate->is.transport != MSTUN_CANDIDATE_TCP_ACTIVE) {
            return candidate;
        }
        if (candidate->is.transport == MSTUN_CANDIDATE_TCP_ACTIVE && !active) {
            active = candidate;
        }
    }
    return active;
}

const char *mstun_call_text(wmem_allocator_t *scope, const mstun_call_t *call, const mstun_call_stream_t *stream)
{
    return wmem_strdup_printf(scope, "%s to %s%s%s", call->from, call->to, stream && stream->name[0] ? ", " : "",
                              stream ? stream->name : "");
}

/* Before a file is closed. */
static void forget(void)
{
    first_call = last_call = NULL;
    by_id = by_ufrag = by_relay = users = NULL;
}

void mstun_call_register(const mstun_registrar_t *reg _U_)
{
    register_cleanup_routine(forget);
}
