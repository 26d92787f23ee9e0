# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab's makers share: the network namespace's addresses, servers that
are stopped by their process id, captures, and truth files.

Everything runs in a network namespace of its own (make-all.sh makes it), where
the loopback interface carries documentation addresses.
"""
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import count
from pcap import write_pcapng

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.dirname(HERE)
SCRATCH = os.environ.get("MSTUN_LAB_SCRATCH") or tempfile.mkdtemp(prefix="mstun-lab-")

SERVER, CLIENT, PEER = "192.0.2.1", "192.0.2.10", "198.51.100.20"
SERVER6, CLIENT6 = "2001:db8::1", "2001:db8::10"


def network():
    """Gives the loopback interface of this namespace the lab's addresses."""
    if os.environ.get("MSTUN_LAB_NAMESPACE") != "1":
        sys.exit("run this through make-all.sh: it needs a network namespace of its own")
    subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
    for a in (SERVER, CLIENT, PEER):
        subprocess.run(["ip", "addr", "replace", a + "/32", "dev", "lo"], check=True)
    for a in (SERVER6, CLIENT6):
        subprocess.run(["ip", "-6", "addr", "replace", a + "/128", "dev", "lo"], check=True)


def wait_port(port, seconds=10):
    """Waits for a listener, without connecting to it."""
    end = time.time() + seconds
    while time.time() < end:
        for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
            with open(table, encoding="ascii") as f:
                for line in f:
                    words = line.split()
                    if words[3] == "0A" and words[1].endswith(f":{port:04X}"):
                        return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


class Process:
    """A program that runs beside the maker and is stopped by its process id."""

    def __init__(self, args, log=None, **kw):
        self.log = open(os.path.join(SCRATCH, log or "process.log"), "wb")
        self.p = subprocess.Popen(args, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True, **kw)

    def stop(self):
        if self.p.poll() is None:
            self.p.terminate()
            try:
                self.p.wait(5)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def certificate():
    """The files of a certificate for lab.example.org and of its key."""
    crt, key = (os.path.join(SCRATCH, f) for f in ("cert.pem", "key.pem"))
    if not os.path.exists(crt):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "3650", "-subj", "/CN=lab.example.org", "-keyout", key, "-out", crt],
                       check=True, capture_output=True)
    return crt, key


class Capture:
    """Captures the loopback interface while the with-block runs, then writes
    the packets to topic/name.pcapng without anything about this machine."""

    def __init__(self, topic, name, bpf="tcp", interface="lo"):
        self.out = path(topic, name + ".pcapng")
        self.raw = os.path.join(SCRATCH, name + ".raw.pcapng")
        self.bpf, self.interface = bpf, interface

    def __enter__(self):
        self.p = subprocess.Popen(["dumpcap", "-q", "-i", self.interface, "-f", self.bpf, "-w", self.raw],
                                  stderr=subprocess.PIPE, text=True)
        for line in self.p.stderr:
            if line.startswith("File:"):
                break
        time.sleep(0.3)
        return self

    def __exit__(self, kind, *_):
        time.sleep(0.7)
        self.p.send_signal(signal.SIGINT)
        self.p.stderr.read()
        self.p.wait()
        if kind is None:
            read = list(count.read_frames(self.raw))
            frames = [(t, orig, data) for _, t, _, orig, data in read]
            write_pcapng(self.out, frames, read[0][2])
            print(f"{os.path.relpath(self.out, CAPTURES)}: {len(frames)} frames, {os.path.getsize(self.out)} bytes")


def path(topic, name):
    os.makedirs(os.path.join(CAPTURES, topic), exist_ok=True)
    return os.path.join(CAPTURES, topic, name)


def read_capture(topic, name):
    return [(t, orig, data) for _, t, _, orig, data in count.read_frames(path(topic, name + ".pcapng"))]


def later(topic, name, moves):
    """Moves frames in time, so that nobody has to wait. moves: (frame, seconds) by which it and all behind it come
    later than they did."""
    frames = [(t + sum(seconds for frame, seconds in moves if i >= frame), n, b)
              for i, (t, n, b) in enumerate(read_capture(topic, name), 1)]
    write_pcapng(path(topic, name + ".pcapng"), frames)
    return frames


FIELDS = ("frame", "client", "server", "dir", "framing", "type", "name", "id", "answered", "state")


def write_truth(topic, name, msgs, source, **extra):
    """One line for each message; state says what became of a request."""
    rows = []
    for m in msgs:
        row = {k: m[k] for k in FIELDS if m.get(k) is not None}
        rows.append("  " + json.dumps(row))
    head = {"capture": name + ".pcapng", "source": source, **extra}
    with open(path(topic, name + ".truth.json"), "w", encoding="utf-8") as f:
        f.write("{\n" + "".join(f" {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
        f.write(' "messages": [\n' + ",\n".join(rows) + "\n ]\n}\n")


def truth_from_streams(topic, name, **extra):
    """For programs that keep no log: the lab's own reading of the TCP bytes."""
    capture = path(topic, name + ".pcapng")
    msgs = count.pair_up(count.messages(capture))
    others = [[u["frame"], u["dir"], u["kind"], len(u["bytes"])] for u in count.units(capture)
              if u["kind"] in ("channel", "frame")]
    for m in msgs:
        if m["answered"] is not None:
            m["state"] = "answered" if m["answered"] else "unanswered"
    write_truth(topic, name, msgs, "the TCP streams, read by lab/count.py", **extra, other_units=others)
    return msgs


def same_messages(log, topic, name):
    """Compares the lab's log with count.py's reading of the capture and gives
    the log its frame numbers. log: dicts with client, server, dir, type, id."""
    seen = count.messages(path(topic, name + ".pcapng"))
    keys = ("client", "server", "dir", "type", "id")
    left = list(seen)
    for m in log:
        hit = next((s for s in left if all(s[k] == m[k] for k in keys)), None)
        if hit is None:
            raise RuntimeError(f"{name}: sent and not in the capture: {m}")
        left.remove(hit)
        m.update(frame=hit["frame"], framing=hit["framing"], name=hit["name"])
    if left:
        raise RuntimeError(f"{name}: in the capture and not sent: {left[0]}")
    log.sort(key=lambda m: m["frame"])
    return log


def chosen(captures, names):
    """The makers of the named captures, or all."""
    return {name: make for name, make in captures.items() if not names or name in names}


def need(*programs):
    missing = [p for p in programs if shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]
    if missing:
        sys.exit("missing programs: " + ", ".join(missing))
