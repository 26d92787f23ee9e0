/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Microsoft's headers that say why a call ended: ms-diagnostics, ms-diagnostics-public, ms-client-diagnostics
 * ([MS-OCER] 2.2.1), and "a=x-ms-SDP-diagnostics" ([MS-SDPEXT] 3.1.5.26). Bytes in, values out; and codes in words. */
#ifndef MSTUN_SIGNAL_DIAGNOSTICS_H
#define MSTUN_SIGNAL_DIAGNOSTICS_H

#include "base/compat.h"
#include "signal/slice.h"

/** What one header says. Slices are parts of it, without their quotes. */
typedef struct {
    uint32_t id, sub_id; /* "410.301005" */
    bool has_sub_id;
    bool has_ice_warn;
    uint32_t ice_warn; /* ICEWarn of all media, joined */
    mstun_slice_t reason, component, source;
} mstun_diagnostics_t;

/** What a code means for who looks for a fault. */
typedef enum {
    MSTUN_CODE_FAULT,  /* something is broken */
    MSTUN_CODE_MEDIA,  /* no path for media: STUN, TURN or ICE failed */
    MSTUN_CODE_POLICY, /* forbidden, not broken */
    MSTUN_CODE_NORMAL, /* the normal course of things */
    MSTUN_CODE_UNKNOWN,
} mstun_code_kind_t;

/** Reads a header's value. False: it does not begin with a number. */
bool mstun_diagnostics_parse(mstun_slice_t value, mstun_diagnostics_t *diagnostics);

/** What an id means: static text, half a sentence; NULL: not known. */
const char *mstun_diagnostics_words(const mstun_diagnostics_t *diagnostics, mstun_code_kind_t *kind);

/** Whose ids are in this range, such as "the client"; NULL: not known. */
const char *mstun_diagnostics_range(uint32_t id);

/** "24: no media path, both ends are remote", or, for an unknown id, its range and its reason as sent, in quotes.
 * Allocated from scope. */
const char *mstun_diagnostics_text(wmem_allocator_t *scope, const mstun_diagnostics_t *diagnostics);

/* Bits of ICEWarn in the header ms-client-diagnostics. Those of QoE reports ([MS-QoE] 2.2.1.7.1) are others. */
#define MSTUN_ICE_WARN_INTEGRITY 0x400u
#define MSTUN_ICE_WARN_CREDENTIALS 0x4000u
#define MSTUN_ICE_WARN_NO_SERVER 0x80000u
#define MSTUN_ICE_WARN_PSEUDO_TLS 0x800000u
#define MSTUN_ICE_WARN_RELAY_TCP 0x4000000u

/** The bits in words, joined by "; ": those that are faults by themselves, and the others if all is true. "" if there
 * are none. Allocated from scope. */
const char *mstun_ice_warn_text(wmem_allocator_t *scope, uint32_t bits, bool all);

#endif
