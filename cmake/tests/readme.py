# SPDX-License-Identifier: GPL-2.0-or-later
"""The output that README.md shows is what tshark prints, and the files that it names are there.

A block stands between <!-- output: <topic>/<capture> <tshark's arguments> --> and <!-- end: output -->.

    readme.py [--update]
"""
import re
import shlex
import sys

import harness
from capture import compare
from harness import CAPTURES, SOURCE, TestFailure, tshark

README = SOURCE / "README.md"
PAGES = [README, SOURCE / "cmake" / "CONTRIBUTING.md"]


def block(match):
    """The block anew."""
    stem, *arguments = shlex.split(match[1])
    output = tshark("-n", "-r", CAPTURES / f"{stem}.pcapng", *arguments)
    return f"<!-- output: {match[1]} -->\n\n```\n{output.strip(chr(10))}\n```\n\n<!-- end: output -->"


def dead_links():
    """Links to files of the repository that are not there."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page.name}: there is no {target}"


def main(*options):
    """All blocks at once: one diff."""
    text, count = re.subn(r"<!-- output: (.*?) -->.*?<!-- end: output -->", block, README.read_text(), flags=re.DOTALL)
    print(f"{count} blocks")
    if not count:
        raise TestFailure("README.md has no <!-- output: ... -->")
    compare(README, text, "--update" in options)
    if dead := list(dead_links()):
        raise TestFailure("\n".join(dead))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
