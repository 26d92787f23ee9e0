# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin executes for a segment and for a message stays what it was.

    cost.py <plugin> <its configuration> <its compiler's flags> <cmake> <its generator> <build folder>

Instructions of the plugin's own functions and all that they call, by callgrind, in an optimized build with the names of
functions: the plugin itself, if it is one, or another that is made. They do not depend on how busy the machine is. The
figures are for gcc 12 on amd64 with Wireshark 4.0; elsewhere the test is skipped. One that is lower than allowed is as good a
reason to change it here as one that is higher is to look for the cause; cmake/bench/bench.sh measures more.
"""
import platform
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import callgrind
import harness
import traffic
from callgrind import PLUGIN_OWN
from harness import STAGE, TestFailure, built

PACKETS = 500
MARGIN = 0.04
# capture, arguments, instructions of ours for each packet
FIGURES = [
    ("other", [], 175),
    ("checks", [], 6256),
    ("checks", ["-Y", "mstun.type == 1"], 9829),
    ("checks", ["-V"], 35753),
]


def is_known_ground():
    """Where the figures are from."""
    release = Path("/etc/os-release").read_text(encoding="utf-8") if Path("/etc/os-release").exists() else ""
    return "VERSION_CODENAME=bookworm" in release and platform.machine() == "x86_64"


def main(plugin, configuration, flags, cmake, generator, folder):
    """All figures."""
    if not is_known_ground():
        print("The figures are for Debian 12 on amd64.")
        sys.exit(77)
    plugins = Path(plugin).parents[2]
    if configuration != "Release" or "-g" not in flags.split():
        plugins = built(cmake, generator, folder, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-g", "-DMSTUN_WERROR=ON")
    wrong = []
    with tempfile.TemporaryDirectory(dir=STAGE, prefix="cost-") as work:
        home = Path(work)
        home.chmod(0o777)
        shutil.copytree(plugins, home / "plugins")
        for kind, arguments, expected in FIGURES:
            capture = home / f"{kind}.pcap"
            traffic.make(kind, PACKETS, capture)
            result = callgrind.run(capture, arguments, home / "plugins", home, with_start=False)
            own = callgrind.of_functions(result, PLUGIN_OWN) / PACKETS
            line = f"{kind} {' '.join(arguments)}: {own:.0f} instructions a packet, expected {expected}"
            print(line)
            if abs(own - expected) > MARGIN * expected:
                wrong.append(line)
    if wrong:
        raise TestFailure("\n".join(wrong))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
