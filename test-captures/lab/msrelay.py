# SPDX-License-Identifier: GPL-2.0-or-later
"""A small MS-TURN relay on TCP and UDP, and a client for it on TCP.

The relay checks the client's MESSAGE-INTEGRITY, relays to real TCP or UDP
peers, and logs each message of both directions. Behind Set Active Destination
it puts the peer's bytes into units of type 0x03, with the RFC 4571 length they
came with (inner) or without it.
"""
import random
import selectors
import socket
import struct
import threading
import time

import lab
import msturn
from msturn import CONTROL, END_TO_END, Session, unit

PAUSE = 0.02


def packets(data):
    """RFC 4571 frames without their lengths, and what is left."""
    out = []
    while len(data) >= 2 and len(data) >= 2 + struct.unpack(">H", data[:2])[0]:
        n = 2 + struct.unpack(">H", data[:2])[0]
        out.append(data[2:n])
        data = data[n:]
    return out, data


class Allocation:
    """One client of the relay."""

    def __init__(self, relay, name, write, tcp):
        self.relay, self.name, self.write, self.tcp = relay, name, write, tcp
        self.session = Session(time.time() + 7 * 86400, relay.rng)
        self.peers, self.active, self.rest = {}, None, {}
        self.address, self.listener, self.key = None, None, None

    def put(self, msg):
        self.relay.note("s2c", msg)
        self.write(unit(CONTROL, msg) if self.tcp else msg)

    def control(self, msg):
        """True if the message was one of MS-TURN."""
        if not msturn.is_ms(msg):
            return False
        self.relay.note("c2s", msg)
        kind, _, attributes = msturn.parse(msg)
        if kind == msturn.ALLOCATE and msturn.INTEGRITY not in attributes:
            self.reserve()
            self.put(self.session.challenge(msg, self.relay.address, self.address, self.name))
        elif not self.trusted(msg, attributes):
            self.put(self.session.refuse(msg, 431, "Integrity Check Failure"))
        elif kind == msturn.ALLOCATE:
            life = struct.unpack(">I", attributes.get(msturn.LIFETIME, msturn.number(60)))[0]
            short = len(attributes.get(msturn.SEQUENCE, b""))
            self.put(self.session.refreshed(msg, life) if short
                     else self.session.allocated(msg, self.address, self.name, life))
        elif kind == msturn.SEND:
            self.to_peer(msturn.read_address(attributes[msturn.DESTINATION]), attributes[msturn.DATA])
        elif kind == msturn.SET_ACTIVE:
            self.active = msturn.read_address(attributes[msturn.DESTINATION])
            self.put(self.session.active(msg))
        return True

    def trusted(self, msg, attributes):
        s, n = self.session, len(attributes.get(msturn.INTEGRITY, b""))
        s.user = attributes.get(msturn.USERNAME, s.user)
        s.length = n
        if n == 20:      # then the client's version is below 3
            s.version = attributes.get(msturn.VERSION, s.version)
        return n and msturn.integrity(msg[:-4 - n], s.key(), n) == msg[-n:]

    def reserve(self):
        if self.address is None:
            kind = socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM
            self.listener = socket.socket(socket.AF_INET, kind)
            self.listener.bind((lab.SERVER, self.relay.next_port()))
            self.address = self.listener.getsockname()
            if self.tcp:
                self.listener.listen()
            self.relay.watch(self.listener, self.accept if self.tcp else self.datagram)

    def accept(self, listener):
        s, peer = listener.accept()
        self.watch(s, peer)

    def watch(self, s, peer):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers[peer] = s
        self.relay.watch(s, lambda s: self.from_peer(s, peer))

    def datagram(self, s):
        data, peer = s.recvfrom(65536)
        self.to_client(peer, data)

    def to_peer(self, peer, data):
        if not self.tcp:
            self.listener.sendto(data, peer)
            return
        if peer not in self.peers:
            s = socket.socket()
            s.bind((lab.SERVER, 0))
            try:
                s.connect(peer)
            except OSError:
                return
            self.watch(s, peer)
        self.peers[peer].sendall(data)

    def from_peer(self, s, peer):
        data = s.recv(1400)
        if not data:
            self.relay.forget(s)
            self.peers.pop(peer, None)
            return
        self.to_client(peer, data)

    def to_client(self, peer, data):
        if peer != self.active:
            self.put(self.session.data(peer, data))
        elif not self.tcp:
            self.write(data)
        elif self.relay.inner:
            self.write(unit(END_TO_END, data))
        else:
            whole, self.rest[peer] = packets(self.rest.get(peer, b"") + data)
            for p in whole:
                self.write(unit(END_TO_END, p))

    def end_to_end(self, data):
        if self.active:
            self.to_peer(self.active, data if self.relay.inner else struct.pack(">H", len(data)) + data)

    def close(self):
        for s in [*self.peers.values(), self.listener]:
            if s:
                self.relay.forget(s)


class GoogleAllocation(Allocation):
    """As libjingle's relays were before 2010: UDP peers, no passwords, each
    Send is answered, and one with the option 1 makes its peer the active one."""

    OPTIONS, SENT = 0x8001, 0x0104

    def __init__(self, relay, name, write, tcp):
        super().__init__(relay, name, lambda d: write(struct.pack(">H", len(d)) + d), False)

    def control(self, msg):
        if not msturn.is_ms(msg):
            return False
        self.relay.note("c2s", msg)
        kind, tid, attributes = msturn.parse(msg)
        if kind == msturn.ALLOCATE:
            self.reserve()
            self.put(msturn.message(msturn.ALLOCATED, tid, [
                (msturn.MAPPED, msturn.address(*self.address)), (msturn.LIFETIME, msturn.number(600)),
                (msturn.BANDWIDTH, msturn.number(3072))]))
        elif kind == msturn.SEND:
            peer = msturn.read_address(attributes[msturn.DESTINATION])
            options = attributes.get(self.OPTIONS)
            self.to_peer(peer, attributes[msturn.DATA])
            self.put(msturn.message(self.SENT, tid, [(self.OPTIONS, options)] if options else []))
            if options:
                self.active = peer
        return True


class Relay(threading.Thread):
    """hellos: the client may begin with a pseudo-TLS ClientHello; google: as libjingle's relays."""

    def __init__(self, port, hellos=True, inner=True, udp=False, seed=None, google=False):
        super().__init__(daemon=True)
        self.google = google
        self.address, self.hellos, self.inner = (lab.SERVER, port), hellos, inner
        self.rng = random.Random(seed)
        self.log, self.closed_on = [], []
        self.selector = selectors.DefaultSelector()
        self.clients, self.going, self.port = {}, True, 50000
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(self.address)
        if udp:
            self.watch(self.sock, self.datagram)
        else:
            self.sock.listen()
            self.watch(self.sock, self.accept)

    def next_port(self):
        self.port += 1
        return self.port

    def note(self, direction, msg):
        self.log.append({"dir": direction, "type": msg[:2].hex().join(("0x", "")), "id": msturn.id_of(msg)})

    def watch(self, s, callback):
        self.selector.register(s, selectors.EVENT_READ, callback)

    def forget(self, s):
        try:
            self.selector.unregister(s)
        except (KeyError, ValueError):
            pass
        s.close()

    def run(self):
        while self.going:
            for key, _ in self.selector.select(0.1):
                try:
                    key.data(key.fileobj)
                except OSError:
                    self.forget(key.fileobj)
        for s in [k.fileobj for k in list(self.selector.get_map().values())]:
            self.forget(s)
        self.selector.close()

    def datagram(self, s):
        data, client = s.recvfrom(65536)
        if client not in self.clients:
            self.clients[client] = Allocation(self, client, lambda d: s.sendto(d, client), False)
        a = self.clients[client]
        if not a.control(data) and a.active:
            a.to_peer(a.active, data)

    def accept(self, listener):
        s, client = listener.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        a = (GoogleAllocation if self.google else Allocation)(self, client, s.sendall, True)
        inbox = bytearray()
        said = [not self.hellos]
        self.watch(s, lambda s: self.read(s, a, inbox, said))

    def read(self, s, a, inbox, said):
        more = s.recv(65536)
        if not more:
            a.close()
            self.forget(s)
            return
        inbox += more
        if not said[0]:
            if inbox[0] == 0x16 and len(inbox) < 50:
                return
            if inbox[:11] == msturn.CLIENT_HELLO[:11]:
                del inbox[:50]
                s.sendall(msturn.server_hello(self.rng))
            elif inbox[:72] == msturn.GOOGLE_CLIENT_HELLO:
                del inbox[:72]
                s.sendall(msturn.GOOGLE_SERVER_HELLO)
            said[0] = True
        if self.google:
            whole, rest = packets(bytes(inbox))
            inbox[:] = rest
            for data in whole:
                if not a.control(data) and a.active:
                    a.to_peer(a.active, data)
            return
        while len(inbox) >= 4:
            n = 4 + struct.unpack(">H", inbox[2:4])[0]
            if inbox[0] not in (CONTROL, END_TO_END) or inbox[1]:
                self.end(s, a, bytes(inbox))
                return
            if len(inbox) < n:
                return
            data = bytes(inbox[4:n])
            kind = inbox[0]
            del inbox[:n]
            if kind == END_TO_END:
                a.end_to_end(data)
            elif not a.control(data):
                self.end(s, a, data)
                return

    def end(self, s, a, data):
        """What is not MS-TURN: the connection is dropped."""
        self.closed_on.append(data)
        a.close()
        self.forget(s)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.join()


class Client:
    """An MS-TURN client on TCP. For ice_stream.End it is a socket to its peer:
    what is sent goes into Send requests, later into units of type 0x03."""

    def __init__(self, port, hellos=True, relay=None):
        self.relay, self.inner = relay, relay.inner
        self.sock = socket.socket()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.bind((lab.CLIENT, 0))
        self.sock.settimeout(5)
        self.sock.connect((lab.SERVER, port))
        self.inbox, self.data, self.peer, self.active = b"", b"", None, False
        self.session = Session(time.time() + 7 * 86400, random.Random())
        if hellos:
            self.sock.sendall(msturn.CLIENT_HELLO)
            self.exactly(83)

    def exactly(self, n):
        while len(self.inbox) < n:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("the relay closed the connection")
            self.inbox += more
        out, self.inbox = self.inbox[:n], self.inbox[n:]
        return out

    def unit(self):
        head = self.exactly(4)
        return head[0], self.exactly(struct.unpack(">H", head[2:])[0])

    def control(self, msg):
        self.sock.sendall(unit(CONTROL, msg))

    def ask(self, msg):
        """One request and its answer; data that comes before it waits."""
        self.control(msg)
        while True:
            kind, data = self.unit()
            if kind == CONTROL and data[4:20] == msg[4:20]:
                return msturn.parse(data)
            self.keep(kind, data)

    def keep(self, kind, data):
        if kind == END_TO_END:
            self.data += data if self.inner else struct.pack(">H", len(data)) + data
        else:
            self.data += msturn.parse(data)[2][msturn.DATA]

    def allocate(self):
        s = self.session
        _, _, a = self.ask(s.first_allocate())
        s.nonce, s.realm, s.session = a[msturn.NONCE], a[msturn.REALM], a[msturn.SESSION]
        kind, _, a = self.ask(s.allocate())
        if kind == msturn.ALLOCATED:
            s.connection, s.sequence = a[msturn.SEQUENCE][:20], 0
        return kind

    def set_active(self):
        kind = self.ask(self.session.set_active(self.peer))[0]
        self.active = kind == msturn.ACTIVE
        return kind

    # a socket to the peer

    def sendall(self, data):
        if not self.active:
            self.control(self.session.send(self.peer, data))
        elif self.inner:
            self.sock.sendall(unit(END_TO_END, data))
        else:
            for p in packets(data)[0]:
                self.sock.sendall(unit(END_TO_END, p))

    def recv(self, _):
        while not self.data:
            self.keep(*self.unit())
        out, self.data = self.data, b""
        return out

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def setsockopt(self, *args):
        self.sock.setsockopt(*args)

    def getsockname(self):
        return self.sock.getsockname()

    def getpeername(self):
        return self.peer

    def close(self):
        self.sock.close()


class Accepted:
    """The peer's end: a listener, and from the first byte on the connection of the relay."""

    def __init__(self, port):
        self.listener = socket.create_server((lab.PEER, port))
        self.listener.settimeout(5)
        self.sock = None

    def __getattr__(self, name):
        if self.sock is None:
            self.sock = self.listener.accept()[0]
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.listener.close()
        return getattr(self.sock, name)

    def getsockname(self):
        return (self.sock or self.listener).getsockname()

    def setsockopt(self, *args):
        (self.sock or self.listener).setsockopt(*args)
