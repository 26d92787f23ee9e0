# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark under callgrind on each attack, at one size and at twice that, with the plugin and without, and prints a
line for each: instructions per unit of the attack, and how much more twice as many cost. More than 2.3 times is a failure,
unless Wireshark's own cost grows so without the plugin.

    bounds.py <plugin folder> [part of an attack's name]

An attack is a function here, which its decorator enters into the table; it returns the stream of the given size.
"""
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import callgrind
import harness
from streams import Stream, message, repeated, unit
from stunmsg import attribute, framed

MOST = 2.3
ATTACKS = []
JUMBO = 65000  # bytes in one segment: what TCP puts together, or a network card


def attack(size, counted, *arguments):
    """size: the smaller of the two sizes, in what is counted."""
    def enter(function):
        ATTACKS.append((function, size, counted, arguments))
        return function
    return enter


def behind_gaps(stream, pattern, size):
    """The pattern so many bytes long in one segment, twenty times behind a gap: one alone costs less than what start-ups
    differ by."""
    for _ in range(20):
        stream.lose(1).send(repeated(pattern, size), JUMBO)
    return stream


@attack(8000, "attribute")
def attributes(size):
    """A message full of attributes of 4 bytes."""
    return Stream().send(message(1, repeated(attribute(0x8022, b""), 4 * size)))


@attack(8000, "attribute", "-V")
def attributes_shown(size):
    """The same, with all items made and printed."""
    return attributes(size)


@attack(4000, "byte")
def one_byte_segments(size):
    """A stream in segments of one byte."""
    return Stream().send(b"".join(message(number, attribute(0x8022, b"word")) for number in range(size // 28)), 1)


@attack(6, "message")
def long_messages(size):
    """Messages of 65 535 bytes, in segments of 1460."""
    software = attribute(0x8022, bytes(65504))
    return Stream().send(b"".join(message(number, software) for number in range(size)))


@attack(JUMBO // 2, "20 bytes")
def decoys_in_frames(size):
    """Behind a gap, a segment in which RFC 4571 frames with a message seem to begin everywhere, and none does."""
    decoy = framed(message(1, bytes(0x58)))[:22] + b"\x80\x22"
    return behind_gaps(Stream(40000).send(framed(message())), decoy, size)


@attack(JUMBO // 2, "20 bytes")
def decoys_in_bare_stun(size):
    """The same for messages: a header every 24 bytes, whose attributes walk over the next ones as far as the bytes go."""
    decoy = message(1, bytes(0xFF00))[:20] + b"\x80\x22\x00\x14"
    return behind_gaps(Stream(40000).send(message()), decoy, size)


@attack(JUMBO // 2, "20 bytes")
def decoys_in_ms_turn(size):
    """The same for units of MS-TURN with RTCP in them, packets of which reach over the next units."""
    hello = unit(2, message(1, b"\x00\x0f\x00\x04\x72\xc6\x4b\xc6", 0x0003))
    decoy = b"\x80\xc8\x00\x02\x03\x00" + (1202).to_bytes(2, "big") + (1200).to_bytes(2, "big") + b"\0\0"
    return behind_gaps(Stream(40000).send(hello), decoy, size)


@attack(JUMBO // 2, "20 bytes")
def decoys_without_cookie(size):
    """The same for RFC 3489: each header's attributes are the ones that follow, none of which is the last. A message is
    shorter than the smaller of the two sizes, so that it is looked at in both."""
    user = b"\x00\x01\x00\x00" + bytes(16) + attribute(0x0006, b"user")
    decoy = b"\x00\x01\x1f\xf0" + bytes(range(1, 17)) + attribute(0x0006, bytes(20))[:4]
    return behind_gaps(Stream(40000).send(user[:2] + b"\x00\x08" + user[4:]), decoy, size)


@attack(JUMBO // 2, "20 bytes")
def broken_again_and_again(size):
    """A whole frame, then one that cannot be, again and again in one segment."""
    return behind_gaps(Stream(40000).send(framed(message())), framed(message(1)) + b"\xff\xf0\0\0\0\0", size)


@attack(1000, "segment")
def tails_that_may_begin(size):
    """Out of step, each segment ends with what may be the beginning of a message."""
    return Stream(40000).send(message()).lose(1).send(repeated(b"\xff" * 99 + b"\x00", 100 * size), 100)


@attack(4000, "byte")
def prefix_in_single_bytes(size):
    """The same byte by byte: zeros that may begin a message and never do."""
    return Stream(40000).send(message()).lose(1).send(bytes(size), 1)


@attack(4000, "byte")
def strange_channel_data(size):
    """ChannelData that holds nothing known, which is waited for segment by segment, byte by byte."""
    return Stream(40000).send(message()).send(repeated(b"\x40\x00\x05\xdc" + b"\xee" * 1500, size), 1)


@attack(1500, "unit")
def inner_frame_in_single_bytes(size):
    """Data units of one byte each, all of them one RFC 4571 frame."""
    start = unit(2, message(1, b"\x00\x0f\x00\x04\x72\xc6\x4b\xc6", 0x0003))
    return Stream(40000).send(start + unit(3, framed(message(2))) + unit(3, b"\xff\xff\x80\x7f") + unit(3, b"\0") * size)


def peer(number):
    """XOR-PEER-ADDRESS of a peer with an address of its own."""
    return attribute(0x0012, b"\x00\x01\x12\x34" + number.to_bytes(4, "big"))


@attack(2000, "request", "-2")
def one_id(size):
    """Requests that all have the same id, with other attributes each."""
    return Stream().send(b"".join(message(1, attribute(0x8022, number.to_bytes(4, "big"))) for number in range(size)))


@attack(2000, "request", "-2")
def open_requests(size):
    """Requests without a response, and as many resets as would prove it."""
    stream = Stream().send(b"".join(message(number) for number in range(size)))
    for _ in range(size // 20):
        stream.reset()
    return stream


@attack(500, "allocation", "-2")
def allocations(size):
    """Allocations on one connection, each by a request and a success."""
    stream = Stream()
    for number in range(size):
        stream.send(message(number, attribute(0x0019, b"\x06\0\0\0"), 0x0003))
        stream.answer(message(number, attribute(0x0016, b"\0\1" + number.to_bytes(2, "big") + b"\1\2\3\4"), 0x0103))
    return stream


@attack(500, "connection", "-2")
def connections(size):
    """Connections of one allocation, all with permissions of their own."""
    stream = Stream().answer(message(1, attribute(0x0016, b"\0\1\0\1\1\2\3\4"), 0x0103))
    for number in range(size):
        stream.send(message(number + 2, peer(number), 0x0008)).answer(message(number + 2, b"", 0x0108))
        stream.send(message(number + size + 2, peer(number), 0x000A))
        stream.answer(message(number + size + 2, attribute(0x002A, number.to_bytes(4, "big")), 0x010A))
    return stream


@attack(500, "connection", "-2")
def connections_of_one_id(size):
    """The same, announced under one id."""
    stream = Stream().answer(message(1, attribute(0x0016, b"\0\1\0\1\1\2\3\4"), 0x0103))
    for number in range(size):
        stream.send(message(number + 2, peer(number), 0x000A))
        stream.answer(message(number + 2, attribute(0x002A, b"\0\0\0\1"), 0x010A))
    return stream


@attack(500, "binding", "-2")
def bindings(size):
    """One channel, bound to another peer again and again."""
    stream = Stream().answer(message(1, attribute(0x0016, b"\0\1\0\1\1\2\3\4"), 0x0103))
    for number in range(size):
        stream.send(message(number + 2, attribute(0x000C, b"\x40\0\0\0") + peer(number), 0x0009))
        stream.answer(message(number + 2, b"", 0x0109))
    return stream


def measured(function, size, arguments, plugins, idle, work):
    """Instructions for one size, without those of starting and ending."""
    capture = work / f"{function.__name__}.pcap"
    function(size).write(capture)
    return callgrind.total(callgrind.run(capture, arguments, plugins, work)) - idle


def main(plugins, wanted=""):
    """All attacks, or those with the word in their names."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o777)
        staged, none = work / "plugin", work / "no-plugin"
        shutil.copytree(plugins, staged)
        none.mkdir()
        empty = work / "empty.pcap"
        Stream(9).write(empty)
        idle = {folder: callgrind.total(callgrind.run(empty, (), folder, work)) for folder in (staged, none)}
        print(f"{'attack':28} {'size':>6} {'instructions per':>26}  {'twice as much':>13}  {'without mstun':>24}")
        failed = []
        for function, size, counted, arguments in ATTACKS:
            if wanted not in function.__name__:
                continue
            (once, twice), (once_bare, twice_bare) = ([measured(function, count, arguments, folder, idle[folder], work)
                                                       for count in (size, 2 * size)] for folder in (staged, none))
            growth = twice / once
            print(f"{function.__name__:28} {size:6} {once / size:15.0f} {counted:>10}  {growth:12.2f}x"
                  f"  {once_bare / size:15.0f} {twice_bare / once_bare:7.2f}x", flush=True)
            failed += [function.__name__] if growth > max(MOST, 1.1 * twice_bare / once_bare) else []
        if failed:
            sys.exit(f"more than {MOST} times the cost for twice as much: {', '.join(failed)}")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
