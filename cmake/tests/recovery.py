# SPDX-License-Identifier: GPL-2.0-or-later
"""After lost segments, garbage, and in captures that begin anywhere, decoding resumes where a message provably begins.

    recovery.py <number of seeds>

The lab's TCP captures are spoilt in the ways below. A message is wholly present if all bytes are there of the outermost
unit that holds it: frame, indication, ChannelData. Of those 99 % must be decoded, in the frame of their last byte, for
each topic and way; nothing may be decoded that was not sent in that direction. Bytes that belong to no unit must be
marked, or shown as relayed ones without framing; in an unspoilt capture none may be. Not marked are those in front of a
message that goes on in a segment which is lost too: TCP keeps them for it. That may be so in one of fifty directions.

Where a message lies is known from its type and id in the capture's truth, which are looked for in the bytes.
Left out are captures with repeated, reordered or cut segments or with a 5-tuple used twice, messages that cannot be found
whole (split over several outer ones, cut by the lab), and those that prove themselves by nothing but their place in the
stream: RFC 3489's.
"""
import json
import random
import struct
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import harness
import reference
from capturefile import ETHERTYPE_OFFSET, NETWORK_OFFSET, Writer, read, readdressed
from harness import SOURCE, STAGE, TestFailure, captures, name, tshark

TOPICS = ["coturn", "libnice", "ms-ice2", "ms-turn", "pairs", "rfc6062", "tcp"]
COOKIE, MS_COOKIE = b"\x21\x12\xa4\x42", b"\x00\x0f\x00\x04\x72\xc6\x4b\xc6"
LEAST = 0.99
MOST_UNMARKED = 0.02     # of the directions in which something was skipped, for each way
RELAYED = "4"            # mstun.framing
HEADERS = 32             # of framing and message, with MS-TURN's cookie
LEFT_OUT = {"tcp/announced-one-byte"}  # announces addresses, which the copies do not have
MOST_FRAMES = 1500       # of one capture: of a longer one, the beginning
STARTS = 4               # a capture is begun at so many frames, and within so many segments
FIN, SYN, RST = 1, 2, 4
MS_HEADER = 4


@dataclass
class Segment:
    """A frame with TCP in it. at: its payload's place in the stream."""
    front: bytes         # all that comes before the payload
    tcp: int             # where TCP's header begins in it
    ip: int
    flow: tuple          # source, destination
    flags: int
    at: int = 0
    acknowledged: int = 0
    payload: bytes = b""

    def bytes(self):
        """The frame, with lengths and sequence number as they must be."""
        front = bytearray(self.front)
        struct.pack_into(">II", front, self.tcp + 4, self.at & 0xFFFFFFFF, self.acknowledged & 0xFFFFFFFF)
        if front[self.ip] >> 4 == 4:
            struct.pack_into(">H", front, self.ip + 2, len(front) - self.ip + len(self.payload))
        else:
            struct.pack_into(">H", front, self.ip + 4, len(front) - self.ip - 40 + len(self.payload))
        return bytes(front) + self.payload

    def part(self, begin, end):
        """The same with a part of the payload."""
        return replace(self, at=self.at + begin, payload=self.payload[begin:end])


@dataclass
class Message:
    """One that lies at begin in its flow; its unit from unit_begin to unit_end."""
    flow: tuple
    key: tuple
    begin: int
    end: int
    unit_begin: int = 0
    unit_end: int = 0


@dataclass
class Original:
    """A capture as the lab made it."""
    topic: str
    name: str
    link: int
    segments: list
    sent: dict = field(default_factory=lambda: defaultdict(Counter))  # flow -> (type, id) -> how often
    messages: list = field(default_factory=list)


class Unusable(Exception):
    """Why a capture is left out."""


def segment_of(frame, link):
    """The frame as a segment, None if it holds no TCP."""
    ip = NETWORK_OFFSET[link]
    if link in ETHERTYPE_OFFSET and frame[ETHERTYPE_OFFSET[link]:ETHERTYPE_OFFSET[link] + 2] == b"\x81\x00":
        ip += 4
    if frame[ip] >> 4 == 4:
        tcp, end, protocol = ip + (frame[ip] & 15) * 4, ip + struct.unpack_from(">H", frame, ip + 2)[0], frame[ip + 9]
        ends = frame[ip + 12:ip + 16], frame[ip + 16:ip + 20]
    else:
        tcp, end, protocol = ip + 40, ip + 40 + struct.unpack_from(">H", frame, ip + 4)[0], frame[ip + 6]
        ends = frame[ip + 8:ip + 24], frame[ip + 24:ip + 40]
    if protocol != 6:
        return None
    if end > len(frame):
        raise Unusable("a segment is cut")
    source, destination, sequence, acknowledged = struct.unpack_from(">HHII", frame, tcp)
    data = tcp + (frame[tcp + 12] >> 4) * 4
    return Segment(frame[:data], tcp, ip, ((ends[0], source), (ends[1], destination)), frame[tcp + 13], sequence,
                   acknowledged, frame[data:end])


def nearest(sequence, place):
    """The place that is nearest to this one of those with the sequence number."""
    return sequence + ((place - sequence + 0x80000000) >> 32 << 32)


def is_repeated(segment, before):
    return (segment.flow, segment.at, segment.payload) == (before.flow, before.at, before.payload)


def segments_of(capture):
    """Link type and segments. Places in a flow do not wrap: they go on beyond 2 ** 32."""
    link, frames = read(capture)
    segments, following = [], {}
    for frame, original in frames[:MOST_FRAMES]:
        if original != len(frame):
            raise Unusable("a segment is cut")
        segment = segment_of(frame, link)
        if segment is None:
            raise Unusable("not TCP alone")
        if segment.flags & SYN and segment.flow in following:
            raise Unusable("a 5-tuple is used twice")
        expected = following.get(segment.flow)
        if expected is not None:
            segment.at = nearest(segment.at, expected)
            if segment.payload and segment.at < expected:
                if any(is_repeated(segment, before) for before in segments):
                    continue
                raise Unusable("a segment comes late")
        length = len(segment.payload) + (1 if segment.flags & SYN else 0)
        following[segment.flow] = max(expected or 0, segment.at + length)
        segments.append(segment)
    return link, segments


def runs(segments):
    """{flow: [(place, bytes)]}: what is there without a hole."""
    found = defaultdict(list)
    for segment in sorted((segment for segment in segments if segment.payload), key=lambda segment: segment.at):
        of_flow = found[segment.flow]
        end = of_flow[-1][0] + len(of_flow[-1][1]) if of_flow else -1
        if segment.at <= end:
            of_flow[-1][1].extend(segment.payload[end - segment.at:])
        else:
            of_flow.append((segment.at, bytearray(segment.payload)))
    return found


def unit_around(run, begin, end, inside):
    """The bytes of a message, and of the headers before it that have its length in them. inside: as the truth has it."""
    length, at = end - begin, lambda place: int.from_bytes(run[place:place + 2], "big") if place >= 0 else -1
    if at(begin - 12) == 0xFF10 and at(begin - 10) == length + 8:
        begin, length = begin - 12, length + 12
    elif at(begin - 2) == length and at(begin - 4) == length + 2 and at(begin - 6) == 0x0300:
        return begin - 6, end
    if at(begin - 2) == length and at(begin - 4) in (0x0200, 0x0300):
        return begin - 4, end
    if inside == "ChannelData" and at(begin - 2) == length:
        return begin - 4, begin + (length + 3 & ~3)
    return (begin - 2 if at(begin - 2) == length else begin), end


def messages_in(run, keys):
    """(type, id), begin and end of each message with one of the keys that is whole in the run."""
    for type_, id_ in keys:
        whole_id = bytes.fromhex(id_) if len(id_) == 32 else COOKIE + bytes.fromhex(id_)
        place = run.find(whole_id)
        while place >= 0:
            begin = place - 4
            if begin >= 0 and run[begin:begin + 2] == struct.pack(">H", type_):
                end = begin + 20 + int.from_bytes(run[begin + 2:place], "big")
                has_cookie = whole_id[:4] == COOKIE or run[begin + 20:begin + 28] == MS_COOKIE
                if end <= len(run) and has_cookie:
                    yield (type_, id_[-24:]), begin, end
            place = run.find(whole_id, place + 1)


def address(text):
    """"192.0.2.1:3478" or "[2001:db8::1]:3478" as the segments have it."""
    import ipaddress
    host, port = text.rsplit(":", 1)
    return ipaddress.ip_address(host.strip("[]")).packed, int(port)


def lies_whole(message, found, inside):
    """Whether the message is in one piece; if it lies in another, its unit becomes that one's."""
    outer = [other for other in found if other.begin < message.begin < other.end]
    if any(other.end < message.end for other in outer):
        return False
    for other in outer:
        message.unit_begin = min(message.unit_begin, other.unit_begin)
        message.unit_end = max(message.unit_end, other.unit_end)
    return not inside or message.begin - message.unit_begin >= MS_HEADER


def original_of(capture):
    """The capture with its messages and where they lie."""
    truth = json.loads((SOURCE / "test-captures" / f"{name(capture)}.truth.json").read_text())
    link, segments = segments_of(capture)
    result = Original(capture.parent.name, name(capture), link, segments)
    keys, inside = defaultdict(set), {}
    for message in truth["messages"]:
        ends = address(message["client"]), address(message["server"])
        flow = ends if message["dir"] == "c2s" else ends[::-1]
        result.sent[flow][int(message["type"], 16), message["id"][-24:]] += 1
        keys[flow].add((int(message["type"], 16), message["id"]))
        inside[flow, (int(message["type"], 16), message["id"][-24:])] = message.get("inside")
    for flow, of_flow in runs(segments).items():
        for place, run in of_flow:
            found = [Message(flow, key, place + begin, place + end, *(place + edge for edge in
                                                                     unit_around(run, begin, end, inside[flow, key])))
                     for key, begin, end in messages_in(run, keys[flow])]
            result.messages += [message for message in found if lies_whole(message, found, inside[flow, message.key])]
    if not result.messages:
        raise Unusable("no message that proves itself")
    return result


# ---- ways to spoil: the segments in, the segments out, and which bytes of them are no longer the original's ----

def with_payload(segments):
    return [segment for segment in segments if segment.payload]


def lost(share):
    """Segments were not captured."""
    def way(segments, rng):
        yield [segment for segment in segments if not segment.payload or rng.random() >= share], []
    return way


def begun_at_frame(segments, rng):
    """The capture begins with one of the segments."""
    for segment in rng.sample(with_payload(segments), min(STARTS, len(with_payload(segments)))):
        yield segments[segments.index(segment):], []


def begun_within(segments, rng):
    """The capture begins with the end of a segment."""
    longer = [segment for segment in segments if len(segment.payload) > 1]
    for segment in rng.sample(longer, min(STARTS, len(longer))):
        rest = segment.part(rng.randrange(1, len(segment.payload)), None)
        yield [rest, *segments[segments.index(segment) + 1:]], []


def with_garbage(segments, rng):
    """A stretch of a segment is random. Not of a direction's first: a connection that no longer begins as ours is not."""
    begun, later = set(), []
    for segment in with_payload(segments):
        later += [segment] if segment.flow in begun else []
        begun.add(segment.flow)
    if not later:
        return
    segment = rng.choice(later)
    begin = rng.randrange(len(segment.payload))
    end = min(begin + rng.randrange(1, 60), len(segment.payload))
    spoilt = segment.part(0, None)
    spoilt.payload = segment.payload[:begin] + rng.randbytes(end - begin) + segment.payload[end:]
    yield ([spoilt if other is segment else other for other in segments],
           [(segment.flow, segment.at + begin, segment.at + end)])


def later_by(share, least, most, is_kept=False):
    """Segments come a few segments later: in time and again, or only then."""
    def way(segments, rng):
        result = list(segments)
        for segment in [segment for segment in with_payload(segments) if rng.random() < share]:
            place = next(number for number, other in enumerate(result) if other is segment)
            if not is_kept:
                del result[place]
            result.insert(min(place + rng.randint(least, most), len(result)), replace(segment))
        yield result, []
    return way


def in_time(segments):
    """The same; nothing is acknowledged before it is sent, and what carries nothing stands behind what was sent."""
    sent = {}
    for segment in segments:
        if not segment.payload and segment.flow in sent:
            segment.at = min(segment.at, sent[segment.flow])
        sent[segment.flow] = max(sent.get(segment.flow, 0), segment.at + len(segment.payload) + (segment.flags & SYN) // 2)
        by_other = sent.get(segment.flow[::-1])
        if by_other is not None:
            segment.acknowledged = min(nearest(segment.acknowledged, by_other), by_other)
    return segments


def resegmented(segments, rng):
    """Cut elsewhere, neighbours of a direction put together, then some are lost. The first segment of a direction stays as
    it is: a part of a header proves nothing, and a port's owner would take it."""
    result, held, begun = [], {}, set()
    for segment in segments:
        if not segment.payload or segment.flags & (FIN | RST) or segment.flow not in begun:
            if segment.flags & (FIN | RST):
                result += [held.pop(flow) for flow in (segment.flow, segment.flow[::-1]) if flow in held]
            begun |= {segment.flow} if segment.payload else set()
            result.append(segment)
            continue
        before = held.pop(segment.flow, None)
        if before and before.at + len(before.payload) == segment.at:
            segment = replace(segment, at=before.at, payload=before.payload + segment.payload)
        elif before:
            result.append(before)
        end = rng.randrange(len(segment.payload) + 1)
        if end:
            result.append(segment.part(0, end))
        if end < len(segment.payload):
            held[segment.flow] = segment.part(end, None)
    result += held.values()
    yield [segment for segment in in_time(list(map(replace, result)))
           if not segment.payload or rng.random() >= 0.1], []


WAYS = {"unspoilt": lambda segments, rng: [(segments, [])], "5 percent lost": lost(0.05), "20 percent lost": lost(0.2),
        "begun at a frame": begun_at_frame, "begun within one": begun_within, "garbage": with_garbage,
        "resegmented, lost": resegmented, "sent again": later_by(0.1, 3, 12), "overtaken": later_by(0.1, 1, 2),
        "twice": later_by(0.1, 1, 12, is_kept=True)}

WHOLE = ("unspoilt", "sent again", "overtaken", "twice")  # nothing is missing
ALTERED = ("garbage",)                                    # a response may be destroyed: its request has none

# ---- what must be decoded, and what was ----

@dataclass
class Copy:
    """One spoilt capture: the frame numbers that its segments got."""
    original: Original
    way: str
    seed: int
    segments: list
    garbage: list
    first_frame: int = 0

    def frame_of(self, flow, place):
        """The frame that has the byte before this place."""
        for number, segment in enumerate(self.segments):
            if segment.flow == flow and segment.at < place <= segment.at + len(segment.payload):
                return self.first_frame + number
        return None

    def completed_in(self, message):
        """The frame that has the last byte of the message's unit, in the order of the capture."""
        missing = [(message.unit_begin, message.unit_end)]
        for number, segment in enumerate(self.segments):
            if segment.flow == message.flow and segment.payload:
                begin, end = segment.at, segment.at + len(segment.payload)
                missing = [(low, high) for first, last in missing
                           for low, high in ((first, min(last, begin)), (max(first, end), last)) if low < high]
                if not missing:
                    return self.first_frame + number
        return None

    def present(self):
        """The messages that are wholly there."""
        there = runs(self.segments)
        for message in self.original.messages:
            if any(place <= message.unit_begin and message.unit_end <= place + len(run)
                   for place, run in there[message.flow]) and not any(
                       flow == message.flow and begin < message.unit_end and message.unit_begin < end
                       for flow, begin, end in self.garbage):
                yield message


    def torn(self):
        """Flow and frame of each segment behind a hole that has the beginning of a unit: the unit's end, which the segment has,
        must be marked. (Where the hole has the middle, TCP keeps the end to itself, waiting for the middle.)"""
        known, there = self.known_from(), runs(self.segments)
        for flow, of_flow in there.items():
            for place, run in of_flow:
                frame = self.frame_of(flow, place + 1)
                if frame > known.get(frozenset(flow), sys.maxsize) and any(
                        message.flow == flow and message.unit_begin < place < message.unit_end
                        and not self.frame_of(flow, message.unit_begin + 1) and place + len(run) >= message.unit_end + HEADERS for message in self.original.messages):
                    yield flow, frame

    def known_from(self):
        """{connection: the first frame that begins with a message, of which it holds the header, or a first byte}."""
        units = {(message.flow, message.unit_begin): message.unit_end - message.unit_begin
                 for message in self.original.messages}
        begun = {(segment.flow, segment.at + 1) for segment in self.segments if segment.flags & SYN}
        known = {}
        for number, segment in enumerate(self.segments, self.first_frame):
            length = units.get((segment.flow, segment.at), 0) if segment.payload else 0
            if length and (len(segment.payload) >= min(length, HEADERS) or (
                    (segment.flow, segment.at) in begun and self.is_in_order(segment, min(length, HEADERS)))):
                known.setdefault(frozenset(segment.flow), number)
        return known

    def is_in_order(self, first, length):
        """Whether the first bytes behind the segment's beginning come one behind the other: TCP hands over nothing else."""
        end = first.at
        for segment in self.segments:
            if segment.flow == first.flow and segment.payload and end < first.at + length:
                if segment.at > end:
                    return False
                end = max(end, segment.at + len(segment.payload))
        return True

    def altered(self, flow):
        """What the header of a message says that has garbage in it, or in a header before it."""
        there, result = runs(self.segments)[flow], Counter()
        for message in self.original.messages:
            if any(flow == message.flow == spoilt and begin < message.end and message.unit_begin < end
                   for spoilt, begin, end in self.garbage):
                place, run = next((place, run) for place, run in there if place <= message.begin < place + len(run))
                header = run[message.begin - place:message.begin - place + 20]
                result[int.from_bytes(header[:2], "big"), header[8:].hex()] += 1
        return result


def write(target, link, copies):
    """All copies in one file, each with addresses of its own, a minute after the one before."""
    number = 0
    with Writer(target, link) as writer:
        for copy, spoilt in enumerate(copies):
            spoilt.first_frame = number + 1
            for place, segment in enumerate(spoilt.segments):
                writer.add((1600000000 + 60 * copy) * 1000000 + place * 1000, readdressed(segment.bytes(), link, copy))
                number += 1


def decoded(target):
    """{frame: ([(type, id)], is there a mark)}."""
    output = tshark("-n", "-r", target, "-Y", "mstun", "-T", "fields", "-E", "aggregator=,", "-e", "frame.number", "-e",
                    "mstun.type", "-e", "mstun.id", "-e", "mstun.resync", "-e", "mstun.framing")
    result = {}
    for line in output.splitlines():
        frame, types, ids, resync, framings = line.split("\t")
        keys = [(int(type_, 16), id_[-24:]) for type_, id_ in zip(types.split(","), ids.split(",")) if type_]
        result[int(frame)] = keys, bool(resync), RELAYED in framings.split(",")
    return result


def warned(target):
    """[(frame, name of a finding that breaks a call)]."""
    names = sorted(name for name, severity in reference.experts()[0].items() if severity in ("WARN", "ERROR"))
    output = tshark("-n", "-2", "-r", target, "-Y", "mstun", "-T", "fields", "-e", "frame.number",
                    *(word for name in names for word in ("-e", name)))
    for line in output.splitlines():
        frame, *marks = line.split("\t")
        yield from ((int(frame), name) for name, mark in zip(names, marks) if mark)


def findings_of(target, copies):
    """How often each of them is in each copy."""
    result, number = [Counter() for _ in copies], 0
    for frame, finding in sorted(warned(target)):
        while number + 1 < len(copies) and copies[number + 1].first_frame <= frame:
            number += 1
        result[number][finding] += 1
    return result


def falsely_found(copy, found, undamaged):
    """What the undamaged capture does not say, and the damage does not give a reason for."""
    if copy.way in WHOLE:
        return [finding for finding in found if finding not in undamaged]
    return [finding for finding in ("mstun.unanswered",) if found[finding] > undamaged[finding]]


@dataclass
class Count:
    present: int = 0
    found: int = 0
    early: int = 0         # present before a connection can be known
    early_found: int = 0
    invented: int = 0
    false_findings: int = 0
    marked: int = 0
    unmarked: int = 0      # directions in which a unit's end was skipped without a mark


def judge(copy, frames, count):
    """Adds the copy's figures to count; returns what is wrong with it in words."""
    wrong = []
    seen, of_flow, marked, relayed = Counter(), defaultdict(Counter), set(), set()
    for number, segment in enumerate(copy.segments, copy.first_frame):
        keys, is_marked, is_relayed = frames.get(number, ((), False, False))
        marked |= {segment.flow} if is_marked else set()
        relayed |= {segment.flow} if is_relayed else set()
        seen.update((number, key) for key in keys)
        of_flow[segment.flow].update(keys)
    known = copy.known_from()
    for message in copy.present():
        where = copy.completed_in(message), message.key
        is_found = seen[where] > 0
        seen[where] -= is_found
        if where[0] < known.get(frozenset(message.flow), sys.maxsize):
            count.early += 1
            count.early_found += is_found
            continue
        count.present += 1
        count.found += is_found
        if not is_found:
            wrong.append(f"not decoded: {message.key} in frame {where[0] - copy.first_frame + 1}")
    for flow, keys in of_flow.items():
        invented = list((keys - copy.original.sent[flow] - copy.altered(flow)).elements())
        count.invented += len(invented)
        wrong += [f"invented: {key}" for key in invented]
    count.marked += bool(marked)
    unmarked = {flow: frame for flow, frame in copy.torn() if flow not in marked | relayed}
    count.unmarked += len(unmarked)
    wrong += [f"not marked: what is skipped in frame {frame - copy.first_frame + 1}" for frame in unmarked.values()]
    if marked and copy.way == "unspoilt" and not gap_of_the_lab(copy.original):
        wrong.append("marked, and nothing is missing")
    return wrong


def gap_of_the_lab(original):
    return any(len(of_flow) > 1 for of_flow in runs(original.segments).values())


def originals():
    """All captures that can be spoilt."""
    usable, left_out = [], Counter()
    for topic in TOPICS:
        for capture in captures(f"{topic}/*"):
            if name(capture) in LEFT_OUT:
                continue
            try:
                usable.append(original_of(capture))
            except Unusable as reason:
                left_out[str(reason)] += 1
    print(f"{len(usable)} captures; left out:", ", ".join(f"{count} ({why})" for why, count in left_out.items()))
    return usable


def main(seeds, *ways):
    total, wrong, undamaged = defaultdict(Count), [], {}
    usable = originals()
    work = STAGE / "recovery"
    work.mkdir(exist_ok=True)
    work.chmod(0o755)
    for way, spoil in ((way, spoil) for way, spoil in WAYS.items() if way in ("unspoilt", *(ways or WAYS))):
        for link in sorted({original.link for original in usable}):
            copies = [Copy(original, way, seed, segments, garbage)
                      for original in usable if original.link == link
                      for seed in range(int(seeds) if way != "unspoilt" else 1)
                      for segments, garbage in spoil(original.segments, random.Random(f"{original.name} {way} {seed}"))]
            target = work / f"{way.replace(' ', '-')}-{link}.pcap"
            write(target, link, copies)
            frames = decoded(target)
            for copy, found in zip(copies, findings_of(target, copies) if way not in ALTERED else ()):
                false = falsely_found(copy, found, undamaged.setdefault(copy.original.name, found))
                total[copy.original.topic, way].false_findings += len(false)
                wrong += [f"{copy.original.name}, {way}, seed {copy.seed}, {target.name} from {copy.first_frame}: "
                          f"says {finding}" for finding in false]
            for copy in copies:
                wrong += [f"{copy.original.name}, {way}, seed {copy.seed}, {target.name} from {copy.first_frame}: {what}"
                          for what in judge(copy, frames, total[copy.original.topic, way])]
    failures = []
    for (topic, way), count in sorted(total.items()):
        share = count.found / count.present
        print(f"{topic:8} {way:18} {count.found:6} of {count.present:6} messages, {100 * share:6.2f} %; "
              f"before that {count.early_found:4} of {count.early:4}; {count.invented} invented, "
              f"{count.false_findings} false findings; {count.marked} captures with marks, {count.unmarked} without")
        if share < LEAST or count.invented:
            failures.append(f"{topic}, {way}: {100 * share:.2f} %, {count.invented} invented")
    for way in WAYS:
        marked, unmarked = (sum(getattr(total[topic, way], what) for topic in TOPICS) for what in ("marked", "unmarked"))
        if unmarked > MOST_UNMARKED * marked:
            failures.append(f"{way}: {unmarked} directions unmarked, {marked} captures with marks")
    print(*wrong, sep="\n")
    if failures:
        raise TestFailure("\n".join(failures))


if __name__ == "__main__":
    harness.main(main, *sys.argv[1:])
