# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/ms-turn: an MS-TURN conversation on TCP, cut into segments in
many ways, seen in part, or with something wrong in it. Written by script, the
same bytes in each run."""
import json
import random
import struct

import lab
import msread
import msturn
import tcpscript
from make_tcp import tid
from msturn import CONTROL, END_TO_END, Session, unit
from stunmsg import (CANDIDATE, CONTROLLED, CONTROLLING, MAPPED, PRIORITY, USE_CANDIDATE, USERNAME, VERSION, framed,
                     message, xor_address)
from tcpscript import BASE_TIME, Message, Script

TOPIC = "ms-turn"
CLIENT, SERVER, PEER = "192.0.2.10", "192.0.2.1", ("198.51.100.20", 50050)
RELAY = (SERVER, 50001)
LEFT, RIGHT = b"lab-password-of-the-left-end", b"lab-password-of-the-right-end"


class Stun(bytes):
    """A message with the framing it is in."""

    framing, inside = "ms-turn", None

    def __new__(cls, data, framing="ms-turn", inside=None):
        self = super().__new__(cls, data)
        self.framing, self.inside = framing, inside
        return self


class MsScript(Script):
    """Truth with MS-TURN's names and ids. keep(frame, number) says what the capture has."""

    def write(self, topic, name, what, keep=None, snaplen=None, missing=None, **facts):
        frames = [f for i, f in enumerate(self.frames) if keep is None or keep(f, i)]
        lab.write_pcapng(lab.path(topic, name + ".pcapng"),
                         [(t, f[1], f[2][:snaplen] if snaplen else f[2])
                          for t, f in zip(sorted(f[0] for f in frames), frames)])
        rows = sorted(self.truth(frames, snaplen), key=lambda m: (m["frame"] or 1 << 30, m["_begin"]))
        settle(rows)
        for m in rows:
            if missing and m.get("state") == "unanswered_gap":
                m["state"] = missing
        tcpscript.truth(topic, name, [m for m in rows if m["first_frame"]], what, **facts)
        print(f"{topic}/{name}.pcapng: {len(frames)} frames, {len(rows)} messages, "
              f"{sum(m['complete'] for m in rows)} complete")

    def truth(self, frames, snaplen):
        rows = super().truth(frames, snaplen)
        for m, (_, _, _, stun) in zip(rows, self.messages):
            m.update(name=msturn.name(stun), id=msturn.id_of(stun), framing=stun.framing, inside=stun.inside)
        return rows


def settle(rows):
    """Send requests have no answer."""
    sends = [m for m in rows if m["name"] == msturn.NAMES[msturn.SEND]]
    tcpscript.state([m for m in rows if m not in sends])
    for m in sends:
        for key in ("_begin", "_script", "answers"):
            del m[key]
    return rows


def control(msg, *inner, inside="DATA", framing="rfc4571"):
    """A unit of type 0x02; inner are the messages of its DATA."""
    return Message(unit(CONTROL, msg), Stun(msg), *[Stun(i, framing, inside) for i in inner])


def units(data, *inner, sizes=(), framing="rfc4571"):
    """A stream of RFC 4571 frames as one unit of type 0x03, or cut into several."""
    wire, left = b"", data
    for n in [*sizes, len(data)]:
        if left:
            wire += unit(END_TO_END, left[:n])
            left = left[n:]
    return Message(wire, *[Stun(i, framing, "0x03") for i in inner])


def check(n, from_client, use=False):
    user, pwd = (b"RfRg:LfLg", RIGHT) if from_client else (b"LfLg:RfRg", LEFT)
    role = (CONTROLLING, bytes(7) + b"\x09") if from_client else (CONTROLLED, bytes(7) + b"\x07")
    return message(0x0001, tid(n), [
        (USERNAME, user), (PRIORITY, struct.pack(">I", 1862270975)), *([(USE_CANDIDATE, b"")] if use else []), role,
        (CANDIDATE, b"2"), (VERSION, struct.pack(">I", 3))], pwd, True)


def answer(n, to_client, mapped=None):
    """The answer to check n; mapped is where that check came from."""
    user, pwd = (b"RfRg:LfLg", RIGHT) if to_client else (b"LfLg:RfRg", LEFT)
    mapped = mapped or (RELAY if to_client else PEER)
    return message(0x0101, tid(n), [(MAPPED, xor_address(*mapped, tid(n))), (USERNAME, user),
                                    (VERSION, struct.pack(">I", 3))], pwd, True)


def rtp(n, size=40, marker=False):
    return struct.pack(">BBHII", 0x80, 0xFF if marker else 0x7F, n, 160 * n, 0x0A0B0C0D) + bytes(
        (n * 7 + i) & 0xFF for i in range(size))


RTCP = struct.pack(">BBHI", 0x80, 0xC9, 1, 0x0A0B0C0D)


class Talk:
    """Turns of (direction, [messages]) of one conversation; a name for where some of them begin."""

    def __init__(self, hellos=True, version=6, expires=7 * 86400, hosts=(CLIENT, SERVER), peer=PEER, port=443,
                 client_port=50300):
        self.turns, self.at = [], {}
        rng = random.Random(443)
        self.s = s = Session(BASE_TIME + expires, rng, version)
        self.client, self.server, self.peer = (hosts[0], client_port), (hosts[1], port), peer
        self.relay = (hosts[1], 50001)
        if hellos:
            self.add("c2s", Message(msturn.CLIENT_HELLO))
            self.add("s2c", Message(msturn.server_hello(rng)))
        self.at["allocate"] = len(self.turns)
        req = s.first_allocate()
        self.add("c2s", control(req))
        self.add("s2c", control(s.challenge(req, self.server, self.relay, self.client)))
        self.again = req = s.allocate()
        self.add("c2s", control(req))

    def add(self, direction, *messages):
        self.turns.append((direction, list(messages)))
        return self

    def allocated(self):
        return self.add("s2c", control(self.s.allocated(self.again, self.relay, self.client)))

    def send(self, msg):
        return control(self.s.send(self.peer, framed(msg)), msg)

    def data(self, msg):
        return control(self.s.data(self.peer, framed(msg)), msg)

    def checks(self):
        self.at["checks"] = len(self.turns)
        self.add("c2s", self.send(check(31, True)))
        self.add("s2c", self.data(answer(31, True)), self.data(check(32, False)))
        self.add("c2s", self.send(answer(32, False)), self.send(check(33, True, True)))
        self.add("s2c", self.data(answer(33, True)))
        frame = framed(rtp(1))
        self.add("s2c", control(self.s.data(self.peer, frame[:20])), control(self.s.data(self.peer, frame[20:])))
        return self

    def active(self):
        req = self.s.set_active(self.peer)
        self.add("c2s", control(req))
        self.add("s2c", control(self.s.active(req)))
        self.at["active"] = len(self.turns)
        return self

    def media(self):
        c4, c5 = check(34, True), check(35, True)
        self.add("c2s", units(framed(rtp(2))), units(framed(c4), c4))
        self.add("s2c", units(framed(answer(34, True)), answer(34, True)), units(framed(rtp(3, 200)), sizes=(1, 60)))
        self.at["joined"] = len(self.turns)
        self.add("c2s", units(framed(rtp(4)) + framed(c5) + framed(rtp(5, 20, True)), c5))
        a5 = answer(35, True)
        self.add("s2c", units(framed(a5) + framed(RTCP), a5, sizes=(33,)))
        return self

    def end(self):
        self.at["end"] = len(self.turns)
        for life in (None, 0):
            req = self.s.again(life)
            self.add("c2s", units(framed(rtp(6))), control(req))
            self.add("s2c", units(framed(rtp(7))), control(self.s.refreshed(req, 60 if life is None else 0)))
        return self

    def whole(self):
        return self.allocated().checks().active().media().end()

    def script(self):
        host = "[%s]:%d" if ":" in self.client[0] else "%s:%d"
        return MsScript(host % self.client, host % self.server)


def played(talk, sizes=None, first=None):
    """The whole conversation. sizes: of all segments, or by turn."""
    s = talk.script()
    s.open()
    for i, (d, msgs) in enumerate(talk.turns):
        here = sizes.get(i) if isinstance(sizes, dict) else sizes
        s.send(d, msgs, None if first is not None and i < first else here)
    s.close()
    return s


def plain(name, what, talk, sizes=None, first=None, **facts):
    played(talk, sizes, first).write(TOPIC, name, what, **facts)


def coalesced(name):
    talk = Talk().whole()
    s = talk.script()
    s.open()
    for d, msgs in talk.turns[:2]:
        s.send(d, msgs)
    for d in ("c2s", "s2c"):
        s.send(d, [m for turn, msgs in talk.turns[2:] for m in msgs if turn == d], [1400])
        s.ack(s.other(d))
    s.close()
    s.write(TOPIC, name, "behind the hellos all units of a direction in segments of 1400 bytes")


def seen_in_part(name, what, keep_of, **kw):
    """keep_of gets the script, the talk and the places of each turn's first frame."""
    talk = Talk(**{k: kw.pop(k) for k in ("hellos", "port") if k in kw}).whole()
    s, starts = talk.script(), []
    s.open()
    for i, (d, msgs) in enumerate(talk.turns):
        sizes = kw.get("sizes", {}).get(i)
        starts.append([f for f in s.send(d, msgs, sizes) if f is not None])
    s.close()
    s.write(TOPIC, name, what, keep=keep_of(s, talk, starts), missing=kw.get("missing"))


def one_direction(name, side, **kw):
    seen_in_part(name, f"nothing but the packets of the {'client' if side == 'c2s' else 'server'}",
                 lambda *_: lambda f, i: f[4] == side, missing="half_captured", **kw)
    # requests whose answer goes the other way are half captured, whoever asked
    fix_half(name)


def fix_half(name):
    path = lab.path(TOPIC, name + ".truth.json")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace('"state": "unanswered"', '"state": "half_captured"'))


def begins(name, what, place, skip=0, sizes=None, **kw):
    """The capture begins at a turn, or at its second segment."""
    talk = Talk(**kw).whole()
    at = talk.at[place]
    seen_in_part(name, what, lambda s, t, starts: lambda f, i: i >= starts[at][skip],
                 sizes={at: sizes} if sizes else {}, **kw)


def retransmitted(name):
    talk = Talk().whole()
    s = talk.script()
    s.open()
    late = None
    for i, (d, msgs) in enumerate(talk.turns):
        at, data = s.sent[d], b"".join(m.wire for m in msgs)
        if i == talk.at["joined"]:       # its first half, then all of it
            s.send(d, msgs, [len(data) // 2, len(data)])
            s.again(d, at, data)
        else:
            s.send(d, msgs)
        if i in (0, 1, 2):               # the hellos too
            s.again(d, at, data)
        if i == 2:
            late = (d, at, data)
        if i == talk.at["active"]:
            s.again(*late)
    s.close()
    s.write(TOPIC, name, "repeated segments, the hellos among them: at once, late, and one that joins two")


def out_of_order(name):
    talk = Talk().whole()
    s = talk.script()
    s.open()
    for i, (d, msgs) in enumerate(talk.turns):
        n = sum(len(m.wire) for m in msgs)
        swap = i in (3, talk.at["joined"])
        frames = s.send(d, msgs, [n // 2, n] if swap else None)
        if swap:
            a, b = frames
            s.frames[a], s.frames[b] = s.frames[b], s.frames[a]
    s.close()
    s.write(TOPIC, name, "an answer and a data unit whose halves changed places")


def gap(name, place, inside):
    talk = Talk().whole()
    s = talk.script()
    s.open()
    for i, (d, msgs) in enumerate(talk.turns):
        n = sum(len(m.wire) for m in msgs)
        if i == talk.at[place]:
            s.send(d, msgs, [n // 3, n // 3, n] if inside else None, lost=(1,) if inside else (0,))
        else:
            s.send(d, msgs)
    s.close()
    s.write(TOPIC, name, "a lost segment " + ("inside a unit of data" if inside else "that was a whole unit"))


def sequence_gap(name):
    """Two numbers are skipped before Set Active Destination; the refresh repeats one."""
    talk = Talk().allocated().checks()
    talk.s.sequence = 2
    talk.active()
    talk.s.sequence -= 1
    talk.end()
    plain(name, "sequence numbers 0, 3, 3, 4: two skipped, one repeated", talk)


def sequence_gap_one(name):
    """One number is skipped."""
    talk = Talk().allocated().checks()
    talk.s.sequence = 1
    talk.active()
    talk.end()
    plain(name, "sequence numbers 0, 2, 3: one skipped", talk)


def expired(name):
    """The USERNAME is three days too old: 401 again, then the client gives up."""
    talk = Talk(expires=-3 * 86400)
    talk.add("s2c", control(talk.s.challenge(talk.again, talk.server, talk.relay, talk.client)))
    plain(name, "the USERNAME's time was over three days before; 401 to the request with it", talk,
          credentials="expired")


def expired_silent(name):
    """The same, and the server keeps silent."""
    plain(name, "the USERNAME's time was over a minute before; no answer to the request with it",
          Talk(expires=-60), credentials="expired")


def errors(name):
    """All that a server refuses, then success."""
    talk = Talk()
    s = talk.s
    for code, reason in ((431, "Integrity Check Failure"), (436, "Unknown User"), (438, "Stale Nonce"),
                         (435, "Missing Nonce"), (434, "Missing Realm"), (432, "Missing Username"),
                         (420, "Unknown Attribute"), (500, "Server Error"), (400, "Bad Request")):
        talk.add("s2c", control(s.refuse(talk.again, code, reason)))
        talk.again = s.allocate()
        talk.add("c2s", control(talk.again))
    other = [(msturn.VERSION, s.version), (msturn.ERROR_CODE, msturn.error_code(300, "Try Alternate")),
             (msturn.ALTERNATE, msturn.address("192.0.2.2", 443)), (0x8032, b"edge2.example.org")]
    talk.add("s2c", control(msturn.message(msturn.REFUSED, talk.again[4:20], other)))
    talk.again = s.allocate()
    talk.add("c2s", control(talk.again)).allocated()
    req = s.set_active(PEER)
    talk.add("c2s", control(req))
    talk.add("s2c", control(s.refuse(req, 439, "Transitioning", msturn.ACTIVE_REFUSED)))
    plain(name, "an error for each of MS-TURN's codes, 300 with an alternate host name, then success", talk)


def bandwidth(name):
    """Bandwidth admission: a check that is answered, a commit, an update that cancels."""
    talk = Talk().allocated()
    s, rid = talk.s, bytes(range(0xA0, 0xB0))
    for kind, amounts in ((0, (64, 128, 64, 128)), (1, (64, 128, 64, 128)), (2, (0, 0, 0, 0))):
        i = s.id()
        req = msturn.message(msturn.ALLOCATE, i, [
            (msturn.VERSION, s.version), (0x8056, struct.pack(">HH", 0, kind)), (0x8057, rid),
            (0x8058, struct.pack(">4I", *amounts)), (0x8059, msturn.xor_address("198.51.100.50", 50020, i)),
            (0x805A, msturn.xor_address("198.51.100.51", 50021, i)), (0x805B, msturn.xor_address(CLIENT, 50010, i)),
            (0x805C, msturn.xor_address(*RELAY, i)), (0x8062, b"lab-call@example.org"), (0x8061, b"lab;tag=1;tag=2"),
            (msturn.QUALITY, struct.pack(">HH", 2, 1)), (0x8068, bytes([2, 1, 1, 0])), s.sequenced(),
            (msturn.USERNAME, s.user)], s.key())
        flags = [(0x805D, 0x40000000, 0, 0), (0x805E, 0x80000000, 64, 64), (0x805F, 0x80000000, 128, 128),
                 (0x8060, 0, 0, 0)]
        talk.add("c2s", control(req))
        talk.add("s2c", control(msturn.message(msturn.ALLOCATED, i, [
            (msturn.VERSION, s.version), *[(t, struct.pack(">3I", *v)) for t, *v in flags]], s.key())))
    plain(name, "bandwidth admission control: check, commit, cancel; refused with PSTN fail-over on one path", talk)


def multiplexed(name, bare):
    """0xFF10 on TCP: inside of type 0x03, or in the stream beside the units."""
    talk = Talk().allocated().checks().active()
    sid = talk.s.session

    def packet(data, *inner):
        wire = struct.pack(">HH", 0xFF10, 8 + len(data)) + sid + data
        inside = "0xff10" if bare else "0x03/0xff10"
        return Message(wire if bare else unit(END_TO_END, wire), *[Stun(i, "multiplexed", inside) for i in inner])

    c = check(36, True)
    talk.add("c2s", packet(c, c))
    talk.add("s2c", packet(answer(36, True), answer(36, True)), packet(rtp(8)))
    talk.add("c2s", packet(rtp(9)), packet(RTCP), packet(rtp(10, 21)))
    talk.end()
    plain(name, "multiplexed TURN on TCP, " + ("bare" if bare else "in units of type 0x03"), talk)


def cookie_indication(name):
    """A Data indication whose id begins with the RFC 5389 cookie: 0x0012 is plain all the same."""
    talk = Talk().allocated().checks()
    a = check(37, False)
    msg = msturn.message(msturn.DATA_INDICATION, talk.s.id(), [(msturn.REMOTE, msturn.address(*PEER)),
                                                              (msturn.DATA, framed(a))])
    talk.add("s2c", control(msg, a)).add("c2s", talk.send(answer(37, False)))
    plain(name, "a Data indication whose id begins with 2112a442", talk)


def several_peers(name):
    """Checks to three peers at a time, then one of them becomes the active destination."""
    talk = Talk().allocated()
    peers = [PEER, ("198.51.100.21", 50051), ("203.0.113.7", 3478)]
    for i, p in enumerate(peers):
        talk.peer = p
        talk.add("c2s", talk.send(check(40 + i, True)))
    for i, p in reversed(list(enumerate(peers[:2]))):
        talk.peer = p
        talk.add("s2c", talk.data(answer(40 + i, True)))
    talk.active().media()
    plain(name, "three peers: two answer, the third never does", talk)


def split_frames(name):
    """RFC 4571 frames in parts, each part in a message of its own: two and three Send requests for a frame, to two peers
    by turns, a frame's end and the next one's beginning in one message, and a part that is its length alone. The same
    from the server, and a type 0x03 unit with a message between two parts."""
    talk = Talk().allocated()
    s, other = talk.s, ("198.51.100.21", 50051)

    def sends(peer, *parts):
        return [control(s.send(peer, part), *inner) for part, *inner in parts]

    def gets(peer, *parts):
        return [control(s.data(peer, part), *inner) for part, *inner in parts]

    checks = [check(60 + i, True) for i in range(6)]
    asked = [framed(c) for c in checks]
    given = [framed(answer(60 + i, True)) for i in range(6)]
    bare = [answer(60 + i, True) for i in range(6)]
    for part in sends(PEER, (asked[0][:50],), (asked[0][50:], checks[0])):
        talk.add("c2s", part)
    talk.add("s2c", *gets(PEER, (given[0][:2],), (given[0][2:], bare[0])))
    for part in sends(PEER, (asked[1][:30],), (asked[1][30:70],), (asked[1][70:], checks[1])):
        talk.add("c2s", part)
    talk.add("s2c", *gets(PEER, (given[1][:40],)))
    talk.add("s2c", *gets(PEER, (given[1][40:] + given[1][:0], bare[1])))
    mine, theirs = sends(PEER, (asked[2][:60],), (asked[2][60:], checks[2])), \
        sends(other, (asked[3][:60],), (asked[3][60:] + asked[4][:10], checks[3]), (asked[4][10:], checks[4]))
    talk.add("c2s", mine[0]).add("c2s", theirs[0]).add("c2s", mine[1]).add("c2s", theirs[1], theirs[2])
    for turn in zip(gets(PEER, (given[2][:30],), (given[2][30:], bare[2])),
                    gets(other, (given[3][:30],), (given[3][30:], bare[3]))):
        talk.add("s2c", *turn)
    talk.add("s2c", *gets(other, (given[4] + framed(rtp(11)), bare[4])))
    talk.active()
    keep = s.again()
    talk.add("c2s", units(asked[5][:20]), control(keep), units(asked[5][20:], checks[5]))
    talk.add("s2c", control(s.refreshed(keep)), units(given[5], bare[5], sizes=(1, 5)))
    plain(name, "RFC 4571 frames split over two and three messages, by turns to two peers", talk)


def reset(name, side, wait):
    """The first request, and nothing comes but a reset."""
    talk = Talk(hellos=False, port=40443)
    s = talk.script()
    s.open()
    s.send(*talk.turns[0])
    s.ack("s2c")
    s.wait(wait)
    s.reset(side)
    s.write(TOPIC, name, "an Allocate, then a reset by the " + ("server, at once" if side == "s2c" else "client, later"))


def plain_with(talk_of, what, **kw):
    return lambda n: plain(n, what, talk_of(), **kw)


HELLO_SIZES = {0: [5, 6, 20, 40], 1: [1, 10, 70, 20], 2: [3, 1, 20, 200], 3: [4, 100]}
CAPTURES = {
    "one-byte-443": plain_with(lambda: Talk().whole(), "one byte in each segment, port 443", sizes=[1]),
    "one-byte-40443": plain_with(lambda: Talk(port=40443).allocated().active().media(),
                                 "port 40443: the hellos whole, then one byte in each segment", sizes=[1], first=2),
    "one-byte-no-hellos": plain_with(lambda: Talk(hellos=False, port=40443).allocated().active().media(),
                                     "port 40443, no hellos: first segment whole, then one byte in each", sizes=[1],
                                     first=1),
    "hellos-split": plain_with(lambda: Talk().whole(), "hellos and first units over several segments",
                               sizes=HELLO_SIZES),
    "hellos-split-40443": plain_with(lambda: Talk(port=40443).whole(), "the same on port 40443", sizes=HELLO_SIZES),
    "coalesced": coalesced,
    "segments-150": plain_with(lambda: Talk().whole(), "segments of 150 bytes at most", sizes=[150]),
    "segments-7": plain_with(lambda: Talk(port=40443).whole(), "port 40443: segments of 7 bytes", sizes=[7], first=2),
    "retransmitted": retransmitted,
    "out-of-order": out_of_order,
    "gap": lambda n: gap(n, "checks", False),
    "gap-inside": lambda n: gap(n, "joined", True),
    "one-direction-client": lambda n: one_direction(n, "c2s"),
    "one-direction-server": lambda n: one_direction(n, "s2c"),
    "one-direction-client-40443": lambda n: one_direction(n, "c2s", port=40443),
    "one-direction-server-no-hellos": lambda n: one_direction(n, "s2c", hellos=False),
    "after-hellos": lambda n: begins(n, "begins behind the hellos", "allocate"),
    "after-hellos-40443": lambda n: begins(n, "begins behind the hellos, port 40443", "allocate", port=40443),
    "after-hellos-mid-unit": lambda n: begins(n, "begins in the middle of the first Allocate", "allocate", 1, [30, 60]),
    "after-active": lambda n: begins(n, "begins behind Set Active Destination, with RTP", "active"),
    "ipv6": plain_with(lambda: Talk(hosts=("2001:db8::10", "2001:db8::1"), peer=("2001:db8::20", 50050)).whole(),
                       "client, server, relay and peer have IPv6 addresses"),
    "version-2": plain_with(lambda: Talk(version=2).whole(), "MS-Version 2: MESSAGE-INTEGRITY with SHA-1"),
    "sequence-gap": sequence_gap,
    "sequence-gap-one": sequence_gap_one,
    "credentials-expired": expired,
    "credentials-expired-silent": expired_silent,
    "errors": errors,
    "bandwidth": bandwidth,
    "multiplexed-tcp-in-0x03": lambda n: multiplexed(n, False),
    "multiplexed-tcp-bare": lambda n: multiplexed(n, True),
    "data-indication-cookie": cookie_indication,
    "several-peers": several_peers,
    "split-frames": split_frames,
    "dialect-mismatch-reset": lambda n: reset(n, "s2c", 0),
    "given-up-reset": lambda n: reset(n, "c2s", 8),
}
# The reader knows nothing of what was sent: it must find the same
READ_TOO = ("one-byte-443", "hellos-split-40443", "coalesced", "ipv6", "errors", "bandwidth",
            "multiplexed-tcp-in-0x03", "multiplexed-tcp-bare", "several-peers", "one-direction-server", "after-hellos")


def same(name):
    rows, _ = msread.read(lab.path(TOPIC, name + ".pcapng"))
    read = [(m["frame"], m["dir"], m["type"], m["id"], m["framing"], m["inside"]) for m in rows]
    said = told(name)
    if sorted(read, key=str) != sorted(said, key=str):
        raise RuntimeError(f"{name}: {set(read) ^ set(said)}")


def told(name):
    with open(lab.path(TOPIC, name + ".truth.json"), encoding="utf-8") as f:
        return [(m["frame"], m["dir"], m["type"], m["id"], m["framing"], m.get("inside"))
                for m in json.load(f)["messages"] if m["complete"]]


def main(names):
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
        if name in READ_TOO:
            same(name)
