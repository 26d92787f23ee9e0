/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * conversation/coverage.c: what of a direction was read and what is kept of it, however its segments come. */
#include "unit.h"

#include "conversation/coverage.h"

#define SPACE 600 /* positions of a random direction */

/* Where a direction begins; the last one wraps. */
static const uint32_t beginnings[] = { 1, 0x7FFFFFF0, 0xFFFFFFF0 };

/* The byte at a place of a direction. */
static uint8_t byte_at(uint32_t place)
{
    return (uint8_t)(place * 7 + 3);
}

static void keep(mstun_coverage_t *coverage, uint32_t first, uint32_t begin, uint32_t end)
{
    uint8_t bytes[SPACE];

    for (uint32_t place = begin; place < end; place++) {
        bytes[place - begin] = byte_at(place);
    }
    mstun_coverage_keep(coverage, first + begin, unit_guarded(bytes, end - begin), end - begin, end - begin);
}

static void read(mstun_coverage_t *coverage, uint32_t first, uint32_t begin, uint32_t end)
{
    mstun_coverage_read(coverage, first + begin, first + end, MSTUN_FRAMING_STUN);
}

static mstun_coverage_t begun(uint32_t first)
{
    mstun_coverage_t coverage;

    unit_new_file();
    mstun_coverage_begin(&coverage, first, first, 0);
    return coverage;
}

/* The run around a place has these bytes. */
static mstun_run_t assert_run(const mstun_coverage_t *coverage, uint32_t first, uint32_t place, uint32_t begin,
                              uint32_t end)
{
    mstun_run_t run;

    g_assert_true(mstun_coverage_run(coverage, first + place, &run));
    g_assert_cmpuint(run.begin - first, ==, begin);
    g_assert_cmpuint(run.len, ==, end - begin);
    for (uint32_t i = 0; i < run.len; i++) {
        g_assert_cmpuint(run.bytes[i], ==, byte_at(begin + i));
    }
    return run;
}

static void assert_no_run(const mstun_coverage_t *coverage, uint32_t first, uint32_t place)
{
    mstun_run_t run;

    g_assert_false(mstun_coverage_run(coverage, first + place, &run));
}

static void test_in_order(void)
{
    for (unsigned i = 0; i < array_length(beginnings); i++) {
        uint32_t first = beginnings[i];
        mstun_coverage_t coverage = begun(first);

        read(&coverage, first, 0, 10);
        read(&coverage, first, 10, 30);
        g_assert_true(mstun_coverage_ends_at(&coverage, first + 30));
        g_assert_false(mstun_coverage_has_new(&coverage, first + 5, first + 30));
        g_assert_true(mstun_coverage_has_new(&coverage, first + 5, first + 31));
        g_assert_cmpuint(mstun_coverage_gap_frame(&coverage), ==, 0);
    }
}

/* A whole segment comes late. */
static void test_hole(void)
{
    for (unsigned i = 0; i < array_length(beginnings); i++) {
        uint32_t first = beginnings[i];
        mstun_coverage_t coverage = begun(first);

        read(&coverage, first, 0, 10);
        coverage.gap_frame = 5;
        read(&coverage, first, 20, 30);
        g_assert_cmpuint(mstun_coverage_gap_frame(&coverage), ==, 5);
        assert_no_run(&coverage, first, 15);
        keep(&coverage, first, 10, 20);
        g_assert_true(coverage.is_late);
        mstun_run_t run = assert_run(&coverage, first, 10, 10, 20);

        g_assert_true(run.synchronized);
        g_assert_false(run.at_top);
        read(&coverage, first, 10, 20);
        g_assert_cmpuint(mstun_coverage_gap_frame(&coverage), ==, 0);
        g_assert_true(mstun_coverage_ends_at(&coverage, first + 30));
    }
}

/* A unit of known length: its first bytes, its end, and then its middle. */
static void test_unit(void)
{
    for (unsigned i = 0; i < array_length(beginnings); i++) {
        uint32_t first = beginnings[i];
        mstun_coverage_t coverage = begun(first);

        keep(&coverage, first, 0, 10);
        mstun_coverage_await(&coverage, first, first + 40);
        assert_no_run(&coverage, first, 9);
        keep(&coverage, first, 30, 40);
        assert_no_run(&coverage, first, 39);
        keep(&coverage, first, 10, 30);
        g_assert_true(assert_run(&coverage, first, 10, 0, 40).at_top);
        read(&coverage, first, 0, 40);
        g_assert_true(mstun_coverage_ends_at(&coverage, first + 40));
    }
}

/* What follows a unit that lacks its middle does not wait for it; the unit's own end does. */
static void test_behind_unit(void)
{
    mstun_coverage_t coverage = begun(1);

    keep(&coverage, 1, 0, 10);
    mstun_coverage_await(&coverage, 1, 1 + 40);
    keep(&coverage, 1, 30, 60);
    g_assert_true(assert_run(&coverage, 1, 59, 40, 60).synchronized);
}

/* The capture begins within the direction, and has what came before a little later. */
static void test_beginning(void)
{
    mstun_coverage_t coverage;

    unit_new_file();
    mstun_coverage_begin(&coverage, 1, 101, 0);
    read(&coverage, 1, 100, 120);
    g_assert_true(mstun_coverage_has_new(&coverage, 1 + 90, 1 + 100));
    keep(&coverage, 1, 80, 100);
    g_assert_false(assert_run(&coverage, 1, 80, 80, 100).synchronized);
    g_assert_cmpuint(mstun_coverage_gap_frame(&coverage), ==, 0); /* nobody knows that anything is missing */
}

/* Holes that nothing fills are given up, and remembered as a gap. */
static void test_too_many_holes(void)
{
    mstun_coverage_t coverage = begun(1);

    for (uint32_t i = 0; i < 1000; i++) {
        coverage.gap_frame = i + 1;
        read(&coverage, 1, 20 * i + 10, 20 * i + 20);
    }
    g_assert_cmpuint(coverage.hole_count, <=, 256);
    g_assert_cmpuint(mstun_coverage_gap_frame(&coverage), ==, 1000);
    g_assert_false(mstun_coverage_has_new(&coverage, 1, 11));
    g_assert_true(mstun_coverage_has_new(&coverage, 1 + 20 * 999, 1 + 20 * 999 + 10));
}

/* A direction of which nothing can be read does not fill the memory. */
static void test_too_many_bytes(void)
{
    mstun_coverage_t coverage = begun(1);

    for (uint32_t begin = 10; begin < 0x100000; begin += 500) {
        static const uint8_t bytes[400];

        mstun_coverage_keep(&coverage, 1 + begin, bytes, sizeof bytes, sizeof bytes);
        g_assert_cmpuint(coverage.kept, <=, 0x80000);
    }
}

typedef enum { UNKNOWN, KEPT, READ } place_t;

static void assert_as_model(const mstun_coverage_t *coverage, uint32_t first, const place_t *places, uint32_t begin,
                            uint32_t end)
{
    uint32_t kept = 0;
    bool is_new = false;
    mstun_run_t run;

    for (uint32_t place = 0; place < SPACE; place++) {
        kept += places[place] == KEPT ? 1 : 0;
        is_new = is_new || (place >= begin && place < end && places[place] == UNKNOWN);
    }
    g_assert_cmpuint(coverage->kept, ==, kept);
    g_assert_true(mstun_coverage_has_new(coverage, first + begin, first + end) == is_new);
    if (mstun_coverage_run(coverage, first + begin, &run)) {
        g_assert_cmpuint(run.len, >, 0);
        for (uint32_t i = 0; i < run.len; i++) {
            g_assert_cmpuint(places[run.begin - first + i], ==, KEPT);
            g_assert_cmpuint(run.bytes[i], ==, byte_at(run.begin - first + i));
        }
    }
}

/* Segments of any place and length, read or kept, against a table of all places. */
static void test_random(void)
{
    uint32_t state = 1;

    for (unsigned file = 0; file < 60; file++) {
        uint32_t first = beginnings[file % array_length(beginnings)];
        mstun_coverage_t coverage = begun(first);
        place_t places[SPACE] = { UNKNOWN };

        for (unsigned step = 0; step < 100; step++) {
            uint32_t begin = unit_random(&state) % (SPACE - 60), end = begin + 1 + unit_random(&state) % 60;
            bool is_read = unit_random(&state) % 3 == 0;

            if (is_read) {
                read(&coverage, first, begin, end);
            } else {
                keep(&coverage, first, begin, end);
            }
            for (uint32_t place = begin; place < end; place++) {
                places[place] = is_read ? READ : MAX(places[place], KEPT);
            }
            begin = unit_random(&state) % (SPACE - 60);
            assert_as_model(&coverage, first, places, begin, begin + 1 + unit_random(&state) % 60);
        }
    }
}

void unit_add_conversation(void)
{
    g_test_add_func("/conversation/coverage_in_order", test_in_order);
    g_test_add_func("/conversation/coverage_hole", test_hole);
    g_test_add_func("/conversation/coverage_unit", test_unit);
    g_test_add_func("/conversation/coverage_behind_unit", test_behind_unit);
    g_test_add_func("/conversation/coverage_beginning", test_beginning);
    g_test_add_func("/conversation/coverage_too_many_holes", test_too_many_holes);
    g_test_add_func("/conversation/coverage_too_many_bytes", test_too_many_bytes);
    g_test_add_func("/conversation/coverage_random", test_random);
}
