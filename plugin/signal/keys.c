/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/keys.h"

#include "auth/signalled.h"

static mstun_span_t span_of(mstun_slice_t slice)
{
    return (mstun_span_t){ (const uint8_t *)slice.at, (uint16_t)MIN(slice.len, UINT16_MAX) };
}

static void add(const mstun_signalled_t *whose, mstun_slice_t ufrag, mstun_slice_t pwd, bool from_base64)
{
    mstun_signalled_t credentials = *whose;

    credentials.name = span_of(ufrag);
    credentials.password = span_of(pwd);
    if (ufrag.len > 0 && pwd.len > 0) {
        mstun_signalled_add_ice(&credentials, from_base64);
    }
}

void mstun_keys_learn_sdp(uint32_t frame, uint32_t call, unsigned side, const mstun_sdp_t *sdp)
{
    const mstun_signalled_t whose = { .frame = frame, .call = call, .side = side };

    for (unsigned i = 0; i < sdp->media_count; i++) {
        add(&whose, sdp->media[i].ufrag, sdp->media[i].pwd, false);
    }
    for (unsigned i = 0; i < sdp->candidate_count; i++) {
        if (sdp->candidates[i].ms_ice) {
            add(&whose, sdp->candidates[i].ufrag, sdp->candidates[i].pwd, true);
        }
    }
}

void mstun_keys_learn_mras(uint32_t frame, const mstun_mras_t *mras)
{
    for (unsigned i = 0; i < mras->credentials_count; i++) {
        mstun_span_t name = span_of(mras->credentials[i].username), password = span_of(mras->credentials[i].password);

        mstun_signalled_add_turn(frame, &name, &password);
    }
}
