#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/libre: the TURN client of libre (baresip's library, agents/re_client.c) over TCP against coturn, pion and
p1_stun.

usage: make_libre.py [capture]...      (root; see scene.py)
Debian packages beside those of make_pion.py and make_eturnal.py: libre-dev gcc pkg-config
"""
import contextlib
import os
import subprocess
import sys
import time

import lab
import scene
import servers
from make_eturnal import P1, p1_stun
from make_pion import pion_server
from make_tcpturn import PION

LIBRE = "libre 1.1.0"


def client():
    out = os.path.join(lab.SCRATCH, "re_client")
    if not os.path.exists(out):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libre"], check=True, capture_output=True, text=True)
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-DHAVE_INTTYPES_H", "-DHAVE_STDBOOL_H", "-DHAVE_INET6", "-o", out,
                        os.path.join(lab.HERE, "agents", "re_client.c"), *flags.stdout.split()], check=True)
    return out


def arguments(password="secret", packets=4, quick=False, six=False):
    ends = (lab.SERVER6, lab.CLIENT6, scene.PEER6) if six else (lab.SERVER, lab.CLIENT, lab.PEER)
    return [client(), ends[0], "3478", ends[1], "lab", password, ends[2], "50050", packets, *(["-"] if quick else [])]


def play(name, *label, server=servers.coturn, who=scene.COTURN, note="", bpf="tcp port 3478", during=None, six=False, **kw):
    with server() as running, scene.UdpEcho(address=scene.PEER6 if six else lab.PEER), \
            scene.scene("libre", name, f"{LIBRE}, {who}", *label, note=note, bpf=bpf):
        with scene.program("client", *arguments(six=six, **kw)) as c:
            if during:
                during(running)
            with contextlib.suppress(subprocess.TimeoutExpired):
                c.p.wait(40)


def coturn(*args, **kw):
    return lambda: servers.coturn(*args, **kw)


def after(seconds, what):
    def during(server):
        time.sleep(seconds)
        what(server)
    return during


OF_PION = {"server": pion_server, "who": PION}
OF_P1 = {"server": p1_stun, "who": P1}
LONG = {"packets": 100}
SCENES = {
    "channels": play,
    "channels-pion": lambda n: play(n, **OF_PION),
    "channels-p1-stun": lambda n: play(n, **OF_P1),
    "ipv6": lambda n: play(n, server=coturn("-A", "keep", addresses=servers.ADDRESSES6), six=True),
    "hang-up": lambda n: play(n, quick=True, note="the client leaves right behind its last packet"),
    "stale-nonce": lambda n: play(n, server=coturn("--stale-nonce=2"), packets=105,
                                  note="438 to the Refresh with which the client leaves"),
    "wrong-password": lambda n: play(n, "wrong TURN password", "mstun.auth.rejected", password="wrong"),
    "wrong-password-pion": lambda n: play(n, "wrong TURN password: 400 after the 401", "mstun.refused",
                                          password="wrong", **OF_PION),
    "denied-peer": lambda n: play(n, "the server's policy bars the peer: 403", "mstun.turn.forbidden", server=coturn(
        f"--denied-peer-ip={lab.PEER}")),
    "denied-peer-pion": lambda n: play(n, "the server's policy bars the peer: errors without ERROR-CODE",
                                       "mstun.refused", who=PION, server=lambda: pion_server("-deny", lab.PEER)),
    "redirected": lambda n: play(n, "the server redirects (300) to a port where nobody listens",
                                 "mstun.turn.redirect_failed", server=coturn(f"--alternate-server={lab.SERVER}:3479"),
                                 bpf="tcp portrange 3478-3479"),
    "no-udp-relay": lambda n: play(n, "the server does no UDP relaying: 442 to REQUESTED-TRANSPORT UDP",
                                   "mstun.turn.no_udp_relay", server=coturn("--no-udp-relay")),
    "killed": lambda n: play(n, "the server's process is killed during the call: RST on a living allocation's control "
                             "connection", "mstun.turn.control_closed", during=after(1, servers.kill), **LONG,
                             note="the name of the finding is a guess"),
    "killed-pion": lambda n: play(n, "the server's process is killed during the call: FIN on a living allocation's "
                                  "control connection", "mstun.turn.control_closed", during=after(1, servers.kill), **LONG,
                                  **OF_PION, note="the name of the finding is a guess"),
}

if __name__ == "__main__":
    scene.main(SCENES, sys.argv[1:], ["turnserver", "cc", "pkg-config", "go", "erl"])
