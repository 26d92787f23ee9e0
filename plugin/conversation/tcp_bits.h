/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bits of conversation_completeness, as packet-tcp.c defines them for itself and shows them in tcp.completeness. */
#ifndef MSTUN_CONVERSATION_TCP_BITS_H
#define MSTUN_CONVERSATION_TCP_BITS_H

#define TCP_SYN_SEEN 0x03 /* of the client or of the server */
#define TCP_FIN_SEEN 0x10
#define TCP_RESET_SEEN 0x20

#endif
