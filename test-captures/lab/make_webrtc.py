#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-captures/libwebrtc (libwebrtc in node, @roamhq/wrtc) and test-captures/werift: WebRTC peers with a data channel
over TURN/TCP and over ICE-TCP (RFC 6544), against each other, coturn and pion.

usage: make_webrtc.py [capture]...      (root; see scene.py)
Needs node and, once, `npm install --prefix $MSTUN_LAB_NODE werift@0.24.4 @roamhq/wrtc@0.10.0` (/tmp/mstun-lab-node
unless set; done by this script), beside the packages of make_pion.py.
"""
import contextlib
import json
import os
import subprocess
import sys
import time

import lab
import scene
import servers
from make_pion import built, pion_server

NODE = os.environ.setdefault("MSTUN_LAB_NODE", "/tmp/mstun-lab-node")
PROGRAMS = {"wrtc": "libwebrtc (@roamhq/wrtc 0.10.0)", "werift": "werift 0.24.4"}
TOPICS = {"wrtc": "libwebrtc", "werift": "werift"}
PION = "pion/webrtc 3.1.56"


def packages():
    """Before the namespace is entered, from which no registry is reached."""
    if not os.path.isdir(os.path.join(NODE, "node_modules", "werift")):
        subprocess.run(["npm", "install", "--prefix", NODE, "werift@0.24.4", "@roamhq/wrtc@0.10.0"], check=True)


def files():
    return [os.path.join(lab.SCRATCH, f"{side}-{time.time_ns()}.json") for side in ("offer", "answer")]


def peer(host, program, **options):
    return scene.program(host, "node", os.path.join(lab.HERE, "agents", "webrtc.mjs"), program, json.dumps(options))


def both_end(*peers, seconds=40):
    for p in peers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            p.p.wait(seconds)


def call(left, right, more=None, only_left=None, only_right=None, **options):
    """The client offers, the peer answers; `more` is called beside."""
    mine, theirs = files()
    with peer("client", left, role="offer", mine=mine, theirs=theirs, **options, **(only_left or {})) as a, \
            peer("peer", right, role="answer", mine=theirs, theirs=mine, **options, **(only_right or {})) as b:
        if more:
            more()
        both_end(a, b)


def captured(who, name, other, cause=None, finding=None, **kw):
    topic = TOPICS[who]
    return scene.scene(topic, name, f"{PROGRAMS[who]}, {other}", cause, finding, **kw)


def relayed(who, name, *args, server=servers.coturn, server_name=scene.COTURN, legs="both", note="",
            bpf="tcp port 3478", **kw):
    with server(), captured(who, name, server_name, *args, legs=legs, note=note, bpf=bpf):
        call(who, who, **kw)


def killed(who, name):
    with servers.coturn() as server, captured(
            who, name, scene.COTURN, "the server's process is killed during the call", "mstun.turn.control_closed",
            legs="client", bpf="tcp port 3478", note="the name of the finding is a guess"):
        call(who, who, more=lambda: (time.sleep(4), servers.kill(server)), after=5000)


def frozen(who, name):
    with servers.coturn() as server, captured(
            who, name, scene.COTURN, "the server's process hangs during the call", "mstun.pair.consent_lost",
            legs="client", note="by rule 7 a row for the server's silence may stand first: Refresh or checks to it stay open",
            bpf="tcp port 3478"):
        def hang():
            time.sleep(4)
            servers.freeze(server)
        call(who, who, more=hang, after=25000)
        servers.kill(server)
        time.sleep(0.3)


def tcp(left, right, name, *args, topic=None, **kw):
    """ICE over TCP between the two hosts, without a TURN server."""
    with scene.scene(topic or TOPICS[left], name, f"{PROGRAMS[left]}, {PROGRAMS[right]}", *args):
        call(left, right, turn="", relay=False, tcp=True, **kw)


def tcp_to_pion(who, name, *args, lite=False, **kw):
    """A client that opens ICE-TCP connections to pion's listener, as to a media server."""
    mine, theirs = files()
    with captured(who, name, PION, *args, bpf="tcp port 8443"), \
            scene.program("peer", built("webrtc"), "-mine", theirs, "-theirs", mine, f"-lite={str(lite).lower()}"), \
            peer("client", who, role="offer", mine=mine, theirs=theirs, turn="", relay=False, tcp=True, **kw) as a:
        both_end(a)




def redirecting():
    return servers.coturn(f"--alternate-server={lab.SERVER}:3479")


def redirect_followed(name):
    with servers.coturn(port=3479):
        relayed("wrtc", name, server=redirecting, bpf="tcp portrange 3478-3479", legs="client",
                note="300, then the same on the server at port 3479")


RESTART = {"wrtc": "ICE restart with new allocations", "werift": "ICE restart: allocates again, goes on with the old pair"}
REDIRECTED = {"wrtc": ("the server redirects (300) to a port where nobody listens: RST", "mstun.turn.redirect_failed"),
              "werift": ("the server redirects (300): the client does not go there", "mstun.turn.redirect_failed")}
WRONG_ICE = {"wrtc": ("the client has a wrong ice-pwd of the other side: 401", "mstun.pair.rejected"),
             "werift": ("the client has a wrong ice-pwd of the other side, which answers with success all the same: "
                        "the client does not accept the answers and repeats", "mstun.pair.responses_ignored")}


def scenes(who):
    t = TOPICS[who]
    redirect = {"legs": "client", "patience": 5000, "bpf": "tcp portrange 3478-3479"}
    pion = {"server": pion_server, "server_name": "pion/turn 2.1.0 server"}
    return {
        f"{t}/relay": lambda n: relayed(who, n),
        f"{t}/relay-one-leg": lambda n: relayed(who, n, legs="client"),
        f"{t}/relay-pion": lambda n: relayed(who, n, **pion),
        f"{t}/relay-restart": lambda n: relayed(who, n, restart=True, note=RESTART[who]),
        f"{t}/relay-stale-nonce": lambda n: relayed(who, n, server=lambda: servers.coturn("--stale-nonce=4"),
                                                    legs="client", restart=True, after=6000,
                                                    note="438 to the Refresh with which the client leaves"),
        f"{t}/tcp-pion": lambda n: tcp_to_pion(who, n),
        f"{t}/tcp": lambda n: tcp(who, who, n),
        f"{t}/wrong-turn-password": lambda n: relayed(
            who, n, "wrong TURN password", "mstun.auth.rejected", legs="client", password="wrong", patience=4000),
        f"{t}/wrong-turn-password-pion": lambda n: relayed(
            who, n, "wrong TURN password: pion's server answers 400 after its 401", "mstun.refused",
            legs="client", password="wrong", patience=4000, **pion),
        f"{t}/denied-peer": lambda n: relayed(
            who, n, "the server's policy bars the peer (the other's relayed address)", "mstun.turn.forbidden",
            legs="client", server=lambda: servers.coturn(f"--denied-peer-ip={lab.SERVER}"), patience=6000),
        f"{t}/denied-peer-pion": lambda n: relayed(
            who, n, "the server's policy bars the peer: 401 to ChannelBind, or an error without ERROR-CODE",
            "mstun.refused",
            legs="client", server=lambda: pion_server("-deny", lab.SERVER), server_name="pion/turn 2.1.0 server",
            patience=6000),
        f"{t}/wrong-ice-password": lambda n: relayed(who, n, *WRONG_ICE[who], only_left={"wrong": True}, patience=2500),
        f"{t}/tcp-wrong-ice-password": lambda n: tcp_to_pion(
            who, n, "the client has a wrong ice-pwd of the other side, which does not answer", "mstun.unanswered",
            wrong=True, patience=4000),
        f"{t}/killed": lambda n: killed(who, n),
        f"{t}/frozen": lambda n: frozen(who, n),
        f"{t}/redirected": lambda n: relayed(who, n, *REDIRECTED[who], server=redirecting, **redirect),
        f"{t}/quota": lambda n: relayed(
            who, n, "the user's quota is one allocation: 486", "mstun.turn.quota", patience=6000,
            server=lambda: servers.coturn("--user-quota=1")),
    }


ALL = {**scenes("wrtc"), **scenes("werift")}
ALL["libwebrtc/redirect-followed"] = redirect_followed
del ALL["werift/relay-stale-nonce"]             # werift refreshes nothing in so short a call
SCENES = {key: lambda name, play=play: play(name.split("/")[1]) for key, play in ALL.items()}

if __name__ == "__main__":
    packages()
    scene.main(SCENES, sys.argv[1:], ["turnserver", "go", "node"])
