/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/compat.h"

#include <epan/epan.h>
#include <epan/prefs-int.h>
#include <wsutil/report_message.h>

const true_false_string mstun_yes_no = { "Yes", "No" };
const true_false_string mstun_set_not_set = { "Set", "Not set" };
const unit_name_string mstun_unit_seconds = { "s", NULL };
const unit_name_string mstun_unit_bytes = { " byte", " bytes" };

/*
 * Wireshark keeps the time of every frame, but epan_get_frame_ts(), which epan.h declares, is not exported. So this
 * file asks whom it asks: the functions that the program has given to epan, in epan_t. That struct is epan-int.h's,
 * which is not installed, and begins like this in all versions since 2.0.
 */
typedef struct {
    struct packet_provider_data *provider;
    struct packet_provider_funcs funcs;
} session_t;

static const struct packet_provider_data *asked_provider;

static wtap_block_t record_provider(struct packet_provider_data *provider, const frame_data *frame _U_)
{
    asked_provider = provider;
    return NULL;
}

/* Whether epan finds its functions where session_t has them: epan_get_modified_block(), which is exported, must find
 * one of ours. Whatever else it might take for a function is NULL, which it does not call. */
static bool check_session(void)
{
    union {
        session_t session;
        void *room[64];
    } mock = { .room = { NULL } };
    struct packet_provider_data *const provider = (struct packet_provider_data *)(void *)&mock;

    mock.session.provider = provider;
    mock.session.funcs.get_modified_block = record_provider;
    asked_provider = NULL;
    epan_get_modified_block((const epan_t *)(const void *)&mock, NULL);
    return asked_provider == provider;
}

/* NULL if there is no such frame, or the program keeps no times (tshark in one pass). */
static const nstime_t *frame_time(const packet_info *pinfo, uint32_t frame)
{
    const session_t *session = (const session_t *)(const void *)pinfo->epan;

    return session->funcs.get_frame_ts ? session->funcs.get_frame_ts(session->provider, frame) : NULL;
}

static uint32_t last_frame; /* as far as it was searched for in this file; 0: not yet */

/* The last frame, from one that exists: in twice as many steps as its number has bits. */
static uint32_t find_last_frame(const packet_info *pinfo, uint32_t known)
{
    uint32_t beyond = known;

    while (beyond < UINT32_MAX / 2 && frame_time(pinfo, beyond * 2)) {
        beyond *= 2;
        known = beyond;
    }
    beyond = known * 2;
    while (beyond - known > 1) {
        uint32_t middle = known + (beyond - known) / 2;

        if (frame_time(pinfo, middle)) {
            known = middle;
        } else {
            beyond = middle;
        }
    }
    return known;
}

bool mstun_capture_end(const packet_info *pinfo, nstime_t *end)
{
    if (!PINFO_FD_VISITED(pinfo) || !frame_time(pinfo, pinfo->num)) {
        return false;
    }
    uint32_t known = MAX(last_frame, pinfo->num);

    if (known != last_frame || frame_time(pinfo, known + 1)) { /* a live capture grows */
        last_frame = find_last_frame(pinfo, known);
    }
    *end = *frame_time(pinfo, last_frame);
    return true;
}

bool mstun_is_last_frame(const packet_info *pinfo)
{
    return PINFO_FD_VISITED(pinfo) && !frame_time(pinfo, pinfo->num + 1);
}

static bool tcp_counts_from_one = true;

bool mstun_tcp_counts_from_one(void)
{
    return tcp_counts_from_one;
}

static bool is_tcp_pref_on(const char *name)
{
    module_t *module = prefs_find_module("tcp");
    pref_t *pref = module ? prefs_find_preference(module, name) : NULL;

    return !pref || prefs_get_bool_value(pref, pref_current);
}

static void begin_file(void)
{
    last_frame = 0;
    tcp_counts_from_one = is_tcp_pref_on("analyze_sequence_numbers") && is_tcp_pref_on("relative_sequence_numbers");
}

bool mstun_compat_accepts(void)
{
    if (check_session()) {
        return true;
    }
    report_failure("mstun %s is not loaded: this Wireshark (%s) differs inside from those it was made for, and would "
                   "not find requests without a response. Please install the mstun made for it.",
                   PLUGIN_VERSION, epan_get_version());
    return false;
}

void mstun_compat_report(const char *lost)
{
    report_failure("mstun does not know this Wireshark (%s) well enough: %s. Please install the mstun made for it.",
                   epan_get_version(), lost);
}

void mstun_compat_register(void)
{
    register_init_routine(begin_file);
}
