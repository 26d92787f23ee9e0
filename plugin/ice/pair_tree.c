/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * RFC 8445 section 7, RFC 7675. */
#include "ice/pair_tree.h"

static int hf_pair = -1;
static int hf_id = -1;
static int hf_state = -1;
static int hf_peer = -1;
static int hf_first = -1;
static int hf_role = -1;
static int hf_nominating = -1;
static int hf_nominated = -1;
static int hf_media = -1;
static int hf_time_min = -1;
static int hf_time_max = -1;
static int hf_time_mean = -1;

/* By direction. */
static int hf_direction[2] = { -1, -1 };
static int hf_ufrag[2] = { -1, -1 };
static int hf_requests[2] = { -1, -1 };
static int hf_retransmissions[2] = { -1, -1 };
static int hf_successes[2] = { -1, -1 };
static int hf_errors[2] = { -1, -1 };
static int hf_error_code[2] = { -1, -1 };
static int hf_unanswered[2] = { -1, -1 };
static int hf_pending[2] = { -1, -1 };
static int hf_consent[2] = { -1, -1 };
static int hf_direction_media[2] = { -1, -1 };

static int ett_pair = -1;
static int ett_direction = -1;

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
    nstime_t value = { .secs = (time_t)(ns / 1000000000), .nsecs = (int)(ns % 1000000000) };

    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &value));
}

static void show_direction(tvbuff_t *tvb, packet_info *pinfo, proto_tree *parent, const mstun_pair_view_t *view,
                           unsigned i)
{
    const mstun_pair_direction_t *dir = &view->dir[i];
    const char *ends = wmem_strdup_printf(pinfo->pool, "%s to %s", mstun_pair_side_text(pinfo->pool, &view->side[i]),
                                          mstun_pair_side_text(pinfo->pool, &view->side[1 - i]));
    proto_item *item = proto_tree_add_string(parent, hf_direction[i], tvb, 0, 0, ends);
    proto_tree *tree = proto_item_add_subtree(item, ett_direction);

    proto_item_set_generated(item);
    add_text(tree, tvb, hf_ufrag[i], view->side[i].ufrag);
    add_number(tree, tvb, hf_requests[i], dir->requests);
    add_number(tree, tvb, hf_retransmissions[i], dir->retransmissions);
    add_number(tree, tvb, hf_successes[i], dir->successes);
    add_number(tree, tvb, hf_errors[i], dir->errors);
    if (dir->errors) {
        add_number(tree, tvb, hf_error_code[i], dir->error_code);
    }
    add_number(tree, tvb, hf_unanswered[i], dir->unanswered);
    add_number(tree, tvb, hf_pending[i], dir->pending);
    add_number(tree, tvb, hf_consent[i], dir->consent);
    add_number(tree, tvb, hf_direction_media[i], dir->media);
}

static void show_times(tvbuff_t *tvb, proto_tree *tree, const mstun_pair_view_t *view)
{
    const mstun_pair_direction_t *forward = &view->dir[MSTUN_FORWARD], *reverse = &view->dir[MSTUN_REVERSE];
    uint32_t timed = forward->timed + reverse->timed;

    if (timed) {
        uint64_t shortest = !forward->timed   ? reverse->shortest_ns
                            : !reverse->timed ? forward->shortest_ns
                                              : MIN(forward->shortest_ns, reverse->shortest_ns);

        add_time(tree, tvb, hf_time_min, shortest);
        add_time(tree, tvb, hf_time_mean, (forward->total_ns + reverse->total_ns) / timed);
        add_time(tree, tvb, hf_time_max, MAX(forward->longest_ns, reverse->longest_ns));
    }
}

static uint32_t earlier_frame(uint32_t a, uint32_t b)
{
    return a && (!b || a < b) ? a : b;
}

static void show_nomination(tvbuff_t *tvb, proto_tree *tree, const mstun_pair_view_t *view)
{
    uint32_t nominating = earlier_frame(view->dir[0].nominating_frame, view->dir[1].nominating_frame);
    uint32_t nominated = earlier_frame(view->dir[0].nominated_frame, view->dir[1].nominated_frame);

    if (view->side[0].role != MSTUN_ROLE_UNKNOWN) {
        add_number(tree, tvb, hf_role, view->side[0].role);
    }
    if (nominating) {
        add_number(tree, tvb, hf_nominating, nominating);
    }
    if (nominated) {
        add_number(tree, tvb, hf_nominated, nominated);
    }
}

static void show_statistics(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_pair_view_t *view)
{
    show_nomination(tvb, tree, view);
    add_number(tree, tvb, hf_media, view->dir[0].media + view->dir[1].media);
    show_times(tvb, tree, view);
    show_direction(tvb, pinfo, tree, view, MSTUN_FORWARD);
    show_direction(tvb, pinfo, tree, view, MSTUN_REVERSE);
}

/* A pair has hundreds of checks: its statistics are shown at the first one, to which the others link. */
void mstun_pair_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *parent)
{
    const mstun_pair_t *pair = mstun_pair_of(event->transaction);
    packet_info *pinfo = event->pinfo;

    if (!pair) {
        return;
    }
    const mstun_pair_view_t *view = mstun_pair_seen(pair, pinfo);
    proto_item *item = proto_tree_add_string(parent, hf_pair, tvb, 0, 0, mstun_pair_state_text(pinfo->pool, view));
    proto_tree *tree = proto_item_add_subtree(item, ett_pair);

    proto_item_set_generated(item);
    add_number(tree, tvb, hf_id, view->id);
    add_number(tree, tvb, hf_state, view->state);
    add_text(tree, tvb, hf_peer, mstun_pair_side_text(pinfo->pool, &view->side[view->peer]));
    if (pinfo->num == view->first_frame && event->position == view->first_position) {
        show_statistics(tvb, pinfo, tree, view);
    } else {
        add_number(tree, tvb, hf_first, view->first_frame);
    }
}

static hf_register_info hf[] = {
    { &hf_pair,
      { "Pair", "mstun.pair", FT_STRING, BASE_NONE, NULL, 0x0,
        "State of the ICE candidate pair, from its checks in the whole capture", HFILL } },
    { &hf_id,
      { "Number", "mstun.pair.id", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Counts pairs from 0, in the order of their first checks", HFILL } },
    { &hf_state,
      { "Verdict", "mstun.pair.verdict", FT_UINT8, BASE_DEC, VALS(mstun_pair_state_names), 0x0,
        "The pair's state at the end of the capture", HFILL } },
    { &hf_peer,
      { "Peer", "mstun.pair.peer", FT_STRING, BASE_NONE, NULL, 0x0,
        "The side that the first check went to; of a pair behind a relay, the relay's peer", HFILL } },
    { &hf_first,
      { "Statistics in frame", "mstun.pair.first", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
        "The pair's first check, with its statistics: mstun.pair.role, media, response_time, forward, reverse and the "
        "nomination",
        HFILL } },
    { &hf_role,
      { "Role", "mstun.pair.role", FT_UINT8, BASE_DEC, VALS(mstun_role_names), 0x0,
        "The last role claimed by the side with the pair's first check", HFILL } },
    { &hf_nominating,
      { "First nominated in", "mstun.pair.nominating", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
        "The first check with USE-CANDIDATE", HFILL } },
    { &hf_nominated,
      { "Nomination answered in", "mstun.pair.nominated", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
        "The first success to a check with USE-CANDIDATE", HFILL } },
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

    { &hf_direction[MSTUN_FORWARD],
      { "Forward", "mstun.pair.forward", FT_STRING, BASE_NONE, NULL, 0x0,
        "The checks of the side with the pair's first check, and the responses to them", HFILL } },
    { &hf_ufrag[MSTUN_FORWARD],
      { "Sender's ufrag", "mstun.pair.forward.ufrag", FT_STRING, BASE_NONE, NULL, 0x0,
        "User name fragment of the side with the pair's first check, from the first USERNAME that names it", HFILL } },
    { &hf_requests[MSTUN_FORWARD],
      { "Checks", "mstun.pair.forward.requests", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks sent by the side with the pair's first check, without retransmissions", HFILL } },
    { &hf_retransmissions[MSTUN_FORWARD],
      { "Retransmissions", "mstun.pair.forward.retransmissions", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks repeated by the side with the pair's first check", HFILL } },
    { &hf_successes[MSTUN_FORWARD],
      { "Successes", "mstun.pair.forward.successes", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Success responses to the side with the pair's first check", HFILL } },
    { &hf_errors[MSTUN_FORWARD],
      { "Errors", "mstun.pair.forward.errors", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Error responses to the side with the pair's first check", HFILL } },
    { &hf_error_code[MSTUN_FORWARD],
      { "Last error", "mstun.pair.forward.error", FT_UINT16, BASE_DEC, NULL, 0x0,
        "The code of the last error response to the side with the pair's first check", HFILL } },
    { &hf_unanswered[MSTUN_FORWARD],
      { "Unanswered", "mstun.pair.forward.unanswered", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks of the side with the pair's first check that timed out, or whose connection ended, "
        "without a captured response",
        HFILL } },
    { &hf_pending[MSTUN_FORWARD],
      { "Pending", "mstun.pair.forward.pending", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks of the side with the pair's first check without a response when the capture ends, too soon to tell",
        HFILL } },
    { &hf_consent[MSTUN_FORWARD],
      { "Consent checks", "mstun.pair.forward.consent", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks made by the side with the pair's first check when both directions had been answered (RFC 7675)",
        HFILL } },
    { &hf_direction_media[MSTUN_FORWARD],
      { "Media packets", "mstun.pair.forward.media", FT_UINT32, BASE_DEC, NULL, 0x0,
        "RTP, RTCP and DTLS from the side with the pair's first check, since the first success on the pair", HFILL } },

    { &hf_direction[MSTUN_REVERSE],
      { "Reverse", "mstun.pair.reverse", FT_STRING, BASE_NONE, NULL, 0x0,
        "The checks of the side that the pair's first check went to, and the responses to them", HFILL } },
    { &hf_ufrag[MSTUN_REVERSE],
      { "Sender's ufrag", "mstun.pair.reverse.ufrag", FT_STRING, BASE_NONE, NULL, 0x0,
        "User name fragment of the side that the pair's first check went to, from the first USERNAME that names it",
        HFILL } },
    { &hf_requests[MSTUN_REVERSE],
      { "Checks", "mstun.pair.reverse.requests", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks sent by the side that the pair's first check went to, without retransmissions", HFILL } },
    { &hf_retransmissions[MSTUN_REVERSE],
      { "Retransmissions", "mstun.pair.reverse.retransmissions", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks repeated by the side that the pair's first check went to", HFILL } },
    { &hf_successes[MSTUN_REVERSE],
      { "Successes", "mstun.pair.reverse.successes", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Success responses to the side that the pair's first check went to", HFILL } },
    { &hf_errors[MSTUN_REVERSE],
      { "Errors", "mstun.pair.reverse.errors", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Error responses to the side that the pair's first check went to", HFILL } },
    { &hf_error_code[MSTUN_REVERSE],
      { "Last error", "mstun.pair.reverse.error", FT_UINT16, BASE_DEC, NULL, 0x0,
        "The code of the last error response to the side that the pair's first check went to", HFILL } },
    { &hf_unanswered[MSTUN_REVERSE],
      { "Unanswered", "mstun.pair.reverse.unanswered", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks of the side that the pair's first check went to that timed out, or whose connection ended, "
        "without a captured response",
        HFILL } },
    { &hf_pending[MSTUN_REVERSE],
      { "Pending", "mstun.pair.reverse.pending", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks of the side that the pair's first check went to without a response when the capture ends, too soon to "
        "tell",
        HFILL } },
    { &hf_consent[MSTUN_REVERSE],
      { "Consent checks", "mstun.pair.reverse.consent", FT_UINT32, BASE_DEC, NULL, 0x0,
        "Checks made by the side that the pair's first check went to when both directions had been answered (RFC 7675)",
        HFILL } },
    { &hf_direction_media[MSTUN_REVERSE],
      { "Media packets", "mstun.pair.reverse.media", FT_UINT32, BASE_DEC, NULL, 0x0,
        "RTP, RTCP and DTLS from the side that the pair's first check went to, since the first success on the pair",
        HFILL } },
};

void mstun_pair_tree_register(const mstun_registrar_t *reg)
{
    static int *ett[] = { &ett_pair, &ett_direction };

    MSTUN_REGISTER_FIELDS(reg, hf);
    MSTUN_REGISTER_TREES(ett);
}
