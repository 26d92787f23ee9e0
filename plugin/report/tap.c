/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tap.h"

#include "wire/tlv.h"

#define ATTRIBUTES_MAX 64 /* more in one message are not counted */

static int tap = -1;
static unsigned file;

static void list_attributes(tvbuff_t *message, packet_info *pinfo, const mstun_facts_t *facts, mstun_tap_info_t *info)
{
    uint32_t captured = tvb_captured_length(message);
    uint32_t end = MIN(STUN_HEADER_LEN + (uint32_t)facts->length, tvb_reported_length(message));
    uint16_t *types = (uint16_t *)wmem_alloc(pinfo->pool, ATTRIBUTES_MAX * sizeof *types);
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;

    mstun_tlv_walk_start(&walk, tvb_get_ptr(message, 0, (int)captured), captured, end, facts->padded);
    while (info->attribute_count < ATTRIBUTES_MAX && mstun_tlv_walk_next(&walk, &tlv)) {
        if (tlv.state != MSTUN_TLV_TRAILING_BYTES) {
            types[info->attribute_count++] = tlv.type;
        }
    }
    info->attributes = types;
}

bool mstun_tap_wanted(void)
{
    return have_tap_listener(tap);
}

void mstun_tap_queue(const mstun_event_t *event, tvbuff_t *message)
{
    const mstun_transaction_t *transaction = event->transaction;
    const mstun_facts_t *facts = event->facts;
    packet_info *pinfo = event->pinfo;
    mstun_tap_info_t *info = wmem_new0(pinfo->pool, mstun_tap_info_t);

    info->dialect = facts->dialect;
    info->framing = event->framing;
    info->type = facts->type;
    info->class = facts->class;
    info->method = facts->method;
    info->error_code = facts->class == STUN_ERROR && facts->has & MSTUN_HAS_ERROR ? facts->error_code : 0;
    info->first_visit = event->first_visit;
    info->repeated = event->repeat != NULL;
    list_attributes(message, pinfo, facts, info);
    if (transaction && facts->class != STUN_REQUEST && transaction->request_frame) {
        info->has_request = mstun_transaction_has_request(transaction, pinfo);
        info->request_time = transaction->request_time;
    }
    info->stream = event->stream;
    if (event->stream) {
        const mstun_peer_connection_t *connection = mstun_peer_connection_of(event);

        info->pair = mstun_pair_of(transaction);
        info->allocation = connection ? connection->allocation : mstun_allocation_in_force(event);
    }
    tap_queue_packet(tap, pinfo, info);
}

void mstun_tap_queue_call(packet_info *pinfo, const mstun_call_t *call, bool first_visit)
{
    if (call && mstun_tap_wanted()) {
        mstun_tap_info_t *info = wmem_new0(pinfo->pool, mstun_tap_info_t);

        info->call = call;
        info->first_visit = first_visit;
        tap_queue_packet(tap, pinfo, info);
    }
}

unsigned mstun_tap_file(void)
{
    return file;
}

static void count_file(void)
{
    file++;
}

void mstun_tap_register(const mstun_registrar_t *reg _U_)
{
    tap = register_tap(MSTUN_TAP);
    register_init_routine(count_file);
}
