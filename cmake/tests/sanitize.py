# SPDX-License-Identifier: GPL-2.0-or-later
"""AddressSanitizer and UndefinedBehaviorSanitizer find nothing in any capture, whole and cut short.

    sanitize.py <cmake> <its generator> <build folder>
"""
import re
import shutil
import subprocess
import sys

import harness
from capturefile import cut, read, write
from harness import STAGE, built, captures, require_plugin, tshark

WHOLE = 262144
LENGTHS = (WHOLE, 60, 70, 77, 90, 101, 120, 150)
MOST_FRAMES, MOST_CUT_FRAMES = 400, 100  # of one capture: what is cut is one message like another
# Ethernet, IPv4 of 40 or 52 bytes, TCP with a header of 20 or 32: an ACK without data
ACKNOWLEDGES = re.compile(rb"(?s).{12}\x08\x00\x45.\x00(?:\x28.{5}\x06.{22}\x50|\x34.{5}\x06.{22}\x80)\x10")
# Of the build, in which unit.py runs its tests, too. -g1: files and lines for the stacks of a finding, which are all that is
# read of what -g has, and a fifth less to compile.
OPTIONS = ("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_C_FLAGS_DEBUG=-g1", "-DMSTUN_SANITIZE=ON",
           "-DMSTUN_UNIT=ON", "-DMSTUN_PRECOMPILE=ON")


def build(cmake, generator, folder):
    """The staged plugin folder of a build with sanitizers."""
    plugins = built(cmake, generator, folder, *OPTIONS)
    (plugin,) = plugins.glob("*/epan/*.so")
    target = STAGE / "sanitize" / plugin.relative_to(plugins)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugin, target)
    subprocess.run(["chmod", "-R", "a+rX", STAGE / "sanitize"], check=True)
    return STAGE / "sanitize"


def runtime():
    """tshark is not built with sanitizers, so their library has to come first."""
    path = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    return path.stdout.strip()


def environment_of_sanitizers():
    """With which tshark loads a plugin that has them."""
    # Where a block came from is not kept, and what is freed is kept for a shorter time: a third less to execute.
    return {"LD_PRELOAD": runtime(), "G_SLICE": "always-malloc",
            "ASAN_OPTIONS": "detect_leaks=0:malloc_context_size=0:quarantine_size_mb=8",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}  # else an overflow inside a wmem block goes unseen


def shortened(frames, length):
    """The frames as a capture with this snap length has them. Those that only acknowledge are short, and left out of all but
    the whole one."""
    if length == WHOLE:
        return frames[:MOST_FRAMES]
    return cut([(frame, original) for frame, original in frames[:MOST_CUT_FRAMES] if not ACKNOWLEDGES.match(frame)], length)


def main(cmake, generator, folder):
    """One tshark run per link type and number of passes. -O makes all items, and prints those that are mstun's. What is cut is
    read in two passes only: in the first it is learnt, in the second shown. (fuzz.captures shows such in the first, too.)"""
    environment = environment_of_sanitizers()
    plugins = build(cmake, generator, folder)
    require_plugin(plugins, **environment)
    found = {}
    for capture in captures():
        link, frames = read(capture)
        found.setdefault(link, []).append(frames)
    for link, originals in found.items():
        for passes, lengths in (((), (WHOLE,)), (("-2",), LENGTHS)):
            copies = [shortened(frames, length) for frames in originals for length in lengths]
            together = STAGE / "sanitize" / f"link-{link}.pcap"
            write(together, link, copies)
            tshark("-n", "-C", "lab", "-r", together, *passes, "-O", "mstun", plugins=plugins, output=subprocess.DEVNULL,
                   **environment)
            print(f"link type {link}: {len(copies)} captures, whole and cut, no finding")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
