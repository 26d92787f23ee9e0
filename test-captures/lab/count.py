#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Count the STUN messages of a capture's TCP connections, without Wireshark.

Reads pcap and pcapng with pcap.py, puts the TCP streams together by sequence number,
cuts them into bare STUN and ChannelData, or into RFC 4571 frames, follows an
RFC 6062 data connection behind its ConnectionBind, and prints one line for
each STUN message: the frame that holds its last byte, client, server,
direction, framing, type, transaction id, length.

usage: count.py [--json] capture
"""
import json
import struct
import sys

from pcap import read_frames

COOKIE = b"\x21\x12\xa4\x42"
METHODS = {1: "Binding", 2: "SharedSecret", 3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data",
           8: "CreatePermission", 9: "ChannelBind", 10: "Connect", 11: "ConnectionBind", 12: "ConnectionAttempt"}


# ---- packets ----------------------------------------------------------------

def tcp_segment(link, data):
    """(source, destination, seq, flags, payload, payload length on the wire) or None."""
    if link == 1:
        if len(data) < 14:
            return None
        ether = struct.unpack(">H", data[12:14])[0]
        ip = data[14:]
        if ether == 0x8100:
            ether, ip = struct.unpack(">H", data[16:18])[0], data[18:]
        if ether not in (0x0800, 0x86DD):
            return None
    else:
        ip = data
    if not ip:
        return None
    if ip[0] >> 4 == 4:
        if len(ip) < 20 or ip[9] != 6:
            return None
        hl, total = (ip[0] & 15) * 4, struct.unpack(">H", ip[2:4])[0]
        src, dst = (".".join(str(b) for b in ip[o:o + 4]) for o in (12, 16))
        tcp, wire = ip[hl:total], total - hl
    elif ip[0] >> 4 == 6:
        if len(ip) < 40 or ip[6] != 6:
            return None
        wire = struct.unpack(">H", ip[4:6])[0]
        src, dst = ("[" + _ip6(ip[o:o + 16]) + "]" for o in (8, 24))
        tcp = ip[40:40 + wire]
    else:
        return None
    if len(tcp) < 20:
        return None
    sport, dport, seq = struct.unpack(">HHI", tcp[:8])
    off, flags = (tcp[12] >> 4) * 4, tcp[13]
    return f"{src}:{sport}", f"{dst}:{dport}", seq, flags, tcp[off:], wire - off


def _ip6(b):
    import socket
    return socket.inet_ntop(socket.AF_INET6, b)


# ---- TCP streams ------------------------------------------------------------

class Direction:
    def __init__(self):
        self.base = None      # sequence number of stream offset 0
        self.parts = []       # (offset, bytes, frame)

    def add(self, seq, payload, frame):
        if self.base is None:
            self.base = seq
        off = (seq - self.base + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if payload:
            self.parts.append((off, payload, frame))

    def runs(self):
        """Contiguous runs of captured bytes: [(offset, bytes, [(end offset in run, frame)])]."""
        runs = []
        for off, payload, frame in sorted(self.parts, key=lambda p: (p[0], p[2])):
            if runs and off <= runs[-1][0] + len(runs[-1][1]):
                start, buf, marks = runs[-1]
                new = payload[start + len(buf) - off:]
                if new:
                    buf += new
                    marks.append((len(buf), frame))
            else:
                runs.append((off, bytearray(payload), [(len(payload), frame)]))
        return runs


class Connection:
    def __init__(self, client, server, syn):
        self.client, self.server, self.syn = client, server, syn
        self.dirs = {"c2s": Direction(), "s2c": Direction()}
        self.isn = None


def connections(path):
    live, all_ = {}, []
    for number, _, link, _, data in read_frames(path):
        seg = tcp_segment(link, data)
        if seg is None:
            continue
        src, dst, seq, flags, payload, wire = seg
        key = tuple(sorted((src, dst)))
        syn, ack = flags & 2, flags & 16
        conn = live.get(key)
        if conn is None or (syn and not ack and conn.isn != seq):
            if syn and not ack or conn is None and not syn and int(src.rsplit(":", 1)[1]) > int(dst.rsplit(":", 1)[1]):
                conn = Connection(src, dst, bool(syn))
            else:
                conn = Connection(dst, src, bool(syn))
            if syn and not ack:
                conn.isn = seq
            live[key] = conn
            all_.append(conn)
        d = conn.dirs["c2s" if src == conn.client else "s2c"]
        if syn:
            d.base = seq + 1 & 0xFFFFFFFF
        else:
            d.add(seq, payload, number)
    return all_


# ---- framing ----------------------------------------------------------------

def stun_at(b, p, aligned=True):
    """Length of the STUN message that begins at p, or 0 (needs only the header).
    Microsoft's formats have lengths that are no multiple of 4."""
    if p + 20 > len(b) or b[p] & 0xC0 or b[p + 4:p + 8] != COOKIE or aligned and b[p + 3] & 3:
        return 0
    return 20 + struct.unpack(">H", b[p + 2:p + 4])[0]


def framed_at(b, p):
    n = stun_at(b, p + 2, False)
    return n if n and struct.unpack(">H", b[p:p + 2])[0] == n else 0


def find_framing(b, p=0):
    """First position from p where STUN proves a framing: (position, framing)."""
    i = b.find(COOKIE, p)
    while i >= 0:
        if i - 6 >= p and framed_at(b, i - 6):
            return i - 6, "rfc4571"
        if i - 4 >= p and stun_at(b, i - 4):
            return i - 4, "bare"
        i = b.find(COOKIE, i + 1)
    return None, None


def walks_to(b, p, target):
    """True if RFC 4571 lengths lead from p exactly to target."""
    while p < target:
        p += 2 + struct.unpack(">H", b[p:p + 2])[0]
    return p == target


def walk(run, framing, start, emit, stop_after=None):
    """Cuts one run into messages. Returns the position where it ended."""
    b, p = run[1], start
    while p < len(b):
        if framing == "rfc4571":
            if p + 2 > len(b):
                return p
            n = struct.unpack(">H", b[p:p + 2])[0]
            if p + 2 + n > len(b):
                return p
            if n >= 20 and stun_at(b, p + 2, False) == n:
                emit("rfc4571", b[p + 2:p + 2 + n], p + 2 + n)
            else:
                emit("frame", b[p + 2:p + 2 + n], p + 2 + n)
            p += 2 + n
        else:
            n = stun_at(b, p)
            if n:
                if p + n > len(b):
                    return p
                emit("bare", b[p:p + n], p + n)
                p += n
                if stop_after and stop_after(b[p - n:p]):
                    return p
            elif 0x40 <= b[p] <= 0x7F and p + 4 <= len(b):
                n = 4 + struct.unpack(">H", b[p + 2:p + 4])[0] + 3 & ~3
                if p + n > len(b):
                    return p
                emit("channel", b[p:p + n], p + n)
                p += n
            elif b[p] < 4 and p + 20 > len(b):
                return p
            else:
                p, found = find_framing(b, p + 1)
                if p is None:
                    return len(b)
                if found != framing:
                    return p
    return p


def completing(marks, begin, end):
    """The frame that completes the bytes of a run from begin to end: segments may come late."""
    starts = [0] + [e for e, _ in marks]
    return max(f for at, (e, f) in zip(starts, marks) if at < end and e > begin)


def units(path):
    """All that the streams carry, in the order of the frames that complete it:
    kind bare or rfc4571 (STUN so framed), channel (ChannelData), or frame
    (any other RFC 4571 frame)."""
    out = []
    for index, conn in enumerate(connections(path)):
        runs = {d: conn.dirs[d].runs() for d in conn.dirs}
        bound = _bound(runs)     # an RFC 6062 data connection: bind request and success, then anything
        for d in ("c2s", "s2c"):
            for run in runs[d]:
                def emit(kind, unit, end, run=run, d=d):
                    out.append({"conn": index, "client": conn.client, "server": conn.server, "dir": d, "kind": kind,
                                "bytes": bytes(unit), "frame": completing(run[2], end - len(unit), end),
                                "_end": run[0] + end})
                start = 0
                if bound and run[0] == 0:
                    bind = b"\x00\x0b" if d == "c2s" else b"\x01\x0b"
                    start = walk(run, "bare", 0, emit, lambda m, k=bind: bytes(m[:2]) == k)
                _walk_found(run, start, emit)
    out.sort(key=lambda m: (m["frame"], m["_end"]))
    return out


def messages(path):
    out = []
    for u in units(path):
        if u["kind"] in ("bare", "rfc4571"):
            msg = u.pop("bytes")
            kind = struct.unpack(">H", msg[:2])[0]
            out.append({**u, "framing": u["kind"], "type": f"0x{kind:04x}", "name": type_name(kind),
                        "id": msg[8:20].hex(), "length": len(msg) - 20})
            out[-1].pop("kind")
    return out


def _walk_found(run, start, emit):
    b = run[1]
    at, framing = find_framing(b, start)
    if framing == "rfc4571":
        walk(run, "rfc4571", start if walks_to(b, start, at) else at, emit)
    elif framing == "bare":
        walk(run, "bare", at, emit)


def _bound(runs):
    def has(d, t):
        return any(stun_at(r[1], i) and bytes(r[1][i:i + 2]) == t
                   for r in runs[d] for i in range(0, max(0, len(r[1]) - 19), 1) if r[1][i:i + 2] == t)
    return has("c2s", b"\x00\x0b") and has("s2c", b"\x01\x0b")


def type_name(kind):
    method = kind & 0xF | kind >> 1 & 0x70 | kind >> 2 & 0xF80
    cls = kind >> 7 & 2 | kind >> 4 & 1
    return METHODS.get(method, hex(method)) + " " + ("request", "indication", "success", "error")[cls]


def pair_up(msgs):
    """Adds answered = True or False to each request, by connection, direction and id."""
    for m in msgs:
        if m["name"].endswith("request"):
            m["answered"] = any(o["conn"] == m["conn"] and o["dir"] != m["dir"] and o["id"] == m["id"]
                                and int(o["type"], 16) & 0x100 for o in msgs)
        else:
            m["answered"] = None
    return msgs


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    msgs = pair_up(messages(args[0]))
    for m in msgs:
        m.pop("_end", None)
        if "--json" in sys.argv:
            print(json.dumps(m))
        else:
            a = {None: "", True: "answered", False: "UNANSWERED"}[m["answered"]]
            print(f'{m["frame"]:5} {m["client"]} {m["server"]} {m["dir"]} {m["framing"]:7} {m["type"]} '
                  f'{m["id"]} {m["length"]:4} {m["name"]} {a}')


if __name__ == "__main__":
    main()
