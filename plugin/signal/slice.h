/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text of signalling, cut into lines, words and numbers without copying it. Pure functions on bytes: nothing is read
 * outside of a slice, and nothing needs a NUL. */
#ifndef MSTUN_SIGNAL_SLICE_H
#define MSTUN_SIGNAL_SLICE_H

#include "attr/facts.h"

/** A part of a text that somebody else owns. at is NULL, len 0 if there is none. */
typedef struct {
    const char *at;
    size_t len;
} mstun_slice_t;

/** A slice of the whole string. */
mstun_slice_t mstun_slice_of(const char *text);

/** A copy that ends with a NUL; never NULL. Bytes that are no visible ASCII become '?', if they are not UTF-8. */
char *mstun_slice_dup(wmem_allocator_t *scope, mstun_slice_t slice);

/** Whether both have the same bytes; the second one, whatever the case of letters. */
bool mstun_slice_equal(mstun_slice_t a, mstun_slice_t b);
bool mstun_slice_is(mstun_slice_t slice, const char *word);

/** Without white space at both ends. */
mstun_slice_t mstun_slice_trimmed(mstun_slice_t slice);

/** Takes the prefix, in any case of letters, from the front. False: it does not begin so, and is as it was. */
bool mstun_slice_take_prefix(mstun_slice_t *slice, const char *prefix);

/** Takes the next line from the front of rest, without its CR LF, LF or CR. False: there is none. */
bool mstun_slice_next_line(mstun_slice_t *rest, mstun_slice_t *line);

/** Takes what stands before the next separator, or all; the separator goes too. False: rest is empty. */
bool mstun_slice_next_part(mstun_slice_t *rest, char separator, mstun_slice_t *part);

/** Takes the next word; words are separated by blanks. False: there is none. */
bool mstun_slice_next_word(mstun_slice_t *rest, mstun_slice_t *word);

/** Reads decimal digits and nothing else, up to max. */
bool mstun_slice_number(mstun_slice_t slice, uint32_t max, uint32_t *number);

/** Reads "0x" and hex digits from the front, up to 32 bits. */
bool mstun_slice_hex_prefix(mstun_slice_t slice, uint32_t *number);

/** Reads an IPv4 or IPv6 address; port is put into the endpoint. False: it is something else, such as a host name. */
bool mstun_slice_endpoint(mstun_slice_t address, uint32_t port, mstun_endpoint_t *endpoint);

#endif
