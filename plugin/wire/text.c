/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/text.h"

#include <wsutil/str_util.h>

int mstun_text_len(const uint8_t *text, int len)
{
    while (len > 0 && text[len - 1] == '\0') {
        len--;
    }
    return len;
}

bool mstun_is_text(const uint8_t *text, int len)
{
    int ascii = 0;

    /* Most text is ASCII, for which isprint_utf8_string() is slow. */
    while (ascii < len && text[ascii] >= 0x20 && text[ascii] < 0x7F) {
        ascii++;
    }
    return ascii == len || isprint_utf8_string((const char *)text + ascii, (unsigned)(len - ascii));
}

int mstun_text_truncated_len(const uint8_t *text, int len, int max)
{
    if (len <= max) {
        return len;
    }
    while (max > 0 && (text[max] & 0xC0) == 0x80) { /* a continuation byte: the character starts before it */
        max--;
    }
    return max;
}
