# SPDX-License-Identifier: GPL-2.0-or-later
"""Every byte that a STUN connection carries is decoded: no frame has Wireshark's "Data" layer.

That layer shows what nobody has a name for. It occurs in no capture but those that test-captures/data-allowed.txt names, each
with a reason, and there it does occur.
"""
import fnmatch

import harness
from harness import TestFailure, captures, name, rules
from sharkd import Sharkd, require_plugin


def undecoded(sharkd, capture):
    """The frames with a Data layer, wherever it is."""
    sharkd.load(capture)
    return [f"frame {number}" for number in sorted(sharkd.matching("data"))]


def main():
    """Of all captures with STUN in them."""
    allowed = [words[0] for words in rules("data-allowed.txt")]
    subjects = [capture for capture in captures() if capture.parent.name != "no-stun"]
    used, failures = set(), []
    require_plugin()
    with Sharkd() as sharkd:
        for capture in subjects:
            left = undecoded(sharkd, capture)
            patterns = [pattern for pattern in allowed if fnmatch.fnmatch(name(capture), pattern)]
            if left:
                used.update(patterns)
            if left and not patterns:
                failures.append(f"{name(capture)}: {', '.join(left[:5])}")
    failures += [f"data-allowed.txt: {pattern} has none" for pattern in allowed if pattern not in used]
    print(f"{len(subjects)} captures, {len(failures)} failures")
    if failures:
        raise TestFailure("\n".join(failures))


harness.main(main)
