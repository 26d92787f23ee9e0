/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The only file that knows Wireshark versions (4.0, 4.2, 4.4, 4.6). Everything else is written with the new names. */
#ifndef MSTUN_BASE_COMPAT_H
#define MSTUN_BASE_COMPAT_H

#include <wireshark.h> /* first: glib, stdbool and wmem, which packet.h no longer pulls in since 4.4 */
#include <ws_version.h>

#include <epan/packet.h>
#include <epan/conversation_filter.h>
#include <epan/expert.h>
#include <epan/prefs.h>
#include <epan/tfs.h>
#include <epan/unit_strings.h>
#include <wsutil/pint.h>

#define MSTUN_WS_GE(maj, min)                                                                                          \
    (WIRESHARK_VERSION_MAJOR > (maj) || (WIRESHARK_VERSION_MAJOR == (maj) && WIRESHARK_VERSION_MINOR >= (min)))

/* A plugin is loaded only by the minor version that it was built for. */
#define MSTUN_WANT_MAJOR WIRESHARK_VERSION_MAJOR
#define MSTUN_WANT_MINOR WIRESHARK_VERSION_MINOR

#if !MSTUN_WS_GE(4, 0)
#error "Wireshark 4.0 or newer is required"
#endif

/* Callbacks and preference variables: Wireshark's own boolean, four bytes wide until 4.2. */
#if MSTUN_WS_GE(4, 4)
typedef bool ws_bool;
#define MSTUN_UNITS(x) UNS(x)
#else
typedef gboolean ws_bool;
#define MSTUN_UNITS(x) (x)
#define tvb_get_uint8 tvb_get_guint8
#endif

#if !MSTUN_WS_GE(4, 2)
#define wmem_strbuf_new_sized(scope, size) wmem_strbuf_sized_new((scope), (size), 0)
#endif

/* Tables of the user (UAT) and conversation filters changed one version earlier. */
#if MSTUN_WS_GE(4, 2)
typedef bool mstun_uat_bool;
#define MSTUN_CONVERSATION_FILTER_ARGS packet_info *pinfo, void *user_data _U_
#define mstun_register_conversation_filter(protocol, name, valid, build)                                               \
    register_conversation_filter((protocol), (name), (valid), (build), NULL)
#else
typedef gboolean mstun_uat_bool;
#define MSTUN_CONVERSATION_FILTER_ARGS packet_info *pinfo
#define mstun_register_conversation_filter(protocol, name, valid, build)                                               \
    register_conversation_filter((protocol), (name), (valid), (build))
#endif

/* The start of a -z option: since 4.6 it may fail, before only the program could end, as the built-in ones make it. */
#if MSTUN_WS_GE(4, 6)
typedef bool mstun_stat_init_ret;
#define MSTUN_STAT_INIT_OK return true
#define MSTUN_STAT_INIT_FAIL return false
#else
typedef void mstun_stat_init_ret;
#define MSTUN_STAT_INIT_OK return
#define MSTUN_STAT_INIT_FAIL exit(1)
#endif

#if MSTUN_WS_GE(4, 4)
#define MSTUN_TELEPHONY_GROUP REGISTER_TELEPHONY_GROUP_UNSORTED
#else
#define MSTUN_TELEPHONY_GROUP REGISTER_STAT_GROUP_TELEPHONY
#endif

#if !MSTUN_WS_GE(4, 6)
#define pntohu16 pntoh16
#define pntohu32 pntoh32
#define pntohu64 pntoh64
#endif

/*
 * The time of any frame, NULL where the program does not keep it (one-pass tshark) or there is no such frame.
 * epan_get_frame_ts() is declared in epan/epan.h and not exported, so this asks what it asks. The struct is epan-int.h's,
 * which is not installed; a plugin is built for one minor version, and the struct has not changed since 2.0.
 */
#include <epan/epan.h>
#if !MSTUN_WS_GE(4, 7)
static inline const nstime_t *mstun_frame_time(const packet_info *pinfo, uint32_t frame)
{
    const struct {
        struct packet_provider_data *prov;
        struct packet_provider_funcs funcs;
    } *session = (const void *)pinfo->epan;

    return session->funcs.get_frame_ts ? session->funcs.get_frame_ts(session->prov, frame) : NULL;
}
#else
static inline const nstime_t *mstun_frame_time(const packet_info *pinfo _U_, uint32_t frame _U_)
{
    return NULL;
}
#endif

/* GLib's and wmem's tables take pointers without const, also to what nobody changes. */
#define MSTUN_UNCONST(pointer) ((void *)(uintptr_t)(pointer))

/**
 * Sets the number of entries of a VALUE_STRING_EXT_INIT() whose array is filled when the plugin is registered. The macro
 * counts the whole array; value_string_ext_new() does not, but header fields need a constant address.
 */
static inline void mstun_value_string_ext_set_count(value_string_ext *strings, unsigned count)
{
    strings->_vs_num_entries = count;
}

/** The time of the capture's last frame; false on a first visit, when nobody knows it. */
bool mstun_capture_end(const packet_info *pinfo, nstime_t *end);

/** Whether this is a later visit of the capture's last frame. */
bool mstun_is_last_frame(const packet_info *pinfo);

/** The last item below a tree, NULL if it has none or tree is NULL: Wireshark only finds the first. */
static inline proto_item *mstun_tree_last_item(const proto_tree *tree)
{
    return tree ? tree->last_child : NULL;
}

void mstun_compat_register(void);

#define MSTUN_PLUGIN_IS_DISSECTOR 1u /* wsutil/plugins.h is not installed on 4.0 */

#endif
