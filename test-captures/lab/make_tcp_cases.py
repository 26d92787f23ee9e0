# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/tcp: what make_tcp's one conversation has no room for."""
import hashlib
import hmac
import struct
import subprocess

import count
import lab
from make_tcp import CLIENT, SERVER, TOPIC, bare, ice, ice_talk, tid, turn_talk
from stunmsg import (CANDIDATE, CHANNEL_NUMBER, CONNECTION_ID, CONTROLLING, DATA, ERROR_CODE, INTEGRITY, LIFETIME, MAPPED,
                     NONCE, PEER, PRIORITY, REALM, RELAYED, SOFTWARE, TRANSPORT, USERNAME, VERSION, attribute,
                     channel_data, error_code, fingerprint_of, framed, header, long_term_key, message, xor_address)
from tcpscript import Message, Script

LEFT, RIGHT = b"lab-password-of-the-left-end", b"lab-password-of-the-right-end"
REMOTE = ("198.51.100.20", 5000)
ROUTER = "203.0.113.1"
TI = 39.5  # seconds a client on TCP waits for an answer (RFC 8489 section 6.2.2)


def checks_of(n):
    """The attributes of check n from left to right, in MS-ICE2."""
    return [(USERNAME, b"RfRg:LfLg"), (PRIORITY, struct.pack(">I", 1862270975)), (CONTROLLING, struct.pack(">Q", n)),
            (CANDIDATE, b"2"), (VERSION, struct.pack(">I", 3))]


def check(n):
    return ice(n, 0x0001, checks_of(n), RIGHT)


def check_back(n):
    return ice(n, 0x0001, [(USERNAME, b"LfLg:RfRg"), *checks_of(n)[1:]], LEFT)


def reply(n, pwd=RIGHT):
    return ice(n, 0x0101, [(MAPPED, xor_address(CLIENT, 50000, tid(n))), (VERSION, struct.pack(">I", 3))], pwd)


def stun02_check(n):
    """The second copy of a check: NULs counted, MESSAGE-INTEGRITY over the
    final length and NULs up to a multiple of 64 bytes ([MS-ICE2])."""
    body = b"".join(attribute(t, v + bytes(-len(v) % 4)) for t, v in checks_of(n))
    text = header(0x0001, len(body) + 24 + 8, tid(n)) + body
    mac = hmac.new(RIGHT, text + bytes(-len(text) % 64), hashlib.sha1).digest()
    text += attribute(INTEGRITY, mac)
    m = text + fingerprint_of(text)
    return Message(framed(m), m)


def rtp(n):
    return Message(framed(struct.pack(">BBHII", 0x80, 0x7F, n, 160 * n, 0x0A0B0C0D) + bytes(range(n, n + 20))))


def overdue(name):
    """Repeats and second copies; then three unanswered requests, of which a later frame tells."""
    s = Script(f"{CLIENT}:50200", f"{SERVER}:3478")
    s.open()
    s.send("c2s", [check(100), stun02_check(100)])     # two formats in one segment, one answer
    s.send("s2c", [reply(100)])
    s.send("c2s", [check(101)])
    s.wait(0.5)
    s.send("c2s", [check(101)])                        # the same bytes, sent by the program again
    s.send("c2s", [stun02_check(101)])                 # and then the other format
    s.send("s2c", [reply(101)])
    s.send("s2c", [reply(101)])
    sent = s.time
    s.send("c2s", [check(102)])                        # unanswered
    s.send("s2c", [check_back(103)])
    s.send("c2s", [reply(103, LEFT)])
    s.time = sent + TI + 0.1
    s.send("c2s", [rtp(1)])                            # late enough, but no STUN
    s.send("c2s", [check(104)])                        # proves 102
    s.send("s2c", [reply(104)])
    sent = s.time
    s.send("c2s", [check(105)])                        # unanswered
    s.time = sent + TI - 0.01
    s.send("c2s", [check(106)])                        # proves nothing yet
    s.time = sent + TI + 0.01
    s.send("s2c", [reply(106)])                        # proves 105
    t = Script(f"{CLIENT}:50201", f"{SERVER}:3478", start=s.time + 1, frames=s.frames)
    t.open()
    t.send("c2s", [check(110)])
    t.send("s2c", [reply(110)])
    t.send("c2s", [check(111)])                        # unanswered
    t.send("c2s", [check(112)])
    t.last("s2c", [reply(112)])                        # with FIN: proves 111
    t.last("c2s", [])
    t.ack("s2c")
    u = Script(f"{CLIENT}:50202", f"{SERVER}:3478", start=t.time + 1, frames=s.frames)
    u.open()
    u.send("c2s", [check(120)])
    u.send("s2c", [reply(120)])
    u.send("c2s", [check(121)])                        # unanswered
    u.last("s2c", [rtp(2)])                            # with FIN, no STUN
    u.last("c2s", [])
    u.ack("s2c")
    s.write(TOPIC, name, "unanswered requests and later frames that prove it; repeats and second copies of checks",
            scripts=[s, t, u])


def quoted(frame, script, d, stun):
    kind = struct.unpack(">H", stun[:2])[0]
    return {"client": script.names["c2s"], "server": script.names["s2c"], "dir": d, "type": f"0x{kind:04x}",
            "name": count.type_name(kind), "id": stun[8:20].hex(), "complete": True, "first_frame": frame,
            "frame": frame, "state": "quoted in ICMP"}


def icmp_quoted(name):
    """The path breaks for a moment: a router quotes a request, TCP repeats it, and it is answered."""
    extra, scripts, frames = [], [], []
    for port, talk in ((50210, turn_talk()), (50211, ice_talk())):
        s = Script(f"{CLIENT}:{port}", f"{SERVER}:3478", start=1700000000.0 + port - 50210, frames=frames)
        scripts.append(s)
        s.open()
        for i, (d, msgs) in enumerate(talk):
            at, data = s.sent[d], b"".join(m.wire for m in msgs)
            frame, = s.send(d, msgs)
            if i == 0:
                s.quote(frame, ROUTER, 1)
                extra.append(quoted(len(frames), s, d, msgs[0].stun[0]))
                s.wait(0.2)
                s.again(d, at, data)
        s.close()
    lost = Script(f"{CLIENT}:50212", f"{SERVER}:3478", start=s.time + 1, frames=frames)
    frame, = lost.send("c2s", [bare(130, 0x0001)])     # of this connection there is nothing but the quote
    lost.quote(frame, ROUTER, 1)
    del frames[frame]
    lost.messages.clear()
    extra.append(quoted(len(frames), lost, "c2s", bare(130, 0x0001).stun[0]))
    scripts[0].write(TOPIC, name, "ICMP errors that quote a segment with a whole request", scripts=scripts, extra=extra)


def offset_of_turn(talk, d, turn):
    """Stream bytes of a direction before this turn."""
    return sum(len(m.wire) for turn_d, msgs in talk[:turn] if turn_d == d for m in msgs)


def seq_wrap(name):
    """Sequence numbers go through 0: inside a segment, between the two segments
    of a message, and exactly where a message begins."""
    frames, scripts, start = [], [], 1700000000.0
    for port, talk, c2s, s2c, cut in ((50220, turn_talk(), 4, 3, False), (50221, turn_talk(), 4, 3, True),
                                      (50222, ice_talk(), 3, 4, False), (50223, ice_talk(), 3, 4, True)):
        half = len(talk[c2s][1][0].wire) // 2
        isn = ((1 << 32) - 1 - offset_of_turn(talk, "c2s", c2s) - half,
               (1 << 32) - 1 - offset_of_turn(talk, "s2c", s2c))
        s = Script(f"{CLIENT}:{port}", f"{SERVER}:3478", isn=isn, start=start, frames=frames)
        scripts.append(s)
        s.open()
        for i, (d, msgs) in enumerate(talk):
            after = cut and i in (c2s, c2s + 2)        # and the next one of that direction, which shows no cookie
            s.send(d, msgs, [half if i == c2s else 7, 1 << 16] if after else None)
        s.close()
        start = s.time + 1
    scripts[0].write(TOPIC, name, "sequence numbers go through 0 inside and between messages", scripts=scripts)


def owned_ports():
    """Every TCP port that a dissector of this machine's Wireshark has."""
    lines = subprocess.run(["tshark", "-G", "decodes"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                           check=True).stdout.splitlines()
    return sorted({int(words[1]) for words in (line.split("\t") for line in lines) if words[0] == "tcp.port"})


def many_ports(name):
    frames, scripts = [], []
    for i, port in enumerate(owned_ports()):
        s = Script(f"{CLIENT}:{50000 + i}", f"{SERVER}:{port}", start=1700000000.0 + i / 10, frames=frames)
        scripts.append(s)
        s.open()
        s.frames.pop()                                 # the third packet of the handshake: the request does its work
        m = message(0x0003, tid(1000 + i), [(TRANSPORT, b"\x11\0\0\0")])
        s.send("c2s", [Message(m, m)])
        m = message(0x0113, tid(1000 + i), [(ERROR_CODE, error_code(401, ""))])
        s.send("s2c", [Message(m, m)])
    scripts[0].write(TOPIC, name, "an Allocate as the first bytes on each TCP port that a dissector of Wireshark has",
                     scripts=scripts)


def indication(n, kind, inner):
    return message(kind, tid(n), [(PEER, xor_address(*REMOTE, tid(n))), (DATA, inner)])


def deep(name):
    s = Script(f"{CLIENT}:50230", f"{SERVER}:3478")
    s.open()
    ask = bare(200, 0x0001).wire
    answer = bare(200, 0x0101, [(MAPPED, xor_address(CLIENT, 50000, tid(200)))]).wire
    send, data = indication(201, 0x0016, ask), indication(202, 0x0017, answer)
    s.send("c2s", [Message(send, send, ask)])          # as a relay's client does with a check
    s.send("s2c", [Message(data, data, answer)])
    levels = [bare(210, 0x0001).wire]                  # eight levels, the request innermost
    for n in range(211, 218):
        levels.append(indication(n, 0x0016, levels[-1]))
    levels.reverse()
    s.send("c2s", [Message(levels[0], *levels[:5])])   # deeper than that mstun does not follow, and says so
    bind = bare(220, 0x0009, [(CHANNEL_NUMBER, b"\x40\x01\0\0"), (PEER, xor_address(*REMOTE, tid(220)))])
    s.send("c2s", [bind])
    s.send("s2c", [bare(220, 0x0109)])
    ask, answer = bare(221, 0x0001, [(REALM, b"odd")]).wire, bare(221, 0x0101).wire
    s.send("c2s", [bare(222, 0x0001), Message(channel_data(0x4001, ask), ask), bare(223, 0x0001)])
    s.send("s2c", [bare(222, 0x0101), Message(channel_data(0x4001, answer), answer), bare(223, 0x0101)])
    s.send("s2c", [Message(channel_data(0x4001, data), data, bare(200, 0x0101).wire)])
    s.close()
    s.write(TOPIC, name, "STUN inside of STUN, eight levels; STUN inside of ChannelData")


def odd(n, attributes, beyond=0):
    """A request whose last attribute says that it is longer, by so many bytes."""
    m = bytearray(message(0x0001, tid(n), attributes))
    at = len(m) - len(attribute(*attributes[-1])) + 2
    m[at:at + 2] = struct.pack(">H", struct.unpack(">H", m[at:at + 2])[0] + beyond)
    return Message(bytes(m), bytes(m))


def edges(name):
    """Lengths that just fit and that just do not, all in one connection that goes on."""
    s = Script(f"{CLIENT}:50240", f"{SERVER}:3478")
    s.open()
    user = (USERNAME, b"a:b!")
    for n, m in enumerate([odd(300, [user, (SOFTWARE, b"")]), odd(301, [user, (SOFTWARE, b"")], 1),
                           odd(302, [user, (SOFTWARE, b"four")]), odd(303, [user, (SOFTWARE, b"four")], 1),
                           odd(304, [user, (PRIORITY, bytes(4))], -1), bare(305, 0x0001)]):
        s.send("c2s", [m])
        s.send("s2c", [bare(300 + n, 0x0101)])
    s.close()
    s.write(TOPIC, name, "attributes whose length fits the message exactly, and by one byte does not")


def resync(name):
    """Behind a gap the rest of a media frame, in which lies what is no message of this stream, then a check."""
    s = Script(f"{CLIENT}:50250", f"{SERVER}:3478")
    s.open()
    s.send("c2s", [check(400)])
    s.send("s2c", [reply(400)])
    inside = bare(401, 0x0001).wire
    media = struct.pack(">BBHII", 0x80, 0x7F, 1, 160, 0x0A0B0C0D) + bytes(30) + b"\xff\xff" + inside + bytes(7)
    s.emit("c2s", framed(media)[:20], lost=True)
    s.emit("c2s", framed(media)[20:] + s.record("c2s", [check(402)]))
    s.send("s2c", [reply(402)])
    s.close()
    s.write(TOPIC, name, "a gap that ends inside a media frame which carries the bytes of a STUN message")


def media_first(name):
    """Media and a check in one segment, the connection's first, on a free port and on one with an owner."""
    frames, scripts = [], []
    for i, port in enumerate((42424, 443)):
        s = Script(f"{CLIENT}:{50260 + i}", f"{SERVER}:{port}", start=1700000000.0 + i, frames=frames)
        scripts.append(s)
        s.open()
        s.send("c2s", [rtp(1), rtp(2), check(410)])
        s.send("s2c", [rtp(3), reply(410), rtp(4)])
        s.close()
    scripts[0].write(TOPIC, name, "media frames in front of the first check, in one segment", scripts=scripts)


def unpadded(n, kind, value, pwd):
    """A message whose first attribute is not padded, and whose length counts what is there: so are libnice's errors."""
    body = attribute(*value, padding=b"")
    body += attribute(INTEGRITY, hmac.new(pwd, header(kind, len(body) + 24, tid(n)) + body, hashlib.sha1).digest())
    return header(kind, len(body) + 8, tid(n)) + body + fingerprint_of(header(kind, len(body) + 8, tid(n)) + body)


def unpadded_first(name):
    """Lengths that are no multiple of 4, in parts: first on a connection, whose request was not captured, and behind it."""
    conflict, software = (ERROR_CODE, error_code(487, "Role conflict")), (SOFTWARE, b"lab, unpadded")
    frames, scripts = [], []

    def script(port):
        scripts.append(Script(f"{CLIENT}:{50300 + len(scripts)}", f"{SERVER}:{port}", start=1700000000.0 + len(scripts),
                              frames=frames))
        scripts[-1].open()
        return scripts[-1]

    def in_frame(message_):
        return Message(framed(message_), message_)

    for port, sizes in ((3478, [1]), (42424, [30, 100]), (42424, [45, 1])):
        for kind, value in ((0x0111, conflict), (0x0101, software)):
            message_ = unpadded(420 + len(scripts), kind, value, RIGHT)
            for whole in [in_frame(message_)] + ([Message(message_, message_)] if value == conflict else []):
                s = script(port)
                s.send("s2c", [whole], sizes)
                s.close()
    s = script(42424)
    s.send("c2s", [check(440), check(441)])
    s.send("s2c", [in_frame(unpadded(440, 0x0111, conflict, RIGHT)), reply(441)], [1])
    s.close()
    scripts[0].write(TOPIC, name, "messages whose length is no multiple of 4, cut into parts", scripts=scripts)


def noise(what, length):
    """Bytes as random as encrypted ones, the same in each run."""
    return b"".join(hashlib.sha256(b"%s %d" % (what, n)).digest() for n in range(length // 32 + 1))[:length]


def srtp(n, type_, ssrc, padding=None):
    """An encrypted packet: only its header can be read. padding: its last byte, with the bit that says what it counts."""
    body = noise(b"srtp %d %d" % (ssrc, n), 40)
    head = struct.pack(">BBHII", 0x80 if padding is None else 0xA0, type_, n, 3000 * n, ssrc)
    return Message(framed(head + (body if padding is None else body[:-1] + bytes([padding]))))


def media_guess(name):
    """What begins like RTP and is none, or is encrypted."""
    s = Script(f"{CLIENT}:50320", f"{SERVER}:42424")
    s.open()
    s.send("c2s", [check(450)])
    s.send("s2c", [reply(450)])
    for n in range(25):                    # each its own SSRC: data of an application
        s.send("c2s", [Message(framed(b"\x80" + noise(b"data %d" % n, 50)))])
    for n, padding in enumerate((None, None, 0, 255, 9, None), 65533):
        s.send("s2c", [srtp(n % 65536, 31, 0x0A0B0C0D, padding)])  # H.261 in the clear; the numbers wrap
    for n in (1, 2, 3):
        s.send("c2s", [srtp(n, 111, 0x01020304, 200 if n == 2 else None)])
    s.send("c2s", [srtp(9, 111, 0x09090909)])                      # one packet proves nothing
    for rtcp in (bytes.fromhex("80c900010a0b0c0d"), bytes.fromhex("80c800060a0b0c0d") + noise(b"srtcp", 44),
                 bytes.fromhex("80c8ffff0a0b0c0d") + noise(b"no rtcp", 44)):
        s.send("s2c", [Message(framed(rtcp))])
    s.send("c2s", [check(451)])
    s.send("s2c", [reply(451)])
    s.close()
    s.write(TOPIC, name, "what begins like RTP and is none, and RTP that is encrypted")


def announced(name):
    """On a port that nobody knows: the control connection begins whole, what it announces is cut into single bytes."""
    relay, key = ("192.0.2.1", 50001), long_term_key("lab", "example.org", "secret")
    user = [(USERNAME, b"lab"), (REALM, b"example.org"), (NONCE, b"0123456789abcdef")]
    frames, connection = [], (CONNECTION_ID, struct.pack(">I", 0x1234))
    control, leg, data = scripts = [
        Script(f"{CLIENT}:50330", f"{SERVER}:42424", frames=frames),
        Script("{}:{}".format(*relay), "{}:{}".format(*REMOTE), start=1700000001.0, frames=frames),
        Script(f"{CLIENT}:50331", f"{SERVER}:42424", start=1700000002.0, frames=frames)]
    control.open()
    for n, kind, attributes, answer in (
            (460, 0x0003, [(TRANSPORT, b"\x06\0\0\0")],
             [(RELAYED, xor_address(*relay, tid(460))), (MAPPED, xor_address(CLIENT, 50330, tid(460))),
              (LIFETIME, struct.pack(">I", 600))]),
            (461, 0x0008, [(PEER, xor_address(*REMOTE, tid(461)))], [])):
        control.send("c2s", [bare(n, kind, attributes + user, key)])
        control.send("s2c", [bare(n, kind | 0x0100, answer, key)])
    control.send("c2s", [bare(462, 0x000A, [(PEER, xor_address(*REMOTE, tid(462))), *user], key)])
    leg.open()
    control.time = leg.time
    control.send("s2c", [bare(462, 0x010A, [connection], key)])
    data.open()
    data.send("c2s", [bare(463, 0x000B, [connection, *user], key)], [1])
    data.send("s2c", [bare(463, 0x010B, [], key)], [1])
    leg.time = data.time
    for side in (data, leg):
        side.send("c2s", [check(464)], [1])
    for side in (leg, data):
        side.time = max(leg.time, data.time)
        side.send("s2c", [reply(464)], [1])
    leg.close()
    data.time = leg.time
    data.close()
    control.time = data.time
    control.close()
    control.write(TOPIC, name, "a data connection and the leg to the peer in single bytes, on ports that nobody knows",
                  scripts=scripts)


CAPTURES = {"overdue": overdue, "announced-one-byte": announced, "media-guess": media_guess, "unpadded-first": unpadded_first, "icmp-quoted": icmp_quoted, "seq-wrap": seq_wrap, "many-ports": many_ports,
            "deep": deep, "edges": edges,
            "rfc4571-resync": resync, "rfc4571-media-first": media_first}


def main(names):
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
