# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/ms-turn: Microsoft's TURN and ICE on UDP, multiplexed TURN, what
must stay with Wireshark's own dissectors beside them, and RFC 3489 without a
cookie. Written by script, the same bytes in each run."""
import hashlib
import hmac
import random
import struct

import lab
import msread
import msturn
from make_msturn_made import LEFT, RIGHT, RTCP, MsScript, Stun, answer, check, rtp
from make_tcp import tid
from msturn import Session
from stunmsg import (CANDIDATE, CONTROLLED, CONTROLLING, MAPPED, PRIORITY, USE_CANDIDATE, USERNAME, VERSION, error_code,
                     framed, message, xor_address)
from tcpscript import BASE_TIME, Message, ip_frame, pseudo_header, checksum

TOPIC = "ms-turn"
CLIENT, SERVER, OTHER = ("192.0.2.10", 50016), ("192.0.2.1", 3478), ("192.0.2.2", 3478)
PEER, AUDIO, VIDEO = ("198.51.100.20", 50044), ("192.0.2.1", 3479), ("192.0.2.1", 3480)
SERVERS = ["%s:%d" % a for a in (SERVER, OTHER, AUDIO, VIDEO)]


class Datagrams:
    """Packets on UDP with right checksums."""

    def __init__(self):
        self.frames, self.time, self.sent = [], BASE_TIME, []

    def send(self, source, target, payload):
        udp = struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0) + payload
        c = checksum(pseudo_header(source[0], target[0], 17, len(udp)) + udp) or 0xFFFF
        data = ip_frame(source[0], target[0], 17, udp[:6] + struct.pack(">H", c) + udp[8:], len(self.frames) + 1)
        self.frames.append((self.time, len(data), data))
        self.time += 0.02

    def write(self, name, what, servers=SERVERS, left=(), left_frames=(), count_of=None, **facts):
        """left: clients (or peers) whose messages are not mstun's unless the preference says all; left_frames: the
        frames of such messages."""
        lab.write_pcapng(lab.path(TOPIC, name + ".pcapng"), self.frames)
        rows, others = msread.read(lab.path(TOPIC, name + ".pcapng"), servers=servers)
        msread.settle(rows)
        theirs = [m for m in rows if m["client"] in left or m["frame"] in left_frames]
        mine = [m for m in rows if m not in theirs]
        if count_of is not None and len(rows) != count_of:
            raise RuntimeError(f"{name}: {len(rows)} messages read, {count_of} sent")
        if theirs:
            facts["left_to_the_built_in"] = [{k: m[k] for k in ("frame", "client", "server", "dir", "type", "id")}
                                             for m in theirs]
        msread.write_truth(TOPIC, name, mine, others, "the script that wrote the capture, read by lab/msread.py",
                           what=what, **facts)
        print(f"{TOPIC}/{name}.pcapng: {len(self.frames)} frames, {len(mine)} messages, {len(theirs)} left")


def check_with_session(n, from_client, session, use=False):
    """As check(), with the session id that the other end must put before its packets."""
    user, pwd = (b"RfRg:LfLg", RIGHT) if from_client else (b"LfLg:RfRg", LEFT)
    role = (CONTROLLING, bytes(7) + b"\x09") if from_client else (CONTROLLED, bytes(7) + b"\x07")
    return message(0x0001, tid(n), [
        (USERNAME, user), (PRIORITY, struct.pack(">I", 1862270975)), *([(USE_CANDIDATE, b"")] if use else []), role,
        (CANDIDATE, b"2"), (VERSION, struct.pack(">I", 7)), (0x8036, msturn.number(1)), (0x8037, msturn.number(2)),
        (msturn.SESSION, session)], pwd, True)


def allocation(d, s, relay, other=OTHER):
    """To the second server, which answers from the first one's address."""
    req = s.first_allocate(1, 0)
    d.send(CLIENT, SERVER, req)
    d.send(SERVER, CLIENT, s.challenge(req, other, relay, CLIENT))
    req = s.allocate()
    d.send(CLIENT, other, req)
    d.send(SERVER, CLIENT, s.allocated(req, relay, CLIENT))


def deletion(d, s, other):
    for life in (None, 0):
        req = s.again(life)
        d.send(CLIENT, other, req)
        d.send(SERVER, CLIENT, s.refreshed(req, 60 if life is None else 0))


def whole(d, seed=3478, other=OTHER):
    """Allocate, checks in Send and Data, Set Active Destination, then packets as they are."""
    s = Session(BASE_TIME + 7 * 86400, random.Random(seed))
    allocation(d, s, AUDIO, other)
    d.send(CLIENT, other, s.send(PEER, check_with_session(60, True, s.session)))
    d.send(other, CLIENT, s.data(PEER, answer(60, True, AUDIO)))
    d.send(other, CLIENT, s.data(PEER, check(61, False)))
    d.send(CLIENT, other, s.send(PEER, answer(61, False, PEER)))
    d.send(CLIENT, other, s.send(PEER, check_with_session(62, True, s.session, True)))
    d.send(other, CLIENT, s.data(PEER, answer(62, True, AUDIO)))
    d.send(CLIENT, other, s.send(PEER, rtp(1)))
    d.send(other, CLIENT, s.data(PEER, RTCP))
    req = s.set_active(PEER)
    d.send(CLIENT, other, req)
    d.send(other, CLIENT, s.active(req))
    for i in (2, 3):
        d.send(CLIENT, other, rtp(i))
        d.send(other, CLIENT, rtp(i + 10))
    d.send(CLIENT, other, check(63, True))
    d.send(other, CLIENT, answer(63, True, AUDIO))
    d.send(other, CLIENT, check(64, False))
    d.send(CLIENT, other, answer(64, False, PEER))
    d.send(CLIENT, other, RTCP)
    d.send(other, CLIENT, DTLS_DATA)
    deletion(d, s, other)


def udp(name):
    d = Datagrams()
    whole(d)
    d.write(name, "MS-TURN on UDP; the second server's Allocate answers come from the first one's address", count_of=28)


def around(name):
    """The client's address lies between those of the two servers: whose direction is whose must not hang on their order."""
    d = Datagrams()
    far = ("192.0.2.99", 3478)
    whole(d, 3481, far)
    d.write(name, "as udp, but the client's address lies between those of the servers",
            servers=[*SERVERS, "%s:%d" % far], count_of=28)


def multiplexed(name):
    """Packets of the peer to the relay's common ports begin with the session id, those to the peer are plain."""
    d = Datagrams()
    s = Session(BASE_TIME + 7 * 86400, random.Random(3479))
    allocation(d, s, AUDIO)

    def wrapped(data):
        return struct.pack(">HH", 0xFF10, 8 + len(data)) + s.session + data

    for relay, port, n in ((AUDIO, 50044, 65), (VIDEO, 50046, 70)):
        peer = (PEER[0], port)
        req = check_with_session(n, True, s.session)
        d.send(CLIENT, OTHER, s.send(peer, req))
        d.send(relay, peer, req)
        d.send(peer, relay, wrapped(answer(n, True, relay)))
        d.send(OTHER, CLIENT, s.data(peer, answer(n, True, relay)))
        d.send(peer, relay, wrapped(check(n + 1, False)))
        d.send(OTHER, CLIENT, s.data(peer, check(n + 1, False)))
        d.send(CLIENT, OTHER, s.send(peer, answer(n + 1, False, peer)))
        d.send(relay, peer, answer(n + 1, False, peer))
        d.send(peer, relay, wrapped(rtp(n)))
        d.send(peer, relay, wrapped(RTCP))
        d.send(relay, peer, rtp(n + 1))
    d.write(name, "multiplexed TURN to ports 3479 and 3480 on both sides of the relay; session id from the 401",
            session_id=s.session.hex())


def retransmitted(name):
    """Ten Allocates 650 ms apart, the last one answered; a Set Active Destination that is asked twice."""
    d = Datagrams()
    s = Session(BASE_TIME + 7 * 86400, random.Random(650))
    req = s.first_allocate()
    for _ in range(10):
        d.send(CLIENT, SERVER, req)
        d.time += 0.63
    d.send(SERVER, CLIENT, s.challenge(req, SERVER, AUDIO, CLIENT))
    req = s.allocate()
    d.send(CLIENT, SERVER, req)
    d.send(SERVER, CLIENT, s.allocated(req, AUDIO, CLIENT))
    req = s.set_active(PEER)
    for _ in range(2):
        d.send(CLIENT, SERVER, req)
        d.time += 0.63
    d.send(SERVER, CLIENT, s.active(req))
    d.write(name, "an Allocate ten times, every 650 ms; then Set Active Destination twice")


def blocked(name):
    d = Datagrams()
    req = Session(BASE_TIME + 7 * 86400, random.Random(5850)).first_allocate()
    for _ in range(10):
        d.send(CLIENT, SERVER, req)
        d.time += 0.63
    d.write(name, "an Allocate ten times, every 650 ms, and no answer: the port is blocked")


# ---- ICE and WebRTC ----------------------------------------------------------

DTLS_DATA = b"\x17\xfe\xfd" + struct.pack(">HHIH", 1, 0, 7, 32) + bytes(range(32))
HELLO = (b"\xfe\xfd" + bytes(range(32)) + b"\0\0" + b"\0\x04\xc0\x2b\xc0\x2f" + b"\x01\0")
DTLS_HELLO = (b"\x16\xfe\xfd" + struct.pack(">HHIH", 0, 0, 0, 12 + len(HELLO)) + b"\x01"
              + struct.pack(">I", len(HELLO))[1:] + b"\0\0\0\0\0" + struct.pack(">I", len(HELLO))[1:] + HELLO)


def ice2(d, left, right, n=80):
    """Checks with Microsoft's attributes, straight between two clients; then media and DTLS."""
    d.send(left, right, check(n, True))
    d.send(right, left, answer(n, True, left))
    d.send(right, left, check(n + 1, False))
    d.send(left, right, answer(n + 1, False, right))
    d.send(left, right, check(n + 2, True, True))
    d.send(right, left, answer(n + 2, True, left))
    media(d, left, right)
    d.send(left, right, check(n + 3, True))
    d.send(right, left, answer(n + 3, True, left))


def media(d, left, right):
    d.send(left, right, DTLS_HELLO)
    for i in range(1, 4):
        d.send(left, right, rtp(i))
        d.send(right, left, rtp(20 + i))
    d.send(right, left, RTCP)
    d.send(left, right, DTLS_DATA)


def webrtc(d, left, right, n=90):
    """ICE as browsers do it: nothing of Microsoft's in it."""
    user, pwd = b"kP7q:Zw3x", b"a browser's password, made up"

    def request(i, use=False):
        return message(0x0001, tid(i), [
            (USERNAME, user), (0xC057, struct.pack(">HH", 1, 10)), (CONTROLLING, bytes(7) + b"\x05"),
            *([(USE_CANDIDATE, b"")] if use else []), (PRIORITY, struct.pack(">I", 1853824767))], pwd, True)

    for i, use in ((n, False), (n + 1, True)):
        d.send(left, right, request(i, use))
        d.send(right, left, message(0x0101, tid(i), [(MAPPED, xor_address(*left, tid(i)))], pwd, True))
    media(d, left, right)
    d.send(left, right, message(0x0011, tid(n + 2), [], None, True))


A, B = ("192.0.2.10", 50020), ("198.51.100.20", 50022)
BROWSER, OTHER_BROWSER = ("192.0.2.10", 61000), ("198.51.100.20", 62000)


def ice(name):
    d = Datagrams()
    ice2(d, A, B)
    d.write(name, "MS-ICE2 checks, RTP, RTCP and DTLS on UDP between two clients", servers=["%s:%d" % B], count_of=8)


def plain_webrtc(name):
    d = Datagrams()
    webrtc(d, BROWSER, OTHER_BROWSER)
    d.write(name, "ICE of browsers, DTLS, RTP, RTCP", servers=["%s:%d" % OTHER_BROWSER], left=["%s:%d" % BROWSER])


def beside(name):
    """Turn by turn a Microsoft and a WebRTC 5-tuple, whose two ends are the same hosts."""
    ms, web = Datagrams(), Datagrams()
    whole(ms)
    ice2(ms, A, B)
    webrtc(web, BROWSER, OTHER_BROWSER)
    d = Datagrams()
    both = [ms.frames, web.frames]
    order = [0, 1] * len(web.frames) + [0] * len(ms.frames)
    at = [0, 0]
    for which in order:
        if at[which] < len(both[which]):
            _, n, data = both[which][at[which]]
            at[which] += 1
            d.frames.append((d.time, n, data))
            d.time += 0.02
    d.write(name, "MS-TURN, MS-ICE2 and WebRTC beside each other",
            servers=[*SERVERS, "%s:%d" % B, "%s:%d" % OTHER_BROWSER], left=["%s:%d" % BROWSER])


# ---- RFC 3489 ----------------------------------------------------------------

def old_id(n):
    return hashlib.sha256(b"mstun lab, RFC 3489, %d" % n).digest()[:16]


def old(kind, n, attributes, key=None):
    """RFC 3489: no cookie, no padding, MESSAGE-INTEGRITY over zeros up to 64 bytes."""
    body = b"".join(msturn.attribute(t, v) for t, v in attributes)
    head = struct.pack(">HH", kind, len(body) + (24 if key else 0)) + old_id(n)
    if key:
        body += msturn.attribute(0x0008, hmac.new(key, msturn.filled(head + body), hashlib.sha1).digest())
    return head + body


def old_talk(client, server, n):
    """A Shared Secret, Binding with and without credentials, an error."""
    user, key = b"old-user".ljust(12, b" "), b"old-password"
    source = (0x0004, msturn.address(*server))
    answer_of = [(0x0001, msturn.address(*client)), source, (0x0005, msturn.address("192.0.2.2", 3479))]
    return [
        ("c2s", old(0x0001, n + 1, [(0x0003, msturn.number(6))])),
        ("s2c", old(0x0101, n + 1, [*answer_of, (0x000B, msturn.address("192.0.2.3", 4000))])),
        ("c2s", old(0x0001, n, [])), ("s2c", old(0x0101, n, answer_of)),
        ("c2s", old(0x0002, n + 2, [])),
        ("s2c", old(0x0102, n + 2, [(0x0006, user), (0x0007, key)])),
        ("c2s", old(0x0001, n + 3, [(0x0002, msturn.address(*client)), (0x0006, user)], key)),
        ("s2c", old(0x0101, n + 3, answer_of, key)),
        ("c2s", old(0x0001, n + 4, [(0x7001, b"what")])),
        ("s2c", old(0x0111, n + 4, [(0x0009, error_code(420, "Unknown!")), (0x000A, b"\x70\x01\x70\x01")])),
        ("c2s", old(0x0002, n + 5, [])), ("s2c", old(0x0112, n + 5, [(0x0009, error_code(433, "Use TLS!"))])),
    ]


def rfc3489_tcp(name, port, inside_frames):
    client, server = ("192.0.2.10", 50400), ("192.0.2.1", port)
    s = MsScript("%s:%d" % client, "%s:%d" % server)
    s.open()
    for i, (d, m) in enumerate(old_talk(client, server, 100)):
        stun = Stun(m, "rfc4571" if inside_frames else "bare")
        wire = framed(m) if inside_frames else m
        s.send(d, [Message(wire, stun)], [13, 20] if i in (6, 7) else None)
        if inside_frames and i in (1, 3):
            s.send(d, [Message(framed(rtp(i)))])
    s.close()
    s.write(TOPIC, name, "RFC 3489 without a cookie on TCP" + (", RFC 4571 frames" if inside_frames else ""))


def rfc3489_udp(name):
    d = Datagrams()
    client, server = ("192.0.2.10", 50400), SERVER
    for direction, m in old_talk(client, server, 120):
        d.send(*((client, server) if direction == "c2s" else (server, client)), m)
    d.write(name, "RFC 3489 without a cookie on UDP", left=["%s:%d" % client])


def overtaken(name):
    """On ports that nobody owns, what is not Microsoft's comes first each time: RFC 3489, then TURN of RFC 8656 on the
    very 5-tuple that Microsoft's ICE uses later."""
    d = Datagrams()
    server, left = ("192.0.2.1", 40348), []

    def send(mine, source, target, data):
        d.send(source, target, data)
        if not mine:
            left.append(len(d.frames))

    old_client = ("192.0.2.10", 50400)
    for direction, m in old_talk(old_client, server, 140):
        send(False, *((old_client, server) if direction == "c2s" else (server, old_client)), m)
    client, s = ("192.0.2.10", 50402), Session(BASE_TIME + 7 * 86400, random.Random(40348))
    req = s.first_allocate(1, 0)
    req = req[:4] + old_id(160) + req[20:]
    send(True, client, server, req)
    send(True, server, client, s.challenge(req, server, AUDIO, client))
    client = ("192.0.2.10", 50404)
    send(False, client, server, message(0x0003, tid(161), [(0x0019, b"\x11\0\0\0")]))
    send(False, server, client, message(0x0113, tid(161), [(0x0009, error_code(400, "Bad Request"))]))
    for n in (162, 163):
        send(True, client, server, check(n, True))
        send(True, server, client, answer(n, True, client))
        send(True, client, server, rtp(n))
    d.write(name, "RFC 3489 before MS-TURN without a cookie; TURN before MS-ICE2 on one 5-tuple",
            servers=["%s:%d" % server], left_frames=left)


CAPTURES = {
    "udp": udp, "udp-servers-around": around, "udp-overtaken": overtaken,
    "udp-multiplexed": multiplexed, "udp-retransmitted": retransmitted, "udp-blocked": blocked,
    "udp-ice": ice, "udp-webrtc": plain_webrtc, "udp-beside": beside,
    "rfc3489-tcp": lambda n: rfc3489_tcp(n, 3478, False),
    "rfc3489-tcp-rfc4571": lambda n: rfc3489_tcp(n, 42400, True),
    "rfc3489-udp": rfc3489_udp,
}


def main(names):
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
