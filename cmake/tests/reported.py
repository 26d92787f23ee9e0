# SPDX-License-Identifier: GPL-2.0-or-later
"""Situations that engineers reported in public, rebuilt as small captures: test-captures/reported.

labels.json says of each what the reader must be told ("says") and what the capture disproves ("never"): regular
expressions over all that tshark shows of it, packets and reports.
"""
import json
import re

import harness
from harness import SOURCE, TestFailure, captures, decode, each

LABELS = SOURCE / "test-captures" / "reported" / "labels.json"
REPORTS = [word for report in ("findings", "pairs", "turn") for word in ("-z", f"mstun,{report}")]


def main():
    labels = json.loads(LABELS.read_text())
    subjects = captures("reported/*")
    if unknown := labels.keys() ^ {capture.stem for capture in subjects}:
        raise TestFailure(f"only in labels.json, or without a label: {', '.join(sorted(unknown))}")

    def check(capture):
        label = labels[capture.stem]
        shown = decode(capture, "-2", "-V", *REPORTS)
        wrong = [f"does not say {text}" for text in label["says"] if not re.search(text, shown)]
        wrong += [f"says {found.group()}" for text in label["never"] if (found := re.search(text, shown))]
        if wrong:
            raise TestFailure(f"{label['cause']}: {'; '.join(wrong)}")

    each(subjects, check)


if __name__ == "__main__":
    harness.main(main)
