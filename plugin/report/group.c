/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each step looks groups up in hashes: the cost grows with the number of groups and no faster. */
#include "report/group.h"

/* What two groups share if one may explain the other. */
typedef struct {
    mstun_finding_id_t id;
    mstun_relation_t relation;
    const void *shared;    /* NULL: they share the peer */
    mstun_endpoint_t peer; /* family 0: they share something else */
} relation_key_t;

typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *index; /* relation_key_t -> the first group that has it */
} explain_ctx_t;

static guint hash_group(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_group_key_t));
}

static gboolean equal_groups(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(mstun_group_key_t)) == 0;
}

static guint hash_relation(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(relation_key_t));
}

static gboolean equal_relations(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(relation_key_t)) == 0;
}

wmem_map_t *mstun_groups_new(wmem_allocator_t *scope)
{
    return wmem_map_new(scope, hash_group, equal_groups);
}

mstun_group_t *mstun_group_of(wmem_allocator_t *scope, wmem_map_t *groups, const mstun_group_key_t *key,
                              const char *name, int severity)
{
    mstun_group_t *group = (mstun_group_t *)wmem_map_lookup(groups, key);

    if (!group) {
        group = wmem_new0(scope, mstun_group_t);
        group->key = *key;
        group->name = name;
        group->severity = severity;
        group->frames = wmem_array_new(scope, sizeof(uint32_t));
        wmem_map_insert(groups, &group->key, group);
    }
    return group;
}

void mstun_group_add(wmem_allocator_t *scope, mstun_group_t *group, uint32_t frame, const char *text)
{
    wmem_array_append_one(group->frames, frame);
    if (!group->text || frame < group->first_frame) {
        group->first_frame = frame;
        group->text = wmem_strdup(scope, text);
    }
}

/* Equal for groups with this id that share what the relation asks for; false: the group has nothing of the kind. */
static bool make_relation_key(const mstun_group_t *group, mstun_finding_id_t id, mstun_relation_t relation,
                              relation_key_t *key)
{
    memset(key, 0, sizeof *key);
    key->id = id;
    key->relation = relation;
    switch (relation) {
    case MSTUN_SAME_STREAM:
        key->shared = group->key.stream;
        break;
    case MSTUN_SAME_PAIR:
        key->shared = group->key.pair;
        break;
    case MSTUN_SAME_ALLOCATION:
        key->shared = group->control;
        break;
    case MSTUN_SAME_PEER:
    case MSTUN_RELATIONS:
        key->peer = group->key.peer;
        break;
    }
    return key->shared || key->peer.family;
}

/* In the order of the capture; findings of one frame in the order of the table, then of connections. */
static int compare_places(const mstun_group_t *a, const mstun_group_t *b)
{
    uint32_t stream_a = a->key.stream ? a->key.stream->number : 0, stream_b = b->key.stream ? b->key.stream->number : 0;

    if (a->first_frame != b->first_frame) {
        return a->first_frame < b->first_frame ? -1 : 1;
    }
    int names = strcmp(a->name, b->name);

    if (names != 0) {
        return names;
    }
    if (stream_a != stream_b) {
        return stream_a < stream_b ? -1 : 1;
    }
    return memcmp(&a->key.peer, &b->key.peer, sizeof a->key.peer);
}

/* Of several groups that share this, the first. */
static void enter_index(gpointer key _U_, gpointer value, gpointer data)
{
    const explain_ctx_t *ctx = (const explain_ctx_t *)data;
    mstun_group_t *group = (mstun_group_t *)value;
    relation_key_t relation_key;

    for (int relation = 0; relation < MSTUN_RELATIONS; relation++) {
        if (!make_relation_key(group, group->key.id, (mstun_relation_t)relation, &relation_key)) {
            continue;
        }
        const mstun_group_t *existing = (const mstun_group_t *)wmem_map_lookup(ctx->index, &relation_key);

        if (!existing || compare_places(group, existing) < 0) {
            wmem_map_insert(ctx->index, wmem_memdup(ctx->scope, &relation_key, sizeof relation_key), group);
        }
    }
}

static void find_cause(gpointer key _U_, gpointer value, gpointer data)
{
    const explain_ctx_t *ctx = (const explain_ctx_t *)data;
    mstun_group_t *group = (mstun_group_t *)value;
    relation_key_t relation_key;

    for (unsigned i = 0; i < mstun_explanation_count && !group->cause; i++) {
        const mstun_explanation_t *explanation = &mstun_explanations[i];

        if (explanation->consequence == group->key.id &&
            make_relation_key(group, explanation->cause, explanation->relation, &relation_key)) {
            group->cause = (mstun_group_t *)wmem_map_lookup(ctx->index, &relation_key);
        }
    }
}

/* A consequence is part of the row of the first of its causes. The table has no ring (tested). */
static void attach_to_root_cause(gpointer key _U_, gpointer value, gpointer data)
{
    const explain_ctx_t *ctx = (const explain_ctx_t *)data;
    mstun_group_t *group = (mstun_group_t *)value, *root = group;

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

static void collect_row(gpointer key _U_, gpointer value, gpointer data)
{
    mstun_group_t *group = (mstun_group_t *)value;

    if (!group->cause && (group->severity >= PI_WARN || group->explains)) {
        wmem_array_append_one((wmem_array_t *)data, group);
    }
}

/* Causes before symptoms, then by severity, then in the order of the capture. */
static int compare_rows(const void *a, const void *b)
{
    const mstun_group_t *one = *(const mstun_group_t *const *)a, *other = *(const mstun_group_t *const *)b;
    mstun_rank_t rank = mstun_finding_of(one->key.id)->rank, other_rank = mstun_finding_of(other->key.id)->rank;

    if (rank != other_rank) {
        return rank < other_rank ? -1 : 1;
    }
    if (one->severity != other->severity) {
        return one->severity > other->severity ? -1 : 1;
    }
    return compare_places(one, other);
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

/* Sorts, and drops doubles; returns how many are left. */
static unsigned sort_unique(wmem_array_t *array, size_t size, int (*compare)(const void *, const void *))
{
    unsigned count = wmem_array_get_count(array), left = 0;
    uint8_t *items = (uint8_t *)wmem_array_get_raw(array);

    wmem_array_sort(array, compare);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || compare(items + (left - 1) * size, items + i * size) != 0) {
            memmove(items + left++ * size, items + i * size, size);
        }
    }
    return left;
}

static void sort_lists(mstun_group_t *group)
{
    group->frame_count = sort_unique(group->frames, sizeof(uint32_t), compare_frames);
    if (group->explains) {
        group->explains_count = sort_unique(group->explains, sizeof(const char *), compare_names);
        group->explained_count = sort_unique(group->explained, sizeof(uint32_t), compare_frames);
    }
}

wmem_array_t *mstun_groups_explain(wmem_allocator_t *scope, wmem_map_t *groups)
{
    explain_ctx_t ctx = { scope, wmem_map_new(scope, hash_relation, equal_relations) };
    wmem_array_t *rows = wmem_array_new(scope, sizeof(mstun_group_t *));

    wmem_map_foreach(groups, enter_index, &ctx);
    wmem_map_foreach(groups, find_cause, &ctx);
    wmem_map_foreach(groups, attach_to_root_cause, &ctx);
    wmem_map_foreach(groups, collect_row, rows);
    wmem_array_sort(rows, compare_rows);
    for (unsigned i = 0; i < wmem_array_get_count(rows); i++) {
        sort_lists(*(mstun_group_t **)wmem_array_index(rows, i));
    }
    return rows;
}
