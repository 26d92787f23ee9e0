# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads and writes capture files, for the lab and for the tests: read_frames, write_pcapng, and Writer for pcap."""
import os
import struct

ETHERNET = 1
SNAPLEN = 262144


def file_header(link):
    """Of a pcap file."""
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, link)


def frame_record(time, frame, original):
    """A frame in a pcap file: time is in microseconds since 1970, original how long it was before it was cut."""
    return struct.pack("<IIII", *divmod(time, 1000000), len(frame), original) + frame


class Writer:
    """A pcap file that grows frame by frame, for a with statement; in the end everybody may read it, as tshark's user must."""

    def __init__(self, target, link=ETHERNET):
        self.file = open(target, "wb")
        self.file.write(file_header(link))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        os.chmod(self.file.fileno(), 0o644)
        self.file.close()

    def add(self, time, frame, original=None):
        """The frame, so many microseconds after 1970; original: how long it was before it was cut."""
        self.file.write(frame_record(time, frame, len(frame) if original is None else original))


def write_pcapng(out, frames, link=ETHERNET):
    """frames: (time in seconds, length on the wire, bytes)."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        total = len(body) + 12
        return struct.pack("<II", kind, total) + body + struct.pack("<I", total)

    resolution = struct.pack("<HHBxxxHH", 9, 1, 9, 0, 0)
    with open(out, "wb") as f:
        f.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        f.write(block(1, struct.pack("<HHI", link, 0, SNAPLEN) + resolution))
        for t, orig, data in frames:
            ns = round(t * 1e6) * 1000
            f.write(block(6, struct.pack("<IIIII", 0, ns >> 32, ns & 0xFFFFFFFF, len(data), orig) + data))


def read_frames(path):
    """Yields (frame number, time in seconds, link type, original length, bytes)."""
    with open(path, "rb") as f:
        data = f.read()
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from _read_pcapng(data)
        return
    if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        e = "<"
    else:
        e = ">"
    unit = 1e9 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e6
    link = struct.unpack(e + "I", data[20:24])[0] & 0xFFFF
    pos, number = 24, 0
    while pos + 16 <= len(data):
        sec, frac, caplen, origlen = struct.unpack(e + "IIII", data[pos:pos + 16])
        number += 1
        yield number, sec + frac / unit, link, origlen, data[pos + 16:pos + 16 + caplen]
        pos += 16 + caplen


def has_secrets(path):
    """Whether a pcapng file has a Decryption Secrets Block."""
    with open(path, "rb") as f:
        data = f.read()
    pos, e = 0, "<"
    while data[:4] == b"\x0a\x0d\x0d\x0a" and pos + 12 <= len(data):
        if data[pos:pos + 4] == data[:4]:
            e = "<" if data[pos + 8:pos + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, total = struct.unpack(e + "II", data[pos:pos + 8])
        if kind == 10:
            return True
        pos += total
    return False


def _read_pcapng(data):
    pos, number, e, interfaces = 0, 0, "<", []
    while pos + 12 <= len(data):
        kind = struct.unpack("<I", data[pos:pos + 4])[0]
        if kind == 0x0A0D0D0A:
            e = "<" if data[pos + 8:pos + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, total = struct.unpack(e + "II", data[pos:pos + 8])
        body = data[pos + 8:pos + total - 4]
        if kind == 1:
            interfaces.append((struct.unpack(e + "H", body[:2])[0], _resolution(e, body[8:])))
        elif kind == 6:
            iface, hi, lo, caplen, origlen = struct.unpack(e + "IIIII", body[:20])
            link, unit = interfaces[iface]
            number += 1
            yield number, ((hi << 32) | lo) / unit, link, origlen, body[20:20 + caplen]
        elif kind == 3:
            origlen = struct.unpack(e + "I", body[:4])[0]
            number += 1
            yield number, 0.0, interfaces[0][0], origlen, body[4:4 + origlen]
        pos += total


def _resolution(e, options):
    pos = 0
    while pos + 4 <= len(options):
        code, length = struct.unpack(e + "HH", options[pos:pos + 4])
        if code == 0:
            break
        if code == 9:
            v = options[pos + 4]
            return float(2 ** (v & 0x7F)) if v & 0x80 else float(10 ** v)
        pos += 4 + (length + 3 & ~3)
    return 1e6
