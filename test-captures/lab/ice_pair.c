/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two libnice agents that do ICE-TCP with each other on two local addresses, nominate a pair, exchange RTP-like
 * packets, and end.
 *
 * usage: ice_pair rfc5245|oc2007r2 aggressive|regular control|conflict ADDRESS ADDRESS PACKETS [OPTION]...
 *   wrong-password      both are told a password that is none
 *   via=HOST:PORT       the left one is told that the right one is there (a proxy), the right one is told nothing
 *   listens=PORT        the right one accepts connections there
 *   consent             RFC 7675
 *   stay=SECONDS        longer, behind the packets
 *   restart=SECONDS     from the start: both restart ICE, and are told the right passwords then
 *   bad-restart=SECONDS     they are told a password that is none
 *   signalled           prints credentials and candidates, and waits for a line on stdin
 * Prints the candidates, the selected pair and what each agent sent and got.
 */
#include "agents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_pair(const struct side *s)
{
    NiceCandidate *local, *remote;
    char a[64], b[64];

    if (nice_agent_get_selected_pair(s->agent, s->stream, 1, &local, &remote)) {
        nice_address_to_string(&local->addr, a);
        nice_address_to_string(&remote->addr, b);
        printf("%s pair %s:%u %s:%u\n", s->name, a, nice_address_get_port(&local->addr), b,
               nice_address_get_port(&remote->addr));
    }
}

/* Options of the plan. False if the word is none of them. */
static gboolean option(struct plan *plan, char *word, unsigned *port)
{
    char *value = strchr(word, '=');
    char *colon = value ? strrchr(value, ':') : NULL;

    if (!strcmp(word, "wrong-password")) {
        plan->password = "this is not the password";
    } else if (!strcmp(word, "signalled")) {
        plan->signalled = TRUE;
    } else if (!strcmp(word, "consent")) {
        plan->options |= NICE_AGENT_OPTION_CONSENT_FRESHNESS;
    } else if (g_str_has_prefix(word, "via=") && colon) {
        *colon = '\0';
        plan->via_host = value + 1;
        plan->via_port = (unsigned)atoi(colon + 1);
    } else if (g_str_has_prefix(word, "listens=")) {
        *port = (unsigned)atoi(value + 1);
    } else if (g_str_has_prefix(word, "stay=")) {
        plan->linger += 1000 * (unsigned)atoi(value + 1);
        plan->deadline += (unsigned)atoi(value + 1);
    } else if (g_str_has_prefix(word, "restart=")) {
        plan->restart = (unsigned)atoi(value + 1);
    } else if (g_str_has_prefix(word, "bad-restart=")) {
        plan->restart = (unsigned)atoi(value + 1);
        plan->new_password = "this is not the password";
    } else {
        return FALSE;
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    struct plan plan = { .size = 100, .interval = 100, .linger = 500, .deadline = 12 };
    unsigned port = 0;
    gboolean good = argc >= 7;

    for (int i = 7; i < argc; i++) {
        good = good && option(&plan, argv[i], &port);
    }
    if (!good) {
        fprintf(stderr, "usage: ice_pair rfc5245|oc2007r2 aggressive|regular control|conflict "
                        "ADDRESS ADDRESS PACKETS [wrong-password] [via=HOST:PORT] [listens=PORT] [consent] "
                        "[stay=SECONDS] [restart=SECONDS] [bad-restart=SECONDS] [signalled]\n");
        return 2;
    }
    plan.compat = strcmp(argv[1], "rfc5245") ? NICE_COMPATIBILITY_OC2007R2 : NICE_COMPATIBILITY_RFC5245;
    plan.options |= strcmp(argv[2], "regular") ? NICE_AGENT_OPTION_NONE : NICE_AGENT_OPTION_REGULAR_NOMINATION;
    plan.packets = (unsigned)atoi(argv[6]);
    agents_init(&plan, (const gboolean[2]){ TRUE, !strcmp(argv[3], "conflict") }, argv + 4);
    if (port) {
        nice_agent_set_port_range(sides[1].agent, sides[1].stream, 1, port, port);
    }
    agents_run();
    for (int i = 0; i < 2; i++) {
        print_pair(&sides[i]);
        agents_report(&sides[i]);
    }
    agents_free();
    return 0;
}
