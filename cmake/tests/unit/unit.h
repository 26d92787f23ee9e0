/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Unit tests: the plugin's own objects in a program of their own, without tshark and without epan_init(). What the
 * plugin registers goes nowhere, and wmem's file scope is one capture file. Each file adds its tests under the room's
 * name, so "mstun-unit -p /wire" runs one room. */
#ifndef MSTUN_UNIT_H
#define MSTUN_UNIT_H

#include "base/compat.h"

typedef struct {
    uint32_t len;
    uint8_t bytes[1600];
} unit_bytes_t;

/** The bytes of "01 23 45" or "012345"; blanks do not count, and 'text' in single quotes is as it is. */
unit_bytes_t unit_hex(const char *hex);

/** The bytes of the packet with this number, from 0, in test-captures/vectors/NAME.hex. */
unit_bytes_t unit_vector(const char *name, unsigned number);

/** One after the other. */
unit_bytes_t unit_join(const unit_bytes_t *first, const unit_bytes_t *second);

/**
 * A copy of the bytes that ends where readable memory ends: reading beyond it crashes, also without sanitizers. Valid
 * until the next call.
 */
const uint8_t *unit_guarded(const uint8_t *bytes, uint32_t len);

/** The same as a tvb of a packet that has reported bytes on the wire. To be freed with tvb_free(). */
tvbuff_t *unit_tvb(const uint8_t *bytes, uint32_t captured, uint32_t reported);

/** The next number of a sequence that is the same in every run; *state begins as anything. */
uint32_t unit_random(uint32_t *state);

/** Closes the capture file and opens another: what is in wmem_file_scope() is gone. */
void unit_new_file(void);

/** A time in milliseconds. */
nstime_t unit_time(int64_t ms);

/** The next packet of that file, in ascending numbers from 1; TCP from 192.0.2.1:5000 to 198.51.100.2:3478. */
packet_info unit_packet(int64_t ms);

void unit_add_wire(void);
void unit_add_framing(void);
void unit_add_message(void);
void unit_add_auth(void);
void unit_add_ice(void);
void unit_add_signal(void);
void unit_add_findings(void);
void unit_add_diagnose(void);

#endif
