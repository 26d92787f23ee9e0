/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Keys of maps that are compared as bytes. */
#ifndef MSTUN_BASE_MAP_KEY_H
#define MSTUN_BASE_MAP_KEY_H

#include <wireshark.h>

/** Defines the two functions that wmem_map_new() takes, for keys of a type without padding, or with padding that is
 * always zero. The map owns nothing: keys live as long as it does. */
#define MSTUN_KEY_AS_BYTES(type, hash_name, equal_name)                                                                \
    static guint hash_name(gconstpointer key)                                                                          \
    {                                                                                                                  \
        return wmem_strong_hash((const guint8 *)key, sizeof(type));                                                    \
    }                                                                                                                  \
    static gboolean equal_name(gconstpointer a, gconstpointer b)                                                       \
    {                                                                                                                  \
        return memcmp(a, b, sizeof(type)) == 0;                                                                        \
    }                                                                                                                  \
    struct hash_name##_ends_here /* so that the macro is used with a semicolon */

#endif
