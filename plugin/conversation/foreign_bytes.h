/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bytes on a connection of ours that are no unit, or a unit that is not as it should be: what they are, and who sent
 * them. Only where the capture has the direction from its beginning and without a gap, so that they were sent so. */
#ifndef MSTUN_CONVERSATION_FOREIGN_BYTES_H
#define MSTUN_CONVERSATION_FOREIGN_BYTES_H

#include "conversation/frame_index.h"
#include "conversation/stream.h"

typedef enum {
    MSTUN_BYTES_NOT_A_MESSAGE,
    MSTUN_BYTES_HTTP,
    MSTUN_BYTES_TLS,
    MSTUN_BYTES_UNPADDED_CHANNEL_DATA,   /* the next unit begins where the data ends (RFC 8656 section 12.5) */
    MSTUN_BYTES_SHORT_CHANNEL_DATA,      /* the next unit begins before the announced end */
    MSTUN_BYTES_INCOMPLETE_CHANNEL_DATA, /* it is waited for */
    MSTUN_BYTES_PADDING_COUNTED,         /* zero bytes behind the record in ChannelData */
    MSTUN_BYTES_PSEUDO_TLS_HELLO,        /* a client's; not foreign, but it needs an answer */
    MSTUN_BYTES_TLS_FOR_PSEUDO_TLS,      /* real TLS, in answer to that */
} mstun_bytes_kind_t;

typedef struct {
    mstun_frame_pos_t pos;
    nstime_t abs_ts;
    unsigned direction;
    mstun_bytes_kind_t kind;
    uint32_t count;     /* of the bytes */
    uint32_t announced; /* of ChannelData: the length that it says */
    const char *text;   /* the first bytes, or the first line; NULL: none */
} mstun_foreign_bytes_t;

/** Whether event's direction has been captured from the beginning of its connection to here, without a gap. */
bool mstun_direction_is_complete(const mstun_event_t *event);

/**
 * First visit: adds an entry at event's position, if its direction is complete. text is copied. Returns whether there
 * is an entry of this kind at that position now.
 */
bool mstun_foreign_bytes_learn(const mstun_event_t *event, mstun_bytes_kind_t kind, uint32_t count, uint32_t announced,
                               const char *text);

/** The entry of this kind at event's position; NULL if there is none. */
const mstun_foreign_bytes_t *mstun_foreign_bytes_at(const mstun_event_t *event, mstun_bytes_kind_t kind);

/** Whether there is an entry of this kind in event's direction before its position. */
bool mstun_foreign_bytes_before(const mstun_event_t *event, mstun_bytes_kind_t kind);

/** First visit: ChannelData at event's position is not there whole; count: bytes of its data that are. */
void mstun_channel_data_wait(const mstun_event_t *event, uint32_t count, uint32_t announced);

/** First visit: a unit of event's direction is there whole, so nothing is waited for. */
void mstun_channel_data_received(const mstun_event_t *event);

/** The ChannelData that is waited for in a direction; NULL: none. */
const mstun_foreign_bytes_t *mstun_stream_waits_for(const mstun_stream_t *stream, unsigned direction);

/** The entries of a stream (mstun_foreign_bytes_t), by frame; NULL: none. */
wmem_array_t *mstun_stream_foreign_bytes(const mstun_stream_t *stream);

#endif
