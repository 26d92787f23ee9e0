# SPDX-License-Identifier: GPL-2.0-or-later
"""What the makers of test-captures/pairs share: a capture's case (what the lab did, and the finding that must name it),
the reading of messages inside of Send, Data and ChannelData, and the truth file."""
import struct
from collections import Counter, namedtuple

import count
import lab
import msread
import stunmsg

TOPIC = "pairs"

# make(name) makes the capture and gives a Made; first: the finding that must stand in the first row, None where nothing
# is wrong; also: findings that must stand in other rows (a second fault, which is none of the first's consequences).
Case = namedtuple("Case", "make cause first also", defaults=[()])

# made: "agents" (libnice's ICE agents on both ends), "library" (libnice's STUN library encodes, answers and verifies
# the checks, the lab says when), "script" (the lab plays one side); log: what the ends of the lab say they sent, or
# None; ms: Microsoft's relay; how: what else the truth should tell.
Made = namedtuple("Made", "made log ms how", defaults=[None, False, {}])


def row(unit, msg, framing, inside=None):
    kind = struct.unpack(">H", msg[:2])[0]
    return {"frame": unit["frame"], "client": unit["client"], "server": unit["server"], "dir": unit["dir"],
            "framing": framing, "inside": inside, "type": f"0x{kind:04x}", "name": count.type_name(kind),
            "id": msg[8:20].hex()}


def rows_of(unit):
    """The messages of a unit of count.py: the one that it is, and the one that it carries."""
    data = unit["bytes"]
    if unit["kind"] == "channel":
        inner, inside = data[4:4 + struct.unpack(">H", data[2:4])[0]], "ChannelData"
    elif unit["kind"] in ("bare", "rfc4571"):
        yield row(unit, data, unit["kind"])
        inner, inside = stunmsg.parse(data)[2].get(stunmsg.DATA, b""), "DATA"
    else:
        return
    if count.stun_at(inner, 0, False) == len(inner) > 0:
        yield row(unit, inner, "packet", inside)


def read(name, ms):
    path = lab.path(TOPIC, name + ".pcapng")
    if ms:
        return msread.read(path)[0]
    return [r for unit in count.units(path) for r in rows_of(unit)]


def endings(path):
    """The connections that were closed or reset, and the time of each frame."""
    closed, frames = set(), list(count.read_frames(path))
    for _, _, link, _, data in frames:
        segment = count.tcp_segment(link, data)
        if segment and segment[3] & 5:
            closed.add(frozenset(segment[:2]))
    return closed, [t for _, t, *_ in frames]


def settle(name, rows):
    """What became of each request. A check that is open at the end of the capture is pending for some seconds; the
    makers leave none in doubt."""
    closed, times = endings(lab.path(TOPIC, name + ".pcapng"))
    for m in msread.settle(rows):
        if m.get("state") != "unanswered" or frozenset((m["client"], m["server"])) in closed:
            continue
        waited = times[-1] - times[m["frame"] - 1]
        if 2 < waited < 10:
            raise RuntimeError(f"{name}: a request that is neither unanswered nor pending, open for {waited:.1f} s")
        m["state"] = "pending" if waited <= 2 else "unanswered"


def compare(name, rows, log):
    seen = Counter((m["dir"], m["type"], m["id"][-24:]) for m in rows)
    said = Counter((m["dir"], m["type"], m["id"][-24:]) for m in log)
    if seen != said:
        raise RuntimeError(f"{name}: only in the capture: {seen - said}; only in the log: {said - seen}")


def finish(name, case, made):
    rows = read(name, made.ms)
    settle(name, rows)
    if made.log is not None:
        compare(name, rows, made.log)
    source = "the log of both ends" if made.log is not None else "the TCP streams, read without Wireshark"
    msread.write_truth(TOPIC, name, rows, [], source, cause=case.cause, first_finding=case.first,
                       also=list(case.also), made=made.made, **made.how)
    states = Counter(m["state"] for m in rows if "state" in m)
    print("  ", len(rows), "messages,", dict(states), case.first or "healthy")
