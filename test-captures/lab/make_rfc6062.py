# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/rfc6062: TCP allocations from end to end with real coturn, the
lab's own client, and MS-ICE2 checks of libnice through the data connections."""
import os
import socket
import ssl
import struct
import threading
import time

import lab
import make_coturn
from faulty_link import FaultyLink
from ice_stream import PAUSE, Stream, settle
from stunmsg import CHANNEL_NUMBER, CONNECTION_ID, DATA, PEER, message, xor_address
from turn_tcp import ALLOCATE, CHANNEL, CONNECT, TCP, UDP, Turn, Wire, name_of

TOPIC = "rfc6062"
LEGS = "tcp port 3478"           # what a capture at the client's side sees


def listener(port=50050):
    s = socket.create_server((lab.PEER, port))
    s.settimeout(5)
    return s


def peer_connects(turn, port=50051):
    """The peer opens a TCP connection to the relay."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((lab.PEER, port))
    s.settimeout(5)
    s.connect(turn.relay)
    return s


class Relayed(Stream):
    """A stream between a data connection and the peer. Each message is on two
    legs: client and server (turn), relay and peer; the second one only counts
    when the capture has it."""

    def __init__(self, wire, peer, turn, beyond, opened_by_peer=False, flavour="msice2"):
        super().__init__(flavour, pair=(wire.sock, peer))
        self.near = (wire.client, wire.server)
        self.far = (name_of(turn.relay), name_of(peer.getsockname())) if beyond else None
        self.opened_by_peer = opened_by_peer
        self.log = turn.log
        self.only_near = set()
        wire.sock.settimeout(5)
        self.client.inbox = wire.inbox

    def note(self, direction, frame, kind):
        at = len(self.log)
        super().note(direction, frame, kind)
        if kind != "stun":
            return
        for m in list(self.log[at:]):
            m["client"], m["server"] = self.near
            if self.far:
                far = dict(m, client=self.far[0], server=self.far[1])
                if self.opened_by_peer:
                    far.update(client=self.far[1], server=self.far[0], dir="s2c" if m["dir"] == "c2s" else "c2s")
                self.log.append(far)


def finish(name, turns, streams=(), cause=None, unanswered="unanswered"):
    turns = turns if isinstance(turns, (list, tuple)) else [turns]
    log = [m for t in turns for m in t.log]
    for m in settle(log, unanswered):
        if m.get("answered") is False and any(o["id"] == m["id"] and o.get("answered") for o in log):
            m["state"] = "answered on the other leg"
    lab.same_messages(log, TOPIC, name)
    lab.write_truth(TOPIC, name, log, "the log of the lab's TURN client and of both ends", cause=cause or "healthy",
                    allocations=[{"control": t.control.client, "server": name_of(t.server),
                                  "relay": name_of(t.relay) if t.relay else None} for t in turns],
                    connections=[c for t in turns for c in t.connections],
                    other_frames=[o for s in streams for o in s.other])
    print("  ", len(log), "messages,", sum(m["state"] == "unanswered" for m in log if "state" in m), "unanswered,",
          cause or "healthy")


def talk(s):
    s.talk()
    s.client.media(s.dtls(), "dtls")
    s.server.media(s.rtcp(), "rtcp")


def peer_is_refused(turn, port):
    """The relay takes the peer's connection and ends it at once."""
    try:
        s = peer_connects(turn, port)
        if s.recv(1) != b"":
            raise RuntimeError("the relay kept the peer's connection")
        s.close()
    except ConnectionError:
        pass
    time.sleep(0.3)


def setup(permit=lab.PEER, **kw):
    t = Turn(**kw)
    if t.allocate() is not None:
        raise RuntimeError("no allocation")
    if t.permit(permit) is not None:
        raise RuntimeError("no permission")
    return t


def opened(t, listening=None, beyond=False, port=0, flavour="msice2"):
    """A bound data connection: the client's Connect with a listener, else the
    peer's connection and a ConnectionAttempt."""
    if listening:
        cid, _ = t.connect(listening.getsockname())
        peer = listening.accept()[0]
    else:
        peer = peer_connects(t)
        cid = t.attempt()
    wire, code = t.bind(cid, port)
    if code:
        raise RuntimeError(f"bind {code}")
    return Relayed(wire, peer, t, beyond, listening is None, flavour)


def end(t, *streams):
    for s in streams:
        s.close()
    t.refresh(0)
    t.control.close()
    time.sleep(PAUSE)


# ---- healthy ----------------------------------------------------------------

def connect(name, beyond=False, flavour="msice2"):
    with listener() as srv, lab.Capture(TOPIC, name, "tcp" if beyond else LEGS):
        t = setup()
        s = opened(t, srv, beyond, flavour=flavour)
        talk(s)
        end(t, s)
    finish(name, t, [s])


def attempt(name, beyond=False):
    with lab.Capture(TOPIC, name, "tcp" if beyond else LEGS):
        t = setup()
        s = opened(t, None, beyond)
        talk(s)
        end(t, s)
    finish(name, t, [s])


def early_data(name, beyond=False):
    """The peer speaks before the bind: coturn passes it on with the success."""
    with lab.Capture(TOPIC, name, "tcp" if beyond else LEGS):
        t = setup()
        peer = peer_connects(t)
        cid = t.attempt()
        wire = Wire(t)
        s = Relayed(wire, peer, t, beyond, True)
        s.server.request()
        s.server.send_frames([s.rtp()], "rtp")
        wire.send(t.authenticated(0x000B, [(CONNECTION_ID, cid)]))
        time.sleep(0.2)
        wire.receive()
        t.connections[-1].update(data=wire.client, bind="success")
        s.client.inbox = wire.inbox
        req = s.client.receive()
        s.client.receive()
        s.client.answer(req)
        s.server.receive()
        s.client.check(use=True)
        end(t, s)
    finish(name, t, [s])


def early_client(name):
    """The client does not wait for the bind's success; coturn throws away what
    follows the request in its segment."""
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        wire = Wire(t)
        s = Relayed(wire, peer, t, False)
        bind = t.authenticated(0x000B, [(CONNECTION_ID, cid)])
        wire.note("c2s", bind)
        _, copies = s.client.checks.ask(f"request 1 0 1862270975 {s.client.tie} 2")
        check = bytes.fromhex(copies[0])
        s.note("c2s", check, "stun")
        wire.sock.sendall(bind + struct.pack(">H", len(check)) + check)
        wire.receive()
        t.connections[-1].update(data=wire.client, bind="success")
        peer.settimeout(1)
        try:
            peer.recv(1)
            raise RuntimeError("the early check arrived")
        except TimeoutError:
            pass
        s.server.check()
        end(t, s)
    finish(name, t, [s], "a check in one segment with ConnectionBind: coturn loses it")


def segments(name):
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv)
        s.client.check(segments=[1, 5, 40])
        s.server.check(segments=[2, 30])
        # media, check and media in one segment
        _, copies = s.client.checks.ask(f"request 1 1 1862270975 {s.client.tie} 2")
        check = bytes.fromhex(copies[0])
        rtp = [s.rtp(), s.rtp()]
        s.note("c2s", rtp[0], "rtp")
        s.note("c2s", check, "stun")
        s.note("c2s", rtp[1], "rtp")
        s.client.sock.sendall(b"".join(struct.pack(">H", len(f)) + f for f in (rtp[0], check, rtp[1])))
        for _ in range(3):
            frame = s.server.receive()
            if frame[0] < 4:
                s.server.answer(frame)
        s.client.receive()
        end(t, s)
    finish(name, t, [s])


def several(name):
    """One allocation, three peer connections at a time, one of them the peer's."""
    with listener(50050) as a, listener(50060) as b, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        streams = [opened(t, a), opened(t, None), opened(t, b)]
        for s in streams:
            s.client.check()
            s.server.check()
        for s in reversed(streams):
            s.client.check(use=s is streams[1])
            s.client.media(s.rtp(), "rtp")
        end(t, *streams)
    finish(name, t, streams)


def two_allocations(name):
    with listener(50050) as a, listener(50060) as b, lab.Capture(TOPIC, name, LEGS):
        t, u = setup(), setup()
        s, r = opened(t, a), opened(u, b)
        talk(s)
        talk(r)
        end(t, s)
        end(u, r)
    finish(name, [t, u], [s, r])


def reused_port(name):
    """Two data connections one after the other from the same client port."""
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv, port=47000)
        s.client.check()
        s.server.check()
        s.close(reset=True)
        time.sleep(0.3)
        r = opened(t, None, port=47000)
        r.client.check()
        r.client.media(r.rtp(), "rtp")
        r.server.check()
        end(t, r)
    finish(name, t, [s, r])


def not_stun(name, pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",)):
    """The peer speaks HTTP: a data connection that carries nothing of ours."""
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv)
        t.connections[-1]["carries"] = "http"
        s.client.sock.sendall(b"GET / HTTP/1.1\r\nHost: peer\r\n\r\n")
        s.server.sock.recv(1000)
        for piece in pieces:
            s.server.sock.sendall(piece)
            s.client.sock.recv(1000)
        end(t, s)
    finish(name, t, [s])


def tls(name):
    """The peer speaks TLS."""
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(*lab.certificate())
    outside = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    outside.check_hostname, outside.verify_mode = False, ssl.CERT_NONE

    def answer(sock):
        with inside.wrap_socket(sock, server_side=True) as secure:
            secure.sendall(secure.recv(100).upper())

    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv)
        t.connections[-1]["carries"] = "tls"
        peer = threading.Thread(target=answer, args=[s.server.sock])
        peer.start()
        with outside.wrap_socket(s.client.sock, server_hostname="lab.example.org") as secure:
            secure.sendall(b"hello")
            if secure.recv(100) != b"HELLO":
                raise RuntimeError("TLS through the relay failed")
        peer.join()
        end(t, s)
    finish(name, t, [s])


def network_faults(name, seed):
    """Loss, repeats and wrong order between the client and the server."""
    with FaultyLink(seed) as link:
        with link.far():
            server = make_coturn.turnserver(3478)
            srv = listener()
        time.sleep(0.5)
        with lab.Capture(TOPIC, name, LEGS, link.name):
            t = Turn(local=link.address)
            t.allocate()
            t.permit(lab.PEER)
            cid, _ = t.connect(srv.getsockname(), 20)
            peer = srv.accept()[0]
            wire, _ = t.bind(cid)
            s = Relayed(wire, peer, t, False)
            for _ in range(4):
                s.client.check()
                s.server.check()
                s.client.send_frames([s.rtp(900)], "rtp", [300, 300, 300])
                s.server.receive()
                s.server.media(s.rtp(700), "rtp")
            s.client.check(use=True)
            end(t, s)
            time.sleep(1)
        srv.close()
        server.stop()
    finish(name, t, [s])
    print("   packets lost, repeated, held back:", link.lost, link.repeated, link.held)


# ---- faults -----------------------------------------------------------------

def silent(name, both, beyond=False):
    with listener() as srv, lab.Capture(TOPIC, name, "tcp" if beyond else LEGS):
        t = setup()
        s = opened(t, srv, beyond)
        for _ in range(3):
            s.client.request()
            s.server.receive()
            if both:
                s.server.request()
                s.client.receive()
            else:
                s.server.check()
            time.sleep(0.3)
        end(t, s)
    finish(name, t, [s], "both ends silent" if both else "the peer answers nothing")


def nothing_relayed(name):
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv)
        time.sleep(1)
        end(t, s)
    finish(name, t, [s], "bound, and nothing came through")


def checks_reset(name):
    with listener() as srv, lab.Capture(TOPIC, name, LEGS):
        t = setup()
        s = opened(t, srv)
        s.client.check()
        s.client.request()
        s.server.receive()
        s.server.request()
        s.client.receive()
        s.close(reset=True)
        time.sleep(0.1)
        end(t)
    finish(name, t, [s], "data connection reset with checks open")


def run(name, what, code, body, server_args=()):
    """A fault with its own server: body(turn, server) drives it and returns the
    error code seen, which must be code."""
    with make_coturn.turnserver(3478, *server_args), lab.Capture(TOPIC, name, "tcp" if name in ALL_LEGS else LEGS):
        result = body()
        turns, seen = result
        if seen != code:
            raise RuntimeError(f"{name}: {seen} instead of {code}")
        for t in turns:
            t.control.close()
        time.sleep(PAUSE)
    finish(name, turns, (), what)


def wrong_password():
    t = Turn(password="wrong")
    codes = [t.allocate()]
    codes.append(t.ask(ALLOCATE, [TCP])[1])
    return [t], codes[-1]


def stale_nonce():
    t = setup()
    time.sleep(3)
    seen = t.refresh(600)
    t.refresh(600)
    return [t], seen


def stale_nonce_again():
    """A client that never takes the new nonce."""
    t = setup()
    time.sleep(3)
    old = t.nonce
    for _ in range(3):
        t.nonce = old
        seen = t.refresh(600)
    return [t], seen


def no_tcp_relay():
    t = Turn()
    return [t], t.allocate()


def forbidden():
    t = Turn()
    t.allocate()
    code = t.permit(lab.PEER)
    t.connect((lab.PEER, 50050))
    return [t], code


def quota():
    t, u = Turn(), Turn()
    t.allocate()
    return [t, u], u.allocate()


def no_capacity():
    turns = [Turn() for _ in range(3)]
    codes = [t.allocate() for t in turns]
    return turns, codes[-1]


def mismatch():
    t = setup()
    return [t], t.ask(ALLOCATE, [TCP])[1]


def no_allocation():
    t = Turn()
    t.ask(ALLOCATE, [TCP])              # challenge only: realm and nonce
    t.ask(CONNECT, peer=(lab.PEER, 50050))
    return [t], t.refresh(600)


def wrong_credentials():
    t = setup()
    t.user, t.password = "other", "secret2"
    return [t], t.refresh(600)


def refused():
    t = setup()
    return [t], t.connect((lab.PEER, 50999))[1]


def peer_timeout():
    """A listener whose queue is full: the kernel leaves further SYNs unanswered."""
    with socket.create_server((lab.PEER, 50055), backlog=0) as full:
        fill = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(full.getsockname())
            fill.append(s)
        time.sleep(0.2)
        t = setup()
        code = t.connect(full.getsockname(), 60)[1]
        for s in fill:
            s.close()
    return [t], code


def exists():
    with listener() as srv:
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        wire, _ = t.bind(cid)
        code = t.connect(srv.getsockname())[1]
        wire.close()
        peer.close()
    return [t], code


def bind_missing():
    with listener() as srv:
        t = setup()
        t.connect(srv.getsockname())
        peers = [srv.accept()[0], peer_connects(t, 50052)]
        t.attempt()
        for _ in range(4):
            time.sleep(9)
            t.refresh(600)
        for p in peers:
            p.close()
    return [t], None


def bind_late():
    with listener() as srv:
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        for _ in range(4):
            time.sleep(8)
            t.refresh(600)
        _, code = t.bind(cid)
        peer.close()
    return [t], code


def bind_unknown():
    with listener() as srv:
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        _, code = t.bind(bytes([cid[0] ^ 0x55]) + cid[1:])
        t.connections.append({"id": "0x" + (bytes([cid[0] ^ 0x55]) + cid[1:]).hex(), "announced": "never"})
        peer.close()
    return [t], code


def bind_twice():
    with listener() as srv:
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        wire, _ = t.bind(cid)
        _, code = t.bind(cid)
        wire.close()
        peer.close()
    return [t], code


def expired():
    """The lifetime ends without a Refresh, the client goes on."""
    t = setup()
    time.sleep(6)
    try:
        return [t], t.ask(CONNECT, peer=(lab.PEER, 50050))[1]
    except ConnectionError:
        return [t], "reset"


def permission_expired():
    with listener() as srv:
        t = setup()
        cid, _ = t.connect(srv.getsockname())
        peer = srv.accept()[0]
        wire, _ = t.bind(cid)
        time.sleep(6)
        peer_is_refused(t, 50053)
        t.refresh(600)
        wire.close()
        peer.close()
    return [t], None


def permission_missing():
    """A peer without permission: coturn takes its connection and closes it."""
    t = Turn()
    t.allocate()
    peer_is_refused(t, 50054)
    t.refresh(600)
    return [t], None


def alternate():
    t = Turn()
    return [t], t.allocate()


def wrong_transport_tcp():
    t = setup()
    _, code, _ = t.ask(CHANNEL, [(CHANNEL_NUMBER, b"\x40\x01\0\0")], peer=(lab.PEER, 50050))
    tid = os.urandom(12)
    t.control.send(message(0x0016, tid, [(PEER, xor_address(lab.PEER, 50050, tid)), (DATA, b"lost")]))
    time.sleep(0.2)
    t.refresh(600)
    return [t], code


def wrong_transport_udp():
    t = Turn()
    t.allocate(UDP)
    t.permit(lab.PEER)
    return [t], t.ask(CONNECT, peer=(lab.PEER, 50050))[1]


def permission_missing_udp():
    """A Send indication to a peer that was never permitted: coturn drops it and says nothing."""
    t = Turn()
    t.allocate(UDP)
    tid = os.urandom(12)
    t.control.send(message(0x0016, tid, [(PEER, xor_address(lab.PEER, 50050, tid)), (DATA, b"lost")]))
    time.sleep(0.2)
    t.refresh(600)
    return [t], None


def unknown_attributes():
    t = setup()
    return [t], t.ask(CONNECT, [(0x7777, b"what"), (0x7778, b"ever")], peer=(lab.PEER, 50050))[1]


FAULTS = {
    "wrong-password": ("wrong TURN password", 401, wrong_password),
    "stale-nonce": ("nonce expired, the new one is taken", 438, stale_nonce, "--stale-nonce=1"),
    "stale-nonce-again": ("nonce expired, the client keeps the old one", 438, stale_nonce_again, "--stale-nonce=1"),
    "no-tcp-relay": ("server without TCP relays", 442, no_tcp_relay, "--no-tcp-relay"),
    "forbidden": ("peer barred by the server's policy", 403, forbidden, f"--denied-peer-ip={lab.PEER}"),
    "quota": ("user quota used up", 486, quota, "--user-quota=1"),
    "no-capacity": ("no relay port left", 508, no_capacity, "--min-port=50200", "--max-port=50201"),
    "allocation-mismatch": ("Allocate on a control connection that has one", 437, mismatch),
    "no-allocation": ("Connect (coturn: 403) and Refresh (437) without an allocation", 437, no_allocation),
    "wrong-credentials": ("other user than the allocation's", 441, wrong_credentials, "-u", "other:secret2"),
    "peer-refused": ("the peer's port is closed", 447, refused),
    "peer-timeout": ("the peer's address does not answer", 447, peer_timeout),
    "connection-exists": ("a second Connect to a connected peer", 446, exists),
    "bind-missing": ("Connect and ConnectionAttempt without a bind in 36 s", None, bind_missing),
    "bind-late": ("ConnectionBind 32 s after the Connect success", "reset", bind_late),
    "bind-unknown-id": ("ConnectionBind with an id the server never gave", "reset", bind_unknown),
    "bind-twice": ("a second ConnectionBind with the same id", "reset", bind_twice),
    "allocation-expired": ("lifetime over, the client goes on", "reset", expired, "--max-allocate-lifetime=3"),
    "permission-expired": ("permission over, the peer's connection is refused", None, permission_expired,
                           "--permission-lifetime=3"),
    "permission-missing": ("no permission for the connecting peer", None, permission_missing),
    "permission-missing-udp": ("Send to a peer without permission", None, permission_missing_udp),
    "alternate-server": ("the server sends the client elsewhere", 300, alternate,
                         "--alternate-server=192.0.2.99:3478"),
    "wrong-transport-tcp": ("channel and Send on a TCP allocation", 403, wrong_transport_tcp),
    "wrong-transport-udp": ("Connect on a UDP allocation", 403, wrong_transport_udp),
    "unknown-attributes": ("two unknown required attributes", 420, unknown_attributes),
}

# what went wrong shows on the leg behind the server
ALL_LEGS = {"permission-expired", "permission-missing", "peer-refused"}

STREAMS = {
    "connect": connect,
    "connect-all-legs": lambda n: connect(n, True),
    "connect-formats": lambda n: connect(n, flavour="formats"),
    "connect-formats-all-legs": lambda n: connect(n, True, "formats"),
    "connect-rfc5245": lambda n: connect(n, flavour="rfc5245"),
    "attempt": attempt,
    "attempt-all-legs": lambda n: attempt(n, True),
    "early-data": early_data,
    "early-data-all-legs": lambda n: early_data(n, True),
    "early-client": early_client,
    "segments": segments,
    "several-peers": several,
    "two-allocations": two_allocations,
    "reused-port": reused_port,
    "not-stun": not_stun,
    "http-split": lambda n: not_stun(n, (b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 12\r\n\r\nhello ", b"world!")),
    "tls": tls,
    "network-faults-1": lambda n: network_faults(n, 1),
    "network-faults-2": lambda n: network_faults(n, 2),
    "one-side-silent": lambda n: silent(n, False),
    "one-side-silent-all-legs": lambda n: silent(n, False, True),
    "both-silent": lambda n: silent(n, True),
    "nothing-relayed": nothing_relayed,
    "reset": checks_reset,
}


def main(names):
    lab.need("turnserver", "dumpcap", "ip")
    lab.network()
    failed = []
    for name, f in lab.chosen({**STREAMS, **FAULTS}, names).items():
        try:
            if name in FAULTS:
                run(name, *FAULTS[name][:3], FAULTS[name][3:])
            elif name.startswith("network"):
                f(name)
            else:
                with make_coturn.turnserver(3478):
                    f(name)
        except (RuntimeError, OSError) as e:
            failed.append(f"{name}: {e}")
    for line in failed:
        print("FAILED", line)
    if failed:
        raise SystemExit(1)
