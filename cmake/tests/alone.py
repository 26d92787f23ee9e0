# SPDX-License-Identifier: GPL-2.0-or-later
"""A field that is asked for alone is found in the same frames as in the whole tree.

For a filter the plugin builds only the parts of a message's tree in which somebody asks for something. Tested is each field in
the first captures that have it, and Wireshark's own fields of expert infos in all of those captures.
"""
import harness
from harness import TestFailure, captures, mstun_trees, name, tshark, walk
from sharkd import Sharkd

ENOUGH = 2  # captures of each field
SIGNALLING = "sip || http"  # fields of calls are in these protocols' trees too, which the whole tree here does not have


def fields():
    """All of the plugin's."""
    lines = (line.split("\t") for line in tshark("-G", "fields").splitlines())
    return {line[2] for line in lines if line[0] == "F" and line[4] == "mstun"}


def frames_by_field(capture, known):
    """{field: numbers of the frames that have it}, as the whole tree shows."""
    found = {}
    for number, trees in mstun_trees(capture, "-2").items():
        for key, _ in walk(trees):
            if key in known or key == "_ws.expert":
                found.setdefault(key, set()).add(number)
    return found


def main():
    """Every field, with the frames where the two differ."""
    known, times, wrong, asked = fields(), {}, [], 0
    with Sharkd() as sharkd:
        for capture in captures():
            found = frames_by_field(capture, known)
            chosen = [field for field in found if times.get(field, 0) < ENOUGH]
            if not chosen:
                continue
            sharkd.load(capture)
            for field in chosen:
                times[field] = times.get(field, 0) + (field != "_ws.expert")
                shown, whole = sharkd.matching(field), found[field]
                if field.startswith(("mstun.call", "mstun.mras")):
                    shown -= sharkd.matching(SIGNALLING) - whole
                asked += 1
                if not whole <= shown or (shown != whole and field != "_ws.expert"):  # others have expert infos, too
                    wrong.append(f"{name(capture)}: {field} is in frames {sorted(whole)}, asked for alone in {sorted(shown)}")
    print(f"{len(times)} of {len(known)} fields, {asked} filters, {len(wrong)} failed")
    if wrong or not asked:
        raise TestFailure("\n".join(wrong))


if __name__ == "__main__":
    harness.main(main)
