# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts many captures, or one capture cut to many lengths, into one file that tshark reads in one go.

Every copy gets addresses of its own, so that no connection of one copy is taken for one of another.
"""
import struct

from harness import TestFailure, name
from pcap import ETHERNET, Writer, file_header, frame_record, has_secrets, read_frames

RAW_IP, LINUX_SLL, LINUX_SLL2 = 101, 113, 276
ETHERTYPE_OFFSET = {ETHERNET: 12, LINUX_SLL: 14, LINUX_SLL2: 0}
NETWORK_OFFSET = {ETHERNET: 14, LINUX_SLL: 16, LINUX_SLL2: 20, RAW_IP: 0}


def records(capture):
    """(header, [record]) of a capture as the bytes of a pcap file: each record has its time and two lengths in front."""
    frames = list(read_frames(capture))
    (link,) = {link for _, _, link, _, _ in frames}
    found = [frame_record(round(time * 1000000), frame, original) for _, time, _, original, frame in frames]
    return file_header(link), found


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
    frames = list(read_frames(capture))
    (link,) = {link for _, _, link, _, _ in frames}
    if link not in NETWORK_OFFSET:
        raise TestFailure(f"{name(capture)}: link type {link} is not known to capturefile.py")
    return link, [(frame, original) for _, _, _, original, frame in frames]


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


class Joined:
    """Several captures of one link type in one file, for what does not depend on what else is in the file."""

    def __init__(self, target, link, copies):
        """copies: (whose they are, frames)"""
        self.path, self.begins = target, []
        number = 1
        for whose, frames in copies:
            self.begins.append((number, whose))
            number += len(frames)
        write(target, link, [frames for _, frames in copies])

    def whose(self, number):
        """Whose a frame is, and its number there."""
        begin, found = next((begin, whose) for begin, whose in reversed(self.begins) if begin <= number)
        return found, number - begin + 1


class Alone:
    """A capture with the keys of its TLS connections, which no other file would have."""

    def __init__(self, capture):
        self.path = capture

    def whose(self, number):
        """As Joined.whose."""
        return name(self.path), number


def split_by_keys(found):
    """(captures that hold keys of TLS, others)"""
    found = list(found)
    with_keys = [capture for capture in found if has_secrets(capture)]
    return with_keys, [capture for capture in found if capture not in with_keys]


def join(folder, topic, found, copies_of=None):
    """A topic's captures in one file for each link type, those with keys of TLS alone. copies_of: what of each capture is in
    the files, for Joined; then without keys."""
    with_keys, found = ([], found) if copies_of else split_by_keys(found)
    by_link = {}
    for capture in found:
        link, frames = read(capture)
        by_link.setdefault(link, []).extend(copies_of(capture, frames) if copies_of else [(name(capture), frames)])
    return [Alone(capture) for capture in with_keys] + [
        Joined(folder / f"{topic}-{link}.pcap", link, copies) for link, copies in sorted(by_link.items())]


class Sequence(Joined):
    """Several captures of one link type in one file, each an hour after the one before, with the addresses that they have:
    for what is compared with the same file only."""

    def __init__(self, target, link, found):
        self.path, self.begins = target, []
        number, time = 1, 1577836800
        with Writer(target, link) as writer:
            for capture in found:
                self.begins.append((number, name(capture)))
                frames = list(read_frames(capture))
                first = min(frame[1] for frame in frames)
                for _, at, _, original, frame in frames:
                    writer.add(round((time + at - first) * 1000000), frame, original)
                number += len(frames)
                time += int(max(frame[1] for frame in frames) - first) + 3600


def in_sequence(folder, topic, found):
    """A topic's captures in one file for each link type, without those with keys of TLS."""
    by_link = {}
    for capture in split_by_keys(found)[1]:
        (link,) = {link for _, _, link, _, _ in read_frames(capture)}
        by_link.setdefault(link, []).append(capture)
    return [Sequence(folder / f"{topic}-{link}.pcap", link, of_link) for link, of_link in sorted(by_link.items())]


def cut(frames, length):
    """The frames as a capture with this snap length has them."""
    return [(frame[:length], original) for frame, original in frames]
