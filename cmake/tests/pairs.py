# SPDX-License-Identifier: GPL-2.0-or-later
"""The counts of mstun.pair.* are those of the lab's own list of messages.

    pairs.py <topic>...

Compared are the checks of each connection by direction, as the plugin has them at the end of a capture. The truth names for
each message its connection and direction, not the peer behind a relay: so the pairs of one connection are added up. A check
is a transaction id; a response counts for the direction of its request.
"""
import json
import sys
from collections import Counter, defaultdict

import harness
from harness import SOURCE, TestFailure, captures, each, mstun_trees, name

REQUEST, SUCCESS, ERROR = 0x0001, 0x0101, 0x0111
COUNTS = ["requests", "successes", "errors", "unanswered", "pending"]
WAYS = ["forward", "reverse"]
NO_RESPONSE = {"unanswered": "unanswered", "unanswered_gap": "unanswered", "half_captured": "unanswered",
               "pending": "pending"}

SKIPPED = {
    "ms-turn/google-pseudo-ssl",     # see ms-turn/not-yet.txt
    "ms-turn/google-tcp",
    "ms-turn/out-of-order",          # a request whose bytes came too late to be read
    "ms-turn/rfc3489-tcp",           # asks a server for its address: no checks
    "ms-turn/rfc3489-tcp-rfc4571",
    "ms-turn/udp-beside",            # the built-in's
}


def turned(ends):
    return ends[1], ends[0]


def expected(truth):
    """(sender, receiver) of checks -> the counts, without those that are 0."""
    ids = defaultdict(lambda: defaultdict(set))
    for message in truth["messages"]:
        ends = message["client"], message["server"]
        kind, way = int(message["type"], 16), ends if message["dir"] == "c2s" else turned(ends)
        if not message.get("complete", True):
            continue
        if kind == REQUEST:
            ids[way]["requests"].add(message["id"])
            ids[way][NO_RESPONSE.get(message["state"])].add(message["id"])
        elif kind in (SUCCESS, ERROR):
            ids[turned(way)]["successes" if kind == SUCCESS else "errors"].add(message["id"])
    return {way: {count: len(found[count]) for count in COUNTS if found[count]} for way, found in ids.items()}


def messages(trees):
    """(type, pair) of each message with a pair, as dictionaries of field and value; a message may lie in another."""
    for tree in trees:
        own = dict(tree)
        if "mstun.pair_tree" in own:
            yield int(own["mstun.type"], 0), dict(own["mstun.pair_tree"])
        yield from messages([value for key, value in tree if key == "mstun"])


def ends_of(capture):
    """Frame number -> (sender, receiver), as the truth writes them."""
    ends = {}
    for row in harness.messages(capture):
        outer = [row[field].split(",")[0] for field in harness.ENDS]
        ends[int(row["frame.number"])] = tuple(f"{ip}:{tcp or udp}" if ip else f"[{ip6}]:{tcp or udp}"
                                               for ip, ip6, tcp, udp in (outer[:4], outer[4:]))
    return ends


def shown(capture):
    """The same as expected, from what the first message of each pair says of it; that one tells which way is forward."""
    ends, totals, seen = ends_of(capture), defaultdict(Counter), set()
    for number, trees in sorted(mstun_trees(capture, "-2").items()):
        for kind, pair in messages(trees):
            if pair["mstun.pair.id"] in seen:
                continue
            seen.add(pair["mstun.pair.id"])
            forward = ends[number] if kind == REQUEST else turned(ends[number])
            for way, sender in zip(WAYS, (forward, turned(forward))):
                counts = dict(pair[f"mstun.pair.{way}_tree"])
                totals[sender].update({count: int(counts[f"mstun.pair.{way}.{count}"]) for count in COUNTS})
    return {way: {count: number for count, number in found.items() if number} for way, found in totals.items()}


def check(capture):
    wanted = expected(json.loads((SOURCE / "test-captures" / f"{name(capture)}.truth.json").read_text()))
    found = shown(capture)
    wrong = [f"{ends[0]} to {ends[1]}: {found.get(ends) or 'nothing'}, should be {wanted.get(ends) or 'nothing'}"
             for ends in sorted(wanted.keys() | found.keys()) if (found.get(ends) or {}) != (wanted.get(ends) or {})]
    if wrong:
        raise TestFailure("\n  " + "\n  ".join(wrong))


def test(*topics):
    each([capture for topic in topics for capture in captures(f"{topic}/*")
          if name(capture) not in SKIPPED and (SOURCE / "test-captures" / f"{name(capture)}.truth.json").exists()], check)


if __name__ == "__main__":
    harness.main(test, *sys.argv[1:])
