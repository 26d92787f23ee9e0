/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/channel.h"

#include "turn/allocation.h"

struct mstun_stream_channels {
    wmem_tree_t *peers; /* channel -> array of mstun_channel_peer_t, by frame */
};

static wmem_array_t *get_peers(mstun_stream_t *stream, uint16_t channel)
{
    if (!stream->channels) {
        stream->channels = wmem_new(wmem_file_scope(), struct mstun_stream_channels);
        stream->channels->peers = wmem_tree_new(wmem_file_scope());
    }
    wmem_array_t *peers = (wmem_array_t *)wmem_tree_lookup32(stream->channels->peers, channel);

    if (!peers) {
        peers = wmem_array_sized_new(wmem_file_scope(), sizeof(mstun_channel_peer_t), 1);
        wmem_tree_insert32(stream->channels->peers, channel, peers);
    }
    return peers;
}

static void bind_channel(const mstun_event_t *event, unsigned client_direction, uint16_t channel,
                         const mstun_endpoint_t *peer)
{
    const mstun_channel_peer_t *newest = mstun_channel_peer(event, channel);

    if (newest && mstun_endpoint_equal(&newest->peer, peer)) {
        return; /* refreshed every few minutes (RFC 8656 section 12.1): only changes are stored */
    }
    mstun_channel_peer_t bound = { .pos = { event->pinfo->num, event->position },
                                   .client_direction = (uint8_t)client_direction,
                                   .peer = *peer };

    if (newest) {
        bound.previous_peer = newest->peer;
    }
    wmem_array_append_one(get_peers(event->stream, channel), bound);
}

/* The request takes effect; an error takes it back. */
static void learn_active_destination(const mstun_event_t *event)
{
    const mstun_channel_peer_t *newest = mstun_channel_peer(event, MSTUN_ACTIVE_DESTINATION);
    uint16_t type = event->facts->type;

    if (type == MS_TURN_SET_ACTIVE_DESTINATION && event->facts->peer.family) {
        bind_channel(event, event->direction, MSTUN_ACTIVE_DESTINATION, &event->facts->peer);
    } else if (type == MS_TURN_SET_ACTIVE_DESTINATION_ERROR && newest) {
        bind_channel(event, 1 - event->direction, MSTUN_ACTIVE_DESTINATION, &newest->previous_peer);
    }
}

void mstun_channel_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;

    if (event->repeat) {
        return;
    }
    if (facts->dialect == MSTUN_DIALECT_MS_TURN) {
        learn_active_destination(event);
    } else if (facts->method == TURN_CHANNEL_BIND && facts->class == STUN_SUCCESS) {
        const mstun_endpoint_t *peer = mstun_requested_peer(event->transaction);

        if (peer) {
            bind_channel(event, 1 - event->direction, mstun_requested_channel(event->transaction), peer);
        }
    }
}

const mstun_channel_peer_t *mstun_channel_peer(const mstun_event_t *event, uint16_t channel)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };
    const struct mstun_stream_channels *channels = event->stream->channels;

    return channels ? (const mstun_channel_peer_t *)mstun_frame_index_last_at_or_before(
                          (wmem_array_t *)wmem_tree_lookup32(channels->peers, channel), &pos)
                    : NULL;
}

bool mstun_stream_has_channels(const mstun_stream_t *stream)
{
    return stream->channels != NULL;
}
