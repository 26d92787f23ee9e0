/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Units that a late segment completes: in its frame, with what earlier and later segments have of them. */
#ifndef MSTUN_DISSECT_WITHHELD_H
#define MSTUN_DISSECT_WITHHELD_H

#include "dissect/place.h"

/** What there is to dissect in a frame behind what TCP has handed over. */
typedef struct {
    mstun_segment_t segment; /* the packet's, as it is on the wire */
    mstun_stream_t *stream;
    mstun_run_t run; /* first visit: bytes to read */
} mstun_late_frame_t;

/** Whether there may be something. Once on each visit, when TCP is done with the packet. frame: with segment and
 * stream. */
bool mstun_late_frame_has_units(mstun_late_frame_t *frame, packet_info *pinfo);

/** Dissects it. Returns the number of bytes; 0: there was nothing. */
uint32_t mstun_dissect_late_frame(const mstun_late_frame_t *frame, packet_info *pinfo, proto_tree *tree);

#endif
