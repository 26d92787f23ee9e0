#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/uclient: coturn's own clients (turnutils_uclient, turnutils_natdiscovery) over TCP against coturn and
pion, in what test-captures/coturn does not have.

usage: make_uclient.py [capture]...      (root; see scene.py)
"""
import contextlib
import subprocess
import sys
import time

import lab
import scene
import servers
from make_pion import pion_server

TOPIC = "uclient"
UCLIENT = "turnutils_uclient 4.6.1"


def words(*args, password="secret", port=3478, local=lab.CLIENT, server=lab.SERVER):
    return ["turnutils_uclient", "-t", *args, "-L", local, "-u", "lab", "-w", password, "-p", port, server]


def uclient(*args, seconds=20, **kw):
    return scene.to_end("client", *words(*args, **kw), seconds=seconds)


def captured(name, cause=None, finding=None, who=scene.COTURN, **kw):
    return scene.scene(TOPIC, name, f"{UCLIENT}, {who}", cause, finding, **{"bpf": "tcp port 3478", **kw})


def plain(name, *args, server=servers.coturn, cause=None, finding=None, seconds=20, echo=None, legs="client", note="",
          who=scene.COTURN, six=False, **kw):
    ends = {"local": lab.CLIENT6, "server": lab.SERVER6} if six else {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(server())
        for port in echo or ():
            stack.enter_context(scene.UdpEcho(port))
        stack.enter_context(captured(name, cause, finding, who, legs=legs, note=note or "uclient -t " + " ".join(args)))
        uclient(*args, seconds=seconds, **ends, **kw)


def coturn(*args, **kw):
    return lambda: servers.coturn(*args, **kw)


def pion(name, *args, **kw):
    plain(name, *args, server=pion_server, who="pion/turn 2.1.0 server", **kw)


def during(name, what, cause, finding, *args, note=""):
    """Something happens to the server 1.5 s after the start of the call."""
    with servers.coturn() as server, captured(name, cause, finding, note=note):
        with scene.program("client", *words(*args)) as c:
            time.sleep(1.5)
            what(server)
            with contextlib.suppress(subprocess.TimeoutExpired):
                c.p.wait(12)
        servers.kill(server)
        time.sleep(0.3)


def redirect_followed(name):
    with servers.coturn(f"--alternate-server={lab.SERVER}:3479"), servers.coturn(port=3479), captured(
            name, note="300, then the same on the server at port 3479", bpf="tcp portrange 3478-3479"):
        uclient("-y", "-c", "-n", "2", "-m", "1")


def redirect_refused(name):
    with servers.coturn(f"--alternate-server={lab.SERVER}:3479"), captured(
            name, "the server redirects (300) to port 3479, where nobody listens: RST", "mstun.turn.redirect_failed",
            bpf="tcp portrange 3478-3479"):
        uclient("-y", "-c", "-n", "2", "-m", "1", seconds=8)


def not_turn(name, server, cause, finding, who):
    with server(), captured(name, cause, finding, who):
        uclient("-y", "-c", "-n", "2", "-m", "1", seconds=6)


FEW = ("-n", "3", "-m", "1")
ONE = ("-y", "-c", *FEW)
SCENES = {
    "peer-echo": lambda n: plain(n, "-c", *FEW, "-e", lab.PEER, "-r", "3480", echo=[3480]),
    "send-echo": lambda n: plain(n, "-c", "-s", *FEW, "-e", lab.PEER, "-r", "3480", echo=[3480]),
    "four-clients": lambda n: plain(n, "-y", "-c", "-n", "3", "-m", "4"),
    "mobility": lambda n: plain(
        n, "-M", *ONE, server=coturn("--mobility"), cause="the server answers a mobility Refresh with 8 bytes that are "
        "no message, and later with success; the client gives up", finding="mstun.not_a_message",
        note="-M; the name of the finding is a guess"),
    "ipv6-over-ipv4": lambda n: plain(n, "-x", *ONE, server=coturn(
        addresses=("-L", lab.SERVER, "-E", lab.SERVER, "-E", lab.SERVER6))),
    "ipv6": lambda n: plain(n, "-x", *ONE, server=coturn(addresses=servers.ADDRESSES6), six=True),
    "padded": lambda n: plain(n, "-D", "-l", "101", *ONE),
    "stale-nonce": lambda n: plain(n, "-y", "-c", "-n", "40", "-m", "1", "-z", "200",
                                   server=coturn("--stale-nonce=3"), seconds=40,
                                   note="438 to the Refresh with which the client leaves"),
    "tcp-relay-many": lambda n: plain(n, "-T", "-n", "2", "-m", "4", "-l", "40", seconds=40, cause="a load "
                                      "test binds data connections and never sends a byte through them",
                                      finding="mstun.turn.nothing_relayed"),
    "tcp-relay-passive": lambda n: plain(n, "-P", "-n", "3", "-m", "2"),
    "server-pion": lambda n: pion(n, *ONE, "-X"),
    "hang-up": lambda n: plain(
        n, "-O", *FEW, "-y", "-c", cause="a load test that allocates and resets at once; its last ChannelBind is for "
        "the peer 0.0.0.0:0: 400", finding="mstun.refused", note="-O; the name of the finding is a guess"),
    "random-disconnect": lambda n: plain(n, "-B", "-y", "-c", "-n", "6", "-m", "3", "-z", "100"),
    "redirect-followed": redirect_followed,
    "redirect-refused": redirect_refused,
    "tcp-relay-pion": lambda n: pion(n, "-T", *FEW, cause="the server does no TCP relaying: 442 to REQUESTED-TRANSPORT "
                                     "TCP", finding="mstun.turn.no_tcp_relay", seconds=8),
    "no-tcp-relay": lambda n: plain(n, "-T", *FEW, server=coturn("--no-tcp-relay"), seconds=8, cause="the server's TCP "
                                    "relaying is switched off: 442", finding="mstun.turn.no_tcp_relay"),
    "no-ipv6": lambda n: plain(n, "-x", *ONE, seconds=8, cause="the server has no IPv6 relay address: 440",
                               finding="mstun.turn.address_family"),
    "ipv6-pion": lambda n: pion(n, "-x", *ONE, seconds=8, cause="the server ignores REQUESTED-ADDRESS-FAMILY "
                                "IPv6 and gives an IPv4 relay: the client gives up", finding="mstun.turn.address_family",
                                note="the name of the finding is a guess"),
    "wrong-password-pion": lambda n: pion(n, *ONE, password="wrong", seconds=8, cause="wrong TURN password: 400 after "
                                          "the 401", finding="mstun.refused"),
    "quota": lambda n: plain(n, "-y", "-c", "-n", "3", "-m", "2", seconds=8, server=coturn("--user-quota=1"),
                             cause="the user's quota is one allocation: 486", finding="mstun.turn.quota"),
    "total-quota": lambda n: plain(n, "-y", "-c", "-n", "3", "-m", "2", seconds=8, server=coturn("--total-quota=1"),
                                   cause="the server's total quota is one allocation: 486",
                                   finding="mstun.turn.quota"),
    "denied-peer": lambda n: plain(n, "-c", *FEW, "-e", lab.PEER, echo=[3480], seconds=8, server=coturn(
        f"--denied-peer-ip={lab.PEER}"), cause="the server's policy bars the peer: 403",
        finding="mstun.turn.forbidden"),
    "no-permission": lambda n: plain(n, "-I", "-c", "-s", *FEW, "-e", lab.PEER, echo=[3480], seconds=8,
                                     cause="the client asks for no permission: the server drops what it sends",
                                     finding="mstun.turn.permission_missing"),
    "peer-silent": lambda n: plain(n, "-c", *FEW, "-e", lab.PEER, seconds=12, cause="nobody listens at the peer: "
                                   "nothing comes back through the channel", finding=None,
                                   note="UDP relay: only that nothing is relayed back can be seen"),
    "killed": lambda n: during(n, servers.kill, "the server's process is killed during the call",
                               "mstun.turn.control_closed", "-y", "-c", "-n", "60", "-m", "1", "-z", "100",
                               note="the name of the finding is a guess"),
    "frozen": lambda n: during(n, servers.freeze, "the server's process hangs during the call: TCP acknowledges, "
                               "nothing comes back", None, "-y", "-c", "-n", "60", "-m", "1", "-z", "100",
                               note="no request is open: only that data goes one way can be seen"),
    "closes": lambda n: not_turn(n, lambda: servers.Accepting(servers.closes), "the server accepts and closes without "
                                 "an answer: no TURN server", "mstun.closed_without_response", "a Python TCP server"),
    "web-server": lambda n: not_turn(n, servers.web, "a web server listens there, not TURN", "mstun.other_protocol",
                                     "Python 3.11 http.server"),
    "tls-server": lambda n: not_turn(n, servers.tls, "the port wants TLS: a TLS server was asked with plain STUN",
                                     "mstun.other_protocol", "OpenSSL 3.0 s_server"),
}

if __name__ == "__main__":
    scene.main(SCENES, sys.argv[1:], ["turnserver", "turnutils_uclient", "openssl"])
