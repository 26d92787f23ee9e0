/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One attribute is one row: its type, name and length, what it adds to the message's facts, and how its value is shown.
 * The walker (walk.h) checks every length before it calls a row's functions, so these check no bounds. */
#ifndef MSTUN_ATTR_ATTR_H
#define MSTUN_ATTR_ATTR_H

#include "base/registrar.h"
#include "attr/facts.h"
#include "wire/tlv.h"

typedef struct mstun_attr mstun_attr_t;

/** Where a row shows its value. */
typedef struct {
    packet_info *pinfo;
    tvbuff_t *tvb;              /* the message, from its first header byte */
    proto_tree *tree;           /* the attribute's subtree; may be NULL when only expert infos are wanted */
    proto_item *item;           /* the head of the subtree: see MSTUN_ATTR_SET_SUMMARY in decode.h */
    bool *has_summary;          /* set by MSTUN_ATTR_SET_SUMMARY */
    const char *name;           /* of the attribute */
    const mstun_facts_t *facts; /* of the whole message; facts->id is the pad of XORed addresses */
} mstun_attr_ctx_t;

/** Adds a value to the facts. value: len bytes, within the row's limits; the header part of facts is already set. */
typedef void (*mstun_attr_learn_fn)(const uint8_t *value, uint16_t len, mstun_facts_t *facts);

/** Shows the value at offset of ctx->tvb. len: its bytes, within the row's limits and all captured. */
typedef void (*mstun_attr_show_fn)(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len);

struct mstun_attr {
    uint16_t type;
    uint16_t min_len; /* of the value, without padding */
    uint16_t max_len;
    uint16_t length_multiple; /* its length is a multiple of this; 0: of anything */
    const char *name;         /* as the specification has it */
    int *hf;                  /* the field for show functions of decode.h; NULL for those that have their own */
    mstun_attr_show_fn show;
    mstun_attr_learn_fn learn; /* NULL: the facts have no place for it */
};

#define MSTUN_ANY_LEN UINT16_MAX /* as max_len */

/* The row of an address. Its length depends on the family, so the show function checks it. */
#define MSTUN_ATTR_ADDRESS_ROW(type, name, show, learn)                                                                \
    {                                                                                                                  \
        (type), 4, MSTUN_ANY_LEN, 0, (name), NULL, (show), (learn)                                                     \
    }

/**
 * Makes rows known to mstun_attr_find. rows: static, one for each type; a type that has a row already is a programming
 * error. To be called when the plugin is registered, as the next one.
 */
void mstun_attr_add_rows(const mstun_attr_t *rows, size_t count);

/** Whether a variant is meant by an attribute of len bytes. facts: the header part of its message's. */
typedef bool (*mstun_attr_applies_fn)(const mstun_facts_t *facts, uint32_t len);

/** The same for other uses of types: found instead of the types' common rows where applies says so. */
void mstun_attr_add_variants(mstun_attr_applies_fn applies, const mstun_attr_t *rows, size_t count);

/** The names of all types that have a common row; complete after registration. */
extern value_string_ext mstun_attr_names_ext;

/** The row for an attribute of len bytes. facts: the header part of its message's. NULL if no specification known here
 * has the type. */
const mstun_attr_t *mstun_attr_find(const mstun_facts_t *facts, uint16_t type, uint32_t len);

/** The common row of a type; NULL if there is none. */
const mstun_attr_t *mstun_attr_find_common(uint16_t type);

/** The name in a row; "Unknown" for NULL. */
static inline const char *mstun_attr_name_of(const mstun_attr_t *row)
{
    return row ? row->name : "Unknown";
}

/** The name that a type has in messages of this dialect and method; "Unknown" for one without a row. Never NULL. */
const char *mstun_attr_name(mstun_dialect_t dialect, uint16_t method, uint16_t type);

/** True if the row allows a value of len bytes. */
bool mstun_attr_length_ok(const mstun_attr_t *row, uint32_t len);

/* The room's modules: what several families share, then one for each family of specifications. */
void mstun_attr_decode_register(const mstun_registrar_t *reg);
void mstun_attr_address_register(const mstun_registrar_t *reg);
void mstun_attr_error_register(const mstun_registrar_t *reg);
void mstun_attr_auth_register(const mstun_registrar_t *reg);
void mstun_attr_stun_register(const mstun_registrar_t *reg);   /* RFC 8489, 5780, 3489, 7635, 7982 */
void mstun_attr_turn_register(const mstun_registrar_t *reg);   /* RFC 8656, 6062, 8016 and old TURN drafts */
void mstun_attr_ice_register(const mstun_registrar_t *reg);    /* RFC 8445, 6679; Google and Cisco */
void mstun_attr_ms_register(const mstun_registrar_t *reg);     /* [MS-TURN], [MS-ICE2] */
void mstun_attr_ms_bwm_register(const mstun_registrar_t *reg); /* [MS-TURNBWM] */

#endif
