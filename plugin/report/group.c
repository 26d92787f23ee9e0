/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/group.h"

#include "attr/address.h"

#define CHAIN_MAX 8 /* cause of cause of cause ...: more than the longest in cause.c */

/* What is in hand while causes are looked for. */
typedef struct {
    wmem_allocator_t *scope;
    wmem_map_t *index; /* of groups, by name and what they may share with others */
} join_t;

static guint hash_group(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_group_key_t));
}

static gboolean equal_groups(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(mstun_group_key_t)) == 0;
}

wmem_map_t *mstun_groups_new(wmem_allocator_t *scope)
{
    return wmem_map_new(scope, hash_group, equal_groups);
}

mstun_group_t *mstun_group_of(wmem_allocator_t *scope, wmem_map_t *groups, const mstun_group_key_t *key, int severity)
{
    mstun_group_t *group = (mstun_group_t *)wmem_map_lookup(groups, key);

    if (!group) {
        group = wmem_new0(scope, mstun_group_t);
        group->key = *key;
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

/* Equal for groups of this name that share what the scope asks for; NULL: the group has nothing of the kind. */
static const char *index_key(const join_t *joined, const mstun_group_t *group, const char *name, mstun_scope_t scope)
{
    const void *shared = NULL;

    switch (scope) {
    case MSTUN_SAME_STREAM:
        shared = group->key.stream;
        break;
    case MSTUN_SAME_PAIR:
        shared = group->key.pair;
        break;
    case MSTUN_SAME_ALLOCATION:
        shared = group->control;
        break;
    case MSTUN_SAME_PEER:
    case MSTUN_SCOPES:
        return group->key.peer.family ? wmem_strdup_printf(joined->scope, "%s %s", name,
                                                           mstun_endpoint_text(joined->scope, &group->key.peer))
                                      : NULL;
    }
    return shared ? wmem_strdup_printf(joined->scope, "%s %u %p", name, (unsigned)scope, shared) : NULL;
}

/* Of several groups that share this, the one that begins first. */
static void enter_index(gpointer key _U_, gpointer value, gpointer data)
{
    const join_t *joined = (const join_t *)data;
    mstun_group_t *group = (mstun_group_t *)value;

    for (int scope = 0; scope < MSTUN_SCOPES; scope++) {
        const char *place = index_key(joined, group, group->key.name, (mstun_scope_t)scope);
        const mstun_group_t *there = place ? (const mstun_group_t *)wmem_map_lookup(joined->index, place) : NULL;

        if (place && (!there || group->first_frame < there->first_frame)) {
            wmem_map_insert(joined->index, place, group);
        }
    }
}

static void find_cause(gpointer key _U_, gpointer value, gpointer data)
{
    const join_t *joined = (const join_t *)data;
    mstun_group_t *group = (mstun_group_t *)value;

    for (unsigned i = 0; i < mstun_cause_count && !group->cause; i++) {
        if (strcmp(mstun_causes[i].consequence, group->key.name) == 0) {
            const char *place = index_key(joined, group, mstun_causes[i].cause, mstun_causes[i].scope);

            group->cause = place ? (mstun_group_t *)wmem_map_lookup(joined->index, place) : NULL;
        }
    }
}

/* A consequence is told in the row of the first of its causes. */
static void join(gpointer key _U_, gpointer value, gpointer data)
{
    const join_t *joined = (const join_t *)data;
    mstun_group_t *group = (mstun_group_t *)value, *root = group;

    for (unsigned i = 0; i < CHAIN_MAX && root->cause; i++) {
        root = root->cause;
    }
    if (root == group) {
        return;
    }
    if (!root->explains) {
        root->explains = wmem_array_new(joined->scope, sizeof(const char *));
        root->explained = wmem_array_new(joined->scope, sizeof(uint32_t));
    }
    wmem_array_append_one(root->explains, group->key.name);
    wmem_array_append(root->explained, wmem_array_get_raw(group->frames), wmem_array_get_count(group->frames));
}

static void collect(gpointer key _U_, gpointer value, gpointer data)
{
    mstun_group_t *group = (mstun_group_t *)value;

    if (!group->cause && (group->severity >= PI_WARN || group->explains)) {
        wmem_array_append_one((wmem_array_t *)data, group);
    }
}

/* Causes before symptoms, then by severity, then in the order of the capture. */
static int compare_groups(const void *a, const void *b)
{
    const mstun_group_t *one = *(const mstun_group_t *const *)a, *other = *(const mstun_group_t *const *)b;

    if (one->advice->rank != other->advice->rank) {
        return one->advice->rank < other->advice->rank ? -1 : 1;
    }
    if (one->severity != other->severity) {
        return one->severity > other->severity ? -1 : 1;
    }
    if (one->first_frame != other->first_frame) {
        return one->first_frame < other->first_frame ? -1 : 1;
    }
    return strcmp(one->key.name, other->key.name);
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

/* Sorted, each once; how many are left. */
static unsigned unique(wmem_array_t *array, size_t size, int (*compare)(const void *, const void *))
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
    group->frame_count = unique(group->frames, sizeof(uint32_t), compare_frames);
    if (group->explains) {
        group->explains_count = unique(group->explains, sizeof(const char *), compare_names);
        group->explained_count = unique(group->explained, sizeof(uint32_t), compare_frames);
    }
}

wmem_array_t *mstun_groups_join(wmem_allocator_t *scope, wmem_map_t *groups)
{
    join_t joined = { scope, wmem_map_new(scope, wmem_str_hash, g_str_equal) };
    wmem_array_t *told = wmem_array_new(scope, sizeof(mstun_group_t *));

    wmem_map_foreach(groups, enter_index, &joined);
    wmem_map_foreach(groups, find_cause, &joined);
    wmem_map_foreach(groups, join, &joined);
    wmem_map_foreach(groups, collect, told);
    wmem_array_sort(told, compare_groups);
    for (unsigned i = 0; i < wmem_array_get_count(told); i++) {
        sort_lists(*(mstun_group_t **)wmem_array_index(told, i));
    }
    return told;
}
