/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each step looks things up in hashes: the cost grows with the number of findings and no faster. Nothing depends on the
 * order of a hash: findings are handled in the order of the capture. */
#include "report/group.h"

#include "base/map_key.h"

/* What makes findings one group. Compared as bytes, so it is zeroed before it is filled. */
typedef struct {
    mstun_finding_id_t id;
    uint32_t detail;
    uint32_t stream; /* mstun_stream_t.number, if the group is of one */
    const mstun_pair_t *pair;
    const void *call;        /* or user */
    mstun_endpoint_t client; /* without port */
    mstun_endpoint_t server;
    mstun_endpoint_t peer;
} group_key_t;

/* What two findings share if one may explain the other. */
typedef struct {
    mstun_finding_id_t id;
    mstun_relation_t relation;
    const void *shared; /* NULL: they share the peer */
    mstun_endpoint_t peer;
} relation_key_t;

typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *by_key;      /* group_key_t -> mstun_group_t */
    wmem_map_t *by_relation; /* relation_key_t -> entry_t, of the first finding */
    wmem_array_t *groups;    /* of mstun_group_t *, in the order of their first findings */
} ctx_t;

typedef struct {
    const mstun_finding_t *finding;
    mstun_group_t *group;
} entry_t;

MSTUN_KEY_AS_BYTES(group_key_t, hash_group, equal_groups);

MSTUN_KEY_AS_BYTES(relation_key_t, hash_relation, equal_relations);

static const mstun_pair_t *pair_of_row(const mstun_subject_t *subject)
{
    return subject->alike ? subject->alike : subject->pair;
}

static void make_group_key(const mstun_finding_t *finding, group_key_t *key)
{
    const mstun_subject_t *subject = &finding->subject;
    const mstun_stream_t *stream = subject->stream;
    mstun_extent_t extent = mstun_finding_row(finding->id)->extent;

    memset(key, 0, sizeof *key);
    key->id = finding->id;
    key->detail = finding->detail;
    if (extent == MSTUN_PER_CALL) {
        key->call = subject->call ? (const void *)subject->call : (const void *)subject->user;
    } else if (subject->pair && (extent == MSTUN_PER_PAIR || extent == MSTUN_PER_SERVER)) {
        key->pair = pair_of_row(subject);
    } else if (stream && (extent == MSTUN_PER_STREAM || !stream->ends[0].family)) {
        key->stream = stream->number;
    } else if (stream) {
        key->client = stream->ends[subject->direction];
        key->client.port = 0;
        key->server = stream->ends[1 - subject->direction];
    }
    if (extent == MSTUN_PER_PEER) {
        key->peer = subject->peer;
    }
}

static mstun_group_t *group_of(ctx_t *ctx, const mstun_finding_t *finding)
{
    group_key_t key;

    make_group_key(finding, &key);
    mstun_group_t *group = (mstun_group_t *)wmem_map_lookup(ctx->by_key, &key);

    if (!group) {
        group = wmem_new0(ctx->scope, mstun_group_t);
        group->first = finding;
        group->name = finding->id < MSTUN_FINDING_FIRST_DECODED ? mstun_finding_row(finding->id)->name
                                                                : proto_registrar_get_abbrev((int)finding->detail);
        group->findings = wmem_array_new(ctx->scope, sizeof(const mstun_finding_t *));
        group->frames = wmem_array_new(ctx->scope, sizeof(uint32_t));
        group->streams = wmem_array_new(ctx->scope, sizeof(const mstun_stream_t *));
        wmem_map_insert(ctx->by_key, wmem_memdup(ctx->scope, &key, sizeof key), group);
        wmem_array_append_one(ctx->groups, group);
    }
    return group;
}

static bool last_is(wmem_array_t *pointers, const void *pointer)
{
    unsigned count = wmem_array_get_count(pointers);

    return count > 0 && *(const void **)wmem_array_index(pointers, count - 1) == pointer;
}

static void add_to_group(mstun_group_t *group, const mstun_finding_t *finding)
{
    group->severity = MAX(group->severity, finding->severity);
    wmem_array_append_one(group->findings, finding);
    wmem_array_append_one(group->frames, finding->subject.pos.frame);
    if (finding->subject.stream && !last_is(group->streams, finding->subject.stream)) {
        wmem_array_append_one(group->streams, finding->subject.stream);
    }
}

/* Equal for findings with this id that share what the relation asks for; false: the finding has nothing of the kind. */
static bool make_relation_key(const mstun_finding_t *finding, mstun_finding_id_t id, mstun_relation_t relation,
                              relation_key_t *key)
{
    const mstun_subject_t *subject = &finding->subject;

    memset(key, 0, sizeof *key);
    key->id = id;
    key->relation = relation;
    switch (relation) {
    case MSTUN_SAME_TRANSACTION:
        key->shared = subject->transaction;
        break;
    case MSTUN_SAME_STREAM:
        key->shared = subject->stream;
        break;
    case MSTUN_SAME_PAIR:
        key->shared = pair_of_row(subject);
        break;
    case MSTUN_SAME_ALLOCATION:
        key->shared = subject->allocation;
        break;
    case MSTUN_SAME_CALL:
        key->shared = subject->call;
        break;
    case MSTUN_SAME_USER:
        key->shared = subject->user;
        break;
    case MSTUN_SAME_PEER:
    case MSTUN_RELATIONS:
        key->peer = subject->peer;
        break;
    }
    return key->shared || key->peer.family;
}

static void enter_relations(ctx_t *ctx, const mstun_finding_t *finding, mstun_group_t *group)
{
    relation_key_t key;

    for (int relation = 0; relation < MSTUN_RELATIONS; relation++) {
        if (make_relation_key(finding, finding->id, (mstun_relation_t)relation, &key) &&
            !wmem_map_contains(ctx->by_relation, &key)) {
            const entry_t entry = { finding, group };

            wmem_map_insert(ctx->by_relation, wmem_memdup(ctx->scope, &key, sizeof key),
                            wmem_memdup(ctx->scope, &entry, sizeof entry));
        }
    }
}

/* A cause does not come after what it caused. */
static mstun_group_t *cause_of(const ctx_t *ctx, const mstun_finding_t *finding)
{
    relation_key_t key;

    for (unsigned i = 0; i < mstun_explanation_count; i++) {
        const mstun_explanation_t *explanation = &mstun_explanations[i];

        if (explanation->consequence != finding->id ||
            !make_relation_key(finding, explanation->cause, explanation->relation, &key)) {
            continue;
        }
        const entry_t *cause = (const entry_t *)wmem_map_lookup(ctx->by_relation, &key);

        if (cause &&
            (explanation->at_any_time || nstime_cmp(&cause->finding->subject.abs_ts, &finding->subject.abs_ts) <= 0)) {
            return cause->group;
        }
    }
    return NULL;
}

/* A group has a cause if all of its findings have one: what is left unexplained keeps its row. */
static void find_cause(const ctx_t *ctx, mstun_group_t *group)
{
    for (unsigned i = 0; i < wmem_array_get_count(group->findings); i++) {
        mstun_group_t *cause = cause_of(ctx, *(const mstun_finding_t **)wmem_array_index(group->findings, i));

        if (!cause || cause == group) {
            group->cause = NULL;
            return;
        }
        group->cause = group->cause ? group->cause : cause;
    }
}

static int compare_frames(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return one < other ? -1 : one > other;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_streams(const void *a, const void *b)
{
    uint32_t one = (*(const mstun_stream_t *const *)a)->number, other = (*(const mstun_stream_t *const *)b)->number;

    return one < other ? -1 : one > other;
}

/* A copy, sorted, each item once; NULL stays NULL. */
static wmem_array_t *sorted(const ctx_t *ctx, wmem_array_t *items, size_t size,
                            int (*compare)(const void *, const void *))
{
    if (!items) {
        return NULL;
    }
    wmem_array_t *unique = wmem_array_new(ctx->scope, size);
    const uint8_t *last = NULL;

    wmem_array_sort(items, compare);
    for (unsigned i = 0; i < wmem_array_get_count(items); i++) {
        const uint8_t *item = (const uint8_t *)wmem_array_index(items, i);

        if (!last || compare(last, item) != 0) {
            wmem_array_append(unique, item, 1);
        }
        last = item;
    }
    return unique;
}

/* A consequence is part of the row of the first of its causes. The table has no ring (tested). */
static void attach_to_root_cause(const ctx_t *ctx, mstun_group_t *group)
{
    mstun_group_t *root = group;

    for (unsigned i = 0; i < MSTUN_FINDING_COUNT && root->cause; i++) {
        root = root->cause;
    }
    if (root == group) {
        return;
    }
    if (!root->explains) {
        root->explains = wmem_array_new(ctx->scope, sizeof(const char *));
        root->explained = wmem_array_new(ctx->scope, sizeof(uint32_t));
    }
    wmem_array_append_one(root->explains, group->name);
    wmem_array_append(root->explained, wmem_array_get_raw(group->frames), wmem_array_get_count(group->frames));
}

/* Causes before symptoms, then by severity, then in the order of the capture, which is that of the findings in memory.
 */
static int compare_rows(const void *a, const void *b)
{
    const mstun_group_t *one = *(const mstun_group_t *const *)a, *other = *(const mstun_group_t *const *)b;
    mstun_rank_t rank = mstun_finding_row(one->first->id)->rank;
    mstun_rank_t other_rank = mstun_finding_row(other->first->id)->rank;

    if (rank != other_rank) {
        return rank < other_rank ? -1 : 1;
    }
    if (one->severity != other->severity) {
        return one->severity > other->severity ? -1 : 1;
    }
    if (one->first->subject.pos.frame != other->first->subject.pos.frame) {
        return one->first->subject.pos.frame < other->first->subject.pos.frame ? -1 : 1;
    }
    return one->order < other->order ? -1 : one->order > other->order;
}

wmem_array_t *mstun_group_findings(wmem_allocator_t *scope, wmem_array_t *findings)
{
    ctx_t ctx = { scope, wmem_map_new(scope, hash_group, equal_groups),
                  wmem_map_new(scope, hash_relation, equal_relations), wmem_array_new(scope, sizeof(mstun_group_t *)) };
    wmem_array_t *rows = wmem_array_new(scope, sizeof(mstun_group_t *));

    for (unsigned i = 0; i < wmem_array_get_count(findings); i++) {
        const mstun_finding_t *finding = *(const mstun_finding_t **)wmem_array_index(findings, i);
        mstun_group_t *group = group_of(&ctx, finding);

        add_to_group(group, finding);
        enter_relations(&ctx, finding, group);
    }
    for (unsigned i = 0; i < wmem_array_get_count(ctx.groups); i++) {
        mstun_group_t *group = *(mstun_group_t **)wmem_array_index(ctx.groups, i);

        group->order = i;
        find_cause(&ctx, group);
    }
    for (unsigned i = 0; i < wmem_array_get_count(ctx.groups); i++) {
        attach_to_root_cause(&ctx, *(mstun_group_t **)wmem_array_index(ctx.groups, i));
    }
    for (unsigned i = 0; i < wmem_array_get_count(ctx.groups); i++) {
        mstun_group_t *group = *(mstun_group_t **)wmem_array_index(ctx.groups, i);

        if (group->cause || (group->severity < PI_WARN && !group->explains)) {
            continue;
        }
        group->frames = sorted(&ctx, group->frames, sizeof(uint32_t), compare_frames);
        group->streams = sorted(&ctx, group->streams, sizeof(const mstun_stream_t *), compare_streams);
        group->explains = sorted(&ctx, group->explains, sizeof(const char *), compare_names);
        group->explained = sorted(&ctx, group->explained, sizeof(uint32_t), compare_frames);
        wmem_array_append_one(rows, group);
    }
    wmem_array_sort(rows, compare_rows);
    return rows;
}
