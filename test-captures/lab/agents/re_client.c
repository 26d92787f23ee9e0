/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A TURN client of libre (the library of baresip) over TCP: allocates, sends N packets to a peer in Send indications,
 * then N in ChannelData, and leaves.
 *   re_client SERVER PORT LOCAL USER PASSWORD PEER PEER-PORT N [-]
 * With a last argument it leaves at once when it has sent its last packet, else a second later. */
#include <re.h>
#include <stdlib.h>
#include <string.h>

static struct {
    struct turnc *turn;
    struct tcp_conn *tcp;
    struct mbuf *pending;    /* bytes of a message that is not complete yet */
    struct sa server, peer;
    struct tmr timer;
    const char *user, *password;
    int to_send, sent;
    bool channel, quick;
} it;

static void leave(void *arg)
{
    (void) arg;
    it.turn = mem_deref(it.turn);
    re_cancel();
}

static void ask_for_channel(void *arg);

/* One packet, as RTP would be, each 20 ms; then the channel, then once more. */
static void send_next(void *arg)
{
    struct mbuf *packet = mbuf_alloc(128);
    (void) arg;
    packet->pos = packet->end = 36;    /* room for the header of a Send indication */
    mbuf_write_u32(packet, htonl(0x80000000 | 111 << 16 | it.sent));
    mbuf_write_u32(packet, htonl(160 * it.sent));
    mbuf_write_u32(packet, htonl(77));
    mbuf_fill(packet, 0x55, 40);
    packet->pos = 36;
    if (turnc_send(it.turn, &it.peer, packet))
        re_printf("turnc_send failed\n");
    mem_deref(packet);
    if (++it.sent < it.to_send)
        tmr_start(&it.timer, 20, send_next, NULL);
    else if (!it.channel)
        ask_for_channel(NULL);
    else
        tmr_start(&it.timer, it.quick ? 0 : 1000, leave, NULL);
}

static void begin_sending(void *arg)
{
    (void) arg;
    it.sent = 0;
    send_next(NULL);
}

static void ask_for_channel(void *arg)
{
    (void) arg;
    it.channel = true;
    if (turnc_add_chan(it.turn, &it.peer, begin_sending, NULL))
        re_cancel();
}

static void allocated(int err, uint16_t scode, const char *reason, const struct sa *relay, const struct sa *mapped,
                      const struct stun_msg *msg, void *arg)
{
    (void) mapped, (void) msg, (void) arg;
    if (err || scode) {
        re_printf("no allocation: %m %u %s\n", err, scode, reason);
        tmr_start(&it.timer, 300, leave, NULL);
        return;
    }
    re_printf("relay %J\n", relay);
    if (turnc_add_perm(it.turn, &it.peer, begin_sending, NULL))
        re_cancel();
}

/* Length of the message at the read position with its padding, 0 while that is unknown. */
static size_t message_length(struct mbuf *mb)
{
    const uint8_t *p = mbuf_buf(mb);
    if (mbuf_get_left(mb) < 4)
        return 0;
    size_t length = (size_t) (p[2] << 8 | p[3]);
    return p[0] & 0x40 ? (4 + length + 3) & ~(size_t) 3 : 20 + length;
}

static void received(struct mbuf *mb, void *arg)
{
    size_t length;
    (void) arg;
    if (!it.pending)
        it.pending = mbuf_alloc(2048);
    it.pending->pos = it.pending->end;
    mbuf_write_mem(it.pending, mbuf_buf(mb), mbuf_get_left(mb));
    it.pending->pos = 0;
    while ((length = message_length(it.pending)) && mbuf_get_left(it.pending) >= length) {
        struct mbuf *one = mbuf_alloc(length);
        struct sa source;
        mbuf_write_mem(one, mbuf_buf(it.pending), length);
        one->pos = 0;
        mbuf_advance(it.pending, (ssize_t) length);
        turnc_recv(it.turn, &source, one);
        mem_deref(one);
        if (!it.turn)
            return;
    }
    size_t rest = mbuf_get_left(it.pending);
    memmove(it.pending->buf, mbuf_buf(it.pending), rest);
    it.pending->pos = it.pending->end = rest;
}

static void established(void *arg)
{
    (void) arg;
    if (turnc_alloc(&it.turn, NULL, IPPROTO_TCP, it.tcp, 0, &it.server, it.user, it.password, TURN_DEFAULT_LIFETIME,
                    allocated, NULL))
        re_cancel();
}

static void closed(int err, void *arg)
{
    (void) arg;
    re_printf("closed: %m\n", err);
    re_cancel();
}

int main(int argc, char **argv)
{
    struct sa local;
    if (argc < 9 || libre_init())
        return 2;
    sa_set_str(&it.server, argv[1], (uint16_t) atoi(argv[2]));
    sa_set_str(&local, argv[3], 0);
    it.user = argv[4];
    it.password = argv[5];
    sa_set_str(&it.peer, argv[6], (uint16_t) atoi(argv[7]));
    it.to_send = atoi(argv[8]);
    it.quick = argc > 9;
    tmr_init(&it.timer);
    if (tcp_conn_alloc(&it.tcp, &it.server, established, received, closed, NULL) || tcp_conn_bind(it.tcp, &local)
        || tcp_conn_connect(it.tcp, &it.server))
        return 2;
    re_main(NULL);
    mem_deref(it.turn);
    mem_deref(it.tcp);
    mem_deref(it.pending);
    tmr_cancel(&it.timer);
    libre_close();
    return 0;
}
