# SPDX-License-Identifier: GPL-2.0-or-later
"""Each capture of a topic shows what was wrong in the lab and nothing else.

    causes.py <topic>

Its mstun expert infos of severity Warn and Error are those of test-captures/<topic>/causes.txt.
"""
import sys

import harness
from coverage import WARN, experts_of
from harness import TestFailure, captures, each, mstun_trees, name, rules

OF_PASSWORDS = "mstun.integrity.bad"  # captures with made-up HMACs are bad only if the lab's passwords are known


def main(topic):
    wanted = {stem: {f"mstun.{word}" for word in words if word != "-"}
              for stem, *words in rules(f"{topic}/causes.txt")}
    subjects = captures(f"{topic}/*")
    unknown = wanted.keys() - {capture.stem for capture in subjects}
    if unknown:
        raise TestFailure(f"causes.txt: there is no capture {', '.join(sorted(unknown))}")

    def check(capture):
        if capture.stem not in wanted:
            raise TestFailure(f"{name(capture)} is not in causes.txt")
        fired = {expert for expert, severity in experts_of(mstun_trees(capture, "-2")) if severity >= WARN}
        fired.discard(OF_PASSWORDS)
        missing, more = wanted[capture.stem] - fired, fired - wanted[capture.stem]
        if missing or more:
            raise TestFailure(f"not shown: {', '.join(sorted(missing)) or '-'}; shown besides: "
                              f"{', '.join(sorted(more)) or '-'}")

    each(subjects, check)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
