/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Protocol and Info columns. Info lists every message of the frame in order, separated by "; ". */
#ifndef MSTUN_DISSECT_COLUMNS_H
#define MSTUN_DISSECT_COLUMNS_H

#include "base/registrar.h"

/** Before the first thing of a segment is shown: replaces TCP's column text with ours. */
void mstun_info_reset(packet_info *pinfo);

/** Whether the packet has an Info column at all: text need not be made for one that is not there. */
bool mstun_info_is_visible(packet_info *pinfo);

/** Appends one message's text, behind a separator if it is not the frame's first. */
void mstun_info_append(packet_info *pinfo, const char *text);

/** The same for a dissector of Wireshark's that is going to write: the separator only. */
void mstun_info_add_separator(packet_info *pinfo);

/** Keeps what another dissector has written. */
void mstun_info_fence(packet_info *pinfo);

void mstun_columns_register(const mstun_registrar_t *reg);

#endif
