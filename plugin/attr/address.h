/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transport addresses, plain and XORed (RFC 8489 sections 14.1 and 14.2). */
#ifndef MSTUN_ATTR_ADDRESS_H
#define MSTUN_ATTR_ADDRESS_H

#include "attr/attr.h"

/* Show functions. A family or length that does not exist is shown as bytes with an expert info. */
void mstun_attr_show_address(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_xor_address(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);

void mstun_attr_learn_xor_mapped(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_alternate(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/** Adds a port that is not part of an address. */
void mstun_attr_add_port(const mstun_attr_ctx_t *ctx, int offset);

/**
 * Reads a transport address from a value of len bytes. id: the message's 16 bytes that it is XORed with, NULL for a
 * plain one. False, and endpoint unchanged, if family and length are neither IPv4's nor IPv6's.
 */
bool mstun_endpoint_read(const uint8_t *value, int len, const uint8_t *id, mstun_endpoint_t *endpoint);

/** "192.0.2.1:32853", "[2001:db8::1]:5000", allocated in pool. */
const char *mstun_endpoint_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint);

/** The same of a peer, without a port that is 0: permissions are for an address (RFC 8656 section 9). */
const char *mstun_peer_text(wmem_allocator_t *pool, const mstun_endpoint_t *peer);

/** The same without the port: "192.0.2.1". */
const char *mstun_address_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint);

#endif
