/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signal/candidate.h"

#define FOUNDATION_MAX 32 /* RFC 8839 section 5.1 */
#define COMPONENT_MAX 256 /* RFC 8445 section 5.1.1.1 */
#define UFRAG_MAX 256     /* RFC 8445 section 5.3 */
#define NAME_MAX_LEN 255
#define WORDS 7 /* in front of what is optional in one format, and all of the other */

const value_string mstun_candidate_type_names[] = {
    { MSTUN_CANDIDATE_UNKNOWN, "unknown" }, { MSTUN_CANDIDATE_HOST, "host" },   { MSTUN_CANDIDATE_SRFLX, "srflx" },
    { MSTUN_CANDIDATE_PRFLX, "prflx" },     { MSTUN_CANDIDATE_RELAY, "relay" }, { 0, NULL },
};

const value_string mstun_candidate_transport_names[] = {
    { MSTUN_CANDIDATE_UDP, "UDP" },        { MSTUN_CANDIDATE_TCP_ACTIVE, "TCP active" },
    { MSTUN_CANDIDATE_TCP_SO, "TCP so" },  { MSTUN_CANDIDATE_TCP_PASSIVE, "TCP passive" },
    { MSTUN_CANDIDATE_TCP_EITHER, "TCP" }, { 0, NULL },
};

static bool parse_transport(mstun_slice_t word, mstun_candidate_transport_t *transport)
{
    static const struct {
        const char *word;
        mstun_candidate_transport_t transport;
    } rows[] = {
        { "UDP", MSTUN_CANDIDATE_UDP },
        { "TCP", MSTUN_CANDIDATE_TCP_EITHER }, /* RFC 6544's tcptype comes later */
        { "TCP-ACT", MSTUN_CANDIDATE_TCP_ACTIVE },
        { "TCP-PASS", MSTUN_CANDIDATE_TCP_PASSIVE },
        { "TCP-SO", MSTUN_CANDIDATE_TCP_SO },
        { "ssltcp", MSTUN_CANDIDATE_TCP_PASSIVE }, /* libwebrtc: TCP behind pseudo-TLS */
    };

    for (unsigned i = 0; i < array_length(rows); i++) {
        if (mstun_slice_is(word, rows[i].word)) {
            *transport = rows[i].transport;
            return true;
        }
    }
    return false;
}

static bool parse_type(mstun_slice_t word, mstun_candidate_type_t *type)
{
    for (const value_string *name = mstun_candidate_type_names + 1; name->strptr; name++) {
        if (mstun_slice_is(word, name->strptr)) {
            *type = (mstun_candidate_type_t)name->value;
            return true;
        }
    }
    return false;
}

/* RFC 6544 section 4.5 */
static bool parse_tcptype(mstun_slice_t word, mstun_candidate_transport_t *transport)
{
    if (*transport != MSTUN_CANDIDATE_TCP_EITHER) {
        return true; /* libnice says it twice */
    }
    if (mstun_slice_is(word, "active")) {
        *transport = MSTUN_CANDIDATE_TCP_ACTIVE;
    } else if (mstun_slice_is(word, "passive")) {
        *transport = MSTUN_CANDIDATE_TCP_PASSIVE;
    } else if (mstun_slice_is(word, "so")) {
        *transport = MSTUN_CANDIDATE_TCP_SO;
    } else {
        return false;
    }
    return true;
}

/* A name instead of an address is RFC 8839's too, and WebRTC's mDNS has one. */
static bool parse_address(mstun_slice_t address, mstun_slice_t port, mstun_candidate_t *candidate)
{
    uint32_t number;

    if (address.len > NAME_MAX_LEN || !mstun_slice_number(port, UINT16_MAX, &number)) {
        return false;
    }
    if (!mstun_slice_endpoint(address, number, &candidate->address)) {
        candidate->address.port = (uint16_t)number;
        candidate->name = address;
    }
    return true;
}

/* What may stand behind the type: pairs of a name and a value, of which we know some. */
static bool parse_extensions(mstun_slice_t rest, mstun_candidate_t *candidate)
{
    mstun_slice_t name, value, related = { NULL, 0 };
    uint32_t port = 0;

    while (mstun_slice_next_word(&rest, &name)) {
        bool good = mstun_slice_next_word(&rest, &value);

        if (good && mstun_slice_is(name, "raddr")) {
            related = value;
        } else if (good && mstun_slice_is(name, "rport")) {
            good = mstun_slice_number(value, UINT16_MAX, &port);
        } else if (good && mstun_slice_is(name, "tcptype")) {
            good = parse_tcptype(value, &candidate->transport);
        } else if (good && mstun_slice_is(name, "ufrag")) {
            candidate->ufrag = value;
        }
        if (!good) {
            return false;
        }
    }
    if (related.len > 0) {
        (void)mstun_slice_endpoint(related, port, &candidate->base); /* a name is no base that could be compared */
    }
    return true;
}

/* <foundation> <component> <transport> <priority> <address> <port> typ <type> ... */
static bool parse_current(const mstun_slice_t *words, mstun_slice_t rest, mstun_candidate_t *candidate)
{
    mstun_slice_t type;

    mstun_slice_t transport = words[2];

    candidate->microsoft = mstun_slice_take_prefix(&transport, "TCP-");
    return words[0].len <= FOUNDATION_MAX && parse_transport(words[2], &candidate->transport) &&
           mstun_slice_number(words[3], UINT32_MAX, &candidate->priority) &&
           parse_address(words[4], words[5], candidate) && mstun_slice_is(words[6], "typ") &&
           mstun_slice_next_word(&rest, &type) && parse_type(type, &candidate->type) &&
           parse_extensions(rest, candidate);
}

/* "0.830" in thousandths. */
static bool parse_fraction(mstun_slice_t word, uint32_t *thousandths)
{
    mstun_slice_t whole, digits = word;

    if (!mstun_slice_next_part(&digits, '.', &whole) || digits.len > 3) {
        return false;
    }
    uint32_t number = 0, ones;

    if (!mstun_slice_number(whole, 1, &ones) || (digits.len > 0 && !mstun_slice_number(digits, 999, &number))) {
        return false;
    }
    for (size_t i = digits.len; i < 3; i++) {
        number *= 10;
    }
    *thousandths = ones * 1000 + number;
    return true;
}

/* <user> <component> <password> <UDP|TCP> <priority> <address> <port>, and nothing else: [MS-ICE] 2.2.2 */
static bool parse_ms_ice(const mstun_slice_t *words, mstun_slice_t rest, mstun_candidate_t *candidate)
{
    candidate->ms_ice = true;
    candidate->ufrag = words[0];
    candidate->pwd = words[2];
    return mstun_slice_trimmed(rest).len == 0 && words[0].len <= UFRAG_MAX && words[2].len <= UFRAG_MAX &&
           parse_transport(words[3], &candidate->transport) && parse_fraction(words[4], &candidate->priority) &&
           parse_address(words[5], words[6], candidate);
}

bool mstun_candidate_parse(mstun_slice_t line, mstun_candidate_t *candidate)
{
    mstun_slice_t words[WORDS], rest = line;

    memset(candidate, 0, sizeof *candidate);
    for (unsigned i = 0; i < WORDS; i++) {
        if (!mstun_slice_next_word(&rest, &words[i])) {
            return false;
        }
    }
    if (!mstun_slice_number(words[1], COMPONENT_MAX, &candidate->component) || candidate->component == 0) {
        return false;
    }
    return mstun_slice_is(words[6], "typ") ? parse_current(words, rest, candidate)
                                           : parse_ms_ice(words, rest, candidate);
}
