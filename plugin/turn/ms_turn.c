/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/ms_turn.h"

#include "attr/address.h"
#include "turn/peer_connection.h"

/* The first message that named a session, and the TURN client that sent or got it. */
typedef struct {
    uint64_t id;
    uint32_t frame;
    mstun_endpoint_t client;
} session_t;

static wmem_map_t *sessions; /* by id */

static int hf_session_client = -1;
static int hf_session_announced_in = -1;

static bool is_from_client(const mstun_facts_t *facts)
{
    return facts->class == STUN_REQUEST;
}

static void learn_session(packet_info *pinfo, const mstun_facts_t *facts)
{
    if (wmem_map_contains(sessions, &facts->ms_session)) {
        return;
    }
    session_t *session = wmem_new0(wmem_file_scope(), session_t);

    session->id = facts->ms_session;
    session->frame = pinfo->num;
    if (is_from_client(facts)) {
        mstun_endpoint_of(&pinfo->src, pinfo->srcport, &session->client);
    } else {
        mstun_endpoint_of(&pinfo->dst, pinfo->destport, &session->client);
    }
    wmem_map_insert(sessions, &session->id, session);
}

/* The server's Allocate success has number 0, each request after it one more. */
static void learn_sequence(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, const mstun_facts_t *facts)
{
    uint32_t sequence = facts->ms_sequence;

    if (!is_from_client(facts)) {
        stream->ms_sequence = sequence;
        stream->has_ms_sequence = true;
        return;
    }
    if (stream->has_ms_sequence && sequence > stream->ms_sequence + 1) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_MS_SEQUENCE_SKIPPED,
                                 sequence - stream->ms_sequence - 1);
    } else if (stream->has_ms_sequence && sequence <= stream->ms_sequence) {
        mstun_pending_expert_add(stream, pinfo, position, MSTUN_NOTE_MS_SEQUENCE_REPEATED, stream->ms_sequence);
        return;
    }
    stream->ms_sequence = sequence;
    stream->has_ms_sequence = true;
}

void mstun_ms_turn_learn(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, const mstun_facts_t *facts,
                         const mstun_message_role_t *exchange)
{
    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || facts->dialect != MSTUN_DIALECT_MS_TURN) {
        return;
    }
    if (facts->has & MSTUN_HAS_MS_SESSION) {
        learn_session(pinfo, facts);
    }
    if (facts->has & MSTUN_HAS_MS_SEQUENCE && !exchange->copy) { /* a retransmission repeats its number */
        learn_sequence(stream, pinfo, position, facts);
    }
}

void mstun_ms_session_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint64_t id)
{
    const session_t *session = tree ? (const session_t *)wmem_map_lookup(sessions, &id) : NULL;

    if (!session || (session->frame > pinfo->num && !PINFO_FD_VISITED(pinfo))) {
        return;
    }
    proto_item_set_generated(
        proto_tree_add_string(tree, hf_session_client, tvb, 0, 0, mstun_endpoint_text(pinfo->pool, &session->client)));
    proto_item_set_generated(proto_tree_add_uint(tree, hf_session_announced_in, tvb, 0, 0, session->frame));
}

void mstun_ms_turn_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_session_client,
          { "Session of the TURN client", "mstun.ms.session.client", FT_STRING, BASE_NONE, NULL, 0x0,
            "Whose allocation the packet is for: the client that got or sent the session id, [MS-TURN] 2.2.2.24",
            HFILL } },
        { &hf_session_announced_in,
          { "Session announced in", "mstun.ms.session.announced_in", FT_FRAMENUM, BASE_NONE,
            FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0, "The first message with this session id as an attribute", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    sessions = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), wmem_int64_hash, g_int64_equal);
}
