/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The packet's conversation, which TCP and UDP have just looked up before they called us. */
#ifndef MSTUN_CONVERSATION_RECENT_H
#define MSTUN_CONVERSATION_RECENT_H

#include <epan/conversation.h>

#include "base/registrar.h"

/** What find_conversation_pinfo(pinfo, 0) returns, on the first visit mostly without another look-up. It belongs to the
 * file; NULL if there is none. */
conversation_t *mstun_conversation_find(packet_info *pinfo);

/** Registers what forgets the conversations of a file when it is closed. */
void mstun_recent_register(const mstun_registrar_t *reg);

#endif
