/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agents.h"

#include <stdio.h>
#include <string.h>

struct side sides[2] = { { .name = "left" }, { .name = "right" } };

static GMainLoop *loop;
static struct plan plan;

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
    if (nice_agent_send(s->agent, s->stream, 1, plan.size, (gchar *)rtp) == (gint)plan.size) {
        printf("%s sent %u bytes\n", s->name, plan.size);
    }
    return ++s->sent < plan.packets ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
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
            g_timeout_add(plan.interval, send_packet, &sides[0]);
            g_timeout_add(plan.interval + 30, send_packet, &sides[1]);
            g_timeout_add(plan.linger + (plan.interval + 50) * plan.packets, quit, NULL);
        }
    }
    if (state == NICE_COMPONENT_STATE_FAILED && !plan.restart) {
        g_timeout_add(300, quit, NULL);
    }
}

/* All that the left agent is told of the right one's candidates. */
static GSList *candidates_via(const struct side *to)
{
    NiceCandidate *c;

    if (to == &sides[1]) {
        return NULL;
    }
    c = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
    c->transport = NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE;
    c->stream_id = to->stream;
    c->component_id = 1;
    c->priority = 1862270975;
    g_strlcpy(c->foundation, "1", sizeof c->foundation);
    nice_address_set_from_string(&c->addr, plan.via_host);
    nice_address_set_port(&c->addr, plan.via_port);
    return g_slist_append(NULL, c);
}

/* The signalling: credentials and candidates go straight to the other agent. */
static void introduce(struct side *from, struct side *to)
{
    gchar *ufrag = NULL, *pwd = NULL;
    GSList *candidates = nice_agent_get_local_candidates(from->agent, from->stream, 1);

    nice_agent_get_local_credentials(from->agent, from->stream, &ufrag, &pwd);
    nice_agent_set_remote_credentials(to->agent, to->stream, ufrag, plan.password ? plan.password : pwd);
    for (GSList *i = candidates; i; i = i->next) {
        gchar *sdp = nice_agent_generate_local_candidate_sdp(from->agent, i->data);

        printf("%s %s\n", from->name, sdp);
        g_free(sdp);
    }
    if (plan.via_host) {
        g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
        candidates = candidates_via(to);
    }
    if (candidates) {
        nice_agent_set_remote_candidates(to->agent, to->stream, 1, candidates);
    }
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    g_free(ufrag);
    g_free(pwd);
}

/* What a description has of a side. */
static void announce(const struct side *s)
{
    gchar *ufrag = NULL, *pwd = NULL;
    GSList *candidates = nice_agent_get_local_candidates(s->agent, s->stream, 1);

    nice_agent_get_local_credentials(s->agent, s->stream, &ufrag, &pwd);
    printf("%s ufrag %s\n%s pwd %s\n", s->name, ufrag, s->name, pwd);
    for (GSList *i = candidates; i; i = i->next) {
        gchar *sdp = nice_agent_generate_local_candidate_sdp(s->agent, i->data);

        printf("%s %s\n", s->name, sdp);
        g_free(sdp);
    }
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    g_free(ufrag);
    g_free(pwd);
}

static void wait_for_signalling(const struct side *a, const struct side *b)
{
    char line[16];

    announce(a);
    announce(b);
    printf("signal\n");
    if (!fgets(line, sizeof line, stdin)) {
        printf("nobody answered\n");
    }
}

static void gathered(NiceAgent *agent, guint stream, gpointer data)
{
    struct side *s = data;

    (void)agent;
    (void)stream;
    s->gathered = TRUE;
    printf("%s gathered\n", s->name);
    if (s->peer->gathered) {
        if (plan.signalled) {
            wait_for_signalling(&sides[0], &sides[1]);
        }
        introduce(s->peer, s);
        introduce(s, s->peer);
    }
}

/* RFC 8445 section 9: both get new ufrags and passwords at once, and libnice goes on with the sockets that it has. */
static gboolean restart(gpointer data)
{
    (void)data;
    plan.password = plan.new_password;
    for (int i = 0; i < 2; i++) {
        nice_agent_restart(sides[i].agent);
        printf("%s restarted\n", sides[i].name);
    }
    introduce(&sides[1], &sides[0]);
    introduce(&sides[0], &sides[1]);
    return G_SOURCE_REMOVE;
}

static void init_side(struct side *s, gboolean controlling, const char *address)
{
    NiceAddress local;

    s->agent = nice_agent_new_full(g_main_loop_get_context(loop), plan.compat, plan.options);
    g_object_set(s->agent, "ice-udp", plan.udp, "ice-tcp", !plan.udp, "upnp", FALSE, "controlling-mode", controlling,
                 NULL);
    nice_address_init(&local);
    nice_address_set_from_string(&local, address);
    nice_agent_add_local_address(s->agent, &local);
    s->stream = nice_agent_add_stream(s->agent, 1);
    if (!plan.signalled) {
        nice_agent_set_local_credentials(s->agent, s->stream, s == &sides[0] ? "LfLg" : "RfRg",
                                         s == &sides[0] ? "lab-password-of-the-left-end"
                                                        : "lab-password-of-the-right-end");
    }
    g_signal_connect(s->agent, "candidate-gathering-done", G_CALLBACK(gathered), s);
    g_signal_connect(s->agent, "component-state-changed", G_CALLBACK(state_changed), s);
    nice_agent_attach_recv(s->agent, s->stream, 1, g_main_loop_get_context(loop), received, s);
}

void agents_init(const struct plan *what, const gboolean controlling[2], char *const address[2])
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    plan = *what;
    loop = g_main_loop_new(NULL, FALSE);
    for (int i = 0; i < 2; i++) {
        sides[i].peer = &sides[1 - i];
        init_side(&sides[i], controlling[i], address[i]);
    }
}

void agents_run(void)
{
    for (int i = 0; i < 2; i++) {
        nice_agent_gather_candidates(sides[i].agent, sides[i].stream);
    }
    g_timeout_add_seconds(plan.deadline, quit, NULL);
    if (plan.restart) {
        g_timeout_add_seconds(plan.restart, restart, NULL);
    }
    g_main_loop_run(loop);
}

void agents_report(struct side *s)
{
    printf("%s sent %u got %u\n", s->name, s->sent, s->got);
    nice_agent_remove_stream(s->agent, s->stream);
}

void agents_free(void)
{
    for (int i = 0; i < 2; i++) {
        g_object_unref(sides[i].agent);
    }
}
