# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures to measure with, the same bytes every time.

    traffic.py <kind> <packets> <file>

other    TCP that is no STUN: random bytes on 10 connections and free ports
tls      TLS records on port 443, 50 connections
checks   ICE checks in RFC 4571 frames and their responses, on one connection
open     the same checks, and no responses, but TCP's acknowledgements: all transactions stay open
many     checks and responses, ten packets to a connection
turn     RFC 6062: a control connection's requests and responses, and four data connections with checks and RTP
"""
import random
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from capturefile import Writer
from stunmsg import attribute, fingerprint_of, framed, header

CLIENT, SERVER = b"\x0a\0\0\1", b"\x0a\0\0\2"


class Capture:
    """A capture that grows by TCP segments, 1 ms apart."""

    def __init__(self, writer):
        self.writer = writer
        self.count = 0
        self.sequence = {}

    def segment(self, port, server_port, from_client, payload, client=CLIENT):
        """One segment in step with those before it."""
        flow = (client, port, server_port, from_client)
        back = (client, port, server_port, not from_client)
        source, destination = (client, SERVER) if from_client else (SERVER, client)
        ports = (port, server_port) if from_client else (server_port, port)
        sequence = self.sequence.get(flow, 1)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence, self.sequence.get(back, 1), 0x50, 0x18, 8192, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, source, destination)
        frame = b"\2" * 12 + b"\x08\0" + ip + tcp + payload
        self.sequence[flow] = (sequence + len(payload)) & 0xFFFFFFFF
        self.writer.add(1700000000 * 1000000 + self.count * 1000, frame)
        self.count += 1


def message(kind, identity, *attributes):
    """With a MESSAGE-INTEGRITY that nobody can verify and a good FINGERPRINT."""
    body = b"".join(attributes) + attribute(0x0008, identity + b"\x5a" * 8)
    text = header(kind, len(body) + 8, identity) + body
    return text + fingerprint_of(text)


def check(identity):
    """A Binding request as ICE sends it (RFC 8445 section 7.1)."""
    return message(0x0001, identity, attribute(0x0006, b"RfRg:LfLg"), attribute(0x0024, b"\x6e\0\1\xff"),
                   attribute(0x802A, bytes(8)))


def success(identity):
    """Its response."""
    return message(0x0101, identity, attribute(0x0020, b"\0\1\xea\x23\xe7\x21\xc0\x45"))


def rtp(number, rng):
    """160 bytes of PCMU."""
    return struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, 160 * number & 0xFFFFFFFF, 0x1234) + rng.randbytes(160)


def other(capture, packets, rng):
    """See the head."""
    for number in range(packets):
        capture.segment(40000 + number % 10, 50000, True, rng.randbytes(1000))


def tls(capture, packets, rng):
    """See the head."""
    for number in range(packets):
        capture.segment(40000 + number % 50, 443, number // 50 % 2 == 0, b"\x17\3\3" + framed(rng.randbytes(1000)))


def checks(capture, packets, rng):
    """See the head."""
    for _ in range(packets // 2):
        identity = rng.randbytes(12)
        capture.segment(42000, 50050, True, framed(check(identity)))
        capture.segment(42000, 50050, False, framed(success(identity)))


def unanswered(capture, packets, rng):
    """See the head."""
    for number in range(packets):
        capture.segment(42000, 50050, True, framed(check(rng.randbytes(12))))
        if number % 50 == 49:  # or TCP would look through more and more segments that are not acknowledged
            capture.segment(42000, 50050, False, b"")


def many(capture, packets, rng):
    """See the head."""
    for number in range(packets // 2):
        identity, connection = rng.randbytes(12), number // 5
        client = b"\x0a\1" + struct.pack(">H", connection // 20000)
        port = 20000 + connection % 20000
        capture.segment(port, 50050, True, framed(check(identity)), client)
        capture.segment(port, 50050, False, framed(success(identity)), client)


def turn(capture, packets, rng):
    """See the head."""
    xor_peer = attribute(0x0012, b"\0\1\xe1\x3a\xe7\x21\xc0\x45")
    for data in range(4):
        identity, connection = rng.randbytes(12), attribute(0x002A, struct.pack(">I", 0x1000 + data))
        capture.segment(43000, 3478, True, message(0x000A, identity, xor_peer))
        capture.segment(43000, 3478, False, message(0x010A, identity, connection))
        identity = rng.randbytes(12)
        capture.segment(43001 + data, 3478, True, message(0x000B, identity, connection))
        capture.segment(43001 + data, 3478, False, message(0x010B, identity))
    for number in range(packets // 10):
        identity, port = rng.randbytes(12), 43001 + number % 4
        capture.segment(43000, 3478, True, message(0x0008, identity, xor_peer))
        capture.segment(43000, 3478, False, message(0x0108, identity))
        identity = rng.randbytes(12)
        capture.segment(port, 3478, True, framed(check(identity)))
        capture.segment(port, 3478, False, framed(success(identity)))
        for voice in range(6):
            capture.segment(port, 3478, voice % 2 == 0, framed(rtp(number * 6 + voice, rng)))


KINDS = {"other": other, "tls": tls, "checks": checks, "open": unanswered, "many": many, "turn": turn}


def make(kind, packets, path):
    """One capture."""
    with Writer(path) as writer:
        KINDS[kind](Capture(writer), packets, random.Random(1))


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]), sys.argv[3])
