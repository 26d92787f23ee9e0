/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/pseudo_tls.h"

#define HELLO_MIN 5 /* the record header */

/* The fixed bytes at the beginning and at the end, around random values. Google's hellos are fixed up to the last byte,
 * and all of it is compared: real ServerHellos, and ClientHellos of old OpenSSL versions, may begin like them. */
typedef struct {
    const char *name;
    uint8_t len;
    uint8_t head_len;
    uint8_t tail_len;
    uint8_t head[79];
    uint8_t tail[7];
} hello_t;

static const hello_t hellos[] = {
    /* record of 45 bytes, ClientHello of 41, TLS 1.0 | no session id, the one suite 0x0018, no compression */
    [MSTUN_HELLO_CLIENT] = { "Pseudo-TLS ClientHello",
                             50,
                             11,
                             7,
                             { 0x16, 0x03, 0x01, 0x00, 0x2D, 0x01, 0x00, 0x00, 0x29, 0x03, 0x01 },
                             { 0x00, 0x00, 0x02, 0x00, 0x18, 0x01, 0x00 } },
    /* record of 78 bytes, ServerHello of 70, TLS 1.0 | suite, no compression, ServerHelloDone */
    [MSTUN_HELLO_SERVER] = { "Pseudo-TLS ServerHello",
                             83,
                             11,
                             7,
                             { 0x16, 0x03, 0x01, 0x00, 0x4E, 0x02, 0x00, 0x00, 0x46, 0x03, 0x01 },
                             { 0x00, 0x18, 0x00, 0x0E, 0x00, 0x00, 0x00 } },
    [MSTUN_HELLO_GOOGLE_CLIENT] = { "Google pseudo-SSL ClientHello",
                                    72,
                                    72,
                                    0,
                                    { 0x80, 0x46, 0x01, 0x03, 0x01, 0x00, 0x2D, 0x00, 0x00, 0x00, 0x10, 0x01,
                                      0x00, 0x80, 0x03, 0x00, 0x80, 0x07, 0x00, 0xC0, 0x06, 0x00, 0x40, 0x02,
                                      0x00, 0x80, 0x04, 0x00, 0x80, 0x00, 0x00, 0x04, 0x00, 0xFE, 0xFF, 0x00,
                                      0x00, 0x0A, 0x00, 0xFE, 0xFE, 0x00, 0x00, 0x09, 0x00, 0x00, 0x64, 0x00,
                                      0x00, 0x62, 0x00, 0x00, 0x03, 0x00, 0x00, 0x06, 0x1F, 0x17, 0x0C, 0xA6,
                                      0x2F, 0x00, 0x78, 0xFC, 0x46, 0x55, 0x2E, 0xB1, 0x83, 0x39, 0xF1, 0xEA },
                                    { 0 } },
    [MSTUN_HELLO_GOOGLE_SERVER] = { "Google pseudo-SSL ServerHello",
                                    79,
                                    79,
                                    0,
                                    { 0x16, 0x03, 0x01, 0x00, 0x4A, 0x02, 0x00, 0x00, 0x46, 0x03, 0x01, 0x42,
                                      0x85, 0x45, 0xA7, 0x27, 0xA9, 0x5D, 0xA0, 0xB3, 0xC5, 0xE7, 0x53, 0xDA,
                                      0x48, 0x2B, 0x3F, 0xC6, 0x5A, 0xCA, 0x89, 0xC1, 0x58, 0x52, 0xA1, 0x78,
                                      0x3C, 0x5B, 0x17, 0x46, 0x00, 0x85, 0x3F, 0x20, 0x0E, 0xD3, 0x06, 0x72,
                                      0x5B, 0x5B, 0x1B, 0x5F, 0x15, 0xAC, 0x13, 0xF9, 0x88, 0x53, 0x9D, 0x9B,
                                      0xE8, 0x3D, 0x7B, 0x0C, 0x30, 0x32, 0x6E, 0x38, 0x4D, 0xA2, 0x75, 0x57,
                                      0x41, 0x6C, 0x34, 0x5C, 0x00, 0x04, 0x00 },
                                    { 0 } },
};

static bool matches(const hello_t *hello, const uint8_t *bytes, uint32_t len)
{
    return memcmp(bytes, hello->head, MIN(len, hello->head_len)) == 0 &&
           (len < hello->len || memcmp(bytes + hello->len - hello->tail_len, hello->tail, hello->tail_len) == 0);
}

mstun_pseudo_tls_kind_t mstun_pseudo_tls_hello(const uint8_t *bytes, uint32_t len)
{
    if (len < HELLO_MIN || !mstun_may_begin_hello(bytes[0])) {
        return MSTUN_HELLO_NONE;
    }
    for (unsigned i = MSTUN_HELLO_CLIENT; i < array_length(hellos); i++) {
        if (matches(&hellos[i], bytes, len)) {
            return (mstun_pseudo_tls_kind_t)i;
        }
    }
    return MSTUN_HELLO_NONE;
}

uint32_t mstun_pseudo_tls_len(mstun_pseudo_tls_kind_t hello)
{
    return hellos[hello].len;
}

const char *mstun_pseudo_tls_name(mstun_pseudo_tls_kind_t hello)
{
    return hellos[hello].name;
}

bool mstun_is_tls_record(const uint8_t *bytes, uint32_t len)
{
    /* RFC 8446 section 5.1: content types 20 to 24, version 3.0 to 3.4 */
    return len >= 3 && bytes[0] >= 20 && bytes[0] <= 24 && bytes[1] == 3 && bytes[2] <= 4 &&
           mstun_pseudo_tls_hello(bytes, len) == MSTUN_HELLO_NONE;
}
