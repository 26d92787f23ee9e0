# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/tcp: one conversation, cut into TCP segments in every way."""
import hashlib
import struct

import lab
from stunmsg import (CANDIDATE, CHANNEL_NUMBER, CONTROLLED, CONTROLLING, ERROR_CODE, LIFETIME, MAPPED, NONCE, PEER,
                     PRIORITY, REALM, RELAYED, SOFTWARE, TRANSPORT, USE_CANDIDATE, USERNAME, VERSION, channel_data,
                     error_code, framed, long_term_key, message, xor_address)
from tcpscript import Message, Script

TOPIC = "tcp"
CLIENT, SERVER = "192.0.2.10", "192.0.2.1"


def tid(n):
    return hashlib.sha256(b"mstun lab %d" % n).digest()[:12]


def bare(n, kind, attributes=(), key=None):
    m = message(kind, tid(n), attributes, key, fingerprint=True)
    return Message(m, m)


def turn_talk():
    """Turns of (direction, [messages]): an allocation, a channel, data both ways."""
    key = long_term_key("lab", "example.org", "secret")
    auth = [(USERNAME, b"lab"), (REALM, b"example.org"), (NONCE, b"0123456789abcdef")]
    tcp, life = (TRANSPORT, b"\x11\0\0\0"), (LIFETIME, struct.pack(">I", 600))
    chan = (CHANNEL_NUMBER, b"\x40\x01\0\0")
    return [
        ("c2s", [bare(1, 0x0003, [tcp])]),
        ("s2c", [bare(1, 0x0113, [(ERROR_CODE, error_code(401, "Unauthorized")), *auth[1:], (SOFTWARE, b"lab")])]),
        ("c2s", [bare(2, 0x0003, [tcp, *auth], key)]),
        ("s2c", [bare(2, 0x0103, [(RELAYED, xor_address(SERVER, 50001, tid(2))),
                                  (MAPPED, xor_address(CLIENT, 50000, tid(2))), life], key)]),
        ("c2s", [bare(3, 0x0009, [chan, (PEER, xor_address("198.51.100.20", 5000, tid(3))), *auth], key)]),
        ("s2c", [bare(3, 0x0109, [], key)]),
        ("c2s", [Message(channel_data(0x4001, b"hello")), Message(channel_data(0x4001, b"world!"))]),
        ("s2c", [Message(channel_data(0x4001, b"abc"))]),
        ("c2s", [bare(4, 0x0004, [life, *auth], key)]),
        ("s2c", [Message(channel_data(0x4001, b"four")), bare(4, 0x0104, [life], key)]),
        ("c2s", [bare(5, 0x0001)]),
        ("s2c", [bare(5, 0x0101, [(MAPPED, xor_address(CLIENT, 50000, tid(5)))])]),
    ]


def ice(n, kind, attributes, pwd):
    m = message(kind, tid(n), attributes, pwd, fingerprint=True)
    return Message(framed(m), m)


def ice_talk():
    """Turns of an RFC 4571 stream: checks both ways, one nominated, media."""
    left, right = b"lab-password-of-the-left-end", b"lab-password-of-the-right-end"
    ms = [(CANDIDATE, b"2"), (VERSION, struct.pack(">I", 3))]
    prio = (PRIORITY, struct.pack(">I", 1862270975))
    rtp = [Message(framed(struct.pack(">BBHII", 0x80, 0x7F, i, 160 * i, 0x0A0B0C0D) + bytes(range(i, i + 20))))
           for i in (1, 2, 3)]
    rtcp = Message(framed(bytes.fromhex("80c900010a0b0c0d")))
    mapped = [(MAPPED, xor_address(CLIENT, 50000, tid(11)))]
    return [
        ("c2s", [ice(11, 0x0001, [(USERNAME, b"RfRg:LfLg"), prio, (CONTROLLING, bytes(7) + b"\x09"), *ms], right)]),
        ("s2c", [ice(11, 0x0101, [(MAPPED, xor_address(CLIENT, 50000, tid(11))), (USERNAME, b"RfRg:LfLg"), ms[1]],
                     right),
                 ice(12, 0x0001, [(USERNAME, b"LfLg:RfRg"), prio, (CONTROLLED, bytes(7) + b"\x07"), *ms], left)]),
        ("c2s", [ice(12, 0x0101, [(MAPPED, xor_address(SERVER, 3478, tid(12))), (USERNAME, b"LfLg:RfRg"), ms[1]],
                     left)]),
        ("c2s", [ice(13, 0x0001, [(USERNAME, b"RfRg:LfLg"), prio, (USE_CANDIDATE, b""),
                                  (CONTROLLING, bytes(7) + b"\x09"), *ms], right)]),
        ("s2c", [ice(13, 0x0101, [(MAPPED, xor_address(CLIENT, 50000, tid(13)))], right)]),
        ("c2s", [rtp[0], rtp[1]]),
        ("s2c", [rtcp, rtp[2]]),
        ("c2s", [ice(14, 0x0001, [(USERNAME, b"RfRg:LfLg"), prio, (CONTROLLING, bytes(7) + b"\x09")], right)]),
        ("s2c", [ice(14, 0x0101, mapped, right)]),
    ]


TALKS = {"bare": turn_talk, "rfc4571": ice_talk}
PORTS = {"bare": 50000, "rfc4571": 50100}


def script(framing, port=3478, **kw):
    return Script(f"{CLIENT}:{PORTS[framing]}", f"{SERVER}:{port}", **kw)


def plain(framing, name, what, port=3478, sizes=None, first_whole=False):
    s = script(framing, port)
    s.open()
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        s.send(d, msgs, None if first_whole and i == 0 else sizes)
    s.close()
    s.write(TOPIC, name, what)


def coalesced(framing, name):
    """Everything one side has to say in one segment, then the other's."""
    talk, s = TALKS[framing](), script(framing)
    s.open()
    for d in ("c2s", "s2c"):
        s.send(d, [m for turn, msgs in talk for m in msgs if turn == d])
        s.ack(s.other(d))
    s.close()
    s.write(TOPIC, name, "all messages of a direction in one segment")


def coalesced_cut(framing, name):
    """The same stream of each direction in segments that end anywhere."""
    talk, s = TALKS[framing](), script(framing)
    s.open()
    for d in ("c2s", "s2c"):
        s.send(d, [m for turn, msgs in talk for m in msgs if turn == d], [150])
    s.close()
    s.write(TOPIC, name, "segments of 150 bytes, whatever ends where")


def three(framing, name):
    s = script(framing)
    s.open()
    for d, msgs in TALKS[framing]():
        for m in msgs:
            third = max(1, len(m.wire) // 3)
            s.send(d, [m], [third, third, len(m.wire)])
    s.close()
    s.write(TOPIC, name, "each message over three segments (the first cut lies inside the header when short)")


def retransmitted(framing, name):
    """A repeat at once, a repeat much later, and one that overlaps new bytes."""
    s = script(framing)
    s.open()
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        at, data = s.sent[d], b"".join(m.wire for m in msgs)
        if i == 4:                     # first half, then all of it again
            s.send(d, msgs, [len(data) // 2, len(data)])
            s.again(d, at, data)
        else:
            s.send(d, msgs)
        if i in (0, 1):
            s.again(d, at, data)
        if i == 0:
            late = (d, at, data)
        if i == 6:
            s.again(*late)
    s.close()
    s.write(TOPIC, name, "repeated segments: at once, late, and one that joins two")


def out_of_order(framing, name):
    s = script(framing)
    s.open()
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        n = sum(len(m.wire) for m in msgs)
        frames = s.send(d, msgs, [n // 2, n] if i in (2, 3, 4) else None)
        if i in (2, 3):
            a, b = frames
            s.frames[a], s.frames[b] = s.frames[b], s.frames[a]
    s.close()
    s.write(TOPIC, name, "two messages whose halves arrive in the wrong order")


def out_of_order_whole(framing, name):
    """Two whole messages of one direction change places."""
    s = script(framing)
    s.open()
    swap = []
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        frames = s.send(d, msgs)
        if i in ((4, 6) if framing == "bare" else (2, 3)):
            swap += frames
    a, b = swap
    s.frames[a], s.frames[b] = s.frames[b], s.frames[a]
    s.close()
    s.write(TOPIC, name, "two whole messages of one direction in the wrong order")


def mid_message(framing, name):
    """The capture begins in the middle of the third turn's message."""
    s = script(framing)
    s.open()
    start = None
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        n = sum(len(m.wire) for m in msgs)
        frames = s.send(d, msgs, [n // 2, n] if i == 2 else None)
        if i == 2:
            start = frames[1]
    s.close()
    s.write(TOPIC, name, "begins in the middle of a connection and of a message", skip=start)


def mid_connection(framing, name):
    s = script(framing)
    s.open()
    starts = [s.send(d, msgs)[0] for d, msgs in TALKS[framing]()]
    s.close()
    s.write(TOPIC, name, "begins in the middle of a connection, at a message", skip=starts[4])


def snaplen(framing, name):
    s = script(framing)
    s.open()
    for d, msgs in TALKS[framing]():
        s.send(d, msgs)
    s.close()
    s.write(TOPIC, name, "frames cut at 120 bytes, as with a snap length", snaplen=120)


def reused(framing, name):
    """Two connections on one 5-tuple, with the same transaction ids. In the
    second one the last request has no answer."""
    first = script(framing)
    first.open()
    for d, msgs in TALKS[framing]():
        first.send(d, msgs)
    first.close()
    second = script(framing, isn=(90000000, 80000000), start=first.time + 5, frames=first.frames)
    second.open()
    for d, msgs in TALKS[framing]()[:-1]:
        second.send(d, msgs)
    second.close()
    second.write(TOPIC, name, "the same 5-tuple and ids in a second connection, whose last request is not answered",
                 scripts=[first, second])


def reused_cross(framing, name):
    """The first connection leaves its last request open, the second one uses
    that id again and has it answered: the first stays unanswered."""
    first = script(framing)
    first.open()
    for d, msgs in TALKS[framing]()[:-1]:
        first.send(d, msgs)
    first.reset()
    second = script(framing, isn=(90000000, 80000000), start=first.time + 5, frames=first.frames)
    second.open()
    for d, msgs in TALKS[framing]():
        second.send(d, msgs)
    second.close()
    second.write(TOPIC, name,
                 "an open request whose id a second connection on the 5-tuple uses again and gets answered",
                 scripts=[first, second])


def gap(framing, name, inside):
    """Lost segments: a whole answer, or the middle of a message, with the next
    segment at a message's begin or inside one."""
    s = script(framing)
    s.open()
    for i, (d, msgs) in enumerate(TALKS[framing]()):
        n = sum(len(m.wire) for m in msgs)
        if i == 3:
            s.send(d, msgs, [n // 3, n // 3, n] if inside else None, lost=(1,) if inside else (0,))
        else:
            s.send(d, msgs)
    s.close()
    s.write(TOPIC, name, "a lost segment " + ("inside a message" if inside else "that was a whole message"))


def captures():
    out = {}
    for f in TALKS:
        out.update({
            f"{f}-plain": lambda n, f=f: plain(f, n, "each turn in one segment"),
            f"{f}-one-byte-3478": lambda n, f=f: plain(f, n, "one byte per segment on port 3478", sizes=[1]),
            f"{f}-one-byte-unknown-port": lambda n, f=f: plain(
                f, n, "first segment whole, then one byte per segment, port 42424", 42424, [1], True),
            f"{f}-coalesced": lambda n, f=f: coalesced(f, n),
            f"{f}-150-byte-segments": lambda n, f=f: coalesced_cut(f, n),
            f"{f}-three-segments": lambda n, f=f: three(f, n),
            f"{f}-retransmitted": lambda n, f=f: retransmitted(f, n),
            f"{f}-out-of-order": lambda n, f=f: out_of_order(f, n),
            f"{f}-out-of-order-whole": lambda n, f=f: out_of_order_whole(f, n),
            f"{f}-mid-message": lambda n, f=f: mid_message(f, n),
            f"{f}-mid-connection": lambda n, f=f: mid_connection(f, n),
            f"{f}-snaplen": lambda n, f=f: snaplen(f, n),
            f"{f}-reused": lambda n, f=f: reused(f, n),
            f"{f}-reused-open": lambda n, f=f: reused_cross(f, n),
            f"{f}-gap": lambda n, f=f: gap(f, n, False),
            f"{f}-gap-inside": lambda n, f=f: gap(f, n, True),
        })
    return out


def main(names):
    for name, f in lab.chosen(captures(), names).items():
        f(name)
