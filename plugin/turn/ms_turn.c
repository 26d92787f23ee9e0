/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/ms_turn.h"

#include "attr/address.h"
#include "turn/observation.h"

/* The first message that named a session, and the TURN client that sent or got it. */
typedef struct {
    uint64_t id;
    uint32_t frame;
    mstun_endpoint_t client;
} session_t;

static wmem_map_t *sessions; /* by id */

static int hf_session_client = -1;
static int hf_session_announced_in = -1;

/* The sequence number that a connection had last. */
struct mstun_stream_ms_turn {
    uint32_t sequence;
};

static bool is_from_client(const mstun_event_t *event)
{
    return event->facts->class == STUN_REQUEST;
}

static void learn_session(const mstun_event_t *event)
{
    if (wmem_map_contains(sessions, &event->facts->ms_session)) {
        return;
    }
    session_t *session = wmem_new0(wmem_file_scope(), session_t);

    session->id = event->facts->ms_session;
    session->frame = event->pinfo->num;
    if (is_from_client(event)) {
        mstun_packet_source(event->pinfo, &session->client);
    } else {
        mstun_packet_destination(event->pinfo, &session->client);
    }
    wmem_map_insert(sessions, &session->id, session);
}

static void set_sequence(mstun_stream_t *stream, uint32_t sequence)
{
    if (!stream->ms_turn) {
        stream->ms_turn = wmem_new(wmem_file_scope(), struct mstun_stream_ms_turn);
    }
    stream->ms_turn->sequence = sequence;
}

/* The server's Allocate success has number 0, each request after it one more. */
static void learn_sequence(const mstun_event_t *event)
{
    const struct mstun_stream_ms_turn *last = event->stream->ms_turn;
    uint32_t sequence = event->facts->ms_sequence;

    if (is_from_client(event) && last && sequence <= last->sequence) {
        mstun_turn_observe(event, MSTUN_OBSERVED_MS_SEQUENCE_REPEATED, last->sequence);
        return;
    }
    if (is_from_client(event) && last && sequence > last->sequence + 1) {
        mstun_turn_observe(event, MSTUN_OBSERVED_MS_SEQUENCE_SKIPPED, sequence - last->sequence - 1);
    }
    set_sequence(event->stream, sequence);
}

void mstun_ms_turn_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (facts->dialect != MSTUN_DIALECT_MS_TURN) {
        return;
    }
    if (facts->has & MSTUN_HAS_MS_SESSION) {
        learn_session(event);
    }
    if (facts->has & MSTUN_HAS_MS_SEQUENCE && !event->repeat) { /* a retransmission repeats its number */
        learn_sequence(event);
    }
}

void mstun_ms_session_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree, uint64_t id)
{
    packet_info *pinfo = event->pinfo;
    const session_t *session = tree ? (const session_t *)wmem_map_lookup(sessions, &id) : NULL;

    if (!session || (session->frame > pinfo->num && event->first_visit)) {
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
