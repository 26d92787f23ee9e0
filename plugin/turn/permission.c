/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "turn/permission.h"

#include "turn/turn_stream.h"

mstun_permission_t *mstun_permission_of(const mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    mstun_endpoint_t ip = *peer;

    ip.port = 0;
    return allocation->permissions_by_ip ? (mstun_permission_t *)wmem_map_lookup(allocation->permissions_by_ip, &ip)
                                         : NULL;
}

/* Never NULL. */
static mstun_permission_t *get(mstun_allocation_t *allocation, const mstun_endpoint_t *peer)
{
    mstun_permission_t *permission = mstun_permission_of(allocation, peer);

    if (permission) {
        return permission;
    }
    permission = wmem_new0(wmem_file_scope(), mstun_permission_t);
    permission->peer = *peer;
    permission->peer.port = 0;
    if (!allocation->permissions_by_ip) {
        allocation->permissions_by_ip = wmem_map_new(wmem_file_scope(), mstun_endpoint_hash, mstun_endpoint_equal_keys);
    }
    wmem_map_insert(allocation->permissions_by_ip, &permission->peer, permission);
    return permission;
}

void mstun_permission_request(mstun_allocation_t *allocation, const mstun_turn_request_t *request)
{
    allocation->all_peers = allocation->all_peers && request->all_peers;
    for (unsigned i = 0; i < request->peer_count; i++) {
        mstun_permission_t *permission = get(allocation, &request->peers[i]);

        if (!permission->requested_frame) {
            permission->requested = request->abs_ts;
        }
        permission->requested_frame = request->pos.frame;
        permission->open_requests++;
    }
}

static void close_request(mstun_permission_t *permission)
{
    permission->open_requests -= permission->open_requests > 0 ? 1 : 0;
}

void mstun_permission_grant(mstun_allocation_t *allocation, const mstun_event_t *event,
                            const mstun_turn_request_t *request)
{
    const packet_info *pinfo = event->pinfo;

    for (unsigned i = 0; i < request->peer_count; i++) {
        mstun_permission_t *permission = get(allocation, &request->peers[i]);

        close_request(permission);
        if (!permission->granted_frame) {
            permission->next = allocation->permissions;
            allocation->permissions = permission;
        }
        permission->granted_frame = pinfo->num;
        permission->expires = pinfo->abs_ts;
        permission->expires.secs += TURN_PERMISSION_TIME_S;
        mstun_doubt_grant(&permission->doubt, pinfo);
    }
}

void mstun_permission_refuse(mstun_allocation_t *allocation, const mstun_event_t *event,
                             const mstun_turn_request_t *request)
{
    for (unsigned i = 0; i < request->peer_count; i++) {
        mstun_permission_t *permission = get(allocation, &request->peers[i]);

        close_request(permission);
        permission->refused_frame = event->pinfo->num;
    }
}

static void observe(const mstun_event_t *event, mstun_permission_t *permission, mstun_turn_observation_kind_t kind,
                    double number)
{
    mstun_turn_observation_t *observation = mstun_turn_observe(event, kind, number);

    observation->doubt = mstun_doubt_add(&permission->doubt);
    observation->permission = permission;
}

/* Whether every request for permissions that the client made is known. */
static bool is_complete(const mstun_allocation_t *allocation, const mstun_event_t *event)
{
    return allocation->relay.family && allocation->all_peers &&
           mstun_stream_is_complete_since(event->stream, event->direction, allocation->made.frame);
}

/* RFC 8656 section 11.2: the server drops what is sent to a peer without permission, and says nothing. */
void mstun_permission_check(mstun_allocation_t *allocation, const mstun_event_t *event)
{
    const mstun_endpoint_t *peer = &event->facts->peer;

    if (!peer->family || allocation->made.frame == event->pinfo->num) {
        return;
    }
    mstun_permission_t *permission = mstun_permission_of(allocation, peer);

    if (permission && permission->open_requests > 0) {
        return;
    }
    if (!permission || !permission->granted_frame) {
        if (is_complete(allocation, event)) {
            observe(event, get(allocation, peer), MSTUN_OBSERVED_PERMISSION_MISSING, 0);
        }
        return;
    }
    double overdue_s = mstun_seconds_since(event->pinfo, &permission->expires);

    if (overdue_s > TURN_CLOCK_TOLERANCE_S &&
        mstun_stream_is_complete_since(event->stream, event->direction, permission->granted_frame)) {
        observe(event, permission, MSTUN_OBSERVED_PERMISSION_EXPIRED, overdue_s);
    }
}

void mstun_permission_prove(mstun_permission_t *permission, const packet_info *pinfo)
{
    permission->from_peer_frame = pinfo->num;
    mstun_doubt_disprove(&permission->doubt, pinfo);
}

bool mstun_permission_was_in_force(const mstun_permission_t *permission, const nstime_t *abs_ts)
{
    return permission && permission->granted_frame && nstime_cmp(&permission->requested, abs_ts) <= 0 &&
           nstime_cmp(abs_ts, &permission->expires) <= 0;
}
