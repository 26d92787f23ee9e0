/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names of the values on the wire: one list each, for tree, columns and reports alike. */
#ifndef MSTUN_WIRE_VALUES_H
#define MSTUN_WIRE_VALUES_H

#include "wire/dialect.h"

extern const value_string mstun_class_names[]; /* by the masked bits as the built-in has them: 0x00, 0x01, 0x10, 0x11 */
extern const value_string mstun_method_names[];         /* by the masked bits as the built-in has them */
extern const value_string mstun_ms_turn_method_names[]; /* the same in MS-TURN */
extern const value_string mstun_type_names[];           /* whole types, RFC meaning */
extern const value_string mstun_ms_turn_type_names[];   /* the same in MS-TURN */
extern const value_string mstun_dialect_names[];        /* mstun_dialect_t */
extern const value_string mstun_error_names[];          /* error codes as one number: 401, 438, 447, ... */

/** "Binding Request", "Allocate Error Response"; MS-TURN's own names in that dialect. Never NULL. */
const char *mstun_type_name(mstun_dialect_t dialect, uint16_t type);

/** "Unauthorized" for 401; NULL for a code without a name (protocol names first, then legacy drafts). */
const char *mstun_error_name(uint16_t code);

#endif
