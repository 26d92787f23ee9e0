/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of error responses (RFC 8489 sections 14.8 and 14.13, RFC 8656 section 18.12). */
#ifndef MSTUN_ATTR_ERROR_H
#define MSTUN_ATTR_ERROR_H

#include "attr/attr.h"

void mstun_attr_show_error_code(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_address_error_code(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_unknown_attributes(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_learn_error_code(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_address_error_code(const uint8_t *value, uint16_t len, mstun_facts_t *facts);
void mstun_attr_learn_unknown_attributes(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

#endif
