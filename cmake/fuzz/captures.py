# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that are spoilt in many ways are decoded without a finding of the sanitizers, all frames of them.

    captures.py <cmake> <its generator> <build folder> <first seed> <number of seeds> [<n>: every n-th capture]

The plugin is built with AddressSanitizer and UndefinedBehaviorSanitizer. Each seed spoils every capture in one of the ways
below, and then all of them by editcap's -E; each result is read in one pass and in two, with every item of the tree made, and
with all reports.
"""
import random
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import harness
from capturefile import Writer, read, readdressed
from harness import NO_PLUGIN, STAGE, TestFailure, captures, require_plugin, tshark
from sanitize import build, environment_of_sanitizers

MOST_FRAMES = 200  # of one capture
HEADERS = 54       # Ethernet, IPv4, TCP: editcap leaves them alone, so that the spoilt bytes reach the plugin
REPORTS = ["mstun,tree", "mstun,srt", "mstun,pairs", "mstun,turn", "mstun,findings"]


def truncated(frames, rng):
    """Each frame ends somewhere."""
    return [(time, frame[:rng.randrange(40, len(frame) + 1)] if len(frame) > 40 else frame, length)
            for time, frame, length in frames]


def shuffled(frames, rng):
    """Neighbours change places, the times with them or not."""
    places = sorted(range(len(frames)), key=lambda place: place + rng.uniform(0, 4))
    moved = [frames[place] for place in places]
    if rng.random() < 0.5:
        return moved
    return [(old[0], new[1], new[2]) for old, new in zip(frames, moved)]


def duplicated(frames, rng):
    """Some come twice, at once or later."""
    again = [frame for frame in frames if rng.random() < 0.2]
    result = list(frames)
    for frame in again:
        result.insert(rng.randrange(len(result) + 1), frame)
    return result


def dropped(frames, rng):
    """Some were not captured."""
    return [frame for frame in frames if rng.random() > 0.15]


def backwards(frames, rng):
    """The clock is set back now and then."""
    shift, result = 0.0, []
    for time, frame, length in frames:
        if rng.random() < 0.1:
            shift -= rng.choice((0.001, 1, 60, 4000))
        result.append((max(0.0, time + shift), frame, length))
    return result


def cut_in_front(frames, rng):
    """The capture begins in the middle."""
    return frames[rng.randrange(len(frames)):]


WAYS = [truncated, shuffled, duplicated, dropped, backwards, cut_in_front]


def write(target, link, copies):
    """One file; each copy has addresses of its own, and comes a minute after the one before."""
    count = 0
    with Writer(target, link) as writer:
        for copy, frames in enumerate(copies):
            for time, frame, length in frames:
                writer.add(int((1600000000 + 60 * copy + time) * 1e6), readdressed(frame, link, copy), length)
                count += 1
    return count


def is_wiresharks_own(target, environment):
    """Whether a dissector of Wireshark's has a failed assertion on it without the plugin too."""
    try:
        tshark("-n", "-r", target, "-2", "-V", plugins=NO_PLUGIN, **environment)
    except TestFailure as failure:
        return "failed assertion" in str(failure)
    return False


def run(target, count, plugins, environment):
    """One spoilt file; where an assertion of Wireshark's own fails, with these not being the end. Returns 1 for such."""
    strict = environment | {"WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1"}
    try:
        read_in_all_ways(target, count, plugins, strict)
    except TestFailure:
        if not is_wiresharks_own(target, strict):
            raise
        read_in_all_ways(target, count, plugins, environment | {"WIRESHARK_LOG_LEVEL": "critical"})
        return 1
    return 0


def read_in_all_ways(target, count, plugins, environment):
    """In one pass and two, with all items, with all reports."""
    reports = [argument for report in REPORTS for argument in ("-z", report)]
    output = tshark("-n", "-r", target, "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info", plugins=plugins,
                    **environment)
    if output.count("\n") != count:
        raise TestFailure(f"{target}: {count} frames in, {output.count(chr(10))} out")
    for arguments in (["-V"], ["-2", "-V"], ["-q", *reports], ["-2", "-q", *reports]):
        tshark("-n", "-r", target, *arguments, plugins=plugins, **environment)


def main(cmake, generator, folder, first, number, every="1"):
    """All seeds."""
    environment = environment_of_sanitizers()
    plugins = build(cmake, generator, folder)
    require_plugin(plugins, **environment)
    originals = {}
    for capture in captures()[::int(every)]:
        link, frames = read(capture)
        timed = [(number / 100, frame, length) for number, (frame, length) in enumerate(frames[:MOST_FRAMES])]
        originals.setdefault(link, []).append(timed)
    work = STAGE / "fuzz"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    work.chmod(0o755)
    for seed in range(int(first), int(first) + int(number)):
        rng, own = random.Random(seed), 0
        for link, copies in originals.items():
            spoilt, bytes_spoilt = work / f"{seed}-{link}.pcap", work / f"{seed}-{link}-bytes.pcap"
            count = write(spoilt, link, [rng.choice(WAYS)(frames, rng) for frames in copies])
            subprocess.run(["editcap", "-F", "pcap", "-E", "0.02", "-o", str(HEADERS), "--seed", str(seed), spoilt,
                            bytes_spoilt], check=True, capture_output=True)
            bytes_spoilt.chmod(0o644)
            for target in (spoilt, bytes_spoilt):
                own += run(target, count, plugins, environment)
                target.unlink()  # what broke the plugin stays
        print(f"seed {seed}: {sum(map(len, originals.values()))} captures, no finding"
              + (f"; {own} files on which Wireshark's own assertions fail" if own else ""), flush=True)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
