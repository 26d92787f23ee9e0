/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/channel.h"

#include "turn/allocation.h"

static wmem_array_t *of_channel(mstun_stream_t *stream, uint16_t channel)
{
    if (!stream->bound) {
        stream->bound = wmem_tree_new(wmem_file_scope());
    }
    wmem_array_t *all = (wmem_array_t *)wmem_tree_lookup32(stream->bound, channel);

    if (!all) {
        all = wmem_array_sized_new(wmem_file_scope(), sizeof(mstun_channel_peer_t), 1);
        wmem_tree_insert32(stream->bound, channel, all);
    }
    return all;
}

/* client: the direction in which the TURN client sends */
static void bind(mstun_stream_t *stream, unsigned client, const packet_info *pinfo, uint32_t position, uint16_t channel,
                 const mstun_endpoint_t *peer)
{
    const mstun_channel_peer_t *newest = mstun_channel_peer(stream, pinfo, position, channel);

    if (newest && memcmp(&newest->peer, peer, sizeof *peer) == 0) {
        return; /* refreshed every few minutes (RFC 8656 section 12.1): only what changes is kept */
    }
    mstun_channel_peer_t bound = { .place = { pinfo->num, position }, .client = (uint8_t)client, .peer = *peer };

    if (newest) {
        bound.before = newest->peer;
    }
    wmem_array_append_one(of_channel(stream, channel), bound);
}

/* The request takes effect; an error takes it back. */
static void learn_active_destination(mstun_stream_t *stream, unsigned direction, const packet_info *pinfo,
                                     uint32_t position, const mstun_facts_t *facts)
{
    const mstun_channel_peer_t *newest = mstun_channel_peer(stream, pinfo, position, MSTUN_ACTIVE_DESTINATION);

    if (facts->type == MS_TURN_SET_ACTIVE_DESTINATION && facts->peer.family) {
        bind(stream, direction, pinfo, position, MSTUN_ACTIVE_DESTINATION, &facts->peer);
    } else if (facts->type == MS_TURN_SET_ACTIVE_DESTINATION_ERROR && newest) {
        bind(stream, 1 - direction, pinfo, position, MSTUN_ACTIVE_DESTINATION, &newest->before);
    }
}

void mstun_channel_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                         const mstun_facts_t *facts, const mstun_message_role_t *exchange)
{
    const mstun_endpoint_t *peer = mstun_requested_peer(exchange);

    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || exchange->copy) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        learn_active_destination(stream, direction, pinfo, position, facts);
    } else if (facts->method == TURN_CHANNEL_BIND && facts->class == STUN_SUCCESS && peer) {
        bind(stream, 1 - direction, pinfo, position, mstun_requested_channel(exchange), peer);
    }
}

const mstun_channel_peer_t *mstun_channel_peer(const mstun_stream_t *stream, const packet_info *pinfo,
                                               uint32_t position, uint16_t channel)
{
    const mstun_frame_pos_t place = { pinfo->num, position };

    return stream->bound ? (const mstun_channel_peer_t *)frame_index_last_at_or_before(
                               (wmem_array_t *)wmem_tree_lookup32(stream->bound, channel), &place)
                         : NULL;
}
