# SPDX-License-Identifier: GPL-2.0-or-later
"""Two ends of an ICE-TCP connection (RFC 4571 frames) whose checks libnice's
stun library encodes (checks.c), over a real TCP connection, with a log of what
each end sent."""
import itertools
import os
import random
import socket
import struct
import subprocess
import time

import count
import lab

PAUSE = 0.02
PORTS = itertools.count(42000)


class Checks:
    """One end's libnice encoder."""

    def __init__(self, flavour, ufrag, pwd, remote_ufrag, remote_pwd):
        self.p = subprocess.Popen([os.path.join(lab.SCRATCH, "checks"), flavour, ufrag, pwd, remote_ufrag, remote_pwd],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        word, *rest = self.p.stdout.readline().split()
        return word, rest

    def close(self):
        self.p.stdin.close()
        self.p.stdout.close()
        self.p.wait()


class End:
    def __init__(self, sock, direction, stream, checks, controlling, tie):
        self.sock, self.dir, self.stream, self.checks = sock, direction, stream, checks
        self.controlling, self.tie = controlling, tie
        self.peer = None
        self.inbox = b""

    def send_frames(self, frames, kind, segments=None):
        """Writes frames back to back in one segment, or in the given sizes."""
        data = b"".join(struct.pack(">H", len(f)) + f for f in frames)
        for f in frames:
            self.stream.note(self.dir, f, kind)
        for n in segments or ():
            self.sock.sendall(data[:n])
            data = data[n:]
            time.sleep(PAUSE)
        if data:
            self.sock.sendall(data)
        time.sleep(PAUSE)

    def receive(self):
        self.sock.settimeout(3)
        while len(self.inbox) < 2 or len(self.inbox) < 2 + struct.unpack(">H", self.inbox[:2])[0]:
            more = self.sock.recv(65536)
            if not more:
                raise RuntimeError("the other end closed")
            self.inbox += more
        n = struct.unpack(">H", self.inbox[:2])[0]
        frame, self.inbox = self.inbox[2:2 + n], self.inbox[2 + n:]
        return frame

    def request(self, use=False, priority=1862270975, identifier="2", segments=None):
        """Sends one check (two messages with flavour formats)."""
        _, copies = self.checks.ask(f"request {int(self.controlling)} {int(use)} {priority} {self.tie} {identifier}")
        copies = [bytes.fromhex(c) for c in copies]
        self.send_frames(copies, "stun", segments)
        return copies

    def answer(self, req, segments=None):
        """Answers a request with libnice's answer; returns it."""
        host, port = self.sock.getpeername()[:2]
        word, rest = self.checks.ask(f"answer {req.hex()} {host} {port} {int(self.controlling)} {self.tie}")
        if word != "reply":
            return None
        reply = bytes.fromhex(rest[0])
        self.send_frames([reply], "stun", segments)
        return reply

    def check(self, use=False, **kw):
        """One check that the other end answers, each copy of it."""
        for _ in self.request(use, **kw):
            req = self.peer.receive()
            if self.peer.answer(req) is None:
                raise RuntimeError("libnice dropped a check that should be good")
            word, _ = self.checks.ask("finish " + self.receive().hex())
            if word not in ("ok", "bad"):     # bad: the second copy's id is already done
                raise RuntimeError(word)

    def media(self, frame, kind):
        self.send_frames([frame], kind)
        got = self.peer.receive()
        if got != frame:
            raise RuntimeError("a frame arrived changed")


class Stream:
    """client is the end that opened the TCP connection and controls."""

    def __init__(self, flavour="msice2", client_port=None, server_port=50050, pair=None):
        ufrags = ("LfLg", "lab-password-of-the-left-end"), ("RfRg", "lab-password-of-the-right-end")
        self.log, self.other = [], []
        if pair is None:
            listener = socket.create_server((lab.PEER, server_port))
            a = socket.create_connection((lab.PEER, server_port),
                                         source_address=(lab.CLIENT, client_port or next(PORTS)))
            b = listener.accept()[0]
            listener.close()
        else:
            a, b = pair
        for s in (a, b):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client_name = "%s:%d" % a.getsockname()[:2]
        self.server_name = "%s:%d" % b.getsockname()[:2]
        self.client = End(a, "c2s", self, Checks(flavour, *ufrags[0], *ufrags[1]), True, 311745)
        self.server = End(b, "s2c", self, Checks(flavour, *ufrags[1], *ufrags[0]), False, 77)
        self.client.peer, self.server.peer = self.server, self.client
        self.rng = random.Random(4571)
        self.rtp_seq = 100

    def note(self, direction, frame, kind):
        if kind != "stun":
            self.other.append([direction, kind, len(frame)])
            return
        t = struct.unpack(">H", frame[:2])[0]
        self.log.append({"client": self.client_name, "server": self.server_name, "dir": direction,
                         "type": f"0x{t:04x}", "id": frame[8:20].hex(), "name": count.type_name(t)})

    def rtp(self, size=60, marker=False):
        """An RTP packet of payload type 127, as application sharing has it."""
        self.rtp_seq += 1
        head = struct.pack(">BBHII", 0x80, 0xFF if marker else 0x7F, self.rtp_seq, 160 * self.rtp_seq, 0x0A0B0C0D)
        return head + bytes(self.rng.randrange(256) for _ in range(size))

    def rtcp(self):
        return struct.pack(">BBHIIIIII", 0x80, 200, 6, 0x0A0B0C0D, 0xE0000000, 0, 16000, self.rtp_seq, 6000)

    def dtls(self, size=40):
        body = bytes(self.rng.randrange(256) for _ in range(size))
        return b"\x17\xfe\xfd\x00\x01" + struct.pack(">HIH", 0, self.rtp_seq, size) + body

    def talk(self):
        """Checks both ways, one nominated, RTP."""
        self.client.check()
        self.server.check()
        self.client.check(use=True)
        for i in range(3):
            self.client.media(self.rtp(marker=i == 2), "rtp")
            self.server.media(self.rtp(), "rtp")

    def close(self, reset=False):
        for end in (self.client, self.server):
            end.checks.close()
        if reset:
            self.client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.sock.close()
        time.sleep(PAUSE)
        self.server.sock.close()
        time.sleep(PAUSE)


def settle(log, unanswered="unanswered"):
    """Sets answered and state of each request from the log itself."""
    for m in log:
        if m["name"].endswith("request"):
            m["answered"] = any(o["id"] == m["id"] and o["dir"] != m["dir"] and o["client"] == m["client"]
                                and int(o["type"], 16) & 0x100 for o in log)
            m["state"] = "answered" if m["answered"] else unanswered
    return log
