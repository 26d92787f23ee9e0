/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names and sentences: what the tree, the reports and the findings say of a pair. */
#include "attr/address.h"
#include "ice/pair.h"
#include "turn/channel.h"
#include "turn/legs.h"
#include "wire/values.h"

const value_string mstun_pair_state_names[] = {
    { MSTUN_PAIR_NOMINATED, "works and nominated" },
    { MSTUN_PAIR_WORKS, "works" },
    { MSTUN_PAIR_PENDING, "pending" },
    { MSTUN_PAIR_HALF_CAPTURED, "half captured" },
    { MSTUN_PAIR_CUT_OFF, "cut off" },
    { MSTUN_PAIR_NOT_NOMINATED, "not nominated" },
    { MSTUN_PAIR_CONSENT_LOST, "consent lost" },
    { MSTUN_PAIR_ONE_WAY, "one way" },
    { MSTUN_PAIR_REJECTED, "rejected" },
    { MSTUN_PAIR_NO_ANSWER, "no answer" },
    { MSTUN_PAIR_ROLE_CONFLICT, "role conflict" },
    { MSTUN_PAIR_RESPONSES_IGNORED, "responses ignored" },
    { MSTUN_PAIR_UNUSED, "unused" },
    { 0, NULL },
};

const value_string mstun_role_names[] = {
    { MSTUN_ROLE_UNKNOWN, "unknown" },
    { MSTUN_ROLE_CONTROLLING, "controlling" },
    { MSTUN_ROLE_CONTROLLED, "controlled" },
    { 0, NULL },
};

const char *mstun_pair_side_text(wmem_allocator_t *pool, const mstun_pair_side_t *side)
{
    if (side->address.family) {
        return mstun_endpoint_text(pool, &side->address);
    }
    return side->address.port > MSTUN_ACTIVE_DESTINATION
               ? wmem_strdup_printf(pool, "the peer of channel 0x%04x", side->address.port)
               : "the active destination";
}

/* "3 checks", "1 check" */
static const char *checks_text(wmem_allocator_t *pool, uint32_t count)
{
    return wmem_strdup_printf(pool, "%u check%s", count, count == 1 ? "" : "s");
}

/* A pair that is broken, and the direction of it. */
typedef struct {
    wmem_allocator_t *pool;
    const mstun_pair_view_t *view;
    const mstun_pair_direction_t *dir, *opposite;
    const char *sender, *receiver;
} broken_t;

static const char *one_way_text(const broken_t *broken)
{
    return broken->dir->requests
               ? wmem_strdup_printf(broken->pool, "one way: %s answers none of %s from %s", broken->receiver,
                                    checks_text(broken->pool, broken->dir->unanswered), broken->sender)
               : wmem_strdup_printf(broken->pool, "one way: %s sends no checks", broken->sender);
}

static const char *rejected_text(const broken_t *broken)
{
    const char *error = mstun_error_name(broken->dir->error_code);

    return wmem_strdup_printf(broken->pool, "rejected: %s answers %u%s%s to the checks from %s", broken->receiver,
                              broken->dir->error_code, error ? " " : "", error ? error : "", broken->sender);
}

static const char *role_conflict_text(const broken_t *broken)
{
    const mstun_pair_side_t *sides = broken->view->side;
    const mstun_pair_direction_t *dir = broken->dir;

    if (!dir->conflicts) {
        return wmem_strdup_printf(broken->pool,
                                  "role conflict: %s (frame %u) and %s (frame %u) both claim to be %s, and neither "
                                  "detects it",
                                  mstun_pair_side_text(broken->pool, &sides[0]), sides[0].role_frame,
                                  mstun_pair_side_text(broken->pool, &sides[1]), sides[1].role_frame,
                                  val_to_str_const(sides[0].role, mstun_role_names, "the same"));
    }
    return wmem_strdup_printf(broken->pool, "role conflict: %s answers 487 to %s from %s, which %s", broken->receiver,
                              checks_text(broken->pool, dir->conflicts), broken->sender,
                              !dir->retry_frame    ? "sends no more"
                              : !dir->role_changed ? "does not change its role"
                                                   : "changes its role, as the other side does each time");
}

static const char *no_answer_text(const broken_t *broken)
{
    return broken->opposite->unanswered > broken->opposite->inconclusive
               ? "no answer: neither side answers"
               : wmem_strdup_printf(broken->pool, "no answer: %s answers none of %s from %s", broken->receiver,
                                    checks_text(broken->pool, broken->dir->unanswered), broken->sender);
}

static const char *nomination_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t sent = view->dir[0].nominating_frame ? view->dir[0].nominating_frame : view->dir[1].nominating_frame;

    return sent ? wmem_strdup_printf(pool, "not nominated: the check with USE-CANDIDATE (frame %u) did not succeed",
                                     sent)
                : "not nominated: nobody sends USE-CANDIDATE";
}

const char *mstun_pair_cut_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *dir = &view->dir[mstun_pair_broken_direction(view)];
    const mstun_endpoint_t *peer = &view->side[view->peer].address;

    switch (view->own_state) {
    case MSTUN_PAIR_NO_ANSWER:
    case MSTUN_PAIR_ONE_WAY:
        return mstun_legs_cut_text(pool, dir->first_unanswered, view->allocation, peer, dir->unanswered);
    case MSTUN_PAIR_CONSENT_LOST:
        return mstun_legs_cut_text(pool, dir->first_lost, view->allocation, peer, dir->unanswered_since_success);
    case MSTUN_PAIR_RESPONSES_IGNORED:
        return mstun_legs_response_cut_text(pool, dir->repeated);
    default:
        return NULL;
    }
}

/* Where the other leg shows that the receiver is not the silent one. */
static const char *cut_text(const broken_t *broken)
{
    const char *cut = mstun_pair_cut_text(broken->pool, broken->view);
    const mstun_pair_direction_t *dir = broken->dir;
    bool lost = broken->view->own_state == MSTUN_PAIR_CONSENT_LOST;
    uint32_t count = lost ? dir->unanswered_since_success : dir->unanswered;

    if (!cut) {
        return NULL;
    }
    if (broken->view->own_state == MSTUN_PAIR_RESPONSES_IGNORED) {
        return wmem_strdup_printf(broken->pool, "responses ignored: %s repeats %s that %s has answered, %u times: %s",
                                  broken->sender, checks_text(broken->pool, dir->ignored), broken->receiver,
                                  dir->repeats_of_ignored, cut);
    }
    return wmem_strdup_printf(broken->pool, "%s: %s from %s to %s, from frame %u on, got no response: %s",
                              val_to_str_const(broken->view->own_state, mstun_pair_state_names, ""),
                              checks_text(broken->pool, count), broken->sender, broken->receiver,
                              lost ? dir->first_lost->request_frame : dir->first_unanswered->request_frame, cut);
}

static const char *broken_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    unsigned direction = mstun_pair_broken_direction(view);
    const broken_t broken = { pool,
                              view,
                              &view->dir[direction],
                              &view->dir[1 - direction],
                              mstun_pair_side_text(pool, &view->side[direction]),
                              mstun_pair_side_text(pool, &view->side[1 - direction]) };

    const char *cut = cut_text(&broken);

    if (cut) {
        return cut;
    }
    switch (view->own_state) {
    case MSTUN_PAIR_NOT_NOMINATED:
        return nomination_text(pool, view);
    case MSTUN_PAIR_ONE_WAY:
        return one_way_text(&broken);
    case MSTUN_PAIR_REJECTED:
        return rejected_text(&broken);
    case MSTUN_PAIR_ROLE_CONFLICT:
        return role_conflict_text(&broken);
    case MSTUN_PAIR_RESPONSES_IGNORED:
        return wmem_strdup_printf(pool, "responses ignored: %s repeats %s that %s has answered, %u times",
                                  broken.sender, checks_text(pool, broken.dir->ignored), broken.receiver,
                                  broken.dir->repeats_of_ignored);
    case MSTUN_PAIR_CONSENT_LOST:
        return wmem_strdup_printf(pool, "consent lost: from frame %u on, %s answers none of %s from %s",
                                  broken.dir->first_lost->request_frame, broken.receiver,
                                  checks_text(pool, broken.dir->unanswered_since_success), broken.sender);
    default:
        return no_answer_text(&broken);
    }
}

const char *mstun_pair_state_text(wmem_allocator_t *pool, const mstun_pair_view_t *view)
{
    uint32_t nominated = view->dir[0].nominated_frame ? view->dir[0].nominated_frame : view->dir[1].nominated_frame;

    switch (view->state) {
    case MSTUN_PAIR_NOMINATED:
        return wmem_strdup_printf(pool, "works, nominated in frame %u", nominated);
    case MSTUN_PAIR_WORKS:
        return view->other_pair_nominated ? "works, but another pair was nominated" : "works";
    case MSTUN_PAIR_UNUSED:
        return wmem_strdup_printf(pool, "unused, as another pair works (%s)", broken_text(pool, view));
    case MSTUN_PAIR_PENDING:
        return "pending: too little was captured to tell";
    case MSTUN_PAIR_HALF_CAPTURED:
        return view->half_captured ? "half captured: packets of one side are not in the capture"
               : view->gap_frame
                   ? wmem_strdup_printf(pool, "half captured: bytes are missing before frame %u", view->gap_frame)
                   : "half captured: the capture lacks bytes that could hold the answers";
    case MSTUN_PAIR_CUT_OFF:
        return "cut off: the connection ended before the checks were answered";
    default:
        return broken_text(pool, view);
    }
}
