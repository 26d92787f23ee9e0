/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/uses.h"

typedef struct {
    mstun_uses_t *uses;
    const nstime_t *end;
} build_t;

static mstun_use_t *find_or_add(mstun_uses_t *uses, wmem_map_t *map, const void *key)
{
    mstun_use_t *use = (mstun_use_t *)wmem_map_lookup(map, key);

    if (!use) {
        use = wmem_new0(uses->scope, mstun_use_t);
        wmem_map_insert(map, key, use);
    }
    return use;
}

static void count(mstun_use_t *use, const mstun_pair_view_t *view, unsigned side)
{
    use->from += view->dir[side].requests;
    use->to += view->dir[1 - side].requests;
    use->successes += view->dir[0].successes + view->dir[1].successes;
    use->first_frame = use->first_frame ? MIN(use->first_frame, view->first_frame) : view->first_frame;
    use->last_frame = MAX(use->last_frame, view->last_frame);
    use->works = use->works || view->works_frame != 0;
    use->nominated = use->nominated || view->state == MSTUN_PAIR_NOMINATED;
}

static void enter(mstun_pair_t *pair, void *data)
{
    build_t *build = (build_t *)data;
    mstun_uses_t *uses = build->uses;
    const mstun_pair_view_t *view = mstun_pair_view(pair, build->end);
    mstun_pair_call_t call = mstun_call_of_pair(view);

    if (!call.stream) {
        return;
    }
    count(find_or_add(uses, uses->by_stream, call.stream), view, 0);
    for (unsigned side = 0; side < 2; side++) {
        if (call.candidate[side]) {
            count(find_or_add(uses, uses->by_candidate, call.candidate[side]), view, side);
        }
    }
}

mstun_uses_t *mstun_uses_new(wmem_allocator_t *scope, const nstime_t *end)
{
    mstun_uses_t *uses = wmem_new(scope, mstun_uses_t);
    build_t build = { uses, end };

    uses->scope = scope;
    uses->by_candidate = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    uses->by_stream = wmem_map_new(scope, g_direct_hash, g_direct_equal);
    if (mstun_call_any()) {
        mstun_pair_foreach(enter, &build);
    }
    return uses;
}

static mstun_use_t get(wmem_map_t *map, const void *key)
{
    const mstun_use_t *use = (const mstun_use_t *)wmem_map_lookup(map, key);

    return use ? *use : (mstun_use_t){ 0 };
}

mstun_use_t mstun_use_of_candidate(const mstun_uses_t *uses, const mstun_call_candidate_t *candidate)
{
    return get(uses->by_candidate, candidate);
}

mstun_use_t mstun_use_of_stream(const mstun_uses_t *uses, const mstun_call_stream_t *stream)
{
    return get(uses->by_stream, stream);
}

const char *mstun_use_text(const mstun_use_t *use)
{
    if (use->nominated) {
        return "nominated";
    }
    if (use->works) {
        return "works";
    }
    return use->first_frame ? "checked" : "never checked";
}

/* What of a peer's candidates a candidate has in common with one of them at least. */
typedef struct {
    bool any, component, family, transport, direction;
} common_t;

/* Of TCP, one side must accept what the other opens; two that open at the same time meet, too. */
static bool can_connect(mstun_candidate_transport_t a, mstun_candidate_transport_t b)
{
    if (a == MSTUN_CANDIDATE_TCP_EITHER || b == MSTUN_CANDIDATE_TCP_EITHER || a == MSTUN_CANDIDATE_UDP) {
        return true;
    }
    return a == MSTUN_CANDIDATE_TCP_ACTIVE    ? b == MSTUN_CANDIDATE_TCP_PASSIVE
           : a == MSTUN_CANDIDATE_TCP_PASSIVE ? b == MSTUN_CANDIDATE_TCP_ACTIVE
                                              : b == MSTUN_CANDIDATE_TCP_SO;
}

/* A name may stand for an address of either family. */
static bool have_one_family(const mstun_candidate_t *a, const mstun_candidate_t *b)
{
    return !a->address.family || !b->address.family || a->address.family == b->address.family;
}

static void compare(common_t *common, const mstun_candidate_t *own, const mstun_candidate_t *peer)
{
    bool component = own->component == peer->component;
    bool family = component && have_one_family(own, peer);
    bool transport = family && mstun_candidate_is_tcp(own) == mstun_candidate_is_tcp(peer);

    common->any = true;
    common->component = common->component || component;
    common->family = common->family || family;
    common->transport = common->transport || transport;
    common->direction = common->direction || (transport && can_connect(own->transport, peer->transport));
}

static common_t common_with_peers(const mstun_generation_t *generation, const mstun_candidate_t *own)
{
    const mstun_generation_t *peer = generation->stream->newest[1 - generation->side];
    common_t common = { false, false, false, false, false };

    for (; peer; peer = peer->older) {
        for (unsigned i = 0; i < wmem_array_get_count(peer->candidates); i++) {
            compare(&common, own, &((const mstun_call_candidate_t *)wmem_array_index(peer->candidates, i))->is);
        }
    }
    return common;
}

/* Why the other side has no candidates. */
static const char *because_of_peer(const mstun_uses_t *uses, const mstun_generation_t *generation)
{
    const mstun_call_t *call = generation->stream->call;
    const mstun_generation_t *peer = generation->stream->newest[1 - generation->side];

    if (peer && peer->refused) {
        return wmem_strdup_printf(uses->scope, "the other side refuses the stream: port 0 in frame %u",
                                  peer->last_frame);
    }
    if (peer && peer->mismatch) {
        return wmem_strdup_printf(uses->scope, "the other side does without ICE: ice-mismatch in frame %u",
                                  peer->last_frame);
    }
    if (peer) {
        return wmem_strdup_printf(uses->scope, "the other side has no candidates in frame %u", peer->last_frame);
    }
    for (const mstun_call_code_t *code = call->codes; code; code = code->next) {
        if (code->response_code >= 300) {
            return wmem_strdup_printf(uses->scope, "the call was refused in frame %u: %s", code->frame,
                                      mstun_diagnostics_text(uses->scope, &code->is));
        }
    }
    return "the capture has no description of the other side";
}

static const char *because_of_candidates(const mstun_candidate_t *own, const common_t *common)
{
    if (!common->component) {
        return "the other side has no candidate of this component";
    }
    if (!common->family) {
        return own->address.family == MSTUN_FAMILY_IPV6 ? "the other side has no IPv6 candidate"
                                                        : "the other side has no IPv4 candidate";
    }
    if (!common->transport) {
        return mstun_candidate_is_tcp(own) ? "the other side has no TCP candidate"
                                           : "the other side has no UDP candidate";
    }
    if (!common->direction) {
        return own->transport == MSTUN_CANDIDATE_TCP_PASSIVE ? "both sides are passive: nobody connects"
                                                             : "both sides are active: nobody accepts";
    }
    return NULL;
}

/* One TCP relay is two candidates, an active one and a passive one. */
static bool has_twin_in_use(const mstun_uses_t *uses, const mstun_generation_t *generation,
                            const mstun_call_candidate_t *candidate)
{
    for (unsigned i = 0; i < wmem_array_get_count(generation->candidates); i++) {
        const mstun_call_candidate_t *other =
            (const mstun_call_candidate_t *)wmem_array_index(generation->candidates, i);

        if (other != candidate && candidate->is.address.family &&
            mstun_endpoint_equal(&other->is.address, &candidate->is.address) &&
            mstun_use_of_candidate(uses, other).first_frame) {
            return true;
        }
    }
    return false;
}

const char *mstun_use_because(const mstun_uses_t *uses, const mstun_generation_t *generation,
                              const mstun_call_candidate_t *candidate)
{
    const mstun_generation_t *newest = generation->stream->newest[generation->side];
    common_t common = common_with_peers(generation, &candidate->is);
    const char *because = common.any ? because_of_candidates(&candidate->is, &common) : NULL;
    mstun_use_t stream = mstun_use_of_stream(uses, generation->stream);

    if (!common.any) {
        return because_of_peer(uses, generation);
    }
    if (because) {
        return because;
    }
    if (newest != generation && newest->frame > generation->frame) {
        return wmem_strdup_printf(uses->scope, "a new description in frame %u replaced it", newest->frame);
    }
    if (has_twin_in_use(uses, generation, candidate)) {
        return "its address is another candidate's too, which has the checks";
    }
    if (!stream.first_frame) {
        return "no check of this stream is in the capture: they may have been made where it was not captured";
    }
    if (candidate->is.name.len > 0) {
        return "its address is a name, which the capture does not resolve";
    }
    return stream.nominated ? "another pair was nominated" : "checks to it, or from it, are not in the capture";
}
