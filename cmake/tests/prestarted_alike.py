# SPDX-License-Identifier: GPL-2.0-or-later
"""The tshark of prestarted.py gives the same standard output, standard error and exit code as one that is started.

With the plugin and without, for some captures, each looked at in several ways, and for commands that fail; it has always run
others before."""
import subprocess
import sys

import harness
from harness import AS_NOBODY, NO_PLUGIN, PLUGIN, PRESTARTED, STAGE, TestFailure, captures, environment, prestarted_tshark

SKIPPED = 77
WAYS = [[], ["-2", "-V", "-C", "lab"], ["-T", "json", "-o", "mstun.dialect:MS-TURN", "-z", "mstun,findings"]]
WRONG = [["-Y", "mstun."], ["-C", "nobody"], ["-o", "mstun.nonsense:1"], ["-o", "nonsense"], ["-T", "fields"], ["--nonsense"],
         ["-z", "mstun,nonsense"], ["udp"]]


def compare(plugins, words):
    """One command, both ways."""
    command = ["tshark", "-n", "-r", *map(str, words)]
    started = subprocess.run(AS_NOBODY + command, env=environment(plugins), cwd=STAGE, stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
    forked = prestarted_tshark(plugins).run(command)
    for what in ("returncode", "stderr", "stdout"):
        expected, actual = getattr(started, what), getattr(forked, what)
        if expected != actual:
            raise TestFailure(f"{' '.join(command)}: {what} is\n{actual}\ninstead of\n{expected}")
    return started.returncode != 0


def main():
    """All of them."""
    if not PRESTARTED.exists():
        print("skipped: prestarted.c is not made for this Wireshark")
        sys.exit(SKIPPED)
    found = captures()
    commands = [[capture, *way] for capture in found[::75] for way in WAYS]
    commands += [["nothing"], *([found[0], *words] for words in WRONG)]
    failed = sum(compare(PLUGIN, words) for words in commands)
    for capture in found[::150]:
        compare(NO_PLUGIN, [capture, "-V"])
    if failed < len(WRONG):
        raise TestFailure(f"only {failed} of the wrong commands have failed")
    print(f"{len(commands)} commands, the same answers")


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
