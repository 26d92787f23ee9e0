# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads and writes captures. Many of them, or one cut to many lengths, can be put into one file that tshark reads in one go:
every copy gets addresses of its own, so that no connection of one copy is taken for one of another."""
import os
import struct
import subprocess
import tempfile
from pathlib import Path

from harness import TestFailure, name

ETHERNET, RAW_IP, LINUX_SLL, LINUX_SLL2 = 1, 101, 113, 276
ETHERTYPE_OFFSET = {ETHERNET: 12, LINUX_SLL: 14, LINUX_SLL2: 0}
NETWORK_OFFSET = {ETHERNET: 14, LINUX_SLL: 16, LINUX_SLL2: 20, RAW_IP: 0}


class Writer:
    """A pcap file that grows frame by frame, for a with statement; in the end everybody may read it, as tshark's user must."""

    def __init__(self, target, link=ETHERNET):
        self.file = open(target, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        os.chmod(self.file.fileno(), 0o644)
        self.file.close()

    def add(self, time, frame, original=None):
        """The frame, so many microseconds after 1970; original: how long it was before it was cut."""
        length = len(frame) if original is None else original
        self.file.write(struct.pack("<IIII", *divmod(time, 1000000), len(frame), length) + frame)


def records(capture):
    """(header, [record]) of a capture as the bytes of a pcap file: each record has its time and two lengths in front."""
    with tempfile.TemporaryDirectory() as folder:
        pcap = Path(folder) / "as.pcap"
        run = subprocess.run(["editcap", "-F", "pcap", capture, pcap], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise TestFailure(f"{name(capture)}: editcap: {run.stderr}")
        content = pcap.read_bytes()
    found, offset = [], 24
    while offset < len(content):
        (captured,) = struct.unpack_from("=I", content, offset + 8)
        found.append(content[offset:offset + 16 + captured])
        offset += 16 + captured
    return content[:24], found


def later(record, seconds):
    """The record as if it had been captured some seconds later."""
    return struct.pack("=I", struct.unpack_from("=I", record)[0] + seconds) + record[4:]


def network_offset(frame, link):
    """Where the packet of IP begins: behind VLAN tags."""
    network = NETWORK_OFFSET[link]
    if link in ETHERTYPE_OFFSET:
        where = ETHERTYPE_OFFSET[link]
        while frame[where:where + 2] == b"\x81\x00":
            where, network = where + 4, network + 4
    return network


def with_sequence_moved(record, link, by):
    """The record as a segment of a connection whose two initial sequence numbers are greater by so many."""
    record = bytearray(record)
    network = 16 + network_offset(record[16:], link)
    version = record[network] >> 4 if network < len(record) else 0
    tcp = network + {4: (record[network] & 15) * 4, 6: 40}.get(version, 0)
    if version not in (4, 6) or record[network + {4: 9, 6: 6}[version]] != 6 or tcp + 14 > len(record):
        return bytes(record)
    for field in (4, 8) if record[tcp + 13] & 0x10 else (4,):
        (number,) = struct.unpack_from(">I", record, tcp + field)
        struct.pack_into(">I", record, tcp + field, (number + by) % (1 << 32))
    return bytes(record)


def read(capture):
    """(link type, [(captured bytes, original length)]) of a pcap or pcapng file."""
    header, found = records(capture)
    (link,) = struct.unpack_from("=I", header, 20)
    if link not in NETWORK_OFFSET:
        raise TestFailure(f"{name(capture)}: link type {link} is not known to capturefile.py")
    return link, [(record[16:], struct.unpack_from("=I", record, 12)[0]) for record in found]


def readdressed(frame, link, copy):
    """The frame as the same hosts of another network would have sent it; one bijection of addresses per copy."""
    frame = bytearray(frame)
    network = network_offset(frame, link)
    version = frame[network] >> 4 if network < len(frame) else 0
    for address in {4: (12, 16), 6: (8, 24)}.get(version, ()):
        changed = network + address + (1 if version == 4 else 9)
        if changed + 1 < len(frame):
            frame[changed] ^= copy >> 8
            frame[changed + 1] ^= copy & 0xFF
    return bytes(frame)


def write(target, link, copies):
    """One pcap file of the copies, each a list of (bytes, original length), a second after the other."""
    with Writer(target, link) as writer:
        for copy, frames in enumerate(copies):
            for number, (frame, original) in enumerate(frames):
                writer.add((1700000000 + copy) * 1000000 + number * 1000, readdressed(frame, link, copy), original)


def cut(frames, length):
    """The frames as a capture with this snap length has them."""
    return [(frame[:length], original) for frame, original in frames]
