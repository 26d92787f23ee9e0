/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/place.h"

#include <epan/dissectors/packet-tcp.h>

#include "dissect/columns.h"

mstun_event_t mstun_event_at(const mstun_dissect_ctx_t *ctx, uint32_t offset)
{
    mstun_event_t event = ctx->event;

    event.position += offset;
    return event;
}

bool mstun_bytes_are(const mstun_event_t *event, mstun_bytes_kind_t kind, uint32_t count, uint32_t announced,
                     const char *text)
{
    if (!event->stream) {
        return false;
    }
    return event->first_visit ? mstun_foreign_bytes_learn(event, kind, count, announced, text)
                              : mstun_foreign_bytes_at(event, kind) != NULL;
}

void mstun_dissect_reset_info(mstun_dissect_ctx_t *ctx)
{
    if (!ctx->info_reset) {
        mstun_info_reset(ctx->event.pinfo);
        ctx->info_reset = true;
    }
}

mstun_segment_t mstun_segment_of(tvbuff_t *tvb, struct tcpinfo *tcp)
{
    uint32_t captured = tvb_captured_length(tvb);

    return (mstun_segment_t){ .tvb = tvb,
                              .bytes = tvb_get_ptr(tvb, 0, (int)captured),
                              .captured = captured,
                              .reported = tvb_reported_length(tvb),
                              .seq = tcp ? tcp->seq : 0,
                              .tcp = tcp,
                              .has_seq = tcp != NULL };
}

mstun_segment_t mstun_segment_from(const mstun_segment_t *segment, uint32_t offset)
{
    mstun_segment_t rest = *segment;

    rest.tvb = tvb_new_subset_remaining(segment->tvb, (int)offset);
    rest.bytes += offset;
    rest.captured -= offset;
    rest.reported -= offset;
    rest.seq += offset;
    rest.detected = false;
    return rest;
}
