/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Protocol and Info columns. Info lists every message of the frame in order, separated by "; ". */
#ifndef MSTUN_DISSECT_COLUMNS_H
#define MSTUN_DISSECT_COLUMNS_H

#include "base/registrar.h"

/** Replaces TCP's or UDP's column text with ours: before anything of a segment or datagram is shown. */
void mstun_info_reset(packet_info *pinfo);

/** Whether the Info column is written at all: if not, text for it need not be made. */
bool mstun_info_is_visible(packet_info *pinfo);

/** Appends text, behind a separator unless it is the frame's first. */
void mstun_info_append(packet_info *pinfo, const char *text);

/** Appends the separator only: before one of Wireshark's dissectors that may write text. */
void mstun_info_add_separator(packet_info *pinfo);

/** Protects the text that another dissector has written from being cleared. */
void mstun_info_fence(packet_info *pinfo);

/** Names the protocol, which dissectors of media may have renamed. */
void mstun_protocol_column_set(packet_info *pinfo);

void mstun_columns_register(const mstun_registrar_t *reg);

#endif
