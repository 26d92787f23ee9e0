/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which bytes of one direction of a TCP connection have been read as units, and the bytes of those that were captured
 * and not read yet: the beginning of a unit, the end of one whose middle is missing. A segment that comes late
 * completes them.
 *
 * Positions are sequence numbers. All below top is read, except for the holes. What is read is not kept. */
#ifndef MSTUN_CONVERSATION_COVERAGE_H
#define MSTUN_CONVERSATION_COVERAGE_H

#include "framing/framing.h"

/** Bytes that were not read, though later ones were. A unit begins at begin. */
typedef struct mstun_hole {
    struct mstun_hole *next; /* the next one by position */
    uint32_t begin;
    uint32_t end;
    uint32_t unit_end; /* of the unit at begin, if its length is known; else begin */
    uint32_t frame;    /* the first one behind the hole; 0: it is the beginning that the capture does not have */
    mstun_framing_t framing;
} mstun_hole_t;

/* Bytes that are kept, one after the other. */
typedef struct mstun_piece {
    struct mstun_piece *next; /* the next one by position */
    uint32_t begin;
    uint32_t len;
    uint8_t *bytes;
    uint8_t *block; /* bytes lie in it */
    uint32_t block_len;
} mstun_piece_t;

typedef struct {
    bool begun;   /* else nothing here has a meaning */
    bool is_late; /* new bytes are kept that come before others, from late_at on */
    uint32_t late_at;
    uint32_t top;
    uint32_t unit_end;       /* of the unit at top, if its length is known; else top */
    uint32_t newest;         /* the end of what is read or kept */
    uint32_t gap_frame;      /* the last frame with bytes missing between top and it; 0: none */
    uint32_t lost_frame;     /* of the last hole that was given up; 0: none was */
    mstun_framing_t framing; /* at top */
    mstun_hole_t *holes;
    unsigned hole_count;
    mstun_piece_t *pieces;
    uint32_t kept;
} mstun_coverage_t;

/** Kept bytes that can be read. */
typedef struct {
    uint32_t begin;
    uint32_t len;
    const uint8_t *bytes; /* valid until something is read or kept */
    mstun_framing_t framing;
    bool synchronized; /* a unit begins with them */
    bool at_top;       /* else they are in a hole */
} mstun_run_t;

/** The direction begins at first, and the capture has it from seq on. frame: that of seq, if bytes between are known to
 * be missing; 0 if they were before the capture, or others'. */
void mstun_coverage_begin(mstun_coverage_t *coverage, uint32_t first, uint32_t seq, uint32_t frame);

/** Whether this is top, and no bytes are kept: nearly always so, where the next segment begins. */
static inline bool mstun_coverage_ends_at(const mstun_coverage_t *coverage, uint32_t position)
{
    return coverage->newest == position && coverage->top == position && !coverage->pieces;
}

/** mstun_coverage_read() where it is not that simple. */
void mstun_coverage_read_beyond(mstun_coverage_t *coverage, uint32_t begin, uint32_t end, mstun_framing_t framing);

/** Bytes were read. framing: of those that follow them. end: behind begin. */
static inline void mstun_coverage_read(mstun_coverage_t *coverage, uint32_t begin, uint32_t end,
                                       mstun_framing_t framing)
{
    if (!mstun_coverage_ends_at(coverage, begin)) {
        mstun_coverage_read_beyond(coverage, begin, end, framing);
        return;
    }
    coverage->top = coverage->unit_end = coverage->newest = end;
    coverage->gap_frame = 0;
    coverage->framing = framing;
}

/** Keeps those of the bytes that were not read. reported: their number on the wire. */
void mstun_coverage_keep(mstun_coverage_t *coverage, uint32_t begin, const uint8_t *bytes, uint32_t captured,
                         uint32_t reported);

/** A unit begins at begin whose end is missing. end: its end; begin, if that is not known. */
void mstun_coverage_await(mstun_coverage_t *coverage, uint32_t begin, uint32_t end);

/** Whether any of the bytes has been neither read nor kept. */
bool mstun_coverage_has_new(const mstun_coverage_t *coverage, uint32_t begin, uint32_t end);

/** Whether all bytes from top to position are kept. */
bool mstun_coverage_reaches(const mstun_coverage_t *coverage, uint32_t position);

/** The kept bytes around position. False if there are none, or not enough to read a unit. */
bool mstun_coverage_run(const mstun_coverage_t *coverage, uint32_t position, mstun_run_t *run);

/** The last frame before which bytes are missing; 0: none are. */
uint32_t mstun_coverage_gap_frame(const mstun_coverage_t *coverage);

#endif
