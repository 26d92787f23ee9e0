/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * diagnose/: the table of findings, and which explains which. */
#include "unit.h"

#include "diagnose/finding.h"

static void test_table(void)
{
    for (unsigned id = 0; id < MSTUN_FINDING_MALFORMED; id++) {
        const mstun_finding_t *finding = mstun_finding_of((mstun_finding_id_t)id);

        g_assert_nonnull(finding->name);
        g_test_message("%s", finding->name);
        g_assert_true(g_str_has_prefix(finding->name, "mstun."));
        for (unsigned other = 0; other < id; other++) {
            g_assert_cmpstr(mstun_finding_of((mstun_finding_id_t)other)->name, !=, finding->name);
        }
        g_assert_cmpint(finding->rank, >=, MSTUN_RANK_STATED);
        g_assert_cmpint(finding->rank, <=, MSTUN_RANK_SILENCE);
        if (id < MSTUN_FINDING_FIRST_DECODED) {
            g_assert_true(finding->summary && finding->group && finding->severity);
            g_assert_true(finding->advice || finding->severity < PI_WARN); /* a row of the report */
        }
        for (unsigned i = 1; i < MSTUN_SENTENCES_MAX; i++) {
            g_assert_true(!finding->sentences[i] || finding->sentences[i - 1]);
        }
    }
}

static void assert_no_ring(mstun_finding_id_t id, unsigned depth)
{
    g_assert_cmpuint(depth, <, MSTUN_FINDING_COUNT);
    for (unsigned i = 0; i < mstun_explanation_count; i++) {
        if (mstun_explanations[i].cause == id) {
            assert_no_ring(mstun_explanations[i].consequence, depth + 1);
        }
    }
}

/* A consequence is shown below its cause, so both have a row in the report, and a cause has causes only so far. */
static void test_explanations(void)
{
    for (unsigned i = 0; i < mstun_explanation_count; i++) {
        const mstun_explanation_t *explanation = &mstun_explanations[i];

        g_test_message("%s explains %s", mstun_finding_of(explanation->cause)->name,
                       mstun_finding_of(explanation->consequence)->name);
        g_assert_nonnull(mstun_finding_of(explanation->cause)->advice);
        g_assert_nonnull(mstun_finding_of(explanation->consequence)->advice);
        g_assert_true(mstun_finding_explains(explanation->cause));
        g_assert_cmpint(explanation->relation, <, MSTUN_RELATIONS);
        assert_no_ring(explanation->cause, 0);
        for (unsigned j = i + 1; j < mstun_explanation_count; j++) {
            g_assert_true(memcmp(explanation, &mstun_explanations[j], sizeof *explanation) != 0);
        }
    }
    g_assert_false(mstun_finding_explains(MSTUN_FINDING_PENDING));
}

static void test_sentence(void)
{
    static const mstun_place_t places[] = { { "peer", "P" }, { "peers", "all" }, { "nothing", NULL }, { NULL, NULL } };
    static const struct {
        const char *sentence, *filled;
    } rows[] = {
        { "", "" },
        { "no place", "no place" },
        { "{peer}", "P" },
        { "{peer} and {peers}, {peer}.", "P and all, P." },
        { "<{nothing}>", "<>" },
        { "{unknown} {peer}", "{unknown} P" },
        { "{pee} {peer", "{pee} {peer" },
        { "}{ {peer}", "}{ P" },
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        g_test_message("%s", rows[i].sentence);
        g_assert_cmpstr(mstun_sentence_fill(wmem_file_scope(), rows[i].sentence, places), ==, rows[i].filled);
    }
}

void unit_add_findings(void)
{
    g_test_add_func("/diagnose/findings_table", test_table);
    g_test_add_func("/diagnose/findings_explanations", test_explanations);
    g_test_add_func("/diagnose/findings_sentence", test_sentence);
}
