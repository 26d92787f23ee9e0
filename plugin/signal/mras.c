/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/mras.h"

#include "base/compat.h"

/* One tag, and the text behind it. */
typedef struct {
    mstun_slice_t name; /* without its namespace */
    mstun_slice_t attributes;
    mstun_slice_t text; /* up to the next tag */
    bool closes;
} tag_t;

/* False: there is no other tag. *malformed: one does not end. */
static bool next_tag(mstun_slice_t *rest, tag_t *tag, bool *malformed)
{
    mstun_slice_t before, inside, prefix;

    if (!mstun_slice_next_part(rest, '<', &before) || rest->len == 0) {
        return false;
    }
    if (!memchr(rest->at, '>', rest->len)) {
        *malformed = true;
        return false;
    }
    (void)mstun_slice_next_part(rest, '>', &inside);
    const char *end = rest->len > 0 ? (const char *)memchr(rest->at, '<', rest->len) : NULL;

    tag->text = mstun_slice_trimmed((mstun_slice_t){ rest->at, end ? (size_t)(end - rest->at) : rest->len });
    tag->closes = mstun_slice_take_prefix(&inside, "/");
    tag->name = (mstun_slice_t){ inside.at, 0 };
    (void)mstun_slice_next_word(&inside, &tag->name);
    tag->attributes = inside;
    if (tag->name.len > 0 && tag->name.at[tag->name.len - 1] == '/') {
        tag->name.len--;
    }
    if (tag->name.len > 0 && memchr(tag->name.at, ':', tag->name.len)) {
        (void)mstun_slice_next_part(&tag->name, ':', &prefix);
    }
    return true;
}

/* name="value" or name='value' */
static mstun_slice_t attribute(const tag_t *tag, const char *name)
{
    mstun_slice_t rest = tag->attributes, value;

    for (; rest.len > 0; rest.at++, rest.len--) {
        mstun_slice_t here = rest;

        if (mstun_slice_take_prefix(&here, name) && mstun_slice_take_prefix(&here, "=") && here.len > 0 &&
            (here.at[0] == '"' || here.at[0] == '\'')) {
            char quote = here.at[0];

            here.at++;
            here.len--;
            return mstun_slice_next_part(&here, quote, &value) ? value : (mstun_slice_t){ here.at, 0 };
        }
    }
    return (mstun_slice_t){ NULL, 0 };
}

static void read_credentials(mstun_mras_t *mras, const tag_t *tag)
{
    mstun_mras_credentials_t *credentials = &mras->credentials[mras->credentials_count - 1];

    if (mstun_slice_is(tag->name, "username")) {
        credentials->username = tag->text;
    } else if (mstun_slice_is(tag->name, "password")) {
        credentials->password = tag->text;
    } else if (mstun_slice_is(tag->name, "realm")) {
        credentials->realm = tag->text;
    } else if (mstun_slice_is(tag->name, "duration")) {
        (void)mstun_slice_number(tag->text, UINT32_MAX, &credentials->duration);
    }
}

static void read_relay(mstun_mras_t *mras, const tag_t *tag)
{
    mstun_mras_relay_t *relay = &mras->relays[mras->relay_count - 1];

    if (mstun_slice_is(tag->name, "location")) {
        relay->location = tag->text;
    } else if (mstun_slice_is(tag->name, "hostName") || mstun_slice_is(tag->name, "directIPAddress")) {
        relay->host = tag->text;
    } else if (mstun_slice_is(tag->name, "udpPort")) {
        (void)mstun_slice_number(tag->text, UINT16_MAX, &relay->udp_port);
    } else if (mstun_slice_is(tag->name, "tcpPort")) {
        (void)mstun_slice_number(tag->text, UINT16_MAX, &relay->tcp_port);
    }
}

/* The element that the tags are read for. */
typedef enum {
    IN_NOTHING,
    IN_CREDENTIALS,
    IN_RELAY,
} place_t;

static place_t enter(mstun_mras_t *mras, const tag_t *tag, place_t place)
{
    if (mstun_slice_is(tag->name, "credentials")) {
        bool fits = mras->credentials_count < MSTUN_MRAS_CREDENTIALS_MAX;

        mras->credentials_count += fits && !tag->closes;
        return fits && !tag->closes ? IN_CREDENTIALS : IN_NOTHING;
    }
    if (mstun_slice_is(tag->name, "mediaRelay")) {
        bool fits = mras->relay_count < MSTUN_MRAS_RELAYS_MAX;

        mras->relay_count += fits && !tag->closes;
        return fits && !tag->closes ? IN_RELAY : IN_NOTHING;
    }
    return place;
}

static void read_tag(mstun_mras_t *mras, const tag_t *tag, place_t place)
{
    if (tag->closes) {
        return;
    }
    if (mstun_slice_is(tag->name, "request")) {
        mras->is_request = true;
    } else if (mstun_slice_is(tag->name, "response")) {
        mras->is_response = true;
        mras->reason = attribute(tag, "reasonPhrase");
    } else if (place == IN_CREDENTIALS) {
        read_credentials(mras, tag);
    } else if (place == IN_RELAY) {
        read_relay(mras, tag);
    }
}

bool mstun_mras_parse(mstun_slice_t body, mstun_mras_t *mras)
{
    mstun_slice_t rest = { body.at, MIN(body.len, MSTUN_MRAS_LEN_MAX) };
    place_t place = IN_NOTHING;
    tag_t tag;

    memset(mras, 0, sizeof *mras);
    while (next_tag(&rest, &tag, &mras->malformed)) {
        place = enter(mras, &tag, place);
        read_tag(mras, &tag, place);
    }
    for (unsigned i = 0; i < mras->credentials_count; i++) {
        if (mras->credentials[i].username.len == 0 || mras->credentials[i].password.len == 0) {
            mras->malformed = true;
        }
    }
    return mras->is_request || mras->is_response;
}
