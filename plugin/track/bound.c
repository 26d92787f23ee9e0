/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/bound.h"

#include "track/allocation.h"

/* client: the direction in which the TURN client sends */
static void bind(mstun_stream_t *stream, unsigned client, const packet_info *pinfo, uint32_t position, uint16_t channel,
                 const mstun_endpoint_t *peer)
{
    const mstun_bound_peer_t *newest = mstun_bound_peer(stream, pinfo, position, channel);

    if (newest && memcmp(&newest->peer, peer, sizeof *peer) == 0) {
        return; /* refreshed every few minutes (RFC 8656 section 12.1): only what changes is kept */
    }
    mstun_bound_peer_t *bound = wmem_new0(wmem_file_scope(), mstun_bound_peer_t);

    if (!stream->bound) {
        stream->bound = wmem_tree_new(wmem_file_scope());
    }
    bound->frame = pinfo->num;
    bound->position = position;
    bound->client = (uint8_t)client;
    bound->peer = *peer;
    bound->older = (mstun_bound_peer_t *)wmem_tree_lookup32(stream->bound, channel);
    wmem_tree_insert32(stream->bound, channel, bound);
}

/* The request takes effect; an error takes it back. */
static void learn_active_destination(mstun_stream_t *stream, unsigned direction, const packet_info *pinfo,
                                     uint32_t position, const mstun_facts_t *facts)
{
    const mstun_bound_peer_t *newest = mstun_bound_peer(stream, pinfo, position, MSTUN_ACTIVE_DESTINATION);
    mstun_endpoint_t none;

    memset(&none, 0, sizeof none);
    if (facts->type == MS_TURN_SET_ACTIVE_DESTINATION && facts->peer.family) {
        bind(stream, direction, pinfo, position, MSTUN_ACTIVE_DESTINATION, &facts->peer);
    } else if (facts->type == MS_TURN_SET_ACTIVE_DESTINATION_ERROR && newest) {
        bind(stream, 1 - direction, pinfo, position, MSTUN_ACTIVE_DESTINATION,
             newest->older ? &newest->older->peer : &none);
    }
}

void mstun_bound_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                       const mstun_facts_t *facts, const mstun_exchange_t *exchange)
{
    const mstun_endpoint_t *peer = mstun_allocation_requested_peer(exchange);

    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || exchange->copy) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        learn_active_destination(stream, direction, pinfo, position, facts);
    } else if (facts->method == TURN_CHANNEL_BIND && facts->class == STUN_SUCCESS && peer) {
        bind(stream, 1 - direction, pinfo, position, mstun_allocation_requested_channel(exchange), peer);
    }
}

const mstun_bound_peer_t *mstun_bound_peer(const mstun_stream_t *stream, const packet_info *pinfo, uint32_t position,
                                           uint16_t channel)
{
    const mstun_bound_peer_t *bound =
        stream->bound ? (const mstun_bound_peer_t *)wmem_tree_lookup32(stream->bound, channel) : NULL;

    while (bound && (bound->frame > pinfo->num || (bound->frame == pinfo->num && bound->position > position))) {
        bound = bound->older;
    }
    return bound;
}
