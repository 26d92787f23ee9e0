/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One attribute: a row that names it, bounds it, learns its facts and shows it. The walker (walk.c) checks every length
 * before a row's functions run, so that they hold no bounds check of their own. */
#ifndef MSTUN_ATTR_ATTR_H
#define MSTUN_ATTR_ATTR_H

#include "base/registrar.h"
#include "attr/facts.h"
#include "wire/tlv.h"

typedef struct mstun_attr mstun_attr_t;

/** Where a row shows its value. tree may be NULL (an expert info is wanted, the tree is not). */
typedef struct {
    packet_info *pinfo;
    tvbuff_t *tvb;              /* the message, from its first header byte */
    proto_tree *tree;           /* the attribute's own subtree */
    proto_item *item;           /* the subtree's head: see MSTUN_ATTR_SET_SUMMARY in decode.h */
    const char *name;           /* of the attribute */
    const mstun_facts_t *facts; /* of the whole message; facts->id are the 16 bytes that XOR addresses are made with */
} mstun_attr_ctx_t;

/** Takes the value's facts. value has len bytes, min_len <= len <= max_len of the row; facts' header part is filled. */
typedef void (*mstun_learn_fn)(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/** Shows the value at offset .. offset + len of show->tvb; the same bounds hold, and all bytes are captured. */
typedef void (*mstun_attr_show_fn)(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);

struct mstun_attr {
    uint16_t type;
    uint16_t min_len;
    uint16_t max_len;
    uint16_t unit;    /* the length is a multiple of this; 0 and 1: any */
    const char *name; /* as the specification prints it */
    int *hf;          /* what the shared decoder adds; NULL for decoders that have fields of their own */
    mstun_attr_show_fn show;
    mstun_learn_fn learn; /* NULL: nothing above needs it */
};

/** A specification family's rows. */
typedef struct {
    const mstun_attr_t *rows;
    size_t count;
} mstun_attr_table_t;

/* One table a file, named for the family. mstun_attr_ms_turn holds only what MS-TURN reads differently (0x0001, 0x000E,
 * 0x0012, 0x0014, 0x0015, ...); it is asked first for messages of that dialect. */
extern const mstun_attr_table_t mstun_attr_stun;    /* RFC 8489, 5780, 3489, 7635, 7982 */
extern const mstun_attr_table_t mstun_attr_turn;    /* RFC 8656, 6062, 8016 and old TURN drafts */
extern const mstun_attr_table_t mstun_attr_ice;     /* RFC 8445, 6679; Google and Cisco */
extern const mstun_attr_table_t mstun_attr_ms;      /* [MS-TURN], [MS-ICE2] additions */
extern const mstun_attr_table_t mstun_attr_ms_bwm;  /* [MS-TURNBWM] */
extern const mstun_attr_table_t mstun_attr_ms_turn; /* what [MS-TURN] calls otherwise */

/* Registration. mstun_attr_register comes first: the others' and the message layer's fields show names that it gathers.
 * mstun_attr_decode_register does the shared decoders of decode.c, address.c, error.c and credential.c. */
void mstun_attr_register(const mstun_registrar_t *reg);
void mstun_attr_decode_register(const mstun_registrar_t *reg);
void mstun_attr_stun_register(const mstun_registrar_t *reg);
void mstun_attr_turn_register(const mstun_registrar_t *reg);
void mstun_attr_ice_register(const mstun_registrar_t *reg);
void mstun_attr_ms_register(const mstun_registrar_t *reg);
void mstun_attr_ms_bwm_register(const mstun_registrar_t *reg);

/** The names of all attributes as RFCs have them, MS-TURN's where no RFC uses the type; good after registration. */
extern value_string_ext mstun_attr_names_ext;

/** FINGERPRINT is shown by the message layer, which alone has the bytes that it covers. */
void mstun_attr_show_fingerprint(const mstun_attr_ctx_t *show, const mstun_attr_t *row, int offset, int len);

/** The row for a type in a dialect, NULL if no specification known here has it. */
const mstun_attr_t *mstun_attr_find(mstun_dialect_t dialect, uint16_t type);

/** The name of a row, "Unknown" of NULL. */
static inline const char *mstun_attr_name_of(const mstun_attr_t *row)
{
    return row ? row->name : "Unknown";
}

/** The attribute's name in a dialect; "Unknown" for one without a row. Never NULL. */
const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t type);

/** Whether the row accepts a value of this length. */
bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len);

#endif
