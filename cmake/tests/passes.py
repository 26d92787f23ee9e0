# SPDX-License-Identifier: GPL-2.0-or-later
"""One pass (tshark) and two passes (tshark -2, Wireshark's window) show the same in every capture.

Left out are the facts that one pass cannot know; test-captures/interface/two-pass-only.txt names those.
"""
import difflib
import itertools
import json

import harness
from harness import TestFailure, captures, each, mstun_trees, rules, walk


def without(pairs, names):
    """The tree with these fields taken out, and an expert item with them."""
    if not isinstance(pairs, list):
        return pairs
    kept = []
    for entry in pairs:
        if not isinstance(entry, tuple):
            kept.append(without(entry, names))
            continue
        key, value = entry
        is_expert = key == "_ws.expert" and any(name in names for name, _ in walk(value))
        if key not in names and not is_expert:
            kept.append((key, without(value, names)))
    return kept


def main():
    """Every capture, with a diff of the first frame where they differ."""
    names = {words[0] for words in rules("interface/two-pass-only.txt")}

    def check(capture):
        once, twice = (mstun_trees(capture, *passes) for passes in ((), ("-2",)))
        for frame in sorted(once.keys() | twice.keys()):
            left, right = (without(trees.get(frame, []), names) for trees in (once, twice))
            if left != right:
                texts = (json.dumps(trees, indent=1).splitlines() for trees in (left, right))
                diff = difflib.unified_diff(*texts, "one pass", "two passes", lineterm="", n=8)
                raise TestFailure(f"frame {frame}\n" + "\n".join(itertools.islice(diff, 40)))

    each(captures(), check)


if __name__ == "__main__":
    harness.main(main)
