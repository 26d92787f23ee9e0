/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two libnice agents in one process, "left" and "right", that gather, tell each other their credentials and candidates,
 * check, send RTP-like packets both ways once both are ready, and end. The programs set up what differs: which
 * candidates, a TURN server, what the signalling says.
 */
#ifndef MSTUN_LAB_AGENTS_H
#define MSTUN_LAB_AGENTS_H

#include <nice/agent.h>

struct side {
    const char *name;
    NiceAgent *agent;
    guint stream;
    gboolean gathered, ready;
    unsigned sent, got;
    struct side *peer;
};

/* What both agents do. */
struct plan {
    NiceCompatibility compat;
    NiceAgentOption options;
    gboolean udp;             /* UDP candidates, not TCP ones */
    unsigned packets, size;   /* RTP-like packets of each side, and bytes in one */
    unsigned interval;        /* milliseconds between two packets of a side */
    unsigned linger;          /* milliseconds that the agents stay when they have sent all */
    unsigned deadline;        /* seconds after which they end in any case */
    const char *password;     /* told to both instead of the other's, if set */
    unsigned restart;         /* seconds after which both restart ICE; 0: never */
    const char *new_password; /* told then in the same way */
    gboolean signalled;       /* credentials of libnice's own making; all is printed, and a line on stdin is awaited */
                              /* before either agent is told of the other */
    const char *via_host;     /* if set: where the left agent finds the right one, and all that it is told; the right */
    unsigned via_port;        /* one is told no candidate */
};

extern struct side sides[2];

/* Makes both agents; controlling: whether left and right begin in that role. */
void agents_init(const struct plan *plan, const gboolean controlling[2], char *const address[2]);

/* Lets both gather and runs to the end. */
void agents_run(void);

/* Prints what a side sent and got and ends its stream. */
void agents_report(struct side *s);

void agents_free(void);

#endif
