#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/aioice: ICE agents of python3-aioice, of which one or both have only a relay of coturn's, over TCP.

    sudo python3 make_aioice.py [capture]...     Debian packages: coturn python3-aioice tshark iproute2 openssl
"""
import json
import os
import subprocess
import sys
import time
from collections import namedtuple

import lab
import realnet
from realnet import NO_ROUTE, NOWHERE, PASSWORD, PEER, SERVER, SERVER6, USER, Capture, Hosts, TlsServer, Turnserver

TOPIC = "aioice"

# make(hosts, name) makes the capture; finding: the name of what must be found, None in a healthy one; note: what
# else a reader should know.
Case = namedtuple("Case", "make cause finding note healthy", defaults=[None, None])


class Agent:
    """aioice_agent.py on a host."""

    def __init__(self, hosts, host, keys=None):
        environment = dict(os.environ, SSL_CERT_FILE=realnet.certificate()[2])
        if keys:
            environment["SSLKEYLOGFILE"] = keys
        script = os.path.join(lab.HERE, "aioice_agent.py")
        self.p = subprocess.Popen(hosts.inside(host, "/usr/bin/python3", script), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)

    def ask(self, command, *arguments, seconds=20):
        self.p.stdin.write(json.dumps([seconds, command, *arguments]) + "\n")
        self.p.stdin.flush()

    def answer(self):
        return json.loads(self.p.stdout.readline())

    def call(self, command, *arguments, seconds=20):
        self.ask(command, *arguments, seconds=seconds)
        return self.answer()

    def done(self, command, *arguments):
        status, value = self.call(command, *arguments)
        if status != "done":
            raise RuntimeError(f"{command}: {value}")
        return value

    def end(self):
        self.p.stdin.close()
        self.p.wait(10)


def turn(**other):
    return {"turn_server": [SERVER, 3478], "turn_username": USER, "turn_password": PASSWORD, "turn_transport": "tcp",
            "relay_only": True, "use_ipv6": False, **other}


HOST_ONLY = {"use_ipv6": False}


class Call:
    """Two agents: left, on the client, controls."""

    def __init__(self, hosts, left=None, right=None, controlling=(True, False), keys=None):
        self.left, self.right = Agent(hosts, "client", keys), Agent(hosts, "peer", keys)
        self.left.done("new", controlling[0], turn() if left is None else left)
        self.right.done("new", controlling[1], HOST_ONLY if right is None else right)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for agent in (self.left, self.right):
            agent.end()

    def describe(self, for_left=lambda d: d, for_right=lambda d: d):
        """Both gather and are told of each other."""
        left, right = self.left.done("gather"), self.right.done("gather")
        self.left.done("remote", for_left(right))
        self.right.done("remote", for_right(left))

    def connect(self, seconds=20):
        """Both check. True if both say that they are connected."""
        for agent in (self.left, self.right):
            agent.ask("connect", seconds=seconds)
        return [agent.answer()[0] for agent in (self.left, self.right)] == ["done", "done"]

    def connected(self):
        if not self.connect():
            raise RuntimeError("not connected")

    def talk(self, texts=("from the client", "and more of it")):
        for text in texts:
            self.left.done("send", text)
            self.right.done("receive")
            self.right.done("send", "answer to: " + text)
            self.left.done("receive")

    def hang_up(self):
        for agent in (self.left, self.right):
            agent.call("close", seconds=5)
        time.sleep(0.3)


def lasting(call, seconds):
    """A call that goes on: words and consent checks."""
    end = time.time() + seconds
    while time.time() < end:
        call.talk(("still there",))
        time.sleep(2)


def healthy(*server, left=None, right=None, controlling=(True, False), seconds=0, keys=None, relays=(SERVER,)):
    """A call that works."""
    def make(hosts, name):
        key_log = os.path.join(lab.SCRATCH, name + ".keys") if keys else None
        with Turnserver(hosts, *server, relays=relays), Capture(hosts, TOPIC, name):
            with Call(hosts, left, right, controlling, key_log) as call:
                call.describe()
                call.connected()
                call.talk()
                lasting(call, seconds)
                call.hang_up()
        return key_log
    return make


def hang_up_early(hosts, name):
    """The client's user hangs up while the other side has not even begun to check."""
    with Turnserver(hosts), Capture(hosts, TOPIC, name), Call(hosts) as call:
        call.describe()
        call.left.call("connect", seconds=0.3)
        call.hang_up()


def refused(*server, left=None, relays=(SERVER,), keys=False):
    """The client does not get its allocation."""
    def make(hosts, name):
        key_log = os.path.join(lab.SCRATCH, name + ".keys") if keys else None
        with Turnserver(hosts, *server, relays=relays), Capture(hosts, TOPIC, name), Call(hosts, left,
                                                                                         keys=key_log) as call:
            status, _ = call.left.call("gather")
            if status != "failed":
                raise RuntimeError("got an allocation")
            call.hang_up()
        return key_log
    return make


def not_turn(server, seconds=40):
    """Who listens on the port does not answer as a TURN server."""
    def make(hosts, name):
        with server(hosts), Capture(hosts, TOPIC, name), Call(hosts) as call:
            if call.left.call("gather", seconds=seconds)[0] != "failed":
                raise RuntimeError("got an allocation")
            call.hang_up()
    return make


def frozen(hosts):
    server = Turnserver(hosts)
    server.freeze()
    return server


def two_calls(hosts, name):
    """Two calls at once, over two allocations of one user."""
    with Turnserver(hosts), Capture(hosts, TOPIC, name), Call(hosts) as one, Call(hosts) as other:
        for call in (one, other):
            call.describe()
            call.connected()
        for call in (one, other, one):
            call.talk()
        for call in (one, other):
            call.hang_up()


def not_connected(*server, for_left=lambda d: d, for_right=lambda d: d, seconds=40, right=None):
    """ICE fails: the agents check until they give up."""
    def make(hosts, name):
        with Turnserver(hosts, *server), Capture(hosts, TOPIC, name), Call(hosts, right=right) as call:
            call.describe(for_left, for_right)
            if call.connect(seconds):
                raise RuntimeError("connected")
            call.hang_up()
    return make


def elsewhere(address):
    """Gives the peer's candidates another address."""
    def moved(description):
        return {**description, "candidates": [c.replace(PEER, address) for c in description["candidates"]]}
    return moved


def other_password(description):
    return {**description, "password": "x" * len(description["password"])}


def quota(hosts, name):
    """One allocation for each user: the peer, who has the same name, does not get a second one."""
    with Turnserver(hosts, "--user-quota=1"), Capture(hosts, TOPIC, name), Call(hosts, right=turn()) as call:
        call.left.done("gather")
        if call.right.call("gather")[0] != "failed":
            raise RuntimeError("a second allocation")
        call.hang_up()


def during(event, seconds):
    """Something happens to the server in a call that works."""
    def make(hosts, name):
        with Turnserver(hosts) as server, Capture(hosts, TOPIC, name), Call(hosts) as call:
            call.describe()
            call.connected()
            call.talk()
            event(server)
            call.left.call("send", "is anybody there")
            time.sleep(seconds)
            call.hang_up()
    return make


def peer_gone(hosts, name):
    """The peer's program is killed: nobody answers the checks of consent, and the client closes after six."""
    with Turnserver(hosts), Capture(hosts, TOPIC, name), Call(hosts) as call:
        call.describe()
        call.connected()
        call.talk()
        call.right.p.kill()
        time.sleep(42)
        call.left.call("close", seconds=5)


def short_permissions(hosts, name):
    """The call goes on until the agents have lost consent."""
    with Turnserver(hosts, "--permission-lifetime=10", "--channel-lifetime=10"), Capture(hosts, TOPIC, name):
        with Call(hosts) as call:
            call.describe()
            call.connected()
            call.talk()
            time.sleep(50)
            call.hang_up()


def redirected(hosts, name):
    with Turnserver(hosts, f"--alternate-server={realnet.SECOND}:3478"):
        with Turnserver(hosts, address=realnet.SECOND, relays=(realnet.SECOND,)), Capture(hosts, TOPIC, name):
            with Call(hosts) as call:
                call.left.call("gather")
                call.hang_up()


TLS = turn(turn_ssl=True, turn_server=[SERVER, 5349])
V6 = turn(turn_server=[SERVER6, 3478])
SHORT = ("--stale-nonce=3", "--max-allocate-lifetime=12")

FROZEN = "The server's kernel goes on acknowledging, but no byte comes from the server, for no request."

CASES = {
    "relay-to-host": Case(healthy(), "healthy: client through the relay, peer without", None),
    "relay-to-relay": Case(healthy(right=turn()), "healthy: both through the relay", None,
                           "The leg between the two relayed addresses stays inside of the server."),
    "two-calls": Case(two_calls, "healthy: two calls at once, over two allocations of one user", None),
    "long-call": Case(healthy(seconds=25), "healthy: consent checks for 25 s", None),
    "stale-nonce-refresh": Case(healthy(*SHORT, seconds=25), "healthy: the nonce goes stale every 3 s, the client "
                                "takes each new one, and renews its allocation", None),
    "ipv6": Case(healthy(left=V6), "healthy: IPv6 to the server, an IPv4 relay", None),
    "role-conflict": Case(healthy(controlling=(True, True)), "healthy: both begin as controlling, 487 settles it",
                          None),
    "role-conflict-controlled": Case(healthy(controlling=(False, False)), "healthy: both begin as controlled, 487 "
                                     "settles it", None),
    "tls": Case(healthy(left=TLS, keys=True), "healthy: TURN over TLS", None, "The secrets are in the capture."),
    "hang-up-early": Case(hang_up_early, "healthy: the user hangs up while checks are in flight", None),
    "wrong-password": Case(refused(left=turn(turn_password="wrong")), "wrong TURN password", "mstun.auth.rejected"),
    "tls-wrong-password": Case(refused(left={**TLS, "turn_password": "wrong"}, keys=True),
                               "wrong TURN password, over TLS", "mstun.auth.rejected",
                               "The secrets are in the capture."),
    "silent-server": Case(not_turn(frozen), "the server hangs from the beginning: its port is open, and nobody "
                          "answers", "mstun.unanswered"),
    "tls-only-server": Case(not_turn(TlsServer), "the server speaks only TLS on this port: it waits for more, and "
                            "sends an alert of TLS when the client has hung up", "mstun.other_protocol"),
    "ipv6-relay-only": Case(refused(left=turn(), relays=(SERVER6,)), "the server has no IPv4 relay, the client asks "
                            "for no family: 440", "mstun.turn.address_family"),
    "redirect": Case(redirected, "the server sends the client to another one with 300, the client gives up",
                     "mstun.turn.redirect_failed"),
    "quota": Case(quota, "the user has its one allocation already: 486", "mstun.turn.quota"),
    "denied-peer": Case(not_connected(f"--denied-peer-ip={PEER}"), "the server forbids this peer: 403",
                        "mstun.turn.forbidden"),
    "unreachable-peer": Case(not_connected(for_left=elsewhere(NOWHERE)),
                             "nobody has the peer's address: no check is answered", "mstun.unanswered"),
    "no-route-to-peer": Case(not_connected(for_left=elsewhere(NO_ROUTE)), "the server has no route to the peer, and "
                             "resets the client's connection when it cannot send", "mstun.turn.control_closed",
                             "The control connection of a living allocation."),
    "wrong-ice-password": Case(not_connected(for_left=other_password), "the client has a wrong ICE password of the "
                               "peer: its checks are rejected with 400", "mstun.pair.rejected"),
    "wrong-ice-password-peer": Case(not_connected(for_right=other_password), "the peer has a wrong ICE password of "
                                    "the client, which rejects its checks with 400", "mstun.pair.rejected"),
    "frozen-server": Case(during(Turnserver.freeze, 20), "the server hangs in the middle of the call, its connections "
                          "stay open", "mstun.turn.server_silent", FROZEN),
    "short-permissions": Case(short_permissions, "the server lets permissions and channels end after 10 s, the client "
                              "relies on minutes: the relay falls silent", "mstun.pair.consent_lost",
                              "Nothing on the wire says why."),
    "killed-server": Case(during(Turnserver.kill, 3), "the server is killed in the middle of the call",
                          "mstun.turn.control_closed", "The server's kernel resets the control connection of a living "
                          "allocation."),
    "peer-gone": Case(peer_gone, "the peer's program dies: consent is lost", "mstun.pair.consent_lost"),
}


def inject(name, keys):
    """Puts the secrets of TLS into the capture."""
    import make_mstls
    make_mstls.TOPIC = TOPIC
    make_mstls.inject(name, keys)


def main(names):
    lab.need("turnserver", "dumpcap", "ip", "openssl")
    labels = realnet.Labels(TOPIC, f"aioice {realnet.version('python3-aioice')}, coturn {realnet.version('coturn')}")
    with Hosts() as hosts:
        for name, case in lab.chosen(CASES, names).items():
            keys = case.make(hosts, name)
            labels.add(name, case.cause, case.finding, case.note, case.healthy)
            if keys:
                inject(name, keys)
            else:
                realnet.write_truth(TOPIC, name, case.cause, case.finding)


if __name__ == "__main__":
    main(sys.argv[1:])
