/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All findings of a capture: evaluated as a whole when its end is known, once for the expert infos on frames, the reports
 * and the window alike. */
#ifndef MSTUN_DIAGNOSE_CAPTURE_H
#define MSTUN_DIAGNOSE_CAPTURE_H

#include "diagnose/finding.h"

/**
 * The findings (mstun_finding_t) of a capture whose last frame has this time, in the order of the capture. Evaluated anew
 * only if anything was learnt since; valid until then, or until the file is closed.
 */
wmem_array_t *mstun_findings_of_capture(const nstime_t *end);

/** First visit: something was learnt, so findings of the capture are out of date. */
void mstun_findings_invalidate(void);

void mstun_capture_findings_register(const mstun_registrar_t *reg);

#endif
