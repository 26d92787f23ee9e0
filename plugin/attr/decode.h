/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the rows of several families use to show and learn values. */
#ifndef MSTUN_ATTR_DECODE_H
#define MSTUN_ATTR_DECODE_H

#include "attr/attr.h"
#include "base/section.h"

/* Show functions: one value in the row's field. */
void mstun_attr_show_uint(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len); /* 1 to 8 bytes */
void mstun_attr_show_text(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len); /* UTF-8 */
void mstun_attr_show_bytes(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);
void mstun_attr_show_flag(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len); /* always true */

/** Shows bytes without a published layout as mstun.value; row->hf is not used. */
void mstun_attr_show_opaque(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);

/** Shows four bytes as a number in the row's field, any other length as mstun_attr_show_opaque does: for types that two
 * products use, one of them without a published layout. */
void mstun_attr_show_uint32_or_opaque(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);

/** Shows an address family and reserved bytes (RFC 8656 sections 18.6 and 18.11); row->hf is not used. */
void mstun_attr_show_family(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);

/** Learns that only Microsoft sends such a message. */
void mstun_attr_learn_microsoft(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/* Parts of values. offset, len: in tvb, which must have captured them. */

/** Adds bytes that could not be decoded, as mstun.value. Returns their item. */
proto_item *mstun_attr_add_value(proto_tree *tree, tvbuff_t *tvb, int offset, int len);

/** Adds UTF-8 text as field hf of type FT_STRING, and makes it the summary. NULs at its end, with which some senders
 * pad it, are in the summary only. Returns the field's item. */
proto_item *mstun_attr_add_text(const mstun_attr_ctx_t *ctx, int hf, int offset, int len);

/** Adds bytes that senders set to zero and receivers ignore. */
void mstun_attr_add_reserved(const mstun_attr_ctx_t *ctx, int offset, int len);

/** Adds one byte of an address family. */
void mstun_attr_add_family(const mstun_attr_ctx_t *ctx, int offset);

/**
 * Adds field hf with some bits of a two-byte type, hidden, where a filter, a column or -e refers to it. Nobody else
 * misses it: the type's name says the same, and adding items is expensive.
 */
void mstun_add_hidden_bits_if_referenced(proto_tree *tree, int hf, tvbuff_t *tvb, int offset, uint16_t type);

extern const unit_name_string mstun_units_kbit_s;

/** True if somebody reads the text of ctx->item. */
static inline bool mstun_attr_wants_summary(const mstun_attr_ctx_t *ctx)
{
    return ctx->item && mstun_tree_is_visible(ctx->tree);
}

/**
 * Sets the attribute's summary, the text after its name in the head of its subtree: printf's arguments. At most once
 * for an attribute. A macro, so that the arguments are evaluated only if somebody reads the text.
 */
#define MSTUN_ATTR_SET_SUMMARY(ctx, format, ...)                                                                       \
    do {                                                                                                               \
        if (mstun_attr_wants_summary(ctx)) {                                                                           \
            *(ctx)->has_summary = true;                                                                                \
            proto_item_set_text((ctx)->item, "%s: " format, (ctx)->name, __VA_ARGS__);                                 \
        }                                                                                                              \
    } while (0)

#endif
