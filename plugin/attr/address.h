/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transport addresses, plain and XORed (RFC 8489 sections 14.1 and 14.2). */
#ifndef MSTUN_ATTR_ADDRESS_H
#define MSTUN_ATTR_ADDRESS_H

#include "attr/attr.h"

void mstun_show_address(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_xor_address(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);

/** A port by itself. */
void mstun_add_port(const mstun_attr_ctx_t *show, int offset);

/**
 * Reads a transport address. value has len bytes; id are the 16 bytes that an XORed one is made with, NULL for a plain
 * one. Returns false, and leaves endpoint alone, where family and length are none of 1 with 8 or 2 with 20.
 */
bool mstun_endpoint_read(const uint8_t *value, int len, const uint8_t *id, mstun_endpoint_t *endpoint);

/** "192.0.2.1:32853", "[2001:db8::1]:5000", allocated in pool. */
const char *mstun_endpoint_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint);

/** The same without the port: "192.0.2.1". */
const char *mstun_address_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint);

/** For mstun_attr_decode_register. */
void mstun_attr_address_register(const mstun_registrar_t *reg);

#endif
