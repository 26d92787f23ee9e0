# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenes of real programs: three hosts (client, TURN server, peer) as network namespaces that the script makes for
itself, the programs that play in them, a capture and its label.

The script's own namespace is the server's host and forwards between the other two. What is captured is what its two
interfaces see: `legs` "client", "peer" or "both". No packet leaves the script's namespaces."""
import atexit
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import count
import lab
from stunmsg import attributes_of

CLIENT2 = "192.0.2.11"                  # a second address of the client's host
PEER6 = "2001:db8:1::20"
LIBC = ctypes.CDLL(None, use_errno=True)
COTURN = "coturn 4.6.1"


# ---- hosts ------------------------------------------------------------------

def own_namespace():
    """Runs this script again in namespaces of its own, where it may do as it likes."""
    if os.environ.get("MSTUN_LAB_NAMESPACE") == "1":
        return
    os.environ.update(MSTUN_LAB_NAMESPACE="1", PYTHONDONTWRITEBYTECODE="1", LC_ALL="C",
                      PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def run(*words):
    subprocess.run(" ".join(words).split(), check=True)


def host(name, number, address, address6, gateway, gateway6):
    """A namespace that is linked to the server's host."""
    run("ip netns add", name)
    run(f"ip link add {name}0 address 00:00:5e:00:53:0{number} type veth",
        f"peer name eth0 netns {name} address 00:00:5e:00:53:1{number}")
    run(f"ip addr add {gateway}/24 dev {name}0")
    run(f"ip -6 addr add {gateway6}/64 dev {name}0 nodad")
    run(f"ip link set {name}0 gso_max_segs 1 up")
    for line in ("link set lo up", f"addr add {address}/24 dev eth0", f"-6 addr add {address6}/64 dev eth0 nodad",
                 "link set eth0 gso_max_segs 1 up", f"route add default via {gateway}",
                 f"-6 route add default via {gateway6}"):
        run(f"ip -n {name} {line}")


def hosts():
    run("mount -t tmpfs none /run/netns" if os.path.isdir("/run/netns") else "mount -t tmpfs none /run")
    os.makedirs("/run/netns", exist_ok=True)
    run("ip link set lo up")
    for family in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        with open(f"/proc/sys/net/{family}", "w", encoding="ascii") as f:
            f.write("1")
    host("client", 1, lab.CLIENT, lab.CLIENT6, lab.SERVER, lab.SERVER6)
    host("peer", 2, lab.PEER, PEER6, "198.51.100.1", "2001:db8:1::1")
    run(f"ip -n client addr add {CLIENT2}/24 dev eth0")
    atexit.register(shutil.rmtree, lab.SCRATCH, ignore_errors=True)


@contextlib.contextmanager
def on(name):
    """Sockets that this thread makes inside belong to that host."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if LIBC.setns(there, 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        LIBC.setns(own, 0x40000000)
        os.close(own)
        os.close(there)


def program(name, *args, log=None, **kw):
    """A program on one of the hosts; "server" is the script's own."""
    inside = [] if name == "server" else ["ip", "netns", "exec", name]
    return lab.Process([*inside, *map(str, args)], log or f"{os.path.basename(str(args[0]))}-{time.time_ns()}.log", **kw)


def to_end(name, *args, seconds=40, ok=False):
    """Runs a program on a host and waits for its end; one that does not end is killed."""
    with program(name, *args) as p:
        try:
            status = p.p.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(p.p.pid, signal.SIGKILL)
            status = p.p.wait()
    if ok and status:
        with open(p.log.name, encoding="utf-8", errors="replace") as f:
            raise RuntimeError(f"{args[0]}: status {status}\n{f.read()[-2000:]}")
    return status


def until(condition, seconds=20, what="it"):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.02)


# ---- peers ------------------------------------------------------------------

class UdpEcho:
    """A peer that sends each datagram back."""

    def __init__(self, port=50050, address=lab.PEER, where="peer"):
        with on(where):
            self.sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, port))
        self.seen = []
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        with contextlib.suppress(OSError):
            while True:
                data, source = self.sock.recvfrom(2000)
                if source is None:                      # shut down
                    return
                self.seen.append(source)
                self.sock.sendto(data, source)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def listener(port=50050, where="peer", address=lab.PEER, backlog=64):
    with on(where):
        s = socket.create_server((address, port), backlog=backlog,
                                 family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.settimeout(5)
    return s


def drop(name, rule):
    """That host's firewall drops what the rule says, until the script ends."""
    run(f"ip netns exec {name} nft add table inet lab")
    run(f"ip netns exec {name} nft add chain inet lab in {{ type filter hook input priority 0 ; }}")
    run(f"ip netns exec {name} nft add rule inet lab in {rule} drop")


def drop_nothing(name):
    run(f"ip netns exec {name} nft delete table inet lab")


# ---- captures and labels ----------------------------------------------------

class Legs(lab.Capture):
    """As lab.Capture, of the server's interfaces towards the client, the peer or both."""

    def __init__(self, topic, name, legs, bpf):
        super().__init__(topic, name, bpf)
        self.legs = ["client0", "peer0"] if legs == "both" else [legs + "0"]

    def __enter__(self):
        words = [w for leg in self.legs for w in ("-i", leg, "-f", self.bpf)]
        self.p = subprocess.Popen(["dumpcap", "-q", *words, "-w", self.raw], stderr=subprocess.PIPE, text=True)
        for line in self.p.stderr:
            if line.startswith("File:"):
                break
        time.sleep(0.5)
        return self

    def __exit__(self, kind, *_):
        super().__exit__(kind, *_)
        if kind is None and len(self.legs) > 1:        # which dumpcap writes in bursts
            frames = [(t, orig, data) for _, t, _, orig, data in count.read_frames(self.out)]
            lab.write_pcapng(self.out, sorted(frames, key=lambda frame: frame[0]))


def label(topic, name, words):
    """Puts a label into the topic's labels.json, which another script may be writing as well."""
    file = lab.path(topic, "labels.json")
    with open(os.path.join(lab.CAPTURES, topic, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        labels = {}
        if os.path.exists(file):
            with open(file, encoding="utf-8") as f:
                labels = json.load(f)
        labels[name] = words
        with open(file, "w", encoding="utf-8") as f:
            json.dump(dict(sorted(labels.items())), f, indent=1)
            f.write("\n")
        os.remove(lock.name)


@contextlib.contextmanager
def scene(topic, name, program, cause=None, finding=None, note="", legs="client", bpf="tcp"):
    """Captures what happens inside. cause None: a healthy scene."""
    with Legs(topic, name, legs, bpf):
        yield
    facts = {"healthy": cause is None, "cause": cause or "healthy", "expected_finding": finding, "program": program,
             "note": note}
    label(topic, name, facts)
    truth(topic, name, facts)


DATA, SEND_AND_DATA = 0x0013, ("0x0016", "0x0017")


def stun_rows(unit):
    """The STUN messages of one unit of a stream, those inside it as well."""
    rows = []
    data, inside = unit["bytes"], False
    if unit["kind"] in ("bare", "rfc4571"):
        rows.append(row_of(unit, data, False))
        if rows[0]["type"] not in SEND_AND_DATA:
            return rows
        data, inside = attributes_of(data)[1].get(DATA, b""), True
    elif unit["kind"] == "channel":
        data, inside = data[4:4 + int.from_bytes(data[2:4], "big")], True
    if inside and count.stun_at(data, 0) == len(data):
        rows.append(row_of(unit, data, True))
    return rows


def row_of(unit, msg, inside):
    kind = int.from_bytes(msg[:2], "big")
    row = {k: unit[k] for k in ("conn", "frame", "client", "server", "dir")}
    row.update(framing="packet" if inside else unit["kind"], type=f"0x{kind:04x}", name=count.type_name(kind),
               id=msg[8:20].hex())
    return row


def ended_after(capture, message):
    """Whether the message's connection has a FIN or RST behind it."""
    for number, _, link, _, data in count.read_frames(capture):
        source, target, _, flags, *_ = count.tcp_segment(link, data)
        if number > message["frame"] and flags & 5 and {source, target} == {message["client"], message["server"]}:
            return True
    return False


def truth(topic, name, facts):
    """What the streams hold, read by lab/count.py: messages, those inside others as well."""
    capture = lab.path(topic, name + ".pcapng")
    times = {n: t for n, t, *_ in count.read_frames(capture)}
    end = max(times.values())
    msgs = count.pair_up([row for unit in count.units(capture) for row in stun_rows(unit)])
    for m in msgs:
        if m["answered"] is not None:
            late = end - times[m["frame"]] < 2 and not ended_after(capture, m)
            m["state"] = "answered" if m["answered"] else "pending" if late else "unanswered"
    lab.write_truth(topic, name, msgs, "the TCP streams, read by lab/count.py", cause=facts["cause"],
                    first_finding=facts["expected_finding"], program=facts["program"])
    print("  ", len(msgs), "messages,", sum(m["answered"] is False for m in msgs), "unanswered:", facts["cause"],
          flush=True)


def main(scenes, names, needed=()):
    """Plays the named scenes, or all; one that fails does not keep the others from being played."""
    own_namespace()
    lab.need("dumpcap", "ip", "nft", *needed)
    hosts()
    failed = []
    for name, play in lab.chosen(scenes, names).items():
        try:
            play(name)
        except Exception as e:                          # whatever a real program may have done
            failed.append(name)
            print(f"{name}: {type(e).__name__}: {e}", flush=True)
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


def again(topics):
    """Truth files anew from captures and labels, without the labels of captures that are gone: scene.py topic..."""
    for topic in topics:
        file = lab.path(topic, "labels.json")
        with open(file, encoding="utf-8") as f:
            labels = {name: facts for name, facts in json.load(f).items()
                      if os.path.exists(lab.path(topic, name + ".pcapng"))}
        with open(file, "w", encoding="utf-8") as f:
            json.dump(labels, f, indent=1)
            f.write("\n")
        for name, facts in labels.items():
            print(f"{topic}/{name}")
            truth(topic, name, facts)


if __name__ == "__main__":
    again(sys.argv[1:])
