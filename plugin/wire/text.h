/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text on the wire: UTF-8 without a terminator, if the sender keeps to the specification. Pure functions on bytes. */
#ifndef MSTUN_WIRE_TEXT_H
#define MSTUN_WIRE_TEXT_H

#include "base/compat.h"

/** Length of text without the NULs that some senders pad it with. len: bytes of text. */
int mstun_text_len(const uint8_t *text, int len);

/** True if all len bytes are printable UTF-8; true for no bytes. */
bool mstun_is_text(const uint8_t *text, int len);

/** Length of the longest prefix of UTF-8 text that has at most max bytes and does not split a character. */
int mstun_text_truncated_len(const uint8_t *text, int len, int max);

#endif
