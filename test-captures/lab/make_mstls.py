# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/tls: TURN over TLS and DTLS with real coturn and the lab's own
client; the capture holds the secrets, so that Wireshark reads it without an
option. The truth comes from what both ends read and wrote, record by record."""
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import count
import lab
import make_coturn
import make_rfc6062
import msread
import turn_tcp
from ice_stream import PAUSE, settle
from make_msudp import DTLS_HELLO
from stunmsg import (CHANNEL_NUMBER, DATA, LIFETIME, PEER, RELAYED, channel_data, long_term_key, message, parse,
                     read_xor_address, xor_address)
from turn_tcp import Turn, Wire

TOPIC = "tls"
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def turnserver(port, *more):
    crt, key = lab.certificate()
    user = f"{make_coturn.USER}:{make_coturn.PASSWORD}"
    args = ["turnserver", "-n", "--no-cli", "--lt-cred-mech", "-u", user, "-r", make_coturn.REALM,
            "-p", "3478", "--tls-listening-port", str(port), "--cert", crt, "--pkey", key,
            "-L", lab.SERVER, "-E", lab.SERVER, "--min-port", "50000", "--max-port", "50100", "--relay-threads", "1",
            "--userdb", os.path.join(lab.SCRATCH, "turndb"), "--pidfile", os.path.join(lab.SCRATCH, "turn.pid"),
            "--log-file", "stdout", "--simple-log", *more]
    server = lab.Process(args, f"turnserver-tls-{port}.log")
    lab.wait_port(port)
    return server


class Terminator(threading.Thread):
    """TLS 1.3 before coturn's plain port: coturn 4.6.1 of Debian 12 refuses each TLS 1.3 hello."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = V13
        self.context.load_cert_chain(*lab.certificate())
        self.context.set_alpn_protocols(["stun.turn"])
        self.listener = socket.create_server((lab.SERVER, port))
        self.coturn = make_coturn.turnserver(3478)

    def run(self):
        while True:
            try:
                s = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            except OSError:
                return
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain = socket.create_connection((lab.SERVER, 3478))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for a, b in ((s, plain), (plain, s)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(16384):
                b.sendall(data)
            b.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()
        self.coturn.stop()


class Secure:
    """A TLS socket that remembers what each record of application data held."""

    def __init__(self, sock):
        self.sock, self.records = sock, []

    def sendall(self, data):
        self.records.append(("c2s", bytes(data)))
        self.sock.sendall(data)

    def recv(self, n):
        data = self.sock.recv(n)           # never more than one record
        if data:
            self.records.append(("s2c", data))
        return data

    def __getattr__(self, name):
        return getattr(self.sock, name)


class TlsWire(Wire):
    """A TURN connection over TLS."""

    context, made = None, []

    def __init__(self, turn, port=0):
        super().__init__(turn, port)
        self.sock = Secure(self.context.wrap_socket(self.sock, server_hostname="lab.example.org"))
        s = self.sock
        self.facts = {"tls": s.version(), "cipher": s.cipher()[0], "alpn": s.selected_alpn_protocol()}
        self.made.append(self)


def client_context(version, keys, alpn):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.minimum_version = c.maximum_version = version
    c.keylog_filename = keys
    if alpn:
        c.set_alpn_protocols(alpn)
    return c


def inject(name, keys):
    """Puts the secrets into the capture, behind the description of its interface."""
    path = lab.path(TOPIC, name + ".pcapng")
    with open(path, "rb") as f:
        data = f.read()
    with open(keys, "rb") as f:
        secrets = b"".join(line for line in f if not line.startswith(b"#"))
    body = struct.pack("<II", 0x544C534B, len(secrets)) + secrets + bytes(-len(secrets) % 4)
    block = struct.pack("<II", 0x0A, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    p = 0
    for _ in range(2):
        p += struct.unpack("<I", data[p + 4:p + 8])[0]
    with open(path, "wb") as f:
        f.write(data[:p] + block + data[p:])


def application_records(capture, client):
    """(length, frame of the last byte) of the application data of each direction."""
    out = {"c2s": [], "s2c": []}
    conn = next(c for c in count.connections(capture) if c.client == client)
    for d in out:
        (run,) = conn.dirs[d].runs()
        data, p = run[1], 0
        while p + 5 <= len(data):
            n = 5 + struct.unpack(">H", data[p + 3:p + 5])[0]
            if data[p] == 23:
                out[d].append((n - 5, next(f for e, f in run[2] if p + n <= e)))
            p += n
    return out


def frames_of(records, lengths, overhead):
    """The frame of each record of application data: in TLS 1.3 there are others of that type before and behind."""
    for skip in range(len(records) - len(lengths) + 1):
        here = records[skip:skip + len(lengths)]
        if [n for n, _ in here] == [n + overhead for n in lengths]:
            return [f for _, f in here]
    raise RuntimeError(f"records {[n for n, _ in records]} for {lengths} bytes")


def cut(wire, capture, overhead, rows, others):
    """The messages of one TLS connection, in the frame of the record that completes them."""
    records = application_records(capture, wire.client)
    for d in ("c2s", "s2c"):
        chunks = [data for direction, data in wire.sock.records if direction == d]
        frames, ends, total = frames_of(records[d], [len(c) for c in chunks], overhead), [], 0
        for c, f in zip(chunks, frames):
            total += len(c)
            ends.append((total, f))
        flow = msread.Flow(wire.client, wire.server, d, True, True, rows, others)
        data, p, bound = b"".join(chunks), 0, False
        while p < len(data):
            if bound:
                n = 2 + struct.unpack(">H", data[p:p + 2])[0]
            elif data[p] < 4:
                n = 20 + struct.unpack(">H", data[p + 2:p + 4])[0]
            else:
                n = 4 + struct.unpack(">H", data[p + 2:p + 4])[0] + 3 & ~3
            frame = next(f for e, f in ends if p + n <= e)
            if not bound and data[p] >= 4:
                flow.other(frame, "bare", "tls", "channel", n)
            else:
                flow.packet(frame, "rfc4571" if bound else "bare", "tls", data[p + 2 * bound:p + n])
                bound = bound or data[p:p + 2] in (b"\x00\x0b", b"\x01\x0b")
            p += n


def finish(name, turn, version, wires, **extra):
    capture = lab.path(TOPIC, name + ".pcapng")
    rows, others = [], []
    for w in wires:
        cut(w, capture, 17 if version == V13 else 24, rows, others)
    rows.sort(key=lambda m: m["frame"])
    others.sort(key=lambda m: m["frame"])
    msread.compare(name, rows, settle(turn.log))
    msread.write_truth(TOPIC, name, msread.settle(rows), others, "what both ends read and wrote, record by record",
                       **wires[0].facts, **extra)
    print("  ", len(rows), "messages,", *wires[0].facts.values())


def tls(name, port, version, use, alpn=("stun.turn",), secrets=True):
    """One capture of what use(Turn) does over TLS."""
    keys = os.path.join(lab.SCRATCH, name + ".keys")
    TlsWire.context, TlsWire.made = client_context(version, keys, alpn), []
    plain, turn_tcp.Wire = turn_tcp.Wire, TlsWire
    try:
        server = Terminator(port) if version == V13 else turnserver(port, "--no-dtls")
        with server, lab.Capture(TOPIC, name, f"tcp port {port}"):
            time.sleep(0.3)
            t = Turn(port=port)
            facts = use(t)
            time.sleep(PAUSE)
    finally:
        turn_tcp.Wire = plain
    if secrets:
        inject(name, keys)
        finish(name, t, version, TlsWire.made, **facts)
    else:
        msread.write_truth(TOPIC, name, [], [], "encrypted, and no secrets in it: there is nothing to see")


def relay_tcp(t):
    """RFC 6062: a control and a data connection, checks and media through it."""
    if t.allocate() is not None or t.permit(lab.PEER) is not None:
        raise RuntimeError("no allocation")
    with make_rfc6062.listener() as srv:
        s = make_rfc6062.opened(t, srv)
        make_rfc6062.talk(s)
    make_rfc6062.end(t, s)
    return {"cause": "healthy", "connections": t.connections}


def relay_attempt(t):
    """The peer opens the connection."""
    if t.allocate() is not None or t.permit(lab.PEER) is not None:
        raise RuntimeError("no allocation")
    s = make_rfc6062.opened(t, None)
    make_rfc6062.talk(s)
    make_rfc6062.end(t, s)
    return {"cause": "healthy", "connections": t.connections}


def discovery(t):
    """Binding requests, nothing else."""
    discover(t)
    t.control.close()
    return {"cause": "healthy"}


def relay_udp(t):
    """A UDP relay: a channel, Send and Data."""
    if t.allocate(turn_tcp.UDP) is not None or t.permit(lab.PEER) is not None:
        raise RuntimeError("no allocation")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((lab.PEER, 50060))
        peer.settimeout(5)
        tid = os.urandom(12)
        t.control.send(message(0x0016, tid, [(PEER, xor_address(lab.PEER, 50060, tid)), (DATA, b"in an indication")]))
        data, relay = peer.recvfrom(2000)
        peer.sendto(data.upper(), relay)
        t.control.receive()
        t.ask(turn_tcp.CHANNEL, [(CHANNEL_NUMBER, b"\x40\x01\0\0")], peer=(lab.PEER, 50060))
        t.control.sock.sendall(channel_data(0x4001, b"in a channel"))
        peer.sendto(peer.recvfrom(2000)[0].upper(), relay)
        t.control.sock.recv(2000)
    t.refresh(0)
    t.control.close()
    return {"cause": "healthy"}


# ---- DTLS --------------------------------------------------------------------

class Dtls:
    """A client whose DTLS is openssl s_client's: one write or read is one record."""

    def __init__(self, port, keys, version, alpn):
        self.log, self.realm, self.nonce = [], b"", b""
        self.name = f"{lab.CLIENT}:50500", f"{lab.SERVER}:{port}"
        self.p = subprocess.Popen(["openssl", "s_client", f"-{version}", "-connect", f"{lab.SERVER}:{port}", "-bind",
                                   self.name[0], "-quiet", *(["-alpn", alpn] if alpn else []), "-keylogfile", keys],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        time.sleep(0.5)

    def send(self, msg):
        self.log.append(("c2s", msg))
        self.p.stdin.write(msg)
        time.sleep(PAUSE)

    def receive(self):
        msg = self.p.stdout.read(65536)
        self.log.append(("s2c", msg))
        return msg

    def ask(self, kind, attributes, tid=None):
        auth = [(0x06, b"lab"), (0x14, self.realm), (0x15, self.nonce)] if self.nonce else []
        key = long_term_key("lab", self.realm.decode(), "secret") if self.nonce else None
        self.send(message(kind, tid or os.urandom(12), [*attributes, *auth], key))
        kind, tid, attributes = parse(self.receive())
        self.realm, self.nonce = attributes.get(0x14, self.realm), attributes.get(0x15, self.nonce)
        return kind, tid, attributes

    def close(self):
        self.p.stdin.close()
        try:
            self.p.wait(2)                 # it waits for the server, who keeps a connection without allocation for long
        except subprocess.TimeoutExpired:
            self.p.terminate()
            self.p.wait(5)
        self.p.stdout.close()


def discover(d):
    """Binding requests: what RFC 7443's stun.nat-discovery is for."""
    for _ in range(2):
        d.ask(0x0001, [])


def dtls_talk(d, in_channel=b"in a channel"):
    transport = [(0x19, b"\x11\0\0\0")]
    d.ask(0x0003, transport)
    _, tid, attributes = d.ask(0x0003, transport)
    relay = read_xor_address(attributes[RELAYED], tid)
    tid = os.urandom(12)
    d.ask(0x0008, [(PEER, xor_address(lab.PEER, 0, tid))], tid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((lab.PEER, 50061))
        peer.settimeout(5)
        tid = os.urandom(12)
        d.send(message(0x0016, tid, [(PEER, xor_address(lab.PEER, 50061, tid)), (DATA, b"in an indication")]))
        peer.sendto(peer.recvfrom(2000)[0].upper(), relay)
        d.receive()
        tid = os.urandom(12)
        d.ask(0x0009, [(CHANNEL_NUMBER, b"\x40\x01\0\0"), (PEER, xor_address(lab.PEER, 50061, tid))], tid)
        d.send(channel_data(0x4001, in_channel))
        peer.sendto(peer.recvfrom(2000)[0], relay)
        d.receive()
    d.ask(0x0004, [(LIFETIME, bytes(4))])


def dtls(name, port, version, use=dtls_talk, alpn="stun.turn"):
    keys = os.path.join(lab.SCRATCH, name + ".keys")
    with turnserver(port), lab.Capture(TOPIC, name, f"udp port {port}"):
        time.sleep(0.3)
        d = Dtls(port, keys, version, alpn)
        use(d)
        d.close()
    inject(name, keys)
    rows, others = [], []
    frames = {"c2s": [], "s2c": []}
    for number, _, link, _, data in count.read_frames(lab.path(TOPIC, name + ".pcapng")):
        src, _, payload = msread.udp_datagram(link, data)
        if payload[0] == 23:
            frames["c2s" if src == d.name[0] else "s2c"].append(number)
    for direction, msg in d.log:
        frame = frames[direction].pop(0)
        flow = msread.Flow(*d.name, direction, False, True, rows, others)
        if msg[0] < 4:
            flow.packet(frame, "datagram", "dtls", msg)
        else:
            flow.other(frame, "datagram", "dtls", "channel", len(msg))
    if frames["c2s"] or frames["s2c"]:
        raise RuntimeError(f"{name}: more records than messages")
    msread.write_truth(TOPIC, name, msread.settle(rows), others, "what the client read and wrote, record by record",
                       tls=version)
    print("  ", len(rows), "messages")


CAPTURES = {
    "tcp-relay-tls12-5349": lambda n: tls(n, 5349, V12, relay_tcp),
    "tcp-relay-tls13-5349": lambda n: tls(n, 5349, V13, relay_tcp),
    "tcp-relay-attempt-tls13-443": lambda n: tls(n, 443, V13, relay_attempt),
    "tcp-relay-no-alpn-tls13-40123": lambda n: tls(n, 40123, V13, relay_tcp, alpn=()),
    "udp-relay-tls12-5349": lambda n: tls(n, 5349, V12, relay_udp),
    "tcp-relay-tls13-5349-no-secrets": lambda n: tls(n, 5349, V13, relay_tcp, secrets=False),
    "udp-relay-dtls12-5349": lambda n: dtls(n, 5349, "dtls1_2"),
    "udp-relay-no-alpn-dtls12-40123": lambda n: dtls(n, 40123, "dtls1_2", alpn=None),
    "dtls-relayed-dtls12-5349": lambda n: dtls(n, 5349, "dtls1_2", lambda d: dtls_talk(d, DTLS_HELLO)),
    "nat-discovery-tls12-5349": lambda n: tls(n, 5349, V12, discovery, alpn=("stun.nat-discovery",)),
    "nat-discovery-dtls12-5349": lambda n: dtls(n, 5349, "dtls1_2", discover, "stun.nat-discovery"),
}


def main(names):
    lab.need("dumpcap", "ip", "openssl", "turnserver")
    lab.network()
    for name, f in lab.chosen(CAPTURES, names).items():
        f(name)
