/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/event.h"

bool mstun_is_first_visit(const packet_info *pinfo)
{
    return !PINFO_FD_VISITED(pinfo);
}

bool mstun_is_quoted(const packet_info *pinfo)
{
    return pinfo->flags.in_error_pkt;
}

mstun_stream_t *mstun_tracked_stream(packet_info *pinfo)
{
    return mstun_is_quoted(pinfo) ? NULL : mstun_stream_find(pinfo);
}

mstun_event_t mstun_event_begin(packet_info *pinfo, mstun_stream_t *stream)
{
    return (mstun_event_t){ .pinfo = pinfo,
                            .first_visit = mstun_is_first_visit(pinfo),
                            .stream = stream,
                            .direction = stream ? mstun_stream_direction(stream, pinfo) : 0 };
}
