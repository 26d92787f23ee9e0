/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/call_filter.h"

static wmem_map_t *calls_of_frames; /* frame -> mstun_call_t */

void mstun_call_filter_learn(packet_info *pinfo, const char *call_id)
{
    const mstun_call_t *call = mstun_call_find(call_id);

    if (!call) {
        return;
    }
    if (!calls_of_frames) {
        calls_of_frames = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    }
    wmem_map_insert(calls_of_frames, GUINT_TO_POINTER(pinfo->num), MSTUN_UNCONST(call));
}

/* Streams of the connection that carries a pair of a call. */
typedef struct {
    const mstun_stream_t *stream;
    packet_info *pinfo;
    const mstun_call_t *call;
    GString *filter;
} search_t;

static void find_call(mstun_pair_t *pair, void *data)
{
    search_t *search = (search_t *)data;

    if (!search->call && mstun_pair_stream(pair) == search->stream) {
        mstun_pair_call_t call = mstun_call_of_pair(mstun_pair_seen(pair, search->pinfo));

        search->call = call.stream ? call.stream->call : NULL;
    }
}

static const mstun_call_t *call_of(packet_info *pinfo)
{
    search_t search = { .stream = mstun_call_any() ? mstun_stream_find(pinfo) : NULL, .pinfo = pinfo };
    const mstun_call_stream_t *stream;

    if (calls_of_frames && wmem_map_contains(calls_of_frames, GUINT_TO_POINTER(pinfo->num))) {
        return (const mstun_call_t *)wmem_map_lookup(calls_of_frames, GUINT_TO_POINTER(pinfo->num));
    }
    if (!search.stream) {
        return NULL;
    }
    mstun_pair_foreach(find_call, &search);
    if (search.call) {
        return search.call;
    }
    stream = mstun_call_of_allocation(mstun_stream_related_allocation(search.stream));
    return stream ? stream->call : NULL;
}

static ws_bool is_valid(MSTUN_CONVERSATION_FILTER_ARGS)
{
    return call_of(pinfo) != NULL;
}

/* What a filter's string may not have as it is. */
static void append_quoted(GString *filter, const char *text)
{
    g_string_append_c(filter, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            g_string_append_c(filter, '\\');
        }
        g_string_append_c(filter, *text);
    }
    g_string_append_c(filter, '"');
}

static void append_stream(mstun_pair_t *pair, void *data)
{
    search_t *search = (search_t *)data;
    const mstun_pair_view_t *view = mstun_pair_seen(pair, search->pinfo);
    mstun_pair_call_t call = mstun_call_of_pair(view);

    if (call.stream && call.stream->call == search->call) {
        g_string_append_printf(search->filter, " || %s.stream == %u", view->tcp ? "tcp" : "udp", view->stream);
    }
}

/* Signalling, STUN, and whatever the connections of its pairs carry besides. */
static char *build(MSTUN_CONVERSATION_FILTER_ARGS)
{
    search_t search = { .pinfo = pinfo, .call = call_of(pinfo), .filter = g_string_new(NULL) };

    if (!search.call) { /* it is not asked for where is_valid says no */
        return g_string_free(search.filter, FALSE);
    }
    g_string_append(search.filter, "sip.Call-ID == ");
    append_quoted(search.filter, search.call->id);
    g_string_append(search.filter, " || mstun.call.id == ");
    append_quoted(search.filter, search.call->id);
    mstun_pair_foreach(append_stream, &search);
    return g_string_free(search.filter, FALSE);
}

/* Before a file is closed. */
static void forget(void)
{
    calls_of_frames = NULL;
}

void mstun_call_filter_register(const mstun_registrar_t *reg _U_)
{
    mstun_register_conversation_filter("mstun", "Call (SIP and STUN)", is_valid, build);
    register_cleanup_routine(forget);
}
