/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/stream.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/dissectors/packet-udp.h>

#include "conversation/tcp_bits.h"

static int proto_mstun = -1;

static wmem_map_t *clients; /* of MS-TURN on UDP: mstun_endpoint_t -> mstun_stream_t */

guint mstun_endpoint_hash(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(mstun_endpoint_t));
}

gboolean mstun_endpoint_equal_keys(gconstpointer a, gconstpointer b)
{
    return mstun_endpoint_equal((const mstun_endpoint_t *)a, (const mstun_endpoint_t *)b);
}

void mstun_endpoint_of(const address *ip, uint32_t port, mstun_endpoint_t *endpoint)
{
    memset(endpoint, 0, sizeof *endpoint); /* padding too: endpoints are compared as bytes */
    if (ip->type == AT_IPv4 || ip->type == AT_IPv6) {
        endpoint->family = ip->type == AT_IPv4 ? 1 : 2;
        endpoint->port = (uint16_t)port;
        memcpy(endpoint->ip, ip->data, ip->type == AT_IPv4 ? 4 : 16);
    }
}

mstun_stream_t *mstun_stream_find(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    mstun_stream_t *stream =
        conversation ? (mstun_stream_t *)conversation_get_proto_data(conversation, proto_mstun) : NULL;

    if (!stream || stream->first_frame > pinfo->num) {
        return NULL;
    }
    return stream->merged_into && stream->merged_since_frame <= pinfo->num ? stream->merged_into : stream;
}

/* Wireshark's own numbers, and who is who. */
static void learn_connection(mstun_stream_t *stream, packet_info *pinfo)
{
    unsigned direction = mstun_stream_direction(stream, pinfo);

    if (pinfo->ptype == PT_TCP) {
        stream->tcp = get_tcp_conversation_data(NULL, pinfo);
        stream->tcp_stream = stream->tcp->stream;
    } else if (pinfo->ptype == PT_UDP) {
        stream->udp_stream = get_udp_conversation_data(NULL, pinfo)->stream;
    }
    mstun_endpoint_of(&pinfo->src, pinfo->srcport, &stream->ends[direction]);
    mstun_endpoint_of(&pinfo->dst, pinfo->destport, &stream->ends[1 - direction]);
}

mstun_stream_t *mstun_stream_claim(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    mstun_stream_t *stream = wmem_new0(wmem_file_scope(), mstun_stream_t);

    stream->number = conversation->conv_index;
    stream->first_frame = pinfo->num;
    learn_connection(stream, pinfo);
    conversation_add_proto_data(conversation, proto_mstun, stream);
    return stream;
}

mstun_stream_t *mstun_stream_join(mstun_stream_t *stream, packet_info *pinfo, bool from_client)
{
    mstun_endpoint_t client;

    if (stream->client.family) {
        return stream;
    }
    mstun_endpoint_of(from_client ? &pinfo->src : &pinfo->dst, from_client ? pinfo->srcport : pinfo->destport, &client);
    if (!client.family) {
        return stream;
    }
    stream->merged_into = (mstun_stream_t *)wmem_map_lookup(clients, &client);
    stream->merged_since_frame = pinfo->num;
    if (stream->merged_into) {
        return stream->merged_into;
    }
    unsigned direction = mstun_stream_direction(stream, pinfo);

    stream->client = client;
    stream->client_direction = from_client ? direction : 1 - direction;
    wmem_map_insert(clients, &stream->client, stream);
    return stream;
}

unsigned mstun_stream_direction(const mstun_stream_t *stream, const packet_info *pinfo)
{
    mstun_endpoint_t source;

    if (stream && stream->client.family) {
        mstun_endpoint_of(&pinfo->src, pinfo->srcport, &source);
        return mstun_endpoint_equal(&source, &stream->client) ? stream->client_direction : 1 - stream->client_direction;
    }
    int order = cmp_address(&pinfo->src, &pinfo->dst);

    if (order == 0) {
        order = pinfo->srcport < pinfo->destport ? -1 : 1;
    }
    return order < 0 ? 0 : 1;
}

bool mstun_stream_is_first(packet_info *pinfo, const mstun_segment_t *segment)
{
    if (!segment->has_seq) {
        return false;
    }
    /* TCP counts from 1, unless the user wants the numbers of the wire. */
    return segment->seq == 1 || segment->seq == get_tcp_conversation_data(NULL, pinfo)->fwd->base_seq + 1;
}

bool mstun_stream_begins(packet_info *pinfo, const mstun_segment_t *segment)
{
    return mstun_stream_is_first(pinfo, segment) && !mstun_stream_is_joined(pinfo);
}

bool mstun_stream_is_joined(packet_info *pinfo)
{
    return !(get_tcp_conversation_data(NULL, pinfo)->conversation_completeness & TCP_SYN_SEEN);
}

/* Sequence numbers wrap: a is behind b if the way from b to a is shorter. */
static int32_t seq_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static void remember(mstun_flow_t *flow, const mstun_framing_change_t *mark)
{
    if (!flow->framing_changes) {
        flow->framing_changes = wmem_array_sized_new(wmem_file_scope(), sizeof(mstun_framing_change_t), 1);
    }
    wmem_array_append_one(flow->framing_changes, *mark);
}

/* The last mark at or before this byte of this frame. Marks are few: one a direction, and one more for each gap. */
static mstun_framing_change_t look_up(const mstun_flow_t *flow, uint32_t frame, uint32_t seq)
{
    mstun_framing_change_t found = { .framing = MSTUN_FRAMING_UNKNOWN, .skip = MSTUN_OFFSET_NONE };
    unsigned low = 0, high = flow->framing_changes ? wmem_array_get_count(flow->framing_changes) : 0;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const mstun_framing_change_t *mark =
            (const mstun_framing_change_t *)wmem_array_index(flow->framing_changes, middle);

        if (mark->frame < frame || (mark->frame == frame && seq_distance(mark->seq, seq) <= 0)) {
            found = *mark;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (found.framing != MSTUN_FRAMING_UNKNOWN && (found.frame != frame || found.seq != seq)) {
        found.skip = 0; /* in step since that mark */
    }
    return found;
}

/* The first bytes of a direction begin a unit unless they cannot. */
static bool begins_in_step(mstun_framing_t framing, packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_unit_t unit;

    if (framing == MSTUN_FRAMING_UNDETERMINED_RELAY || framing == MSTUN_FRAMING_RELAYED) {
        return true; /* any byte is as good a beginning as another */
    }
    if (framing == MSTUN_FRAMING_MS_TURN && mstun_is_tls_record(segment->bytes, segment->captured)) {
        return true; /* real TLS answers a pseudo-TLS hello */
    }
    return framing != MSTUN_FRAMING_UNKNOWN && mstun_stream_begins(pinfo, segment) &&
           mstun_unit_at(framing, segment->bytes, segment->captured, &unit) != MSTUN_UNIT_LOST;
}

/* Out of step: the bytes themselves must say where a unit begins. */
static mstun_framing_change_t find_step(mstun_framing_t framing, packet_info *pinfo, const mstun_segment_t *segment)
{
    mstun_framing_change_t mark = { .frame = pinfo->num, .seq = segment->seq, .framing = framing };
    mstun_framing_t proven =
        mstun_detect(segment->bytes, segment->captured, segment->reported, MSTUN_CONFIDENCE_HEADER);

    if (proven != MSTUN_FRAMING_UNKNOWN) {
        mark.framing = proven;
    } else if (!begins_in_step(framing, pinfo, segment)) {
        mark.skip = mstun_resync(framing, segment->bytes, segment->captured, segment->reported, 0);
    }
    return mark;
}

mstun_framing_change_t mstun_stream_enter(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                                          const mstun_segment_t *segment, mstun_framing_t hint)
{
    mstun_flow_t *flow = &stream->flow[direction];

    if (PINFO_FD_VISITED(pinfo)) {
        return look_up(flow, pinfo->num, segment->seq);
    }
    if (flow->synchronized && (!segment->has_seq || flow->expected == segment->seq)) {
        return (mstun_framing_change_t){ .frame = pinfo->num, .seq = segment->seq, .framing = flow->framing };
    }
    if (flow->synchronized && seq_distance(segment->seq, flow->expected) > 0) {
        flow->gap_frame = pinfo->num;
    }
    if (flow->framing != MSTUN_FRAMING_UNKNOWN) {
        hint = flow->framing;
    } else if (hint == MSTUN_FRAMING_UNKNOWN) {
        hint = stream->flow[1 - direction].framing;
    }
    mstun_framing_change_t mark = find_step(hint, pinfo, segment);

    flow->framing = mark.framing;
    remember(flow, &mark);
    return mark;
}

void mstun_stream_leave(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, const mstun_segment_t *segment,
                        uint32_t offset, mstun_framing_t framing, bool synchronized)
{
    mstun_flow_t *flow = &stream->flow[direction];

    if (PINFO_FD_VISITED(pinfo)) {
        return;
    }
    uint32_t end = segment->seq + offset;

    if (framing != flow->framing) {
        mstun_framing_change_t mark = { .frame = pinfo->num, .seq = end, .framing = framing };

        flow->framing = framing;
        remember(flow, &mark);
    }
    /* A retransmission that TCP let pass does not take the direction back. */
    if (!flow->synchronized || seq_distance(end, flow->expected) > 0) {
        flow->expected = end;
    }
    flow->synchronized = synchronized;
}

void mstun_stream_note_cut(mstun_stream_t *stream, unsigned direction, packet_info *pinfo,
                           const mstun_segment_t *segment)
{
    mstun_flow_t *flow = &stream->flow[direction];

    if (PINFO_FD_VISITED(pinfo)) {
        return;
    }
    flow->truncated_before_current = flow->last_truncated_frame;
    if (segment->captured < segment->reported) {
        flow->last_truncated_frame = pinfo->num;
    }
}

void mstun_stream_restart(mstun_stream_t *stream, unsigned direction)
{
    mstun_flow_t *other = &stream->flow[1 - direction];

    /* The request, if it was captured, has done so already; bytes may have come since. */
    if (other->framing == MSTUN_FRAMING_UNKNOWN) {
        other->framing = MSTUN_FRAMING_UNDETERMINED_RELAY;
    }
}

void mstun_stream_learn_rfc3489(mstun_stream_t *stream, packet_info *pinfo, uint32_t position)
{
    if (!PINFO_FD_VISITED(pinfo) && !stream->rfc3489_frame) {
        stream->rfc3489_frame = pinfo->num;
        stream->rfc3489_position = position;
    }
}

bool mstun_stream_speaks_rfc3489(const mstun_stream_t *stream, packet_info *pinfo, uint32_t position)
{
    return stream->rfc3489_frame &&
           (stream->rfc3489_frame < pinfo->num ||
            (stream->rfc3489_frame == pinfo->num && seq_distance(stream->rfc3489_position, position) < 0));
}

const char *mstun_stream_filter(wmem_allocator_t *scope, const mstun_stream_t *stream)
{
    return stream->tcp ? wmem_strdup_printf(scope, "tcp.stream == %u", stream->tcp_stream)
                       : wmem_strdup_printf(scope, "udp.stream == %u", stream->udp_stream);
}

void mstun_stream_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    clients =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
}
