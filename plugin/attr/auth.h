/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of authentication (RFC 8489 section 14, RFC 7635, [MS-TURN] 2.2.2). */
#ifndef MSTUN_ATTR_AUTH_H
#define MSTUN_ATTR_AUTH_H

#include "attr/attr.h"

void mstun_attr_show_username(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_realm(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_nonce(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_password_algorithms(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_access_token(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_integrity(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_learn_username(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_realm(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_nonce(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_integrity(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

#endif
