/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A look-up takes Wireshark 1,000 instructions, a seventh of what a message costs. It writes the frame's number into
 * the conversation that it finds, so the one that we found for these ends before is still the right one if it has the
 * number of this frame, and if no later conversation has the same key. */
#include "conversation/recent.h"

#include "conversation/endpoint.h"

#define SLOTS 16 /* a power of 2: connections whose packets come in turns */

typedef struct {
    conversation_t *conversation;
    port_type type;
    mstun_ends_t ends;
} recent_t;

static recent_t recent[SLOTS];

/* Whether conversations are found by ends that mstun_endpoint_t can hold: mstun_payload_dissect_relayed() sets ports
 * that it cannot. */
static bool has_ends(const packet_info *pinfo)
{
    return !pinfo->use_conv_addr_port_endpoints && !pinfo->conv_elements &&
           (pinfo->src.type == AT_IPv4 || pinfo->src.type == AT_IPv6) &&
           (pinfo->srcport | pinfo->destport) <= UINT16_MAX;
}

static bool is_of(const recent_t *slot, const packet_info *pinfo)
{
    const conversation_t *conversation = slot->conversation;

    if (!conversation || conversation->last_frame != pinfo->num || conversation->next || slot->type != pinfo->ptype) {
        return false;
    }
    const mstun_ends_t ends = mstun_packet_ends(pinfo);

    return memcmp(&ends, &slot->ends, sizeof ends) == 0;
}

conversation_t *mstun_conversation_find(packet_info *pinfo)
{
    recent_t *slot = &recent[(pinfo->srcport ^ pinfo->destport) % SLOTS];

    if (has_ends(pinfo) && is_of(slot, pinfo)) {
        return slot->conversation;
    }
    conversation_t *found = find_conversation_pinfo(pinfo, 0);

    if (found && found->last_frame == pinfo->num && has_ends(pinfo)) { /* on the first visit only */
        *slot = (recent_t){ .conversation = found, .type = pinfo->ptype, .ends = mstun_packet_ends(pinfo) };
    }
    return found;
}

/* Conversations live as long as the file. */
static void forget(void)
{
    memset(recent, 0, sizeof recent);
}

void mstun_recent_register(const mstun_registrar_t *reg _U_)
{
    register_cleanup_routine(forget);
}
