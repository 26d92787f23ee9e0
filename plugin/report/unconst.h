/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * GLib's and wmem's tables keep pointers without const, also to what nobody changes. */
#ifndef MSTUN_REPORT_UNCONST_H
#define MSTUN_REPORT_UNCONST_H

#include <string.h>

/** The same pointer, for a table whose entries are only read. */
static inline void *mstun_unconst(const void *pointer)
{
    void *same;

    memcpy(&same, &pointer, sizeof same);
    return same;
}

#endif
