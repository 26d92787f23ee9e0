# SPDX-License-Identifier: GPL-2.0-or-later
"""AddressSanitizer and UndefinedBehaviorSanitizer find nothing in any capture, whole and cut short.

    sanitize.py <cmake> <its generator> <build folder>
"""
import shutil
import subprocess
import sys

import harness
from capturefile import cut, read, write
from harness import STAGE, built, captures, require_plugin, tshark

WHOLE = 262144
LENGTHS = (WHOLE, 60, 70, 77, 90, 101, 120, 150)
MOST_FRAMES, MOST_CUT_FRAMES = 400, 100  # of one capture: what is cut is one message like another
# Of the build, in which unit.py runs its tests, too. -g1: files and lines for the stacks of a finding, which are all that is
# read of what -g has, and a fifth less to compile.
OPTIONS = ("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_C_FLAGS_DEBUG=-g1", "-DMSTUN_SANITIZE=ON",
           "-DMSTUN_UNIT=ON")


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
    return {"LD_PRELOAD": runtime(), "ASAN_OPTIONS": "detect_leaks=0", "G_SLICE": "always-malloc",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}  # else an overflow inside a wmem block goes unseen


def main(cmake, generator, folder):
    """One tshark run per link type and number of passes. -O makes all items, and prints those that are mstun's."""
    environment = environment_of_sanitizers()
    plugins = build(cmake, generator, folder)
    require_plugin(plugins, **environment)
    copies = {}
    for capture in captures():
        link, frames = read(capture)
        copies.setdefault(link, []).extend(
            cut(frames[:MOST_FRAMES if length == WHOLE else MOST_CUT_FRAMES], length) for length in LENGTHS)
    for link, frames in copies.items():
        together = STAGE / "sanitize" / f"link-{link}.pcap"
        write(together, link, frames)
        for passes in ((), ("-2",)):
            tshark("-n", "-C", "lab", "-r", together, *passes, "-O", "mstun", plugins=plugins, output=subprocess.DEVNULL,
                   **environment)
        print(f"link type {link}: {len(frames)} captures, whole and cut, no finding")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
