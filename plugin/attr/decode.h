/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Shared decoders: what the rows of several specification families show and learn in the same way. The walker has
 * checked the length against the row before any of them runs. */
#ifndef MSTUN_ATTR_DECODE_H
#define MSTUN_ATTR_DECODE_H

#include "attr/attr.h"
#include "base/section.h"

/* One value into the row's own field. */
void mstun_attr_show_uint(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset,
                          int len); /* 1, 2, 4 or 8 bytes */
void mstun_attr_show_text(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset,
                          int len); /* UTF-8, NUL fill off */
void mstun_attr_show_bytes(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset,
                           int len); /* shown as hex */
void mstun_attr_show_flag(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset,
                          int len); /* it is there: true */

/** Bytes without a published layout, into mstun.value; row->hf is not used. */
void mstun_attr_show_opaque(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);

/** An address family and three reserved bytes (RFC 8656 sections 18.6 and 18.11). */
void mstun_attr_show_family(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);

/** Bytes that could not be decoded, as mstun.value. */
proto_item *mstun_attr_add_value(proto_tree *tree, tvbuff_t *tvb, int offset, int len);

/**
 * Bits of a two-byte type, hidden, for those who filter on the field or ask for it by name. In a tree that is read they
 * would say what the type's name says, so without such a wish there is no item: an item costs more than a lookup does.
 */
void mstun_add_hidden_bits_if_referenced(proto_tree *tree, int hf, tvbuff_t *tvb, int offset, uint16_t type);

/* Parts of a value, for rows that are made of several. */
void mstun_attr_add_reserved(const mstun_attr_ctx_t *show, int offset, int len);
void mstun_attr_add_family(const mstun_attr_ctx_t *show, int offset);

extern const unit_name_string mstun_units_kbit_s;

/** Whether it pays to make text for show->item. */
static inline bool mstun_attr_wants_summary(const mstun_attr_ctx_t *show)
{
    return show->item && mstun_tree_is_visible(show->tree);
}

/**
 * Writes the value in a few words, printf's, behind the attribute's name; to be used once, or not at all. A macro: what is
 * to be printed is evaluated only if somebody reads it, and printed once.
 */
#define MSTUN_ATTR_SET_SUMMARY(show, format, ...)                                                                      \
    do {                                                                                                               \
        if (mstun_attr_wants_summary(show)) {                                                                          \
            proto_item_set_text((show)->item, "%s: " format, (show)->name, __VA_ARGS__);                               \
        }                                                                                                              \
    } while (0)

/** Writes len bytes at offset of show->tvb there, with what is no printable character escaped. */
void mstun_attr_summary_from_bytes(const mstun_attr_ctx_t *show, int offset, int len);

/** Length of a text without the NULs that some senders fill it up with. */
int mstun_text_len(const uint8_t *text, int len);

/** Whether all of it is UTF-8 without control characters. */
bool mstun_is_text(const uint8_t *text, int len);

#endif
