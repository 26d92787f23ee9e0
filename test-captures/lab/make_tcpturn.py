#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/tcp-turn: real servers (coturn, pion, eturnal's stun library) and a client that makes mistakes which no
real client makes at will: the lab's own (turn_tcp.py). In the healthy ones it makes none.

usage: make_tcpturn.py [capture]...      (root; see scene.py)
"""
import contextlib
import os
import socket
import struct
import sys
import time

import lab
import scene
import servers
from make_pion import pion_server
from stunmsg import (CHANNEL_NUMBER, DATA, LIFETIME, NONCE, PEER, REALM, USERNAME, channel_data,
                     long_term_key, message, xor_address)
from turn_tcp import ALLOCATE, CHANNEL, CONNECT, PERMISSION, REFRESH, TCP, UDP, Turn, Wire

TOPIC = "tcp-turn"
PION = "pion/turn 2.1.0 server"
SEND = 0x0016
FAMILY6 = (0x0017, b"\x02\0\0\0")


@contextlib.contextmanager
def captured(name, *args, server=servers.coturn, who=scene.COTURN, **kw):
    """Server and capture run; what is inside is done on the client's host."""
    with server() as running, scene.scene(TOPIC, name, f"{who}, the lab's client", *args,
                                          **{"bpf": "tcp port 3478", **kw}), scene.on("client"):
        yield running


def of_pion(name, *args, **kw):
    return captured(name, *args, server=pion_server, who=PION, **kw)


def coturn(*args, **kw):
    return lambda: servers.coturn(*args, **kw)


def allocated(transport=TCP, permit=(lab.PEER,), more=(), **kw):
    t = Turn(**kw)
    if t.allocate(transport, more):
        raise RuntimeError("no allocation")
    if permit and t.permit(*permit):
        raise RuntimeError("no permission")
    return t


def end(t):
    with contextlib.suppress(OSError, ConnectionError):
        t.refresh(0)
    t.control.close()
    time.sleep(0.2)


def say(wire, sock, text=b"GET /status HTTP/1.0\r\n\r\n", answer=b"HTTP/1.0 204 No Content\r\n\r\n"):
    """One question and answer through a data connection."""
    wire.sock.sendall(text)
    sock.settimeout(5)
    sock.recv(1000)
    sock.sendall(answer)
    wire.sock.recv(1000)


def opened(t, srv):
    cid, code = t.connect(srv.getsockname()[:2])
    if code:
        raise RuntimeError(f"Connect {code}")
    peer = srv.accept()[0]
    wire, code = t.bind(cid)
    if code:
        raise RuntimeError(f"bind {code}")
    return wire, peer


def peer_connects(t, port=0):
    """The peer's host opens a connection to the relayed port."""
    with scene.on("peer"):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((lab.PEER, port))
        s.settimeout(5)
        s.connect(t.relay)
    return s


def close_all(*pairs):
    for pair in pairs:
        for s in pair:
            s.close()
        time.sleep(0.01)


# ---- healthy ----------------------------------------------------------------

def fifty(name, n=50):
    with scene.listener(backlog=n) as srv, captured(name, note="50 data connections of one allocation at a time"):
        t = allocated()
        pairs = [opened(t, srv) for _ in range(1)]
        ports = []
        for i in range(1, n):                   # a relay has one connection to each peer address
            extra = scene.listener(50050 + i)
            ports.append(extra)
            pairs.append(opened(t, extra))
        for wire, peer in pairs:
            say(wire, peer, b"GET / HTTP/1.0\r\n\r\n")
        close_all(*pairs)
        end(t)
        close_all(ports)


def attempts(name, n=8):
    with captured(name, legs="both", bpf="tcp", note="the peer opens each connection: ConnectionAttempt"):
        t = allocated()
        pairs = []
        for _ in range(n):
            peer = peer_connects(t)
            wire, code = t.bind(t.attempt())
            assert not code
            pairs.append((wire, peer))
        for wire, peer in pairs:
            say(wire, peer)
        close_all(*pairs)
        end(t)


def connect_stale_nonce(name):
    with scene.listener() as srv, captured(name, server=coturn("--stale-nonce=3")):
        t = allocated()
        pair = opened(t, srv)
        for _ in range(3):
            say(*pair)
            time.sleep(3.5)
            if t.refresh(600) == 438:
                t.refresh(600)
        close_all(pair)
        end(t)


def ipv6(name):
    with scene.listener(address=scene.PEER6) as srv, captured(
            name, server=coturn(addresses=servers.ADDRESSES6), legs="both", bpf="tcp"):
        t = allocated(more=[FAMILY6], permit=[scene.PEER6], server=lab.SERVER6, local=lab.CLIENT6)
        pair = opened(t, srv)
        say(*pair)
        close_all(pair)
        end(t)


def several(name):
    """Connections that come and go in one allocation, Connect and ConnectionAttempt by turns."""
    with scene.listener() as srv, captured(name, note="connections to one peer, one after the other"):
        t = allocated()
        for i in range(6):
            if i % 2:
                peer = peer_connects(t)
                wire, _ = t.bind(t.attempt())
            else:
                wire, peer = opened(t, srv)
            say(wire, peer)
            wire.close()
            peer.close()
            time.sleep(0.3)
            if i == 3:
                t.refresh(600)
                t.permit(lab.PEER)
        end(t)


def hang_up(name):
    """Refresh and CreatePermission are open when the client closes."""
    with scene.listener() as srv, captured(name, note="two requests are open when the client itself hangs up; their "
                                           "answers meet a closed port"):
        t = allocated()
        pair = opened(t, srv)
        say(*pair)
        close_all(pair)
        first = t.authenticated(REFRESH, [(LIFETIME, struct.pack(">I", 0))])
        t.control.sock.sendall(first)
        t.control.close()


def udp_pipelined(name, server=servers.coturn, who=scene.COTURN):
    """CreatePermission, ChannelBind and Send in one segment, as browsers send them."""
    with scene.UdpEcho(), captured(name, server=server, who=who, note="nothing waits for the answer before it: that is "
                                   "allowed over TCP, where the server works in order"):
        t = allocated(UDP, ())
        tids = [os.urandom(12) for _ in range(3)]
        auth = [(USERNAME, b"lab"), (REALM, t.realm), (NONCE, t.nonce)]
        key = long_term_key("lab", t.realm.decode(), "secret")
        peers = [(PEER, xor_address(lab.PEER, 50050, tid)) for tid in tids]
        t.control.sock.sendall(message(PERMISSION, tids[0], [peers[0], *auth], key)
                               + message(SEND, tids[1], [peers[1], (DATA, rtp(1))])
                               + message(CHANNEL, tids[2], [(CHANNEL_NUMBER, b"\x40\x01\0\0"), peers[2], *auth], key)
                               + channel_data(0x4001, rtp(2)))
        time.sleep(0.5)
        t.control.sock.sendall(channel_data(0x4001, rtp(3)))
        time.sleep(0.3)
        t.control.sock.recv(5000)
        t.refresh(0)
        t.control.close()


def rtp(n):
    return bytes([0x80, 111, 0, n, 0, 0, 0, n, 0, 0, 0, 5]) + bytes(30)


# ---- Connect ------------------------------------------------------------------

def connect_repeated(name):
    scene.drop("peer", "tcp dport 50050")
    try:
        with captured(name, "the client repeats its Connect over TCP after 0.2 s (same id): 446, while the server still "
                      "tries to reach the peer", "mstun.turn.connection_exists", legs="both", bpf="tcp",
                      note="the repetition is the fault; the peer's firewall drops the SYN"):
            t = allocated()
            tid = os.urandom(12)
            auth = [(USERNAME, b"lab"), (REALM, t.realm), (NONCE, t.nonce)]
            msg = message(CONNECT, tid, [(PEER, xor_address(lab.PEER, 50050, tid)), *auth],
                          long_term_key("lab", t.realm.decode(), "secret"))
            t.control.sock.sendall(msg)
            time.sleep(0.2)
            t.control.sock.sendall(msg)
            with contextlib.suppress(TimeoutError):
                t.control.receive(3)
            t.control.close()
    finally:
        scene.drop_nothing("peer")


def connect_timeout(name):
    scene.drop("peer", "tcp dport 50050")
    try:
        with captured(name, "the peer's firewall drops the SYN: 447 after the server's time", "mstun.turn.peer_timeout",
                      legs="both", bpf="tcp"):
            t = allocated()
            t.connect((lab.PEER, 50050), timeout=50)
            end(t)
    finally:
        scene.drop_nothing("peer")


def connect_refused(name, legs):
    with captured(name, "nobody listens at the peer's port (RST): 447", "mstun.turn.peer_refused", legs=legs, bpf="tcp"):
        t = allocated()
        t.connect((lab.PEER, 50050), timeout=50)
        end(t)


def connect_no_permission(name):
    with captured(name, "the server's policy bars the peer: 403 to Connect", "mstun.turn.forbidden",
                  server=coturn(f"--denied-peer-ip={lab.PEER}")):
        t = allocated(permit=())
        t.connect((lab.PEER, 50050))
        end(t)


def connect_ipv6_peer(name):
    with captured(name, "an IPv6 peer on an IPv4 allocation: 443", "mstun.turn.address_family"):
        t = allocated(permit=())
        t.permit(scene.PEER6)
        t.connect((scene.PEER6, 50050))
        end(t)


def uninvited(name):
    """A peer without permission opens the relayed port."""
    with captured(name, "a peer without permission connects to the relayed port and is reset",
                  "mstun.turn.peer_without_permission", legs="both", bpf="tcp"):
        t = allocated(permit=())
        with contextlib.suppress(OSError), peer_connects(t) as s:
            s.recv(10)
        time.sleep(0.5)
        end(t)


# ---- ConnectionBind -------------------------------------------------------------

def bind_from(name, seconds, local, user, *label, by_peer=True, **kw):
    """A ConnectionBind some seconds after its announcement, from another address, or another user's."""
    with scene.listener() as srv, captured(name, *label, **kw):
        t = allocated()
        if by_peer:
            peer = peer_connects(t)
            cid = t.attempt()
        else:
            cid, _ = t.connect(srv.getsockname())
            peer = srv.accept()[0]
        time.sleep(seconds)
        other = t
        t.local = local or t.local
        if user:
            other = allocated(user=user, password="hidden")
        with contextlib.suppress(ConnectionError):
            wire, code = other.bind(cid)
            if not code:
                say(wire, peer)
            wire.close()
        peer.close()
        time.sleep(0.3)
        if other is not t:
            end(other)
        end(t)


def bind_stranger(name, what):
    """A ConnectionBind without credentials, or with a nonce that the server gave on another connection."""
    with captured(name, f"ConnectionBind has {what}: the server resets", "mstun.closed_without_response",
                  note="the name of the finding is a guess"):
        t = allocated()
        peer = peer_connects(t)
        cid = t.attempt()
        own = t.nonce
        if what == "no credentials":
            t.nonce = b""
        else:
            other = Turn()
            other.ask(ALLOCATE, [TCP])
            other.control.close()
            t.nonce = other.nonce
        with contextlib.suppress(ConnectionError, TimeoutError):
            t.bind(cid)
        t.nonce = own
        peer.close()
        time.sleep(0.3)
        end(t)


# ---- refusals -------------------------------------------------------------------

def asks(name, *label, pion=False, transport=UDP, permit=(lab.PEER,), do=(), server=None, wait=0.4, **kw):
    """An allocation, then requests that are refused or ignored."""
    if server:
        kw["server"] = server
    with (of_pion if pion else captured)(name, *label, **kw):
        t = allocated(transport, permit)
        for step in do:
            with contextlib.suppress(TimeoutError, ConnectionError):
                step(t)
        time.sleep(wait)
        end(t)


def channel_bind(number, port, host=lab.PEER):
    return lambda t: t.ask(CHANNEL, [(CHANNEL_NUMBER, struct.pack(">HH", number, 0))], peer=(host, port))


def channel_send(number, n=5):
    def send(t):
        for i in range(n):
            t.control.sock.sendall(channel_data(number, rtp(i)))
            time.sleep(0.05)
    return send


def raw(*pieces, pause=0.3):
    def send(t):
        for piece in pieces:
            t.control.sock.sendall(piece)
            time.sleep(pause)
    return send


def wait(seconds):
    return lambda t: time.sleep(seconds)


def unknown_nonce(name, server, who):
    """The client keeps a nonce of a server that was started anew, and stops at the 438."""
    with captured(name, "the request has a nonce that this server never gave: 438 once, and the client stops there",
                  "mstun.auth.not_repeated", server=server, who=who):
        t = Turn()
        t.realm, t.nonce = b"example.org", b"0123456789abcdef"
        t.ask(ALLOCATE, [UDP])
        time.sleep(0.5)
        t.control.close()


def without_allocation(name, server, who, answer, *label):
    """Credentials are right, but no Allocate was sent on this connection."""
    with captured(name, *label, server=server, who=who):
        first = Turn()
        first.ask(ALLOCATE, [UDP])
        first.control.close()
        t = Turn()
        t.realm, t.nonce = first.realm, first.nonce
        for kind, attributes, peer in ((PERMISSION, [], (lab.PEER, 50050)),
                                       (REFRESH, [(LIFETIME, struct.pack(">I", 600))], None)):
            with contextlib.suppress(TimeoutError):
                t.ask(kind, attributes, peer=peer, timeout=5)
        t.control.close()


def no_credentials(name, server, who):
    with captured(name, "the client never answers the challenge with credentials", "mstun.auth.no_credentials",
                  server=server, who=who):
        t = Turn()
        for _ in range(4):
            t.nonce = b""
            t.ask(ALLOCATE, [UDP])
            time.sleep(0.4)
        t.control.close()


def short_term_key(name):
    """MESSAGE-INTEGRITY is made with the password itself."""
    with captured(name, "MESSAGE-INTEGRITY is made with the password itself instead of the long-term key: 401",
                  "mstun.auth.rejected"):
        t = Turn()
        t.ask(ALLOCATE, [UDP])
        auth = [(USERNAME, b"lab"), (REALM, t.realm), (NONCE, t.nonce)]
        t.control.send(message(ALLOCATE, os.urandom(12), [UDP, *auth], b"secret"))
        t.control.receive()
        t.control.close()


def wrong_transport(name, server, who, transport, *label):
    with captured(name, *label, server=server, who=who):
        t = Turn()
        t.allocate(transport)
        t.control.close()


def second_allocation(name, server, who):
    with captured(name, "the client asks for a second allocation on the same control connection: 437",
                  "mstun.turn.allocation_mismatch", server=server, who=who):
        t = allocated(UDP)
        t.ask(ALLOCATE, [UDP])
        end(t)


def other_users_refresh(name):
    with captured(name, "the allocation is refreshed with another user's credentials: 441", "mstun.auth.rejected"):
        t = allocated(UDP)
        t.user, t.password = "other", "hidden"
        t.refresh(600)
        t.control.close()


def expired(name):
    with captured(name, "the allocation of 6 s was never refreshed: the server ends it and resets the control connection",
                  "mstun.turn.allocation_expired", server=coturn("--max-allocate-lifetime=6")):
        t = allocated(UDP)
        time.sleep(9)
        with contextlib.suppress(OSError):
            t.permit(lab.PEER)
        t.control.close()


def killed(name, freeze):
    with scene.listener() as srv, captured(
            name, "the server's process is killed: RST on the control connection of a living allocation and on its data "
            "connection" + (", after 3 s of silence" if freeze else ""), "mstun.turn.control_closed",
            note="the name of the finding is a guess") as server:
        t = allocated()
        pair = opened(t, srv)
        say(*pair)
        if freeze:
            servers.freeze(server)
            t.control.sock.sendall(t.authenticated(REFRESH, [(LIFETIME, struct.pack(">I", 600))]))
            time.sleep(3)
        servers.kill(server)
        time.sleep(1)
        close_all(pair)
        t.control.close()


COTURN = (servers.coturn, scene.COTURN)
OF_PION = (pion_server, PION)
SCENES = {
    "fifty": fifty,
    "attempts": attempts,
    "connect-stale-nonce": connect_stale_nonce,
    "ipv6": ipv6,
    "several": several,
    "hang-up": hang_up,
    "pipelined": udp_pipelined,
    "pipelined-pion": lambda n: udp_pipelined(n, *OF_PION),
    "bind-other-address": lambda n: bind_from(n, 0.2, scene.CLIENT2, None, note="ConnectionBind from another address "
                                              "of the client's host: coturn takes it"),
    "connect-repeated": connect_repeated,
    "connect-timeout": connect_timeout,
    "connect-refused": lambda n: connect_refused(n, "client"),
    "connect-refused-all-legs": lambda n: connect_refused(n, "both"),
    "connect-forbidden": connect_no_permission,
    "connect-ipv6-peer": connect_ipv6_peer,
    "uninvited": uninvited,
    "bind-late": lambda n: bind_from(n, 34, None, None, "ConnectionBind 34 s after its ConnectionAttempt",
                                     "mstun.turn.bind_late"),
    "bind-late-connect": lambda n: bind_from(n, 34, None, None, "ConnectionBind 34 s after its Connect success",
                                             "mstun.turn.bind_late", by_peer=False),
    "bind-late-other-address": lambda n: bind_from(n, 34, scene.CLIENT2, None, "ConnectionBind 34 s after its "
                                                   "ConnectionAttempt, from another address of the client",
                                                   "mstun.turn.bind_late"),
    "bind-other-user": lambda n: bind_from(n, 0.2, None, "other", "ConnectionBind with another user's credentials: the "
                                           "server resets", "mstun.turn.bind_other_user",
                                           note="the name of the finding is a guess"),
    "bind-other-nonce": lambda n: bind_stranger(n, "a nonce that the server gave on another connection"),
    "bind-no-credentials": lambda n: bind_stranger(n, "no credentials"),
    "channel-unbound": lambda n: asks(n, "ChannelData on a channel that was never bound: the server drops it",
                                      "mstun.turn.channel_unbound", do=[channel_send(0x4005)]),
    "channel-unbound-pion": lambda n: asks(n, "ChannelData on a channel that was never bound: the server drops it",
                                           "mstun.turn.channel_unbound", pion=True, do=[channel_send(0x4005)]),
    "channel-other-peer": lambda n: asks(n, "the channel is bound to another peer already: 400",
                                         "mstun.refused",
                                         do=[channel_bind(0x4001, 50050), channel_bind(0x4001, 50051)]),
    "channel-other-peer-pion": lambda n: asks(n, "the channel is bound to another peer already: 400",
                                              "mstun.refused", pion=True,
                                              do=[channel_bind(0x4001, 50050), channel_bind(0x4001, 50051)]),
    "channel-forbidden-pion": lambda n: asks(n, "the server's policy bars the peer: pion answers ChannelBind with 401",
                                             "mstun.refused", who=PION, permit=(),
                                             server=lambda: pion_server("-deny", lab.PEER),
                                             do=[channel_bind(0x4001, 50050)]),
    "channel-bad-number": lambda n: asks(n, "ChannelBind for number 0x3fff, which is no channel's: 400",
                                         "mstun.refused", do=[channel_bind(0x3FFF, 50050)]),
    "unpadded": lambda n: asks(n, "the client does not pad ChannelData on TCP", "mstun.channel.unpadded", do=[
        channel_bind(0x4001, 50050), raw(b"\x40\x01\x00\x2b" + rtp(1) + b"\x07", b"\x40\x01\x00\x2b" + rtp(2) + b"\x07",
                                         b"\x40\x01\x00\x2b" + rtp(3) + b"\x07")], wait=1),
    "raw-bytes": lambda n: asks(n, "application bytes without a TURN header on the control connection",
                                "mstun.not_a_message", do=[raw(b"<message to=\'198.51.100.20\'>hello</message>\n" * 2)], wait=1),
    "short-channel-data": lambda n: asks(n, "ChannelData of 200 bytes is announced, 100 are sent", "mstun.not_a_message",
                                         do=[channel_bind(0x4001, 50050), raw(b"\x40\x01\x00\xc8" + rtp(1) * 2 + bytes(16)),
                                             channel_send(0x4001, 4)], wait=1),
    "unknown-nonce": lambda n: unknown_nonce(n, *COTURN),
    "unknown-nonce-pion": lambda n: unknown_nonce(n, *OF_PION),
    "no-allocation": lambda n: without_allocation(n, *COTURN, 437, "requests for an allocation that this connection "
                                                  "never had: 438 to another connection's nonce, then 437", "mstun.turn.allocation_mismatch"),
    "no-allocation-pion": lambda n: without_allocation(
        n, *OF_PION, None, "requests for an allocation that this connection never had: pion keeps silent",
        "mstun.unanswered"),
    "no-credentials": lambda n: no_credentials(n, *COTURN),
    "no-credentials-pion": lambda n: no_credentials(n, *OF_PION),
    "short-term-key": short_term_key,
    "no-tcp-relay-pion": lambda n: wrong_transport(n, *OF_PION, TCP, "pion's server relays UDP only: 442 to "
                                                   "REQUESTED-TRANSPORT TCP", "mstun.turn.no_tcp_relay"),
    "second-allocation": lambda n: second_allocation(n, *COTURN),
    "second-allocation-pion": lambda n: second_allocation(n, *OF_PION),
    "other-users-refresh": other_users_refresh,
    "expired": expired,
    "killed": lambda n: killed(n, False),
    "frozen-killed": lambda n: killed(n, True),
}

if __name__ == "__main__":
    scene.main(SCENES, sys.argv[1:], ["turnserver", "go"])
