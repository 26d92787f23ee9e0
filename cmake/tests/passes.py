# SPDX-License-Identifier: GPL-2.0-or-later
"""One pass (tshark) and two passes (tshark -2, Wireshark's window) show the same in every capture.

Left out are the facts that one pass cannot know; test-captures/interface/two-pass-only.txt names those. A topic's captures
are in one file, since a start of tshark takes longer than most of them: once with addresses of their own, and once an hour
after each other with those that they have, so that the legs of a call belong together.
"""
import difflib
import itertools
import json
import tempfile
from pathlib import Path

import harness
from capturefile import in_sequence, join
from harness import STAGE, TestFailure, captures, mstun_trees, rules, walk


# What only the time until the next capture in the file shows.
OF_THE_NEXT = {"mstun.unanswered_request", "mstun.unanswered_request_tree", "mstun.overdue"}


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


def compare(joined, names):
    """A diff of the first frame of each capture in which one pass and two differ."""
    once, twice = (mstun_trees(joined.path, *passes) for passes in ((), ("-2",)))
    failed = set()
    for number in sorted(once.keys() | twice.keys()):
        capture, frame = joined.whose(number)
        left, right = ([tree for tree in without(trees.get(number, []), names) if tree] for trees in (once, twice))
        if left != right and capture not in failed:
            failed.add(capture)
            texts = (json.dumps(trees, indent=1).splitlines() for trees in (left, right))
            diff = difflib.unified_diff(*texts, "one pass", "two passes", lineterm="", n=8)
            yield f"{capture}: frame {frame}\n" + "\n".join(itertools.islice(diff, 40))


def main():
    """Every capture."""
    names = {words[0] for words in rules("interface/two-pass-only.txt")}
    topics, failures = sorted({capture.parent.name for capture in captures()}), []
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        for topic in topics:
            for joined in join(Path(folder), topic, captures(f"{topic}/*")):
                failures += compare(joined, names)
            for joined in in_sequence(Path(folder), topic, captures(f"{topic}/*")):
                failures += compare(joined, names | OF_THE_NEXT)
    print(f"{len(captures())} captures of {len(topics)} topics, {len(failures)} failures")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    harness.main(main)
