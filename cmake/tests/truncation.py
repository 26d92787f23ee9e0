# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture, cut to each snap length from the end of the TCP header on: tshark does not crash and reports no
dissector bug, and no frame that was captured whole is malformed."""
import sys
from pathlib import Path
import tempfile

import harness
from capturefile import cut, read, write
from harness import STAGE, TestFailure, captures, each, tshark

LENGTHS = range(54, 254)  # from the end of Ethernet, IPv4 and TCP headers: all of a usual message
MOST_FRAMES = 3000        # per capture: of long ones the beginning, of middling ones every second, third, ... length


def cut_to_all_lengths(capture, target):
    """Writes one file with a copy per length."""
    link, frames = read(capture)
    frames = frames[:MOST_FRAMES // 10]
    step = max(1, len(frames) * len(LENGTHS) // MOST_FRAMES)
    write(target, link, [cut(frames, length) for length in (*LENGTHS[::step], 262144)])


def check(capture):
    """-O makes tshark build and print every item; the filter leaves only the frames that must not be."""
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        target = Path(folder) / "cut.pcap"
        cut_to_all_lengths(capture, target)
        wrong = tshark("-n", "-r", target, "-O", "mstun", "-Y", "mstun && _ws.malformed && frame.cap_len == frame.len",
                       WIRESHARK_ABORT_ON_DISSECTOR_BUG="1")
    if wrong:
        raise TestFailure(f"malformed though captured whole:\n{wrong[:3000]}")


if __name__ == "__main__":
    harness.main(lambda: each(captures(*sys.argv[1:]), check))
