/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A message in one line: its type, then the attributes that matter. */
#include "message/message.h"

#include <epan/ipproto.h>

#include "attr/address.h"
#include "wire/text.h"
#include "wire/values.h"

#define TEXT_MAX 48     /* bytes of a user name or realm; the tree has the rest */
#define HEX_MAX 8       /* bytes, if it is binary */
#define TYPICAL_LEN 128 /* of a line; few are longer */

/* wmem_strbuf_append() copies byte by byte and takes four times as long. */
static void append(wmem_strbuf_t *line, const char *text)
{
    wmem_strbuf_append_len(line, text, strlen(text));
}

/* " peer: 192.0.2.1:3478" */
static void append_labeled(wmem_strbuf_t *line, const char *label, const char *text)
{
    wmem_strbuf_append_c(line, ' ');
    append(line, label);
    append(line, ": ");
    append(line, text);
}

/* Binary user names, which MS-TURN has, and anything else that is not text are shown in hex. */
static void append_text(wmem_strbuf_t *line, const char *label, const mstun_span_t *text)
{
    if (!text->bytes) {
        return;
    }
    /* MS-ICE2 pads the user name of a check in the older format with NULs. */
    int len = mstun_text_len(text->bytes, text->len), shown = MIN(len, HEX_MAX);

    append_labeled(line, label, "");
    if (mstun_is_text(text->bytes, len)) {
        shown = mstun_text_truncated_len(text->bytes, len, TEXT_MAX);
        wmem_strbuf_append_len(line, (const char *)text->bytes, (size_t)shown);
    } else {
        for (int i = 0; i < shown; i++) {
            wmem_strbuf_append_printf(line, "%02x", text->bytes[i]);
        }
    }
    if (shown < len) {
        append(line, "...");
    }
}

/* NULs that a server counts as part of its realm, which look like nothing otherwise. */
static void append_nuls(wmem_strbuf_t *line, const mstun_span_t *text)
{
    for (int i = mstun_text_len(text->bytes, text->len); i < text->len; i++) {
        append(line, "\\000");
    }
}

static void append_endpoint(wmem_strbuf_t *line, const char *label, const mstun_endpoint_t *endpoint)
{
    if (endpoint->family) {
        append_labeled(line, label, mstun_endpoint_text(line->allocator, endpoint));
    }
}

static void append_error(wmem_strbuf_t *line, const mstun_facts_t *facts)
{
    const char *name = mstun_error_name(facts->error_code);

    wmem_strbuf_append_printf(line, " %u", facts->error_code);
    if (name) {
        wmem_strbuf_append_printf(line, " %s", name);
    } else {
        append_text(line, "reason", &facts->reason);
    }
}

static void append_transport(wmem_strbuf_t *line, uint8_t protocol)
{
    switch (protocol) {
    case IP_PROTO_TCP:
        append(line, " TCP");
        break;
    case IP_PROTO_UDP:
        append(line, " UDP");
        break;
    default:
        wmem_strbuf_append_printf(line, " transport: %u", protocol);
    }
}

static void append_turn(wmem_strbuf_t *line, const mstun_facts_t *facts)
{
    if (facts->has & MSTUN_HAS_TRANSPORT) {
        append_transport(line, facts->transport);
    }
    if (facts->has & MSTUN_HAS_CONNECTION_ID) {
        wmem_strbuf_append_printf(line, " connection: 0x%08x", facts->connection_id);
    }
    if (facts->has & MSTUN_HAS_CHANNEL) {
        wmem_strbuf_append_printf(line, " channel: 0x%04x", facts->channel);
    }
    append_endpoint(line, "relay", &facts->relayed);
    append_endpoint(line, "relay", &facts->relayed2);
    if (facts->peer.family) {
        append_labeled(line, "peer", mstun_peer_text(line->allocator, &facts->peer));
    }
    append_endpoint(line, "mapped", &facts->mapped);
    append_endpoint(line, "alternate server", &facts->alternate);
    if (facts->has & MSTUN_HAS_LIFETIME) {
        wmem_strbuf_append_printf(line, " lifetime: %u", facts->lifetime);
    }
}

const char *mstun_message_summary(wmem_allocator_t *scope, const mstun_facts_t *facts)
{
    wmem_strbuf_t *line = wmem_strbuf_new_sized(scope, TYPICAL_LEN);

    append(line, mstun_type_name(facts->dialect, facts->type));
    if (facts->has & MSTUN_HAS_ERROR) {
        append_error(line, facts);
    }
    append_turn(line, facts);
    append_text(line, "user", &facts->username);
    append_text(line, "realm", &facts->realm);
    append_nuls(line, &facts->realm);
    if (facts->has & MSTUN_HAS_USE_CANDIDATE) {
        append(line, " USE-CANDIDATE");
    }
    if (facts->data.bytes) {
        wmem_strbuf_append_printf(line, " data: %u bytes", facts->data.len);
    }
    return wmem_strbuf_get_str(line);
}
