# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads captures of Microsoft's TURN without Wireshark: hellos of pseudo-TLS,
MS framing on TCP, messages inside of Send and Data, data behind Set Active
Destination, multiplexed TURN, and the same on UDP.

A message is complete in the frame that holds the last byte of the unit it
came in: a message inside another one with the outer one.
"""
import json
import struct

import count
import lab
import msturn

HELLOS = {msturn.CLIENT_HELLO[:11]: (50, "pseudo-TLS ClientHello"),
          msturn.server_hello()[:11]: (83, "pseudo-TLS ServerHello"),
          msturn.GOOGLE_CLIENT_HELLO[:11]: (72, "Google pseudo-SSL client hello"),
          msturn.GOOGLE_SERVER_HELLO: (79, "Google pseudo-SSL server hello")}


def what(packet):
    """By RFC 7983's first byte."""
    if not packet:
        return "null"
    if 128 <= packet[0] < 192:
        return "rtcp" if len(packet) > 1 and 192 <= packet[1] < 224 else "rtp"
    return "dtls" if 20 <= packet[0] < 64 else "unknown"


def is_stun(packet):
    return len(packet) >= 20 and packet[0] < 4 and struct.unpack(">H", packet[2:4])[0] == len(packet) - 20


class Flow:
    """What one direction of a connection carries."""

    def __init__(self, client, server, direction, tcp, inner, rows, others):
        self.where = {"client": client, "server": server, "dir": direction}
        self.tcp, self.inner, self.rows, self.others = tcp, inner, rows, others
        self.streams = {}                 # RFC 4571 streams inside of it, by peer

    def other(self, frame, framing, inside, kind, n):
        row = {"frame": frame, **self.where, "framing": framing, "inside": inside, "kind": kind, "bytes": n}
        self.others.append({k: v for k, v in row.items() if v is not None})

    def packet(self, frame, framing, inside, data):
        """A packet of its own: STUN with what is in it, multiplexed TURN, or media."""
        if data[:2] == b"\xff\x10" and len(data) >= 12 and struct.unpack(">H", data[2:4])[0] == len(data) - 4:
            self.other(frame, framing, inside, "multiplexed", len(data))
            self.packet(frame, "multiplexed", "0xff10" if inside is None else inside + "/0xff10", data[12:])
        elif is_stun(data):
            self.rows.append({**self.where, "frame": frame, "framing": framing, "inside": inside,
                              "type": f"0x{data[0]:02x}{data[1]:02x}", "name": msturn.name(data),
                              "id": msturn.id_of(data)})
            if msturn.is_ms(data):
                self.attribute(frame, inside, data)
        else:
            self.other(frame, framing, inside, what(data), len(data))

    def attribute(self, frame, inside, data):
        kind, _, attributes = msturn.parse(data)
        if msturn.DATA in attributes and kind in (msturn.SEND, msturn.DATA_INDICATION):
            peer = attributes.get(msturn.DESTINATION, attributes.get(msturn.REMOTE))
            inside = "DATA" if inside is None else inside + "/DATA"
            if self.tcp:
                self.stream(frame, inside, peer, attributes[msturn.DATA])
            else:
                self.packet(frame, "packet", inside, attributes[msturn.DATA])

    def stream(self, frame, inside, peer, data):
        """RFC 4571 frames inside; one may go on in the next unit."""
        data = self.streams.pop((inside, peer), b"") + data
        while len(data) >= 2 and len(data) >= 2 + struct.unpack(">H", data[:2])[0]:
            n = 2 + struct.unpack(">H", data[:2])[0]
            if data[:2] == b"\xff\x10":
                n = 4 + struct.unpack(">H", data[2:4])[0]
                self.packet(frame, "stream", inside, data[:n])
            else:
                self.packet(frame, "rfc4571", inside, data[2:n])
            data = data[n:]
        if data:
            self.streams[inside, peer] = data

    def ms_unit(self, frame, kind, data):
        if kind == msturn.CONTROL:
            self.packet(frame, "ms-turn", None, data)
        elif data[:2] == b"\xff\x10" and struct.unpack(">H", data[2:4])[0] == len(data) - 4 or not self.inner:
            self.packet(frame, "packet", "0x03", data)
        else:
            self.stream(frame, "0x03", None, data)


def hello(data):
    """Length and kind; a real ServerHello may begin as Google's does."""
    for start, (size, kind) in HELLOS.items():
        if data.startswith(start) and len(data) >= size:
            return size, kind
    return 0, None


def ms_stream(flow, run, start):
    """Units of MS framing, and bare multiplexed TURN between them. Returns the bytes left over."""
    data, p = run[1], start
    while p + 4 <= len(data):
        kind, n = data[p], 4 + struct.unpack(">H", data[p + 2:p + 4])[0]
        if p + n > len(data):
            break
        frame = next(f for e, f in run[2] if p + n <= e)
        if data[p:p + 2] == b"\xff\x10":
            flow.packet(frame, "bare", None, bytes(data[p:p + n]))
        elif kind in (msturn.CONTROL, msturn.END_TO_END) and data[p + 1] == 0:
            flow.ms_unit(frame, kind, bytes(data[p + 4:p + n]))
        else:
            raise RuntimeError(f"no MS framing at byte {p}: {data[p:p + 8].hex()}")
        p += n
    return len(data) - p


def is_ms_stream(data):
    if data[:2] == b"\x03\x00":
        return len(data) > 4 and data[4] in (0, 0x80)
    return data[:2] in (b"\x02\x00", b"\xff\x10") and (data[24:32] == msturn.SIGNATURE or data[:1] == b"\xff")


def tcp(path, inner, rows, others):
    """Connections that carry MS framing or begin with a hello; the others are
    left to count.py (RFC 4571 and bare STUN)."""
    for conn in count.connections(path):
        for d in ("c2s", "s2c"):
            for run in conn.dirs[d].runs():
                flow = Flow(conn.client, conn.server, d, True, inner, rows, others)
                size, kind = hello(run[1])
                if size:
                    flow.other(next(f for e, f in run[2] if size <= e), "bare", None, kind, size)
                if is_ms_stream(run[1][size:]):
                    left = ms_stream(flow, run, size)
                    if left:
                        flow.other(run[2][-1][1], "ms-turn", None, "incomplete", left)
                elif size and kind.startswith("Google") or run[1][22:30] == msturn.SIGNATURE:
                    google_stream(flow, run, size)
    return rows


def google_stream(flow, run, start):
    """Each message of libjingle's relays on TCP has its length before it."""
    data, p = run[1], start
    while p + 2 <= len(data) and p + 2 + struct.unpack(">H", data[p:p + 2])[0] <= len(data):
        n = 2 + struct.unpack(">H", data[p:p + 2])[0]
        flow.tcp = False                  # what is inside has no length of its own
        flow.packet(next(f for e, f in run[2] if p + n <= e), "rfc4571", None, bytes(data[p + 2:p + n]))
        p += n


def udp_datagram(link, data):
    ip = data[14:] if link == 1 else data
    if ip[0] >> 4 != 4 or ip[9] != 17:
        return None
    src, dst = (".".join(map(str, ip[o:o + 4])) for o in (12, 16))
    udp = ip[(ip[0] & 15) * 4:]
    sport, dport, n = struct.unpack(">HHH", udp[:6])
    return f"{src}:{sport}", f"{dst}:{dport}", udp[8:n]


def udp(path, servers, rows, others):
    """servers: the addresses (host:port) that are servers."""
    flows = {}
    for frame, _, link, _, data in count.read_frames(path):
        got = udp_datagram(link, data)
        if got is None:
            continue
        src, dst, payload = got
        d = "s2c" if src in servers else "c2s"
        client, server = (src, dst) if d == "c2s" else (dst, src)
        flow = flows.setdefault((src, dst), Flow(client, server, d, False, False, rows, others))
        flow.packet(frame, "datagram", None, payload)


def read(path, inner=True, servers=(), legs=False):
    """(messages, other units) of a capture; legs: the TCP connections without MS framing too."""
    rows, others = [], []
    tcp(path, inner, rows, others)
    ms = {(r["client"], r["server"]) for r in rows + others}
    if legs:
        for u in count.units(path):
            if (u["client"], u["server"]) not in ms:
                flow = Flow(u["client"], u["server"], u["dir"], True, inner, rows, others)
                data = u["bytes"]
                flow.packet(u["frame"], "rfc4571" if u["kind"] in ("rfc4571", "frame") else u["kind"], None, data)
    if servers:
        udp(path, set(servers), rows, others)
    rows.sort(key=lambda r: r["frame"])   # stable: order inside of a frame stays
    others.sort(key=lambda r: r["frame"])
    return rows, others


def settle(rows, unanswered="unanswered"):
    """Sets answered and state of each request that gets an answer at all. A
    response may come from another address of the server."""
    for m in rows:
        if m["name"].endswith("request") and m["name"] != msturn.NAMES[msturn.SEND]:
            m["answered"] = any(o["id"][-24:] == m["id"][-24:] and o["dir"] != m["dir"] and o["client"] == m["client"]
                                and int(o["type"], 16) & 0x100 for o in rows)
            m["state"] = "answered" if m["answered"] else unanswered
    return rows


def compare(name, rows, log):
    """The reader's messages and the log's, as (direction, type, id); the log need not have those inside of others
    or of another leg twice."""
    seen = {(m["dir"], m["type"], m["id"]) for m in rows}
    said = {(m["dir"], m["type"], m["id"]) for m in log}
    if seen != said:
        raise RuntimeError(f"{name}: only in the capture: {seen - said}; only in the log: {said - seen}")


FIELDS = ("frame", "client", "server", "dir", "framing", "inside", "type", "name", "id", "complete", "answered",
          "state")


def write_truth(topic, name, rows, others, source, **extra):
    out = [{k: m[k] for k in FIELDS if m.get(k) is not None} for m in ({"complete": True, **m} for m in rows)]
    head = {"capture": name + ".pcapng", "source": source, **extra}
    with open(lab.path(topic, name + ".truth.json"), "w", encoding="utf-8") as f:
        f.write("{\n" + "".join(f" {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
        for key, lines, end in (("other_units", others, ","), ("messages", out, "")):
            f.write(f' "{key}": [\n' + ",\n".join("  " + json.dumps(x) for x in lines) + f"\n ]{end}\n")
        f.write("}\n")
