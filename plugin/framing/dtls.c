/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/dtls.h"

#define DTLS_HEADER_LEN 13
#define PADDING_MAX 3

uint32_t mstun_dtls_counted_padding(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    uint32_t offset = 0;

    if (captured < reported) {
        return 0;
    }
    while (reported - offset >= DTLS_HEADER_LEN) {
        uint32_t record = DTLS_HEADER_LEN + pntohu16(bytes + offset + 11);

        if (record > reported - offset) {
            return 0;
        }
        offset += record;
    }
    for (uint32_t i = offset; i < reported; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return reported - offset <= PADDING_MAX ? reported - offset : 0;
}
