# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept of a file depends on nothing but the file and the preferences.

In one sharkd (sharkd.py), with the lab's credentials, every answer is the same byte for byte

    order         in whatever order the frames are visited after the first pass; some captures: as `tshark -2` shows them
    reload        when the file is loaded again, whatever file came before: each capture behind its neighbours in the
                  alphabet from either side (many have the same 5-tuples and ids); some: in a process of its own,
                  before and behind a capture that has only its first half, and behind others' TLS, whose heuristic
                  Wireshark then asks first
    preferences   when preferences have been changed and changed back, with or without loading the file anew in between;
                  and with a preference changed, as in a fresh process that finds it in its file of preferences
    duplicates    every packet captured twice: the messages and the findings are the original's, no request is unanswered and
                  no direction silent for it; and `editcap -d` gives the original
    merged        a capture and the same one an hour later in one file, on other connections of TCP and on the same ones:
                  both halves have the messages of the original and their links, none to the other half

    invariants.py <one of them> [<n>: every n-th capture]

Of captures with very many frames a fixed choice of frames is visited; all are in the first pass."""
import itertools
import json
import random
import re
import shutil
import struct
import subprocess
import sys

import harness
import wireshark
from capturefile import later, records, with_sequence_moved
from harness import CAPTURES, STAGE, TestFailure, captures, decode, each, name
from sharkd import REPORTS, WITH_CREDENTIALS, Sharkd, require_plugin

HOUR = 3600
SEED = 20240229
# Copies confuse Wireshark's TCP: it counts the FIN of a first packet only in its copy; and it hands on one of the segments
# that were sent again.
CONFUSES_TCP = {"broken/peer-with-servers-port", "newuser/lossy", "newuser/mtu-blackhole"}
STEP = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def choice(frames, most):
    """At most so many of the frames' numbers, spread evenly."""
    step = -(-frames // most) if frames else 1
    return list(range(1, frames + 1, step))


def every(number, found=None):
    """A fixed choice of the captures."""
    return (found or captures())[::number]


def lines_of(nodes):
    """The lines of a tree, outer ones first, without what TCP learns on later visits too."""
    for node in nodes:
        if not node.get("f", "").startswith("tcp.completeness"):
            yield node["l"].strip("[] ")
            yield from lines_of(node.get("n", []))


def of_mstun(nodes):
    """The layers that are the plugin's."""
    return [node for node in nodes if node.get("t") == "proto" and node.get("f") == "mstun"]


def essence(answer):
    """All lines and columns of a frame. Decrypting, Wireshark learns on later visits what it then shows: there, only what
    the plugin shows."""
    nodes = answer["tree"]
    if any(node.get("f") in ("tls", "dtls") for node in nodes):
        return list(lines_of(of_mstun(nodes)))
    return list(lines_of(nodes)) + answer["col"]


def same_lines(left, right, what):
    """Fails with the first line that differs."""
    for one, other in itertools.zip_longest(left, right, fillvalue="(the end)"):
        if one != other:
            raise TestFailure(f"{what}:\n- {one}\n+ {other}")


def same(left, right, what):
    """Fails with what differs first in two answers about the same frame or report."""
    if left == right:
        return
    answers = [json.loads(answer)["result"] for answer in (left, right)]
    same_lines(*(essence(answer) if "tree" in answer else [json.dumps(answer)] for answer in answers), what)


def look(sharkd, capture, most=150, reports=REPORTS):
    """Loads a capture: {what: answer} of its frames and reports."""
    frames = sharkd.load(capture)
    answers = {f"frame {number}": sharkd.frame(number) for number in choice(frames, most)}
    return answers | {report: sharkd.report(report) for report in reports}


def compare(left, right, words):
    """Of two looks at the same capture; words say what was done in between."""
    if left.keys() != right.keys():
        raise TestFailure(f"{words}: other frames")
    for what, answer in left.items():
        same(answer, right[what], f"{words}: {what}")


# ---- order ----

def shown_by_tshark(capture):
    """{frame: [line]} of mstun's layers in `tshark -2 -V`."""
    frames, lines, ours = {}, [], False
    for line in decode(capture, "-2", "-V", "-C", "lab").splitlines():
        if line.startswith("Frame "):
            lines = frames[len(frames) + 1] = []
        if line[:1].strip():
            ours = line.lstrip("[").startswith("MSTUN,")
        if ours and line:
            lines.append(line.strip(" []"))
    return frames


def order():
    """All captures; in every seventh of them tshark's two passes as well."""
    rng = random.Random(SEED)
    with_tshark = set(every(7, every(STEP)))
    with Sharkd() as sharkd:

        def check(capture):
            numbers = choice(sharkd.load(capture), 400)
            if wireshark.remembers(name(capture)):
                return
            first = {number: sharkd.frame(number) for number in numbers}
            for number in numbers[::-1]:
                same(first[number], sharkd.frame(number), f"in order, then backwards: frame {number}")
            sharkd.load(capture)  # what was written on those visits is forgotten
            for number in rng.sample(numbers, len(numbers)):
                same(first[number], sharkd.frame(number), f"in order, and loaded anew at random: frame {number}")
            if capture in with_tshark:
                shown = shown_by_tshark(capture)
                for number, answer in first.items():
                    ours = list(lines_of(of_mstun(json.loads(answer)["result"]["tree"])))
                    same_lines(ours, shown[number], f"sharkd and tshark -2: frame {number}")

        each(every(STEP), check)
    print(f"{len(with_tshark)} of them as tshark -2 shows them")


# ---- reload ----

def reload():
    """See above."""
    seen = {}
    with Sharkd() as sharkd:

        def twice(capture):
            seen[capture] = look(sharkd, capture)
            compare(seen[capture], look(sharkd, capture), "loaded twice")

        each(every(STEP), twice)
    with Sharkd() as sharkd:
        each(every(STEP)[::-1], lambda capture: compare(seen[capture], look(sharkd, capture), "behind another file"))

    def alone(capture):
        with Sharkd() as sharkd:
            compare(seen[capture], look(sharkd, capture), "behind other files and alone")

    each(every(12, every(STEP)), alone)
    work = workshop("reload")

    def between_halves(capture):
        header, found = records(capture)
        half = write(work, "half", header, found[:len(found) // 2])
        with Sharkd() as sharkd:
            fresh = look(sharkd, half)
            compare(seen[capture], look(sharkd, capture), "alone and behind its first half")
            compare(fresh, look(sharkd, half), "the first half alone and behind the whole")

    each(every(12, every(STEP)[6:]), between_halves)
    with Sharkd() as sharkd:

        def behind_tls(capture):
            with Sharkd() as alone_with_it:
                fresh = look(alone_with_it, capture)
            sharkd.load(CAPTURES / "no-stun" / "tls10-gnutls-40443.pcapng")
            compare(fresh, look(sharkd, capture), "behind TLS")

        each(captures("ms-turn/*40443*"), behind_tls)


def workshop(test):
    """A folder for files that are made; readable by the unprivileged user."""
    folder = STAGE / "invariants" / test
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for made in (folder, folder.parent):
        made.chmod(0o755)
    return folder


def write(folder, stem, header, found):
    """A pcap file of these records."""
    target = folder / f"{stem}.pcap"
    target.write_bytes(header + b"".join(found))
    target.chmod(0o644)
    return target


# ---- preferences ----

# Preference, another value, its default. No value is Wireshark's own default for a fresh user.
PREFERENCES = [
    ("mstun.dialect", "rfc5389", "auto"),
    ("mstun.dialect", "ms-turn", "auto"),
    ("mstun.udp", "all", "microsoft"),
    ("mstun.udp", "none", "microsoft"),
    ("mstun.shared_ports", "1-1023", "1-65535"),
    ("tcp.desegment_tcp_streams", "FALSE", "TRUE"),
    ("tcp.relative_sequence_numbers", "FALSE", "TRUE"),
    ("tcp.analyze_sequence_numbers", "FALSE", "TRUE"),
    ("tcp.reassemble_out_of_order", "TRUE", "FALSE"),
    ("tcp.try_heuristic_first", "TRUE", "FALSE"),
]
OF_PREFERENCES = 40  # frames of a capture


def profile(work, number, preference, value):
    """A folder of configuration with the preference in its file, and the lab's credentials."""
    folder = work / str(number)
    shutil.copytree(WITH_CREDENTIALS, folder)
    (folder / "preferences").write_text(f"{preference}: {value}\n")
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder


def preferences():
    """Every twelfth capture with each of PREFERENCES."""
    chosen, work = every(12 * STEP), workshop("preferences")
    fresh = {}
    for number, (preference, value, _) in enumerate(PREFERENCES):
        with Sharkd(config=profile(work, number, preference, value)) as sharkd:
            for capture in chosen:
                fresh[capture, number] = look(sharkd, capture, OF_PREFERENCES)
    differing = sum(fresh[capture, number] != fresh[capture, 0] for capture, number in fresh)
    with Sharkd() as sharkd:

        def there_and_back(capture, before, number):
            preference, value, default = PREFERENCES[number]
            words, frames = f"{preference}:{value}", [what for what in before if what.startswith("frame ")]
            sharkd.set(preference, value)
            for what in frames:  # with what the first pass has found under the other value
                sharkd.frame(int(what[6:]))
            sharkd.set(preference, default)
            if preference != "mstun.udp":  # whose a 5-tuple is, Wireshark decides in a first pass: it makes one at a change
                for what in frames:
                    same(before[what], sharkd.frame(int(what[6:])), f"{words} and back, not loaded anew: {what}")
            sharkd.set(preference, value)
            compare(fresh[capture, number], look(sharkd, capture, OF_PREFERENCES), f"{words} in a fresh process, and set")
            sharkd.set(preference, default)
            compare(before, look(sharkd, capture, OF_PREFERENCES), f"{words} and back")

        def check(capture):
            before = look(sharkd, capture, OF_PREFERENCES)
            for number, (preference, _, default) in enumerate(PREFERENCES):
                try:
                    there_and_back(capture, before, number)
                finally:
                    sharkd.set(preference, default)

        each(chosen, check)
    print(f"{len(PREFERENCES)} preferences, {differing} looks differ from that with {PREFERENCES[0][0]}:{PREFERENCES[0][1]}")
    if not differing:
        raise TestFailure("no preference changes anything")


# ---- duplicates, merged ----

IDS = re.compile(rb"mstun\.id == ([0-9a-f:]+)")


# Where a message points to.
LINKS = re.compile(rb'"(mstun\.(?:response_in|response_to|retransmission_of|alternate_of|path\.previous|path\.next)) == (\d+)"')


def messages(sharkd, numbers, before=0):
    """{frame: (ids, links)} of these frames behind so many others, which do not count."""
    answers = {number: sharkd.frame(before + number) for number in numbers}
    return {number: (set(IDS.findall(answer)), [(field, int(to) - before) for field, to in LINKS.findall(answer)])
            for number, answer in answers.items()}


def findings(sharkd):
    """The names of what the report of findings has, explained ones too."""
    rows = sharkd.rows("findings")
    return {row["Finding"] for row in rows} | {word for row in rows for word in row["Explains"].split(", ") if word}


def first_of_two(sharkd, numbers):
    """The ids in these frames, where every packet comes twice."""
    return {(number + 1) // 2: seen for number, (seen, _) in messages(sharkd, [2 * number - 1 for number in numbers]).items()}


def without_duplicates(folder, capture):
    """What editcap leaves of it, as bytes of a pcap file."""
    target = folder / "without.pcap"
    subprocess.run(["editcap", "-F", "pcap", "-d", capture, target], check=True, capture_output=True)
    return target.read_bytes()


def duplicates():
    """All captures. What editcap leaves is the same file, so that there is nothing to decode once more."""
    work = workshop("duplicates")
    decoded = 0
    with Sharkd() as sharkd:

        def check(capture):
            nonlocal decoded
            if name(capture) in CONFUSES_TCP:
                return
            header, found = records(capture)
            once = write(work, "once", header, found)
            twice = write(work, "twice", header, [record for record in found for _ in range(2)])
            numbers = choice(sharkd.load(once), 80)
            if wireshark.is_confused_by_copies() and sharkd.matching("tcp.segments"):
                return
            originals, wanted = messages(sharkd, numbers), findings(sharkd)
            sharkd.load(twice)
            for number, seen in first_of_two(sharkd, numbers).items():
                if seen != originals[number][0]:
                    raise TestFailure(f"the first packet {number} of two: {seen}, in the original {originals[number][0]}")
                decoded += len(seen)
            if findings(sharkd) != wanted:
                raise TestFailure(f"duplicated: {sorted(findings(sharkd))}, in the original {sorted(wanted)}")
            if without_duplicates(work, twice) != without_duplicates(work, once):
                raise TestFailure("editcap -d does not give the original")

        each(every(STEP), check)
    if not decoded:
        raise TestFailure("no message was compared")
    print(f"{decoded} messages")


def an_hour_later(header, found):
    """A second time, on other connections of TCP: their sequence numbers tell."""
    (link,) = struct.unpack_from("=I", header, 20)
    return [with_sequence_moved(later(record, HOUR), link, 1 << 24) for record in found]


def merged_is_twice(sharkd, work, header, found, may_lose):
    """The file with the capture in it twice: ids, links; may_lose: of the second time."""
    frames = sharkd.load(write(work, "once", header, found))
    numbers = choice(frames, 25)
    alone = messages(sharkd, numbers)
    sharkd.load(write(work, "merged", header, found + an_hour_later(header, found)))
    for before in (0, frames):
        for number, (seen, tied) in messages(sharkd, numbers, before).items():
            wanted, wanted_ties = alone[number]
            strict = not (may_lose and before)
            if strict and not wanted <= seen:
                raise TestFailure(f"frame {number} + {before}: {seen}, alone {wanted}")
            if (strict and wanted == seen and tied != wanted_ties) or not all(0 < to <= frames for _, to in tied):
                raise TestFailure(f"frame {number} + {before}: {tied}, alone {wanted_ties}")


# Captures which, a second time on the same connections of TCP, lose messages: the first one behind the jump comes in parts
# that prove no boundary; Wireshark's TCP takes the numbers for old ones, and hands nothing on; what MS-TURN's units are
# made of was learned in the first half. Or have more: what the connection is was not known yet when they came first.
LOSE = {"tcp/bare-three-segments", "tcp/bare-one-byte-3478", "tcp/bare-one-byte-unknown-port",
        "tcp/rfc4571-one-byte-3478", "tcp/rfc4571-one-byte-unknown-port", "tcp/bare-reused", "tcp/bare-reused-open",
        "tcp/rfc4571-reused", "tcp/rfc4571-reused-open", "ms-turn/multiplexed-tcp-in-0x03",
        "no-stun/http-stun-body-80", "no-stun/http-stun-body-framed-80", "reported/rfc3489-no-cookie-tcp"}
# And one that was found by fuzzing: no message of it is where one should be, not even on connections of its own.
FUZZED = {"broken/peer-with-servers-port"}


def merged():
    """All captures; those of TCP also without the segments that open and close connections, so that both halves are on
    the same ones."""
    work = workshop("merged")
    with Sharkd() as sharkd:

        def check(capture):
            header, found = records(capture)
            sharkd.load(capture)
            marks = sharkd.matching("tcp.flags.syn == 1 || tcp.flags.fin == 1 || tcp.flags.reset == 1")
            merged_is_twice(sharkd, work, header, found, name(capture) in FUZZED)
            if marks:
                unmarked = [record for number, record in enumerate(found, 1) if number not in marks]
                merged_is_twice(sharkd, work, header, unmarked, name(capture) in LOSE | FUZZED)

        each(every(STEP), check)


def main(test, _step=None):
    """One of the tests above, where there is something to test."""
    require_plugin()
    {"order": order, "reload": reload, "preferences": preferences, "duplicates": duplicates, "merged": merged}[test]()


if __name__ == "__main__":
    harness.main(main, sys.argv[1])
