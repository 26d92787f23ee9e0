/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/frames.h"

#include "conversation/ms_turn_stream.h"

/* Where the last whole frame ends. */
static uint32_t end_of_frames(tvbuff_t *bytes)
{
    const mstun_frames_t frames = { .bytes = bytes };
    uint32_t len = tvb_captured_length(bytes), offset = 0;

    while (len - offset >= RFC4571_HEADER_LEN && mstun_frame_len(&frames, offset) <= len - offset) {
        offset += mstun_frame_len(&frames, offset);
    }
    return offset;
}

/* The partial frame of earlier data and the data that continues it. */
static tvbuff_t *join_partial(packet_info *pinfo, const mstun_partial_frame_t *partial, tvbuff_t *data)
{
    uint32_t len = tvb_captured_length(data);

    if (partial->partial_len == 0) {
        return data;
    }
    uint8_t *bytes = (uint8_t *)wmem_alloc(pinfo->pool, partial->partial_len + len);

    memcpy(bytes, partial->partial, partial->partial_len);
    tvb_memcpy(data, bytes + partial->partial_len, 0, len);
    tvbuff_t *joined =
        tvb_new_child_real_data(data, bytes, partial->partial_len + len, (int)(partial->partial_len + len));

    add_new_data_source(pinfo, joined, "MS-TURN data");
    return joined;
}

/* Whether the partial frame does not end in len more bytes either. */
static bool remains_partial(const mstun_partial_frame_t *partial, uint32_t len)
{
    return partial->partial_len >= RFC4571_HEADER_LEN &&
           partial->partial_len + len < RFC4571_HEADER_LEN + (uint32_t)pntohu16(partial->partial);
}

bool mstun_frames_in_stream(const mstun_event_t *event, tvbuff_t *data, const mstun_endpoint_t *peer,
                            mstun_frames_t *frames)
{
    uint32_t data_len = tvb_captured_length(data);

    if (!event->stream || data_len != tvb_reported_length(data)) {
        return false;
    }
    const uint8_t *data_bytes = tvb_get_ptr(data, 0, (int)data_len);
    mstun_partial_frame_t partial = mstun_ms_turn_stream_begin(event, peer, data_bytes, data_len);

    if (!partial.framed) {
        return false;
    }
    if (remains_partial(&partial, data_len)) { /* a frame in many small parts is joined once, at its end */
        if (event->first_visit) {
            mstun_ms_turn_stream_continue(event, peer, data_bytes, data_len);
        }
        *frames = (mstun_frames_t){ .bytes = data, .position = event->position };
        return true;
    }
    frames->bytes = join_partial(event->pinfo, &partial, data);
    frames->end = end_of_frames(frames->bytes);
    frames->position = event->position - partial.partial_len;
    if (event->first_visit) { /* before the frames are dissected: what that throws must not lose the rest */
        uint32_t rest = tvb_captured_length(frames->bytes) - frames->end;

        mstun_ms_turn_stream_finish(event, peer, rest ? tvb_get_ptr(frames->bytes, (int)frames->end, (int)rest) : NULL,
                                    rest);
    }
    return true;
}

bool mstun_frames_in_data(const mstun_event_t *event, tvbuff_t *data, mstun_frames_t *frames)
{
    *frames = (mstun_frames_t){ .bytes = data, .end = end_of_frames(data), .position = event->position };
    return frames->end == tvb_captured_length(data);
}
