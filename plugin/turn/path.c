/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/path.h"

#include "turn/peer_connection.h"

/* A message with one id and type was seen here; the next sighting is a later one on another leg. */
typedef struct sighting {
    uint8_t id[STUN_ID_LEN];
    uint32_t type;
    uint32_t signature; /* the two formats of an MS-ICE2 check go their ways one after the other */
    unsigned legs;      /* before this one */
    bool anew;          /* by then the one before was over: another message with its id */
    uint32_t stream;
    uint32_t frame;
    uint32_t position;
    nstime_t time;
    struct sighting *previous;
    struct sighting *next;
} sighting_t;

static wmem_map_t *sightings; /* by id and type: the newest */

static int hf_previous = -1;
static int hf_next = -1;
static int hf_time = -1;

#define KEY_LEN offsetof(sighting_t, legs)
#define LEGS_MAX 16 /* two relays make seven; whoever sends one message everywhere gets no more links */

static guint hash_key(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, KEY_LEN);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, KEY_LEN) == 0;
}

static void make_key(sighting_t *key, const mstun_facts_t *facts)
{
    memcpy(key->id, facts->id, STUN_ID_LEN);
    key->type = facts->type;
    key->signature = mstun_transaction_signature(facts);
}

static const sighting_t *leg_before(const sighting_t *sighting)
{
    return sighting->anew ? NULL : sighting->previous;
}

static bool seen_on(const sighting_t *sighting, uint32_t stream)
{
    while (sighting && sighting->stream != stream) {
        sighting = leg_before(sighting);
    }
    return sighting != NULL;
}

/* Nobody sends a message again after so long (RFC 8489 section 6.2): one with the id of an old one is another. */
static bool is_over(const sighting_t *sighting, const packet_info *pinfo)
{
    nstime_t since;

    nstime_delta(&since, &pinfo->abs_ts, &sighting->time);
    return nstime_to_msec(&since) >= STUN_TI_MS;
}

void mstun_path_track(mstun_stream_t *stream, packet_info *pinfo, uint32_t position, bool nested,
                      const mstun_facts_t *facts)
{
    /* Once anything is relayed in this capture, any check may be on its way over several legs. */
    bool on_leg = nested || (facts->method == STUN_BINDING && (stream->connection || wmem_map_size(sightings) > 0 ||
                                                               mstun_packet_uses_relayed_address(pinfo)));

    if (PINFO_FD_VISITED(pinfo) || !on_leg || pinfo->flags.in_error_pkt) {
        return;
    }
    sighting_t key;

    make_key(&key, facts);
    sighting_t *newest = (sighting_t *)wmem_map_lookup(sightings, &key);
    bool anew = newest && is_over(newest, pinfo);

    if (newest && (newest->legs + 1 >= LEGS_MAX || (!anew && seen_on(newest, stream->number)))) {
        return; /* a second time on one leg it is a repetition: see transaction.h */
    }
    sighting_t *sighting = wmem_new0(wmem_file_scope(), sighting_t);

    make_key(sighting, facts);
    sighting->stream = stream->number;
    sighting->frame = pinfo->num;
    sighting->position = position;
    sighting->time = pinfo->abs_ts;
    sighting->previous = newest;
    sighting->anew = anew;
    if (newest) {
        sighting->legs = newest->legs + 1;
        newest->next = anew ? NULL : sighting;
        wmem_map_remove(sightings, newest);
    }
    wmem_map_insert(sightings, sighting, sighting);
}

/* This very sighting, among the few of one message; NULL for a message that is on no relayed leg. */
static const sighting_t *find(const mstun_stream_t *stream, const packet_info *pinfo, uint32_t position,
                              const mstun_facts_t *facts)
{
    sighting_t key;

    make_key(&key, facts);
    const sighting_t *sighting = (const sighting_t *)wmem_map_lookup(sightings, &key);

    while (sighting &&
           !(sighting->stream == stream->number && sighting->frame == pinfo->num && sighting->position == position)) {
        sighting = sighting->previous;
    }
    return sighting;
}

void mstun_path_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const mstun_stream_t *stream,
                     uint32_t position, const mstun_facts_t *facts)
{
    const sighting_t *sighting = wmem_map_size(sightings) > 0 ? find(stream, pinfo, position, facts) : NULL;

    const sighting_t *before = sighting ? leg_before(sighting) : NULL;

    if (before) {
        nstime_t taken;

        nstime_delta(&taken, &sighting->time, &before->time);
        proto_item_set_generated(proto_tree_add_uint(tree, hf_previous, tvb, 0, 0, before->frame));
        proto_item_set_generated(proto_tree_add_time(tree, hf_time, tvb, 0, 0, &taken));
    }
    if (sighting && sighting->next) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_next, tvb, 0, 0, sighting->next->frame));
    }
}

void mstun_path_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_previous,
          { "Came from the leg in", "mstun.path.previous", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The same message on the leg before this one", HFILL } },
        { &hf_next,
          { "Goes on the next leg in", "mstun.path.next", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_NONE), 0x0,
            "The same message on the leg behind this one", HFILL } },
        { &hf_time,
          { "Time since the previous leg", "mstun.path.time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0,
            "From one leg to the next", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    sightings = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), hash_key, equal_keys);
}
