# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin can show occurs in some capture.

    attributes  each attribute that has a name
    experts     each expert info; and none of severity Warn or Error occurs in a healthy capture (healthy.txt, labels.json).
                test-captures/interface/structural.txt names the FT_NONE fields that are no expert infos.
"""
import fnmatch
import json
import sys
import tempfile
from pathlib import Path

import harness
from capturefile import in_sequence, join
from harness import STAGE, TestFailure, captures, is_healthy, mstun_trees, name, rules, tshark, walk
from sharkd import Sharkd, require_plugin

WARN = 0x600000  # PI_WARN of Wireshark's epan/proto.h; PI_ERROR is above
REPORTED_ONLY = {"mstun.channel.incomplete"}  # TCP keeps its segment for the rest, and never hands it on


def all_trees():
    """mstun's trees of all captures, in the files that passes.py has decoded."""
    with tempfile.TemporaryDirectory(dir=STAGE) as folder:
        Path(folder).chmod(0o755)
        for topic in sorted({capture.parent.name for capture in captures()}):
            for together in join, in_sequence:
                for joined in together(Path(folder), topic, captures(f"{topic}/*")):
                    yield mstun_trees(joined.path, "-2")


def attributes():
    """Named values of mstun.att.type against its values in all captures."""
    lines = (line.split("\t") for line in tshark("-G", "values").splitlines())
    known = {int(line[2], 0): line[3] for line in lines if line[:2] == ["V", "mstun.att.type"]}
    seen = {int(value, 0) for trees in all_trees() for key, value in walk(trees) if key == "mstun.att.type"}
    missing = [f"0x{number:04x} {text}" for number, text in sorted(known.items()) if number not in seen]
    print(f"{len(known)} attributes have names, {len(missing)} of them occur in no capture")
    if missing or not known:
        raise TestFailure("in no capture:\n" + "\n".join(missing))


def experts_of(pairs):
    """(name, severity) of the mstun experts in one capture."""
    for key, value in walk(pairs):
        if key == "_ws.expert":
            facts = list(walk(value))
            severity = next(int(text) for field, text in facts if field == "_ws.expert.severity")
            yield from ((field, severity) for field, _ in facts if field.startswith("mstun."))


def warnings(sharkd):
    """What is said of mstun with severity Warn or Error."""
    (told,) = json.loads(sharkd.ask("tap", tap0="expert"))["result"]["taps"]
    return {row["m"] for row in told["details"] if row["p"] == "MSTUN" and row.get("s") in ("Warning", "Error")}


def experts():
    """Registered expert infos against those that fire, and the silence of healthy captures."""
    fields = (line.split("\t") for line in tshark("-G", "fields").splitlines())
    structural = {words[0] for words in rules("interface/structural.txt")}
    known = {field[2] for field in fields if field[0] == "F" and field[2].startswith("mstun.") and field[3] == "FT_NONE"}
    known -= structural
    patterns = {words[0] for words in rules("healthy.txt")}
    seen, wrong = {expert for trees in all_trees() for expert, _ in experts_of(trees)}, []
    require_plugin()
    with Sharkd(config=STAGE / "home" / "config") as sharkd:
        for capture in captures():
            missing = known - seen - REPORTED_ONLY
            if not missing and not is_healthy(capture):
                continue
            sharkd.load(capture)
            seen |= {expert for expert in missing if sharkd.matching(expert)}
            if is_healthy(capture):
                wrong += [f"{name(capture)} is healthy but has: {text}" for text in sorted(warnings(sharkd))]
    quiet = {pattern for pattern in patterns for capture in captures() if fnmatch.fnmatch(name(capture), pattern)}
    wrong += [f"{expert} occurs in no capture" for expert in sorted(known - seen - REPORTED_ONLY)]
    wrong += [f"{expert} does occur" for expert in sorted(REPORTED_ONLY & seen)]
    wrong += [f"healthy.txt: no capture is named {pattern}" for pattern in sorted(patterns - quiet)]
    wrong += [f"structural.txt: {field} is an expert info" for field in sorted(structural & seen)]
    print(f"{len(known)} expert infos, {len(known - seen)} of them in no frame of a capture")
    if wrong or not known:
        raise TestFailure("\n".join(wrong))


if __name__ == "__main__":
    harness.main({"attributes": attributes, "experts": experts}[sys.argv[1]])
