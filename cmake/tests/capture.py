# SPDX-License-Identifier: GPL-2.0-or-later
"""One view of one capture: tshark with the arguments of <stem>.<view>.args must print <stem>.<view>.expected.

    capture.py <topic>/<stem>.<view> [--update]       --update writes what tshark prints as expected
"""
import difflib
import shlex
import sys

import harness
import wireshark
from harness import CAPTURES, SOURCE, TestFailure


def compare(expected, actual, update):
    """Fails with a diff if the text is not the one in the file, or writes it there: with the oldest Wireshark only, whose
    ways the files keep."""
    if update:
        if wireshark.version() != wireshark.OF_EXPECTED:
            raise TestFailure("expected outputs are written with Wireshark {}.{} only".format(*wireshark.OF_EXPECTED))
        expected.write_text(actual)
        return
    if not expected.exists():
        raise TestFailure(f"{expected} does not exist; the output is\n{actual}")
    wanted, actual = wireshark.told_alike(expected.read_text(), actual)
    if wanted != actual:
        diff = difflib.unified_diff(wanted.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
        raise TestFailure("\n".join(diff))


def main(view, *options):
    """The arguments are written as in a shell; comments are allowed."""
    arguments_file = SOURCE / "test-captures" / (view + ".args")
    topic, stem = view.rsplit(".", 1)[0].split("/")
    staged = [path for path in (CAPTURES / topic).glob("*.pcap*") if path.stem == stem]
    if not staged:
        raise TestFailure(f"there is no capture test-captures/{topic}/{stem}.pcapng, .pcap or .hex")
    arguments = shlex.split(arguments_file.read_text(), comments=True)
    output = harness.tshark("-n", "-r", staged[0], *arguments)
    compare(arguments_file.with_suffix(".expected"), output, "--update" in options)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
