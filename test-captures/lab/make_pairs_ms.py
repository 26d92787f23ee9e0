# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/pairs, through Microsoft's TURN: the lab's relay (msrelay.py) behind a pseudo-TLS hello; checks in Send
and Data, behind Set Active Destination in units of type 0x03."""
import base64
import subprocess
import time

import lab
import make_msnice
import make_pairs
import msturn
from make_msturn import PEER_PORTS, Sharing
from make_pairs import MOVED, never_nominated, spread
from msrelay import Client, Relay
from pairs import TOPIC, Case, Made

HOW = {"relay": "lab/msrelay.py"}


def shared(name, body, reset=False, moved=False):
    """A call through the relay that body(sharing) drives."""
    with Relay(443) as relay, lab.Capture(TOPIC, name, "tcp port 443"):
        c = Client(443, True, relay)
        if c.allocate() != msturn.ALLOCATED:
            raise RuntimeError("no allocation")
        s = Sharing(c, next(PEER_PORTS))
        body(s)
        s.close(reset)
        time.sleep(0.1)
    if moved:
        spread(name, s, ms=True)
    return Made("library", s.log + relay.log, True, {**HOW, **(MOVED if moved else {})})


def agents(name):
    user = base64.b64encode(msturn.token(time.time() + 7 * 86400)).decode()
    password = base64.b64encode(msturn.PASSWORD).decode()
    with Relay(443):
        says = make_msnice.run(name, "oc2007r2", "tls", 443, user, password, topic=TOPIC)
    return Made("agents", None, True, {**HOW, "agents_say": [line for line in says if " got " in line]})


def healthy(s):
    s.checks()
    s.active()
    s.client.check()
    s.server.check()
    s.media()


def one_way(s):
    """The first check opens the relay's connection to the peer."""
    for _ in range(3):
        s.client.request()
        s.server.receive()
        s.server.check()


def silent(s):
    for _ in range(3):
        s.client.request()
        s.server.receive()


def under_checks(s):
    s.client.check()
    s.server.check()
    s.client.request()
    s.server.receive()
    s.server.request()
    s.client.receive()


def consent_lost(s):
    s.checks()
    s.active()
    s.media()
    for i in range(12):
        if i > 2:
            s.client.request()
            s.server.receive()
        else:
            s.client.check()
        s.server.media(s.rtp(), "rtp")


MICROSOFT = {
    "ms-turn": Case(lambda n: shared(n, healthy), "healthy: MS-TURN from the first check to media in type 0x03", None),
    "ms-turn-one-way": Case(lambda n: shared(n, one_way), "in Send and Data: the peer's checks are answered, the "
                            "client's reach it and are not", "mstun.one_way"),
    # no finding: the client hangs up after some tenths of a second, while its checks may still be answered
    "ms-turn-silent": Case(lambda n: shared(n, silent), "in Send: the peer gets the checks and says nothing", None),
    "ms-turn-reset": Case(lambda n: shared(n, under_checks, reset=True), "the connection to the relay is reset under "
                          "open checks", "mstun.connection.reset"),
    "ms-turn-never-nominated": Case(lambda n: shared(n, never_nominated), "in Send and Data: all answered, nothing "
                                    "nominated", "mstun.pair.not_nominated"),
    "ms-turn-consent-lost": Case(lambda n: shared(n, consent_lost, moved=True), "in type 0x03: nominated, after 15 s "
                                 "the peer answers no check, its RTP goes on", "mstun.pair.consent_lost"),
    # the last: it leaves the relay's port in TIME_WAIT
    "ms-turn-agents": Case(agents, "healthy: libnice's agents in MS-ICE2 mode, the left one behind the relay", None),
}


def main(names):
    lab.need("dumpcap", "ip")
    lab.network()
    # libnice's TCP connections are not bound to an address: this is where they come from
    subprocess.run(["ip", "route", "replace", "local", lab.SERVER, "dev", "lo", "table", "local", "src", lab.CLIENT],
                   check=True)
    make_pairs.make(MICROSOFT, names)
