# SPDX-License-Identifier: GPL-2.0-or-later
"""No error and no leak over many files, by valgrind's memcheck; valgrind.sh runs it.

Every block of wmem and of slices is an allocation of its own.

    reports      one sharkd opens 110 captures one after the other, shows frames of each forwards and backwards, and makes
                 every report of each
    command      tshark with all -z reports, in one pass and in two
    plain        as reports, but no reports: with the plugin and without any, over few files and over many

No error may have the plugin in its stack; no block that is lost may be one that the plugin, or what it calls, has
allocated, down to where it hands bytes to another dissector; and a file more must not leave more bytes behind with the
plugin than without it (but for ATTACHED). What is left behind is counted when the process has ended: blocks that nothing
points to any more, and blocks that something still does; what is there once and not for each file is in the run over few
files too.
"""
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path


import harness
from harness import AS_NOBODY, NO_PLUGIN, PLUGIN, STAGE, TestFailure, captures, environment, name
from sharkd import REPORTS, WITH_CREDENTIALS, Sharkd, require_plugin

MANY, FEW = 110, 10
FRAMES = 12  # of each capture
NO_CREDENTIALS = STAGE / "home" / "config"  # for plain: each row of credentials keeps the keys that it was last tried with

# Bytes for each file that may be more with the plugin: what dissectors attach to frames that they get only by it. sharkd
# frees no frame of a file that it closes.
ATTACHED = 256
OPTIONS = ["--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--keep-debuginfo=yes", "--num-callers=60"]
SIMPLE = {"WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple", "G_SLICE": "always-malloc"}
COMMANDS = ["coturn/channels-3478", "rfc6062/two-allocations", "ms-turn/tcp-443", "pairs/host-refused"]

# Where another dissector gets bytes from the plugin: what it allocates is Wireshark's. (sharkd frees no frame of a file
# that it closes, nor what dissectors have attached to frames.)
HANDS_OVER = {"dissect_by_handle", "dissect_dtls_in_dtls", "dissect_whole_packet", "dissect_tls", "dissect_http",
              "dissect_relayed", "mstun_guard", "dissect_wrapped", "dissect_ours_or", "dissect_alpn", "heur_stun",
              "heur_classicstun", "heur_tls"}
# What tshark itself keeps of these two kinds of report, and does not free.
KEPT_BY_TSHARK = ("stats_tree_", "init_srt_table", "add_srt_table")
SUMMARY = re.compile(r"(definitely lost|indirectly lost|possibly lost|still reachable): ([\d,]+) bytes")


class Finding:
    """One entry of valgrind's file: an error, or blocks that were not freed, with the stacks that belong to it."""

    def __init__(self, element):
        self.kind = element.findtext("kind")
        self.words = element.findtext("xwhat/text") or element.findtext("what") or ""
        self.stacks = [[(frame.findtext("obj") or "?", frame.findtext("fn") or "?") for frame in stack.findall("frame")]
                       for stack in element.findall("stack")]

    def is_ours(self):
        """The plugin did it, or, of what is no leak, was on the way there."""
        ours = [function for stack in self.stacks for library, function in stack if library.endswith("/mstun.so")]
        kept = any(function.startswith(KEPT_BY_TSHARK) for stack in self.stacks for _, function in stack)
        return bool(ours) and not (self.kind.startswith("Leak_") and (ours[0] in HANDS_OVER or kept))

    def __str__(self):
        return f"{self.kind}: {self.words}\n" + "\n".join(
            f"    {function} ({Path(library).name})" for stack in self.stacks for library, function in stack[:25])


def judge(file):
    """Fails with what the plugin did in a run; how much of the kind there was that it did not."""
    findings = [Finding(error) for error in ElementTree.parse(file).getroot().findall("error")]
    ours = [finding for finding in findings if finding.is_ours()]
    if ours:
        raise TestFailure(f"{len(ours)} findings in the plugin\n" + "\n".join(map(str, ours[:10])))
    leaks = sum(finding.kind.startswith("Leak_") for finding in findings)
    return f"0 errors and 0 leaks in the plugin; Wireshark's own: {len(findings) - leaks} and {leaks}"


def wrapped(file, *options):
    """The command that runs a program in valgrind; the file is there already, whoever writes it."""
    file.write_text("")
    file.chmod(0o666)
    return ["valgrind", *OPTIONS, *options]


def open_many(wrapper, plugins, number, reports, config=WITH_CREDENTIALS):
    """One sharkd over so many captures."""
    found = captures()
    with Sharkd(plugins, config, wrapper, **SIMPLE) as sharkd:
        for place in range(number):
            frames = sharkd.load(found[place * len(found) // number])
            numbers = list(range(1, frames + 1, -(-frames // FRAMES) or 1))
            for shown in numbers + numbers[::-1]:
                sharkd.frame(shown)
            for report in reports:
                sharkd.report(report)


def with_reports(work):
    """One sharkd, all its reports."""
    file = work / "reports.xml"
    open_many(wrapped(file, "--xml=yes", f"--xml-file={file}"), PLUGIN, MANY, REPORTS)
    print(f"sharkd, {MANY} files, {len(REPORTS)} reports of each: {judge(file)}", flush=True)


def in_tshark(work, capture, *passes):
    """All reports of the command line."""
    file = work / "command.xml"
    reports = [word for report in ("tree", "srt", "pairs", "turn", "findings", "findings,json") for word in ("-z", f"mstun,{report}")]
    command = [*AS_NOBODY, *wrapped(file, "--xml=yes", f"--xml-file={file}"), "tshark", "-n", "-C", "lab", "-r", str(capture),
               *passes, "-q", *reports]
    run = subprocess.run(command, env=environment(PLUGIN, **SIMPLE), cwd=STAGE, capture_output=True, check=False)
    if run.returncode != 0 or not run.stdout:
        raise TestFailure(f"{name(capture)}: {run.stderr.decode(errors='replace')[-2000:]}")
    print(f"tshark {' '.join(passes)} -z, {len(reports) // 2} reports of {name(capture)}: {judge(file)}", flush=True)


def left_behind(work, words, plugins, number):
    """Bytes not freed by one sharkd over so many captures."""
    file = work / f"{words}.log"
    open_many(wrapped(file, f"--log-file={file}"), plugins, number, (), NO_CREDENTIALS)
    sums = {kind: int(count.replace(",", "")) for kind, count in SUMMARY.findall(file.read_text())}
    if "definitely lost" not in sums:
        raise TestFailure(f"{file} has no summary")
    print(f"sharkd {words}, {number} files: {sum(sums.values())} bytes not freed", flush=True)
    return sum(sums.values())


def per_file(work, words, plugins):
    """Bytes not freed for each file more."""
    few, many = (left_behind(work, words, plugins, number) for number in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def main():
    """Everything above; the figures on the way."""
    require_plugin()
    work = STAGE / "valgrind"
    work.mkdir(exist_ok=True)
    work.chmod(0o777)
    with_reports(work)
    for stem in COMMANDS:
        for passes in ((), ("-2",)):
            in_tshark(work, captures(stem)[0], *passes)
    ours, stock = per_file(work, "with the plugin", PLUGIN), per_file(work, "without it", NO_PLUGIN)
    print(f"for each file more: {ours:.0f} bytes not freed with the plugin, {stock:.0f} without")
    if ours > stock + ATTACHED:
        raise TestFailure("the plugin leaves more behind for each file than Wireshark does without it")


if __name__ == "__main__":
    harness.main(main)
