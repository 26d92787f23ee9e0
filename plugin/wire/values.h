/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names of the values on the wire: one list each, for tree, columns and reports. */
#ifndef MSTUN_WIRE_VALUES_H
#define MSTUN_WIRE_VALUES_H

#include "wire/dialect.h"

extern const value_string mstun_class_names[];          /* by the bits of STUN_TYPE_CLASS_MASK, shifted to the right */
extern const value_string mstun_method_names[];         /* by the bits of STUN_TYPE_METHOD_MASK */
extern const value_string mstun_ms_turn_method_names[]; /* the same in MS-TURN */
extern const value_string mstun_type_names[];           /* by the whole type, in the RFCs' sense */
extern const value_string mstun_ms_turn_type_names[];   /* the same in MS-TURN */
extern const value_string mstun_dialect_names[];        /* by mstun_dialect_t */
extern const value_string mstun_error_names[];          /* by class and number as one: 401, 438, 447 */

/** "Binding Request", "Allocate Error Response"; in MS-TURN that dialect's name. "Unknown Request" or the like for an
 * unknown method; never NULL. */
const char *mstun_type_name(mstun_dialect_t dialect, uint16_t type);

/** "Unauthorized" for 401; NULL for a code without a name. */
const char *mstun_error_name(uint16_t code);

#endif
