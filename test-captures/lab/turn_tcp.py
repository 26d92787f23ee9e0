# SPDX-License-Identifier: GPL-2.0-or-later
"""A client for TCP allocations (RFC 6062) that logs each message it sends or
gets, and the data connections that belong to its allocation."""
import os
import socket
import struct

import count
import lab
from stunmsg import (CONNECTION_ID, ERROR_CODE, LIFETIME, NONCE, PEER, REALM, RELAYED, TRANSPORT, USERNAME,
                     long_term_key, message, parse, read_xor_address, xor_address)

ALLOCATE, REFRESH, PERMISSION, CHANNEL, CONNECT, BIND = 0x0003, 0x0004, 0x0008, 0x0009, 0x000A, 0x000B
ATTEMPT = 0x001C
TCP = (TRANSPORT, b"\x06\0\0\0")
UDP = (TRANSPORT, b"\x11\0\0\0")


def name_of(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Wire:
    """One TCP connection to the server; the log has both directions."""

    def __init__(self, turn, port=0):
        self.turn, self.inbox = turn, b""
        family = socket.AF_INET6 if ":" in turn.server[0] else socket.AF_INET
        self.sock = socket.socket(family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.bind((turn.local, port))
        self.sock.settimeout(5)
        self.sock.connect(turn.server)
        self.client, self.server = name_of(self.sock.getsockname()), name_of(turn.server)

    def note(self, direction, msg):
        kind = struct.unpack(">H", msg[:2])[0]
        self.turn.log.append({"client": self.client, "server": self.server, "dir": direction, "type": f"0x{kind:04x}",
                              "id": msg[8:20].hex(), "name": count.type_name(kind)})

    def send(self, msg):
        self.sock.sendall(msg)
        self.note("c2s", msg)

    def receive(self, timeout=5):
        """The next STUN message as (type, id, attributes)."""
        self.sock.settimeout(timeout)
        while len(self.inbox) < 20 or len(self.inbox) < 20 + struct.unpack(">H", self.inbox[2:4])[0]:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("the server closed the connection")
            self.inbox += more
        n = 20 + struct.unpack(">H", self.inbox[2:4])[0]
        msg, self.inbox = self.inbox[:n], self.inbox[n:]
        self.note("s2c", msg)
        return parse(msg)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class Turn:
    """An allocation (or the attempt at one) with its control connection."""

    def __init__(self, port=3478, user="lab", password="secret", server=lab.SERVER, local=lab.CLIENT, client_port=0):
        self.server, self.local = (server, port), local
        self.user, self.password = user, password
        self.log, self.connections = [], []
        self.realm = self.nonce = b""
        self.events = []                  # ConnectionAttempts that came before they were awaited
        self.control = Wire(self, client_port)
        self.relay = None

    def authenticated(self, kind, attributes):
        auth = [(USERNAME, self.user.encode()), (REALM, self.realm), (NONCE, self.nonce)]
        key = long_term_key(self.user, self.realm.decode(), self.password)
        return message(kind, os.urandom(12), [*attributes, *auth], key)

    def ask(self, kind, attributes=(), wire=None, timeout=5, peer=None):
        """One request and its answer: (type, error code or None, attributes)."""
        wire = wire or self.control
        tid = None
        if peer:
            # an XOR address depends on the id: encode with the id it gets
            tid = os.urandom(12)
            attributes = [(PEER, xor_address(*peer, tid)), *attributes]
        if self.nonce:
            auth = [(USERNAME, self.user.encode()), (REALM, self.realm), (NONCE, self.nonce)]
            key = long_term_key(self.user, self.realm.decode(), self.password)
            msg = message(kind, tid or os.urandom(12), [*attributes, *auth], key)
        else:
            msg = message(kind, tid or os.urandom(12), attributes)
        wire.send(msg)
        while True:
            got, got_tid, attrs = wire.receive(timeout)
            if got == ATTEMPT:
                self.events.append((got, got_tid, attrs))
            elif got_tid == msg[8:20]:
                break
        code = attrs[ERROR_CODE][2] * 100 + attrs[ERROR_CODE][3] if ERROR_CODE in attrs else None
        if code in (401, 438):
            self.realm, self.nonce = attrs.get(REALM, self.realm), attrs.get(NONCE, self.nonce)
        return got, code, attrs

    def allocate(self, transport=TCP, more=()):
        """Challenge, then credentials. Returns the last error code, None if allocated."""
        _, code, attrs = self.ask(ALLOCATE, [transport, *more])
        if code == 401 and self.nonce:
            got, code, attrs = self.ask(ALLOCATE, [transport, *more])
            if code is None:
                tid = bytes.fromhex(self.log[-1]["id"])
                self.relay = read_xor_address(attrs[RELAYED], tid)
        return code

    def permit(self, *hosts):
        tid = os.urandom(12)
        auth = [(USERNAME, self.user.encode()), (REALM, self.realm), (NONCE, self.nonce)]
        key = long_term_key(self.user, self.realm.decode(), self.password)
        peers = [(PEER, xor_address(h, 0, tid)) for h in hosts]
        self.control.send(message(PERMISSION, tid, [*peers, *auth], key))
        _, _, attrs = self.control.receive()
        return attrs[ERROR_CODE][2] * 100 + attrs[ERROR_CODE][3] if ERROR_CODE in attrs else None

    def refresh(self, seconds):
        return self.ask(REFRESH, [(LIFETIME, struct.pack(">I", seconds))])[1]

    def connect(self, peer, timeout=5):
        """Connect request. Returns (connection id, error code)."""
        _, code, attrs = self.ask(CONNECT, peer=peer, timeout=timeout)
        if code is not None:
            self.connections.append({"peer": name_of(peer), "announced": "Connect", "error": code})
            return None, code
        cid = attrs[CONNECTION_ID]
        self.connections.append({"id": "0x" + cid.hex(), "peer": name_of(peer), "announced": "Connect success",
                                 "control": self.control.client, "relay": name_of(self.relay)})
        return cid, None

    def attempt(self, timeout=5):
        """Waits for a ConnectionAttempt. Returns its connection id."""
        kind, tid, attrs = self.events.pop(0) if self.events else self.control.receive(timeout)
        if kind != ATTEMPT:
            raise RuntimeError(f"0x{kind:04x} instead of a ConnectionAttempt")
        cid = attrs[CONNECTION_ID]
        self.connections.append({"id": "0x" + cid.hex(), "peer": name_of(read_xor_address(attrs[PEER], tid)),
                                 "announced": "ConnectionAttempt", "control": self.control.client,
                                 "relay": name_of(self.relay)})
        return cid

    def bind(self, cid, port=0):
        """ConnectionBind on a new connection. Returns (Wire, error code or reset)."""
        wire = Wire(self, port)
        try:
            _, code, _ = self.ask(BIND, [(CONNECTION_ID, cid)], wire)
        except ConnectionError:
            code = "reset"            # what coturn does instead of a 400
        for c in self.connections:
            if c.get("id") == "0x" + cid.hex():
                if c.get("bind") != "success":
                    c["data"] = wire.client
                    c["bind"] = code or "success"
        return wire, code
