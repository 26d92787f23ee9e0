# SPDX-License-Identifier: GPL-2.0-or-later
"""Three hosts for programs that are not the lab's own: a TURN server between a client and a peer, each in a network
namespace of its own. Nothing is forwarded, so that client and peer reach each other through the relay alone. Captures
are taken at the server, with both legs: client to server, and server to peer."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time

import count
import lab
import msread
import pairs

SERVER, SECOND, CLIENT = "192.0.2.1", "192.0.2.2", "192.0.2.10"
GATEWAY, PEER = "198.51.100.1", "198.51.100.20"
NOWHERE = "203.0.113.9"                       # no host has it: packets to it get as far as the peer
NO_ROUTE = "203.0.113.7"                      # the server's own kernel refuses to send to it
SERVER6, CLIENT6 = "2001:db8::1", "2001:db8::10"
GATEWAY6, PEER6 = "2001:db8:1::1", "2001:db8:1::20"
USER, PASSWORD, REALM = "lab", "secret", "example.org"
RELAY_PORTS = range(50000, 50101)

NAME = "lab.example.org"                      # SERVER's

# The TURN connections, and what the relay exchanges with its peers.
BOTH_LEGS = (f"tcp port 3478 or tcp port 5349 or ((host {SERVER} or host {SECOND} or host {SERVER6}) and "
             f"udp portrange {RELAY_PORTS[0]}-{RELAY_PORTS[-1]}) or (icmp and host {PEER})")
CLONE_NEWNET = 0x40000000


def run(*words, check=True):
    subprocess.run(words, check=check, capture_output=not check)


class Hosts:
    """The namespaces, gone when the with-block ends. Their names hold the lab's process id."""

    def __init__(self):
        self.names = {host: f"mstun{os.getpid()}-{host}" for host in ("server", "client", "peer")}

    def __enter__(self):
        for name in self.names.values():
            resolver(name)
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        self.ip("server", "link", "add", "lan", "type", "bridge")
        for address in (SERVER + "/24", SECOND + "/24", GATEWAY + "/24", SERVER6 + "/64", GATEWAY6 + "/64"):
            self.address("server", "lan", address)
        self.ip("server", "link", "set", "lan", "up")
        self.ip("server", "route", "add", "unreachable", NO_ROUTE + "/32")
        self.ip("server", "route", "add", NOWHERE + "/32", "via", PEER)
        self.join("client", CLIENT, CLIENT6, SERVER, SERVER6)
        self.join("peer", PEER, PEER6, GATEWAY, GATEWAY6)
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            run("ip", "netns", "delete", name, check=False)
            shutil.rmtree(f"/etc/netns/{name}")
        if "MSTUN_LAB_SCRATCH" not in os.environ:
            shutil.rmtree(lab.SCRATCH, ignore_errors=True)

    def ip(self, host, *words):
        run("ip", "-n", self.names[host], *words)

    def address(self, host, interface, address):
        options = ["nodad"] if ":" in address else []
        self.ip(host, "addr", "add", address, "dev", interface, *options)

    def join(self, host, address, address6, gateway, gateway6):
        """Connects a host to the server's bridge, which is its gateway."""
        self.ip("server", "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", self.names[host])
        self.ip("server", "link", "set", host, "master", "lan", "up")
        self.ip(host, "link", "set", "eth0", "up")
        self.address(host, "eth0", address + "/24")
        self.address(host, "eth0", address6 + "/64")
        self.ip(host, "route", "add", "default", "via", gateway)
        self.ip(host, "-6", "route", "add", "default", "via", gateway6)

    def inside(self, host, *command):
        return ["ip", "netns", "exec", self.names[host], *command]

    def enter(self, host):
        """Moves the calling thread into a host: sockets that it opens are there."""
        with open(f"/var/run/netns/{self.names[host]}", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")


def resolver(name):
    """What `ip netns exec` shows the programs of a namespace in place of /etc: one host name, and no name server."""
    os.makedirs(f"/etc/netns/{name}")
    files = {"hosts": f"127.0.0.1 localhost\n{SERVER} {NAME}\n", "resolv.conf": "nameserver 127.0.0.1\n"}
    for file, text in files.items():
        with open(f"/etc/netns/{name}/{file}", "w", encoding="ascii") as f:
            f.write(text)


def listening(process, port, seconds=10):
    """Waits until this process's host listens on the port."""
    end = time.time() + seconds
    while time.time() < end:
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{process.pid}/net/{table}", encoding="ascii") as lines:
                if any(line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}") for line in lines):
                    return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def certificate():
    """The files of the server's certificate, of its key, and of the authority that signed it."""
    crt, key, ca, ca_key = (os.path.join(lab.SCRATCH, f) for f in ("server.pem", "server.key", "ca.pem", "ca.key"))
    if not os.path.exists(crt):
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "300"]
        run(*new, "-subj", "/CN=lab authority", "-keyout", ca_key, "-out", ca)
        run(*new, "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=IP:{SERVER},DNS:{NAME}", "-addext",
            "basicConstraints=critical,CA:FALSE", "-CA", ca, "-CAkey", ca_key, "-keyout", key, "-out", crt)
    return crt, key, ca


class Turnserver(lab.Process):
    """coturn on the server. relays: its relayed addresses; address: where it listens."""

    def __init__(self, hosts, *more, address=SERVER, relays=(SERVER,)):
        crt, key, _ = certificate()
        v6 = ["-L", SERVER6] if address == SERVER else []
        relayed = [word for relay in relays for word in ("-E", relay)]
        here = os.path.join(lab.SCRATCH, f"turn-{address}")
        super().__init__(hosts.inside(
            "server", "turnserver", "-n", "--no-cli", "--no-udp", "--no-dtls", "--lt-cred-mech", "-r", REALM,
            "-u", f"{USER}:{PASSWORD}", "-p", "3478", "-L", address, *v6, *relayed, "--cert", crt, "--pkey", key,
            "--min-port", str(RELAY_PORTS[0]), "--max-port", str(RELAY_PORTS[-1]), "--relay-threads", "1",
            "--userdb", here + ".db", "--pidfile", here + ".pid", "--log-file", "stdout", "--simple-log", *more),
            f"turn-{address}.log")
        listening(self.p, 3478)

    def freeze(self):
        self.p.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.p.send_signal(signal.SIGCONT)

    def kill(self):
        self.p.kill()
        self.p.wait()

    def stop(self):
        if self.p.poll() is None:
            self.thaw()
        super().stop()


class TlsServer(lab.Process):
    """openssl's server on TURN's port, which speaks nothing but TLS."""

    def __init__(self, hosts):
        crt, key, _ = certificate()
        super().__init__(hosts.inside("server", "openssl", "s_server", "-quiet", "-accept", f"{SERVER}:3478", "-cert",
                                      crt, "-key", key), "tls-server.log", stdin=subprocess.DEVNULL)
        listening(self.p, 3478)


class Capture(lab.Capture):
    """What passes the server's bridge. Addresses of Ethernet are replaced: they are made up at random for each run."""

    def __init__(self, hosts, topic, name, bpf=BOTH_LEGS):
        super().__init__(topic, name, bpf, "lan")
        self.hosts = hosts

    def __enter__(self):
        self.p = subprocess.Popen(
            self.hosts.inside("server", "dumpcap", "-q", "-i", self.interface, "-f", self.bpf, "-w", self.raw),
            stderr=subprocess.PIPE, text=True)
        for line in self.p.stderr:
            if line.startswith("File:"):
                break
        time.sleep(0.3)
        return self

    def __exit__(self, kind, *_):
        super().__exit__(kind)
        if kind is None:
            frames = [(t, orig, ethernet(data)) for _, t, _, orig, data in count.read_frames(self.out)]
            lab.write_pcapng(self.out, frames)


def ethernet(frame):
    """The frame with addresses of the range that RFC 7042 has for documentation, by who sends: client, server, peer."""
    def mac(ip):
        known = {CLIENT: 10, CLIENT6: 10, PEER: 20, PEER6: 20}
        return bytes.fromhex("00005e0053") + bytes([known.get(ip, 1)])

    source, destination = ends(frame)
    return mac(destination) + mac(source) + frame[12:]


def ends(frame):
    if frame[12:14] == b"\x86\xdd":
        return tuple(count._ip6(frame[at:at + 16]) for at in (22, 38))
    return tuple(".".join(map(str, frame[at:at + 4])) for at in (26, 30))


# ---- labels -----------------------------------------------------------------------------------------------------

class Labels:
    """labels.json of a topic: what a capture shows, by the script that made it. first_finding of a truth file is the
    same as expected_finding here, None where nothing is wrong."""

    def __init__(self, topic, program):
        self.topic, self.program = topic, program
        self.path = lab.path(topic, "labels.json")

    def read(self):
        if not os.path.exists(self.path):
            return {}
        with open(self.path, encoding="utf-8") as f:
            return json.load(f)

    def add(self, name, cause, finding, note=None, healthy=None):
        labels = self.read()
        labels[name] = {"healthy": finding is None if healthy is None else healthy, "cause": cause,
                        "expected_finding": finding, "program": self.program, "note": note}
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump(dict(sorted(labels.items())), f, indent=1, ensure_ascii=False)
            f.write("\n")


def uncaptured_ends(path):
    """Source and destination, where a segment (of a RST, say) is further on than the last byte in the capture."""
    segments = [segment for _, _, link, _, data in count.read_frames(path) if (segment := count.tcp_segment(link, data))]
    lacking = set()
    for flow in {segment[:2] for segment in segments}:
        of_flow = [segment for segment in segments if segment[:2] == flow]
        last = max((sequence + len(payload) + (1 if flags & 3 else 0) for _, _, sequence, flags, payload, _ in of_flow
                    if payload or flags & 3), default=None)
        if last is not None and max(sequence for _, _, sequence, *_ in of_flow) - last >= 20:
            lacking.add(flow)
    return lacking


def write_truth(topic, name, cause, finding, **more):
    """The messages on TCP, those inside of Send, Data and ChannelData too, and what became of the requests."""
    path = lab.path(topic, name + ".pcapng")
    rows = msread.settle([row for unit in count.units(path) for row in pairs.rows_of(unit)])
    closed, times = pairs.endings(path)
    lacking = uncaptured_ends(path)
    for m in rows:
        asked, asking = (m["server"], m["client"]) if m["dir"] == "c2s" else (m["client"], m["server"])
        if m.get("state") == "unanswered" and (asked, asking) in lacking:
            m["state"] = "half_captured"
        if m.get("state") == "unanswered" and frozenset((m["client"], m["server"])) not in closed:
            m["state"] = "pending" if times[-1] - times[m["frame"] - 1] < 10 else "unanswered"
    msread.write_truth(topic, name, rows, [], "the TCP streams, read without Wireshark", cause=cause,
                       first_finding=finding, also=[], **more)
    return rows


def version(package):
    """Upstream's version of a Debian package, for the labels."""
    words = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True, capture_output=True,
                           text=True)
    return words.stdout.split("-")[0]


def scratch(name):
    """An empty folder."""
    path = os.path.join(lab.SCRATCH, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path
