/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One end of an ICE connection's checks, encoded and decoded by libnice's stun
 * library; the bytes come and go as hex lines, the caller owns the sockets.
 *
 * usage: checks msice2|rfc5245|formats local-ufrag local-pwd remote-ufrag remote-pwd
 *   msice2   as libnice's agent in its OC2007R2 mode (MS-ICE2)
 *   rfc5245  as libnice's agent in its RFC 5245 mode
 *   formats  two messages for each: the RFC 5389 format with the Microsoft
 *            attributes, and the STUN-02 format (padding counted) with the same id
 *
 * request CONTROLLING USE-CANDIDATE PRIORITY TIE IDENTIFIER   -> sent HEX...
 * answer HEX IPV4 PORT CONTROLLING TIE                        -> reply HEX... | drop STATUS
 * finish HEX                                                  -> ok | role-conflict | bad STATUS
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#define MAX_MESSAGE 1024
#define IMPLEMENTATION_VERSION 3

enum flavour { MSICE2, RFC5245, FORMATS };

struct end {
    enum flavour flavour;
    StunUsageIceCompatibility ice;
    StunAgent agent;  /* of msice2 and rfc5245, and of the RFC 5389 format */
    StunAgent stun02; /* of the STUN-02 format */
    const char *local_ufrag, *local_pwd, *remote_ufrag, *remote_pwd;
};

static void init_end(struct end *e, char **argv)
{
    const StunAgentUsageFlags base = STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT;

    e->flavour = !strcmp(argv[1], "msice2") ? MSICE2 : !strcmp(argv[1], "rfc5245") ? RFC5245 : FORMATS;
    e->ice = e->flavour == RFC5245 ? STUN_USAGE_ICE_COMPATIBILITY_RFC5245 : STUN_USAGE_ICE_COMPATIBILITY_MSICE2;
    e->local_ufrag = argv[2];
    e->local_pwd = argv[3];
    e->remote_ufrag = argv[4];
    e->remote_pwd = argv[5];
    stun_agent_init(&e->stun02, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_MSICE2,
                    base | STUN_AGENT_USAGE_NO_ALIGNED_ATTRIBUTES);
    if (e->flavour == MSICE2) {
        stun_agent_init(&e->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_MSICE2,
                        base | STUN_AGENT_USAGE_NO_ALIGNED_ATTRIBUTES);
    } else {
        stun_agent_init(&e->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, base);
    }
}

static void print_hex(const uint8_t *b, size_t n)
{
    putchar(' ');
    for (size_t i = 0; i < n; i++) {
        printf("%02x", b[i]);
    }
}

static size_t parse_hex(const char *s, uint8_t *b)
{
    size_t n = 0;
    unsigned v;

    while (n < MAX_MESSAGE && sscanf(s + 2 * n, "%2x", &v) == 1) {
        b[n++] = (uint8_t)v;
    }
    return n;
}

/* The text with NULs up to a multiple of four, as the STUN-02 format has it. */
static size_t fill_to_four(char *text)
{
    size_t n = strlen(text);

    while (n % 4) {
        text[n++] = '\0';
    }
    return n;
}

struct check {
    int controlling, use;
    uint32_t priority;
    uint64_t tie;
    char identifier[16];
};

/* One format copy, attribute by attribute: libnice has no call for this. */
static void print_copy(struct end *e, StunAgent *agent, const StunTransactionId id, const struct check *c, int counted)
{
    uint8_t buf[MAX_MESSAGE];
    StunMessage m = { .agent = agent, .buffer = buf, .buffer_len = sizeof buf };
    char user[128] = { 0 }, name[16] = { 0 };
    size_t n;

    stun_message_init(&m, STUN_REQUEST, STUN_BINDING, id);
    snprintf(user, sizeof user - 4, "%s:%s", e->remote_ufrag, e->local_ufrag);
    snprintf(name, sizeof name - 4, "%.8s", c->identifier);
    stun_message_append_bytes(&m, STUN_ATTRIBUTE_USERNAME, user, counted ? fill_to_four(user) : strlen(user));
    stun_message_append32(&m, STUN_ATTRIBUTE_PRIORITY, c->priority);
    if (c->use) {
        stun_message_append_flag(&m, STUN_ATTRIBUTE_USE_CANDIDATE);
    }
    stun_message_append64(&m, c->controlling ? STUN_ATTRIBUTE_ICE_CONTROLLING : STUN_ATTRIBUTE_ICE_CONTROLLED, c->tie);
    stun_message_append_bytes(&m, STUN_ATTRIBUTE_CANDIDATE_IDENTIFIER, name,
                              counted ? fill_to_four(name) : strlen(name));
    stun_message_append32(&m, STUN_ATTRIBUTE_MS_IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION);
    n = stun_agent_finish_message(agent, &m, (const uint8_t *)e->remote_pwd, strlen(e->remote_pwd));
    print_hex(buf, n);
}

static void request(struct end *e, const char *args)
{
    struct check c = { 0 };
    uint8_t buf[MAX_MESSAGE];
    StunMessage m;
    char user[128];
    size_t n;

    sscanf(args, "%d %d %" SCNu32 " %" SCNu64 " %15s", &c.controlling, &c.use, &c.priority, &c.tie, c.identifier);
    printf("sent");
    if (e->flavour == FORMATS) {
        StunTransactionId id;

        stun_agent_init_request(&e->agent, &m, buf, sizeof buf, STUN_BINDING);
        stun_message_id(&m, id);
        print_copy(e, &e->agent, id, &c, 0);
        print_copy(e, &e->stun02, id, &c, 1);
    } else {
        snprintf(user, sizeof user - 4, "%s:%s", e->remote_ufrag, e->local_ufrag);
        n = e->flavour == MSICE2 ? fill_to_four(user) : strlen(user);
        n = stun_usage_ice_conncheck_create(&e->agent, &m, buf, sizeof buf, (const uint8_t *)user, n,
                                            (const uint8_t *)e->remote_pwd, strlen(e->remote_pwd), c.use, c.controlling,
                                            c.priority, c.tie, e->flavour == MSICE2 ? c.identifier : NULL, e->ice);
        print_hex(buf, n);
    }
    putchar('\n');
}

static bool password_of(StunAgent *agent, StunMessage *m, uint8_t *name, uint16_t name_len, uint8_t **password,
                        size_t *password_len, void *data)
{
    struct end *e = data;
    size_t n = strlen(e->local_ufrag);

    (void)agent;
    (void)m;
    if (name_len <= n || memcmp(name, e->local_ufrag, n) != 0 || name[n] != ':') {
        return false;
    }
    *password = (uint8_t *)(uintptr_t)e->local_pwd;
    *password_len = strlen(e->local_pwd);
    return true;
}

static void answer(struct end *e, const char *args)
{
    char hex[2 * MAX_MESSAGE + 1], host[64];
    uint8_t in[MAX_MESSAGE], out[MAX_MESSAGE];
    struct sockaddr_storage from = { 0 };
    struct sockaddr_in *from4 = (struct sockaddr_in *)&from;
    StunMessage req, reply;
    StunValidationStatus status = STUN_VALIDATION_NOT_STUN;
    StunAgent *agents[2] = { &e->agent, &e->stun02 };
    size_t n, len = 0;
    uint64_t tie;
    int port, role;
    bool control;

    if (sscanf(args, "%2048s %63s %d %d %" SCNu64, hex, host, &port, &role, &tie) != 5) {
        return;
    }
    n = parse_hex(hex, in);
    from4->sin_family = AF_INET;
    from4->sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, host, &from4->sin_addr);
    for (int i = 0; i < (e->flavour == FORMATS ? 2 : 1); i++) {
        status = stun_agent_validate(agents[i], &req, in, n, password_of, e);
        if (status == STUN_VALIDATION_SUCCESS) {
            control = role != 0;
            len = sizeof out;
            stun_usage_ice_conncheck_create_reply(agents[i], &req, &reply, out, &len, &from, sizeof *from4, &control,
                                                  tie, e->ice);
            break;
        }
    }
    if (status == STUN_VALIDATION_SUCCESS && len) {
        printf("reply");
        print_hex(out, len);
        putchar('\n');
    } else {
        printf("drop %d\n", (int)status);
    }
}

static void finish(struct end *e, const char *args)
{
    uint8_t in[MAX_MESSAGE];
    size_t n = parse_hex(args, in);
    struct sockaddr_storage mapped;
    socklen_t mapped_len = sizeof mapped;
    StunMessage m;
    StunValidationStatus status = stun_agent_validate(&e->agent, &m, in, n, NULL, NULL);
    StunUsageIceReturn r;

    if (status != STUN_VALIDATION_SUCCESS) {
        printf("bad %d\n", (int)status);
        return;
    }
    r = stun_usage_ice_conncheck_process(&m, &mapped, &mapped_len, e->ice);
    puts(r == STUN_USAGE_ICE_RETURN_SUCCESS         ? "ok"
         : r == STUN_USAGE_ICE_RETURN_ROLE_CONFLICT ? "role-conflict"
                                                    : "bad");
}

int main(int argc, char **argv)
{
    static char line[4 * MAX_MESSAGE];
    struct end e;

    if (argc != 6) {
        fprintf(stderr, "usage: checks msice2|rfc5245|formats local-ufrag local-pwd remote-ufrag remote-pwd\n");
        return 2;
    }
    init_end(&e, argv);
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "request ", 8)) {
            request(&e, line + 8);
        } else if (!strncmp(line, "answer ", 7)) {
            answer(&e, line + 7);
        } else if (!strncmp(line, "finish ", 7)) {
            finish(&e, line + 7);
        }
        fflush(stdout);
    }
    return 0;
}
