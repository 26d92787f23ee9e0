/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/bound.h"

#include "track/allocation.h"

/* A client refreshes its channels every few minutes (RFC 8656 section 12.1): only what changes is kept. */
static bool is_known(const mstun_bound_peer_t *bound, const mstun_endpoint_t *peer)
{
    return bound && memcmp(&bound->peer, peer, sizeof *peer) == 0;
}

void mstun_bound_learn(mstun_stream_t *stream, unsigned direction, packet_info *pinfo, uint32_t position,
                       const mstun_facts_t *facts, const mstun_exchange_t *exchange)
{
    bool channel_bound =
        facts->dialect == MSTUN_DIALECT_RFC5389 && facts->method == TURN_CHANNEL_BIND && facts->class == STUN_SUCCESS;
    bool destination_set =
        facts->dialect == MSTUN_DIALECT_MS_TURN && facts->type == MS_TURN_SET_ACTIVE_DESTINATION_RESPONSE;

    if (PINFO_FD_VISITED(pinfo) || pinfo->flags.in_error_pkt || exchange->copy || !(channel_bound || destination_set)) {
        return;
    }
    const mstun_endpoint_t *peer = mstun_allocation_requested_peer(exchange);
    uint16_t channel = channel_bound ? mstun_allocation_requested_channel(exchange) : MSTUN_NO_CHANNEL;

    if (!peer || is_known(mstun_bound_peer(stream, pinfo, position, channel), peer)) {
        return;
    }
    mstun_bound_peer_t *bound = wmem_new0(wmem_file_scope(), mstun_bound_peer_t);

    if (!stream->bound) {
        stream->bound = wmem_tree_new(wmem_file_scope());
    }
    bound->frame = pinfo->num;
    bound->position = position;
    bound->client = (uint8_t)(1 - direction);
    bound->peer = *peer;
    bound->older = (mstun_bound_peer_t *)wmem_tree_lookup32(stream->bound, channel);
    wmem_tree_insert32(stream->bound, channel, bound);
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
