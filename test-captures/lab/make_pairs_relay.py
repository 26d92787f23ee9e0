# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/pairs, through real coturn: what its answers do to the checks that hang on them. The capture has the
client's leg, and its host pairs where it has some."""
import os
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager

import lab
import make_coturn
import make_pairs
from between import AGENT_PORTS, BEHIND, Between, Splice, agents
from ice_stream import Checks, Stream
from make_pairs import MOVED, spread
from make_rfc6062 import listener, opened, setup
from pairs import TOPIC, Case, Made
from stunmsg import CHANNEL_NUMBER, DATA, PEER, channel_data, message, xor_address
from turn_tcp import ALLOCATE, CHANNEL, TCP, UDP, Turn

LEG = f"tcp and host {lab.CLIENT}"
OTHER = "198.51.100.22"                # a peer whom a server can be told to bar


@contextmanager
def coturn(name, *arguments):
    with make_coturn.turnserver(3478, *arguments), lab.Capture(TOPIC, name, LEG):
        yield


def log_of(*parts):
    """The messages of TURN clients, and of streams that are not relayed."""
    return [m for part in parts for m in part.log]


def over(t, *streams, reset=False):
    """The end of a call: the streams, the allocation, the control connection."""
    for s in streams:
        s.close(reset)
    time.sleep(0.1)
    try:
        t.refresh(0)
    except ConnectionError:
        pass
    t.control.close()
    time.sleep(0.1)


# ---- libnice's agents with the lab's TURN client between them ---------------------------------------------------

def agents_connect(name, rule=None, *more):
    """The left agent's connection becomes a Connect, the right agent is the peer."""
    with coturn(name):
        t, port = setup(permit=BEHIND), next(AGENT_PORTS)

        def reach():
            wire, code = t.bind(t.connect((BEHIND, port))[0])
            if code:
                raise RuntimeError(f"bind {code}")
            return wire.sock, wire.inbox

        # from 192.0.2.1 to itself: only the leg to the relay has the client's address
        with Between((lab.SERVER, 50150), reach, rule):
            says = agents(name, "rfc5245", "regular", "control", lab.SERVER, BEHIND, "4", f"via={lab.SERVER}:50150",
                          f"listens={port}", *more)
        over(t)
    return Made("agents", how={"agents_say": says})


def agents_attempt(name):
    """The left agent is the peer and connects to the relay; the right agent gets the data connection."""
    with coturn(name):
        t, port = setup(permit=BEHIND), next(AGENT_PORTS)

        def client():
            wire, _ = t.bind(t.attempt(10))
            agent = socket.create_connection((lab.SERVER, port), 5)
            Splice(agent, wire.sock, wire.inbox, lambda *_: "pass").run()

        waiting = threading.Thread(target=client, daemon=True)
        waiting.start()
        says = agents(name, "oc2007r2", "aggressive", "control", BEHIND, lab.SERVER, "4",
                      f"via={t.relay[0]}:{t.relay[1]}", f"listens={port}")
        waiting.join(5)
        over(t)
    return Made("agents", how={"agents_say": says})


# ---- TCP allocations --------------------------------------------------------------------------------------------

def two_pairs(name):
    with coturn(name), listener(50050) as a, listener(50060) as b:
        t = setup()
        one, two = opened(t, a), opened(t, b)
        one.talk()
        two.talk()
        over(t, one, two)
    return Made("library", t.log)


def stale_once(name):
    with coturn(name, "--stale-nonce=1"), listener() as a:
        t = setup()
        s = opened(t, a)
        s.talk()
        time.sleep(2.5)
        if t.refresh(600) != 438 or t.refresh(600) is not None:
            raise RuntimeError("no 438, or no success behind it")
        s.server.check()
        over(t, s)
    return Made("library", t.log)


def unanswered_host(answers=False):
    """A host pair beside the relay: the peer's host takes the connection and answers no check (answers: its own are
    answered)."""
    s = Stream("rfc5245", server_port=50070)
    for _ in range(3):
        s.client.request()
        s.server.receive()
        if answers:
            s.server.check()
    return s


def refused_allocate(name, code, *arguments, password="secret"):
    """No relay, and a host pair on which nobody answers."""
    with coturn(name, *arguments):
        t = Turn(password=password)
        if (seen := t.allocate()) != code:
            raise RuntimeError(f"{seen} instead of {code}")
        s = unanswered_host()
        s.close()
        t.control.close()
        time.sleep(0.1)
    return Made("library", log_of(t, s))


def beside_a_good_pair(name, code, body, *arguments):
    """One peer is reached and its pair works; body(turn) is what goes wrong for the other, and gives the code."""
    with coturn(name, *arguments), listener() as a:
        t = setup()
        s = opened(t, a)
        s.talk()
        if (seen := body(t)) != code:
            raise RuntimeError(f"{seen} instead of {code}")
        s.client.check()
        over(t, s)
    return Made("library", t.log)


def barred(t):
    t.permit(OTHER)
    return t.connect((OTHER, 50050))[1]


def connect_twice(t):
    return t.connect((lab.PEER, 50050))[1]


def port_closed(t):
    return t.connect((lab.PEER, 50999))[1]


def allocate_again(t):
    """For the second component, and on the control connection of the first."""
    return t.ask(ALLOCATE, [TCP])[1]


def other_user(t):
    """The client's second process has other credentials, and asks with them."""
    user, password = t.user, t.password
    t.user, t.password = "other", "secret2"
    code = t.connect((lab.PEER, 50060))[1]
    t.user, t.password = user, password
    return code


def quota(name):
    """The second component's allocation is refused: only the first has a relay."""
    with coturn(name, "--user-quota=1"), listener() as a:
        t = setup()
        s = opened(t, a)
        s.talk()
        second = Turn()
        if second.allocate() != 486:
            raise RuntimeError("no 486")
        second.control.close()
        over(t, s)
    return Made("library", log_of(t, second))


def stale_again(name):
    """The client keeps its old nonce: no Connect, so that the only pair is one that nobody answers."""
    with coturn(name, "--stale-nonce=1"):
        t = setup()
        time.sleep(2.5)
        old = t.nonce
        for _ in range(3):
            t.nonce = old
            if t.connect((lab.PEER, 50050))[1] != 438:
                raise RuntimeError("no 438")
        s = unanswered_host()
        s.close()
        t.control.close()
        time.sleep(0.1)
    return Made("library", log_of(t, s))


def refused_and_host(name, answers):
    """447 on the relay, and on the host pair to the same peer nobody answers, or only one way."""
    with coturn(name):
        t = setup()
        s = unanswered_host(answers=answers)
        if t.connect((lab.PEER, 50999))[1] != 447:
            raise RuntimeError("no 447")
        s.close()
        over(t)
    return Made("library", log_of(t, s))


def refused_and_one_way(name):
    """Two faults: one peer is refused, on the data connection of the other only one way works."""
    with coturn(name), listener() as a:
        t = setup()
        s = opened(t, a)
        one_way(s)
        if port_closed(t) != 447:
            raise RuntimeError("no 447")
        over(t, s)
    return Made("library", t.log)


def bind_wrong(name):
    """The first peer's pair works; for the second the client binds an id that it was never given."""
    with coturn(name), listener() as a, listener(50060) as b:
        t = setup()
        s = opened(t, a)
        s.talk()
        cid, _ = t.connect(b.getsockname())
        peer = b.accept()[0]
        wire, code = t.bind(bytes([cid[0] ^ 0x55]) + cid[1:])
        if code != "reset":
            raise RuntimeError(f"bind {code}")
        s.client.check()
        peer.close()
        over(t, s)
        wire.close()
    return Made("library", t.log)


def bind_late(name, never=False):
    """Consent checks of the first pair go on while the client lets 32 s pass before it binds the second's."""
    with coturn(name), listener() as a, listener(50060) as b:
        t = setup()
        s = opened(t, a)
        s.talk()
        cid, _ = t.connect(b.getsockname())
        peer = b.accept()[0]
        for _ in range(8):
            time.sleep(4.1)
            s.client.check()
        if not never:
            wire, code = t.bind(cid)
            if code != "reset":
                raise RuntimeError(f"bind {code}")
            wire.close()
        peer.close()
        over(t, s)
    return Made("library", t.log)


def relayed(name, body, attempt=False, reset=False):
    """A data connection that body(stream) drives."""
    with coturn(name), listener() as a:
        t = setup()
        s = opened(t, None if attempt else a)
        body(s)
        over(t, s, reset=reset)
    return Made("library", t.log)


def one_way(s):
    for _ in range(3):
        s.client.request()
        s.server.receive()
        s.server.check()


def under_checks(s):
    s.client.check()
    s.client.request()
    s.server.receive()
    s.server.request()
    s.client.receive()


def relay_consent(name):
    """As long_consent, through a data connection; the lab moved the frames in time."""
    with coturn(name), listener() as a:
        t = setup()
        s = opened(t, a)
        s.talk()
        for i in range(12):
            s.client.send_frames([s.rtp()], "rtp")
            s.server.receive()
            if i > 3:
                s.client.request()
                s.server.receive()
            else:
                s.client.check()
        over(t, s)
    spread(name, s)
    return Made("library", t.log, how=MOVED)


# ---- UDP allocations: the checks are in Send and Data, or in ChannelData ----------------------------------------

class Datagrams:
    """A UDP peer of an allocation that a client has over TCP. Ends are libnice's encoders; what the client sends and
    gets is put into indications or, with a channel, into ChannelData."""

    def __init__(self, permitted=True, channel=None):
        left, right = ("LfLg", "lab-password-of-the-left-end"), ("RfRg", "lab-password-of-the-right-end")
        self.left, self.right = Checks("rfc5245", *left, *right), Checks("rfc5245", *right, *left)
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind((lab.PEER, 0))
        self.peer.settimeout(2)
        self.turn, self.channel = Turn(), channel
        self.turn.allocate(UDP)
        self.turn.permit(lab.PEER if permitted else OTHER)
        if channel:
            self.turn.ask(CHANNEL, [(CHANNEL_NUMBER, struct.pack(">HH", channel, 0))], peer=self.peer.getsockname())

    def note(self, direction, msg):
        self.turn.control.note(direction, msg)

    def to_peer(self, msg):
        if self.channel:
            self.turn.control.sock.sendall(channel_data(self.channel, msg))
        else:
            tid = os.urandom(12)
            self.turn.control.send(message(0x0016, tid, [
                (PEER, xor_address(*self.peer.getsockname(), tid)), (DATA, msg)]))
        self.note("c2s", msg)
        time.sleep(0.05)

    def from_peer(self):
        wire = self.turn.control
        if not self.channel:
            msg = wire.receive()[2][DATA]
        else:
            while len(wire.inbox) < 4 or len(wire.inbox) < 4 + struct.unpack(">H", wire.inbox[2:4])[0]:
                wire.inbox += wire.sock.recv(65536)
            n = struct.unpack(">H", wire.inbox[2:4])[0]
            msg, wire.inbox = wire.inbox[4:4 + n], wire.inbox[4 + n + (-n % 4):]
        self.note("s2c", msg)
        return msg

    def check_out(self, answered=True, use=False, arrives=True):
        """A check of the client's."""
        msg = bytes.fromhex(self.left.ask(f"request 1 {int(use)} 1862270975 311745 2")[1][0])
        self.to_peer(msg)
        if arrives and self.peer.recv(2000) != msg:
            raise RuntimeError("a check arrived changed")
        if answered:
            host, port = self.turn.relay
            _, reply = self.right.ask(f"answer {msg.hex()} {host} {port} 0 77")
            self.peer.sendto(bytes.fromhex(reply[0]), self.turn.relay)
            self.from_peer()

    def check_in(self, answered=True):
        """A check of the peer's."""
        msg = bytes.fromhex(self.right.ask("request 0 0 1862270975 77 2")[1][0])
        self.peer.sendto(msg, self.turn.relay)
        self.from_peer()
        if answered:
            host, port = self.peer.getsockname()
            _, reply = self.left.ask(f"answer {msg.hex()} {host} {port} 1 311745")
            self.to_peer(bytes.fromhex(reply[0]))
            self.peer.recv(2000)

    def close(self):
        for c in (self.left, self.right):
            c.close()
        self.peer.close()
        over(self.turn)


def datagrams(name, body, **kw):
    with coturn(name):
        d = Datagrams(**kw)
        body(d)
        d.close()
    return Made("library", d.turn.log)


def healthy_datagrams(d):
    d.check_out()
    d.check_in()
    d.check_out(use=True)
    d.check_in()


def one_way_datagrams(d):
    for _ in range(3):
        d.check_out(answered=False)
        d.check_in()


def silent_datagrams(d):
    for _ in range(3):
        d.check_out(answered=False)


def unpermitted_datagrams(d):
    for _ in range(3):
        d.check_out(answered=False, arrives=False)
    d.turn.refresh(600)


RELAY = {
    "relay-connect": Case(agents_connect, "healthy: libnice's agents through a Connect", None),
    "relay-attempt": Case(agents_attempt, "healthy: libnice's agents in MS-ICE2 mode through a ConnectionAttempt",
                          None),
    "relay-two-pairs": Case(two_pairs, "healthy: two peers through one allocation", None),
    "relay-stale-nonce-once": Case(stale_once, "healthy: one 438, and the Refresh again with the new nonce", None),
    "relay-channel": Case(lambda n: datagrams(n, healthy_datagrams, channel=0x4001),
                          "healthy: checks in ChannelData", None),
    "relay-send-data": Case(lambda n: datagrams(n, healthy_datagrams),
                            "healthy: checks in Send and Data indications", None),
    "relay-403": Case(lambda n: beside_a_good_pair(n, 403, barred, f"--denied-peer-ip={OTHER}"),
                      "the server's policy bars the second peer; the first one's pair works", "mstun.turn.forbidden"),
    "relay-437": Case(lambda n: beside_a_good_pair(n, 437, allocate_again),
                      "the second component's Allocate comes on the first one's control connection: it has no relay",
                      "mstun.turn.allocation_mismatch"),
    "relay-441": Case(lambda n: beside_a_good_pair(n, 441, other_user, "-u", "other:secret2"),
                      "Connect for the second peer with another user's credentials", "mstun.auth.rejected"),
    "relay-442": Case(lambda n: refused_allocate(n, 442, "--no-tcp-relay"),
                      "the server does no TCP relaying; on the host pair nobody answers", "mstun.turn.no_tcp_relay"),
    "relay-446": Case(lambda n: beside_a_good_pair(n, 446, connect_twice),
                      "a second Connect to the peer whose pair works", "mstun.turn.connection_exists"),
    "relay-447": Case(lambda n: beside_a_good_pair(n, 447, port_closed),
                      "the second peer's port is closed: it has no pair; the first one's works",
                      "mstun.turn.peer_refused"),
    "relay-447-host-silent": Case(lambda n: refused_and_host(n, False),
                                  "the peer's relayed port is closed, its host answers no check",
                                  "mstun.turn.peer_refused"),
    "relay-447-host-one-way": Case(lambda n: refused_and_host(n, True),
                                   "the peer's relayed port is closed, on the host pair only its own checks work",
                                   "mstun.turn.peer_refused", ["mstun.one_way"]),
    "relay-447-one-way": Case(refused_and_one_way,
                              "two faults: the second peer's port is closed, the first one answers no check",
                              "mstun.turn.peer_refused", ["mstun.one_way"]),
    "relay-486": Case(quota, "the user's quota is used up: no relay for the second component", "mstun.turn.quota"),
    "relay-401": Case(lambda n: refused_allocate(n, 401, password="wrong"),
                      "wrong TURN password: no relay; on the host pair nobody answers", "mstun.auth.rejected"),
    "relay-438-again": Case(stale_again, "the client keeps an old nonce: no Connect; on the host pair nobody answers",
                            "mstun.auth.stale_nonce_again"),
    "relay-bind-late": Case(bind_late, "ConnectionBind 33 s after its Connect, reset by the server; the other pair works",
                            "mstun.turn.bind_late"),
    "relay-bind-never": Case(lambda n: bind_late(n, True),
                             "no ConnectionBind for the second peer; the first one's pair works",
                             "mstun.turn.bind_missing"),
    "relay-bind-wrong-id": Case(bind_wrong, "ConnectionBind with an id the server never gave, reset; the other pair "
                                "works", "mstun.turn.bind_unknown_id"),
    "relay-one-way": Case(lambda n: relayed(n, one_way), "the peer answers no check and has its own answered",
                          "mstun.one_way"),
    "relay-wrong-password": Case(lambda n: agents_connect(n, None, "wrong-password"),
                                 "libnice's agents through a Connect, wrong ICE passwords: 401",
                                 "mstun.pair.rejected"),
    "relay-both-silent": Case(lambda n: relayed(n, make_pairs.both_silent, True),
                              "through a ConnectionAttempt: both check, neither answers", "mstun.unanswered"),
    "relay-reset": Case(lambda n: relayed(n, under_checks, reset=True),
                        "the data connection is reset under open checks", "mstun.connection.reset"),
    "relay-never-nominated": Case(lambda n: relayed(n, make_pairs.never_nominated),
                                  "through a Connect: all answered, nothing nominated", "mstun.pair.not_nominated"),
    "relay-consent-lost": Case(relay_consent, "through a Connect: nominated, then the peer stops answering for 40 s, "
                               "media goes on one way", "mstun.pair.consent_lost"),
    "relay-no-permission": Case(lambda n: datagrams(n, unpermitted_datagrams, permitted=False),
                                "checks in Send to a peer without permission: the server drops them",
                                "mstun.turn.permission_missing"),
    # no finding: the client hangs up after some tenths of a second, while its checks may still be answered
    "relay-send-silent": Case(lambda n: datagrams(n, silent_datagrams),
                              "checks in Send indications reach the peer, which says nothing", None),
    "relay-channel-one-way": Case(lambda n: datagrams(n, one_way_datagrams, channel=0x4001),
                                  "checks in ChannelData: the peer's are answered, the client's are not",
                                  "mstun.one_way"),
}


def main(names):
    lab.need("turnserver", "dumpcap", "ip")
    lab.network()
    for address in (BEHIND, OTHER):
        subprocess.run(["ip", "addr", "replace", address + "/32", "dev", "lo"], check=True)
    make_pairs.make(RELAY, names)
