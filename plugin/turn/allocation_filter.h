/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Analyze > Conversation Filter > TURN allocation: all connections of one allocation at once. */
#ifndef MSTUN_TURN_ALLOCATION_FILTER_H
#define MSTUN_TURN_ALLOCATION_FILTER_H

#include "base/registrar.h"

void mstun_allocation_filter_register(const mstun_registrar_t *reg);

#endif
