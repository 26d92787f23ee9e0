# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture can be cut to each snap length from the end of the TCP header on.

tshark does not crash and reports no dissector bug, and no frame that was captured whole is malformed, but for those that
are in the original, too. All copies of a topic's captures are in one file.
"""
import re
import sys
import tempfile
from pathlib import Path

import harness
from capturefile import cut, join
from harness import STAGE, TestFailure, captures, tshark

LENGTHS = range(54, 254)  # from the end of Ethernet, IPv4 and TCP headers: all of a usual message
WHOLE = 262144
REASSEMBLED = ("DTLS", "HTTP")  # what they reassemble is cut, or of the copies of one connection: not ours to mend
MOST_FRAMES = 1500        # per capture: of long ones the beginning, of others every second, third, ... length


def cut_to_all_lengths(capture, frames):
    """A copy for each length."""
    frames = frames[:MOST_FRAMES // 10]
    step = max(1, len(frames) * len(LENGTHS) // MOST_FRAMES)
    first = len(harness.name(capture)) % step  # other captures have the lengths between
    return [((harness.name(capture), length), cut(frames, length)) for length in (*LENGTHS[first::step], WHOLE)]


def malformed(joined):
    """((capture, length), frame) of each that is, though captured whole; and what tshark shows of them, as text.

    -O makes tshark build and print every item; the filter leaves only the frames that must not be.
    """
    shown = tshark("-n", "-r", joined.path, "-O", "mstun", "-Y", "mstun && _ws.malformed && frame.cap_len == frame.len",
                   WIRESHARK_ABORT_ON_DISSECTOR_BUG="1")
    for frame in re.split(r"^(?=Frame \d+:)", shown, flags=re.MULTILINE)[1:]:
        found = re.search(r"^\[(?:Malformed Packet|Reassembly error)[:,](?: protocol)? (\w+)", frame, re.MULTILINE)
        if not found or found[1] not in REASSEMBLED:
            yield joined.whose(int(re.match(r"Frame (\d+)", frame)[1])), frame


def check(joined):
    """What is malformed for its cut."""
    wrong = list(malformed(joined))
    originals = {(capture, frame) for ((capture, length), frame), _ in wrong if length == WHOLE}
    for ((capture, length), frame), shown in wrong:
        if (capture, frame) not in originals:
            yield f"{capture} cut to {length}: frame {frame} is malformed though captured whole\n{shown}"


def main():
    """All topics."""
    failures, topics = [], sorted({capture.parent.name for capture in captures()})
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        for topic in topics:
            for joined in join(Path(folder), topic, captures(f"{topic}/*"), cut_to_all_lengths):
                try:
                    failures += check(joined)
                except TestFailure as failure:  # a crash
                    failures.append(f"captures of {topic}: {failure}")
                joined.path.unlink()
    print(f"{len(captures())} captures of {len(topics)} topics, {len(failures)} failures")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
