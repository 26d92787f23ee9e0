# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark on the staged captures, with the plugin just built or with no plugin at all.

stage.py has put everything a test reads into one folder, the stage, that an unprivileged user can read: Wireshark
ignores WIRESHARK_PLUGIN_DIR when it runs as root, so root runs it as uid 65534.
"""
import fcntl
import fnmatch
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from prestarted import IN_NEW_PROCESS, Prestarted

STAGE = Path(os.environ.get("MSTUN_STAGE", "."))
SOURCE = Path(os.environ.get("MSTUN_SOURCE", "."))
sys.path.append(str(Path(__file__).resolve().parents[2] / "test-captures" / "lab"))  # for its stunmsg.py and pcap.py
CAPTURES = STAGE / "captures"
PLUGIN = STAGE / "plugin"        # WIRESHARK_PLUGIN_DIR with mstun and nothing else
NO_PLUGIN = STAGE / "no-plugin"  # ... with nothing
DATA = STAGE / "data"            # WIRESHARK_DATA_DIR: see stage.stage_data
PRESTARTED = STAGE / "prestarted.so"  # there only if this is a Wireshark that prestarted.c is made for

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


# Not about us: 4.6 says on stderr that it cannot decrypt every key exchange of SSH (a capture without STUN has one).
NO_COMPLAINT = re.compile(r"^.*\[packet-ssh WARNING\] .*\bssh_dissect_kex_pq_hybrid\(\).*\n?", re.MULTILINE)


class TestFailure(Exception):
    """A test's verdict, in words for the reader of the log."""


def environment(plugins, home=STAGE / "home", **more):
    """What a fresh user has: no configuration, UTC, and of all plugins the ones in this folder."""
    env = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C", "HOME": str(home),
           "WIRESHARK_CONFIG_DIR": str(home / "config"), "WIRESHARK_PLUGIN_DIR": str(plugins)}
    if "MSTUN_STAGE" in os.environ and DATA.exists():
        env["WIRESHARK_DATA_DIR"] = str(DATA)
    env.update(more)
    return env


@functools.lru_cache
def prestarted_tshark(plugins):
    """The one process of this test and these plugins that has registered all protocols."""
    return Prestarted(PRESTARTED, AS_NOBODY, env=environment(plugins), cwd=STAGE)


asked_for = set()


def is_worth_forking(command, plugins, more_environment):
    """Whether tshark is to be forked from that process. The first of a test is started: with only one, nothing is saved."""
    is_first = plugins not in asked_for
    asked_for.add(plugins)
    return (not is_first and not more_environment and not any(word.startswith(IN_NEW_PROCESS) for word in command)
            and PRESTARTED.exists())


def tshark(*arguments, plugins=PLUGIN, output=subprocess.PIPE, **more_environment):
    """The output of tshark; anything else than a quiet success fails the test. output: DEVNULL if nobody reads it."""
    command = ["tshark", *map(str, arguments)]
    if is_worth_forking(command, plugins, more_environment):
        run = prestarted_tshark(plugins).run(command, output)
    else:
        run = subprocess.run(AS_NOBODY + command, env=environment(plugins, **more_environment), cwd=STAGE,
                             stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False)
    complaints = NO_COMPLAINT.sub("", run.stderr.decode(errors="replace")).strip()
    if run.returncode != 0 or complaints:
        raise TestFailure(f"{' '.join(command)}\nended with {run.returncode} and said:\n{complaints}")
    return (run.stdout or b"").decode(errors="replace")


def require_plugin(plugins=PLUGIN, **more_environment):
    """Fails unless tshark loads the plugin; without it many a comparison would find nothing wrong. (-G plugins would
    also start every extcap program, and those hang under LD_PRELOAD.)"""
    protocols = tshark("-G", "protocols", plugins=plugins, **more_environment)
    if not any("mstun" in line.split("\t") for line in protocols.splitlines()):
        raise TestFailure(f"tshark does not load the plugin in {plugins}")


def built(cmake, generator, folder, *options):
    """The plugin folder of another build, with these options of CMake; its build folder is kept for the next time."""
    for command in ([cmake, "-S", SOURCE, "-B", folder, "-G", generator, *options, "-DBUILD_TESTING=OFF"],
                    [cmake, "--build", folder, "-j2"]):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise TestFailure(run.stdout + run.stderr)
    return Path(folder) / "plugins"


def digest(*parts):
    """A name for a result that depends on these parts, paths standing for their content."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


@functools.lru_cache
def digest_of_program(plugins):
    """Of tshark and the plugin: what a decoding depends on besides capture and arguments."""
    return digest((STAGE / "tshark-version").read_text(), *sorted(plugins.rglob("*.so")))


def decode(capture, *arguments, plugins=PLUGIN):
    """tshark's output for one capture. Several tests look at the same decoding, so it is kept, under a name made
    of everything that it depends on: the bytes of the capture and of the plugin, the arguments, tshark's version.
    Of two tests that want it at the same time, one waits."""
    kept = STAGE / "kept" / digest(digest_of_program(plugins), capture, *arguments)
    with open(kept.with_suffix(".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            output = tshark("-n", "-r", capture, *arguments, plugins=plugins)
            unfinished = kept.with_suffix(".unfinished")
            unfinished.write_text(output)
            unfinished.rename(kept)
    return kept.read_text()


def captures(pattern="*/*"):
    """All staged captures whose topic/stem matches, sorted. An empty topic folder is a mistake in the repository."""
    found = sorted(path for path in CAPTURES.glob(pattern + ".pcap*"))
    topic = pattern.split("/")[0]
    if "*" not in topic and not found and (SOURCE / "test-captures" / topic).is_dir():
        raise TestFailure(f"test-captures/{topic} has no capture")
    return found


def label(capture):
    """Who made the capture's labels.json says of it {"healthy", "cause", "expected_finding", ...}; None: nothing."""
    labels = SOURCE / "test-captures" / capture.parent.name / "labels.json"
    return json.loads(labels.read_text()).get(capture.stem) if labels.exists() else None


def label_options(capture):
    """The preferences that its label asks for, as arguments of tshark."""
    return [word for option in (label(capture) or {}).get("options", []) for word in ("-o", option)]


def is_healthy(capture):
    """Whether nothing is wrong in the capture, by its label or by healthy.txt."""
    if told := label(capture):
        return told["healthy"]
    return any(fnmatch.fnmatch(name(capture), words[0]) for words in rules("healthy.txt"))


def name(capture):
    """topic/stem, as people and CTest call a capture."""
    return f"{capture.parent.name}/{capture.stem}"


def layers(capture, *passes):
    """The frames of a capture with the lab's credentials, each a list of (protocol, tree): frame, mstun and data, what nobody
    has a name for. A tree is made of nested lists of (key, value), because a JSON object of tshark may repeat a key."""
    text = decode(capture, *passes, "-C", "lab", "-T", "json", "-J", "frame mstun data")
    return [dict(dict(packet)["_source"])["layers"] for packet in json.loads(text, object_pairs_hook=list)]


def mstun_trees(capture, *passes):
    """mstun's trees of each frame that has any: {frame number: [tree, ...]}."""
    found = {number: [tree for protocol, tree in frame if protocol == "mstun"]
             for number, frame in enumerate(layers(capture, *passes), 1)}
    return {number: trees for number, trees in found.items() if trees}


def fields(capture, names, *arguments, aggregator=","):
    """What tshark -2 -T fields shows of the frames: [{name: text}], several values of a field joined by the aggregator."""
    columns = [argument for name_ in names for argument in ("-e", name_)]
    output = decode(capture, "-2", *arguments, "-T", "fields", "-E", f"aggregator={aggregator}", *columns)
    return [dict(zip(names, line.split("\t"))) for line in output.splitlines()]


MARKS = {state: f"mstun.{state}" for state in ("unanswered", "abandoned", "pending", "half_captured")}
ENDS = [f"{layer}.{side}{port}" for side in ("src", "dst") for layer, port in
        (("ip", ""), ("ipv6", ""), ("tcp", "port"), ("udp", "port"))]


def messages(capture, *arguments):
    """Of the frames with STUN what the truth of a capture knows of them: types, ids, marks, and addresses."""
    return fields(capture, ["frame.number", "mstun.type", "mstun.id", *MARKS.values(), *ENDS], "-Y", "mstun", *arguments)


def walk(pairs):
    """All (key, value) of such trees, outer ones first."""
    if isinstance(pairs, dict):
        pairs = list(pairs.values())
    if isinstance(pairs, list):
        for entry in pairs:
            if isinstance(entry, tuple):
                yield entry
                yield from walk(entry[1])
            else:
                yield from walk(entry)


def rules(path):
    """The lines of a small list beside the captures: words, # begins a comment."""
    lines = (line.split("#")[0].split() for line in (SOURCE / "test-captures" / path).read_text().splitlines())
    return [words for words in lines if words]


def each(subjects, check):
    """Runs the check on every subject and fails at the end with all that failed, so that one run tells everything."""
    failures = []
    for subject in subjects:
        try:
            check(subject)
        except TestFailure as failure:
            failures.append(f"{name(subject)}: {failure}")
    print(f"{len(subjects)} captures, {len(failures)} failed")
    if failures:
        raise TestFailure("\n".join(failures))


def main(test, *arguments):
    """Runs a test and turns its failure into a message and an exit code."""
    try:
        test(*arguments)
    except TestFailure as failure:
        print(failure)
        sys.exit(1)
