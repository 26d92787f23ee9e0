/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two libnice agents: the left one reaches the right one through a TURN server of the lab only, over TCP or pseudo-TLS
 * or UDP.
 *
 * usage: relay_agent oc2007r2|google tcp|tls|udp LOCAL PEER SERVER PORT USER PASSWORD PACKETS [signalled]
 * signalled: as ice_pair's. USER and PASSWORD as libnice wants them (base64 in mode oc2007r2).
 */
#include "agents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct plan plan = { .size = 60, .interval = 200, .linger = 900, .deadline = 20 };
    NiceRelayType type;

    plan.signalled = argc == 11 && !strcmp(argv[10], "signalled");
    if (argc != (plan.signalled ? 11 : 10)) {
        fprintf(stderr,
                "usage: relay_agent oc2007r2|google tcp|tls|udp LOCAL PEER SERVER PORT USER PASSWORD PACKETS "
                "[signalled]\n");
        return 2;
    }
    plan.compat = strcmp(argv[1], "google") ? NICE_COMPATIBILITY_OC2007R2 : NICE_COMPATIBILITY_GOOGLE;
    type = !strcmp(argv[2], "tcp")   ? NICE_RELAY_TYPE_TURN_TCP
           : !strcmp(argv[2], "tls") ? NICE_RELAY_TYPE_TURN_TLS
                                     : NICE_RELAY_TYPE_TURN_UDP;
    plan.udp = plan.compat == NICE_COMPATIBILITY_GOOGLE || type == NICE_RELAY_TYPE_TURN_UDP;
    plan.packets = (unsigned)atoi(argv[9]);
    agents_init(&plan, (const gboolean[2]){ TRUE, FALSE }, argv + 3);
    g_object_set(sides[0].agent, "force-relay", TRUE, NULL);
    nice_agent_set_relay_info(sides[0].agent, sides[0].stream, 1, argv[5], (guint)atoi(argv[6]), argv[7], argv[8],
                              type);
    agents_run();
    for (int i = 0; i < 2; i++) {
        agents_report(&sides[i]);
    }
    agents_free();
    return 0;
}
