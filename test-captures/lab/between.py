# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands between two ICE agents: it takes the connection of one, opens (or is given) one to the other, and passes
on the RFC 4571 frames of both directions, but for those that a rule keeps."""
import itertools
import os
import socket
import struct
import subprocess
import threading
import time

import lab
import stunmsg
from msrelay import packets

BEHIND = "198.51.100.21"          # where the right agent is: what is behind it nobody captures
PROXY_PORT = 50050
AGENT_PORTS = itertools.count(60000)   # a port of its own for each: libnice does not take one that is in TIME_WAIT


def is_stun(frame):
    return len(frame) >= 20 and frame[0] < 4 and frame[4:8] == b"\x21\x12\xa4\x42"


def is_response(frame):
    return is_stun(frame) and bool(frame[0] & 1)


def is_request(frame):
    return is_stun(frame) and not frame[0] & 1 and not frame[1] & 0x10


class Between(threading.Thread):
    """reach() gives the connection to the other agent when the first one has come, and what was read from it already.
    rule(direction, frame) says "pass",
    "drop" or "reset"; c2s is what the agent sends that opened the connection."""

    def __init__(self, address, reach, rule=None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(address)
        self.listener.settimeout(10)
        self.reach, self.rule = reach, rule or (lambda direction, frame: "pass")
        self.ends, self.failure = {}, None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.join(5)
        if self.failure and kind is None:
            raise self.failure

    def run(self):
        try:
            near = self.listener.accept()[0]
            Splice(near, *self.reach(), self.rule).run()
        except (OSError, RuntimeError) as e:
            self.failure = e
        finally:
            self.listener.close()


class Splice:
    """Carries frames until an end closes or the rule resets both; early: what was read from the far end already."""

    def __init__(self, near, far, early, rule):
        self.ends, self.rule, self.was_reset = (near, far), rule, False
        for s in self.ends:
            s.settimeout(0.1)        # while a thread waits in it, a socket that is closed does not close
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ways = ("c2s", near, far, b""), ("s2c", far, near, early)
        self.threads = [threading.Thread(target=self.carry, args=way, daemon=True) for way in ways]

    def run(self):
        for t in self.threads:
            t.start()
        while all(t.is_alive() for t in self.threads):
            time.sleep(0.05)
        if not self.was_reset:
            time.sleep(0.2)
            for s in self.ends:
                shut(s)
        for t in self.threads:
            t.join()

    def carry(self, direction, source, sink, inbox):
        more = True
        while more and not self.was_reset:
            whole, inbox = packets(inbox)
            try:
                for frame in whole:
                    self.judge(direction, frame, sink)
                more = source.recv(65536)
                inbox += more
            except TimeoutError:
                pass
            except OSError:
                return

    def judge(self, direction, frame, sink):
        what = self.rule(direction, frame)
        if what == "reset":
            self.was_reset = True
            for s in self.ends:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
        elif what == "pass":
            sink.sendall(stunmsg.framed(frame))


def shut(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    s.close()


def to_agent(port):
    return lambda: (socket.create_connection((BEHIND, port), 5, source_address=(lab.PEER, 0)), b"")


def agents(name, *arguments, **kw):
    """Runs ice_pair; gives what the agents say."""
    r = subprocess.run([os.path.join(lab.SCRATCH, "ice_pair"), *arguments], capture_output=True, text=True, timeout=90,
                       check=False, **kw)
    with open(os.path.join(lab.SCRATCH, name + ".log"), "w", encoding="utf-8") as f:
        f.write(r.stdout + r.stderr)
    if r.returncode:
        raise RuntimeError(f"ice_pair: {r.stderr}")
    return [line for line in r.stdout.splitlines() if " pair " in line or " got " in line and "bytes" not in line]
