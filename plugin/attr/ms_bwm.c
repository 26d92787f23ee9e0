/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Attributes of bandwidth management, in MS-TURN Allocate messages: [MS-TURNBWM] 2.2. */
#include "attr/address.h"
#include "attr/decode.h"

static int hf_att_bandwidth_acm_type = -1;
static int hf_att_bandwidth_rsv_id = -1;
static int hf_att_bandwidth_rsv_amount_misb = -1;
static int hf_att_bandwidth_rsv_amount_masb = -1;
static int hf_att_bandwidth_rsv_amount_mirb = -1;
static int hf_att_bandwidth_rsv_amount_marb = -1;
static int hf_att_address_rp_valid = -1;
static int hf_att_address_rp_pstn = -1;
static int hf_att_address_rp_reserved = -1;
static int hf_att_address_rp_reserved_relay = -1;
static int hf_att_address_rp_masb = -1;
static int hf_att_address_rp_marb = -1;
static int hf_att_sip_dialog_id = -1;
static int hf_att_sip_call_id = -1;
static int hf_att_lp_peer_location = -1;
static int hf_att_lp_self_location = -1;
static int hf_att_lp_federation = -1;

static const value_string acm_type_names[] = {
    { 0, "Reservation Check" },
    { 1, "Reservation Commit" },
    { 2, "Reservation Update" },
    { 0, NULL },
};

static void show_acm(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    uint16_t type = tvb_get_ntohs(ctx->tvb, offset + 2);

    mstun_attr_add_reserved(ctx, offset, 2);
    proto_tree_add_item(ctx->tree, hf_att_bandwidth_acm_type, ctx->tvb, offset + 2, 2, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s", val_to_str_const(type, acm_type_names, "Unknown"));
}

/* [MS-TURNBWM] 2.2.3: minimum and maximum to send, minimum and maximum to receive. */
static void show_reservation_amount(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_bandwidth_rsv_amount_misb, ctx->tvb, offset, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_bandwidth_rsv_amount_masb, ctx->tvb, offset + 4, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_bandwidth_rsv_amount_mirb, ctx->tvb, offset + 8, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_bandwidth_rsv_amount_marb, ctx->tvb, offset + 12, 4, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(ctx, "send %u to %u, receive %u to %u kbit/s", tvb_get_ntohl(ctx->tvb, offset),
                           tvb_get_ntohl(ctx->tvb, offset + 4), tvb_get_ntohl(ctx->tvb, offset + 8),
                           tvb_get_ntohl(ctx->tvb, offset + 12));
}

static void add_maxima(const mstun_attr_ctx_t *ctx, int offset)
{
    bool valid = (tvb_get_uint8(ctx->tvb, offset) & 0x80) != 0;

    proto_tree_add_item(ctx->tree, hf_att_address_rp_masb, ctx->tvb, offset + 4, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_address_rp_marb, ctx->tvb, offset + 8, 4, ENC_BIG_ENDIAN);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s, send %u, receive %u kbit/s", valid ? "valid" : "not valid",
                           tvb_get_ntohl(ctx->tvb, offset + 4), tvb_get_ntohl(ctx->tvb, offset + 8));
}

/* [MS-TURNBWM] 2.2.8 and 2.2.10
 *
 *  |V|F|                  Reserved                                 |
 *  |            Maximum Send Bandwidth, kbit/s                     |
 *  |            Maximum Receive Bandwidth, kbit/s                  |
 */
static void show_site_response(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    static int *const bits[] = { &hf_att_address_rp_valid, &hf_att_address_rp_pstn, &hf_att_address_rp_reserved, NULL };

    proto_tree_add_bitmask_list(ctx->tree, ctx->tvb, offset, 4, bits, ENC_BIG_ENDIAN);
    add_maxima(ctx, offset);
}

/* [MS-TURNBWM] 2.2.9 and 2.2.11: the same without F. */
static void show_relay_site_response(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    static int *const bits[] = { &hf_att_address_rp_valid, &hf_att_address_rp_reserved_relay, NULL };

    proto_tree_add_bitmask_list(ctx->tree, ctx->tvb, offset, 4, bits, ENC_BIG_ENDIAN);
    add_maxima(ctx, offset);
}

static void show_sip_id(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row, int offset, int len)
{
    mstun_attr_show_bytes(ctx, row, offset, len);
    MSTUN_ATTR_SET_SUMMARY(ctx, "%s", tvb_format_text(ctx->pinfo->pool, ctx->tvb, offset, len));
}

static const value_string location_names[] = {
    { 0, "Unknown" },
    { 1, "Internet" },
    { 2, "Intranet" },
    { 0, NULL },
};

static const value_string federation_names[] = {
    { 0, "No Federation" },
    { 1, "Enterprise Federation" },
    { 2, "Public Cloud Federation" },
    { 0, NULL },
};

static void show_location_profile(const mstun_attr_ctx_t *ctx, const mstun_attr_t *row _U_, int offset, int len _U_)
{
    proto_tree_add_item(ctx->tree, hf_att_lp_peer_location, ctx->tvb, offset, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_lp_self_location, ctx->tvb, offset + 1, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(ctx->tree, hf_att_lp_federation, ctx->tvb, offset + 2, 1, ENC_BIG_ENDIAN);
    mstun_attr_add_reserved(ctx, offset + 3, 1);
    MSTUN_ATTR_SET_SUMMARY(ctx, "peer %s, self %s, %s",
                           val_to_str_const(tvb_get_uint8(ctx->tvb, offset), location_names, "unknown"),
                           val_to_str_const(tvb_get_uint8(ctx->tvb, offset + 1), location_names, "unknown"),
                           val_to_str_const(tvb_get_uint8(ctx->tvb, offset + 2), federation_names, "unknown"));
}

/* type, min_len, max_len, length_multiple, name, hf, show, learn */
static const mstun_attr_t rows[] = {
    { 0x8056, 4, 4, 0, "BANDWIDTH-ADMISSION-CONTROL-MESSAGE", NULL, show_acm, mstun_attr_learn_microsoft },
    { 0x8057, 16, 16, 0, "BANDWIDTH-RESERVATION-IDENTIFIER", &hf_att_bandwidth_rsv_id, mstun_attr_show_bytes,
      mstun_attr_learn_microsoft },
    { 0x8058, 16, 16, 0, "BANDWIDTH-RESERVATION-AMOUNT", NULL, show_reservation_amount, mstun_attr_learn_microsoft },
    MSTUN_ATTR_ADDRESS_ROW(0x8059, "REMOTE-SITE-ADDRESS", mstun_attr_show_xor_address, mstun_attr_learn_microsoft),
    MSTUN_ATTR_ADDRESS_ROW(0x805A, "REMOTE-RELAY-SITE-ADDRESS", mstun_attr_show_xor_address,
                           mstun_attr_learn_microsoft),
    MSTUN_ATTR_ADDRESS_ROW(0x805B, "LOCAL-SITE-ADDRESS", mstun_attr_show_xor_address, mstun_attr_learn_microsoft),
    MSTUN_ATTR_ADDRESS_ROW(0x805C, "LOCAL-RELAY-SITE-ADDRESS", mstun_attr_show_xor_address, mstun_attr_learn_microsoft),
    { 0x805D, 12, 12, 0, "REMOTE-SITE-ADDRESS-RESPONSE", NULL, show_site_response, mstun_attr_learn_microsoft },
    { 0x805E, 12, 12, 0, "REMOTE-RELAY-SITE-ADDRESS-RESPONSE", NULL, show_relay_site_response,
      mstun_attr_learn_microsoft },
    { 0x805F, 12, 12, 0, "LOCAL-SITE-ADDRESS-RESPONSE", NULL, show_site_response, mstun_attr_learn_microsoft },
    { 0x8060, 12, 12, 0, "LOCAL-RELAY-SITE-ADDRESS-RESPONSE", NULL, show_relay_site_response,
      mstun_attr_learn_microsoft },
    { 0x8061, 0, MSTUN_ANY_LEN, 0, "SIP-DIALOG-IDENTIFIER", &hf_att_sip_dialog_id, show_sip_id,
      mstun_attr_learn_microsoft },
    { 0x8062, 0, MSTUN_ANY_LEN, 0, "SIP-CALL-IDENTIFIER", &hf_att_sip_call_id, show_sip_id,
      mstun_attr_learn_microsoft },
    { 0x8068, 4, 4, 0, "LOCATION-PROFILE", NULL, show_location_profile, mstun_attr_learn_microsoft },
};

void mstun_attr_ms_bwm_register(const mstun_registrar_t *reg)
{
    static hf_register_info hf[] = {
        { &hf_att_bandwidth_acm_type,
          { "Message Type", "mstun.att.bandwidth_acm.type", FT_UINT16, BASE_DEC, VALS(acm_type_names), 0x0,
            "[MS-TURNBWM] 2.2.1", HFILL } },
        { &hf_att_bandwidth_rsv_id,
          { "Reservation ID", "mstun.att.bandwidth_rsv_id", FT_BYTES, BASE_NONE, NULL, 0x0, "[MS-TURNBWM] 2.2.2",
            HFILL } },
        { &hf_att_bandwidth_rsv_amount_misb,
          { "Minimum Send Bandwidth", "mstun.att.bandwidth_rsv_amount.misb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.3", HFILL } },
        { &hf_att_bandwidth_rsv_amount_masb,
          { "Maximum Send Bandwidth", "mstun.att.bandwidth_rsv_amount.masb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.3", HFILL } },
        { &hf_att_bandwidth_rsv_amount_mirb,
          { "Minimum Receive Bandwidth", "mstun.att.bandwidth_rsv_amount.mirb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.3", HFILL } },
        { &hf_att_bandwidth_rsv_amount_marb,
          { "Maximum Receive Bandwidth", "mstun.att.bandwidth_rsv_amount.marb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.3", HFILL } },
        { &hf_att_address_rp_valid,
          { "Valid", "mstun.att.address_rp.valid", FT_BOOLEAN, 32, TFS(&mstun_yes_no), 0x80000000,
            "The path to this address passed the bandwidth policy", HFILL } },
        { &hf_att_address_rp_pstn,
          { "PSTN", "mstun.att.address_rp.pstn", FT_BOOLEAN, 32, TFS(&mstun_yes_no), 0x40000000,
            "The call may go over the telephone network instead", HFILL } },
        { &hf_att_address_rp_reserved,
          { "Reserved", "mstun.att.address_rp.reserved", FT_UINT32, BASE_HEX, NULL, 0x3FFFFFFF,
            "[MS-TURNBWM] 2.2.8 to 2.2.11", HFILL } },
        { &hf_att_address_rp_reserved_relay,
          { "Reserved", "mstun.att.address_rp.reserved", FT_UINT32, BASE_HEX, NULL, 0x7FFFFFFF,
            "[MS-TURNBWM] 2.2.8 to 2.2.11", HFILL } },
        { &hf_att_address_rp_masb,
          { "Maximum Send Bandwidth", "mstun.att.address_rp.masb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.8 to 2.2.11", HFILL } },
        { &hf_att_address_rp_marb,
          { "Maximum Receive Bandwidth", "mstun.att.address_rp.marb", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
            &mstun_units_kbit_s, 0x0, "[MS-TURNBWM] 2.2.8 to 2.2.11", HFILL } },
        { &hf_att_sip_dialog_id,
          { "SIP Dialog ID", "mstun.att.sip_dialog_id", FT_BYTES, BASE_NONE, NULL, 0x0, "[MS-TURNBWM] 2.2.12",
            HFILL } },
        { &hf_att_sip_call_id,
          { "SIP Call ID", "mstun.att.sip_call_id", FT_BYTES, BASE_NONE, NULL, 0x0, "[MS-TURNBWM] 2.2.13", HFILL } },
        { &hf_att_lp_peer_location,
          { "Peer Location", "mstun.att.lp.peer_location", FT_UINT8, BASE_DEC, VALS(location_names), 0x0,
            "[MS-TURNBWM] 2.2.14", HFILL } },
        { &hf_att_lp_self_location,
          { "Self Location", "mstun.att.lp.self_location", FT_UINT8, BASE_DEC, VALS(location_names), 0x0,
            "[MS-TURNBWM] 2.2.14", HFILL } },
        { &hf_att_lp_federation,
          { "Federation", "mstun.att.lp.federation", FT_UINT8, BASE_DEC, VALS(federation_names), 0x0,
            "[MS-TURNBWM] 2.2.14", HFILL } },
    };

    MSTUN_REGISTER_FIELDS(reg, hf);
    mstun_attr_add_rows(rows, array_length(rows));
}
