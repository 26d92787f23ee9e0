/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/withheld.h"

#include <epan/dissectors/packet-tcp.h>

#include "conversation/withheld.h"
#include "dissect/event.h"
#include "dissect/segment.h"
#include "framing/tree.h"

/* The bytes as a part of the packet, where they are one. */
static tvbuff_t *tvb_of(const mstun_segment_t *segment, packet_info *pinfo, uint32_t position, const uint8_t *bytes,
                        uint32_t len)
{
    uint32_t offset = position - segment->seq;

    if (offset <= segment->captured && len <= segment->captured - offset) {
        return tvb_new_subset_length(segment->tvb, (int)offset, (int)len);
    }
    tvbuff_t *tvb = tvb_new_child_real_data(segment->tvb, bytes, len, (int)len);

    add_new_data_source(pinfo, tvb, "Late TCP segments");
    return tvb;
}

/* Units from position on. Returns the number of their bytes. */
static uint32_t dissect_bytes(const mstun_late_frame_t *frame, packet_info *pinfo, proto_tree *tree, uint32_t position,
                              const uint8_t *bytes, uint32_t len)
{
    struct tcpinfo tcp = { .seq = position, .nxtseq = position + len };
    tvbuff_t *tvb = tvb_of(&frame->segment, pinfo, position, bytes, len);
    mstun_segment_t segment = mstun_segment_of(tvb, &tcp);

    segment.is_late = true;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = 0;
    uint32_t used = mstun_dissect_segment(&segment, pinfo, tree, frame->stream, MSTUN_FRAMING_UNKNOWN);

    used = MIN(used, len);
    if (used > 0) {
        mstun_late_show(pinfo, tvb, tree, used);
    }
    return used;
}

static uint32_t dissect_run(const mstun_event_t *event, const mstun_late_frame_t *frame, proto_tree *tree,
                            mstun_run_t run)
{
    packet_info *pinfo = event->pinfo;

    run.bytes = (const uint8_t *)wmem_memdup(pinfo->pool, run.bytes, run.len); /* what is read is forgotten */
    mstun_flow_edge_t edge = mstun_stream_go_back(event, &run);
    uint32_t used = dissect_bytes(frame, pinfo, tree, run.begin, run.bytes, run.len);

    mstun_stream_go_on(event, &run, run.begin + used, &edge);
    if (used > 0) {
        mstun_withheld_learn(event, &run, used);
    }
    return used;
}

bool mstun_late_frame_has_units(mstun_late_frame_t *frame, packet_info *pinfo)
{
    mstun_event_t event = mstun_event_begin(pinfo, frame->stream);

    return event.first_visit ? mstun_withheld_arrive(&event, &frame->segment, &frame->run)
                             : mstun_withheld_at(pinfo->num) != NULL;
}

uint32_t mstun_dissect_late_frame(const mstun_late_frame_t *frame, packet_info *pinfo, proto_tree *tree)
{
    mstun_event_t event = mstun_event_begin(pinfo, frame->stream);
    uint32_t used = 0;

    if (event.first_visit) {
        return dissect_run(&event, frame, tree, frame->run);
    }
    for (const mstun_withheld_t *entry = mstun_withheld_at(pinfo->num); entry; entry = entry->next) {
        if (entry->stream == frame->stream) {
            used += dissect_bytes(frame, pinfo, tree, entry->position, entry->bytes, entry->len);
        }
    }
    return used;
}
