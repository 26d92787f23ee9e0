# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts TCP segments into a capture that is there, so that it looks as if they had been sent: the sequence numbers and
acknowledgements of all that follows move on, and checksums are right.

    e = Edit("rfc6062/quota")
    e.send(18, Edit.CLIENT, request)         # behind frame 18, on its connection, by the end that opened it
    e.write("disproved", "quota")

Frames are named by their number in the original capture, or by what send() and open() return.
"""
import os
import struct

import tcpscript
from pcap import ETHERNET, read_frames, write_pcapng
from tcpscript import ACK, FIN, PSH, SYN, checksum, pseudo_header

CAPTURES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SACK = 5
PAUSE = 0.0005  # seconds between an inserted frame and the one before it, if there is room


def is_at_or_after(number, other):
    """Of sequence numbers, which begin anew behind 2^32."""
    return (number - other) & 0xFFFFFFFF < 1 << 31


class Frame:
    """An Ethernet frame with IPv4; is_tcp says whether the rest is about TCP."""

    def __init__(self, time, data):
        self.time = time
        self.read(data)

    def read(self, data):
        self.data = data
        self.ip_length = (data[14] & 15) * 4
        self.is_tcp = data[12:14] == b"\x08\x00" and data[23] == 6
        if not self.is_tcp:
            return
        tcp = data[14 + self.ip_length:14 + struct.unpack(">H", data[16:18])[0]]
        source, destination, self.seq, self.ack, offset, self.flags = struct.unpack(">HHIIBB", tcp[:14])
        self.options, self.payload = tcp[20:offset // 16 * 4], tcp[offset // 16 * 4:]
        self.source = ".".join(map(str, data[26:30])), source
        self.destination = ".".join(map(str, data[30:34])), destination
        self.end = self.seq + len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN) & 0xFFFFFFFF

    def change(self, seq, ack, flags=None, payload=None):
        """The same segment with other contents."""
        payload = self.payload if payload is None else payload
        flags = self.flags if flags is None else flags
        begin = 14 + self.ip_length
        ip = bytearray(self.data[14:begin])
        length = 20 + len(self.options) + len(payload)
        ip[2:4], ip[10:12] = struct.pack(">H", len(ip) + length), bytes(2)
        ip[10:12] = struct.pack(">H", checksum(bytes(ip)))
        tcp = self.data[begin:begin + 4] + struct.pack(">IIBB", seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                                                       (20 + len(self.options)) * 4, flags)
        tcp += self.data[begin + 14:begin + 16] + bytes(4) + self.options + payload
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo_header(self.source[0], self.destination[0], 6, length) + tcp)
                                     ) + tcp[18:]
        self.read(self.data[:14] + bytes(ip) + tcp)

    def option_kinds(self):
        kinds, at = [], 0
        while at < len(self.options) and self.options[at] != 0:
            kinds.append(self.options[at])
            at += 1 if self.options[at] == 1 else self.options[at + 1]
        return kinds


class Edit:
    """A capture of test-captures, topic/stem, to put frames into."""

    CLIENT, SERVER = "client", "server"  # who opened the connection, and the other end

    def __init__(self, origin):
        path = next(path for path in (os.path.join(CAPTURES, origin + suffix) for suffix in (".pcapng", ".pcap"))
                    if os.path.exists(path))
        self.frames = []
        for _, time, link, original, data in read_frames(path):
            if original != len(data):
                raise ValueError(f"{origin} has frames that are cut")
            if link != ETHERNET:  # raw IP
                data = tcpscript.ETHER + b"\x08\x00" + data
            self.frames.append(Frame(time, data))
        self.numbered = list(self.frames)

    def frame(self, which):
        return self.numbered[which - 1] if isinstance(which, int) else which

    def message(self, which):
        """What the segment carries."""
        return self.frame(which).payload

    def client_of(self, which):
        """The end that opened the frame's connection, which must be in the capture."""
        ends = {self.frame(which).source, self.frame(which).destination}
        return next(f.source for f in self.frames
                    if f.is_tcp and f.flags & (SYN | ACK) == SYN and {f.source, f.destination} == ends)

    def send(self, after, who, payload, pause=None):
        """A segment on the connection of that frame, behind it, or so many seconds later; returns its frame."""
        after = self.frame(after)
        client, ends = self.client_of(after), {after.source, after.destination}
        source = client if who == self.CLIENT else (ends - {client}).pop()
        at = self.place(after, pause)
        before = [f for f in self.frames[:at] if f.is_tcp and {f.source, f.destination} == ends]
        own = [f for f in before if f.source == source]
        template = next((f for f in reversed(own) if not f.flags & SYN), own[-1])
        new = Frame(self.time_at(at, after, pause), template.data)
        sequence, acknowledged = highest(own), highest(f for f in before if f.source != source)
        new.change(sequence, acknowledged, PSH | ACK, payload)
        for frame in self.frames[at:]:
            if frame.is_tcp and {frame.source, frame.destination} == ends:
                self.move_on(frame, new, len(payload))
        self.frames.insert(at, new)
        return new

    def lose(self, which):
        """The frame goes: it was sent, and acknowledged, but who captured did not get it."""
        self.frames.remove(self.frame(which))

    def place(self, after, pause):
        at = self.frames.index(after) + 1
        while pause is not None and at < len(self.frames) and self.frames[at].time <= after.time + pause:
            at += 1
        return at

    def time_at(self, at, after, pause):
        if pause is not None:
            return after.time + pause
        room = self.frames[at].time - after.time if at < len(self.frames) else 1
        return after.time + min(PAUSE, room / 2)

    @staticmethod
    def move_on(frame, new, length):
        """What was sent after new, on its connection, counts its bytes."""
        if SACK in frame.option_kinds():
            raise ValueError("selective acknowledgements behind an inserted segment")
        if frame.source == new.source and is_at_or_after(frame.seq, new.seq):
            frame.change(frame.seq + length, frame.ack)
        elif frame.source != new.source and frame.flags & ACK and is_at_or_after(frame.ack, new.seq):
            frame.change(frame.seq, frame.ack + length)

    def open(self, after, client, server, pause):
        """A connection of its own, begun so many seconds after that frame; returns its last frame."""
        script = tcpscript.Script(f"{client[0]}:{client[1]}", f"{server[0]}:{server[1]}",
                                  start=self.frame(after).time + pause, step=PAUSE)
        script.open()
        for row in script.frames:
            frame = Frame(row[0], row[2])
            self.frames.insert(self.place(self.frame(after), frame.time - self.frame(after).time), frame)
        return frame

    def write(self, topic, name):
        for frame in self.frames:  # the lab's kernel left checksums to a network card that it does not have
            if frame.is_tcp:
                frame.change(frame.seq, frame.ack)
        write_pcapng(os.path.join(CAPTURES, topic, name + ".pcapng"),
                     [(f.time, len(f.data), f.data) for f in self.frames])


def highest(frames):
    """The sequence number behind all that these segments carry."""
    end = None
    for frame in frames:
        end = frame.end if end is None or is_at_or_after(frame.end, end) else end
    return end
