/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A message in one line that a person can read: what it is, then what decides. */
#include "message/message.h"

#include <wsutil/str_util.h>

#include "attr/address.h"
#include "wire/values.h"

#define TEXT_SHOWN 48   /* of a user name or realm: the rest is in the tree */
#define TYPICAL_LEN 128 /* of a line: few grow beyond it */

/* wmem_strbuf_append() copies byte by byte, and takes four times as long. */
static void add(wmem_strbuf_t *line, const char *text)
{
    wmem_strbuf_append_len(line, text, strlen(text));
}

/* " peer: 192.0.2.1:3478" */
static void append(wmem_strbuf_t *line, const char *label, const char *text)
{
    wmem_strbuf_append_c(line, ' ');
    add(line, label);
    add(line, ": ");
    add(line, text);
}

/* Text from the wire may hold anything, an MS-TURN user name is binary: such is shown by its first bytes in hex. */
static void append_text(wmem_strbuf_t *line, const char *label, const mstun_span_t *text)
{
    uint16_t len = text->len;

    if (!text->bytes) {
        return;
    }
    while (len > 0 && text->bytes[len - 1] == '\0') { /* the STUN-02 copy of an MS-ICE2 check fills up with NULs */
        len--;
    }
    bool cut = len > TEXT_SHOWN;

    append(line, label, "");
    if (isprint_utf8_string((const char *)text->bytes, len)) {
        wmem_strbuf_append_len(line, (const char *)text->bytes, cut ? TEXT_SHOWN : len);
    } else {
        for (unsigned i = 0; i < MIN(len, 8u); i++) {
            wmem_strbuf_append_printf(line, "%02x", text->bytes[i]);
        }
        cut = len > 8;
    }
    if (cut) {
        add(line, "...");
    }
}

static void append_endpoint(wmem_strbuf_t *line, const char *label, const mstun_endpoint_t *endpoint)
{
    if (endpoint->family) {
        /* freed with line: both are the packet's */
        append(line, label, mstun_endpoint_text(line->allocator, endpoint));
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

static void append_turn(wmem_strbuf_t *line, const mstun_facts_t *facts)
{
    if (facts->has & MSTUN_HAS_TRANSPORT) {
        add(line, facts->transport == 6 ? " TCP" : facts->transport == 17 ? " UDP" : " transport");
        if (facts->transport != 6 && facts->transport != 17) {
            wmem_strbuf_append_printf(line, ": %u", facts->transport);
        }
    }
    if (facts->has & MSTUN_HAS_CONNECTION_ID) {
        wmem_strbuf_append_printf(line, " connection: 0x%08x", facts->connection_id);
    }
    if (facts->has & MSTUN_HAS_CHANNEL) {
        wmem_strbuf_append_printf(line, " channel: 0x%04x", facts->channel);
    }
    append_endpoint(line, "relay", &facts->relayed);
    append_endpoint(line, "peer", &facts->peer);
    append_endpoint(line, "mapped", &facts->mapped);
    append_endpoint(line, "alternate server", &facts->alternate);
    if (facts->has & MSTUN_HAS_LIFETIME) {
        wmem_strbuf_append_printf(line, " lifetime: %u", facts->lifetime);
    }
}

const char *mstun_message_summary(wmem_allocator_t *scope, const mstun_facts_t *facts)
{
    wmem_strbuf_t *line = wmem_strbuf_new_sized(scope, TYPICAL_LEN);

    add(line, mstun_type_name(facts->dialect, facts->type));
    if (facts->has & MSTUN_HAS_ERROR) {
        append_error(line, facts);
    }
    append_turn(line, facts);
    append_text(line, "user", &facts->username);
    append_text(line, "realm", &facts->realm);
    if (facts->has & MSTUN_HAS_USE_CANDIDATE) {
        add(line, " USE-CANDIDATE");
    }
    if (facts->data.bytes) {
        wmem_strbuf_append_printf(line, " data: %u bytes", facts->data.len);
    }
    return wmem_strbuf_get_str(line);
}
