/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/slice.h"

#include <wsutil/inet_addr.h>

#define ADDRESS_TEXT_MAX 45 /* the longest IPv6 address in text */

mstun_slice_t mstun_slice_of(const char *text)
{
    return (mstun_slice_t){ .at = text, .len = text ? strlen(text) : 0 };
}

char *mstun_slice_dup(wmem_allocator_t *scope, mstun_slice_t slice)
{
    char *copy = (char *)wmem_alloc(scope, slice.len + 1);

    if (slice.len > 0) {
        memcpy(copy, slice.at, slice.len);
    }
    copy[slice.len] = '\0';
    bool is_utf8 = g_utf8_validate(copy, (gssize)slice.len, NULL);

    for (size_t i = 0; i < slice.len; i++) {
        if (g_ascii_iscntrl(copy[i]) || (!is_utf8 && !g_ascii_isprint(copy[i]))) {
            copy[i] = '?';
        }
    }
    return copy;
}

bool mstun_slice_equal(mstun_slice_t a, mstun_slice_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool mstun_slice_is(mstun_slice_t slice, const char *word)
{
    return slice.len == strlen(word) && (slice.len == 0 || g_ascii_strncasecmp(slice.at, word, slice.len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void drop_front(mstun_slice_t *slice, size_t len)
{
    slice->at += len;
    slice->len -= len;
}

mstun_slice_t mstun_slice_trimmed(mstun_slice_t slice)
{
    while (slice.len > 0 && is_blank(slice.at[0])) {
        drop_front(&slice, 1);
    }
    while (slice.len > 0 && is_blank(slice.at[slice.len - 1])) {
        slice.len--;
    }
    return slice;
}

bool mstun_slice_take_prefix(mstun_slice_t *slice, const char *prefix)
{
    size_t len = strlen(prefix);

    if (slice->len < len || g_ascii_strncasecmp(slice->at, prefix, len) != 0) {
        return false;
    }
    drop_front(slice, len);
    return true;
}

bool mstun_slice_next_line(mstun_slice_t *rest, mstun_slice_t *line)
{
    size_t len = 0;

    if (rest->len == 0) {
        return false;
    }
    while (len < rest->len && rest->at[len] != '\r' && rest->at[len] != '\n') {
        len++;
    }
    *line = (mstun_slice_t){ rest->at, len };
    drop_front(rest, len);
    if (rest->len > 1 && rest->at[0] == '\r' && rest->at[1] == '\n') {
        drop_front(rest, 2);
    } else if (rest->len > 0) {
        drop_front(rest, 1);
    }
    return true;
}

bool mstun_slice_next_part(mstun_slice_t *rest, char separator, mstun_slice_t *part)
{
    if (rest->len == 0) {
        return false;
    }
    const char *end = (const char *)memchr(rest->at, separator, rest->len);
    size_t len = end ? (size_t)(end - rest->at) : rest->len;

    *part = (mstun_slice_t){ rest->at, len };
    drop_front(rest, end ? len + 1 : len);
    return true;
}

bool mstun_slice_next_word(mstun_slice_t *rest, mstun_slice_t *word)
{
    *rest = mstun_slice_trimmed(*rest);
    size_t len = 0;

    while (len < rest->len && !is_blank(rest->at[len])) {
        len++;
    }
    *word = (mstun_slice_t){ rest->at, len };
    if (len == 0) {
        return false;
    }
    drop_front(rest, len);
    return true;
}

bool mstun_slice_number(mstun_slice_t slice, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < slice.len; i++) {
        if (!g_ascii_isdigit(slice.at[i])) {
            return false;
        }
        value = value * 10 + (uint64_t)(slice.at[i] - '0');
        if (value > max) {
            return false;
        }
    }
    *number = (uint32_t)value;
    return slice.len > 0;
}

bool mstun_slice_hex_prefix(mstun_slice_t slice, uint32_t *number)
{
    size_t digits = 0;

    *number = 0;
    if (!mstun_slice_take_prefix(&slice, "0x")) {
        return false;
    }
    for (; digits < slice.len && g_ascii_isxdigit(slice.at[digits]); digits++) {
        if (digits == 8) {
            return false;
        }
        *number = *number << 4 | (uint32_t)g_ascii_xdigit_value(slice.at[digits]);
    }
    return digits > 0;
}

bool mstun_slice_endpoint(mstun_slice_t address, uint32_t port, mstun_endpoint_t *endpoint)
{
    char text[ADDRESS_TEXT_MAX + 1];
    ws_in4_addr ip4;
    ws_in6_addr ip6;

    memset(endpoint, 0, sizeof *endpoint);
    if (address.len == 0 || address.len > ADDRESS_TEXT_MAX) {
        return false;
    }
    memcpy(text, address.at, address.len);
    text[address.len] = '\0';
    if (ws_inet_pton4(text, &ip4)) {
        endpoint->family = MSTUN_FAMILY_IPV4;
        memcpy(endpoint->ip, &ip4, sizeof ip4);
    } else if (ws_inet_pton6(text, &ip6)) {
        endpoint->family = MSTUN_FAMILY_IPV6;
        memcpy(endpoint->ip, &ip6, sizeof ip6);
    } else {
        return false;
    }
    endpoint->port = (uint16_t)port;
    return true;
}
