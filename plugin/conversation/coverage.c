/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conversation/coverage.h"

#include "conversation/tcp_flow.h"

#define HOLES_MAX 256    /* of a direction */
#define KEPT_MAX 0x80000 /* bytes of a direction: several units of the greatest length */
#define BLOCK_MIN 256

static uint32_t earlier(uint32_t a, uint32_t b)
{
    return mstun_seq_distance(a, b) < 0 ? a : b;
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return mstun_seq_distance(a, b) > 0 ? a : b;
}

static bool is_before(uint32_t a, uint32_t b)
{
    return mstun_seq_distance(a, b) < 0;
}

static uint32_t piece_end(const mstun_piece_t *piece)
{
    return piece->begin + piece->len;
}

/* The oldest hole: nothing that would fill it is expected any more. */
static void give_up_hole(mstun_coverage_t *coverage)
{
    mstun_hole_t *oldest = coverage->holes;

    if (!oldest) {
        return;
    }
    coverage->lost_frame = MAX(coverage->lost_frame, oldest->frame);
    coverage->holes = oldest->next;
    coverage->hole_count--;
    wmem_free(wmem_file_scope(), oldest);
}

/* link: where its pointer goes. */
static void insert_hole(mstun_coverage_t *coverage, mstun_hole_t **link, const mstun_hole_t *hole)
{
    mstun_hole_t *copy = (mstun_hole_t *)wmem_memdup(wmem_file_scope(), hole, sizeof *hole);

    copy->next = *link;
    *link = copy;
    coverage->hole_count++;
}

static void append_hole(mstun_coverage_t *coverage, const mstun_hole_t *hole)
{
    mstun_hole_t **link = &coverage->holes;

    while (*link) {
        link = &(*link)->next;
    }
    insert_hole(coverage, link, hole);
}

/* A part of the hole at *link is read. Returns where the next hole's pointer is. */
static mstun_hole_t **fill_hole(mstun_coverage_t *coverage, mstun_hole_t **link, uint32_t begin, uint32_t end,
                                mstun_framing_t framing)
{
    mstun_hole_t *hole = *link, behind = *hole;
    bool is_left = is_before(hole->begin, begin), is_right = is_before(end, hole->end);

    behind.begin = behind.unit_end = end;
    behind.framing = framing;
    if (is_left) {
        hole->end = begin;
        if (is_right) {
            insert_hole(coverage, &hole->next, &behind);
        }
        return &hole->next;
    }
    if (is_right) {
        *hole = behind;
        return &hole->next;
    }
    *link = hole->next;
    coverage->hole_count--;
    wmem_free(wmem_file_scope(), hole);
    return link;
}

static void fill_holes(mstun_coverage_t *coverage, uint32_t begin, uint32_t end, mstun_framing_t framing)
{
    mstun_hole_t **link = &coverage->holes;

    while (*link && is_before((*link)->begin, end)) {
        link = is_before(begin, (*link)->end) ? fill_hole(coverage, link, begin, end, framing) : &(*link)->next;
    }
}

static void free_piece(mstun_coverage_t *coverage, mstun_piece_t **link)
{
    mstun_piece_t *piece = *link;

    *link = piece->next;
    coverage->kept -= piece->len;
    wmem_free(wmem_file_scope(), piece->block);
    wmem_free(wmem_file_scope(), piece);
}

/* Makes a piece at *link. */
static void insert_piece(mstun_coverage_t *coverage, mstun_piece_t **link, uint32_t begin, const uint8_t *bytes,
                         uint32_t len)
{
    mstun_piece_t *piece = wmem_new(wmem_file_scope(), mstun_piece_t);

    piece->begin = begin;
    piece->len = len;
    piece->block_len = MAX(len, BLOCK_MIN);
    piece->block = piece->bytes = (uint8_t *)wmem_alloc(wmem_file_scope(), piece->block_len);
    memcpy(piece->bytes, bytes, len);
    piece->next = *link;
    *link = piece;
    coverage->kept += len;
}

/* Bytes right behind the piece. Each byte is moved a few times at most, however small the segments are. */
static void extend_piece(mstun_coverage_t *coverage, mstun_piece_t *piece, const uint8_t *bytes, uint32_t len)
{
    uint32_t front = (uint32_t)(piece->bytes - piece->block);

    if (front + piece->len + len > piece->block_len) {
        piece->block_len = 2 * (front + piece->len + len);
        piece->block = (uint8_t *)wmem_realloc(wmem_file_scope(), piece->block, piece->block_len);
        piece->bytes = piece->block + front;
    }
    memcpy(piece->bytes + piece->len, bytes, len);
    piece->len += len;
    coverage->kept += len;
}

/* The piece ends where the next one begins, or behind that. */
static void join_next_pieces(mstun_coverage_t *coverage, mstun_piece_t *piece)
{
    while (piece->next && !is_before(piece_end(piece), piece->next->begin)) {
        mstun_piece_t *next = piece->next;

        if (is_before(piece_end(piece), piece_end(next))) {
            uint32_t known = piece_end(piece) - next->begin;

            extend_piece(coverage, piece, next->bytes + known, next->len - known);
        }
        free_piece(coverage, &piece->next);
    }
}

/* Bytes that are not read, not even in part. */
static void add_bytes(mstun_coverage_t *coverage, uint32_t begin, const uint8_t *bytes, uint32_t len)
{
    mstun_piece_t **link = &coverage->pieces;

    while (*link && is_before(piece_end(*link), begin)) {
        link = &(*link)->next;
    }
    if (!*link || is_before(begin, (*link)->begin)) {
        insert_piece(coverage, link, begin, bytes, len);
    } else {
        uint32_t known = piece_end(*link) - begin;

        if (known >= len) {
            return;
        }
        extend_piece(coverage, *link, bytes + known, len - known);
    }
    join_next_pieces(coverage, *link);
    if (is_before(begin, coverage->newest) && !coverage->is_late) {
        coverage->is_late = true;
        coverage->late_at = begin;
    }
}

/* A part of the piece at *link is read. Returns where the next piece's pointer is. */
static mstun_piece_t **cut_piece(mstun_coverage_t *coverage, mstun_piece_t **link, uint32_t begin, uint32_t end)
{
    mstun_piece_t *piece = *link;
    uint32_t old_end = piece_end(piece);

    if (!is_before(piece->begin, begin) && !is_before(end, old_end)) {
        free_piece(coverage, link);
        return link;
    }
    if (!is_before(piece->begin, begin)) {
        coverage->kept -= end - piece->begin;
        piece->bytes += end - piece->begin;
        piece->len = old_end - end;
        piece->begin = end;
        return &piece->next;
    }
    if (is_before(end, old_end)) {
        insert_piece(coverage, &piece->next, end, piece->bytes + (end - piece->begin), old_end - end);
    }
    coverage->kept -= old_end - begin;
    piece->len = begin - piece->begin;
    return &piece->next;
}

static void forget_bytes(mstun_coverage_t *coverage, uint32_t begin, uint32_t end)
{
    mstun_piece_t **link = &coverage->pieces;

    while (*link && is_before((*link)->begin, end)) {
        link = is_before(begin, piece_end(*link)) ? cut_piece(coverage, link, begin, end) : &(*link)->next;
    }
}

void mstun_coverage_begin(mstun_coverage_t *coverage, uint32_t first, uint32_t seq, uint32_t frame)
{
    uint32_t top = frame ? first : seq;

    *coverage = (mstun_coverage_t){ .begun = true, .top = top, .unit_end = top, .newest = top, .gap_frame = frame };
    if (is_before(first, top)) {
        append_hole(coverage, &(mstun_hole_t){ .begin = first, .unit_end = first, .end = seq });
    }
}

void mstun_coverage_read_beyond(mstun_coverage_t *coverage, uint32_t begin, uint32_t end, mstun_framing_t framing)
{
    if (is_before(coverage->top, begin)) {
        append_hole(coverage, &(mstun_hole_t){ .begin = coverage->top,
                                               .end = begin,
                                               .unit_end = earlier(later(coverage->unit_end, coverage->top), begin),
                                               .frame = coverage->gap_frame,
                                               .framing = coverage->framing });
        coverage->gap_frame = 0;
    }
    if (coverage->holes) {
        fill_holes(coverage, begin, end, framing);
    }
    while (coverage->hole_count > HOLES_MAX) {
        give_up_hole(coverage);
    }
    if (coverage->pieces) {
        forget_bytes(coverage, begin, end);
    }
    if (is_before(coverage->top, end)) {
        coverage->top = coverage->unit_end = end;
        coverage->framing = framing;
    }
    coverage->newest = later(coverage->newest, end);
    if (coverage->newest == coverage->top) {
        coverage->gap_frame = 0;
    }
}

/* The first of the bytes that are not read. False if there are none. */
static bool next_unread(const mstun_coverage_t *coverage, uint32_t begin, uint32_t end, uint32_t *from, uint32_t *to)
{
    for (const mstun_hole_t *hole = coverage->holes; hole && is_before(hole->begin, end); hole = hole->next) {
        if (is_before(begin, hole->end) && is_before(begin, end)) {
            *from = later(begin, hole->begin);
            *to = earlier(end, hole->end);
            return true;
        }
    }
    *from = later(begin, coverage->top);
    *to = end;
    return is_before(*from, end);
}

void mstun_coverage_keep(mstun_coverage_t *coverage, uint32_t begin, const uint8_t *bytes, uint32_t captured,
                         uint32_t reported)
{
    uint32_t from, to, place = begin;

    while (next_unread(coverage, place, begin + captured, &from, &to)) {
        add_bytes(coverage, from, bytes + (from - begin), to - from);
        place = to;
    }
    coverage->newest = later(coverage->newest, begin + reported);
    if (coverage->kept > KEPT_MAX) {
        while (coverage->pieces) {
            free_piece(coverage, &coverage->pieces);
        }
    }
}

void mstun_coverage_await(mstun_coverage_t *coverage, uint32_t begin, uint32_t end)
{
    mstun_hole_t *hole = coverage->holes;

    if (begin == coverage->top) {
        coverage->unit_end = end;
        return;
    }
    while (hole && hole->begin != begin) {
        hole = hole->next;
    }
    if (hole) {
        hole->unit_end = earlier(end, hole->end);
    }
}

bool mstun_coverage_has_new(const mstun_coverage_t *coverage, uint32_t begin, uint32_t end)
{
    uint32_t from, to;

    for (; next_unread(coverage, begin, end, &from, &to); begin = to) {
        const mstun_piece_t *piece = coverage->pieces;

        while (piece && !is_before(from, piece_end(piece))) {
            piece = piece->next;
        }
        if (!piece || is_before(from, piece->begin) || is_before(piece_end(piece), to)) {
            return true;
        }
    }
    return false;
}

static const mstun_piece_t *piece_at(const mstun_coverage_t *coverage, uint32_t position)
{
    const mstun_piece_t *piece = coverage->pieces;

    while (piece && !is_before(position, piece_end(piece))) {
        piece = piece->next;
    }
    return piece && !is_before(position, piece->begin) ? piece : NULL;
}

bool mstun_coverage_reaches(const mstun_coverage_t *coverage, uint32_t position)
{
    const mstun_piece_t *piece = piece_at(coverage, coverage->top);

    return piece && !is_before(piece_end(piece), position);
}

bool mstun_coverage_run(const mstun_coverage_t *coverage, uint32_t position, mstun_run_t *run)
{
    const mstun_piece_t *piece = piece_at(coverage, position);
    const mstun_hole_t *hole = coverage->holes;

    while (hole && !is_before(position, hole->end)) {
        hole = hole->next;
    }
    if (!piece) {
        return false;
    }
    uint32_t unit_begin = hole ? hole->begin : coverage->top, unit_end = hole ? hole->unit_end : coverage->unit_end;
    bool from_unit = piece->begin == unit_begin;

    *run = (mstun_run_t){ .begin = from_unit ? unit_begin : later(piece->begin, unit_end),
                          .framing = hole ? hole->framing : coverage->framing,
                          .at_top = !hole };
    /* Bytes within a unit whose beginning or middle is missing may look like others: they are no units. */
    if (from_unit ? is_before(piece_end(piece), unit_end) : !is_before(run->begin, piece_end(piece))) {
        return false;
    }
    run->len = piece_end(piece) - run->begin;
    run->bytes = piece->bytes + (run->begin - piece->begin);
    run->synchronized = from_unit ? !hole || hole->frame != 0 : run->begin == unit_end;
    return true;
}

uint32_t mstun_coverage_gap_frame(const mstun_coverage_t *coverage)
{
    uint32_t frame = MAX(coverage->gap_frame, coverage->lost_frame);

    for (const mstun_hole_t *hole = coverage->holes; hole; hole = hole->next) {
        frame = MAX(frame, hole->frame);
    }
    return frame;
}
