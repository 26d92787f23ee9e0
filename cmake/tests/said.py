# SPDX-License-Identifier: GPL-2.0-or-later
"""said.py <topic>: what tshark says of captures whose labels.json tells what must be said, and what must not.

labels.json says of each what the reader must be told ("says") and what the capture disproves ("never"): regular
expressions over all that tshark shows of it, packets and reports, with the preferences in "options".
"""
import json
import re
import sys

import harness
from harness import SOURCE, TestFailure, captures, decode, each, label_options

REPORTS = [word for report in ("findings", "pairs", "turn") for word in ("-z", f"mstun,{report}")]


def main(topic):
    labels = json.loads((SOURCE / "test-captures" / topic / "labels.json").read_text())
    subjects = captures(f"{topic}/*")
    if unknown := labels.keys() ^ {capture.stem for capture in subjects}:
        raise TestFailure(f"only in labels.json, or without a label: {', '.join(sorted(unknown))}")

    def check(capture):
        label = labels[capture.stem]
        shown = decode(capture, *label_options(capture), "-2", "-V", *REPORTS)
        wrong = [f"does not say {text}" for text in label["says"] if not re.search(text, shown)]
        wrong += [f"says {found.group()}" for text in label["never"] if (found := re.search(text, shown))]
        if wrong:
            raise TestFailure(f"{label['cause']}: {'; '.join(wrong)}")

    each(subjects, check)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
