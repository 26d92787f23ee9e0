/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The only file that knows Wireshark's versions (4.0, 4.2, 4.4, 4.6) and epan's private parts. All other files use the
 * newest version's names and the functions below.
 *
 * A plugin is loaded only by the minor version that it was built for, so most of what is assumed here is checked when
 * it is built; the rest when it is loaded (compat.c, heuristic.c). */
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

/* Of 4.7, which is still changing, only this was looked at: epan_t begins with the same two members as before, so what
 * compat.c assumes of it holds; epan_get_frame_ts() is still not exported. */
#if MSTUN_WS_GE(4, 7) && !defined(MSTUN_UNCHECKED_WIRESHARK)
#error "mstun is checked with Wireshark 4.0 to 4.6; to build it for this one anyway, define MSTUN_UNCHECKED_WIRESHARK"
#endif

/* Callbacks and preference variables: Wireshark's own boolean, four bytes wide until 4.2. */
#if MSTUN_WS_GE(4, 4)
typedef bool ws_bool;
#else
typedef gboolean ws_bool;
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
#else
static inline tvbuff_t *get_data_source_tvb_by_name(const packet_info *pinfo, const char *name)
{
    const struct data_source *source = get_data_source_by_name(pinfo, name);

    return source ? get_data_source_tvb(source) : NULL;
}
#endif

/* How RTP's dissector came to know of a conversation; NULL: later than 4.0 it keeps that for itself. */
#if MSTUN_WS_GE(4, 2)
#define mstun_rtp_setup_method(info) ((void)(info), (const char *)NULL)
#else
#define mstun_rtp_setup_method(info) ((info)->method)
#endif

/* GLib's and wmem's tables take pointers without const, also to what nobody changes. */
#define MSTUN_UNCONST(pointer) ((void *)(uintptr_t)(pointer))

/* What Wireshark has as tfs_yes_no, tfs_set_notset, units_seconds and units_byte_bytes. On Windows the address of what
 * another DLL exports is no constant, so a table of fields cannot have theirs. */
extern const true_false_string mstun_yes_no;
extern const true_false_string mstun_set_not_set;
extern const unit_name_string mstun_unit_seconds;
extern const unit_name_string mstun_unit_bytes;

#define MSTUN_PLUGIN_IS_DISSECTOR 1u /* wsutil/plugins.h is not installed on 4.0 */

/* epan's private parts. Their names are in installed headers, so that a build fails where they change; their meaning is
 * what the error above is for. */

/** Whether the tree's text is read; else it holds only the fields that somebody references. False if tree is NULL. */
static inline bool mstun_tree_is_visible(const proto_tree *tree)
{
    return tree && PTREE_DATA(tree)->visible; /* proto.h has a function to set it, and none to ask */
}

/** The last item below a tree; NULL if it has none or tree is NULL. */
static inline proto_item *mstun_tree_last_item(const proto_tree *tree)
{
    return tree ? tree->last_child : NULL; /* proto.h has functions for the first item and the next */
}

/** Whether an item already has its text; false for an item that is not shown. */
static inline bool mstun_item_has_text(const proto_item *item)
{
    return item && PITEM_FINFO(item) && PITEM_FINFO(item)->rep;
}

_Static_assert(HF_REF_TYPE_NONE == 0, "a field without references");

/** How a filter, a column or -e references a field or protocol; 0: not at all. proto_field_is_referenced() is another
 * question: in a visible tree it says yes to all. */
static inline unsigned mstun_field_references(const header_field_info *field)
{
    return field->ref_type;
}

static inline bool mstun_field_is_referenced(int hf)
{
    return mstun_field_references(proto_registrar_get_nth((unsigned)hf)) != 0;
}

/**
 * Sets the number of entries of a VALUE_STRING_EXT_INIT() whose array is filled when the plugin is registered. The
 * macro counts the whole array; value_string_ext_new() does not, but header fields need a constant address.
 */
static inline void mstun_value_string_ext_set_count(value_string_ext *strings, unsigned count)
{
    strings->_vs_num_entries = count;
}

/** The bytes of the whole frame; NULL if Wireshark does not have them. They are the first source of data, which has
 * another name since 4.6. */
static inline tvbuff_t *mstun_frame_tvb(const packet_info *pinfo)
{
    return pinfo->data_src ? get_data_source_tvb((const struct data_source *)pinfo->data_src->data) : NULL;
}

/** The time of the capture's last frame. False on a first visit, when it is not known, and where the program keeps no
 * times of frames. */
bool mstun_capture_end(const packet_info *pinfo, nstime_t *end);

/** Whether this is a later visit of the capture's last frame. */
bool mstun_is_last_frame(const packet_info *pinfo);

/** Whether TCP counts the bytes of a direction from 1, by its preferences; else its numbers are those on the wire. */
bool mstun_tcp_counts_from_one(void);

/** Whether a running Wireshark is inside what this file assumes and its headers do not show. Asked before the plugin
 * registers anything; if not, the user is told so in one sentence, and nothing must be registered. */
bool mstun_compat_accepts(void);

/** Whether TCP reassembles, by its preferences. Else it gives a part of a segment the number of the whole one. */
bool mstun_tcp_reassembles(void);

/** Whether TCP is to put segments in order, by its preference "Reassemble out-of-order segments": what comes behind a
 * missing segment it keeps until that comes, if ever. */
bool mstun_tcp_reorders(void);

/** Tells the user, in a window or on stderr, that something this file assumes of Wireshark does not hold. lost: what
 * does not work therefore, a clause. */
void mstun_compat_report(const char *lost);

/** Once, when the protocol is registered. */
void mstun_compat_register(void);

#endif
