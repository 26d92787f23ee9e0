# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes TCP connections that never were: from a script of who sends which
bytes in which segments to a capture with right sequence numbers,
acknowledgements and checksums, and to the truth about it.

    s = Script("192.0.2.10:50000", "192.0.2.1:3478")
    s.open()
    s.send("c2s", [Message(...), ...], sizes=[1, 1, 30])
    s.close()
    s.write("tcp", "name", "what this is")

emit(..., lost=True) moves the sequence number on and writes no frame.
"""
import ipaddress
import json
import struct

import count
import lab

SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16
BASE_TIME = 1700000000.0
ETHER = bytes.fromhex("020000000001020000000002")


class Message:
    """Bytes on the wire; stun are the STUN messages among them: none, one, or more where one carries another."""

    def __init__(self, wire, *stun):
        self.wire, self.stun = wire, stun


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f">{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def ip_frame(src, dst, protocol, payload, ident):
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident & 0xFFFF, 0x4000, 64, protocol, 0)
        head += a.packed + b.packed
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        return ETHER + b"\x08\x00" + head + payload
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + a.packed + b.packed
    return ETHER + b"\x86\xdd" + head + payload


def pseudo_header(src, dst, protocol, n):
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        return a.packed + b.packed + struct.pack(">BBH", 0, protocol, n)
    return a.packed + b.packed + struct.pack(">II", n, protocol)


class Script:
    def __init__(self, client, server, isn=(1000, 700000), start=BASE_TIME, step=0.01, frames=None):
        self.names = {"c2s": client, "s2c": server}
        self.start = {"c2s": isn[0], "s2c": isn[1]}
        self.next = {"c2s": isn[0], "s2c": isn[1]}     # next sequence number
        self.sent = {"c2s": 0, "s2c": 0}               # stream bytes sent
        self.time, self.step = start, step
        self.frames = [] if frames is None else frames # (time, wire length, bytes, script, dir, offset, payload length)
        self.messages = []                             # (dir, begin, end, stun)
        self.first = True

    @staticmethod
    def other(d):
        return "s2c" if d == "c2s" else "c2s"

    def packet(self, d, seq, flags, payload=b""):
        src, sport = self.names[d].rsplit(":", 1)
        dst, dport = self.names[self.other(d)].rsplit(":", 1)
        src, dst = src.strip("[]"), dst.strip("[]")
        ack = self.next[self.other(d)] if flags & ACK else 0
        tcp = struct.pack(">HHIIBBHHH", int(sport), int(dport), seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags,
                          64000, 0, 0) + payload
        c = checksum(pseudo_header(src, dst, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack(">H", c) + tcp[18:]
        return ip_frame(src, dst, 6, tcp, len(self.frames) + 1)

    def put(self, d, seq, flags, payload=b"", offset=0):
        data = self.packet(d, seq, flags, payload)
        self.frames.append([self.time, len(data), data, self, d, offset, len(payload)])
        self.time += self.step
        return len(self.frames) - 1

    def wait(self, seconds):
        self.time += seconds

    def open(self):
        self.put("c2s", self.next["c2s"], SYN)
        self.next["c2s"] += 1
        self.put("s2c", self.next["s2c"], SYN | ACK)
        self.next["s2c"] += 1
        self.put("c2s", self.next["c2s"], ACK)

    def emit(self, d, payload, lost=False, flags=PSH | ACK):
        """One segment; returns its place in frames, or None when it is lost."""
        i = None
        if not lost:
            i = self.put(d, self.next[d], flags, payload, self.sent[d])
        self.next[d] += len(payload)
        self.sent[d] += len(payload)
        return i

    def again(self, d, offset, payload):
        """A segment for stream bytes that were sent before."""
        seq = self.start[d] + 1 + offset
        return self.put(d, seq, PSH | ACK, payload, offset)

    def record(self, d, messages):
        data, at = b"", self.sent[d]
        for m in messages:
            for stun in m.stun:
                self.messages.append((d, at + len(data), at + len(data) + len(m.wire), stun))
            data += m.wire
        return data

    def send(self, d, messages, sizes=None, lost=()):
        """Sends messages as one run of bytes cut into sizes (the last size
        repeats; None: one segment). lost: numbers of segments nobody saw."""
        data = self.record(d, messages)
        sizes, out, n = list(sizes or [len(data)]), [], 0
        while data:
            size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
            out.append(self.emit(d, data[:size], n in lost))
            data = data[size:]
            n += 1
        return out

    def last(self, d, messages):
        """The direction's last segment, which carries the messages and FIN."""
        self.emit(d, self.record(d, messages), flags=FIN | PSH | ACK)
        self.next[d] += 1

    def quote(self, i, router, code):
        """A router's ICMP "destination unreachable" with the whole of the packet in frame i."""
        source = self.names[self.frames[i][4]].rsplit(":", 1)[0]
        body = struct.pack(">BBHI", 3, code, 0, 0) + self.frames[i][2][len(ETHER) + 2:]
        body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
        data = ip_frame(router, source, 1, body, len(self.frames) + 1)
        self.frames.append([self.time, len(data), data, None, None, 0, 0])
        self.time += self.step

    def ack(self, d):
        self.put(d, self.next[d], ACK)

    def close(self):
        for d in ("c2s", "s2c"):
            self.put(d, self.next[d], FIN | ACK)
            self.next[d] += 1
        self.put("c2s", self.next["c2s"], ACK)

    def reset(self, d="c2s"):
        self.put(d, self.next[d], RST | ACK)

    def write(self, topic, name, what, scripts=None, snaplen=None, skip=0, extra=(), **facts):
        """Writes capture and truth. skip: first frames left out; extra: more messages of the truth; facts: more in
        its head."""
        frames = self.frames[skip:]
        times = sorted(f[0] for f in frames)
        cut = [(t, f[1], f[2][:snaplen] if snaplen else f[2]) for t, f in zip(times, frames)]
        lab.write_pcapng(lab.path(topic, name + ".pcapng"), cut)
        msgs = []
        for s in scripts or [self]:
            msgs += s.truth(frames, snaplen)
        msgs.sort(key=lambda m: (m["frame"] or 1 << 30, m["_begin"]))
        lines = sorted(state(msgs) + list(extra), key=lambda m: m["frame"] or 1 << 30)
        truth(topic, name, lines, what, **facts)
        print(f"{topic}/{name}.pcapng: {len(frames)} frames, {len(lines)} messages, "
              f"{sum(m['complete'] for m in lines)} complete")

    def truth(self, frames, snaplen):
        seen = {"c2s": {}, "s2c": {}}        # stream offset -> first frame that holds the byte
        for number, (_, _, data, script, d, offset, n) in enumerate(frames, 1):
            if script is not self or not n:
                continue
            missing = max(0, len(data) - (snaplen or len(data)))
            for o in range(offset, offset + n - missing):
                seen[d].setdefault(o, number)
        out = []
        for d, begin, end, stun in self.messages:
            have = [seen[d].get(o) for o in range(begin, end)]
            kind = struct.unpack(">H", stun[:2])[0]
            out.append({"client": self.names["c2s"], "server": self.names["s2c"], "dir": d, "type": f"0x{kind:04x}",
                        "name": count.type_name(kind), "id": stun[8:20].hex(), "complete": None not in have,
                        "first_frame": min((f for f in have if f), default=None),
                        "frame": max(have) if None not in have else None,
                        "captured_bytes": len([f for f in have if f]), "bytes": end - begin,
                        # a frame that the snap length cut still shows its header
                        "answers": None not in (have[:end - begin - len(stun) + 20] if snaplen else have),
                        "_begin": begin, "_script": id(self)})
        return out


def state(msgs):
    for m in msgs:
        if not m["name"].endswith("request"):
            continue
        answers = [o for o in msgs if o["_script"] == m["_script"] and o["id"] == m["id"] and o["dir"] != m["dir"]
                   and int(o["type"], 16) & 0x100]
        m["answered"] = any(o["answers"] for o in answers)
        if not m["answers"]:
            m["state"] = "not complete"
        else:
            m["state"] = "answered" if m["answered"] else "unanswered_gap" if answers else "unanswered"
    for m in msgs:
        for key in ("_begin", "_script", "answers"):
            del m[key]
    return msgs


def truth(topic, name, rows, what, **facts):
    head = {"capture": name + ".pcapng", "source": "the script that wrote the capture", "what": what, **facts}
    lines = ["  " + json.dumps({k: v for k, v in m.items() if v is not None}) for m in rows]
    with open(lab.path(topic, name + ".truth.json"), "w", encoding="utf-8") as f:
        f.write("{\n" + "".join(f" {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
        f.write(' "messages": [\n' + ",\n".join(lines) + "\n ]\n}\n")
