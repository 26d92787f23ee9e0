/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/signalled.h"

#include "auth/key.h"

#define SAME_NAME_MAX 32 /* passwords of one name that are kept: ufrags of four characters are not unique */

/* The newest one of a name, to which the others are linked. */
static wmem_map_t *by_name; /* mstun_span_t -> mstun_signalled_t; NULL: there are none */

static ws_bool pref_use = TRUE;

static guint hash_span(gconstpointer key)
{
    const mstun_span_t *span = (const mstun_span_t *)key;

    return wmem_strong_hash(span->bytes, span->len);
}

static gboolean equal_spans(gconstpointer a, gconstpointer b)
{
    return mstun_span_equal((const mstun_span_t *)a, (const mstun_span_t *)b);
}

/* A copy, decoded or as it is, in file scope. False: it is empty, too long, or no base64. */
static bool take(const mstun_span_t *from, bool from_base64, mstun_span_t *to)
{
    if (from->len == 0 || from->len > 2 * MSTUN_PASSWORD_MAX) {
        return false;
    }
    if (!from_base64) {
        *to = (mstun_span_t){ (const uint8_t *)wmem_memdup(wmem_file_scope(), from->bytes, from->len), from->len };
        return true;
    }
    char *text =
        g_strdup_printf("%.*s%.*s", (int)from->len, (const char *)from->bytes, (int)(3 - (from->len + 3) % 4), "===");
    gsize len = 0;
    guchar *decoded = g_base64_decode(text, &len);

    *to = (mstun_span_t){ (const uint8_t *)wmem_memdup(wmem_file_scope(), decoded, len), (uint16_t)len };
    g_free(decoded);
    g_free(text);
    return len > 0;
}

static bool is_known(const mstun_signalled_t *first, const mstun_signalled_t *credentials, unsigned *count)
{
    for (*count = 0; first; first = first->next, (*count)++) {
        if (first->call == credentials->call && first->side == credentials->side &&
            mstun_span_equal(&first->password, &credentials->password)) {
            return true;
        }
    }
    return *count >= SAME_NAME_MAX;
}

static void add(const mstun_signalled_t *credentials, bool from_base64)
{
    mstun_signalled_t kept = *credentials;
    unsigned count;

    if (!take(&credentials->name, from_base64, &kept.name) ||
        !take(&credentials->password, from_base64, &kept.password) || kept.password.len > MSTUN_PASSWORD_MAX) {
        return;
    }
    if (!by_name) {
        by_name = wmem_map_new(wmem_file_scope(), hash_span, equal_spans);
    }
    kept.next = (const mstun_signalled_t *)wmem_map_lookup(by_name, &kept.name);
    if (!is_known(kept.next, &kept, &count)) {
        mstun_signalled_t *added = (mstun_signalled_t *)wmem_memdup(wmem_file_scope(), &kept, sizeof kept);

        wmem_map_insert(by_name, &added->name, added);
    }
}

void mstun_signalled_add_ice(const mstun_signalled_t *credentials, bool from_base64)
{
    mstun_signalled_t ice = *credentials;

    ice.is_ice = true;
    add(&ice, from_base64);
}

void mstun_signalled_add_turn(uint32_t frame, const mstun_span_t *name, const mstun_span_t *password)
{
    const mstun_signalled_t turn = { .frame = frame, .name = *name, .password = *password };

    add(&turn, true);
}

bool mstun_signalled_any(void)
{
    return by_name && pref_use;
}

const mstun_signalled_t *mstun_signalled_find(const mstun_span_t *name)
{
    return mstun_signalled_any() ? (const mstun_signalled_t *)wmem_map_lookup(by_name, name) : NULL;
}

bool mstun_signalled_is_peer(const mstun_signalled_t *credentials, const mstun_span_t *other)
{
    for (const mstun_signalled_t *peer = mstun_signalled_find(other); peer; peer = peer->next) {
        if (peer->is_ice && peer->call == credentials->call && peer->side != credentials->side) {
            return true;
        }
    }
    return false;
}

/* Before a file is closed. */
static void forget(void)
{
    by_name = NULL;
}

void mstun_signalled_register(const mstun_registrar_t *reg)
{
    prefs_register_bool_preference(reg->prefs, "signalled_keys", "Check MESSAGE-INTEGRITY with passwords of signalling",
                                   "ICE passwords in SDP and TURN credentials of MRAS, where the capture has them",
                                   &pref_use);
    register_cleanup_routine(forget);
}
