/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two libnice agents in one process that do ICE-TCP with each other on two
 * local addresses, nominate a pair, exchange RTP-like packets, and end.
 *
 * usage: ice_pair rfc5245|oc2007r2 aggressive|regular control|conflict ADDRESS ADDRESS PACKETS [wrong-password]
 * Prints the candidates, the selected pair and what each agent sent and got.
 */
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
    const char *name;
    NiceAgent *agent;
    guint stream;
    gboolean gathered, ready, failed;
    unsigned sent, got;
    struct side *peer;
};

static GMainLoop *loop;
static unsigned packets;
static gboolean wrong_password;
static struct side sides[2] = { { .name = "left" }, { .name = "right" } };

static void received(NiceAgent *agent, guint stream, guint component, guint len, gchar *buf, gpointer data)
{
    struct side *s = data;

    (void)agent;
    (void)stream;
    (void)component;
    (void)buf;
    s->got++;
    printf("%s got %u bytes\n", s->name, len);
}

static gboolean quit(gpointer data)
{
    (void)data;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean send_packet(gpointer data)
{
    struct side *s = data;
    guint8 rtp[100] = { 0x80, 0x7f, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d };

    rtp[3] = (guint8)s->sent;
    memset(rtp + 12, 0xd0 + (int)s->sent, sizeof rtp - 12);
    if (nice_agent_send(s->agent, s->stream, 1, sizeof rtp, (gchar *)rtp) == (gint)sizeof rtp) {
        printf("%s sent %zu bytes\n", s->name, sizeof rtp);
    }
    return ++s->sent < packets ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void state_changed(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    struct side *s = data;

    (void)agent;
    (void)stream;
    (void)component;
    printf("%s state %s\n", s->name, nice_component_state_to_string(state));
    if (state == NICE_COMPONENT_STATE_READY && !s->ready) {
        s->ready = TRUE;
        if (s->peer->ready) {
            g_timeout_add(100, send_packet, &sides[0]);
            g_timeout_add(130, send_packet, &sides[1]);
            g_timeout_add(500 + 150 * packets, quit, NULL);
        }
    }
    if (state == NICE_COMPONENT_STATE_FAILED) {
        s->failed = TRUE;
        g_timeout_add(300, quit, NULL);
    }
}

/* The signalling: credentials and candidates go straight to the other agent. */
static void introduce(struct side *from, struct side *to)
{
    gchar *ufrag = NULL, *pwd = NULL;
    GSList *candidates = nice_agent_get_local_candidates(from->agent, from->stream, 1);

    nice_agent_get_local_credentials(from->agent, from->stream, &ufrag, &pwd);
    nice_agent_set_remote_credentials(to->agent, to->stream, ufrag, wrong_password ? "this is not the password" : pwd);
    for (GSList *i = candidates; i; i = i->next) {
        gchar *sdp = nice_agent_generate_local_candidate_sdp(from->agent, i->data);

        printf("%s %s\n", from->name, sdp);
        g_free(sdp);
    }
    nice_agent_set_remote_candidates(to->agent, to->stream, 1, candidates);
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    g_free(ufrag);
    g_free(pwd);
}

static void gathered(NiceAgent *agent, guint stream, gpointer data)
{
    struct side *s = data;

    (void)agent;
    (void)stream;
    s->gathered = TRUE;
    if (s->peer->gathered) {
        introduce(s->peer, s);
        introduce(s, s->peer);
    }
}

static void init_side(struct side *s, NiceCompatibility compat, gboolean regular, gboolean control, const char *address)
{
    NiceAddress local;

    s->agent = nice_agent_new_full(g_main_loop_get_context(loop), compat,
                                   regular ? NICE_AGENT_OPTION_REGULAR_NOMINATION : NICE_AGENT_OPTION_NONE);
    g_object_set(s->agent, "ice-udp", FALSE, "ice-tcp", TRUE, "upnp", FALSE, "controlling-mode", control, NULL);
    nice_address_init(&local);
    nice_address_set_from_string(&local, address);
    nice_agent_add_local_address(s->agent, &local);
    s->stream = nice_agent_add_stream(s->agent, 1);
    g_signal_connect(s->agent, "candidate-gathering-done", G_CALLBACK(gathered), s);
    g_signal_connect(s->agent, "component-state-changed", G_CALLBACK(state_changed), s);
    nice_agent_attach_recv(s->agent, s->stream, 1, g_main_loop_get_context(loop), received, s);
}

int main(int argc, char **argv)
{
    NiceCompatibility compat;
    NiceCandidate *local, *remote;

    if (argc < 7) {
        fprintf(stderr, "usage: ice_pair rfc5245|oc2007r2 aggressive|regular control|conflict "
                        "ADDRESS ADDRESS PACKETS [wrong-password]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    compat = strcmp(argv[1], "rfc5245") ? NICE_COMPATIBILITY_OC2007R2 : NICE_COMPATIBILITY_RFC5245;
    packets = (unsigned)atoi(argv[6]);
    wrong_password = argc > 7;
    loop = g_main_loop_new(NULL, FALSE);
    for (int i = 0; i < 2; i++) {
        sides[i].peer = &sides[1 - i];
        init_side(&sides[i], compat, !strcmp(argv[2], "regular"), i == 0 || !strcmp(argv[3], "conflict"), argv[4 + i]);
    }
    for (int i = 0; i < 2; i++) {
        nice_agent_gather_candidates(sides[i].agent, sides[i].stream);
    }
    g_timeout_add_seconds(12, quit, NULL);
    g_main_loop_run(loop);
    for (int i = 0; i < 2; i++) {
        if (nice_agent_get_selected_pair(sides[i].agent, sides[i].stream, 1, &local, &remote)) {
            char a[64], b[64];

            nice_address_to_string(&local->addr, a);
            nice_address_to_string(&remote->addr, b);
            printf("%s pair %s:%u %s:%u\n", sides[i].name, a, nice_address_get_port(&local->addr), b,
                   nice_address_get_port(&remote->addr));
        }
        printf("%s sent %u got %u\n", sides[i].name, sides[i].sent, sides[i].got);
        nice_agent_remove_stream(sides[i].agent, sides[i].stream);
    }
    for (int i = 0; i < 2; i++) {
        g_object_unref(sides[i].agent);
    }
    return 0;
}
