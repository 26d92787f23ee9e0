/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/relay_auth.h"

static mstun_relay_auth_t *first, *last;
static wmem_map_t *by_id; /* Call-ID -> the last one of that */

static mstun_relay_auth_t *add(const mstun_signal_t *signal)
{
    mstun_relay_auth_t *auth = wmem_new0(wmem_file_scope(), mstun_relay_auth_t);

    auth->call_id = wmem_strdup(wmem_file_scope(), signal->call_id);
    auth->user = mstun_call_user(signal->from);
    auth->request_time = signal->pinfo->abs_ts;
    auth->reason = "";
    if (last) {
        last->next = auth;
    } else {
        first = auth;
    }
    last = auth;
    if (!by_id) {
        by_id = wmem_map_new(wmem_file_scope(), wmem_str_hash, g_str_equal);
    }
    wmem_map_insert(by_id, auth->call_id, auth);
    return auth;
}

void mstun_relay_auth_learn(const mstun_signal_t *signal, const mstun_mras_t *mras)
{
    mstun_relay_auth_t *auth = by_id ? (mstun_relay_auth_t *)wmem_map_lookup(by_id, signal->call_id) : NULL;

    if (mras->is_response) {
        auth = auth && !auth->response_frame ? auth : add(signal);
        auth->response_frame = signal->pinfo->num;
        auth->granted = mras->credentials_count > 0;
        auth->reason = mstun_slice_dup(wmem_file_scope(), mras->reason);
    } else if (!auth || auth->response_frame) { /* else it is sent again */
        add(signal)->request_frame = signal->pinfo->num;
    }
}

const mstun_relay_auth_t *mstun_relay_auth_first(void)
{
    return first;
}

/* Before a file is closed. */
static void forget(void)
{
    first = last = NULL;
    by_id = NULL;
}

void mstun_relay_auth_register(const mstun_registrar_t *reg _U_)
{
    register_cleanup_routine(forget);
}
