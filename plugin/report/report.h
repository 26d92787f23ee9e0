/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reports: `tshark -q -z NAME`, and in the window's menus. */
#ifndef MSTUN_REPORT_REPORT_H
#define MSTUN_REPORT_REPORT_H

#include "base/registrar.h"

void mstun_tree_report_register(const mstun_registrar_t *reg);       /* mstun,tree */
void mstun_srt_report_register(const mstun_registrar_t *reg);        /* mstun,srt */
void mstun_pairs_report_register(const mstun_registrar_t *reg);      /* mstun,pairs */
void mstun_turn_report_register(const mstun_registrar_t *reg);       /* mstun,turn */
void mstun_candidates_report_register(const mstun_registrar_t *reg); /* mstun,candidates */
void mstun_findings_report_register(const mstun_registrar_t *reg);   /* mstun,findings */

#endif
