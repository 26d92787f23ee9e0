/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/digest.h"

bool mstun_digest(int algorithm, const mstun_span_t *key, const mstun_span_t *pieces, unsigned count, uint8_t *digest)
{
    gcry_md_hd_t handle;

    if (gcry_md_open(&handle, algorithm, key ? GCRY_MD_FLAG_HMAC : 0) != 0) {
        return false;
    }
    bool ok = !key || gcry_md_setkey(handle, key->bytes, key->len) == 0;

    if (ok) {
        for (unsigned i = 0; i < count; i++) {
            gcry_md_write(handle, pieces[i].bytes, pieces[i].len);
        }
        memcpy(digest, gcry_md_read(handle, algorithm), gcry_md_get_algo_dlen(algorithm));
    }
    gcry_md_close(handle);
    return ok;
}
