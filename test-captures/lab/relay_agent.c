/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two libnice agents in one process: the left one reaches the right one through
 * a TURN server of the lab only, over TCP or pseudo-TLS or UDP.
 *
 * usage: relay_agent oc2007r2|google tcp|tls|udp LOCAL PEER SERVER PORT USER PASSWORD PACKETS
 * USER and PASSWORD as libnice wants them (base64 in mode oc2007r2).
 */
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
    const char *name;
    NiceAgent *agent;
    guint stream;
    gboolean gathered, ready;
    unsigned sent, got;
    struct side *peer;
};

static GMainLoop *loop;
static unsigned packets;
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
    guint8 rtp[60] = { 0x80, 0x7f, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d };

    rtp[3] = (guint8)s->sent;
    memset(rtp + 12, 0xd0 + (int)s->sent, sizeof rtp - 12);
    nice_agent_send(s->agent, s->stream, 1, sizeof rtp, (gchar *)rtp);
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
            g_timeout_add(200, send_packet, &sides[0]);
            g_timeout_add(230, send_packet, &sides[1]);
            g_timeout_add(900 + 250 * packets, quit, NULL);
        }
    }
    if (state == NICE_COMPONENT_STATE_FAILED) {
        g_timeout_add(300, quit, NULL);
    }
}

static void introduce(struct side *from, struct side *to)
{
    gchar *ufrag = NULL, *pwd = NULL;
    GSList *candidates = nice_agent_get_local_candidates(from->agent, from->stream, 1);

    nice_agent_get_local_credentials(from->agent, from->stream, &ufrag, &pwd);
    nice_agent_set_remote_credentials(to->agent, to->stream, ufrag, pwd);
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
    printf("%s gathered\n", s->name);
    if (s->peer->gathered) {
        introduce(s->peer, s);
        introduce(s, s->peer);
    }
}

static void init_side(struct side *s, NiceCompatibility compat, gboolean udp, gboolean left, const char *address)
{
    NiceAddress local;

    s->agent = nice_agent_new_full(g_main_loop_get_context(loop), compat, NICE_AGENT_OPTION_NONE);
    g_object_set(s->agent, "ice-udp", udp, "ice-tcp", !udp, "upnp", FALSE, "controlling-mode", left, NULL);
    if (left) {
        g_object_set(s->agent, "force-relay", TRUE, NULL);
    }
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
    NiceRelayType type;
    NiceCompatibility compat;
    gboolean udp_candidates;

    if (argc != 10) {
        fprintf(stderr,
                "usage: relay_agent oc2007r2|google tcp|tls|udp LOCAL PEER SERVER PORT USER PASSWORD PACKETS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    compat = strcmp(argv[1], "google") ? NICE_COMPATIBILITY_OC2007R2 : NICE_COMPATIBILITY_GOOGLE;
    type = !strcmp(argv[2], "tcp")   ? NICE_RELAY_TYPE_TURN_TCP
           : !strcmp(argv[2], "tls") ? NICE_RELAY_TYPE_TURN_TLS
                                     : NICE_RELAY_TYPE_TURN_UDP;
    udp_candidates = compat == NICE_COMPATIBILITY_GOOGLE || type == NICE_RELAY_TYPE_TURN_UDP;
    packets = (unsigned)atoi(argv[9]);
    loop = g_main_loop_new(NULL, FALSE);
    for (int i = 0; i < 2; i++) {
        sides[i].peer = &sides[1 - i];
        init_side(&sides[i], compat, udp_candidates, i == 0, argv[3 + i]);
    }
    nice_agent_set_relay_info(sides[0].agent, sides[0].stream, 1, argv[5], (guint)atoi(argv[6]), argv[7], argv[8],
                              type);
    for (int i = 0; i < 2; i++) {
        nice_agent_gather_candidates(sides[i].agent, sides[i].stream);
    }
    g_timeout_add_seconds(20, quit, NULL);
    g_main_loop_run(loop);
    for (int i = 0; i < 2; i++) {
        printf("%s sent %u got %u\n", sides[i].name, sides[i].sent, sides[i].got);
        nice_agent_remove_stream(sides[i].agent, sides[i].stream);
    }
    for (int i = 0; i < 2; i++) {
        g_object_unref(sides[i].agent);
    }
    return 0;
}
