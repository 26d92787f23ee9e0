/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8445 section 7, RFC 7675. */
#include "ice/pair_tree.h"

static int hf_pair = -1;
static int hf_id = -1;
static int hf_verdict = -1;
static int hf_peer = -1;
static int hf_first = -1;
static int hf_role = -1;
static int hf_nominating = -1;
static int hf_nominated = -1;
static int hf_media = -1;
static int hf_time_min = -1;
static int hf_time_max = -1;
static int hf_time_mean = -1;

/* Of each direction. */
static int hf_way[2] = { -1, -1 };
static int hf_ufrag[2] = { -1, -1 };
static int hf_requests[2] = { -1, -1 };
static int hf_copies[2] = { -1, -1 };
static int hf_successes[2] = { -1, -1 };
static int hf_errors[2] = { -1, -1 };
static int hf_error_code[2] = { -1, -1 };
static int hf_unanswered[2] = { -1, -1 };
static int hf_pending[2] = { -1, -1 };
static int hf_consent[2] = { -1, -1 };
static int hf_way_media[2] = { -1, -1 };

static int ett_pair = -1;
static int ett_way = -1;

static expert_field ei_one_way = EI_INIT;
static expert_field ei_rejected = EI_INIT;
static expert_field ei_not_nominated = EI_INIT;
static expert_field ei_consent_lost = EI_INIT;
static expert_field ei_conflict = EI_INIT;
static expert_field ei_conflict_resolved = EI_INIT;

/* The message in hand, and the pair that it is of. */
typedef struct {
    packet_info *pinfo;
    proto_item *item;
    const mstun_pair_view_t *view;
    uint32_t position;
} finding_t;

static void add_number(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

static void add_text(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text)
{
    if (text) {
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, text));
    }
}

static void add_time(proto_tree *tree, tvbuff_t *tvb, int hf, uint64_t ns)
{
    nstime_t time = { .secs = (time_t)(ns / 1000000000), .nsecs = (int)(ns % 1000000000) };

    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &time));
}

static void show_way(tvbuff_t *tvb, packet_info *pinfo, proto_tree *parent, const mstun_pair_view_t *view, unsigned i)
{
    const mstun_pair_direction_t *way = &view->way[i];
    const char *ends = wmem_strdup_printf(pinfo->pool, "%s to %s", mstun_pair_side_text(pinfo->pool, &view->side[i]),
                                          mstun_pair_side_text(pinfo->pool, &view->side[1 - i]));
    proto_item *item = proto_tree_add_string(parent, hf_way[i], tvb, 0, 0, ends);
    proto_tree *tree = proto_item_add_subtree(item, ett_way);

    proto_item_set_generated(item);
    add_text(tree, tvb, hf_ufrag[i], view->side[i].ufrag);
    add_number(tree, tvb, hf_requests[i], way->requests);
    add_number(tree, tvb, hf_copies[i], way->copies);
    add_number(tree, tvb, hf_successes[i], way->successes);
    add_number(tree, tvb, hf_errors[i], way->errors);
    if (way->errors) {
        add_number(tree, tvb, hf_error_code[i], way->error_code);
    }
    add_number(tree, tvb, hf_unanswered[i], way->unanswered);
    add_number(tree, tvb, hf_pending[i], way->pending);
    add_number(tree, tvb, hf_consent[i], way->consent);
    add_number(tree, tvb, hf_way_media[i], way->media);
}

static void show_times(tvbuff_t *tvb, proto_tree *tree, const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *one = &view->way[0], *other = &view->way[1];
    uint32_t timed = one->timed + other->timed;

    if (timed) {
        uint64_t shortest = !one->timed                             ? other->shortest_ns
                            : !other->timed                         ? one->shortest_ns
                            : one->shortest_ns < other->shortest_ns ? one->shortest_ns
                                                                    : other->shortest_ns;

        add_time(tree, tvb, hf_time_min, shortest);
        add_time(tree, tvb, hf_time_mean, (one->total_ns + other->total_ns) / timed);
        add_time(tree, tvb, hf_time_max, MAX(one->longest_ns, other->longest_ns));
    }
}

static uint32_t first_of(uint32_t one, uint32_t other)
{
    return one && (!other || one < other) ? one : other;
}

static void show_nomination(tvbuff_t *tvb, proto_tree *tree, const mstun_pair_view_t *view)
{
    uint32_t sent = first_of(view->way[0].nominating_frame, view->way[1].nominating_frame);
    uint32_t answered = first_of(view->way[0].nominated_frame, view->way[1].nominated_frame);

    if (view->side[0].role != MSTUN_ROLE_UNKNOWN) {
        add_number(tree, tvb, hf_role, view->side[0].role);
    }
    if (sent) {
        add_number(tree, tvb, hf_nominating, sent);
    }
    if (answered) {
        add_number(tree, tvb, hf_nominated, answered);
    }
}

static bool is_here(const finding_t *f, uint32_t frame, uint32_t position)
{
    return frame == f->pinfo->num && position == f->position;
}

static void show_numbers(const finding_t *f, tvbuff_t *tvb, proto_tree *tree)
{
    show_nomination(tvb, tree, f->view);
    add_number(tree, tvb, hf_media, f->view->way[0].media + f->view->way[1].media);
    show_times(tvb, tree, f->view);
    show_way(tvb, f->pinfo, tree, f->view, MSTUN_FORWARD);
    show_way(tvb, f->pinfo, tree, f->view, MSTUN_REVERSE);
}

/* A pair has hundreds of checks: its numbers stand at the first one, to which the others point. */
static void show_pair(const finding_t *f, tvbuff_t *tvb, proto_tree *parent)
{
    const mstun_pair_view_t *view = f->view;
    proto_item *item = proto_tree_add_string(parent, hf_pair, tvb, 0, 0, mstun_pair_verdict_text(f->pinfo->pool, view));
    proto_tree *tree = proto_item_add_subtree(item, ett_pair);

    proto_item_set_generated(item);
    add_number(tree, tvb, hf_id, view->id);
    add_number(tree, tvb, hf_verdict, view->verdict);
    add_text(tree, tvb, hf_peer, mstun_pair_side_text(f->pinfo->pool, &view->side[view->peer]));
    if (is_here(f, view->first_frame, view->first_position)) {
        show_numbers(f, tvb, tree);
    } else {
        add_number(tree, tvb, hf_first, view->first_frame);
    }
}

static const char *side_text(const finding_t *f, unsigned side)
{
    return mstun_pair_side_text(f->pinfo->pool, &f->view->side[side]);
}

/* On the first check that has no answer, or on the first of the pair where the other side makes none. */
static void show_one_way(const finding_t *f)
{
    unsigned number = mstun_pair_broken_direction(f->view);
    const mstun_pair_direction_t *way = &f->view->way[number];
    const char *asking = side_text(f, number), *asked = side_text(f, 1 - number);

    if (way->requests && is_here(f, way->unanswered_frame, way->unanswered_position)) {
        expert_add_info_format(
            f->pinfo, f->item, &ei_one_way,
            "One way: %s answers none of %u checks from %s, but its own are answered: it drops them (compare USERNAME "
            "and ice-pwd), or a firewall lets only one direction pass",
            asked, way->unanswered, asking);
    } else if (!way->requests && is_here(f, f->view->first_frame, f->view->first_position)) {
        expert_add_info_format(f->pinfo, f->item, &ei_one_way,
                               "One way: %s sends no checks, but those from %s are answered: it does not have this "
                               "candidate (compare what was signalled), or a firewall drops what it begins",
                               asking, asked);
    }
}

static void show_rejected(const finding_t *f)
{
    unsigned number = mstun_pair_broken_direction(f->view);
    const mstun_pair_direction_t *way = &f->view->way[number];
    const char *check = way->error_code == 401 || way->error_code == 431
                            ? "the ice-pwd that each side was given for the other"
                            : "what the request has and the response says";

    if (way->error_code != ICE_ROLE_CONFLICT && is_here(f, way->error_frame, way->error_position)) {
        expert_add_info_format(f->pinfo, f->item, &ei_rejected,
                               "Rejected: %s answers the checks from %s with %u, and no later one has success; compare "
                               "%s",
                               side_text(f, 1 - number), side_text(f, number), way->error_code, check);
    }
}

static void show_not_nominated(const finding_t *f)
{
    uint32_t sent = first_of(f->view->way[0].nominating_frame, f->view->way[1].nominating_frame);

    if (!is_here(f, f->view->works_frame, f->view->works_position)) {
        return;
    }
    if (sent) {
        expert_add_info_format(f->pinfo, f->item, &ei_not_nominated,
                               "Checks are answered in both directions, but the nomination in frame %u is not: no pair "
                               "is in use. See whether it reached %s",
                               sent, side_text(f, f->view->way[0].nominating_frame ? 1 : 0));
    } else {
        expert_add_info(f->pinfo, f->item, &ei_not_nominated);
    }
}

static void show_consent_lost(const finding_t *f)
{
    unsigned number = mstun_pair_broken_direction(f->view);
    const mstun_pair_direction_t *way = &f->view->way[number];

    if (is_here(f, way->silent_frame, way->silent_position)) {
        expert_add_info_format(f->pinfo, f->item, &ei_consent_lost,
                               "Consent lost: the pair worked, and from here on %s answers none of %u checks. It is "
                               "gone, or the way to it is: see what its network did at this time (RFC 7675)",
                               side_text(f, 1 - number), way->silent);
    }
}

/* On the last 487 of each direction. */
static void show_conflict(const finding_t *f)
{
    for (unsigned i = 0; i < 2; i++) {
        const mstun_pair_direction_t *way = &f->view->way[i];

        if (!way->conflicts || !is_here(f, way->conflict_frame, way->conflict_position)) {
            continue;
        }
        if (!way->conflict_open) {
            expert_add_info(f->pinfo, f->item, &ei_conflict_resolved);
        } else if (f->view->verdict == MSTUN_PAIR_REJECTED) {
            expert_add_info_format(f->pinfo, f->item, &ei_conflict,
                                   "Role conflict: %u times 487 to the checks from %s, and no later one has success. "
                                   "Both sides claim to be %s: it should have changed its role (RFC 8445 section "
                                   "7.2.5.1)",
                                   way->conflicts, side_text(f, i),
                                   val_to_str_const(f->view->side[i].role, mstun_role_names, "the same"));
        }
    }
}

/* From the second visit on: what came of the pair is known. */
static void show_findings(const finding_t *f)
{
    bool spare = f->view->nominated_elsewhere;

    if (!PINFO_FD_VISITED(f->pinfo)) {
        return;
    }
    show_conflict(f);
    switch (f->view->verdict) {
    case MSTUN_PAIR_ONE_WAY:
        if (!spare) {
            show_one_way(f);
        }
        break;
    case MSTUN_PAIR_REJECTED:
        show_rejected(f);
        break;
    case MSTUN_PAIR_NOT_NOMINATED:
        show_not_nominated(f);
        break;
    case MSTUN_PAIR_CONSENT_LOST:
        show_consent_lost(f);
        break;
    case MSTUN_PAIR_NOMINATED:
    case MSTUN_PAIR_WORKS:
    case MSTUN_PAIR_PENDING:
    case MSTUN_PAIR_HALF_CAPTURED:
    case MSTUN_PAIR_CUT_OFF:
    case MSTUN_PAIR_NO_ANSWER:
        break;
    }
}

void mstun_pair_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t position,
                     const mstun_message_role_t *exchange)
{
    const mstun_pair_t *pair = mstun_pair_of(exchange);

    if (pair) {
        finding_t finding = { pinfo, proto_tree_get_parent(tree), mstun_pair_seen(pair, pinfo), position };

        show_pair(&finding, tvb, tree);
        show_findings(&finding);
    }
}

#define WAY(hf, i, label, name, type, base, strings, help)                                                             \
    {                                                                                                                  \
        &(hf)[i],                                                                                                      \
        {                                                                                                              \
            label, name, type, base, strings, 0x0, help, HFILL                                                         \
        }                                                                                                              \
    }

#define WAY_FIELDS(i, label, name, sender)                                                                             \
    WAY(hf_way, i, label, "mstun.pair." name, FT_STRING, BASE_NONE, NULL,                                              \
        "The checks of " sender ", and what is said of them"),                                                         \
        WAY(hf_ufrag, i, "Sender's ufrag", "mstun.pair." name ".ufrag", FT_STRING, BASE_NONE, NULL,                    \
            "User name fragment of " sender ", by the USERNAME of whichever check named it first"),                    \
        WAY(hf_requests, i, "Checks", "mstun.pair." name ".requests", FT_UINT32, BASE_DEC, NULL,                       \
            "Checks made by " sender "; copies of one are one"),                                                       \
        WAY(hf_copies, i, "Retransmissions", "mstun.pair." name ".retransmissions", FT_UINT32, BASE_DEC, NULL,         \
            "Checks repeated by " sender),                                                                             \
        WAY(hf_successes, i, "Successes", "mstun.pair." name ".successes", FT_UINT32, BASE_DEC, NULL,                  \
            "Success responses to " sender),                                                                           \
        WAY(hf_errors, i, "Errors", "mstun.pair." name ".errors", FT_UINT32, BASE_DEC, NULL,                           \
            "Error responses to " sender),                                                                             \
        WAY(hf_error_code, i, "Last error", "mstun.pair." name ".error", FT_UINT16, BASE_DEC, NULL,                    \
            "The code of the last error response to " sender),                                                         \
        WAY(hf_unanswered, i, "Unanswered", "mstun.pair." name ".unanswered", FT_UINT32, BASE_DEC, NULL,               \
            "Checks of " sender " without a captured response that had their time, or whose connection ended"),        \
        WAY(hf_pending, i, "Pending", "mstun.pair." name ".pending", FT_UINT32, BASE_DEC, NULL,                        \
            "Checks of " sender " without a response when the capture ends, too soon to tell"),                        \
        WAY(hf_consent, i, "Consent checks", "mstun.pair." name ".consent", FT_UINT32, BASE_DEC, NULL,                 \
            "Checks made by " sender " when both directions had been answered (RFC 7675)"),                            \
        WAY(hf_way_media, i, "Media packets", "mstun.pair." name ".media", FT_UINT32, BASE_DEC, NULL,                  \
            "RTP, RTCP and DTLS from " sender ", since the first success on the pair")

static void register_fields(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_pair,
          { "Pair", "mstun.pair", FT_STRING, BASE_NONE, NULL, 0x0,
            "What the ICE checks between these two addresses came to, in the whole capture", HFILL } },
        { &hf_id,
          { "Number", "mstun.pair.id", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Pairs in the order in which their first checks came, from 0", HFILL } },
        { &hf_verdict,
          { "Verdict", "mstun.pair.verdict", FT_UINT8, BASE_DEC, VALS(mstun_pair_verdict_names), 0x0,
            "The pair's state at the end of the capture", HFILL } },
        { &hf_peer,
          { "Peer", "mstun.pair.peer", FT_STRING, BASE_NONE, NULL, 0x0,
            "The side that the first check went to; of a pair behind a relay, the relay's peer", HFILL } },
        { &hf_first,
          { "Numbers in", "mstun.pair.first", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The pair's first check, at which its numbers stand: mstun.pair.role, media, response_time, forward, "
            "reverse and who nominated",
            HFILL } },
        { &hf_role,
          { "Role", "mstun.pair.role", FT_UINT8, BASE_DEC, VALS(mstun_role_names), 0x0,
            "The role that the side with the first check claimed last", HFILL } },
        { &hf_nominating,
          { "First nominated in", "mstun.pair.nominating", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The first check with USE-CANDIDATE", HFILL } },
        { &hf_nominated,
          { "Nomination answered in", "mstun.pair.nominated", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE),
            0x0, "The first success to a check with USE-CANDIDATE", HFILL } },
        { &hf_media,
          { "Media packets", "mstun.pair.media", FT_UINT32, BASE_DEC, NULL, 0x0,
            "RTP, RTCP and DTLS in both directions, since the first success on the pair", HFILL } },
        { &hf_time_min,
          { "Fastest response", "mstun.pair.response_time.min", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "Of all responses on this pair", HFILL } },
        { &hf_time_mean,
          { "Mean response time", "mstun.pair.response_time.mean", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "Of all responses on this pair", HFILL } },
        { &hf_time_max,
          { "Slowest response", "mstun.pair.response_time.max", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "Of all responses on this pair", HFILL } },
        WAY_FIELDS(MSTUN_FORWARD, "Forward", "forward", "the side with the pair's first check"),
        WAY_FIELDS(MSTUN_REVERSE, "Reverse", "reverse", "the side that the pair's first check went to"),
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
}

void mstun_pair_show_register(const mstun_registrar_t *reg)
{
    static int *ett[] = { &ett_pair, &ett_way };
    static ei_register_info ei[] = {
        { &ei_one_way,
          { "mstun.one_way", PI_SEQUENCE, PI_WARN, "ICE checks have success in one direction only", EXPFILL } },
        { &ei_rejected,
          { "mstun.pair.rejected", PI_RESPONSE_CODE, PI_WARN,
            "ICE checks are answered with an error that no later success resolves", EXPFILL } },
        { &ei_not_nominated,
          { "mstun.pair.not_nominated", PI_SEQUENCE, PI_WARN,
            "Checks are answered in both directions, but nobody sent USE-CANDIDATE before it was over: not the network, "
            "but signalling or the controlling agent. See why it gave up (SIP trace)",
            EXPFILL } },
        { &ei_consent_lost,
          { "mstun.pair.consent_lost", PI_SEQUENCE, PI_WARN, "A pair that worked no longer answers (RFC 7675)",
            EXPFILL } },
        { &ei_conflict,
          { "mstun.role_conflict", PI_RESPONSE_CODE, PI_WARN,
            "Both sides claim the same role, and no check resolves it", EXPFILL } },
        { &ei_conflict_resolved,
          { "mstun.role_conflict.resolved", PI_RESPONSE_CODE, PI_NOTE,
            "Both sides claimed the same role; one changed it, and a later check has success", EXPFILL } },
    };

    register_fields(reg);
    MSTUN_REGISTER_TREES(ett);
    MSTUN_REGISTER_EXPERTS(reg, ei);
}
