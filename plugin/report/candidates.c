/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mstun,candidates: one row for each candidate that signalling has, with what became of it. */
#include "report/report.h"

#include "attr/address.h"
#include "report/instance.h"
#include "signal/uses.h"

enum {
    VERDICT,
    CALL,
    FROM,
    TO,
    MEDIA,
    SIDE,
    UFRAG,
    COMPONENT,
    TYPE,
    TRANSPORT,
    ADDRESS,
    BASE,
    PRIORITY,
    SDP,
    CHECKS_FROM,
    CHECKS_TO,
    SUCCESSES,
    FIRST,
    LAST,
    BECAUSE,
    COLUMNS
};

static const mstun_column_t columns[COLUMNS] = {
    [VERDICT] = { "verdict", "Verdict", false },
    [CALL] = { "call", "Call", false },
    [FROM] = { "from", NULL, false },
    [TO] = { "to", NULL, false },
    [MEDIA] = { "media", "Media", false },
    [SIDE] = { "side", "Candidate of", false },
    [UFRAG] = { "ufrag", NULL, false },
    [COMPONENT] = { "component", "Comp", false },
    [TYPE] = { "type", "Type", false },
    [TRANSPORT] = { "transport", "Transport", false },
    [ADDRESS] = { "address", "Address", false },
    [BASE] = { "base", "Base", false },
    [PRIORITY] = { "priority", NULL, false },
    [SDP] = { "sdp_frame", "SDP", false },
    [CHECKS_FROM] = { "checks_from", "Sent", false },
    [CHECKS_TO] = { "checks_to", "Got", false },
    [SUCCESSES] = { "successes", "ok", false },
    [FIRST] = { "first_frame", "First", false },
    [LAST] = { "last_frame", "Last", false },
    [BECAUSE] = { "because", "Because", true },
};

/* Pairs and calls with a message that passed the filter. */
static void on_message(void *state, packet_info *pinfo _U_, const mstun_tap_info_t *info)
{
    if (info->pair) {
        mstun_pointer_set_add(state, info->pair);
    }
    if (info->call) {
        mstun_pointer_set_add(state, info->call);
    }
}

typedef struct {
    const mstun_uses_t *uses;
    mstun_table_t *table;
    unsigned checked;
} fill_t;

static const char *address_text(wmem_allocator_t *scope, const mstun_candidate_t *candidate)
{
    if (candidate->address.family) {
        return mstun_endpoint_text(scope, &candidate->address);
    }
    return wmem_strdup_printf(scope, "%s:%u", mstun_slice_dup(scope, candidate->name), candidate->address.port);
}

static void fill_use(fill_t *fill, const mstun_generation_t *generation, const mstun_call_candidate_t *candidate,
                     mstun_cell_t *cells)
{
    mstun_use_t use = mstun_use_of_candidate(fill->uses, candidate);

    cells[VERDICT] = mstun_cell_text(mstun_use_text(&use));
    cells[CHECKS_FROM] = mstun_cell_number(use.from);
    cells[CHECKS_TO] = mstun_cell_number(use.to);
    cells[SUCCESSES] = mstun_cell_number(use.successes);
    cells[FIRST] = mstun_cell_frame(use.first_frame);
    cells[LAST] = mstun_cell_frame(use.last_frame);
    if (!use.first_frame) {
        cells[BECAUSE] = mstun_cell_text(mstun_use_because(fill->uses, generation, candidate));
    }
    fill->checked += use.first_frame != 0;
}

static void add_row(fill_t *fill, const mstun_generation_t *generation, const mstun_call_candidate_t *candidate)
{
    wmem_allocator_t *scope = fill->table->scope;
    const mstun_candidate_t *is = &candidate->is;
    const mstun_call_t *call = generation->stream->call;
    mstun_cell_t *cells = mstun_table_add_row(fill->table);

    cells[CALL] = mstun_cell_text(call->id);
    cells[FROM] = mstun_cell_text(call->from);
    cells[TO] = mstun_cell_text(call->to);
    cells[MEDIA] = mstun_cell_text(generation->stream->name);
    cells[SIDE] = mstun_cell_text(generation->side == MSTUN_CALLER ? call->from : call->to);
    cells[UFRAG] = mstun_cell_text(generation->ufrag);
    cells[COMPONENT] = mstun_cell_number(is->component);
    cells[TYPE] = mstun_cell_text(val_to_str_const(is->type, mstun_candidate_type_names, ""));
    cells[TRANSPORT] = mstun_cell_text(val_to_str_const(is->transport, mstun_candidate_transport_names, ""));
    cells[ADDRESS] = mstun_cell_text(address_text(scope, is));
    if (is->base.family) {
        cells[BASE] = mstun_cell_text(mstun_endpoint_text(scope, &is->base));
    }
    cells[PRIORITY] = mstun_cell_number(is->priority);
    cells[SDP] = mstun_cell_frame(candidate->frame);
    fill_use(fill, generation, candidate, cells);
}

/* Oldest first: a restart comes behind what it replaces. */
static void add_generations(fill_t *fill, const mstun_generation_t *generation)
{
    if (!generation) {
        return;
    }
    add_generations(fill, generation->older); /* at most 16 */
    if (generation->bundled || !mstun_generation_is_used(generation)) {
        return;
    }
    for (unsigned i = 0; i < wmem_array_get_count(generation->candidates); i++) {
        add_row(fill, generation, (const mstun_call_candidate_t *)wmem_array_index(generation->candidates, i));
    }
}

typedef struct {
    GHashTable *pairs;
    wmem_map_t *calls; /* that have a pair in it */
    const nstime_t *end;
} passed_t;

static void note_call(mstun_pair_t *pair, void *data)
{
    passed_t *passed = (passed_t *)data;

    if (g_hash_table_contains(passed->pairs, pair)) {
        mstun_pair_call_t call = mstun_call_of_pair(mstun_pair_view(pair, passed->end));

        if (call.stream) {
            wmem_map_insert(passed->calls, call.stream->call, MSTUN_UNCONST(call.stream->call));
        }
    }
}

static void build_table(const void *state, const nstime_t *end, mstun_table_t *table)
{
    GHashTable *set = (GHashTable *)MSTUN_UNCONST(state);
    passed_t passed = { set, wmem_map_new(table->scope, g_direct_hash, g_direct_equal), end };
    fill_t fill = { mstun_uses_new(table->scope, end), table, 0 };
    unsigned calls = 0;

    mstun_pair_foreach(note_call, &passed);
    for (const mstun_call_t *call = mstun_call_first(); call; call = call->next) {
        if (!g_hash_table_contains(set, call) && !wmem_map_contains(passed.calls, call)) {
            continue;
        }
        calls++;
        for (const mstun_call_stream_t *stream = call->streams; stream; stream = stream->next) {
            add_generations(&fill, stream->newest[MSTUN_CALLER]);
            add_generations(&fill, stream->newest[MSTUN_CALLEE]);
        }
    }
    table->total = wmem_strdup_printf(table->scope, "calls: %u; candidates: %u; checked: %u", calls,
                                      mstun_table_count(table), fill.checked);
}

void mstun_candidates_report_register(const mstun_registrar_t *reg _U_)
{
    static const mstun_report_t report = { .name = "candidates",
                                           .title = "STUN: candidates of calls",
                                           .columns = columns,
                                           .column_count = COLUMNS,
                                           .empty = "no candidates: the capture has no signalling with ICE",
                                           .create_state = mstun_pointer_set_new,
                                           .free_state = mstun_pointer_set_free,
                                           .on_message = on_message,
                                           .build_table = build_table };

    mstun_command_register(&report);
    mstun_window_register(&report, 3);
}
