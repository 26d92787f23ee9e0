/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/stream.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/dissectors/packet-udp.h>

#include "base/map_key.h"
#include "conversation/recent.h"
#include "conversation/tcp_flow.h"
#include "conversation/tcp_state.h"

static int proto_mstun = -1;

static wmem_map_t *ms_turn_clients; /* on UDP: mstun_endpoint_t -> mstun_stream_t */

static mstun_stream_t *first_stream, *last_stream; /* NULL: there is none */

/* SDP's dissector makes a conversation for each end of the media that it announces, with whomever: so both directions
 * of a UDP connection would be two. Such connections are found by both of their ends. */
static wmem_map_t *announced; /* mstun_ends_t -> mstun_stream_t; NULL: there are none */
static uint32_t announced_count;

#define FIRST_ANNOUNCED 0x80000000u /* their numbers: conversations do not come so far */

MSTUN_KEY_AS_BYTES(mstun_ends_t, hash_ends, equal_ends);

static bool is_announced(const packet_info *pinfo, const conversation_t *conversation)
{
    return pinfo->ptype == PT_UDP && (conversation->options & (NO_ADDR2 | NO_PORT2)) != 0;
}

static mstun_stream_t *stream_of(const packet_info *pinfo, const conversation_t *conversation)
{
    if (!is_announced(pinfo, conversation)) {
        return (mstun_stream_t *)conversation_get_proto_data(conversation, proto_mstun);
    }
    const mstun_ends_t key = mstun_packet_ends(pinfo);

    return announced ? (mstun_stream_t *)wmem_map_lookup(announced, &key) : NULL;
}

static void set_stream(const packet_info *pinfo, conversation_t *conversation, mstun_stream_t *stream)
{
    if (!is_announced(pinfo, conversation)) {
        stream->number = conversation->conv_index;
        conversation_add_proto_data(conversation, proto_mstun, stream);
        return;
    }
    const mstun_ends_t key = mstun_packet_ends(pinfo);

    if (!announced) {
        announced = wmem_map_new(wmem_file_scope(), hash_ends, equal_ends);
    }
    stream->number = FIRST_ANNOUNCED + announced_count++;
    wmem_map_insert(announced, wmem_memdup(wmem_file_scope(), &key, sizeof key), stream);
}

mstun_stream_t *mstun_stream_find(packet_info *pinfo)
{
    conversation_t *conversation = mstun_conversation_find(pinfo);
    mstun_stream_t *stream = conversation ? stream_of(pinfo, conversation) : NULL;

    if (!stream || stream->first_frame > pinfo->num) {
        return NULL;
    }
    return stream->merged_into && stream->merged_since_frame <= pinfo->num ? stream->merged_into : stream;
}

/* TCP's data on the packet's connection; NULL if TCP does not know it, as where the peer's port replaces a relay's. */
static struct tcp_analysis *tcp_of(packet_info *pinfo)
{
    return mstun_tcp_of(mstun_conversation_find(pinfo));
}

/* Wireshark's number of the connection, TCP's data on it, and its ends. */
static void set_connection(mstun_stream_t *stream, packet_info *pinfo)
{
    unsigned direction = mstun_stream_direction(stream, pinfo);

    if (pinfo->ptype == PT_TCP) {
        stream->tcp = tcp_of(pinfo);
        stream->tcp_stream = stream->tcp ? stream->tcp->stream : 0;
    } else if (pinfo->ptype == PT_UDP) {
        stream->udp_stream = get_udp_conversation_data(NULL, pinfo)->stream;
    }
    mstun_packet_source(pinfo, &stream->ends[direction]);
    mstun_packet_destination(pinfo, &stream->ends[1 - direction]);
}

mstun_stream_t *mstun_stream_claim(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    mstun_stream_t *stream = wmem_new0(wmem_file_scope(), mstun_stream_t);

    stream->first_frame = pinfo->num;
    set_connection(stream, pinfo);
    set_stream(pinfo, conversation, stream);
    if (last_stream) {
        last_stream->next = stream;
    } else {
        first_stream = stream;
    }
    last_stream = stream;
    return stream;
}

void mstun_stream_foreach(void (*fn)(mstun_stream_t *stream, void *data), void *data)
{
    for (mstun_stream_t *stream = first_stream; stream; stream = stream->next) {
        fn(stream, data);
    }
}

mstun_stream_t *mstun_stream_merge(mstun_stream_t *stream, packet_info *pinfo, bool from_client)
{
    mstun_endpoint_t client;

    if (stream->client.family) {
        return stream;
    }
    if (from_client) {
        mstun_packet_source(pinfo, &client);
    } else {
        mstun_packet_destination(pinfo, &client);
    }
    if (!client.family) {
        return stream;
    }
    stream->merged_into = (mstun_stream_t *)wmem_map_lookup(ms_turn_clients, &client);
    stream->merged_since_frame = pinfo->num;
    if (stream->merged_into) {
        return stream->merged_into;
    }
    unsigned direction = mstun_stream_direction(stream, pinfo);

    stream->client = client;
    stream->client_direction = from_client ? direction : 1 - direction;
    wmem_map_insert(ms_turn_clients, &stream->client, stream);
    return stream;
}

unsigned mstun_stream_direction(const mstun_stream_t *stream, const packet_info *pinfo)
{
    mstun_endpoint_t source;

    if (stream && stream->client.family) {
        mstun_packet_source(pinfo, &source);
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
    if (mstun_tcp_counts_from_one()) {
        return segment->seq == 1;
    }
    const struct tcp_analysis *tcp = tcp_of(pinfo);

    return tcp && segment->seq == tcp->fwd->base_seq + 1;
}

bool mstun_stream_begins(packet_info *pinfo, const mstun_segment_t *segment)
{
    return mstun_stream_is_first(pinfo, segment) && !mstun_stream_is_joined(pinfo);
}

bool mstun_stream_is_joined(packet_info *pinfo)
{
    const struct tcp_analysis *tcp = tcp_of(pinfo);

    return !tcp || !(tcp->conversation_completeness & TCP_SYN_SEEN);
}

/* Whether TCP has seen a segment, perhaps an empty one, far enough behind the last byte for a message between them. */
static bool lacks_end(const mstun_stream_t *stream, unsigned direction)
{
    const mstun_flow_t *flow = &stream->flow[direction];

    if (!stream->tcp || !mstun_tcp_reassembles() || (flow->framing_changes && !flow->has_seq)) {
        return false;
    }
    uint32_t first = mstun_tcp_first_position(stream->tcp, direction);
    uint32_t newest = flow->coverage.begun ? flow->coverage.newest : first;

    return mstun_seq_distance(first + mstun_tcp_data_len(stream->tcp, direction), newest) >= STUN_HEADER_LEN;
}

mstun_lack_t mstun_stream_lack(const mstun_stream_t *stream, unsigned direction, uint32_t frame)
{
    const mstun_flow_t *flow = &stream->flow[direction];

    if (stream->tcp && mstun_tcp_is_uncaptured(stream->tcp, direction)) {
        return MSTUN_LACK_DIRECTION;
    }
    if (mstun_coverage_gap_frame(&flow->coverage) > frame) {
        return MSTUN_LACK_SEGMENT;
    }
    if (flow->last_truncated_frame > frame) {
        return MSTUN_LACK_TRUNCATED;
    }
    if (lacks_end(stream, direction)) {
        return MSTUN_LACK_END;
    }
    return stream->tcp && mstun_tcp_lacks_acknowledged_bytes(stream->tcp, direction) ? MSTUN_LACK_ACKNOWLEDGED
                                                                                     : MSTUN_LACK_NOTHING;
}

void mstun_stream_learn_rfc3489(const mstun_event_t *event)
{
    if (!event->stream->rfc3489_frame) {
        event->stream->rfc3489_frame = event->pinfo->num;
        event->stream->rfc3489_position = event->position;
    }
}

bool mstun_stream_speaks_rfc3489(const mstun_stream_t *stream, const packet_info *pinfo, uint32_t position)
{
    return stream->rfc3489_frame &&
           (stream->rfc3489_frame < pinfo->num ||
            (stream->rfc3489_frame == pinfo->num && mstun_seq_distance(stream->rfc3489_position, position) < 0));
}

const char *mstun_stream_filter(wmem_allocator_t *scope, const mstun_stream_t *stream)
{
    return stream->tcp ? wmem_strdup_printf(scope, "tcp.stream == %u", stream->tcp_stream)
                       : wmem_strdup_printf(scope, "udp.stream == %u", stream->udp_stream);
}

/* Before a file is closed, which frees the streams. */
static void clear_streams(void)
{
    announced = NULL;
    announced_count = 0;
    first_stream = NULL;
    last_stream = NULL;
}

void mstun_stream_register(const mstun_registrar_t *reg)
{
    register_cleanup_routine(clear_streams);
    proto_mstun = reg->proto;
    ms_turn_clients =
        wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
}
