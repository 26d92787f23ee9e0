/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The codes in words: [MS-OCER], and what servers and clients were seen to send with them. */
#include "signal/diagnostics.h"

typedef struct {
    uint32_t id, sub_id; /* sub_id 0: any */
    mstun_code_kind_t kind;
    const char *words;
} code_row_t;

/* clang-format off */
static const code_row_t codes[] = {
    { 0, 0, MSTUN_CODE_FAULT, "the server failed internally" },
    { 1, 0, MSTUN_CODE_FAULT, "the service is not available" },
    { 4, 0, MSTUN_CODE_POLICY, "bandwidth policy: the link has no room for the call, and no other route was tried" },
    { 21, 0, MSTUN_CODE_MEDIA, "no media path, and the location of one end is not known" },
    { 22, 0, MSTUN_CODE_MEDIA, "no media path though both ends are inside: look at firewalls between their subnets" },
    { 23, 0, MSTUN_CODE_MEDIA, "no media path between inside and outside: look at the Edge's ports 3478, 443 and "
                               "50000-59999, and at its inner side" },
    { 24, 0, MSTUN_CODE_MEDIA, "no media path, both ends are remote: look at the way from relay to relay" },
    { 25, 0, MSTUN_CODE_MEDIA, "no media path to a partner's user, both ends are inside: look at the way from Edge to "
                               "Edge" },
    { 26, 0, MSTUN_CODE_MEDIA, "no media path to a partner's user, between inside and outside" },
    { 27, 0, MSTUN_CODE_MEDIA, "no media path to a partner's user, both ends are remote" },
    { 28, 0, MSTUN_CODE_MEDIA, "no media path to a partner's user, and the location of one end is not known" },
    { 31, 0, MSTUN_CODE_MEDIA, "media broke in mid-call, both ends are inside" },
    { 32, 0, MSTUN_CODE_MEDIA, "media broke in mid-call, between inside and outside" },
    { 33, 0, MSTUN_CODE_MEDIA, "media broke in mid-call, both ends are remote" },
    { 34, 0, MSTUN_CODE_MEDIA, "media broke in mid-call, and the location of one end is not known" },
    { 408, 1106, MSTUN_CODE_FAULT, "the acceptance was not acknowledged" },
    { 408, 8537, MSTUN_CODE_FAULT, "a keep-alive was lost" },
    { 408, 10057, MSTUN_CODE_FAULT, "none of the callee's clients answers" },
    { 410, 301005, MSTUN_CODE_MEDIA, "media could not be connected" },
    { 480, 10037, MSTUN_CODE_FAULT, "the callee has no endpoint" },
    { 480, 10076, MSTUN_CODE_FAULT, "the callee was not reached" },
    { 480, 10134, MSTUN_CODE_FAULT, "the callee cannot be routed to" },
    { 480, 10199, MSTUN_CODE_POLICY, "the callee does not take private calls" },
    { 500, 1005, MSTUN_CODE_MEDIA, "the service lost the bot's media" },
    { 1000, 0, MSTUN_CODE_FAULT, "the handshake of TLS or of the authentication did not finish" },
    { 1001, 0, MSTUN_CODE_POLICY, "this user may not talk to public providers" },
    { 1002, 0, MSTUN_CODE_POLICY, "this user may not talk to partners" },
    { 1003, 0, MSTUN_CODE_FAULT, "there is no such user" },
    { 1004, 0, MSTUN_CODE_FAULT, "the route of the dialog is gone" },
    { 1005, 0, MSTUN_CODE_FAULT, "there is no route to that domain" },
    { 1006, 0, MSTUN_CODE_FAULT, "the client's connection failed" },
    { 1007, 0, MSTUN_CODE_FAULT, "there is no route for now" },
    { 1008, 0, MSTUN_CODE_FAULT, "the partner's SRV record was not found in DNS" },
    { 1009, 0, MSTUN_CODE_FAULT, "the partner's SRV record contradicts its domain" },
    { 1010, 0, MSTUN_CODE_FAULT, "the certificate of the next server is not trusted" },
    { 1011, 0, MSTUN_CODE_FAULT, "the next server failed and gave no reason: look there" },
    { 1012, 0, MSTUN_CODE_POLICY, "this user may not talk to anybody outside" },
    { 3014, 0, MSTUN_CODE_POLICY, "not authorized in the conference" },
    { 3015, 0, MSTUN_CODE_POLICY, "attendees may not dial out" },
    { 4003, 0, MSTUN_CODE_POLICY, "the user is not enabled for access from outside" },
    { 4004, 0, MSTUN_CODE_FAULT, "the credentials are another user's" },
    { 4005, 0, MSTUN_CODE_POLICY, "the called user is not enabled" },
    { 4006, 0, MSTUN_CODE_FAULT, "the called user is not in this pool" },
    { 4141, 0, MSTUN_CODE_POLICY, "the user is disabled" },
    { 7000, 0, MSTUN_CODE_FAULT, "the A/V conference server is full" },
    { 7001, 0, MSTUN_CODE_MEDIA, "the A/V conference server has no Edge relay: no media from outside" },
    { 7002, 0, MSTUN_CODE_FAULT, "there is no such conference" },
    { 7003, 0, MSTUN_CODE_FAULT, "the client did not answer the conference server's INVITE" },
    { 7004, 0, MSTUN_CODE_FAULT, "the conference server takes application/sdp only" },
    { 7005, 0, MSTUN_CODE_FAULT, "the conference server did not expect this request" },
    { 7006, 0, MSTUN_CODE_FAULT, "the conference is not provisioned for this user" },
    { 7008, 0, MSTUN_CODE_FAULT, "the conference server cannot read the SDP" },
    { 7009, 0, MSTUN_CODE_FAULT, "the conference server takes no IPv6 address" },
    { 7010, 0, MSTUN_CODE_FAULT, "a line is missing in the SDP" },
    { 17002, 0, MSTUN_CODE_POLICY, "this version of the client is not allowed" },
    { 17003, 0, MSTUN_CODE_POLICY, "this version of the client is not allowed" },
    { 17004, 0, MSTUN_CODE_POLICY, "this version of the client is not allowed" },
    { 21000, 0, MSTUN_CODE_NORMAL, "somebody else began to share" },
    { 21002, 0, MSTUN_CODE_POLICY, "this user may not share, only presenters may: a policy of the conference, not the "
                                   "network. Make them presenter" },
    { 24067, 0, MSTUN_CODE_FAULT, "the conference server is restarting" },
    { 24081, 0, MSTUN_CODE_NORMAL, "the endpoint was ended" },
    { 24083, 0, MSTUN_CODE_FAULT, "the message is for a dialog that does not exist" },
    { 51004, 0, MSTUN_CODE_NORMAL, "a user ended the call" },
    { 51007, 0, MSTUN_CODE_NORMAL, "facts about the callee's media, of good calls too" },
    { 52017, 0, MSTUN_CODE_FAULT, "the two sides' settings for encryption do not match" },
    { 52035, 0, MSTUN_CODE_FAULT, "a conversation with this id is open already" },
    { 52063, 0, MSTUN_CODE_FAULT, "the client does not support this SDP" },
};

static const struct {
    uint32_t first, last;
    const char *whose;
} ranges[] = {
    { 0, 999, "the servers in general" },
    { 1000, 1999, "the SIP stack" },
    { 2000, 2999, "presence" },
    { 3000, 3999, "the conference focus" },
    { 4000, 4999, "the front end server" },
    { 5000, 5999, "server applications" },
    { 6000, 6999, "the IM conference server" },
    { 7000, 7999, "the A/V conference server" },
    { 8000, 8999, "the telephony conference server" },
    { 9000, 9999, "the media relay's authentication service (no TURN credentials)" },
    { 10000, 10999, "the mediation server" },
    { 11000, 11999, "metrics" },
    { 12000, 12999, "outbound routing" },
    { 13000, 13999, "inbound routing" },
    { 14000, 14999, "the translation of numbers" },
    { 15000, 15999, "Exchange's voice mail" },
    { 16000, 16999, "the IM filter" },
    { 17000, 17999, "the check of the client's version" },
    { 21000, 21999, "the application sharing server" },
    { 24000, 24999, "a UCMA application's platform" },
    { 51000, 52999, "the client" },
    { 60000, 60999, "a UCMA application (success)" },
    { 61000, 61999, "a UCMA application (an expected failure)" },
    { 62000, 62999, "a UCMA application (an unexpected failure)" },
};

/* Bits of ICEWarn. alone: each is a fault by itself; the others are normal in networks with NAT. */
static const struct {
    uint32_t bit;
    bool alone;
    const char *words;
} ice_warn_bits[] = {
    { 0x1, true, "the TURN server was not reached over TCP" },
    { 0x2, false, "an allocation over UDP failed" },
    { 0x4, false, "sending by UDP through the relay failed" },
    { 0x8, true, "an allocation over TCP failed" },
    { 0x10, true, "sending by TCP through the relay failed" },
    { 0x20, false, "the direct path failed" },
    { 0x40, false, "UDP through the NAT failed" },
    { 0x80, false, "UDP through the relay failed" },
    { 0x100, false, "TCP through the NAT failed" },
    { 0x200, false, "TCP through the relay failed, or was not tried" },
    { MSTUN_ICE_WARN_INTEGRITY, true, "the MESSAGE-INTEGRITY of a check was wrong" },
    { 0x1000, false, "a bandwidth policy server is used" },
    { 0x2000, true, "a check could not be sent" },
    { MSTUN_ICE_WARN_CREDENTIALS, true, "the TURN credentials are expired, or unknown to the server" },
    { 0x8000, true, "bandwidth policy removed candidates" },
    { 0x10000, false, "bandwidth policy lowered the bandwidth" },
    { 0x20000, false, "a keep-alive to the bandwidth policy server failed" },
    { 0x40000, true, "bandwidth policy refused the way from relay to relay" },
    { MSTUN_ICE_WARN_NO_SERVER, true, "no TURN server is configured, or its name was not resolved" },
    { 0x100000, false, "there are several TURN servers" },
    { 0x200000, true, "the range of ports is used up" },
    { 0x400000, false, "the client was redirected to another TURN server" },
    { MSTUN_ICE_WARN_PSEUDO_TLS, true, "pseudo-TLS failed: a proxy inspects port 443" },
    { 0x1000000, false, "an HTTP proxy is set" },
    { 0x2000000, true, "the HTTP proxy refused the client" },
    { MSTUN_ICE_WARN_RELAY_TCP, false, "TCP checks through both relays failed: is 443 open there, or 50000-59999?" },
    { 0x8000000, true, "the check with USE-CANDIDATE failed" },
};
/* clang-format on */

const char *mstun_diagnostics_words(const mstun_diagnostics_t *diagnostics, mstun_code_kind_t *kind)
{
    for (unsigned i = 0; i < array_length(codes); i++) {
        if (codes[i].id == diagnostics->id && (codes[i].sub_id == 0 || codes[i].sub_id == diagnostics->sub_id)) {
            *kind = codes[i].kind;
            return codes[i].words;
        }
    }
    *kind = MSTUN_CODE_UNKNOWN;
    return NULL;
}

const char *mstun_diagnostics_range(uint32_t id)
{
    for (unsigned i = 0; i < array_length(ranges); i++) {
        if (id >= ranges[i].first && id <= ranges[i].last) {
            return ranges[i].whose;
        }
    }
    return NULL;
}

const char *mstun_ice_warn_text(wmem_allocator_t *scope, uint32_t bits, bool all)
{
    wmem_strbuf_t *text = wmem_strbuf_new(scope, "");

    for (unsigned i = 0; i < array_length(ice_warn_bits); i++) {
        if ((bits & ice_warn_bits[i].bit) && (all || ice_warn_bits[i].alone)) {
            wmem_strbuf_append_printf(text, "%s%s", wmem_strbuf_get_len(text) > 0 ? "; " : "", ice_warn_bits[i].words);
        }
    }
    return wmem_strbuf_get_str(text);
}
