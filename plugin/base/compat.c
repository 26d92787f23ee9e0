/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/compat.h"

#include "base/heuristic.h"

static uint32_t last_frame; /* as far as it was looked for in this file; 0: not yet */

/* The last frame there is, from one that exists: in two times its logarithm steps. */
static uint32_t find_last_frame(const packet_info *pinfo, uint32_t known)
{
    uint32_t beyond = known;

    while (beyond < UINT32_MAX / 2 && mstun_frame_time(pinfo, beyond * 2)) {
        beyond *= 2;
        known = beyond;
    }
    beyond = known * 2;
    while (beyond - known > 1) {
        uint32_t middle = known + (beyond - known) / 2;

        if (mstun_frame_time(pinfo, middle)) {
            known = middle;
        } else {
            beyond = middle;
        }
    }
    return known;
}

/* Wireshark has no call for it, but from the second visit on every frame can be asked for its time. */
bool mstun_capture_end(const packet_info *pinfo, nstime_t *end)
{
    if (!PINFO_FD_VISITED(pinfo) || !mstun_frame_time(pinfo, pinfo->num)) {
        return false;
    }
    uint32_t known = MAX(last_frame, pinfo->num);

    if (known != last_frame || mstun_frame_time(pinfo, known + 1)) { /* a live capture grows */
        last_frame = find_last_frame(pinfo, known);
    }
    *end = *mstun_frame_time(pinfo, last_frame);
    return true;
}

bool mstun_is_last_frame(const packet_info *pinfo)
{
    return PINFO_FD_VISITED(pinfo) && !mstun_frame_time(pinfo, pinfo->num + 1);
}

void mstun_heuristic_wrap(const char *name, heur_dissector_t ours, heur_dissector_t *theirs)
{
    heur_dtbl_entry_t *entry = find_heur_dissector_by_unique_short_name(name);

    if (entry) {
        *theirs = entry->dissector;
        entry->dissector = ours;
    }
}

static void forget_last_frame(void)
{
    last_frame = 0;
}

void mstun_compat_register(void)
{
    register_init_routine(forget_last_frame); /* at every opening of a file */
}
