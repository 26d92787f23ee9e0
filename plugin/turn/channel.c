/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/channel.h"

#include "turn/turn_stream.h"

#define CHANGES_FOLLOWED                                                                                               \
    64 /* of one channel's peer: a client whose requests are all refused must    \ not cost more and more */

/* Where a channel got a peer, or was used without one. */
typedef struct {
    mstun_frame_pos_t pos;
    mstun_channel_t *channel;
} channel_event_t;

struct mstun_stream_channels {
    wmem_tree_t *by_number; /* number -> array of channel_event_t, by frame */
    mstun_channel_t *first, *last;
    mstun_channel_t *last_used; /* first visit: data comes many times in a row on one channel; NULL: none did */
    bool any_request;
    bool any_stray_data;
};

static struct mstun_stream_channels *get_channels(mstun_stream_t *stream)
{
    if (!stream->channels) {
        stream->channels = wmem_new0(wmem_file_scope(), struct mstun_stream_channels);
        stream->channels->by_number = wmem_tree_new(wmem_file_scope());
    }
    return stream->channels;
}

/* The last channel with this number; NULL if there is none. */
static mstun_channel_t *newest(const mstun_stream_t *stream, uint16_t number)
{
    wmem_array_t *events =
        stream->channels ? (wmem_array_t *)wmem_tree_lookup32(stream->channels->by_number, number) : NULL;

    return events ? ((channel_event_t *)wmem_array_index(events, wmem_array_get_count(events) - 1))->channel : NULL;
}

/* peer: NULL if no request names one */
static mstun_channel_t *add(const mstun_event_t *event, unsigned client_direction, uint16_t number,
                            const mstun_endpoint_t *peer)
{
    struct mstun_stream_channels *channels = get_channels(event->stream);
    wmem_array_t *events = (wmem_array_t *)wmem_tree_lookup32(channels->by_number, number);
    mstun_channel_t *channel = wmem_new0(wmem_file_scope(), mstun_channel_t);
    const channel_event_t since = { { event->pinfo->num, event->position }, channel };

    channel->pos = since.pos;
    channel->number = number;
    channel->client_direction = (uint8_t)client_direction;
    channel->previous = newest(event->stream, number);
    if (peer) {
        channel->peer = *peer;
        channels->any_request = true;
    }
    if (!events) {
        events = wmem_array_sized_new(wmem_file_scope(), sizeof since, 1);
        wmem_tree_insert32(channels->by_number, number, events);
    }
    wmem_array_append_one(events, since);
    if (channels->last) {
        channels->last->next = channel;
    } else {
        channels->first = channel;
    }
    channels->last = channel;
    channels->last_used = NULL;
    return channel;
}

/* The channels of an allocation end with it. */
static bool is_of_earlier_allocation(const mstun_channel_t *channel, const mstun_stream_t *stream)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(stream);

    return allocation && allocation->control == stream && channel->pos.frame < allocation->made.frame;
}

/* ---- requests and responses ---- */

/* RFC 8656 section 12.1: sent again every few minutes, with the same peer. */
static void request_channel(const mstun_event_t *event, uint16_t number, const mstun_endpoint_t *peer)
{
    mstun_channel_t *channel = newest(event->stream, number);

    if (!channel || channel->refused_frame || !mstun_endpoint_equal(&channel->peer, peer) ||
        is_of_earlier_allocation(channel, event->stream)) {
        mstun_channel_t *previous = channel;

        channel = add(event, event->direction, number, peer);
        if (previous && !previous->bound_frame) {
            channel->doubt = previous->doubt;
        }
    }
    channel->open_requests++;
}

/* The channel that a request asked for; NULL if the request was not captured. */
static mstun_channel_t *requested_channel(const mstun_event_t *event)
{
    const mstun_turn_request_t *request = mstun_turn_request_of(event->transaction);

    if (!request || request->peer_count == 0) {
        return NULL;
    }
    mstun_channel_t *channel = newest(event->stream, request->ms_turn ? MSTUN_ACTIVE_DESTINATION : request->channel);

    for (unsigned i = 0; channel && i < CHANGES_FOLLOWED; i++) {
        if (mstun_endpoint_equal(&channel->peer, &request->peers[0]) && channel->open_requests > 0) {
            return channel;
        }
        channel = channel->previous;
    }
    return NULL;
}

static void bind_channel(const mstun_event_t *event, mstun_channel_t *channel)
{
    const packet_info *pinfo = event->pinfo;
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    channel->permission = allocation ? mstun_permission_of(allocation, &channel->peer) : NULL;
    channel->open_requests--;
    channel->bound_frame = channel->bound_frame ? channel->bound_frame : pinfo->num;
    channel->renewed_frame = pinfo->num;
    channel->expires = pinfo->abs_ts;
    channel->expires.secs += TURN_CHANNEL_TIME_S;
    mstun_doubt_grant(&channel->doubt, pinfo);
}

/* A binding that is not renewed lives on until it expires. */
static void refuse_channel(mstun_channel_t *channel, const packet_info *pinfo)
{
    channel->open_requests--;
    if (!channel->bound_frame && channel->open_requests == 0) {
        channel->refused_frame = pinfo->num;
    }
}

void mstun_channel_learn(const mstun_event_t *event)
{
    const mstun_facts_t *facts = event->facts;
    bool ms_turn = facts->dialect == MSTUN_DIALECT_MS_TURN;

    if (event->repeat || (ms_turn ? facts->method != TURN_SEND : facts->method != TURN_CHANNEL_BIND)) {
        return;
    }
    if (facts->class == STUN_REQUEST) {
        if (facts->peer.family && (ms_turn || facts->has & MSTUN_HAS_CHANNEL)) {
            request_channel(event, ms_turn ? MSTUN_ACTIVE_DESTINATION : facts->channel, &facts->peer);
        }
        return;
    }
    mstun_channel_t *channel = requested_channel(event);

    if (channel && facts->class == STUN_SUCCESS) {
        bind_channel(event, channel);
    } else if (channel && facts->class == STUN_ERROR) {
        refuse_channel(channel, event->pinfo);
    }
}

/* ---- data ---- */

static void observe(const mstun_event_t *event, mstun_channel_t *channel, mstun_turn_observation_kind_t kind,
                    double number)
{
    bool is_first = !channel->doubt;
    mstun_doubt_t *doubt = mstun_doubt_add(&channel->doubt);

    if (is_first) { /* once for each channel: media would repeat it fifty times in a second */
        mstun_turn_observation_t *observation = mstun_turn_observe(event, kind, number);

        event->stream->channels->any_stray_data = true;
        observation->doubt = doubt;
        observation->channel = channel;
        observation->peer = channel->peer;
    }
}

/* Whether no ChannelBind of the client can be missing from the capture. */
static bool is_complete(const mstun_event_t *event)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);

    return allocation && allocation->relay.family && allocation->control == event->stream &&
           mstun_stream_is_complete_since(event->stream, event->direction, allocation->made.frame);
}

static void learn_client_data(const mstun_event_t *event, mstun_channel_t *channel)
{
    if (channel->open_requests > 0) {
        return;
    }
    if (!channel->bound_frame) {
        if (is_complete(event)) {
            observe(event, channel, MSTUN_OBSERVED_CHANNEL_UNBOUND, 0);
        }
        return;
    }
    double overdue_s = mstun_seconds_since(event->pinfo, &channel->expires);

    if (overdue_s > TURN_CLOCK_TOLERANCE_S &&
        mstun_stream_is_complete_since(event->stream, event->direction, channel->renewed_frame)) {
        observe(event, channel, MSTUN_OBSERVED_CHANNEL_EXPIRED, overdue_s);
    }
}

/* The server takes the channel for bound, and knows better. */
static void learn_server_data(const mstun_event_t *event, mstun_channel_t *channel)
{
    channel->from_peer_frame = event->pinfo->num;
    mstun_doubt_disprove(&channel->doubt, event->pinfo);
    if (channel->permission) {
        mstun_permission_prove(channel->permission, event->pinfo);
    }
}

/* Never NULL. */
static mstun_channel_t *channel_in_use(const mstun_event_t *event, uint16_t number, unsigned client_direction)
{
    mstun_channel_t *channel = newest(event->stream, number);

    /* Another peer was refused, and the one before it is still bound: RFC 8656 section 12.2. */
    while (channel && channel->refused_frame && channel->previous && channel->previous->bound_frame) {
        channel = channel->previous;
    }
    return channel && !is_of_earlier_allocation(channel, event->stream) ? channel
                                                                        : add(event, client_direction, number, NULL);
}

void mstun_channel_learn_data(const mstun_event_t *event, uint16_t number)
{
    const mstun_allocation_t *allocation = mstun_stream_allocation(event->stream);
    struct mstun_stream_channels *channels = event->stream->channels;

    if (!allocation) {
        return;
    }
    mstun_channel_t *channel = channels ? channels->last_used : NULL;

    if (!channel || channel->number != number || is_of_earlier_allocation(channel, event->stream)) {
        channel = channel_in_use(event, number, allocation->client_direction);
        event->stream->channels->last_used = channel;
    }
    if (event->direction == channel->client_direction) {
        mstun_allocation_use(event, false);
        learn_client_data(event, channel);
    } else {
        mstun_allocation_prove(event);
        learn_server_data(event, channel);
    }
}

/* ---- look-ups ---- */

static bool is_bound_at(const mstun_channel_t *channel, const mstun_frame_pos_t *pos)
{
    return channel->bound_frame && channel->bound_frame <= pos->frame;
}

static bool is_refused_at(const mstun_channel_t *channel, const mstun_frame_pos_t *pos)
{
    return !channel->peer.family || (channel->refused_frame && channel->refused_frame <= pos->frame);
}

const mstun_channel_t *mstun_channel_at(const mstun_stream_t *stream, uint16_t number, const mstun_frame_pos_t *pos)
{
    const struct mstun_stream_channels *channels = stream->channels;
    const channel_event_t *since = channels ? (const channel_event_t *)mstun_frame_index_last_at_or_before(
                                                  (wmem_array_t *)wmem_tree_lookup32(channels->by_number, number), pos)
                                            : NULL;
    const mstun_channel_t *channel = since ? since->channel : NULL, *requested = NULL;

    for (unsigned i = 0; channel && i < CHANGES_FOLLOWED; i++, channel = channel->previous) {
        if (is_refused_at(channel, pos)) {
            continue;
        }
        if (is_bound_at(channel, pos) || number == MSTUN_ACTIVE_DESTINATION) {
            return channel;
        }
        requested = requested ? requested : channel;
    }
    return requested;
}

const mstun_channel_t *mstun_channel_of_peer(const mstun_stream_t *stream, const mstun_endpoint_t *peer,
                                             const mstun_frame_pos_t *pos)
{
    const mstun_channel_t *channel = stream->channels ? stream->channels->first : NULL;

    while (channel && !(mstun_endpoint_equal(&channel->peer, peer) && is_bound_at(channel, pos))) {
        channel = channel->next;
    }
    return channel;
}

const mstun_channel_t *mstun_channel_of(const mstun_event_t *event, uint16_t number)
{
    const mstun_frame_pos_t pos = { event->pinfo->num, event->position };

    return mstun_channel_at(event->stream, number, &pos);
}

bool mstun_stream_has_channels(const mstun_stream_t *stream)
{
    return stream->channels && stream->channels->any_request;
}

bool mstun_stream_has_stray_data(const mstun_stream_t *stream)
{
    return stream->channels && stream->channels->any_stray_data;
}
