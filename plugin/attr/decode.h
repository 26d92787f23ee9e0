/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Shared decoders: what the rows of several specification families show and learn in the same way. The walker has
 * checked the length against the row before any of them runs. */
#ifndef MSTUN_ATTR_DECODE_H
#define MSTUN_ATTR_DECODE_H

#include "attr/attr.h"

/* One value into the row's own field. */
void mstun_show_uint(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);  /* 1, 2, 4 or 8 bytes */
void mstun_show_text(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);  /* UTF-8, NUL fill off */
void mstun_show_bytes(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len); /* shown as hex */
void mstun_show_flag(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);  /* it is there: true */

/** Bytes without a published layout, into mstun.value; row->hf is not used. */
void mstun_show_opaque(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);

/** An address family and three reserved bytes (RFC 8656 sections 18.6 and 18.11). */
void mstun_show_family(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);

/* Transport addresses (RFC 8489 sections 14.1 and 14.2), address.c. */
void mstun_show_address(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_xor_address(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);

/* Errors (RFC 8489 sections 14.8 and 14.13, RFC 8656 section 18.12), error.c. */
void mstun_show_error_code(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_address_error_code(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_unknown_attributes(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_learn_error_code(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/* Who is asking, and proof of it (RFC 8489 section 14, RFC 7635, [MS-TURN] 2.2.2), credential.c. */
void mstun_show_username(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_realm(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_nonce(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_password_algorithms(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_access_token(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_show_integrity(const mstun_show_t *show, const mstun_attr_t *row, int offset, int len);
void mstun_learn_username(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_learn_realm(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_learn_nonce(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_learn_integrity(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/* Parts of a value, for rows that are made of several. */
void mstun_add_reserved(const mstun_show_t *show, int offset, int len);
void mstun_add_family(const mstun_show_t *show, int offset);
void mstun_add_port(const mstun_show_t *show, int offset);

/* Registered by mstun_attr_decode_register. */
void mstun_attr_address_register(const mstun_registrar_t *reg);
void mstun_attr_error_register(const mstun_registrar_t *reg);
void mstun_attr_credential_register(const mstun_registrar_t *reg);

extern const unit_name_string mstun_units_kbit_s;

/** Whether it pays to make text for show->item. */
bool mstun_show_wants_text(const mstun_show_t *show);

/** Length of a text without the NULs that some senders fill it up with. */
int mstun_text_len(const uint8_t *text, int len);

/** Whether all of it is UTF-8 without control characters. */
bool mstun_is_text(const uint8_t *text, int len);

/**
 * Reads a transport address. value has len bytes; id are the 16 bytes that an XORed one is made with, NULL for a plain
 * one. Returns false, and leaves endpoint alone, where family and length are none of 1 with 8 or 2 with 20.
 */
bool mstun_endpoint_read(const uint8_t *value, int len, const uint8_t *id, mstun_endpoint_t *endpoint);

/** "192.0.2.1:32853", "[2001:db8::1]:5000", allocated in pool. */
const char *mstun_endpoint_text(wmem_allocator_t *pool, const mstun_endpoint_t *endpoint);

#endif
