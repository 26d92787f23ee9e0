# SPDX-License-Identifier: GPL-2.0-or-later
"""What `tshark -q -z mstun,findings,json` says, in one pass, and the window (by sharkd) after two.

    causes <topic>    the first row names the cause. Who made a capture says which: the topic's labels.json ("healthy",
              "expected_finding"), the capture's truth ("first_finding", null in a healthy one, and "also" those that must be
              there too), rfc6062/causes.txt, whose other words must be in a row or explained by one, or healthy.txt.
              A healthy capture has no row
    schema    each row of each report has the keys that plugin/doc/json.md documents
    names     every finding that plugin/diagnose/ knows is an expert info, and every cause stands above its consequences
"""
import itertools
import json
import re
import sys

import harness
from harness import SOURCE, STAGE, TestFailure, captures, decode, each, is_healthy, label, label_options, name, rules, tshark
from sharkd import Sharkd, require_plugin

FINDINGS = SOURCE / "plugin" / "diagnose" / "findings.c"
EXPLANATIONS = FINDINGS.with_name("explanations.c")
ANY = "any"  # broken, but nothing of it is in the capture that must be told
REPORTS = ("pairs", "turn", "findings")
FRAMES_SHOWN = 6  # in text, as report/table.c has it


DOCUMENTED = (*REPORTS, "candidates")


def rows(capture, reports=REPORTS, passes=()):
    """The JSON lines of these reports."""
    options = [word for report in reports for word in ("-z", f"mstun,{report},json")]
    lines = decode(capture, *label_options(capture), *passes, "-q", *options).splitlines()
    return [json.loads(line) for line in lines]


def told(topic):
    """{capture: (first finding or None, others that must be told)} of a topic, by whoever made the captures."""
    of_rfc6062 = {stem: [f"mstun.{word}" for word in words if word != "-"] for stem, *words in rules("rfc6062/causes.txt")}
    wanted = {}
    for capture in captures(f"{topic}/*"):
        truth = SOURCE / "test-captures" / f"{name(capture)}.truth.json"
        facts = json.loads(truth.read_text()) if truth.exists() else {}
        if is_healthy(capture):
            wanted[capture] = (None, [])
        elif told_by_label := label(capture):
            wanted[capture] = (told_by_label["expected_finding"] or ANY, [])
        elif "first_finding" in facts:
            wanted[capture] = (facts["first_finding"], facts.get("also", []))
        elif capture.parent.name == "rfc6062":
            words = of_rfc6062[capture.stem]
            wanted[capture] = (words[0], words[1:]) if words else (None, [])
    return wanted


def in_window(row):
    """A JSON row as Wireshark's window has it."""
    def words(values):
        return ", ".join(map(str, values or []))

    def frames(values):
        return words((values or [])[:FRAMES_SHOWN]) + (f" ... ({len(values)})" if len(values or []) > FRAMES_SHOWN else "")

    return {"Severity": row["severity"], "Finding": row["finding"], "Connection": row["stream"] or "",
            "Between": row["between"] or "", "Frames": frames(row["frames"]), "What happened": row["text"] or "",
            "Next": row["next"] or "", "Explains": words(row["explains"]),
            "Which is in frames": frames(row["explained_frames"])}


def check(capture, first, also, sharkd):
    """One line of the table."""
    found = [row for row in rows(capture) if row["report"] == "findings"]
    names = [row["finding"] for row in found]
    print(f"{name(capture):45} {first or '-':32} {names[0] if names else '-'}")
    explained = {word for row in found for word in row["explains"] or []}
    if first != ANY and (names[0] if names else None) != first:
        raise TestFailure(f"the first finding is {names[:1]}, should be {first}")
    if missing := set(also) - set(names) - explained:
        raise TestFailure(f"not told: {', '.join(sorted(missing))}")
    if label_options(capture):  # sharkd takes no arguments
        if found != [row for row in rows(capture, passes=("-2",)) if row["report"] == "findings"]:
            raise TestFailure("one pass and two passes find different things")
        return
    sharkd.load(capture)
    for one_pass, two_passes in itertools.zip_longest(map(in_window, found), sharkd.rows("findings")):
        if not (one_pass and two_passes and one_pass.items() <= two_passes.items()):
            raise TestFailure(f"one pass finds {one_pass}, two passes {two_passes}")


def causes(topic):
    """A table of cause and first finding, and a failure for each line of it that is wrong."""
    wanted = told(topic)
    if not wanted:
        raise TestFailure(f"nobody says what is to be found in the captures of {topic}")
    require_plugin()
    with Sharkd(config=STAGE / "home" / "config") as sharkd:
        each(list(wanted), lambda capture: check(capture, *wanted[capture], sharkd))


def documented(report):
    """The keys in the page's table of this report's columns."""
    text = (SOURCE / "plugin" / "doc" / "json.md").read_text()
    begin, end = f"<!-- begin: {report}-json -->", f"<!-- end: {report}-json -->"
    if begin not in text or end not in text:
        raise TestFailure(f"json.md has no {begin} ... {end}")
    return set(re.findall(r"^\| `(\w+)`", text.split(begin)[1].split(end)[0], re.MULTILINE))


def schema():
    """Keys are stable; unknown values are null and never missing."""
    keys = {report: documented(report) for report in DOCUMENTED}

    def check(capture):
        for row in rows(capture, DOCUMENTED):
            report = row["report"]
            if row.keys() != keys[report]:
                raise TestFailure(f"{report}: {sorted(row.keys() ^ keys[report])} only here or only in json.md")
            if any(value == "" for value in row.values()):
                raise TestFailure(f"{report}: empty, should be null: {row}")

    each(captures("rfc6062/*") + captures("ms-turn/*") + captures("coturn/*") + captures("signalling/*"), check)


def names():
    """A misspelt name would explain nothing, silently; a ring of causes would hide all of its members."""
    text = "".join(path.read_text() for path in FINDINGS.parent.glob("findings*.c"))
    fields = {line.split("\t")[2] for line in tshark("-G", "fields").splitlines() if line.startswith("F\t")}
    wrong = [f"{field} is no expert info" for field in sorted(set(re.findall(r'"(mstun\.[\w.]+)"', text)) - fields)]
    pairs = re.findall(r"EXPLAINS(?:_ALWAYS)?\((\w+), (\w+), \w+\),", EXPLANATIONS.read_text())
    causes_of = {}
    for cause, consequence in pairs:
        causes_of.setdefault(consequence, set()).add(cause)

    def ring(field, seen):
        return field in seen or any(ring(cause, seen | {field}) for cause in causes_of.get(field, ()))

    wrong += [f"{field} is in a ring of causes" for field in sorted(causes_of) if ring(field, frozenset())]
    print(f"{len(pairs)} causes")
    if wrong or not pairs:
        raise TestFailure("\n".join(wrong))


if __name__ == "__main__":
    harness.main({"causes": causes, "schema": schema, "names": names}[sys.argv[1]], *sys.argv[2:])
