/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "framing/rfc3489.h"

#include "attr/address.h"

#define RFC3489_ATTRIBUTE_MAX 0x000B /* section 11.2: MAPPED-ADDRESS to REFLECTED-FROM */

/* MAPPED-, RESPONSE-, SOURCE-, CHANGED-ADDRESS and REFLECTED-FROM */
static bool is_address(uint16_t type)
{
    return type == 0x0001 || type == 0x0002 || type == 0x0004 || type == 0x0005 || type == 0x000B;
}

static bool is_valid_attribute(const uint8_t *bytes, const mstun_tlv_t *tlv)
{
    const mstun_attr_t *row = tlv->state == MSTUN_TLV_OK ? mstun_attr_find_common(tlv->type) : NULL;

    if (!row || !mstun_attr_length_ok(row, tlv->length)) {
        return false;
    }
    mstun_endpoint_t endpoint;

    return !is_address(tlv->type) ||
           mstun_endpoint_read(bytes + tlv->offset + STUN_TLV_HEADER_LEN, tlv->length, NULL, &endpoint);
}

bool mstun_rfc3489_fits(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    return captured >= STUN_HEADER_LEN && mstun_rfc3489_type(pntohu16(bytes)) &&
           STUN_HEADER_LEN + (uint32_t)pntohu16(bytes + 2) == reported &&
           mstun_dialect_of_bytes(bytes, captured) == MSTUN_DIALECT_RFC3489;
}

bool mstun_rfc3489_is_message(const uint8_t *bytes, uint32_t captured, uint32_t reported)
{
    mstun_tlv_walk_t walk;
    mstun_tlv_t tlv;
    bool has_rfc3489_attribute = false;

    if (captured != reported || !mstun_rfc3489_fits(bytes, captured, reported)) {
        return false;
    }
    mstun_tlv_walk_start(&walk, bytes, captured, reported, false);
    while (mstun_tlv_walk_next(&walk, &tlv)) {
        if (!is_valid_attribute(bytes, &tlv)) {
            return false;
        }
        has_rfc3489_attribute = has_rfc3489_attribute || tlv.type <= RFC3489_ATTRIBUTE_MAX;
    }
    return has_rfc3489_attribute;
}
