/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/message.h"

#include <epan/tap.h>

#include "auth/integrity.h"
#include "diagnose/diagnose.h"
#include "dissect/columns.h"
#include "framing/tree.h"
#include "ice/pair_tree.h"
#include "message/message.h"
#include "report/tap.h"
#include "signal/call_tree.h"
#include "turn/channel.h"
#include "turn/legs.h"
#include "turn/ms_turn.h"
#include "turn/path.h"
#include "turn/turn_tree.h"

static int proto_mstun = -1;
static int expert_tap = -1;
static int pref_dialect = MSTUN_DIALECT_UNKNOWN; /* detected */

/* By the preference; else by what carries the message, where the message itself has no mark of a dialect. */
static mstun_dialect_t dialect_of(const mstun_dissect_ctx_t *ctx, tvbuff_t *message)
{
    uint32_t captured = tvb_captured_length(message);

    if (pref_dialect != MSTUN_DIALECT_UNKNOWN || ctx->dialect == MSTUN_DIALECT_UNKNOWN || captured < STUN_HEADER_LEN) {
        return (mstun_dialect_t)pref_dialect;
    }
    return mstun_dialect_of_bytes(tvb_get_ptr(message, 0, (int)captured), captured) == MSTUN_DIALECT_RFC3489
               ? ctx->dialect
               : MSTUN_DIALECT_UNKNOWN;
}

/* Each module builds on those above it. */
static void learn(mstun_event_t *event)
{
    event->stream->any_message = true;
    mstun_transaction_learn(event);
    mstun_allocation_learn(event);
    mstun_ms_turn_learn(event);
    mstun_channel_learn(event);
    mstun_path_learn(event);
    mstun_legs_learn(event);
    mstun_pair_learn(event);
    mstun_diagnose_learn(event);
    mstun_integrity_learn(event);
}

/* The summary, for the Info column and the tree; NULL if nobody reads it. */
static const char *show_in_columns(const mstun_dissect_ctx_t *ctx)
{
    packet_info *pinfo = ctx->event.pinfo;
    const mstun_repeat_t *repeat = ctx->event.repeat;
    bool in_column = mstun_info_is_visible(pinfo);

    if (!in_column && !mstun_tree_is_visible(ctx->tree)) {
        return NULL;
    }
    const char *summary = mstun_message_summary(pinfo->pool, ctx->event.facts);

    if (repeat) {
        const char *kind = repeat->other_format ? "alternate format"
                           : repeat->modified   ? "repeated, changed"
                                                : "retransmission";

        summary = wmem_strdup_printf(pinfo->pool, "%s [%s]", summary, kind);
    }
    if (in_column) {
        mstun_info_append(pinfo, summary);
    }
    return summary;
}

static void show_tracked(const mstun_event_t *event, tvbuff_t *message, proto_tree *tree)
{
    proto_item *item = proto_tree_get_parent(tree);

    mstun_peer_show(event, message, tree);
    if (!event->stream) {
        return;
    }
    mstun_transaction_show(event, message, tree);
    mstun_turn_show(event, message, tree);
    mstun_path_show(event, message, tree);
    mstun_pair_show(event, message, tree);
    mstun_call_show(event, message, tree);
    mstun_diagnose_show(event, item);
}

static void show_integrity(const mstun_event_t *event, tvbuff_t *message, proto_tree *tree, const mstun_span_t *hmac)
{
    if (!hmac->bytes) {
        return;
    }
    mstun_integrity_result_t result = mstun_integrity_verify(event, hmac);

    mstun_integrity_show(message, tree, event->facts, hmac, &result);
}

/* Whether expert infos are counted by a tap or referenced by a filter, which may mean any of ours. */
static bool are_experts_wanted(const proto_tree *tree)
{
    return have_tap_listener(expert_tap) || (tree && mstun_field_is_referenced(proto_expert));
}

/* In the columns, and those sections of the tree that somebody reads. */
static void show(const mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit)
{
    const mstun_event_t *event = &ctx->event;
    const mstun_facts_t *facts = event->facts;
    const char *summary = show_in_columns(ctx);
    bool experts = are_experts_wanted(ctx->tree);
    bool whole = experts || (facts->has & MSTUN_HAS_UNREADABLE_ATTRIBUTE);

    if (!whole && !proto_field_is_referenced(ctx->tree, proto_mstun)) {
        if (ctx->tree) { /* since 4.4, a layer that adds no item is removed from frame.protocols */
            proto_tree_add_item(ctx->tree, proto_mstun, message, 0, -1, ENC_NA);
        }
        return;
    }
    proto_tree *tree = mstun_message_show(message, ctx->tree, facts, summary);

    if (whole || mstun_section_is_referenced(MSTUN_SECTION_FRAMING, tree)) {
        mstun_framing_tree_add(unit, tree, 0, event->framing);
    }
    mstun_message_show_header(message, event->pinfo, tree, facts);
    if (whole || mstun_section_is_referenced(MSTUN_SECTION_TRACKED, tree)) {
        show_tracked(event, message, tree);
    }
    /* Not for the sake of an unreadable attribute: an HMAC takes longer than everything else. */
    if (experts || mstun_section_is_referenced(MSTUN_SECTION_INTEGRITY, tree)) {
        show_integrity(event, message, tree, &facts->integrity);
        show_integrity(event, message, tree, &facts->integrity_sha256);
    }
    if (whole || mstun_section_is_referenced(MSTUN_SECTION_ATTRIBUTES, tree)) {
        mstun_message_show_attributes(message, event->pinfo, tree, facts);
    }
}

/* RFC 6062 section 5.4: after a ConnectionBind the connection carries only the peer's bytes. */
static bool ends_turn(const mstun_facts_t *facts)
{
    return facts->method == TURN_CONNECTION_BIND && facts->dialect == MSTUN_DIALECT_RFC5389 &&
           (facts->class == STUN_REQUEST || facts->class == STUN_SUCCESS);
}

void mstun_dissect_message(mstun_dissect_ctx_t *ctx, tvbuff_t *message, tvbuff_t *unit, mstun_facts_t *facts)
{
    mstun_event_t *event = &ctx->event;

    if (!mstun_message_parse(message, dialect_of(ctx, message), facts)) {
        tvb_ensure_bytes_exist(message, 0, STUN_HEADER_LEN);
        DISSECTOR_ASSERT_NOT_REACHED(); /* they do not */
    }
    ctx->any_message = true;
    event->facts = facts;
    event->transaction = NULL;
    event->repeat = NULL;
    if (event->stream && event->first_visit) {
        learn(event);
    } else if (event->stream) {
        mstun_transaction_look_up(event);
    }
    if (mstun_tap_wanted()) {
        mstun_tap_queue(event, message);
    }
    if (event->nested || !ends_turn(facts)) {
        show(ctx, message, unit);
        return;
    }
    const mstun_dissect_ctx_t shown = *ctx;

    event->framing = MSTUN_FRAMING_UNDETERMINED_RELAY; /* before what the capture truncates throws */
    show(&shown, message, unit);
}

/* At every opening of a file: when protocols are registered Wireshark has no such tap yet. */
static void find_expert_tap(void)
{
    expert_tap = find_tap_id("expert");
}

void mstun_message_dissector_register(const mstun_registrar_t *reg)
{
    static const enum_val_t dialects[] = {
        { "auto", "By evidence", MSTUN_DIALECT_UNKNOWN }, { "rfc3489", "RFC 3489", MSTUN_DIALECT_RFC3489 },
        { "rfc5389", "RFC 5389", MSTUN_DIALECT_RFC5389 }, { "ms-turn", "MS-TURN", MSTUN_DIALECT_MS_TURN },
        { "ms-ice2", "MS-ICE2", MSTUN_DIALECT_MS_ICE2 },  { NULL, NULL, -1 },
    };

    proto_mstun = reg->proto;
    prefs_register_enum_preference(reg->prefs, "dialect", "Dialect of messages",
                                   "Normally detected for each message. Choose a dialect only to force it on all "
                                   "messages, if the detection gets it wrong",
                                   &pref_dialect, dialects, FALSE);
    register_init_routine(find_expert_tap);
}
