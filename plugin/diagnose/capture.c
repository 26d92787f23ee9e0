/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/capture.h"

#include "diagnose/evaluators.h"

static wmem_allocator_t *scope; /* of what was evaluated last; NULL: nothing */
static mstun_evaluation_t evaluated;
static nstime_t evaluated_end;
static bool out_of_date;

static int compare_places(const void *a, const void *b)
{
    const mstun_finding_t *one = (const mstun_finding_t *)a, *other = (const mstun_finding_t *)b;
    const mstun_frame_pos_t *pos = &one->subject.pos, *other_pos = &other->subject.pos;

    if (pos->frame != other_pos->frame) {
        return pos->frame < other_pos->frame ? -1 : 1;
    }
    if (pos->position != other_pos->position) {
        return pos->position < other_pos->position ? -1 : 1;
    }
    if (one->id != other->id) {
        return one->id < other->id ? -1 : 1;
    }
    if (one->subject.stream && other->subject.stream && one->subject.stream != other->subject.stream) {
        return one->subject.stream->number < other->subject.stream->number ? -1 : 1;
    }
    return strcmp(one->text, other->text);
}

static void discard(void)
{
    if (scope) {
        wmem_destroy_allocator(scope);
        scope = NULL;
    }
}

wmem_array_t *mstun_findings_of_capture(const nstime_t *end)
{
    if (scope && !out_of_date && nstime_cmp(end, &evaluated_end) == 0) {
        return evaluated.findings;
    }
    discard();
    scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    evaluated_end = *end;
    evaluated = mstun_evaluation_new(scope, &evaluated_end);
    out_of_date = false;
    mstun_evaluate_errors(&evaluated);
    mstun_evaluate_observations(&evaluated);
    mstun_evaluate_allocations(&evaluated);
    mstun_evaluate_servers(&evaluated);
    mstun_evaluate_microsoft(&evaluated);
    mstun_evaluate_bytes(&evaluated);
    mstun_evaluate_pairs(&evaluated);
    mstun_evaluate_integrity(&evaluated);
    mstun_evaluate_requests(&evaluated);
    mstun_evaluate_tcp(&evaluated);
    mstun_evaluate_calls_of(&evaluated);
    mstun_evaluate_signalling(&evaluated);
    wmem_array_sort(evaluated.findings, compare_places);
    return evaluated.findings;
}

void mstun_findings_invalidate(void)
{
    out_of_date = true;
}

void mstun_capture_findings_register(const mstun_registrar_t *reg _U_)
{
    register_init_routine(discard); /* at every opening of a file: findings point into the one before */
    register_cleanup_routine(discard);
}
