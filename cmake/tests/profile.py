# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's profile "MS-STUN" (cmake/profile).

    content            its columns exist, each colouring rule colours and each button finds a frame of some capture; of a
                       healthy call neither rules nor buttons say that anything is wrong
    install <cmake>    a file that its user has changed is neither overwritten nor removed, every other one is
"""
import csv
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import harness
from harness import CAPTURES, SOURCE, TestFailure, captures, decode, tshark

PROFILE = SOURCE / "cmake" / "profile" / "MS-STUN"
HEALTHY = CAPTURES / "rfc6062" / "connect.pcapng"
TROUBLE = {"STUN unanswered", "STUN one way", "STUN error", "Errors", "Unanswered"}


def lines(file):
    """Without comments."""
    return [line for line in (PROFILE / file).read_text().splitlines() if not line.startswith("#")]


def column_fields():
    """The fields of custom columns."""
    return re.findall(r'"%Cus:([\w.]+):\d+:R"', "".join(lines("preferences")))


def buttons():
    """{label: filter}"""
    return {label: text for _, label, text, _ in csv.reader(lines("dfilter_buttons"))}


def rules():
    """{name: filter}"""
    return {name: text for _, name, text, _ in (line.split("@") for line in lines("colorfilters"))}


def colours(capture):
    """Names of the rules that colour a frame of this capture. Not kept: that would not look at the profile's files."""
    return set(tshark("-n", "-r", capture, "-2", "-C", "MS-STUN", "--color", "-T", "fields", "-e",
                      "frame.coloring_rule.name").split("\n"))


def shown(capture, text):
    """Numbers of the frames that a filter shows, and a failure if Wireshark does not accept it."""
    return decode(capture, "-2", "-Y", text, "-T", "fields", "-e", "frame.number").split()


def content():
    """Captures are looked at until each rule and button has had its frame."""
    fields = {line.split("\t")[2] for line in tshark("-G", "fields").splitlines() if line.startswith("F\t")}
    wrong = [f"preferences: there is no field {field}" for field in column_fields() if field not in fields]

    for label, text in buttons().items():
        if not any(shown(capture, text) for capture in captures("rfc6062/*")):
            wrong.append(f"dfilter_buttons: {label} shows nothing")
        if label in TROUBLE and shown(HEALTHY, text):
            wrong.append(f"dfilter_buttons: {label} shows something in {HEALTHY.stem}")

    left = set(rules())
    for capture in captures("rfc6062/*") + captures("pairs/*"):
        left -= colours(capture) if left else set()
    wrong += [f"colorfilters: {name} colours nothing" for name in sorted(left)]
    wrong += [f"colorfilters: {name} colours {HEALTHY.stem}" for name in sorted(TROUBLE & colours(HEALTHY))]

    columns = column_fields()
    print(f"{len(columns)} columns, {len(rules())} rules, {len(buttons())} buttons")
    if wrong or not columns:
        raise TestFailure("\n".join(wrong))


def install(cmake):
    """The life of a personal profile: installed, changed, installed again, removed."""
    script = PROFILE.parent / "personal.cmake"
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profiles" / "MS-STUN"

        def run(*options):
            return subprocess.run([cmake, f"-DTO={folder}", *options, "-P", script], capture_output=True, text=True,
                                  check=True).stderr

        def expect(wanted, what):
            if not wanted:
                raise TestFailure(f"{what}: {sorted(path.name for path in profile.glob('*'))}")

        run()
        shipped = {path.name: path.read_text() for path in PROFILE.iterdir()}
        expect(all((profile / file).read_text() == text for file, text in shipped.items()), "not all files installed")
        (profile / "preferences").write_text("mine")
        (profile / "colorfilters").unlink()
        expect("preferences" in run(), "a changed file is kept without a word")
        expect((profile / "preferences").read_text() == "mine", "a changed file is overwritten")
        expect((profile / "colorfilters").read_text() == shipped["colorfilters"], "a missing file is not installed")
        run("-DREMOVE=ON")
        expect((profile / "preferences").exists(), "a changed file is removed")
        expect(not (profile / "colorfilters").exists(), "an unchanged file is not removed")
        (profile / "preferences").unlink()
        run()
        run("-DREMOVE=ON")
        expect(not profile.exists(), "something is left")


if __name__ == "__main__":
    harness.main({"content": content, "install": install}[sys.argv[1]], *sys.argv[2:])
