/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track/pair.h"

/* Filled in by the next commit: this one is for those who build on the interface. */

const value_string mstun_pair_verdict_names[] = { { 0, NULL } };
const value_string mstun_role_names[] = { { 0, NULL } };

void mstun_pair_learn(mstun_stream_t *stream _U_, unsigned direction _U_, packet_info *pinfo _U_, uint32_t position _U_,
                      const mstun_endpoint_t *peer _U_, bool from_peer _U_, const mstun_facts_t *facts _U_,
                      const mstun_exchange_t *exchange _U_)
{
}

void mstun_pair_media(const mstun_stream_t *stream _U_, unsigned direction _U_, const packet_info *pinfo _U_,
                      const mstun_endpoint_t *peer _U_)
{
}

const mstun_pair_t *mstun_pair_of(const mstun_exchange_t *exchange _U_)
{
    return NULL;
}

uint32_t mstun_pair_count(void)
{
    return 0;
}

const mstun_pair_t *mstun_pair_at(uint32_t id _U_)
{
    return NULL;
}

const mstun_pair_view_t *mstun_pair_view(const mstun_pair_t *pair _U_, const nstime_t *end _U_)
{
    return NULL;
}

const char *mstun_pair_verdict_text(wmem_allocator_t *pool _U_, const mstun_pair_view_t *view _U_)
{
    return "";
}

void mstun_pair_register(const mstun_registrar_t *reg _U_)
{
}
