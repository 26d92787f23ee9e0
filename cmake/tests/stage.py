# SPDX-License-Identifier: GPL-2.0-or-later
"""Fills the stage (see harness.py): the plugin, and every capture of test-captures/ as pcap or pcapng.

A capture written as text, <stem>.hex, goes through text2pcap with the arguments of its first line, if that is
    # text2pcap: -T 50000,3478 -4 192.0.2.10,203.0.113.20
(which is also the default). Packets that have "I" on a line before them go that way, packets with "O" the other.
Unless -t is among the arguments, packet n is given the time 2020-01-01 00:00:00 UTC plus n milliseconds.
"""
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import harness
import wireshark
from harness import CAPTURES, SOURCE, STAGE, TestFailure

DEFAULT_ARGUMENTS = "-T 50000,3478 -4 192.0.2.10,203.0.113.20"
NAMES = {"manuf", "enterprises.tsv", "services"}
EPOCH = 1577836800  # before the real token of vectors/ms-turn.hex expires, in April 2020


def text2pcap_arguments(text):
    """The first line's, or the default; -D where the text has directions."""
    first = re.match(r"#\s*text2pcap:(.*)", text)
    arguments = shlex.split(first.group(1) if first else DEFAULT_ARGUMENTS)
    if re.search(r"^[IO]\b", text, re.MULTILINE) and "-D" not in arguments:
        arguments.append("-D")
    return arguments


def set_times(pcap):
    """text2pcap gives the time of its run; a test needs the same every day."""
    content = bytearray(pcap.read_bytes())
    offset, number = 24, 0
    while offset < len(content):
        struct.pack_into("=II", content, offset, EPOCH, number * 1000)
        offset += 16 + struct.unpack_from("=I", content, offset + 8)[0]
        number += 1
    pcap.write_bytes(content)


def convert(source, target):
    """One .hex file to one .pcap file."""
    arguments = text2pcap_arguments(source.read_text())
    run = subprocess.run(["text2pcap", "-q", "-F", "pcap", *arguments, source, target], capture_output=True,
                         text=True, check=False)
    if run.returncode != 0 or not target.exists() or target.stat().st_size <= 24:
        raise TestFailure(f"{source}: text2pcap {shlex.join(arguments)} made no packet:\n{run.stderr}")
    if "-t" not in arguments:
        set_times(target)


def newer(source, target):
    """Whether the target has to be made again: its source is newer, or this script."""
    made = target.stat().st_mtime if target.exists() else 0
    return max(source.stat().st_mtime, Path(__file__).stat().st_mtime) > made


def stage_captures():
    """Mirrors test-captures/<topic>/*.{pcap,pcapng,hex}, and key logs beside them; what is gone from there goes here too."""
    wanted = {CAPTURES / source.parent.name / source.name: source
              for source in (SOURCE / "test-captures").glob("*/*.keys")}
    key_logs = len(wanted)
    for source in sorted((SOURCE / "test-captures").glob("*/*")):
        if source.suffix in (".pcap", ".pcapng", ".hex"):
            suffix = ".pcap" if source.suffix == ".hex" else source.suffix
            target = CAPTURES / source.parent.name / (source.stem + suffix)
            if (twin := next((t for t in wanted if t.suffix != ".keys" and t.with_suffix("") == target.with_suffix("")),
                             None)) is not None:
                raise TestFailure(f"{source} and {wanted[twin]} have one name")
            wanted[target] = source
    for old in CAPTURES.glob("*/*"):
        if old not in wanted:
            old.unlink()
    for target, source in wanted.items():
        target.parent.mkdir(exist_ok=True)
        if newer(source, target):
            if source.suffix == ".hex":
                convert(source, target)
            else:
                shutil.copyfile(source, target)
    print(f"{len(wanted) - key_logs} captures")


def stage_data():
    """Wireshark's own files without its tables of names, which tshark -n does not show: reading their 45,000 vendors and
    60,000 enterprises, twice, is nearly half of what a start of Wireshark 4.0 costs. (Later ones have them compiled in.)"""
    shutil.rmtree(harness.DATA, ignore_errors=True)  # first: tshark would give this one as its folder
    folders = dict(line.split(":", 1) for line in harness.tshark("-G", "folders").splitlines() if ":" in line)
    harness.DATA.mkdir()
    for file in Path(folders["Global configuration"].strip()).iterdir():
        if file.name not in NAMES:
            (harness.DATA / file.name).symlink_to(file)


def stage_profiles():
    """Wireshark's profile "lab" (tshark -C lab) has the passwords of the captures; MS-STUN is the one for users."""
    profile = STAGE / "home" / "config" / "profiles" / "lab"
    profile.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SOURCE / "test-captures" / "integrity" / "mstun_credentials", profile / "mstun_credentials")
    shutil.copytree(SOURCE / "cmake" / "profile" / "MS-STUN", profile.parent / "MS-STUN", dirs_exist_ok=True)


def stage_prestarted(module):
    """What prestarted.py preloads: only where the order in which tshark starts is the one that prestarted.c is made for."""
    harness.PRESTARTED.unlink(missing_ok=True)
    if module and wireshark.version() == (4, 0):
        shutil.copyfile(module, harness.PRESTARTED)


def main(plugin, wireshark_id, prestarted=None):
    """Makes the stage, readable for everybody, and sees to it that the plugin is really loaded from it. prestarted: that
    module, for tests that ask tshark often."""
    for folder in (CAPTURES, STAGE / "home" / "config", STAGE / "kept", harness.NO_PLUGIN):
        folder.mkdir(parents=True, exist_ok=True)
    epan = harness.PLUGIN / wireshark_id / "epan"
    epan.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugin, epan / Path(plugin).name)
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
    (STAGE / "tshark-version").write_text(version.splitlines()[0])
    stage_prestarted(prestarted)
    stage_captures()
    stage_data()
    stage_profiles()
    subprocess.run(["chmod", "-R", "a+rX", STAGE], check=True)
    harness.require_plugin()


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
