# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes captures of one TCP connection from bytes, segment by segment."""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from capturefile import Writer
from stunmsg import header

CLIENT, SERVER = bytes([192, 0, 2, 10]), bytes([192, 0, 2, 1])
SYN, RST, ACK = 0x02, 0x04, 0x10


class Stream:
    """What a client sends to a server, and what that answers, if anything."""

    def __init__(self, port=3478):
        self.port, self.seq, self.answered, self.frames = port, 1000, 1, []
        self._frame(b"", SYN)
        self.seq += 1

    def _frame(self, payload, flags, back=False):
        ports, ends, seq = (50000, self.port), (CLIENT, SERVER), self.seq
        if back:
            ports, ends, seq = ports[::-1], ends[::-1], self.answered
        tcp = struct.pack(">HHIIBBHHH", *ports, seq, 1, 5 << 4, flags, 65535, 0, 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, *ends)
        self.frames.append(b"\x02" * 12 + b"\x08\x00" + ip + tcp)

    def send(self, payload, segment=1460):
        """The bytes, in segments of this length."""
        for offset in range(0, len(payload), segment):
            part = payload[offset:offset + segment]
            self._frame(part, ACK)
            self.seq += len(part)
        return self

    def reset(self):
        """A segment with RST."""
        self._frame(b"", RST)
        return self

    def answer(self, payload, segment=1460):
        """What the server sends back."""
        for offset in range(0, len(payload), segment):
            part = payload[offset:offset + segment]
            self._frame(part, ACK, True)
            self.answered += len(part)
        return self

    def lose(self, length):
        """So many bytes are not in the capture."""
        self.seq += length
        return self

    def write(self, target):
        """The capture, a millisecond between frames."""
        with Writer(target) as writer:
            for number, frame in enumerate(self.frames):
                writer.add(1600000000 * 1000000 + number * 1000, frame)


def message(number=0, attributes=b"", type_=0x0001):
    """A STUN message; its id is made of the number."""
    return header(type_, len(attributes), number.to_bytes(12, "big")) + attributes


def unit(type_, payload):
    """In MS-TURN's framing."""
    return struct.pack(">BBH", type_, 0, len(payload)) + payload


def repeated(pattern, length):
    """The pattern again and again, so many bytes."""
    return (pattern * (length // len(pattern) + 1))[:length]
