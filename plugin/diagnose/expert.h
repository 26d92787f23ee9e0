/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The expert infos that the rows of the table are shown as. */
#ifndef MSTUN_DIAGNOSE_EXPERT_H
#define MSTUN_DIAGNOSE_EXPERT_H

#include "diagnose/finding.h"

/** Adds a finding to item, which may be NULL: then only severities and taps get it. */
void mstun_expert_add(packet_info *pinfo, proto_item *item, const mstun_finding_t *finding);

/** The same for a row's summary, without an evaluation. */
void mstun_expert_add_row(packet_info *pinfo, proto_item *item, mstun_finding_id_t id);

/** The id of a decoder's expert info; COUNT for findings of ours and for other protocols' expert infos. */
mstun_finding_id_t mstun_decoded_finding_of(int hf_index);

/** After all decoders: they have registered the expert infos that some rows refer to. */
void mstun_expert_register(const mstun_registrar_t *reg);

#endif
