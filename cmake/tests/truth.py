# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark -2 reads through mstun.* fields is what the lab knows it sent, message for message.

A capture x.pcapng of the lab has its truth beside it, x.truth.json, which no dissector had a hand in. Every message that
the truth calls complete must be there, in its frame, with its type and id; nothing else may be. Every request that the
truth calls unanswered, pending or half captured must be marked so, in its frame, and no other request. A message of which
the capture has only the beginning may be there.

Out-of-order segments reach dissectors only with tcp.reassemble_out_of_order, and when the hole is filled: there only the
messages count, not their frames.
"""
import json
import sys
from collections import Counter

import harness
from harness import MARKS, SOURCE, TestFailure, captures, each, messages, name, rules


def read_by_tshark(capture, *arguments):
    """All messages as a multiset of (frame, type, id), and for each mark the frames that have it."""
    seen, marked = Counter(), {state: [] for state in MARKS}
    for row in messages(capture, *arguments):
        number, types, ids = int(row["frame.number"]), row["mstun.type"].split(","), row["mstun.id"].split(",")
        seen.update((number, int(type_, 16), id_[-24:]) for type_, id_ in zip(types, ids) if type_)
        for state, mark in MARKS.items():
            if row[mark]:
                marked[state].append(number)
    return seen, marked


def key(message):
    return message.get("frame", message.get("first_frame")), int(message["type"], 16), message["id"][-24:]


def told(truth):
    """The messages that must be seen and those that may be."""
    there = [message for message in truth["messages"] if message.get("frame", message.get("first_frame"))]
    return (Counter(key(message) for message in there if message.get("complete", True)),
            Counter(key(message) for message in there if not message.get("complete", True)))


def marks_told(truth, states, cut):
    """The frames of requests in such a state, of each transaction the first. A response of which only the beginning
    was captured answers, if it is seen: those are in cut."""
    answered = {id_ for (_, type_, id_) in cut if type_ & 0x0100}
    first = {}
    for message in truth["messages"]:
        if message.get("state") in states and "frame" in message and message["id"][-24:] not in answered:
            first.setdefault((message["client"], message["dir"], message["id"]), message["frame"])
    return sorted(set(first.values()))


def without_frames(messages):
    result = Counter()
    for (_, type_, id_), count in messages.items():
        result[(0, type_, id_)] += count
    return result


def check(capture):
    truth = json.loads((SOURCE / "test-captures" / f"{name(capture)}.truth.json").read_text())
    out_of_order = "out-of-order" in capture.stem
    arguments = ["-o", "tcp.reassemble_out_of_order:TRUE"] if out_of_order else []
    (must, may), (seen, marked) = told(truth), read_by_tshark(capture, *arguments)
    failures = []
    if out_of_order:
        must, may, seen = map(without_frames, (must, may, seen))
    else:
        # Whether silence did harm is for findings.py.
        marked["unanswered"] = sorted(marked["unanswered"] + marked.pop("abandoned"))
        for state, found in marked.items():
            states = [state, "unanswered_gap"] if state == "half_captured" else [state]
            expected = marks_told(truth, states, seen & may)
            if found != expected:
                failures.append(f"{MARKS[state]} in frames {found}, should be in {expected}")
    failures += [f"not decoded: {message}" for message in sorted((must - seen).elements())]
    failures += [f"decoded and never sent: {message}" for message in sorted((seen - must - may).elements())]
    if failures:
        raise TestFailure("\n  " + "\n  ".join(failures))


def not_yet(topic):
    """Captures whose truth the plugin is known not to reach, with the reason beside them; they must go on failing, or
    the list is out of date."""
    path = SOURCE / "test-captures" / topic / "not-yet.txt"
    return {words[0] for words in rules(f"{topic}/not-yet.txt")} if path.exists() else set()


def check_known(known):
    def checked(capture):
        if capture.stem not in known:
            check(capture)
            return
        try:
            check(capture)
        except TestFailure:
            return
        raise TestFailure("agrees with its truth now: take it off not-yet.txt")
    return checked


def test(topic):
    subjects = [capture for capture in captures(f"{topic}/*")
                if (SOURCE / "test-captures" / f"{name(capture)}.truth.json").exists()]
    if not subjects:
        raise TestFailure(f"no capture of {topic} has a truth beside it")
    each(subjects, check_known(not_yet(topic)))


harness.main(test, *sys.argv[1:])
