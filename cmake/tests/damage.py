# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture lacks is not told as a fault of the call.

    damage.py <number of seeds> [way...]

recovery.py's captures are damaged in the ways below. Of the messages that are wholly present LEAST must be decoded, each in
the frame of its last byte; nothing may be decoded that was not sent. No request may be marked unanswered whose response is
there. No finding of severity Warn or Error may be told of a capture that has none when it is whole; of one that has, a
fault may get another name (refused, where the request that says what for is missing): those are counted and printed. All
copies of one way are in one file per link type, and no two of them share an address.
"""
import functools
import json
import random
import struct
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import harness
import recovery
from capturefile import Writer, readdressed
from harness import STAGE, TestFailure, captures, tshark
from recovery import FIN, RST, SYN, Copy, Count, decoded, judge, originals

LEAST = 0.99
# Shorter than TCP's header with its options in a SYN, without which nobody knows where a connection begins.
LEAST_OF = {"snap length 64": 0.35, "snap length 80": 0.75}
WARN = ("warn", "error")
GAP = 600            # seconds between copies
# Ways that take the end: nothing is captured behind it, so all copies are in the file's last second.
ENDS = ("cut at both ends", "ended early")


@dataclass
class Cut(recovery.Segment):
    """A segment of which the capture has only the beginning."""
    kept: int = 0    # bytes of the payload

    def captured(self):
        return len(self.front) + self.kept


def snapped(length):
    """The first bytes of each frame."""
    def way(segments, _):
        yield [Cut(**segment.__dict__, kept=max(0, min(len(segment.payload), length - len(segment.front))))
               for segment in segments]
    return way


def one_direction(segments, _):
    """Nothing of what one side sends."""
    flows = {segment.flow for segment in segments}
    for side in (0, 1):
        yield [segment for segment in segments if sorted([segment.flow, segment.flow[::-1]])[side] == segment.flow]
    if len(flows) > 2:  # and of several connections, one is there in one direction only
        flow = min(flows)
        yield [segment for segment in segments if segment.flow != flow]


def cut_at_both_ends(segments, rng):
    """The capture begins late and ends early."""
    if len(segments) > 8:
        begin, end = sorted(rng.sample(range(1, len(segments)), 2))
        yield segments[begin:end]


def ended_early(segments, rng):
    """The capture ends early."""
    yield segments[:rng.randrange(4, max(5, len(segments)))]


def tiny(segments, rng):
    """All but the first segment of a connection in pieces of a few bytes, and that one behind its cookie."""
    begun, result = set(), []
    for segment in segments:
        at = 0
        if segment.payload and frozenset(segment.flow) not in begun:
            begun.add(frozenset(segment.flow))
            at = min(len(segment.payload), rng.randrange(12, 30))
            result.append(replace(segment.part(0, at)))
        while at < len(segment.payload):
            size = rng.randrange(1, 24)
            result.append(replace(segment.part(at, at + size)))
            at += size
        if not segment.payload:
            result.append(replace(segment))
        elif segment.flags & (FIN | RST):
            for piece in result[-len(segment.payload):]:
                if piece.flow == segment.flow and piece.at + len(piece.payload) != segment.at + len(segment.payload):
                    piece.front = without_fin(piece)
    yield result


def without_fin(segment):
    front = bytearray(segment.front)
    front[segment.tcp + 13] &= ~(FIN | RST)
    return bytes(front)


WAYS = {"whole": lambda segments, _: iter([segments]),
        **{f"snap length {length}": snapped(length) for length in (64, 80, 96, 128, 160, 200)},
        "one direction": one_direction, "cut at both ends": cut_at_both_ends, "ended early": ended_early, "tiny": tiny}


class Damaged(Copy):
    """A copy whose segments may be cut."""

    def is_cut(self):
        return any(isinstance(segment, Cut) and segment.kept < len(segment.payload) for segment in self.segments)

    def present(self):
        if not self.is_cut():
            yield from super().present()
            return
        there = recovery.runs([segment.part(0, segment.kept) for segment in self.segments])
        for message in self.original.messages:
            if any(place <= message.unit_begin and message.unit_end <= place + len(run)
                   for place, run in there[message.flow]):
                yield message

    def torn(self):
        return () if self.is_cut() else super().torn()

    def answered(self):
        """The ids of the responses that are there."""
        return {message.key[1] for message in self.present() if message.key[0] & 0x100}


def write(target, link, copies):
    """As recovery.write, with time between the copies, and cut segments."""
    number = 0
    with Writer(target, link) as writer:
        for copy, damaged in enumerate(copies):
            damaged.first_frame = number + 1
            start, step = (1600000000000000 + 10 * number, 10) if damaged.way in ENDS else (
                (1600000000 + GAP * copy) * 1000000, 1000)
            for place, segment in enumerate(damaged.segments):
                frame = readdressed(segment.bytes(), link, copy)
                kept = segment.captured() if isinstance(segment, Cut) else len(frame)
                writer.add(start + place * step, frame[:kept], len(frame))
                number += 1


def whose(copies, frame):
    return next(copy for copy in reversed(copies) if copy.first_frame <= frame)


def falsely_unanswered(target, copies):
    """(copy, words) for each request with the mark whose response is there."""
    output = tshark("-n", "-2", "-r", target, "-Y", "mstun.unanswered", "-T", "fields", "-E", "aggregator=,", "-e",
                    "frame.number", "-e", "mstun.id")
    for line in output.splitlines():
        frame, ids = line.split("\t")
        copy = whose(copies, int(frame))
        if set(id_[-24:] for id_ in ids.split(",")) <= copy.answered():
            yield copy, f"marked unanswered: frame {int(frame) - copy.first_frame + 1}"


def findings(target, copies):
    """{copy's place: {finding: words}} of severity Warn."""
    found = defaultdict(dict)
    for line in tshark("-n", "-q", "-r", target, "-z", "mstun,findings,json").splitlines():
        row = json.loads(line) if line.startswith("{") else {}
        if row.get("severity") in WARN:
            for frame in row["frames"]:
                copy = whose(copies, frame)
                found[id(copy)].setdefault(row["finding"], f"frame {frame - copy.first_frame + 1}: {row['text']}")
    return found


@functools.lru_cache
def told_alone(capture):
    """The findings of severity Warn of the capture by itself. In the file of all copies another one may excuse it: some
    captures have the same ICE credentials, so that they are one session, in which a pair works."""
    (path,) = captures(capture)
    rows = [json.loads(line) for line in tshark("-n", "-q", "-r", path, "-z", "mstun,findings,json").splitlines()
            if line.startswith("{")]
    return {row["finding"] for row in rows if row.get("severity") in WARN}


def main(seeds, *ways):
    total, wrong, false = defaultdict(Count), [], Counter()
    usual, usable = {}, originals()
    work = STAGE / "damage"
    work.mkdir(exist_ok=True)
    work.chmod(0o755)
    for way, spoil in WAYS.items():
        if ways and way not in ways and way != "whole":
            continue
        for link in sorted({original.link for original in usable}):
            copies = [Damaged(original, way, seed, segments, [])
                      for original in usable if original.link == link
                      for seed in range(int(seeds) if way in ("cut at both ends", "ended early", "tiny") else 1)
                      for segments in spoil(original.segments, random.Random(f"{original.name} {way} {seed}")) if segments]
            target = work / f"{way.replace(' ', '-')}-{link}.pcap"
            write(target, link, copies)
            frames, told = decoded(target), findings(target, copies)
            for copy in copies:
                where = f"{copy.original.name}, {way}, seed {copy.seed}, {target.name} from {copy.first_frame}"
                wrong += [f"{where}: {what}" for what in judge(copy, frames, total[way])]
                if way == "whole":
                    usual[copy.original.name] = set(told[id(copy)])
                for finding, words in told[id(copy)].items():
                    if finding not in usual[copy.original.name] | told_alone(copy.original.name):
                        what = "renamed" if usual[copy.original.name] | told_alone(copy.original.name) else "findings"
                        false[way, what] += 1
                        wrong.append(f"{where}: {what}: told {finding}, {words}")
            for copy, words in falsely_unanswered(target, copies):
                false[way, "unanswered"] += 1
                wrong.append(f"{copy.original.name}, {way}, {target.name} from {copy.first_frame}: {words}")
    failures = []
    for way, count in total.items():
        share = count.found / max(count.present, 1)
        line = (f"{way:18} {count.found:6} of {count.present:6} messages, {100 * share:6.2f} %; before that {count.early_found} "
                f"of {count.early}; {count.invented} invented; {false[way, 'unanswered']} falsely unanswered; "
                f"{false[way, 'findings']} false findings, {false[way, 'renamed']} in captures with others")
        print(line)
        if share < LEAST_OF.get(way, LEAST) or count.invented or false[way, "unanswered"] or false[way, "findings"]:
            failures.append(line)
    print(*wrong, sep="\n")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
