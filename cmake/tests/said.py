# SPDX-License-Identifier: GPL-2.0-or-later
"""said.py <topic>: what tshark says of captures whose labels.json tells what must be said, and what must not.

labels.json says of each what the reader must be told ("says") and what the capture disproves ("never"): regular
expressions over all that tshark shows of it, packets and reports, with the preferences in "options". "with_passwords" is
the same for who has the lab's table of credentials, or the one in the label ("credentials"). One that was made of another
capture ("origin", as topic/stem), in which a finding ("finding") is right, must be without it; and the origin must have
it, or this proves nothing.
"""
import json
import re
import sys

import harness
from harness import SOURCE, TestFailure, captures, decode, each, label_options

REPORTS = [word for report in ("findings", "pairs", "turn") for word in ("-z", f"mstun,{report}")]


def findings(capture):
    """The names of those in the report, and of those that they explain."""
    rows = [json.loads(line) for line in decode(capture, "-2", "-q", "-z", "mstun,findings,json").splitlines()]
    return {name for row in rows for name in (row["finding"], *(row["explains"] or []))}


def wrong_finding(capture, label):
    """That the capture still has what its last frames disprove, or that there was nothing to disprove."""
    origin, = captures(label["origin"])
    if label["finding"] not in findings(origin):
        yield f"{label['origin']} does not say {label['finding']}"
    if label["finding"] in findings(capture):
        yield f"says {label['finding']}"


def main(topic):
    labels = json.loads((SOURCE / "test-captures" / topic / "labels.json").read_text())
    subjects = captures(f"{topic}/*")
    if unknown := labels.keys() ^ {capture.stem for capture in subjects}:
        raise TestFailure(f"only in labels.json, or without a label: {', '.join(sorted(unknown))}")

    def check(capture):
        label = labels[capture.stem]
        shown = decode(capture, *label_options(capture), "-2", "-V", *REPORTS)
        wrong = [f"does not say {text}" for text in label["says"] if not re.search(text, shown, re.MULTILINE)]
        wrong += [f"says {found.group()}" for text in label["never"] if (found := re.search(text, shown))]
        if "with_passwords" in label:
            table = [f"-ouat:mstun_credentials:{row}" for row in label.get("credentials", [])] or ["-C", "lab"]
            told = decode(capture, "-2", "-V", *table, *REPORTS)
            wrong += [f"with passwords: does not say {text}" for text in label["with_passwords"]
                      if not re.search(text, told, re.MULTILINE)]
        if "origin" in label:
            wrong += wrong_finding(capture, label)
        if wrong:
            raise TestFailure(f"{label['cause']}: {'; '.join(wrong)}")

    each(subjects, check)


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
