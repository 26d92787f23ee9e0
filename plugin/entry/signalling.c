/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bodies come by the table of media types, where whoever was there before is called for its tree; headers by SIP's
 * table of headers. While mstun is disabled both tables are as they would be without it. Nothing here is called for a
 * packet that has no such body or header. */
#include "entry/signalling.h"

#include <epan/dissectors/packet-sip.h>
#include <epan/proto_data.h>

#include "attr/address.h"
#include "diagnose/diagnose.h"
#include "dissect/event.h"
#include "report/tap.h"
#include "signal/call_filter.h"
#include "signal/call_tree.h"
#include "signal/keys.h"
#include "signal/relay_auth.h"

#define HEADERS_LEN_MAX 16384u /* of a SIP message that are looked through */

typedef enum { BODY_SDP, BODY_MRAS, HEADER, KINDS } kind_t;

/* One entry of a table. */
typedef struct {
    const char *table, *key;
    dissector_handle_t before; /* whom we replaced; NULL: nobody */
    kind_t kind;
    bool hooked;
} hook_t;

static hook_t hooks[] = {
    { .table = "media_type", .key = "application/sdp", .kind = BODY_SDP },
    { .table = "media_type", .key = "application/gw-sdp", .kind = BODY_SDP },
    { .table = "media_type", .key = "application/trickle-ice-sdpfrag", .kind = BODY_SDP },
    { .table = "media_type", .key = "application/msrtc-media-relay-auth+xml", .kind = BODY_MRAS },
    { .table = "sip.hdr", .key = "ms-diagnostics", .kind = HEADER },
    { .table = "sip.hdr", .key = "ms-diagnostics-public", .kind = HEADER },
    { .table = "sip.hdr", .key = "ms-client-diagnostics", .kind = HEADER },
};

static int proto_mstun = -1;
static int proto_sip = -1;
static dissector_handle_t ours[KINDS];      /* by kind */
static dissector_handle_t otherwise[KINDS]; /* who shows it where nobody was before us; NULL: nobody */

static const char *text_or(const void *text, const char *fallback)
{
    return text && *(const char *)text ? (const char *)text : fallback;
}

/* SIP's own data on the message that is being dissected; NULL: this is not in SIP. */
static const sip_info_value_t *sip_info(packet_info *pinfo)
{
    for (int layer = (int)pinfo->curr_layer_num; layer >= 0; layer--) {
        void *info = p_get_proto_data(pinfo->pool, pinfo, proto_sip, (uint32_t)layer);

        if (info) {
            return (const sip_info_value_t *)info;
        }
    }
    return NULL;
}

/* WHIP and WHEP have no Call-ID: both directions of the connection are the call. */
static void fill_connection(mstun_signal_t *signal)
{
    mstun_endpoint_t other;

    mstun_packet_destination(signal->pinfo, &other);
    packet_info *pinfo = signal->pinfo;
    const char *source = mstun_endpoint_text(pinfo->pool, &signal->source);
    const char *destination = mstun_endpoint_text(pinfo->pool, &other);
    bool swapped = strcmp(source, destination) > 0;

    signal->from = source;
    signal->to = destination;
    signal->method = "HTTP";
    signal->call_id =
        wmem_strdup_printf(pinfo->pool, "HTTP %s %s", swapped ? destination : source, swapped ? source : destination);
}

/* "sip:alice@example.com" of what a From line says: its name may differ within a call. */
static const char *uri_of(packet_info *pinfo, const char *text)
{
    const char *begin = strrchr(text, '<'), *end = begin ? strchr(begin, '>') : NULL;

    return end ? wmem_strndup(pinfo->pool, begin + 1, (size_t)(end - begin - 1)) : text;
}

/* The value of a header line, if it has one of two names. */
static const char *value_of(packet_info *pinfo, mstun_slice_t line, const char *name, const char *compact)
{
    mstun_slice_t found;

    if (!mstun_slice_next_part(&line, ':', &found)) {
        return NULL;
    }
    found = mstun_slice_trimmed(found);
    return mstun_slice_is(found, name) || mstun_slice_is(found, compact)
               ? mstun_slice_dup(pinfo->pool, mstun_slice_trimmed(line))
               : NULL;
}

/* Where one of our headers stands in front of Call-ID, From or To, SIP has not read these yet: they are looked for in
 * the lines behind it. header: its value, a part of the message. */
static void look_ahead(tvbuff_t *header, packet_info *pinfo, sip_info_value_t *info)
{
    tvbuff_t *message = tvb_get_ds_tvb(header);
    int offset = tvb_raw_offset(header);
    uint32_t len = tvb_captured_length(message) - (uint32_t)offset;
    mstun_slice_t rest = { (const char *)tvb_memdup(pinfo->pool, message, offset, MIN(len, HEADERS_LEN_MAX)),
                           MIN(len, HEADERS_LEN_MAX) };
    mstun_slice_t line;

    while (mstun_slice_next_line(&rest, &line) && line.len > 0) {
        const char *id = value_of(pinfo, line, "Call-ID", "i"), *from = value_of(pinfo, line, "From", "f");
        const char *to = value_of(pinfo, line, "To", "t");

        if (id && !info->tap_call_id) {
            info->tap_call_id = MSTUN_UNCONST(id);
        }
        if (from && !info->tap_from_addr) {
            info->tap_from_addr = MSTUN_UNCONST(from);
        }
        if (to && !info->tap_to_addr) {
            info->tap_to_addr = MSTUN_UNCONST(to);
        }
    }
}

/* False: the message has no Call-ID. header: the value of one of our headers; NULL: this is a body. */
static bool fill_signal(tvbuff_t *header, packet_info *pinfo, mstun_signal_t *signal)
{
    const sip_info_value_t *found = sip_info(pinfo);

    memset(signal, 0, sizeof *signal);
    signal->pinfo = pinfo;
    mstun_packet_source(pinfo, &signal->source);
    if (!found) {
        fill_connection(signal);
        return true;
    }
    sip_info_value_t info = *found;

    if (header && (!info.tap_call_id || !info.tap_from_addr || !info.tap_to_addr)) {
        look_ahead(header, pinfo, &info);
    }
    signal->call_id = text_or(info.tap_call_id, NULL);
    signal->from = uri_of(pinfo, text_or(info.tap_from_addr, "?"));
    signal->to = uri_of(pinfo, text_or(info.tap_to_addr, "?"));
    signal->method = info.response_code ? NULL : text_or(info.request_method, "?");
    signal->code = info.response_code;
    return signal->call_id != NULL;
}

/* A copy of what the capture has of it: a body that is foreign to us can do no harm beyond it. */
static mstun_slice_t copy_of(packet_info *pinfo, tvbuff_t *tvb)
{
    uint32_t len = tvb_captured_length(tvb);

    return (mstun_slice_t){ len > 0 ? (const char *)tvb_memdup(pinfo->pool, tvb, 0, len) : NULL, len };
}

/* The entry by which the table has called us. */
static const hook_t *hook_of(const packet_info *pinfo, kind_t kind)
{
    const hook_t *first = NULL;

    for (unsigned i = 0; i < array_length(hooks); i++) {
        if (hooks[i].kind == kind) {
            first = first ? first : &hooks[i];
            if (pinfo->match_string && g_ascii_strcasecmp(pinfo->match_string, hooks[i].key) == 0) {
                return &hooks[i];
            }
        }
    }
    return first;
}

/* What the body's tree would be without us. */
static int dissect_before(kind_t kind, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const hook_t *hook = hook_of(pinfo, kind);
    dissector_handle_t handle = hook->before ? hook->before : otherwise[kind];

    return handle ? call_dissector_with_data(handle, tvb, pinfo, tree, data) : (int)tvb_captured_length(tvb);
}

static int dissect_sdp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    mstun_signal_t signal;
    bool has_call = !mstun_is_quoted(pinfo) && fill_signal(NULL, pinfo, &signal);

    if (has_call) {
        mstun_sdp_t *sdp = mstun_sdp_parse(pinfo->pool, copy_of(pinfo, tvb));

        if (mstun_is_first_visit(pinfo)) {
            mstun_call_learn(&signal, sdp);
            mstun_call_filter_learn(pinfo, signal.call_id);
            mstun_diagnose_learn_signalling();
        }
        mstun_tap_queue_call(pinfo, mstun_call_find(signal.call_id), mstun_is_first_visit(pinfo));
        mstun_diagnose_show_signalling(pinfo, mstun_call_show_sdp(&signal, sdp, tvb, tree));
    }
    return dissect_before(BODY_SDP, tvb, pinfo, tree, data);
}

static int dissect_mras(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    mstun_mras_t mras;
    mstun_signal_t signal;

    if (!mstun_is_quoted(pinfo) && mstun_mras_parse(copy_of(pinfo, tvb), &mras)) {
        if (mstun_is_first_visit(pinfo) && fill_signal(NULL, pinfo, &signal)) {
            mstun_keys_learn_mras(pinfo->num, &mras);
            mstun_relay_auth_learn(&signal, &mras);
            mstun_diagnose_learn_signalling();
        }
        mstun_diagnose_show_signalling(pinfo, mstun_call_show_mras(pinfo, &mras, tvb, tree));
    }
    return dissect_before(BODY_MRAS, tvb, pinfo, tree, data);
}

static int dissect_header(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const hook_t *hook = hook_of(pinfo, HEADER);
    mstun_diagnostics_t diagnostics;
    mstun_signal_t signal;

    if (!mstun_is_quoted(pinfo) && fill_signal(tvb, pinfo, &signal)) {
        if (!mstun_diagnostics_parse(copy_of(pinfo, tvb), &diagnostics)) {
            mstun_call_show_bad_header(pinfo, tvb, tree);
        } else {
            if (mstun_is_first_visit(pinfo)) {
                mstun_call_learn_code(&signal, hook->key, &diagnostics);
                mstun_call_filter_learn(pinfo, signal.call_id);
                mstun_diagnose_learn_signalling();
            }
            mstun_tap_queue_call(pinfo, mstun_call_find(signal.call_id), mstun_is_first_visit(pinfo));
            mstun_diagnose_show_signalling(pinfo, mstun_call_show_code(&signal, &diagnostics, tvb, tree));
        }
    }
    return dissect_before(HEADER, tvb, pinfo, tree, data);
}

/* Takes the place of whoever has it: a dissector of the user's is called by ours, and so keeps its tree. */
static void take_entry(hook_t *entry)
{
    entry->before = dissector_get_string_handle(find_dissector_table(entry->table), entry->key);
    dissector_add_string(entry->table, entry->key, ours[entry->kind]);
    entry->hooked = true;
}

/* Gives it back, unless somebody has replaced us in the meantime. */
static void give_back_entry(hook_t *entry)
{
    entry->hooked = false;
    if (dissector_get_string_handle(find_dissector_table(entry->table), entry->key) != ours[entry->kind]) {
        return;
    }
    if (entry->before) {
        dissector_add_string(entry->table, entry->key, entry->before);
    } else {
        dissector_delete_string(entry->table, entry->key, ours[entry->kind]);
    }
}

/* Before a file is read, when the user's own dissectors and choice of protocols are known. */
static void update_tables(void)
{
    bool enabled = proto_is_protocol_enabled(find_protocol_by_id(proto_mstun));

    for (unsigned i = 0; i < array_length(hooks); i++) {
        if (find_dissector_table(hooks[i].table) && enabled != hooks[i].hooked) {
            if (enabled) {
                take_entry(&hooks[i]);
            } else {
                give_back_entry(&hooks[i]);
            }
        }
    }
}

/* A name only: it adds no layer, and follows its parent's switch. */
static int register_proto(const char *title, const char *filter, const char *parent)
{
    return proto_register_protocol_in_name_only(title, title, filter, proto_get_id_by_filter_name(parent), FT_PROTOCOL);
}

void mstun_entry_signalling_register(const mstun_registrar_t *reg)
{
    proto_mstun = reg->proto;
    ours[BODY_SDP] = create_dissector_handle(dissect_sdp, register_proto("MSTUN reads SDP", "mstun.reads_sdp", "sdp"));
    ours[BODY_MRAS] =
        create_dissector_handle(dissect_mras, register_proto("MSTUN reads MRAS", "mstun.reads_mras", "xml"));
    ours[HEADER] = create_dissector_handle(
        dissect_header, register_proto("MSTUN reads ms-diagnostics", "mstun.reads_diagnostics", "sip"));
    register_init_routine(update_tables);
}

void mstun_entry_signalling_handoff(void)
{
    proto_sip = proto_get_id_by_filter_name("sip");
    otherwise[BODY_SDP] = find_dissector("sdp");
    otherwise[BODY_MRAS] = find_dissector("xml");
}
