/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/path.h"

#include "conversation/response_state.h"
#include "turn/peer_connection.h"

/* One leg of a message's way; messages are told apart by id and type. */
typedef struct hop {
    uint8_t id[STUN_ID_LEN];
    uint32_t type;
    uint32_t signature;   /* distinguishes the two formats of an MS-ICE2 check */
    unsigned hops_before; /* hops before this one */
    bool id_reused;       /* the id was reused after the timeout: not the same message as the previous hop */
    uint32_t stream;
    uint32_t frame;
    uint32_t position;
    nstime_t abs_ts;
    struct hop *previous;
    struct hop *next;
} hop_t;

static wmem_map_t *hops; /* by id and type: the newest */

static int hf_previous = -1;
static int hf_next = -1;
static int hf_time = -1;

#define KEY_LEN offsetof(hop_t, hops_before)
#define HOPS_MAX 16 /* two relays make seven; whoever sends one message everywhere gets no more links */

static guint hash_key(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, KEY_LEN);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, KEY_LEN) == 0;
}

static void make_key(hop_t *key, const mstun_facts_t *facts)
{
    memcpy(key->id, facts->id, STUN_ID_LEN);
    key->type = facts->type;
    key->signature = mstun_transaction_signature(facts);
}

static const hop_t *previous_hop(const hop_t *hop)
{
    return hop->id_reused ? NULL : hop->previous;
}

static bool seen_on(const hop_t *hop, uint32_t stream)
{
    while (hop && hop->stream != stream) {
        hop = previous_hop(hop);
    }
    return hop != NULL;
}

/* Nobody sends a message again after so long (RFC 8489 section 6.2): one with the id of an old one is another. */
/* Nobody sends a message again after so long (RFC 8489 section 6.2): one with an old id is another message. */
static bool has_timed_out(const hop_t *hop, const packet_info *pinfo)
{
    return mstun_ms_between(&hop->abs_ts, &pinfo->abs_ts) >= STUN_TI_MS;
}

/* Once anything is relayed in this capture, any check may be on its way over several legs. */
static bool may_be_relayed(const mstun_event_t *event)
{
    return event->nested || (event->facts->method == STUN_BINDING &&
                             (mstun_stream_any_peer_connection(event->stream) || wmem_map_size(hops) > 0 ||
                              mstun_packet_uses_relayed_address(event->pinfo)));
}

void mstun_path_learn(const mstun_event_t *event)
{
    hop_t key;

    if (!may_be_relayed(event)) {
        return;
    }
    make_key(&key, event->facts);
    hop_t *newest = (hop_t *)wmem_map_lookup(hops, &key);
    bool id_reused = newest && has_timed_out(newest, event->pinfo);

    if (newest && (newest->hops_before + 1 >= HOPS_MAX || (!id_reused && seen_on(newest, event->stream->number)))) {
        return; /* a second time on one leg it is a repetition: see transaction.h */
    }
    hop_t *hop = wmem_new0(wmem_file_scope(), hop_t);

    make_key(hop, event->facts);
    hop->stream = event->stream->number;
    hop->frame = event->pinfo->num;
    hop->position = event->position;
    hop->abs_ts = event->pinfo->abs_ts;
    hop->previous = newest;
    hop->id_reused = id_reused;
    if (newest) {
        hop->hops_before = newest->hops_before + 1;
        newest->next = id_reused ? NULL : hop;
        wmem_map_remove(hops, newest);
    }
    wmem_map_insert(hops, hop, hop);
}

/* This very hop, among the few of one message; NULL for a message that is on no relayed leg. */
static const hop_t *find(const mstun_event_t *event)
{
    hop_t key;

    make_key(&key, event->facts);
    const hop_t *hop = (const hop_t *)wmem_map_lookup(hops, &key);

    while (hop && !(hop->stream == event->stream->number && hop->frame == event->pinfo->num &&
                    hop->position == event->position)) {
        hop = hop->previous;
    }
    return hop;
}

void mstun_path_show(const mstun_event_t *event, tvbuff_t *tvb, proto_tree *tree)
{
    const hop_t *hop = wmem_map_size(hops) > 0 ? find(event) : NULL;
    const hop_t *previous = hop ? previous_hop(hop) : NULL;

    if (previous) {
        nstime_t taken;

        nstime_delta(&taken, &hop->abs_ts, &previous->abs_ts);
        proto_item_set_generated(proto_tree_add_uint(tree, hf_previous, tvb, 0, 0, previous->frame));
        proto_item_set_generated(proto_tree_add_time(tree, hf_time, tvb, 0, 0, &taken));
    }
    if (hop && hop->next) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_next, tvb, 0, 0, hop->next->frame));
    }
}

void mstun_path_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_previous,
          { "Previous hop in frame", "mstun.path.previous", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE),
            0x0, "The same message on the leg before this one", HFILL } },
        { &hf_next,
          { "Next hop in frame", "mstun.path.next", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The same message on the leg after this one", HFILL } },
        { &hf_time,
          { "Time since the previous hop", "mstun.path.time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "From one leg to the next", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    hops = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
}
