# SPDX-License-Identifier: GPL-2.0-or-later
"""Which relayed connection a frame belongs to, as tshark -2 tells it, against what the lab knows it made.

The truth of a capture names its allocations and connections by addresses; its messages have frame numbers. From both
follows for every frame what mstun.turn.* must say, link for link:

    announcement     the Connect success or ConnectionAttempt: whose connection, and where it was bound
    bind             ConnectionBind: the same, and where it was announced
    data connection  whatever it carries, from the bind on: for whom it is relayed
    beyond           the connection between relay and peer, where the capture has it: the same
    control          each message behind the Allocate success: the relayed address

and of all other frames nothing. Between two legs mstun.path.* must lead from each sighting of a message to the next, in
the order of the frames. The frames that are no STUN are counted by what they are; of a packet of RTP that is alone in its
direction nobody can be certain, and its frame says "may be RTP".
"""
import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal

import harness
from harness import SOURCE, TestFailure, captures, decode, each, name

BINDING, BIND, BOUND, ALLOCATED, CONNECTED, ATTEMPT = 0x0001, 0x000B, 0x010B, 0x0103, 0x010A, 0x001C
ANNOUNCEMENTS = {"Connect success": CONNECTED, "ConnectionAttempt": ATTEMPT}
RFC4571, RELAYED = "2", "4"

LINKS = ["connection_id", "turn.relayed_for", "turn.client", "turn.relay", "turn.peer", "turn.control_stream",
         "turn.data_stream", "turn.announced_in", "turn.bound_in", "turn.bind_delay"]
PATH = ["path.previous", "path.next", "path.time"]
OWN = [f"mstun.{field}" for field in ["framing", *LINKS, *PATH]]
GENERAL = ["frame.number", "frame.time_epoch", "frame.protocols", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport",
           "tcp.stream", "tcp.len", "tcp.analysis.retransmission", "tcp.reassembled_in", "mstun.type", "_ws.col.Info"]


class Frame:
    """A line of tshark: general facts, and of each field of ours all values in their order."""

    def __init__(self, line):
        values = dict(zip(GENERAL + OWN, line.split("\t")))
        self.number, self.time = int(values["frame.number"]), Decimal(values["frame.time_epoch"])
        self.protocols, self.stream = values["frame.protocols"].split(":"), values["tcp.stream"]
        self.source = f"{values['ip.src']}:{values['tcp.srcport']}"
        self.target = f"{values['ip.dst']}:{values['tcp.dstport']}"
        self.has_bytes = values["tcp.len"] not in ("", "0") and not values["tcp.analysis.retransmission"]
        self.goes_on = bool(values["tcp.reassembled_in"])
        types = [int(type_, 16) for type_ in values["mstun.type"].split("|") if type_]
        self.names_peer = any(type_ in (0x0008, 0x0009, 0x000A) for type_ in types)  # requests that carry it
        self.is_error = any(type_ & 0x0110 == 0x0110 for type_ in types)
        self.may_be_rtp = values["_ws.col.Info"].count("may be RTP")
        self.own = {field[6:]: values[field].split("|") if values[field] else [] for field in OWN}


def read(capture):
    columns = [argument for field in GENERAL + OWN for argument in ("-e", field)]
    output = decode(capture, "-2", "-T", "fields", "-E", "aggregator=|", *columns)
    return {frame.number: frame for frame in map(Frame, output.splitlines())}


def kind(message):
    return int(message["type"], 16)


class Lab:
    """The truth, and what of it the frames' numbers tell: see the properties of a connection in settle()."""

    def __init__(self, truth, frames):
        self.frames = frames
        self.messages = [message for message in truth["messages"] if message.get("frame")]
        self.allocations = [a for a in truth.get("allocations", []) if a["relay"]]
        self.repeated = truth.get("repeated", [])
        self.others = truth.get("other_frames", [])
        self.connections = [c for c in truth.get("connections", []) if "id" in c]
        self.unbound = [c for c in truth.get("connections", []) if "id" not in c and "data" in c]
        for allocation in self.allocations:
            sent = self.sent(allocation["control"], allocation["server"], ALLOCATED)
            allocation["frame"] = sent[0] if sent else 0
        announced, bound = defaultdict(list), defaultdict(list)
        for connection in self.connections:
            self.settle(connection, announced, bound)
        for connection in self.unbound:
            connection["stream"] = next(f.stream for f in frames.values() if connection["data"] in (f.source, f.target))

    def sent(self, client, server, *kinds):
        """The frames of such messages on this connection, in order."""
        return [m["frame"] for m in self.messages
                if (m["client"], m["server"]) == (client, server) and kind(m) in kinds]

    def settle(self, connection, announced, bound):
        """The frames of its announcement and bind. The truth has connections in the order of their announcements on
        a control connection, and in the order of binds where two data connections came from one port."""
        control, data = connection.get("control"), connection.get("data")
        server = connection.get("server") or next(
            (a["server"] for a in self.allocations if a["control"] == control), None)
        connection.update(announcement=0, bind_frame=0, bound_frame=0, stream=None)
        if control:
            before = announced[control, server]
            connection["announcement"] = self.sent(control, server, *ANNOUNCEMENTS.values())[len(before)]
            before.append(connection)
            shown = next(m for m in self.messages if m["frame"] == connection["announcement"]
                         and kind(m) in ANNOUNCEMENTS.values())
            if kind(shown) != ANNOUNCEMENTS[connection["announced"]]:
                raise TestFailure(f"the truth's announcement of {connection['id']} is not in its order")
        if data:
            before = bound[data, server]
            connection["bind_frame"] = self.sent(data, server, BIND)[len(before)]
            if connection.get("bind") == "success":
                connection["bound_frame"] = self.sent(data, server, BOUND)[len(before)]
            before.append(connection)
            connection["stream"] = self.frames[connection["bind_frame"]].stream

    def links(self, connection):
        """What every frame of the connection says."""
        announcement = self.frames[connection["announcement"]]
        links = {"connection_id": connection["id"], "turn.client": connection["control"],
                 "turn.relay": connection["relay"], "turn.peer": connection["peer"],
                 "turn.control_stream": announcement.stream, "turn.announced_in": str(announcement.number)}
        if connection["bind_frame"]:
            links["turn.data_stream"] = connection["stream"]
        if connection["bound_frame"]:
            links["turn.bound_in"] = str(connection["bound_frame"])
            links["turn.bind_delay"] = f"{self.frames[connection['bound_frame']].time - announcement.time:f}"
        return links


def relayed_for(connection, beyond=False):
    return (f"{connection['control']} to {connection['peer']}, connection id {connection['id']}"
            + (", on the leg beyond the server" if beyond else ""))


def expect_control(lab, wanted):
    for allocation in lab.allocations:
        for message in lab.messages:
            ends = message["client"], message["server"]
            if ends == (allocation["control"], allocation["server"]) and 0 < allocation["frame"] < message["frame"]:
                wanted[message["frame"]].update({"turn.relay": allocation["relay"]})


def expect_binds(lab, wanted):
    """Binds whose announcement was never sent, or not captured; or with an id that is bound already."""
    known = {connection["bind_frame"] for connection in lab.connections if connection["announcement"]}
    for message in lab.messages:
        if kind(message) == BIND and message["frame"] not in known:
            shown = lab.frames[message["frame"]].own["connection_id"]
            never = [c for c in lab.connections if not c["announcement"]]
            meant = never or [c for c in lab.connections if [c["id"]] == shown]
            if len(meant) != 1:
                raise TestFailure(f"frame {message['frame']}: a bind with an id that was never sent, {shown}")
            wanted[message["frame"]].update({"connection_id": meant[0]["id"]} if never else lab.links(meant[0]))


def is_decoded(frame):
    return "mstun" in frame.protocols


def expect_connection(lab, connection, wanted):
    links = lab.links(connection)
    ends = {connection["relay"], connection["peer"]}
    for number in (connection["announcement"], connection["bind_frame"], connection["bound_frame"]):
        if number:
            wanted[number].update(links)
    for frame in lab.frames.values():
        carries = frame.stream == connection["stream"] and frame.number >= connection["bind_frame"] > 0
        beyond = {frame.source, frame.target} == ends and frame.number > connection["announcement"]
        if not is_decoded(frame) or not (carries or beyond):
            continue
        wanted[frame.number].update(links)
        only_bind = [frame.number] in ([connection["bind_frame"]], [connection["bound_frame"]]) \
            and set(frame.own["framing"]) == {"1"}
        if not only_bind:
            wanted[frame.number]["turn.relayed_for"] = relayed_for(connection, beyond)


def expected(lab):
    """For each frame the value of each link; a frame does not point at itself."""
    wanted = defaultdict(dict)
    expect_control(lab, wanted)
    expect_binds(lab, wanted)
    for connection in lab.connections:
        if connection["announcement"]:
            expect_connection(lab, connection, wanted)
    for number, links in wanted.items():
        for field in ("turn.announced_in", "turn.bound_in"):
            if links.get(field) == str(number):
                del links[field]
    return wanted


def compare_links(lab):
    wanted = expected(lab)
    for number, frame in lab.frames.items():
        for field in LINKS:
            values, value = set(frame.own[field]), wanted[number].get(field)
            if field == "turn.peer" and (frame.is_error or frame.names_peer) and not value:
                continue  # the peer that the request is about, whether or not a connection came of it
            if values != ({value} if value else set()):
                yield f"frame {number}: mstun.{field} is {', '.join(sorted(values)) or 'missing'}, should be " \
                      f"{value or 'missing'}"


def compare_paths(lab):
    """Each message on a data connection or beyond, and the same (id, type, and which format of it) on another leg. What
    is sent a second time byte for byte is linked to its first copy, not from leg to leg."""
    sightings, copies = defaultdict(list), Counter()
    for message in lab.messages:
        leg = message["client"], message["server"], message["dir"], message["id"], message["type"]
        again = copies[leg] and message["id"] in lab.repeated
        if kind(message) & ~0x0110 == BINDING and not again:
            sightings[message["id"], message["type"], copies[leg]].append(message["frame"])
            copies[leg] += 1
    wanted = {number: {field: [] for field in PATH} for number in lab.frames}
    for way in sorted(sightings.values()):
        for left, right in zip(way, way[1:]):
            wanted[left]["path.next"].append(str(right))
            wanted[right]["path.previous"].append(str(left))
            wanted[right]["path.time"].append(f"{lab.frames[right].time - lab.frames[left].time:f}")
    for number, frame in lab.frames.items():
        for field in PATH:
            if frame.own[field] != wanted[number][field]:
                yield f"frame {number}: mstun.{field} is {frame.own[field]}, should be {wanted[number][field]}"


def of_rtp(frames):
    """How many packets of RTP were found; one that is not certain counts where it is the only one of its direction."""
    certain, uncertain = Counter(), Counter()
    for frame in frames:
        certain[frame.source, frame.target] += frame.protocols.count("rtp")
        uncertain[frame.source, frame.target] += frame.may_be_rtp
    return sum(certain.values()) + sum(uncertain[way] for way in uncertain if certain[way] == 0 and uncertain[way] == 1)


def compare_media(lab):
    """What the connections carry besides STUN, by kind, as often as it was sent, on each leg."""
    streams = {connection["stream"] for connection in lab.connections if connection["bound_frame"]}
    streams |= {connection["stream"] for connection in lab.unbound}
    beyond = {frame.stream for frame in lab.frames.values() for c in lab.connections
              if {frame.source, frame.target} == {c.get("relay"), c.get("peer")} and frame.has_bytes}
    sent = Counter(what for _, what, _ in lab.others)
    for legs in filter(None, (streams, beyond)):
        frames = [frame for frame in lab.frames.values() if frame.stream in legs]
        read_ = +Counter({"rtp": of_rtp(frames), **{what: sum(frame.protocols.count(what) for frame in frames)
                                                    for what in ("rtcp", "dtls")}})
        units = sum(frame.own["framing"].count(RFC4571) for frame in frames)
        checks = sum(1 for message in lab.messages if lab.frames[message["frame"]].stream in legs
                     and kind(message) & ~0x0110 == BINDING)
        if sent and (read_ != sent or units != checks + sum(sent.values())):
            yield f"streams {sorted(legs)} carry {dict(read_)} and {units} units, should carry {dict(sent)} and " \
                  f"{checks} messages"


def compare_raw(lab):
    """A connection that carries nothing of ours: all its bytes are known as relayed, if its bind was captured, and
    Wireshark's own dissector reads them."""
    for connection in lab.connections + lab.unbound:
        for frame in lab.frames.values():
            begun = connection["stream"] == frame.stream and frame.number > connection.get("bound_frame", 0)
            if "carries" not in connection or not begun or not frame.has_bytes or frame.goes_on:
                continue
            relayed = RELAYED in frame.own["framing"]
            if relayed != ("id" in connection) or connection["carries"] not in frame.protocols:
                yield f"frame {frame.number} is {':'.join(frame.protocols)}, should be relayed {connection['carries']}"


def check(capture):
    truth = json.loads((SOURCE / "test-captures" / f"{name(capture)}.truth.json").read_text())
    lab = Lab(truth, read(capture))
    failures = [*compare_links(lab), *compare_paths(lab), *compare_media(lab), *compare_raw(lab)]
    if failures:
        raise TestFailure("\n  " + "\n  ".join(failures))


def test(topic):
    def knows_links(capture):
        truth = SOURCE / "test-captures" / f"{name(capture)}.truth.json"
        return truth.exists() and json.loads(truth.read_text()).get("connections") is not None

    subjects = [capture for capture in captures(f"{topic}/*") if knows_links(capture)]
    if not subjects:
        raise TestFailure(f"no truth of {topic} knows of allocations")
    each(subjects, check)


if __name__ == "__main__":
    harness.main(test, *sys.argv[1:])
