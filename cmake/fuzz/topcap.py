# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes an input of the fuzz target as a capture, as the target itself builds its packets (target.c describes the form).

    topcap.py <input> <capture.pcap>
"""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from capturefile import Writer

PORTS = (50000, 3478, 443, 5060, 40123, 5349, 80, 4433)
PAUSE = (0, 20, 1000, 40000)
GAP, RETRANSMISSION, FIN, RESET, CUT, BACK_IN_TIME, SYN, KEEP_ALIVE = range(8)
PACKETS_MAX, PAYLOAD_MAX = 64, 0x1FFF


class Flow:
    """The sequence numbers of one connection."""

    def __init__(self):
        self.next = [0, 0]
        self.open = [False, False]

    def header(self, ports, direction, odd, length):
        """The TCP header of a segment, and what it does to the numbers."""
        if not self.open[direction]:
            self.next[direction], self.open[direction] = 1000 + direction * 70000, True
        moved = {GAP: 1460, RETRANSMISSION: -min(length, 700), KEEP_ALIVE: -1}.get(odd, 0)
        flags = {FIN: 0x19, RESET: 0x14, SYN: 0x12 if direction else 0x02}.get(odd, 0x18)
        seq = self.next[direction] + moved & 0xFFFFFFFF
        acknowledged = self.next[1 - direction]
        self.next[direction] = seq + length + (1 if flags & 3 else 0) & 0xFFFFFFFF
        return struct.pack(">HHIIBBHHH", *ports, seq, acknowledged, 0x50, flags, 0xFFFF, 0, 0)


def packets(data):
    """(time in ms, captured bytes, length)"""
    flows, now, count = [Flow() for _ in PORTS], 1577836800000, 0
    while len(data) >= 4 and count < PACKETS_MAX:
        first, word = struct.unpack_from(">BH", data)
        kind, direction, odd = first >> 6, first >> 5 & 1, word >> 13
        connection = 7 if kind == 3 else first >> 2 & 7
        payload = data[3:3 + (word & PAYLOAD_MAX)]
        data, count = data[3 + len(payload):], count + 1
        odd = odd if kind == 2 else None
        ends = ((49000 + connection, PORTS[connection]), (b"\x0a\0\0\x01", b"\x0a\0\0\x02"))
        ports, addresses = (end[::-1] if direction else end for end in ends)
        if kind == 0:
            transport = struct.pack(">HHHH", *ports, 8 + len(payload), 0)
        else:
            transport = flows[connection].header(ports, direction, odd, len(payload))
        body = transport + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 6 if kind else 17, 0, *addresses)
        frame = bytes(12) + b"\x08\0" + ip + body
        now += PAUSE[first & 3] - (5000 if odd == BACK_IN_TIME else 0)
        yield now, frame[:len(frame) - len(payload) + len(payload) // 2] if odd == CUT else frame, len(frame)


def main(source, target):
    """One file."""
    with Writer(target) as writer:
        for now, captured, length in packets(Path(source).read_bytes()):
            writer.add(now * 1000, captured, length)


if __name__ == "__main__":
    main(*sys.argv[1:])
